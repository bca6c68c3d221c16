package rules

import (
	"fmt"
	"math"
)

// A Grade is how far a rule does here what it does in SpamAssassin.
type Grade uint8

const (
	Usable  Grade = iota // all of it
	Silent               // it asks what is not asked here, and never hits
	Partly               // it is a meta that names a rule which is silent or lost
	LeftOut              // a condition of the file leaves it out, such as ifplugin
	Lost                 // it does not run
)

func (g Grade) String() string {
	return [...]string{"usable", "silent", "partly", "left out", "lost"}[g]
}

// MarshalText writes the grade as its name.
func (g Grade) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// Coverage is what becomes of the rules in some files.
type Coverage struct {
	Types []TypeCoverage `json:"types"` // in the order of Type, and all together at the end
	Rules []Covered      `json:"rules"` // that are not usable, in the order of files and lines
}

// TypeCoverage counts the rules of one type.
type TypeCoverage struct {
	Type      string  `json:"type"`
	Rules     int     `json:"rules"`
	Usable    int     `json:"usable"`
	Silent    int     `json:"silent"`
	Partly    int     `json:"partly"`
	LeftOut   int     `json:"left_out"`
	Lost      int     `json:"lost"`
	LostScore float64 `json:"lost_score"` // points of rules that are silent or lost, whatever their sign
}

// Covered is a rule that is not, or not wholly, usable.
type Covered struct {
	Name   string  `json:"name"`
	Type   string  `json:"type"`
	File   string  `json:"file"`
	Line   int     `json:"line"`
	Grade  Grade   `json:"grade"`
	Reason string  `json:"reason"`
	Score  float64 `json:"score"` // in force, 0 for a subrule
}

// Coverage tells which rules are usable, which are not, and why.
func (s *Set) Coverage() *Coverage {
	c := &Coverage{Rules: []Covered{}}
	g := newGrader(s)
	all := append(append([]*Rule{}, s.rules...), s.lost...)
	counts := make([]TypeCoverage, AskDNS+2)
	total := &counts[AskDNS+1]
	total.Type = "all"
	for _, rule := range all {
		v := g.grade(rule)
		count := &counts[rule.Type]
		count.Type = rule.Type.String()
		score := rule.Score
		if subrule(rule.Name) {
			score = 0
		}
		count.add(v.grade, score)
		total.add(v.grade, score)
		if v.grade != Usable {
			c.Rules = append(c.Rules, Covered{rule.Name, rule.kind(), rule.File, rule.Line, v.grade, v.reason, score})
		}
	}
	for _, count := range counts {
		if count.Rules > 0 {
			c.Types = append(c.Types, count)
		}
	}
	return c
}

func (t *TypeCoverage) add(grade Grade, score float64) {
	t.Rules++
	switch grade {
	case Usable:
		t.Usable++
	case Silent:
		t.Silent++
		t.LostScore += math.Abs(score)
	case Partly:
		t.Partly++
	case LeftOut:
		t.LeftOut++
	case Lost:
		t.Lost++
		t.LostScore += math.Abs(score)
	}
}

// A verdict is what a grader found of a rule.
type verdict struct {
	grade  Grade
	reason string
}

// A grader grades rules; a meta by the rules that it names.
type grader struct {
	set   *Set
	lost  map[string]*Rule
	known map[*Rule]verdict
}

func newGrader(s *Set) *grader {
	g := &grader{set: s, lost: map[string]*Rule{}, known: map[*Rule]verdict{}}
	for _, rule := range s.lost {
		if !rule.leftOut {
			g.lost[rule.Name] = rule
		}
	}
	return g
}

func (g *grader) grade(rule *Rule) verdict {
	if v, known := g.known[rule]; known {
		return v
	}
	g.known[rule] = verdict{} // while its parts are looked at
	v := g.look(rule)
	g.known[rule] = v
	return v
}

func (g *grader) look(rule *Rule) verdict {
	switch {
	case rule.leftOut:
		return verdict{LeftOut, rule.why}
	case rule.why != "" && g.set.Rule(rule.Name) != rule, rule.broken:
		return verdict{Lost, rule.why}
	case rule.silent() != "":
		return verdict{Silent, rule.silent()}
	case rule.expr != nil:
		return g.meta(rule)
	}
	return verdict{}
}

// meta grades a meta by the first rule that it names and that is not wholly usable.
func (g *grader) meta(rule *Rule) (v verdict) {
	rule.expr.each(func(e *expr) {
		switch {
		case e.op != opName || v.grade != Usable:
		case e.rule != none:
			below := g.set.rules[e.rule]
			if other := g.grade(below); other.grade != Usable {
				v = verdict{Partly, fmt.Sprintf("%s is %s", below.Name, other.grade)}
			}
		case g.lost[e.name] != nil:
			v = verdict{Partly, e.name + " is lost"}
		}
	})
	return v
}
