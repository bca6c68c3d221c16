package dns_test

import (
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

// newCache returns a CachedResolver and the log of what it asks. It must run in a bubble of synctest, whose clock it uses.
func newCache(t *testing.T, next dns.Resolver, shared dns.Cache, change ...func(*dns.CacheConfig)) (*dns.CachedResolver, *dnstest.Recorder) {
	t.Helper()
	c := dns.DefaultCacheConfig()
	for _, f := range change {
		f(&c)
	}
	if faults := c.Validate(); len(faults) > 0 {
		t.Fatal(faults)
	}
	asked := dnstest.Record(next)
	r := dns.NewCache(asked, shared, c)
	t.Cleanup(func() { _ = r.Close() })
	return r, asked
}

func a(name string) dns.Question { return dns.Question{Name: name, Type: dns.A} }

func TestCacheKeepsAnswers(t *testing.T) {
	tests := []struct {
		name string
		host dnstest.Host
		keep time.Duration
	}{
		{"as its TTL says", dnstest.Host{A: []string{"127.0.0.2"}, TTL: 5 * time.Minute}, 5 * time.Minute},
		{"as long as is least", dnstest.Host{A: []string{"127.0.0.2"}, TTL: time.Second}, time.Minute},
		{"as long as is most", dnstest.Host{A: []string{"127.0.0.2"}, TTL: 48 * time.Hour}, time.Hour},
		{"that there is none", dnstest.Host{TTL: 3 * time.Minute}, 3 * time.Minute},
		{"that there is none, least", dnstest.Host{TTL: time.Second}, 2 * time.Minute},
		{"that there is none, most", dnstest.Host{TTL: 48 * time.Hour}, 30 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, asked := newCache(t, dnstest.Zones{"n.example": tt.host}, nil, func(c *dns.CacheConfig) {
					c.MinNegativeTTL, c.MaxNegativeTTL = 2*time.Minute, 30*time.Minute
				})
				first, err := r.Resolve(t.Context(), a("n.example"))
				if err != nil || first.Cached {
					t.Fatalf("got %+v, error %v, want an answer that was asked for", first, err)
				}
				time.Sleep(tt.keep - time.Second)
				second, err := r.Resolve(t.Context(), a("N.example."))
				if err != nil || !second.Cached || second.TTL != time.Second {
					t.Errorf("a second before its end: got %+v, error %v, want it from memory for one more second", second, err)
				}
				if second.Age != tt.keep-time.Second {
					t.Errorf("got an age of %v, want %v", second.Age, tt.keep-time.Second)
				}
				second.Cached, second.TTL, second.Age = first.Cached, first.TTL, first.Age
				if diff := cmp.Diff(first, second, sameAddrs); diff != "" {
					t.Error(diff)
				}
				time.Sleep(time.Second)
				third, err := r.Resolve(t.Context(), a("n.example"))
				if err != nil || third.Cached || len(asked.Questions()) != 2 {
					t.Errorf("at its end: got %+v, error %v, asked %d times, want it asked for anew", third, err, len(asked.Questions()))
				}
			})
		})
	}
}

func TestCacheKeepsTypesApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, asked := newCache(t, dnstest.Zones{"n.example": {A: []string{"127.0.0.2"}, TXT: []string{"why"}}}, nil)
		for range 2 {
			addr, err := r.Resolve(t.Context(), a("n.example"))
			text, err2 := r.Resolve(t.Context(), dns.Question{Name: "n.example", Type: dns.TXT})
			none, err3 := r.Resolve(t.Context(), a("none.example"))
			if err = errors.Join(err, err2, err3); err != nil || len(addr.Addrs) != 1 || len(text.Texts) != 1 || !none.NXDomain || !none.Empty() {
				t.Errorf("got %+v, %+v, %+v, error %v", addr, text, none, err)
			}
		}
		if n := len(asked.Questions()); n != 3 {
			t.Errorf("asked %d times, want 3", n)
		}
		if s := r.Stats(); s.Questions != 6 || s.HitsLocal != 3 {
			t.Errorf("got %+v, want 6 questions, 3 hits", s)
		}
	})
}

func TestCacheSuppressesErrorsShortly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zones := dnstest.Zones{"n.example": dnstest.Fails(dnstest.ServFail)}
		r, asked := newCache(t, zones, nil)
		_, first := r.Resolve(t.Context(), a("n.example"))
		time.Sleep(5*time.Second - 1)
		got, second := r.Resolve(t.Context(), a("n.example"))
		if !errors.Is(first, dns.ErrServFail) || first != second || !got.Cached || !got.Empty() {
			t.Errorf("got %+v, error %v, want the same as the first: %v", got, second, first)
		}
		if s := r.Stats(); len(asked.Questions()) != 1 || s.Suppressed != 1 || s.HitsLocal != 0 {
			t.Errorf("asked %d times, %+v, want once, and one suppressed", len(asked.Questions()), s)
		}
		zones["n.example"] = dnstest.A("127.0.0.2")
		time.Sleep(time.Nanosecond)
		if got, err := r.Resolve(t.Context(), a("n.example")); err != nil || len(got.Addrs) != 1 || got.Cached {
			t.Errorf("afterwards: got %+v, error %v, want it asked for anew", got, err)
		}
	})
}

func TestCacheAsksAgainAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, asked := newCache(t, dnstest.Zones{"n.example": dnstest.Fails(dnstest.Refused)}, nil, func(c *dns.CacheConfig) { c.ErrorTTL = 0 })
		for range 3 {
			if _, err := r.Resolve(t.Context(), a("n.example")); !errors.Is(err, dns.ErrRefused) {
				t.Errorf("got error %v, want %v", err, dns.ErrRefused)
			}
		}
		if n := len(asked.Questions()); n != 3 {
			t.Errorf("asked %d times, want 3", n)
		}
	})
}

func TestCacheAsksOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, asked := newCache(t, dnstest.Zones{"n.example": {A: []string{"127.0.0.2"}, Delay: time.Second}}, nil)
		var mu sync.Mutex
		var all sync.WaitGroup
		sent := 0
		for range 50 {
			all.Go(func() {
				got, err := r.Resolve(t.Context(), a("n.example"))
				if err != nil || len(got.Addrs) != 1 {
					t.Errorf("got %+v, error %v", got, err)
				}
				mu.Lock()
				defer mu.Unlock()
				if !got.Cached {
					sent++
				}
			})
		}
		all.Wait()
		if n := len(asked.Questions()); n != 1 || sent != 1 {
			t.Errorf("asked %d times for %d callers, want one for one", n, sent)
		}
		if s := r.Stats(); s.Questions != 50 || s.Joined != 49 {
			t.Errorf("got %+v, want 49 that joined", s)
		}
	})
}

func TestCacheCallerGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, asked := newCache(t, dnstest.Zones{"n.example": {A: []string{"127.0.0.2"}, Delay: time.Second}}, nil)
		var others sync.WaitGroup
		brief, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		gone, leave := context.WithCancel(t.Context())
		for ctx, want := range map[context.Context]error{brief: dns.ErrTimeout, gone: context.Canceled, t.Context(): nil} {
			others.Go(func() {
				got, err := r.Resolve(ctx, a("n.example"))
				if !errors.Is(err, want) || (want == nil) != (len(got.Addrs) == 1) {
					t.Errorf("got %+v, error %v, want error %v", got, err, want)
				}
			})
		}
		synctest.Wait()
		leave()
		others.Wait()
		if n := len(asked.Questions()); n != 1 {
			t.Errorf("asked %d times, want once", n)
		}
	})
}

func TestCacheKeepsLateAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, asked := newCache(t, dnstest.Zones{"n.example": {A: []string{"127.0.0.2"}, Delay: time.Second}}, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := r.Resolve(ctx, a("n.example")); !errors.Is(err, dns.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v, want a timeout that is the caller's", err)
		}
		time.Sleep(2 * time.Second)
		if got, err := r.Resolve(t.Context(), a("n.example")); err != nil || !got.Cached || len(asked.Questions()) != 1 {
			t.Errorf("got %+v, error %v, want the late answer from memory", got, err)
		}
	})
}

// A caller whose time is over gets what memory has all the same.
func TestCacheAnswersFromMemoryWithoutTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newCache(t, dnstest.Zones{"n.example": dnstest.A("127.0.0.2")}, nil)
		if _, err := r.Resolve(t.Context(), a("n.example")); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got, err := r.Resolve(ctx, a("n.example")); err != nil || len(got.Addrs) != 1 {
			t.Errorf("got %+v, error %v, want the address", got, err)
		}
	})
}

func TestCacheClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, asked := newCache(t, dnstest.Zones{
			"slow.example": {A: []string{"127.0.0.2"}, Delay: time.Hour},
			"n.example":    dnstest.A("127.0.0.2"),
		}, nil)
		if _, err := r.Resolve(t.Context(), a("n.example")); err != nil {
			t.Fatal(err)
		}
		var waiting sync.WaitGroup
		waiting.Go(func() {
			if _, err := r.Resolve(t.Context(), a("slow.example")); !errors.Is(err, dns.ErrClosed) {
				t.Errorf("under way: got error %v, want %v", err, dns.ErrClosed)
			}
		})
		synctest.Wait()
		for range 2 {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
		waiting.Wait()
		if _, err := r.Resolve(t.Context(), a("slow.example")); !errors.Is(err, dns.ErrClosed) {
			t.Errorf("afterwards: got error %v, want %v", err, dns.ErrClosed)
		}
		if got, err := r.Resolve(t.Context(), a("n.example")); err != nil || !got.Cached {
			t.Errorf("from memory: got %+v, error %v, want an answer", got, err)
		}
		if n := len(asked.Questions()); n != 2 {
			t.Errorf("asked %d times, want 2", n)
		}
	})
}

