package rules

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"winnow/pkg/filter"
)

// A rule that is a short circuit ends the work where it hits: rules that would run later are not run.

// circuitKind is what a short circuit makes of a message.
type circuitKind uint8

const (
	circuitOff  circuitKind = iota
	circuitOn               // what the rule's score makes of it
	circuitSpam             // spam, with a score of its own
	circuitHam              // wanted mail, with a score of its own
)

var circuitKinds = map[string]circuitKind{"off": circuitOff, "on": circuitOn, "spam": circuitSpam, "ham": circuitHam}

// circuitPlugin has the directives below.
const circuitPlugin = "Mail::SpamAssassin::Plugin::Shortcircuit"

// shortCircuit reads which rule is a short circuit.
func (r *reader) shortCircuit(l line) {
	if !r.hasPlugin(circuitPlugin) {
		r.faults.add(l.at, Ignored, "", l.key+": all rules are run", "loadplugin "+circuitPlugin+" if that is not what you want")
		return
	}
	name, rest, n := r.note(l)
	if n == nil {
		return
	}
	kind, known := circuitKinds[rest]
	if !known {
		r.fault(l, name, fmt.Sprintf("shortcircuit: %q", rest), "write: shortcircuit NAME on, off, spam or ham")
		return
	}
	n.circuit = kind
	if kind > circuitOn {
		n.flags.Nice = n.flags.Nice || kind == circuitHam
		if n.priority == 0 {
			n.priority = circuitPriority
		}
	}
}

// circuitScore reads what a short circuit for spam or ham is worth.
func (r *reader) circuitScore(l line) {
	score, err := strconv.ParseFloat(l.value, 64)
	if err != nil || math.IsNaN(score) || math.IsInf(score, 0) {
		r.fault(l, "", fmt.Sprintf("%s: %q is no number", l.key, l.value), "write it like 100")
		return
	}
	if l.key == "shortcircuit_spam_score" {
		r.circuits.spam = score
	} else {
		r.circuits.ham = score
	}
}

// circuits is what the short circuits of a set are.
type circuits struct {
	spam, ham float64 // what they are worth
	rules     []int   // in the order in which they run
	moments   []moment
}

func newCircuits() circuits { return circuits{spam: 100, ham: -100} }

// linkCircuits finds out when rules run, if there is a short circuit.
func (s *Set) linkCircuits() {
	for i, rule := range s.rules {
		if rule.circuit != circuitOff && !rule.off {
			s.circuits.rules = append(s.circuits.rules, i)
		}
	}
	if s.circuits.rules == nil {
		return
	}
	s.circuits.moments = s.moments()
	slices.SortStableFunc(s.circuits.rules, func(a, b int) int { return s.circuits.moments[a].compare(s.circuits.moments[b]) })
}

// closeCircuit looks for the first short circuit that hits. Rules that run later are then not run.
func (r *run) closeCircuit() {
	for _, i := range r.set.circuits.rules {
		if r.try(i) == 0 {
			continue
		}
		r.closed, r.closedBy = true, i
		for later, at := range r.set.circuits.moments {
			if at.compare(r.set.circuits.moments[i]) > 0 {
				r.state[later] = missed
			}
		}
		return
	}
}

// circuitSymbol is the hit that tells of a short circuit.
const circuitSymbol = "SHORTCIRCUIT"

// circuitHit is the hit of a short circuit, with its points.
func (r *run) circuitHit() filter.Hit {
	rule := r.set.rules[r.closedBy]
	hit := filter.Hit{Symbol: circuitSymbol, Score: 0.0001, Detail: "because of " + rule.Name + " not all rules were run"}
	switch {
	case rule.circuit == circuitSpam:
		hit.Score = r.set.circuits.spam
	case rule.circuit == circuitHam:
		hit.Score = r.set.circuits.ham
	case rule.Score < 0:
		hit.Score = -hit.Score
	}
	return hit
}
