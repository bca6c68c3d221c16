package dns

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// A CachedResolver answers from memory, then from the shared cache, then by asking. A question that failed is answered
// with its error for a moment, so that a dead server is not asked for the same again and again; otherwise errors are not
// kept. It is safe for use by several goroutines.
type CachedResolver struct {
	next   Resolver
	config CacheConfig
	local  *otter.Cache[Question, *entry]
	shared *shared // nil where there is none
	count  cacheCounters

	flights *flights
	closing sync.Once
}

var (
	_ Resolver = (*CachedResolver)(nil)
	_ Recaller = (*CachedResolver)(nil)
)

// An entry is what memory holds for a question: an answer or, for a moment, an error.
type entry struct {
	answer  Answer
	err     error
	keep    time.Duration // from when it was made
	expires time.Time
}

// weigh says how many entries' room one takes: one, and one more for each 256 octets of name and records. So a zone that
// answers with as much as fits, to as many names as we can be made to ask for, gets no more memory than any other.
func weigh(q Question, e *entry) uint32 {
	const ordinary = 256
	size := len(q.Name) + len(e.answer.Addrs)*24
	for _, list := range [][]string{e.answer.Texts, e.answer.Names} {
		for _, s := range list {
			size += 16 + len(s)
		}
	}
	return uint32(1 + size/ordinary)
}

// cacheCounters are the CachedResolver's part of Stats.
type cacheCounters struct {
	questions, hits, joined, suppressed atomic.Uint64
}

// NewCache returns a CachedResolver that asks next what it does not know. cache is what nodes share, nil where nothing
// is. c must be valid. The CachedResolver owns goroutines: Close it, before next and cache.
func NewCache(next Resolver, cache Cache, c CacheConfig) *CachedResolver {
	r := &CachedResolver{
		next:   next,
		config: c,
		local: otter.Must(&otter.Options[Question, *entry]{
			MaximumWeight: uint64(max(c.Entries, 1)),
			Weigher:       weigh,
			ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[Question, *entry]) time.Duration {
				return e.Value.keep
			}),
			Logger: &otter.NoopLogger{},
		}),
		flights: newFlights(),
	}
	if cache != nil {
		r.shared = newShared(cache)
	}
	return r
}

// Resolve answers q. It returns when ctx ends; the question goes on then, up to its own limit, so that the answer
// is there for the next one who asks.
func (r *CachedResolver) Resolve(ctx context.Context, q Question) (Answer, error) {
	q, err := q.canonical()
	if err != nil {
		return Answer{}, err
	}
	r.count.questions.Add(1)
	if answer, err, ok := r.remembered(q); ok {
		return answer, err
	}
	f, joined, err := r.flights.join(q, r.find)
	if err != nil {
		return Answer{}, err
	}
	if joined {
		r.count.joined.Add(1)
	}
	select {
	case <-f.done:
	case <-ctx.Done():
		return Answer{}, gaveUp(ctx.Err())
	}
	answer := f.answer
	answer.Cached = answer.Cached || joined
	return answer, f.err
}

// Recall answers q from memory.
func (r *CachedResolver) Recall(q Question) (answer Answer, err error, known bool) {
	q, err = q.canonical()
	if err != nil {
		return Answer{}, err, true
	}
	if answer, err, known = r.remembered(q); known {
		r.count.questions.Add(1)
	}
	return answer, err, known
}

// remembered answers from memory.
func (r *CachedResolver) remembered(q Question) (_ Answer, err error, ok bool) {
	e, ok := r.local.GetIfPresent(q)
	if !ok {
		return Answer{}, nil, false
	}
	answer := e.answer
	answer.TTL = time.Until(e.expires)
	if answer.TTL <= 0 {
		return Answer{}, nil, false
	}
	answer.Cached, answer.Age = true, e.keep-answer.TTL
	if e.err != nil {
		r.count.suppressed.Add(1)
		return answer, e.err, true
	}
	r.count.hits.Add(1)
	return answer, nil, true
}

// remember keeps an answer or an error in memory.
func (r *CachedResolver) remember(q Question, answer Answer, err error, keep time.Duration) {
	if keep <= 0 {
		return
	}
	answer.Cached = false
	r.local.Set(q, &entry{answer: answer, err: err, keep: keep, expires: time.Now().Add(keep)})
}

// find gets the answer that memory does not have, and keeps it. ctx ends when the CachedResolver is closed.
func (r *CachedResolver) find(ctx context.Context, q Question) (Answer, error) {
	if answer, err, ok := r.remembered(q); ok { // the flight before this one landed after its caller had looked
		return answer, err
	}
	if answer, ok := r.shared.get(ctx, q); ok {
		answer.TTL = min(answer.TTL, r.config.most(&answer))
		r.remember(q, answer, nil, answer.TTL)
		return answer, nil
	}
	answer, err := r.next.Resolve(ctx, q)
	if err != nil {
		if r.flights.ctx.Err() != nil {
			return Answer{}, ErrClosed
		}
		r.remember(q, Answer{}, err, r.config.ErrorTTL)
		return Answer{}, err
	}
	keep := r.config.keep(&answer)
	r.remember(q, answer, nil, keep)
	r.shared.put(q, &answer, keep)
	return answer, nil
}

// keep is how long an answer is kept: as long as its TTL says, within the limits for answers of its kind.
func (c *CacheConfig) keep(a *Answer) time.Duration {
	least := c.MinTTL
	if a.Empty() {
		least = c.MinNegativeTTL
	}
	return min(max(a.TTL, least), c.most(a))
}

func (c *CacheConfig) most(a *Answer) time.Duration {
	if a.Empty() {
		return c.MaxNegativeTTL
	}
	return c.MaxTTL
}

// Stats returns what was counted so far. What next counted is included, if it counts.
func (r *CachedResolver) Stats() Stats {
	var s Stats
	if next, ok := r.next.(interface{ Stats() Stats }); ok {
		s = next.Stats()
	}
	s.Questions = r.count.questions.Load()
	s.HitsLocal = r.count.hits.Load()
	s.Joined = r.count.joined.Load()
	s.Suppressed = r.count.suppressed.Load()
	r.shared.addTo(&s)
	return s
}

// Close ends the questions that are under way, writes out what the shared cache is still to get, and waits for both.
// Questions after it are answered from memory, or fail.
func (r *CachedResolver) Close() error {
	r.closing.Do(func() {
		r.flights.close()
		r.shared.close()
		r.local.StopAllGoroutines()
	})
	return nil
}
