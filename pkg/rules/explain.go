package rules

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"winnow/pkg/message"
	"winnow/pkg/rules/pattern"
)

// Limits of an explanation: it is for people.
const (
	maxExplained = 1_000 // rules and operators of a tree
	maxShown     = 5     // matches of one rule
	maxAround    = 40    // octets of text before and behind a match
	maxMatch     = 200   // octets of the match itself
)

// An Explanation is why a rule hit a message, or did not: a tree, whose leaves looked at the message.
type Explanation struct {
	What     string         `json:"what"`            // a rule's name; within a meta also an operator: "&&"
	Value    float64        `json:"value"`           // what it came to; 0 is a miss
	Rule     *Explained     `json:"rule,omitempty"`  // where it is a rule
	Why      string         `json:"why,omitempty"`   // in words
	Matches  []Match        `json:"matches"`         // what its pattern found, the first few
	Parts    []*Explanation `json:"parts,omitempty"` // what a meta or an operator asked
	NotShown int            `json:"not_shown,omitempty"`
}

// Explained is what a rule is.
type Explained struct {
	Type     string  `json:"type"`
	File     string  `json:"file"`
	Line     int     `json:"line"`
	Score    float64 `json:"score"`
	Observe  bool    `json:"observe,omitempty"` // its file is only observed: the points do not count
	Cap      float64 `json:"cap,omitempty"`     // what the points of all rules of its file come to at most; 0 is no bound
	Describe string  `json:"describe,omitempty"`
	Test     string  `json:"test,omitempty"` // of an eval rule: the call
}

// A Match is a piece of the message that a pattern found, with what stands around it. What a terminal would not show is
// escaped as in Go.
type Match struct {
	Where  string `json:"where"` // "body paragraph 2", "Subject:", "uri 1"
	Before string `json:"before"`
	Text   string `json:"text"`
	After  string `json:"after"`
}

// Explain tells why a rule hit a message, or did not; nil where there is no such rule.
func (s *Set) Explain(ctx context.Context, m *message.Message, name string) *Explanation {
	i, found := s.byName[name]
	if !found {
		return s.explainLost(name)
	}
	r := s.begin(ctx, m)
	defer r.end()
	x := &explainer{run: r, told: map[int]bool{}}
	return x.rule(i)
}

// explainLost tells why a rule that the files define is not there; nil where they define none.
func (s *Set) explainLost(name string) *Explanation {
	for _, rule := range s.lost {
		if rule.Name == name {
			return &Explanation{What: name, Matches: []Match{}, Rule: s.explained(rule), Why: "not run: " + rule.whyOff()}
		}
	}
	return nil
}

func (s *Set) explained(rule *Rule) *Explained {
	e := &Explained{Type: rule.Type.String(), File: rule.File, Line: rule.Line, Score: rule.Score, Describe: rule.Describe}
	for _, src := range s.sources {
		if src.file == rule.source {
			e.Observe, e.Cap = src.observe, src.cap
		}
	}
	return e
}

// ToldBefore is the Why of a rule that was explained already, further up in the tree.
const ToldBefore = "see above"

// An explainer walks from a rule down to what it depends on.
type explainer struct {
	*run
	told map[int]bool // rules that are explained already
	size int
}

func (x *explainer) rule(i int) *Explanation {
	rule := x.set.rules[i]
	e := &Explanation{What: rule.Name, Value: x.ask(i), Matches: []Match{}, Rule: x.set.explained(rule)}
	switch {
	case x.told[i]:
		e.Why = ToldBefore
		return e
	case rule.off:
		e.Why = "not run: " + rule.whyOff()
	case rule.expr != nil:
		x.told[i] = true
		e.Parts = []*Explanation{x.expr(rule.expr)}
	case rule.silent() != "":
		e.Why = "never hits: " + rule.silent()
	case rule.plan != nil:
		x.asked(i, e)
	case rule.call != nil:
		e.Rule.Test = rule.call.String()
		e.Why = e.Rule.Test + " answered " + strconv.FormatFloat(e.Value, 'g', -1, 64)
	default:
		x.leaf(rule, e)
	}
	x.told[i] = true
	if x.over {
		e.Why = strings.TrimPrefix(e.Why+"; the time was over", "; ")
	}
	return e
}

