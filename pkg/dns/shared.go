package dns

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

const (
	// sharedTimeout is how long the shared cache may take for one answer. The DNS takes about as long.
	sharedTimeout = 50 * time.Millisecond
	// sharedFailures in a row put the shared cache out of use for sharedRest. Then one question tries it.
	sharedFailures = 5
	sharedRest     = 5 * time.Second
	// maxUnwritten is how many answers may wait to be written to the shared cache; more are dropped.
	maxUnwritten = 1024
	// drainLimit is how long close may take to write out what is waiting.
	drainLimit = time.Second
)

// A shared is the cache of all nodes, kept at arm's length: a breaker lets questions past it while it fails, and
// answers are written to it by a goroutine that no question waits for. A nil shared is a cache that is always empty.
type shared struct {
	cache   Cache
	breaker *gobreaker.CircuitBreaker[[]byte]

	unwritten chan write
	cancel    context.CancelFunc // of the writer
	written   chan struct{}      // closed when the writer has ended

	hits, failed, skipped, dropped atomic.Uint64
}

// A write is an answer on its way to the shared cache.
type write struct {
	key   string
	value []byte
	keep  time.Duration
}

func newShared(cache Cache) *shared {
	ctx, cancel := context.WithCancel(context.Background())
	s := &shared{
		cache: cache,
		breaker: gobreaker.NewCircuitBreaker[[]byte](gobreaker.Settings{
			Timeout:     sharedRest,
			ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= sharedFailures },
			IsExcluded:  func(err error) bool { return errors.Is(err, context.Canceled) },
		}),
		unwritten: make(chan write, maxUnwritten),
		cancel:    cancel,
		written:   make(chan struct{}),
	}
	go s.write(ctx)
	return s
}

// sharedKey is what a question is called in the shared cache: a hash, because a name may hold a subscriber's key.
// 128 bits of it keep questions apart.
func sharedKey(q Question) string {
	const room = 2 + maxName
	text := append(make([]byte, 0, room), byte(q.Type>>8), byte(q.Type))
	sum := sha256.Sum256(append(text, q.Name...))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// get returns what another node has learned. Whatever goes wrong is a miss.
func (s *shared) get(ctx context.Context, q Question) (Answer, bool) {
	if s == nil {
		return Answer{}, false
	}
	value, err := s.breaker.Execute(func() ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, sharedTimeout)
		defer cancel()
		value, found, err := s.cache.Get(ctx, sharedKey(q))
		if !found {
			value = nil
		}
		return value, err
	})
	if err != nil || value == nil {
		s.note(err)
		return Answer{}, false
	}
	answer, expires, err := decode(value, q.Type)
	if err != nil {
		s.note(err)
		return Answer{}, false
	}
	if answer.TTL = time.Until(expires); answer.TTL <= 0 {
		return Answer{}, false
	}
	answer.Cached = true
	s.hits.Add(1)
	return answer, true
}

// put hands an answer to the writer.
func (s *shared) put(q Question, a *Answer, keep time.Duration) {
	if s == nil || keep <= 0 {
		return
	}
	value := encode(a, time.Now().Add(keep))
	if value == nil {
		return
	}
	select {
	case s.unwritten <- write{sharedKey(q), value, keep}:
	default:
		s.dropped.Add(1)
	}
}

// write is the writer. It ends when unwritten is closed and empty; what is left when ctx ends is dropped.
func (s *shared) write(ctx context.Context) {
	defer close(s.written)
	for w := range s.unwritten {
		if ctx.Err() != nil {
			s.dropped.Add(1)
			continue
		}
		_, err := s.breaker.Execute(func() ([]byte, error) {
			ctx, cancel := context.WithTimeout(ctx, sharedTimeout)
			defer cancel()
			return nil, s.cache.Set(ctx, w.key, w.value, w.keep)
		})
		s.note(err)
		if err != nil {
			s.dropped.Add(1)
		}
	}
}

// note counts what the shared cache did wrong.
func (s *shared) note(err error) {
	switch {
	case err == nil:
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		s.skipped.Add(1)
	default:
		s.failed.Add(1)
	}
}

func (s *shared) addTo(stats *Stats) {
	if s == nil {
		return
	}
	stats.HitsShared = s.hits.Load()
	stats.SharedErrors = s.failed.Load()
	stats.SharedSkipped = s.skipped.Load()
	stats.SharedDropped = s.dropped.Load()
}

// close lets the writer finish, within its limit. Nothing may be put after it.
func (s *shared) close() {
	if s == nil {
		return
	}
	close(s.unwritten)
	limit := time.AfterFunc(drainLimit, s.cancel)
	<-s.written
	limit.Stop()
	s.cancel()
}
