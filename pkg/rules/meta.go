package rules

import (
	"fmt"
	"regexp"
	"strings"
)

// parseMeta reads a meta rule's expression. () is a rule that others make hit; here it never does.
func parseMeta(rule *Rule, test string) error {
	if strings.Trim(test, blanks) == "" {
		return &problem{"no expression", "write: meta NAME A && !B"}
	}
	if strings.ReplaceAll(test, " ", "") == "()" {
		rule.expr = number(0)
		return nil
	}
	e, err := parseExpr(test, metaNames{})
	if err != nil {
		return err
	}
	if bad := oddNumber(test); bad != "" {
		return &problem{fmt.Sprintf("%q is no number", near(bad)), "write numbers like 1 or 0.5, with a blank between a sign and a number"}
	}
	if _, ok := e.value(func(int) float64 { return 0 }); !ok {
		return &problem{"division by zero where no rule hits", ""}
	}
	rule.expr = e
	return nil
}

// oddNumber returns what SpamAssassin takes for a number, but for none that it can read, and so drops the rule: signs, dots
// and digits that stand together, as in A +1.
func oddNumber(test string) string {
	for test != "" {
		n := len(test) - len(strings.TrimLeft(test, "+-.0123456789"))
		if piece := test[:n]; strings.ContainsAny(piece, "0123456789") && !plainNumber.MatchString(piece) {
			return piece
		}
		if n == 0 {
			n = max(1, len(test)-len(strings.TrimLeftFunc(test, func(r rune) bool { return r == ':' || r < 0x80 && isWord(byte(r)) })))
		}
		test = test[n:]
	}
	return ""
}

var plainNumber = regexp.MustCompile(`^[0-9]+(?:\.[0-9]+)?$`)

// metaNames is what the names in a meta mean: rules, which need not be defined before.
type metaNames struct{}

func (metaNames) name(name string) (*expr, error) {
	if !validName(name) {
		return nil, fmt.Errorf("%q is no name of a rule", name)
	}
	return &expr{op: opName, rule: none, name: name}, nil
}

func (metaNames) call(function, argument string) (*expr, error) {
	if function != "rules_matching" || !globSyntax.MatchString(argument) {
		return nil, fmt.Errorf("%s(%s) is no function of metas", function, argument)
	}
	return &expr{op: opSum, name: argument}, nil
}

var globSyntax = regexp.MustCompile(`^[_a-zA-Z*?][_a-zA-Z0-9*?]{0,127}$`)

// size counts the pieces of e.
func (e *expr) size() int {
	if e == nil {
		return 0
	}
	n := 1
	for i := range e.args {
		n += e.args[i].size()
	}
	return n
}

// each calls f for every piece of e that names a rule, or rules.
func (e *expr) each(f func(*expr)) {
	if e.op == opName || e.op == opSum {
		f(e)
	}
	for i := range e.args {
		e.args[i].each(f)
	}
}

// below calls f for every rule that a rule asks: those that a meta names, and those that set the tags of a pattern.
func (rule *Rule) below(f func(i int)) {
	if rule.expr != nil {
		rule.expr.eachRule(f)
	}
	if rule.template != nil {
		for _, i := range rule.template.setters() {
			f(i)
		}
	}
}

// eachRule calls f for every rule that e names.
func (e *expr) eachRule(f func(i int)) {
	e.each(func(e *expr) {
		if e.op == opName && e.rule != none {
			f(int(e.rule))
		}
	})
}