// asked explains a rule that asks the network.
func (x *explainer) asked(i int, e *Explanation) {
	rule := x.set.rules[i]
	if e.Rule.Test = rule.definition(); rule.call != nil {
		e.Rule.Test = rule.call.String()
	}
	switch {
	case x.set.network == nil:
		e.Why = "no network was asked"
	case e.Value != 0:
		e.Why = "asks " + rule.asks() + ": " + x.evidence[i]
	default:
		e.Why = "asks " + rule.asks() + ": " + x.unanswered(i)
	}
}

// unanswered says what became of the questions of a rule that does not hit.
func (x *explainer) unanswered(i int) string {
	asked, failed := 0, 0
	if x.answers != nil && x.answers.askings[i] != nil {
		asked, failed = x.answers.askings[i].Asked()
	}
	switch {
	case asked == 0:
		return "there is nothing in the message to ask about"
	case failed > 0:
		return fmt.Sprintf("%d questions, %d of them without an answer, and no answer that makes it hit", asked, failed)
	}
	return fmt.Sprintf("%d questions, and no answer that makes it hit", asked)
}

// whyOff says why a rule that is off is not run.
func (rule *Rule) whyOff() string {
	switch {
	case rule.why != "":
		return rule.why
	case rule.broken:
		return "it is broken: see winnow rules lint"
	case rule.Score == 0:
		return "its score is 0"
	case rule.Flags.Net:
		return "it asks the network, and rules.network is off"
	case rule.Flags.Learn:
		return "it needs Bayes, and rules.bayes is off"
	}
	return "it is off"
}

// expr explains a piece of a meta.
func (x *explainer) expr(e *expr) *Explanation {
	x.size++
	v, ok := e.value(x.value)
	node := &Explanation{What: e.op.String(), Value: v, Matches: []Match{}}
	if !ok {
		node.Why = "divided by zero: the rule is a miss"
	}
	switch e.op {
	case opNumber:
		node.What = strconv.FormatFloat(e.num, 'g', -1, 64)
		return node
	case opName:
		if e.rule != none {
			return x.rule(int(e.rule))
		}
		node.What, node.Why = e.name, "there is no such rule"
		return node
	case opSum:
		node.What = "rules_matching(" + e.name + ")"
		node.Why = fmt.Sprintf("%d rules have such a name", len(e.args))
		x.sum(node, e.args)
		return node
	}
	for i := range e.args {
		if x.size >= maxExplained {
			node.NotShown++
			continue
		}
		node.Parts = append(node.Parts, x.expr(&e.args[i]))
	}
	return node
}

// sum shows those of the rules of a sum that hit.
func (x *explainer) sum(node *Explanation, rules []expr) {
	for k := range rules {
		switch i := int(rules[k].rule); {
		case x.ask(i) == 0:
		case x.size >= maxExplained:
			node.NotShown++
		default:
			x.size++
			node.Parts = append(node.Parts, x.rule(i))
		}
	}
}

// leaf explains a rule that looks at the message with a pattern.
func (x *explainer) leaf(rule *Rule, e *Explanation) {
	texts := x.looksAt(rule)
	switch {
	case rule.header.exists && e.Value != 0:
		e.Why = "there is a field " + rule.header.name
	case rule.header.exists:
		e.Why = "there is no field " + rule.header.name
	case rule.Type == URIDetail:
		x.links(rule, e)
	case rule.pattern == nil:
	case rule.template != nil && e.Value == 0 && !rule.header.not:
		e.Why = "no match, or a tag that the pattern uses is not set"
	default:
		x.find(rule, e, texts)
		if len(e.Matches) == 0 {
			e.Why = "no match in " + looked(rule, texts)
		}
		if rule.header.not {
			e.Why = strings.TrimPrefix(e.Why+"; with !~ it hits where nothing matches", "; ")
		}
	}
}

// A layer is one of the texts that a rule looks at.
type layer struct{ where, text string }

