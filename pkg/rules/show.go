package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Shown is all that is known of one rule.
type Shown struct {
	Name       string     `json:"name"`
	Type       string     `json:"type"`
	File       string     `json:"file"`
	Line       int        `json:"line"`
	Definition string     `json:"definition"`          // as it is written
	Expansion  string     `json:"expansion,omitempty"` // the pattern with its tags replaced
	Describe   string     `json:"describe,omitempty"`
	Score      float64    `json:"score"`  // in force
	Scores     [4]float64 `json:"scores"` // without and with network, then both with Bayes
	ScoreSet   int        `json:"score_set"`
	Flags      []string   `json:"flags"`
	Priority   int        `json:"priority"`
	Off        string     `json:"off,omitempty"` // why it is not run
	Grade      Grade      `json:"grade"`
	Reason     string     `json:"reason,omitempty"` // of the grade
	DependsOn  []string   `json:"depends_on"`       // rules that a meta names, also those that are not there, and that set a tag which a pattern uses
	NeededBy   []string   `json:"needed_by"`        // rules that depend on it
	Cost       string     `json:"cost"`
	Tests      int        `json:"tests"` // test lines
}

// Show tells all that is known of a rule; nil where there is none of that name, good or lost.
func (s *Set) Show(name string) *Shown {
	rule := s.Rule(name)
	for _, lost := range s.lost {
		if rule == nil && lost.Name == name {
			rule = lost
		}
	}
	if rule == nil {
		return nil
	}
	v := newGrader(s).grade(rule)
	shown := &Shown{
		Name: rule.Name, Type: rule.kind(), File: rule.File, Line: rule.Line, Definition: rule.definition(), Expansion: rule.regex.expanded,
		Describe: rule.Describe, Score: rule.Score, Scores: rule.scores, ScoreSet: s.scoreSet, Flags: rule.Flags.words(),
		Priority: rule.Priority, Grade: v.grade, Reason: v.reason, DependsOn: []string{}, NeededBy: []string{}, Cost: rule.cost(), Tests: len(rule.tests),
	}
	if rule.off {
		shown.Off = rule.whyOff()
	}
	s.relate(shown, rule)
	return shown
}

// relate finds what a rule depends on, and what depends on it.
func (s *Set) relate(shown *Shown, rule *Rule) {
	if rule.expr != nil {
		rule.expr.each(func(e *expr) {
			if e.op == opName {
				shown.DependsOn = append(shown.DependsOn, e.name)
			}
		})
		slices.Sort(shown.DependsOn)
		shown.DependsOn = slices.Compact(shown.DependsOn)
	}
	if rule.template != nil {
		for _, i := range rule.template.setters() {
			shown.DependsOn = append(shown.DependsOn, s.rules[i].Name)
		}
	}
	self, found := s.byName[rule.Name]
	for _, other := range s.rules {
		byTag := found && other.template != nil && slices.Contains(other.template.setters(), self)
		if other.expr != nil && s.names(other, rule.Name) || byTag {
			shown.NeededBy = append(shown.NeededBy, other.Name)
		}
	}
	slices.Sort(shown.NeededBy)
}

// names tells whether a meta names a rule.
func (s *Set) names(meta *Rule, name string) bool {
	found := false
	meta.expr.each(func(e *expr) {
		found = found || e.op == opName && e.name == name
	})
	return found
}

// words are the flags as a rule file has them.
func (f *Flags) words() []string {
	words := []string{}
	for _, flag := range []struct {
		set  bool
		word string
	}{
		{f.Net, "net"}, {f.Learn, "learn"}, {f.Nice, "nice"}, {f.Multiple, "multiple"},
		{f.MaxHits > 0, fmt.Sprintf("maxhits=%d", f.MaxHits)}, {f.NoSubject, "nosubject"}, {f.Concat, "concat"},
		{f.A, "a"}, {f.NS, "ns"}, {f.IPsOnly, "ips_only"}, {f.DomainsOnly, "domains_only"}, {f.NoTrim, "notrim"},
		{f.First > 0 || f.Last > 0, fmt.Sprintf("range=%d-%d", f.First, f.Last)},
	} {
		if flag.set {
			words = append(words, flag.word)
		}
	}
	return words
}

// cost says in words what it takes to run the rule.
func (rule *Rule) cost() string {
	switch {
	case rule.off || rule.why != "":
		return "none: it is not run"
	case rule.header.exists:
		return "next to none: whether there is a field"
	case rule.pattern != nil:
		return rule.patternCost()
	case rule.expr != nil:
		return "next to none, beside the rules that it names"
	case rule.silent() != "":
		return "none: it asks nothing"
	case rule.plan != nil:
		return "asks " + rule.asks() + "; questions go out when the message's other rules begin, and each is put once"
	case rule.call != nil && rule.call.identity:
		return "next to none: who sent the message is found out once for all"
	case rule.call != nil:
		return "a function; what it finds out is shared with its like"
	}
	return "each of its patterns on every link"
}

func (rule *Rule) patternCost() string {
	size := fmt.Sprintf("a pattern of %d octets", len(rule.regex.text()))
	if rule.Flags.Multiple {
		size += ", on to the last match"
	}
	literals := rule.pattern.Literals()
	if len(literals) == 0 {
		return size + ", tried on every " + rule.Type.String() + " text: it has no literal to look for"
	}
	const most = 5
	more := ""
	if len(literals) > most {
		literals, more = literals[:most], fmt.Sprintf(" and %d more", len(literals)-most)
	}
	quoted := make([]string, len(literals))
	for i, literal := range literals {
		quoted[i] = fmt.Sprintf("%.40q", literal)
	}
	return size + ", run where the text has one of " + strings.Join(quoted, ", ") + more
}
