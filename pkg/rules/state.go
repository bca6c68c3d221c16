package rules

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A State is how the rules of a running filter are.
type State struct {
	Since   time.Time   `json:"since"`   // when they were loaded
	Rules   int         `json:"rules"`   // all of them
	Running int         `json:"running"` // those that can add points
	Faults  int         `json:"faults"`  // what cost rules: winnow rules lint tells
	Files   []File      `json:"files"`   // those that have rules with points, in order
	Bounded []RuleCount `json:"bounded"` // rules that were given up on a message, most often first
	Failed  []RuleCount `json:"failed"`  // rules that panicked on a message, in the same way
	Refused *Refusal    `json:"refused"` // the last reload, where it was refused: these are still the rules from before
}

// A Refusal is a reload that kept what was in force.
type Refusal struct {
	At  time.Time `json:"at"`
	Why string    `json:"why"`
}

// A File is one source of rules.
type File struct {
	Name    string  `json:"name"`
	Rules   int     `json:"rules"` // that can add points
	Observe bool    `json:"observe"`
	Cap     float64 `json:"cap"` // 0 is none
}

// A RuleCount is how often a rule was given up since the rules were loaded: its pattern took too many steps on a message, or it
// panicked, and it counts as a miss there.
type RuleCount struct {
	Rule  string `json:"rule"`
	File  string `json:"file"`
	Line  int    `json:"line"`
	Times int64  `json:"times"`
}

// State returns how the set is: faults is what was wrong with it when it was loaded.
func (s *Set) State(faults int, since time.Time) State {
	state := State{Since: since, Rules: len(s.rules), Running: s.Running(), Faults: faults, Files: []File{}}
	for i := range s.sources {
		src := &s.sources[i]
		state.Files = append(state.Files, File{src.name, len(src.rules), src.observe, src.cap})
	}
	state.Bounded, state.Failed = s.mostOften(s.Bounded()), s.mostOften(s.Failed())
	return state
}

// mostOften lists counts by rule, the highest first.
func (s *Set) mostOften(counts map[string]int64) []RuleCount {
	all := []RuleCount{}
	for name, times := range counts {
		rule := s.Rule(name)
		all = append(all, RuleCount{name, rule.File, rule.Line, times})
	}
	slices.SortFunc(all, func(a, b RuleCount) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), strings.Compare(a.Rule, b.Rule))
	})
	return all
}