// asking is a Resolver that is a function.
type asking func(context.Context, dns.Question) (dns.Answer, error)

func (f asking) Resolve(ctx context.Context, q dns.Question) (dns.Answer, error) { return f(ctx, q) }

func TestCacheOutlivesPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newCache(t, asking(func(context.Context, dns.Question) (dns.Answer, error) { panic("index out of range") }), nil)
		if _, err := r.Resolve(t.Context(), a("n.example")); !errors.Is(err, dns.ErrMalformed) {
			t.Errorf("got error %v, want %v", err, dns.ErrMalformed)
		}
	})
}

// A Resolver that does not keep to a limit of its own is held to ours.
func TestCacheEndsQuestions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := newCache(t, asking(func(ctx context.Context, _ dns.Question) (dns.Answer, error) {
			<-ctx.Done()
			return dns.Answer{}, ctx.Err()
		}), nil)
		start := time.Now()
		if _, err := r.Resolve(t.Context(), a("n.example")); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, dns.ErrClosed) {
			t.Errorf("got error %v, want %v", err, context.DeadlineExceeded)
		}
		if took := time.Since(start); took != 30*time.Second {
			t.Errorf("took %v, want 30s", took)
		}
	})
}

func TestCacheRefusesNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, asked := newCache(t, dnstest.Zones{}, nil)
		if _, err := r.Resolve(t.Context(), a("a..example")); !errors.Is(err, dns.ErrName) || len(asked.Questions()) != 0 {
			t.Errorf("got error %v, want %v and nothing asked", err, dns.ErrName)
		}
	})
}

// Memory is bounded: however many names are asked for, and however much they hold.
func TestCacheIsBounded(t *testing.T) {
	big := make([]string, 16)
	for i := range big {
		big[i] = fmt.Sprintf("%0255d", i) // about 4 KB in all, the room of 17 entries
	}
	const entries = 170
	for _, tt := range []struct {
		name        string
		host        dnstest.Host
		asked       int
		least, most int // that are kept
	}{
		{"few small answers", dnstest.Host{}, 100, 100, 100},
		{"many small answers", dnstest.Host{}, 1000, 0, entries},
		{"big answers", dnstest.Host{TXT: big}, 100, 0, entries / 17},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, asked := newCache(t, dnstest.Zones{"*.example": tt.host}, nil, func(c *dns.CacheConfig) { c.Entries = entries })
				for range 2 {
					for i := range tt.asked {
						if _, err := r.Resolve(t.Context(), dns.Question{Name: fmt.Sprintf("n%d.example", i), Type: dns.TXT}); err != nil {
							t.Fatal(err)
						}
						synctest.Wait() // for the cache to put itself in order
					}
				}
				if kept := 2*tt.asked - len(asked.Questions()); kept < tt.least || kept > tt.most {
					t.Errorf("kept %d of %d, want %d to %d", kept, tt.asked, tt.least, tt.most)
				}
			})
		})
	}
}

// Recall asks nobody.
func TestRecall(t *testing.T) {
	r, asked := newCache(t, zones, nil)
	q := dns.Question{Name: "2.0.0.127.zen.example", Type: dns.A}
	if _, _, known := dns.Recall(r, q); known {
		t.Error("an answer that nobody has asked for yet")
	}
	want, err := r.Resolve(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	got, err, known := dns.Recall(r, dns.Question{Name: "2.0.0.127.ZEN.example", Type: dns.A})
	if err != nil || !known || !got.Cached || len(got.Addrs) != len(want.Addrs) {
		t.Errorf("got %+v, %v, %t, want %+v", got, err, known, want)
	}
	if _, err, known := dns.Recall(r, dns.Question{Name: strings.Repeat("a", 300), Type: dns.A}); !known || !errors.Is(err, dns.ErrName) {
		t.Errorf("no name: got %v, %t", err, known)
	}
	if _, _, known := dns.Recall(zones, q); known {
		t.Error("a resolver that keeps nothing knows something")
	}
	if n, s := len(asked.Questions()), r.Stats(); n != 1 || s.Questions != 2 || s.HitsLocal != 1 {
		t.Errorf("asked %d times, counted %+v", n, s)
	}
}
