package rules

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// A rule that panics is a miss on that message, and the others are asked as if nothing had been: one mistake, in winnow or
// in a library, costs one rule and not the filter. It is an error of the file whose rule asked it, and counted.

// maxFailures is how many rules may panic on one message before the rest is left.
const maxFailures = 20

// try asks a rule, whatever happens.
func (r *run) try(i int) float64 {
	for !r.over {
		if v, ok := r.attempt(i); ok {
			return v
		}
	}
	return 0
}

// attempt asks a rule. Where that panics, the rule that was being run, i or one that i asks for, is settled as a miss.
func (r *run) attempt(i int) (v float64, ok bool) {
	defer func() {
		if thrown := recover(); thrown != nil {
			r.failed(i, thrown)
		}
	}()
	r.running = i
	return r.ask(i), true
}

// failed settles what panicked.
func (r *run) failed(asked int, thrown any) {
	i := r.running
	if r.state[i] == missed || r.state[i] == hit {
		i = asked
	}
	r.settle(i, 0)
	r.repair()
	err := fmt.Errorf("rule %s of %s:%d panicked and counts as a miss: %v", r.set.rules[i].Name, r.set.rules[i].File, r.set.rules[i].Line, thrown)
	if r.set.failed[i].Add(1) == 1 { // once is enough to find it
		err = fmt.Errorf("%w\n%s", err, debug.Stack())
	}
	r.failures = append(r.failures, err)
	if len(r.failures) == maxFailures {
		r.over, r.why = true, fmt.Errorf("%d rules panicked", maxFailures)
	}
}

// repair settles the rules of a section whose making has panicked: there is nothing that they can look at.
func (r *run) repair() {
	for i := range r.sections {
		s := &r.sections[i]
		if !s.made || s.ready {
			continue
		}
		s.ready, s.present, s.texts = true, false, nil
		s.spots.Scan(r.set.finders[i], nil)
		for _, of := range r.set.slots[i] {
			if r.state[of] == unknown {
				r.settle(of, 0)
			}
		}
	}
}

// takeFailures returns what has panicked since it was asked for last.
func (r *run) takeFailures() error {
	err := errors.Join(r.failures...)
	r.failures = nil
	return err
}
