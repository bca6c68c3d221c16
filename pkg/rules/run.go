package rules

import (
	"context"
	"time"

	"winnow/pkg/rules/eval"
	"winnow/pkg/rules/pattern"
)

// A run is one message against a set. What a rule found is calculated when it is first asked for, and kept: scored rules
// are asked in order, metas ask the rules that they name, and a rule that nobody asks for is never run.
type run struct {
	set      *Set
	ctx      context.Context
	facts    facts
	calls    *eval.Facts                 // for eval functions, made for the first of them
	state    []state                     // by rule
	values   []float64                   // by rule that hit: how often, or what a meta came to
	evidence []string                    // by rule, of scored ones that hit: what matched
	tags     map[int]map[string][]string // by rule and tag: what it captured
	sections []section
	machine  pattern.Machine
	value    func(int) float64 // ask, bound once
	outlook  outlook           // by reach
	answers  *answers          // what rules ask the network, nil where nothing was asked yet
	asked    int               // rules run
	running  int               // the rule that is run
	failures []error           // of rules that panicked
	steps    int               // of patterns, left for this message
	fresh    bool              // patterns that use tags are made for this message
	closed   bool              // a short circuit has hit
	closedBy int               // the rule that is it
	over     bool              // ctx has ended: what is not known by now stays so
	why      error             // it is over for another reason
	mark     time.Time         // when the last lap ended
	waited   time.Duration     // for answers, since then
}

// A state is what is known of a rule.
type state uint8

const (
	unknown state = iota
	open          // of a meta: it may hit, by what is known of its rules
	missed
	hit
)

func newRun(s *Set) *run {
	r := &run{
		set:      s,
		state:    make([]state, len(s.rules)),
		values:   make([]float64, len(s.rules)),
		evidence: make([]string, len(s.rules)),
		sections: make([]section, len(s.sections)),
	}
	r.value, r.outlook = r.ask, outlook{state: r.state, rule: r.reach}
	return r
}

// begin returns a run for a message; end gives its memory back.
func (s *Set) begin(ctx context.Context, f facts) *run {
	r := s.runs.Get().(*run)
	r.ctx, r.facts, r.fresh, r.steps = ctx, f, true, maxWork
	copy(r.state, s.initial)
	return r
}

func (r *run) end() {
	clear(r.evidence)
	for i := range r.sections {
		r.sections[i].forget()
	}
	r.machine.Forget()
	r.endAnswers()
	r.tags, r.closed, r.failures, r.waited = nil, false, nil, 0
	r.ctx, r.facts, r.calls, r.asked, r.over, r.why = nil, nil, nil, 0, false, nil
	r.set.runs.Put(r)
}

// ask returns what a rule came to: 0 is a miss.
func (r *run) ask(i int) float64 {
	switch r.state[i] {
	case missed:
		return 0
	case hit:
		return r.values[i]
	}
	v := 0.0
	if g := &r.set.gists[i]; g.expr != nil {
		v = r.meta(g)
	} else {
		v = r.leaf(i, r.set.rules[i])
	}
	if r.over {
		return 0
	}
	r.settle(i, v)
	return v
}

// settle keeps what a rule came to.
func (r *run) settle(i int, v float64) {
	if v == 0 {
		r.state[i] = missed
		return
	}
	r.state[i], r.values[i] = hit, v
}

// meta calculates a meta rule. A hit is worth its value to other metas, and a negative one counts as 1.
func (r *run) meta(g *gist) float64 {
	if r.lacks(g) || r.outlook.of(g.expr).isMiss() {
		return 0
	}
	switch v, ok := g.expr.value(r.value); {
	case !ok || v == 0:
		return 0
	case v < 0:
		return 1
	default:
		return v
	}
}

// reach returns what a rule may come to, without running any: a pattern may match where the pass over its text says so.
func (r *run) reach(i int) interval {
	g := &r.set.gists[i]
	if r.state[i] == unknown {
		switch {
		case g.expr != nil:
			if r.state[i] = open; r.lacks(g) || r.outlook.of(g.expr).isMiss() {
				r.state[i] = missed
			}
		case g.exists:
			r.ask(i)
		case g.section != none && !r.over:
			r.running = i
			r.section(int(g.section))
		}
	}
	switch r.state[i] {
	case missed:
		return miss
	case hit:
		return exactly(r.values[i])
	}
	return interval{0, g.most}
}

// ruleOut settles the rules that cannot match a section, by what the pass over it found. The others are left to be asked
// for.
func (r *run) ruleOut(i int, s *section) {
	for slot, of := range r.set.slots[i] {
		if r.state[of] == unknown && !s.may(r.set.rules[of], slot) {
			r.settle(of, oneIf(r.set.rules[of].header.not))
		}
	}
}
