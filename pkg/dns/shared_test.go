package dns_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
)

// A store is a shared cache that forgets nothing, and fails when it is told to.
type store struct {
	mu       sync.Mutex
	values   map[string][]byte
	ttls     map[string]time.Duration
	gets     int
	sets     int
	fail     error // what each call returns
	hang     bool  // calls return only when their time is over
	slowSets time.Duration
}

func newStore() *store {
	return &store{values: map[string][]byte{}, ttls: map[string]time.Duration{}}
}

// call counts a call, and lets it fail or hang.
func (s *store) call(ctx context.Context, n *int) error {
	s.mu.Lock()
	*n++
	fail, hang := s.fail, s.hang
	s.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return fail
}

func (s *store) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if err := s.call(ctx, &s.gets); err != nil {
		return nil, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	value, found := s.values[key]
	return value, found, nil
}

func (s *store) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := s.call(ctx, &s.sets); err != nil {
		return err
	}
	select {
	case <-time.After(s.slowSets):
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[key], s.ttls[key] = bytes.Clone(value), ttl
	return nil
}

func (s *store) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *store) calls() (gets, sets int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gets, s.sets
}

func TestNodesShareAnswers(t *testing.T) {
	zones := dnstest.Zones{
		"listed.example": {A: []string{"127.0.0.2", "127.0.0.4"}, TTL: 10 * time.Minute},
		"text.example":   dnstest.TXT("why, \x00\xff\"\\", ""),
		"mail.example":   {MX: []string{"mx.example"}},
		"six.example":    {AAAA: []string{"2001:db8::1", "::ffff:127.0.0.2"}},
		"bare.example":   {},
	}
	for _, q := range []dns.Question{
		a("listed.example"), {Name: "text.example", Type: dns.TXT}, {Name: "mail.example", Type: dns.MX},
		{Name: "six.example", Type: dns.AAAA}, a("bare.example"), a("none.example"),
	} {
		t.Run(q.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStore()
				one, _ := newCache(t, zones, s)
				two, asked := newCache(t, zones, s)
				want, err := one.Resolve(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				synctest.Wait() // for the writer
				time.Sleep(100 * time.Second)
				got, err := two.Resolve(t.Context(), q)
				if err != nil || len(asked.Questions()) != 0 {
					t.Fatalf("got error %v, %d questions, want the answer of the other node", err, len(asked.Questions()))
				}
				want.TTL, want.Cached = want.TTL-100*time.Second, true
				if diff := cmp.Diff(want, got, sameAddrs); diff != "" {
					t.Error(diff)
				}
				time.Sleep(got.TTL - time.Second)
				if got, err := two.Resolve(t.Context(), q); err != nil || !got.Cached || got.TTL != time.Second {
					t.Errorf("a second before its end: got %+v, error %v, want it from memory for one more second", got, err)
				}
				time.Sleep(time.Second)
				if got, err := two.Resolve(t.Context(), q); err != nil || got.Cached || len(asked.Questions()) != 1 {
					t.Errorf("at its end: got %+v, error %v, want it asked for, though the store has it still", got, err)
				}
				if st := two.Stats(); st.HitsShared != 1 || st.HitsLocal != 1 || st.SharedErrors != 0 {
					t.Errorf("got %+v, want one shared and one local hit", st)
				}
			})
		})
	}
}

// A node that keeps answers for less than another does not keep the other's for longer.
func TestSharedAnswersKeepToOurLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zones, s := dnstest.Zones{"n.example": {A: []string{"127.0.0.2"}, TTL: time.Hour}}, newStore()
		one, _ := newCache(t, zones, s)
		two, _ := newCache(t, zones, s, func(c *dns.CacheConfig) { c.MaxTTL = 5 * time.Minute })
		if _, err := one.Resolve(t.Context(), a("n.example")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got, err := two.Resolve(t.Context(), a("n.example")); err != nil || !got.Cached || got.TTL != 5*time.Minute {
			t.Errorf("got %+v, error %v, want it for 5m", got, err)
		}
	})
}

func TestErrorsAreNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		r, _ := newCache(t, dnstest.Zones{"n.example": dnstest.Fails(dnstest.Refused)}, s)
		if _, err := r.Resolve(t.Context(), a("n.example")); !errors.Is(err, dns.ErrRefused) {
			t.Fatal(err)
		}
		synctest.Wait()
		if _, sets := s.calls(); sets != 0 {
			t.Errorf("wrote %d values, want none", sets)
		}
	})
}

// A name may hold a subscriber's key.
func TestSharedKeysShowNoNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const secret = "abcdefghijklmnopqrstuvwxyz"
		s := newStore()
		r, _ := newCache(t, dnstest.Zones{"*.zen.dq.example": dnstest.A("127.0.0.2")}, s)
		for _, name := range []string{"2.0.0.127." + secret + ".zen.dq.example", "3.0.0.127." + secret + ".zen.dq.example"} {
			for _, typ := range []dns.Type{dns.A, dns.TXT} {
				if _, err := r.Resolve(t.Context(), dns.Question{Name: name, Type: typ}); err != nil {
					t.Fatal(err)
				}
			}
		}
		synctest.Wait()
		if len(s.values) != 4 {
			t.Errorf("got %d keys, want one for each question", len(s.values))
		}
		for key, value := range s.values {
			if len(key) != 22 || strings.Contains(key, "zen") || strings.Contains(key+string(value), secret) {
				t.Errorf("got key %q, value %q, want 22 characters that show nothing", key, value)
			}
			if s.ttls[key] != dnstest.DefaultTTL {
				t.Errorf("got TTL %v, want %v", s.ttls[key], dnstest.DefaultTTL)
			}
		}
	})
}

