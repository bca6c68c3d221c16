package rules

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"winnow/pkg/dns"
	"winnow/pkg/message"
	"winnow/pkg/rules/eval"
)

// A call is what a rule asks of an eval function.
type call struct {
	function string
	args     []string
	check    eval.Check // nil until it is bound, and where it cannot be
	silent   string     // why it never answers, "" where it does
	identity bool       // it looks at who sent the message
}

var callSyntax = regexp.MustCompile(`^(\w+)\((.*)\)$`)

// parseCall reads eval:function(arguments). It returns false where the test is none.
func parseCall(rule *Rule, test string) (isCall bool, err error) {
	text, isCall := strings.CutPrefix(test, "eval:")
	if !isCall && rule.Type == Header {
		text, isCall = strings.CutPrefix(test, "rbleval:")
	}
	if !isCall {
		return false, nil
	}
	parts := callSyntax.FindStringSubmatch(text)
	if parts == nil {
		return true, &problem{"not a call of a function", "write: eval:function('argument', 2)"}
	}
	args, ok := parseArguments(parts[2])
	if !ok {
		return true, &problem{"the arguments of " + parts[1] + "() cannot be read", "write 'text', \"text\" or a plain word, with commas in between"}
	}
	rule.call = &call{function: parts[1], args: args}
	return true, nil
}

// parseArguments reads what stands between the parentheses of a call: texts in quotes, and plain words of letters, digits,
// dots, colons and dashes. A quote ends a text only where a comma or nothing follows.
func parseArguments(text string) (args []string, ok bool) {
	if text = strings.TrimLeft(text, blanks); text == "" {
		return nil, true
	}
	for text != "" {
		arg, rest, ok := cutArgument(strings.TrimLeft(text, blanks))
		if !ok {
			return nil, false
		}
		args, text = append(args, arg), rest
	}
	return args, true
}

func cutArgument(text string) (arg, rest string, ok bool) {
	if text != "" && (text[0] == '\'' || text[0] == '"') {
		for end := 1; end < len(text); end++ {
			if text[end] != text[0] {
				continue
			}
			if rest, ok = cutComma(text[end+1:]); ok {
				return text[1:end], rest, true
			}
		}
		return "", "", false
	}
	n := 0
	for n < len(text) && (text[n] != '_' && isWord(text[n]) || strings.IndexByte(".:-", text[n]) >= 0) {
		n++
	}
	if n == 0 {
		return "", "", false
	}
	rest, ok = cutComma(text[n:])
	return text[:n], rest, ok
}

// cutComma cuts off what separates an argument from the next one, or the end.
func cutComma(text string) (rest string, ok bool) {
	text = strings.TrimLeft(text, blanks)
	if text == "" {
		return "", true
	}
	if rest, ok = strings.CutPrefix(text, ","); !ok {
		return "", false
	}
	return strings.TrimLeft(rest, blanks), true
}

// bindCalls finds the functions that rules call, and has them check their arguments.
func (s *Set) bindCalls(plugins *eval.Plugins, faults *ledger) {
	for _, rule := range s.rules {
		if rule.call == nil {
			continue
		}
		if err := s.bind(rule, plugins); err != nil {
			rule.unusable(err.Error())
			remedy := "put it between ifplugin and endif; metas take the rule for 0"
			if p := (*problem)(nil); errors.As(err, &p) {
				remedy = p.remedy
			}
			faults.add(place{rule.File, rule.Line}, Broken, rule.Name, rule.Type.String()+": "+err.Error(), remedy)
		}
	}
}

// bind gives a rule the function that it calls, or what that asks the network.
func (s *Set) bind(rule *Rule, plugins *eval.Plugins) (err error) {
	c := rule.call
	function := plugins.Function(c.function)
	if function == nil {
		if owner := eval.Owner(c.function); owner != "" {
			return fmt.Errorf("eval function %s() belongs to a plugin that is not loaded, %s", c.function, owner)
		}
		return fmt.Errorf("eval function %s() is not known", c.function)
	}
	if !function.Rules.May(rule.Type.String()) {
		return &problem{fmt.Sprintf("eval function %s() is for %s rules", c.function, function.Rules), "write: " + string(function.Rules) + " NAME eval:" + c.function + "(...); metas take the rule for 0"}
	}
	switch {
	case function.Learn:
		c.silent = "nothing was learned for " + c.function + "()"
	case function.Net && s.isLocal():
		c.silent = networkOff
	case function.Net && function.Plan == nil && !function.Identity:
		c.silent = c.function + "() asks a service that is not asked here"
	}
	if c.identity = function.Identity; function.Plan != nil {
		err = s.bindPlan(rule, function)
	} else {
		bind := function.Bind
		if rule.Type == RawBody && function.BindRaw != nil {
			bind = function.BindRaw
		}
		c.check, err = bind(c.args, s.settings)
	}
	if err != nil {
		return fmt.Errorf("eval function %s(): %w", c.function, err)
	}
	return nil
}

// call asks an eval function of the message. What has no message, such as a test's text, is a miss.
func (r *run) call(rule *Rule) float64 {
	facts := r.evalFacts()
	if facts == nil || rule.call.silent != "" {
		return 0
	}
	if rule.call.identity {
		r.await()
	}
	r.beginMatch()
	hits := rule.call.check(facts)
	if r.endMatch(r.running); r.machine.Bounded() || r.over { // what was not looked at does not count as no match
		return 0
	}
	return float64(hits)
}

// evalFacts returns the message as eval functions see it, nil where there is none.
func (r *run) evalFacts() *eval.Facts {
	if r.calls == nil {
		if m, isMessage := r.facts.(*message.Message); isMessage {
			r.calls = eval.NewFacts(m, r.set.settings, &r.machine)
		}
	}
	return r.calls
}

// linkDetails returns the URIs of the message. They are made when they are first asked for, and what patterns take to follow
// them counts for the rule that asks.
func (r *run) linkDetails() []message.URIDetail {
	facts := r.evalFacts()
	if facts == nil {
		return r.facts.URIDetails(r.set.settings.URIRules())
	}
	r.beginMatch()
	defer r.endMatch(r.running)
	return r.facts.URIDetails(facts.URIRules())
}

// String writes the call as a rule file has it, but for a subscriber's key.
func (c *call) String() string {
	quoted := make([]string, len(c.args))
	for i, arg := range c.args {
		quoted[i] = "'" + arg + "'"
	}
	return dns.HideKeys("eval:" + c.function + "(" + strings.Join(quoted, ", ") + ")")
}