// looksAt returns the texts that a rule looks at.
func (x *explainer) looksAt(rule *Rule) []layer {
	if rule.Type == URIDetail || rule.Type == AskDNS {
		return nil
	}
	section := x.section(rule.section)
	switch rule.Type {
	case Header:
		if !section.present {
			return []layer{{rule.header.name + ": (no such field)", rule.header.unset}}
		}
		return []layer{{rule.header.name + ":", section.texts[0]}}
	case MIMEHeader:
		return layers(rule.header.name+" of part", 1, rule.fields(section.texts))
	case Body:
		lines := layers("body paragraph", 0, section.texts) // the first is the Subject
		if len(lines) > 0 {
			if lines[0].where = "Subject"; rule.Flags.NoSubject {
				return lines[1:]
			}
		}
		return lines
	case RawBody:
		return layers("rawbody chunk", 1, section.texts)
	case Full:
		return []layer{{"full", section.texts[0]}}
	}
	return layers("uri", 1, section.texts)
}

// links explains a uri_detail rule by the link for which all conditions hold.
func (x *explainer) links(rule *Rule, e *Explanation) {
	details := x.linkDetails()
	for i := range details {
		x.beginMatch()
		if !x.holdAll(rule.links, &details[i]) {
			continue
		}
		for j := range rule.links {
			e.Matches = append(e.Matches, rule.links[j].shown(&details[i]))
		}
		return
	}
	e.Why = fmt.Sprintf("there is none among %d links for which all conditions hold", len(details))
}

// shown is the text for which a condition holds.
func (t *linkTest) shown(detail *message.URIDetail) Match {
	for _, text := range linkTexts(detail, t.key) {
		start, end, found := t.pattern.Find(text)
		switch {
		case found && !t.not:
			return cut(layer{t.key, text}, start, end)
		case !found && t.not:
			return Match{Where: t.key + " (!~)", Text: escaped(text)}
		}
	}
	return Match{Where: t.key}
}

// layers numbers texts, from the first number on.
func layers(name string, first int, texts []string) []layer {
	all := make([]layer, len(texts))
	for i, text := range texts {
		all[i] = layer{fmt.Sprintf("%s %d", name, first+i), text}
	}
	return all
}

// looked says what was looked at, for a rule that found nothing.
func looked(rule *Rule, texts []layer) string {
	switch {
	case len(texts) == 0:
		return rule.Type.String() + ": the message has none"
	case len(texts) > 1:
		var shown []string
		for _, l := range texts[:min(len(texts), maxShown)] {
			shown = append(shown, excerpt(l.text, maxAround))
		}
		if len(texts) > maxShown {
			shown = append(shown, "...")
		}
		return fmt.Sprintf("%d texts of %s: %s", len(texts), rule.Type, strings.Join(shown, ", "))
	}
	text := texts[0].text
	if len(text) > maxMatch {
		return fmt.Sprintf("%s (%d octets)", texts[0].where, len(text))
	}
	return texts[0].where + " " + strconv.Quote(text)
}

// filled is the pattern of a rule that uses tags, for this message; nil where a tag is not set.
func (x *explainer) filled(rule *Rule, texts []layer) *pattern.Pattern {
	all := make([]string, len(texts))
	for i := range texts {
		all[i] = texts[i].text
	}
	p, _ := x.fill(rule, all)
	return p
}

// find adds the first matches of a rule's pattern.
func (x *explainer) find(rule *Rule, e *Explanation, texts []layer) {
	most := 1
	if rule.Flags.Multiple {
		most = maxShown
	}
	p := rule.pattern
	if rule.template != nil {
		if p = x.filled(rule, texts); p == nil {
			return
		}
	}
	x.beginMatch()
	for _, l := range texts {
		x.machine.Each(p, l.text, func(start, end int) bool {
			e.Matches = append(e.Matches, cut(l, start, end))
			return len(e.Matches) < most
		})
		if len(e.Matches) >= most {
			return
		}
	}
}

// cut makes a Match of a piece of text.
func cut(l layer, start, end int) Match {
	from, to := max(0, start-maxAround), min(len(l.text), end+maxAround)
	for from > 0 && !utf8.RuneStart(l.text[from]) {
		from--
	}
	for to < len(l.text) && !utf8.RuneStart(l.text[to]) {
		to++
	}
	m := Match{Where: l.where, Before: escaped(l.text[from:start]), Text: escaped(l.text[start:end]), After: escaped(l.text[end:to])}
	if end-start > maxMatch {
		m.Text = escaped(l.text[start:start+maxMatch/2]) + " ... " + escaped(l.text[end-maxMatch/2:end])
	}
	return m
}

// escaped is a text without what a terminal would not show.
func escaped(text string) string {
	quoted := strconv.Quote(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
