package dnslist

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"winnow/pkg/filter"
)

// watchEvery is how often Watch looks which lists are due: those that are not well each time, the others when their
// interval has passed.
const watchEvery = time.Minute

// jitter spreads d by a tenth either way, so that neither the lists of one node nor all nodes ask at the same moment.
func jitter(d time.Duration) time.Duration {
	return d - d/10 + rand.N(d/5+1)
}

// Watch probes the lists until ctx ends: all of them at once when it begins, then each at its interval. Run it in a
// goroutine of its own, once; nothing waits for it.
func (s *Set) Watch(ctx context.Context) {
	for ctx.Err() == nil {
		s.probe(ctx, (*source).due)
		next := time.NewTimer(jitter(watchEvery))
		select {
		case <-ctx.Done():
		case <-next.C:
		}
		next.Stop()
	}
}

// Probe probes every enabled list now and returns how each is.
func (s *Set) Probe(ctx context.Context) []State {
	s.probe(ctx, func(*source) bool { return true })
	return s.States()
}

func (s *Set) probe(ctx context.Context, wanted func(*source) bool) {
	var due []*source
	for _, src := range s.sources {
		if src.Enabled && src.Probe != (Probe{}) && wanted(src) {
			due = append(due, src)
		}
	}
	atOnce(len(due), func(i int) { due[i].probe(ctx) })
}

func (src *source) due() bool {
	c := src.condition.Load()
	well := (c.health == OK || c.health == SuspectEmpty) && src.probeFailures.Load() == 0
	return !well || src.set.now().Sub(c.probed) >= src.probeEvery
}

// probe asks for the list's test entries (RFC 5782, 5), the DNS itself and no cache, and draws the conclusion.
func (src *source) probe(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, src.set.config.Timeout)
	defer cancel()
	entries := make([]question, 0, 2)
	for _, key := range []string{src.Probe.Listed, src.Probe.Clean} {
		if name := src.name(key); name != "" {
			entries = append(entries, question{about: newAsks(src.Ask...), key: key, name: name})
		}
	}
	src.ask(limited, src.set.fresh, src.recall(src.set.fresh, entries))
	if ctx.Err() != nil || len(entries) == 0 {
		return // we are stopping; that is nothing about the list
	}
	found := src.conclude(entries)
	src.change(func(c *condition) {
		if found.health == "" { // the first probe that failed: no reason to change anything yet
			found = *c
		}
		found.probed = src.set.now()
		*c = found
	})
}

// conclude says what the answers to a probe make of the list.
func (src *source) conclude(entries []question) condition {
	for i := range entries {
		switch q := &entries[i]; {
		case q.outcome == Refused:
			return src.atRest(Refusing, src.failure(q))
		case q.outcome == Bogus:
			return notAsked(Broken, src.failure(q))
		case q.key == src.Probe.Clean && (q.outcome == Hit || q.outcome == Unknown):
			return notAsked(Broken, fmt.Errorf("%w: it lists what must never be listed: %s", filter.ErrBogus, src.answer(q)))
		}
	}
	failed := worst(entries)
	if failed.outcome == Failed {
		if src.probeFailures.Add(1) < downAfterProbes {
			return condition{}
		}
		return src.atRest(Down, failed.err)
	}
	src.probeFailures.Store(0)
	src.failures.Store(0)
	switch q := &entries[0]; {
	case q.key != src.Probe.Listed || q.outcome == Hit:
		return condition{health: OK}
	case q.outcome == Unknown:
		return condition{health: SuspectEmpty, why: "its test entry has a return code that is not declared: " + src.answer(q)}
	}
	return condition{health: SuspectEmpty, why: "its test entry " + src.show(src.Probe.Listed) + " is not listed: it may be empty, or not meant for us"}
}
