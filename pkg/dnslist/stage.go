package dnslist

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// A Stage asks some of a Set's lists about a message: all of them, all at once.
type Stage struct {
	name    string
	phase   filter.Phase
	set     *Set
	sources []*source
	wants   askSet
}

var _ filter.Stage = (*Stage)(nil)

// An askSet is some asks.
type askSet [len(texts)]bool

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
	subjects := s.set.subjects(m, &s.wants)
	results := make([]filter.Result, len(s.sources))
	checks := make([]check, 0, len(s.sources))
	start := s.set.now()
	for i, src := range s.sources {
		results[i] = filter.Result{Source: src.Name, Kind: filter.List}
		questions := src.questions(subjects)
		if len(questions) == 0 {
			continue
		}
		if results[i].Err = src.resting(start); results[i].Err == nil {
			checks = append(checks, check{src, start, questions, &results[i]})
		}
	}
	if len(checks) == 0 {
		return results
	}
	ctx, cancel := context.WithTimeout(ctx, s.set.config.Timeout)
	defer cancel()
	origin := m.Origin().Addr
	atOnce(len(checks), func(i int) { checks[i].run(ctx, origin) })
	return results
}

// A check is what one list is asked about one message.
type check struct {
	src       *source
	start     time.Time
	questions []question
	result    *filter.Result
}

// run asks, fills in the result and lets the list's health know.
func (c *check) run(ctx context.Context, client netip.Addr) {
	c.src.ask(ctx, c.src.set.resolver, c.questions)
	c.result.Took = c.src.set.now().Sub(c.start)
	c.result.Asked = len(c.questions)
	for i := range c.questions {
		if c.questions[i].cached {
			c.result.Cached++
		}
	}
	worst := worst(c.questions)
	c.result.Hits = c.src.hits(client, c.questions)
	c.result.Err = c.src.failure(worst)
	c.src.learn(c.start, c.questions, worst)
}

// hits returns a hit for each code that an answer stood for, in the order of the codes; a code counts once, however many
// names of the message are listed. Questions are in the order of their weight, so the first is the evidence.
func (src *source) hits(client netip.Addr, questions []question) []filter.Hit {
	var all codeSet
	for i := range questions {
		all |= questions[i].codes
	}
	if all == 0 {
		return nil
	}
	var hits []filter.Hit
	for c := range src.Codes {
		if all.has(c) {
			hits = append(hits, src.hit(c, client, questions))
		}
	}
	return hits
}

// hit tells of one code: the first question that it answers, and how many more there are.
func (src *source) hit(c int, client netip.Addr, questions []question) filter.Hit {
	code := &src.Codes[c]
	var first *question
	more := 0
	for i := range questions {
		switch q := &questions[i]; {
		case !q.codes.has(c):
		case first == nil:
			first = q
		default:
			more++
		}
	}
	hit := filter.Hit{
		Symbol:  code.Symbol,
		Score:   code.Score,
		Action:  code.Action,
		Observe: src.Observe || code.Observe,
		Detail:  src.detail(first, c, more),
		Text:    src.text(code, client, first.what(), first.subject.ask),
	}
	if first.subject.addr.Is6() {
		hit.Action = code.IPv6Action
	}
	if first.subject.guess {
		hit.Action = filter.None // running text only looks like a link: never enough to refuse alone
	}
	return hit
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