// What is not ours in the shared cache is a miss, and is replaced.
func TestSharedGarbageIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		zones := dnstest.Zones{"n.example": dnstest.A("127.0.0.2")}
		one, _ := newCache(t, zones, s)
		two, asked := newCache(t, zones, s)
		if _, err := one.Resolve(t.Context(), a("n.example")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		var key string
		for key = range s.values {
			s.values[key] = []byte("garbage")
		}
		if got, err := two.Resolve(t.Context(), a("n.example")); err != nil || got.Cached || len(asked.Questions()) != 1 {
			t.Errorf("got %+v, error %v, want it asked for", got, err)
		}
		synctest.Wait()
		if st := two.Stats(); st.SharedErrors != 1 || bytes.Equal(s.values[key], []byte("garbage")) {
			t.Errorf("got %+v, value %q, want one error and a new value", st, s.values[key])
		}
	})
}

// A shared cache that hangs costs its limit a few times, then nothing; now and then one question tries it.
func TestSharedCacheHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.hang = true
		r, asked := newCache(t, dnstest.Zones{"*.example": dnstest.A("127.0.0.2")}, s)
		ask := func() time.Duration {
			t.Helper()
			start := time.Now()
			got, err := r.Resolve(t.Context(), a(fmt.Sprintf("n%d.example", len(asked.Questions()))))
			if err != nil || len(got.Addrs) != 1 || got.Cached {
				t.Fatalf("got %+v, error %v, want it from the DNS", got, err)
			}
			return time.Since(start)
		}
		if took := ask(); took != 50*time.Millisecond {
			t.Errorf("the first question took %v, want 50ms", took)
		}
		total := time.Duration(0)
		for range 100 {
			total += ask()
		}
		if total > 4*50*time.Millisecond {
			t.Errorf("100 more took %v, want at most 200ms", total)
		}
		gets, sets := s.calls()
		if gets+sets > 6 { // the breaker opens at five; one more may be under way
			t.Errorf("asked the shared cache %d times, wrote to it %d times, want 5 or 6 in all", gets, sets)
		}
		if st := r.Stats(); st.SharedErrors != uint64(gets+sets) || st.SharedSkipped == 0 {
			t.Errorf("got %+v, want %d errors and the rest skipped", st, gets+sets)
		}
		s.change(func() { s.hang = false })
		time.Sleep(5*time.Second + time.Millisecond)
		ask()
		synctest.Wait()
		if again, _ := s.calls(); again != gets+1 {
			t.Errorf("asked the shared cache %d more times after its rest, want once", again-gets)
		}
		ask()
		synctest.Wait()
		if again, setAgain := s.calls(); again != gets+2 || setAgain != sets+2 || len(s.values) != 2 {
			t.Errorf("after its return: got %d reads, %d writes, %d values, want two of each", again-gets, setAgain-sets, len(s.values))
		}
	})
}

func TestSharedCacheFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.fail = errors.New("connection refused")
		r, asked := newCache(t, dnstest.Zones{"*.example": dnstest.A("127.0.0.2")}, s)
		for i := range 100 {
			if got, err := r.Resolve(t.Context(), a(fmt.Sprintf("n%d.example", i))); err != nil || len(got.Addrs) != 1 {
				t.Fatalf("got %+v, error %v, want it from the DNS", got, err)
			}
		}
		synctest.Wait()
		if gets, sets := s.calls(); gets+sets > 6 || len(asked.Questions()) != 100 {
			t.Errorf("asked the shared cache %d times, wrote to it %d times, want 5 or 6 in all", gets, sets)
		}
	})
}

// Nobody waits for a write: neither a question, nor Close for longer than its limit.
func TestSharedCacheWritesSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.slowSets = 40 * time.Millisecond
		r, _ := newCache(t, dnstest.Zones{"*.example": dnstest.A("127.0.0.2")}, s)
		start := time.Now()
		const n = 1200
		for i := range n {
			if _, err := r.Resolve(t.Context(), a(fmt.Sprintf("n%d.example", i))); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("%d questions took %v, want no time", n, took)
		}
		if st := r.Stats(); st.SharedDropped < n-1024-1 || st.SharedDropped > n-1024 {
			t.Errorf("dropped %d of %d writes, want all beyond the queue of 1024", st.SharedDropped, n)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 1100*time.Millisecond {
			t.Errorf("Close took %v, want about 1s", took)
		}
		if st := r.Stats(); len(s.values) != n-int(st.SharedDropped) || len(s.values) != 25 {
			t.Errorf("got %d values and %d dropped of %d, want 25 in a second", len(s.values), st.SharedDropped, n)
		}
	})
}

func TestCloseWritesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.slowSets = time.Millisecond
		r, _ := newCache(t, dnstest.Zones{"*.example": dnstest.A("127.0.0.2")}, s)
		for i := range 100 {
			if _, err := r.Resolve(t.Context(), a(fmt.Sprintf("n%d.example", i))); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if len(s.values) != 100 {
			t.Errorf("got %d values, want 100", len(s.values))
		}
	})
}
