package dnslist

import (
	"context"
	"sync"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// A Stage asks some of a Set's lists about a message: all of them, all at once.
type Stage struct {
	name    string
	phase   filter.Phase
	set     *Set
	sources []*source
	wants   wants
}

var _ filter.Stage = (*Stage)(nil)

// Name returns the stage's name: dnsbl, dnsbl_content, rhsbl or uribl.
func (s *Stage) Name() string { return s.name }

// Phase returns when the stage runs.
func (s *Stage) Phase() filter.Phase { return s.phase }

// Check asks every list and returns their results in configuration order. It never stops at the first hit: what a list
// alone would have caught is only known when all were asked. Lists that have not answered when ctx ends, or when the
// stage's time is over, have an Err.
func (s *Stage) Check(ctx context.Context, m *message.Message) []filter.Result {
	if len(s.sources) == 0 {
		return nil
	}
	client := m.Origin()
	addr := client.Addr
	subjects := s.set.subjects(m, &client, &s.wants)
	laters := s.set.laters(m, &s.wants)
	results := make([]filter.Result, len(s.sources))
	checks := make([]check, 0, len(s.sources))
	start := s.set.now()
	for i, src := range s.sources {
		results[i] = filter.Result{Source: src.Name, Kind: filter.List}
		c := check{src: src, start: start, questions: src.questions(subjects, nil), later: laters.of(src), result: &results[i]}
		if len(c.questions) == 0 && c.later == nil {
			continue
		}
		if results[i].Err = src.resting(start); results[i].Err != nil {
			continue
		}
		if c.recall() {
			c.conclude(addr, nil)
			continue
		}
		checks = append(checks, c)
	}
	if len(checks) == 0 {
		return results
	}
	ctx, cancel := context.WithTimeout(ctx, s.set.config.Timeout)
	defer cancel()
	atOnce(len(checks), func(i int) { checks[i].run(ctx, addr) })
	return results
}

// atOnce calls f for 0 to n-1, all at the same time, and returns when all have. One call stays in the caller's
// goroutine: most clients are asked of one or two lists, most of them from cache.
func atOnce(n int, f func(i int)) {
	var others sync.WaitGroup
	for i := 1; i < n; i++ {
		others.Go(func() { f(i) })
	}
	if n > 0 {
		f(0)
	}
	others.Wait()
}
