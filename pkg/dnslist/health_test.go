package dnslist

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/filter"
)

// A clock stands still until a test moves it.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func newClock() *clock { return &clock{time.Date(2016, 12, 14, 12, 0, 0, 0, time.UTC)} }

// A watched is a Set of one list, whose zone and time a test changes, with a record of what was reported.
type watched struct {
	*Set
	zones   dnstest.Zones
	asked   *dnstest.Recorder
	clock   *clock
	reports []string
}

const oneFile = `
- name: one
  title: One
  zone: one.example
  ask: [client]
  phase: connect
  refused: [127.0.0.1]
  codes: [{value: 127.0.0.2, symbol: ONE, score: 1, action: reject}]
`

func newWatched(t *testing.T) *watched {
	w := &watched{clock: newClock(), zones: dnstest.Zones{}}
	w.asked = dnstest.Record(w.zones)
	w.Set = New(load(t, oneFile), DefaultConfig(), Options{Resolver: w.asked, Now: w.clock.now, OnChange: w.report})
	return w
}

func (w *watched) report(was Health, now State) {
	w.reports = append(w.reports, fmt.Sprintf("%s -> %s", was, now.Health))
	for _, s := range w.States() { // whoever is told may look around
		_ = s
	}
}

// answer makes the list's zone answer everything with host.
func (w *watched) answer(host dnstest.Host) { w.zones["*.one.example"] = host }

// check asks about one client and returns the result and whether the list was asked.
func (w *watched) check(t *testing.T) (filter.Result, bool) {
	t.Helper()
	before := len(w.asked.Questions())
	results := w.DNSBL().Check(t.Context(), clientMessage("192.0.2.1"))
	return results[0], len(w.asked.Questions()) > before
}

// TestRest lets a list refuse, rest, refuse again, and come back.
func TestRest(t *testing.T) {
	tests := []struct {
		name   string
		host   dnstest.Host
		health Health
		err    error
	}{
		{"open resolver", dnstest.A("127.255.255.254"), Refusing, filter.ErrRefused},
		{"its own refusal", dnstest.A("127.0.0.1"), Refusing, filter.ErrRefused},
		{"parked domain", dnstest.A("198.51.100.1"), Broken, filter.ErrBogus},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWatched(t)
			w.answer(test.host)
			if r, asked := w.check(t); !asked || r.Asked != 1 || !errors.Is(r.Err, test.err) {
				t.Fatalf("the first time: got %+v", r)
			}
			for _, wait := range []time.Duration{0, time.Second, maxRest - 2*time.Second} {
				w.clock.Time = w.clock.Add(wait)
				if r, asked := w.check(t); asked || r.Asked != 0 || !errors.Is(r.Err, test.err) || len(r.Hits) > 0 {
					t.Errorf("while it rests: got %+v, asked %v", r, asked)
				}
			}
			w.clock.Time = w.clock.Add(time.Second)
			if r, asked := w.check(t); !asked || !errors.Is(r.Err, test.err) {
				t.Errorf("after its rest: got %+v, asked %v", r, asked)
			}
			if r, asked := w.check(t); asked || !errors.Is(r.Err, test.err) {
				t.Errorf("it refused again and must rest again: got %+v, asked %v", r, asked)
			}
			state := w.States()[0]
			if state.Health != test.health || state.Why == "" || !state.Until.Equal(w.clock.Add(maxRest)) {
				t.Errorf("got %+v", state)
			}

			w.clock.Time = w.clock.Add(maxRest)
			w.answer(dnstest.A("127.0.0.2"))
			if r, asked := w.check(t); !asked || r.Err != nil || len(r.Hits) != 1 {
				t.Errorf("when it answers again: got %+v", r)
			}
			if r, asked := w.check(t); !asked || r.Err != nil || len(r.Hits) != 1 {
				t.Errorf("and again: got %+v", r)
			}
			want := []string{fmt.Sprintf("unprobed -> %s", test.health), fmt.Sprintf("%s -> ok", test.health)}
			if diff := cmp.Diff(want, w.reports); diff != "" {
				t.Errorf("reported, each change once (-want +got):\n%s", diff)
			}
			if state := w.States()[0]; state.Health != OK || state.Why != "" || !state.Until.IsZero() || !state.Since.Equal(w.clock.Time) {
				t.Errorf("got %+v", state)
			}
		})
	}
}

// TestRestIsShort holds the longest rest to what the cache's suppression is held to.
func TestRestIsShort(t *testing.T) {
	if maxRest > time.Minute || DefaultConfig().Rest > maxRest {
		t.Errorf("a list rests for %v", DefaultConfig().Rest)
	}
}

// TestLateAnswers has answers to questions that were put before the list began to refuse: they do not end its rest. Nor
// does a cache's answer, which says nothing about the list as it is now.
func TestLateAnswers(t *testing.T) {
	w := newWatched(t)
	src := w.source("one")
	before := w.clock.Time
	w.clock.Time = w.clock.Add(time.Millisecond)
	w.answer(dnstest.A("127.255.255.255"))
	w.check(t)
	miss := []question{{outcome: Miss}}
	src.learn(before, miss, &miss[0])
	if got := w.States()[0].Health; got != Refusing {
		t.Errorf("an earlier question's answer: got %s, want %s", got, Refusing)
	}
	w.clock.Time = w.clock.Add(maxRest)
	cached := []question{{outcome: Miss, cached: true}}
	src.learn(w.clock.Time, cached, &cached[0])
	if got := w.States()[0].Health; got != Refusing {
		t.Errorf("a cache's answer: got %s, want %s", got, Refusing)
	}
	refused := []question{{outcome: Refused, cached: true, addrs: addrs("127.255.255.255")}}
	until := w.States()[0].Until
	src.learn(w.clock.Time, refused, &refused[0])
	if got := w.States()[0].Until; got != until {
		t.Errorf("a cache's refusal: rests until %v, want %v", got, until)
	}
}

// TestDown has a list that stops answering: after a few checks it is not waited for any more.
func TestDown(t *testing.T) {
	w := newWatched(t)
	w.answer(dnstest.Fails(dnstest.Timeout))
	for i := range downAfter {
		if r, asked := w.check(t); !asked || !errors.Is(r.Err, dns.ErrTimeout) {
			t.Fatalf("check %d: got %+v, asked %v", i, r, asked)
		}
	}
	r, asked := w.check(t)
	if asked || !errors.Is(r.Err, dns.ErrTimeout) || !strings.HasPrefix(r.Err.Error(), "not asked for now: ") || r.Asked != 0 {
		t.Errorf("when it is down: got %+v, asked %v", r, asked)
	}
	w.clock.Time = w.clock.Add(maxRest)
	if _, asked := w.check(t); !asked {
		t.Error("after its rest: was not asked")
	}
	if _, asked := w.check(t); asked {
		t.Error("after one more failure: was asked")
	}
	w.clock.Time = w.clock.Add(maxRest)
	w.answer(dnstest.Host{})
	if r, asked := w.check(t); !asked || r.Err != nil {
		t.Errorf("when it answers again: got %+v", r)
	}
	if diff := cmp.Diff([]string{"unprobed -> down", "down -> ok"}, w.reports); diff != "" {
		t.Errorf("reported (-want +got):\n%s", diff)
	}
}

// TestFailuresInBetween has a list that loses every other question: it is never down.
func TestFailuresInBetween(t *testing.T) {
	w := newWatched(t)
	for range 3 * downAfter {
		w.answer(dnstest.Fails(dnstest.Timeout))
		w.check(t)
		w.answer(dnstest.Host{})
		if _, asked := w.check(t); !asked {
			t.Fatal("was not asked")
		}
	}
	if len(w.reports) != 0 {
		t.Errorf("reported %v", w.reports)
	}
}

// TestPrevious builds a new Set in the place of another: what is known of a list's health stays, if it is the same list.
func TestPrevious(t *testing.T) {
	w := newWatched(t)
	w.answer(dnstest.A("127.255.255.254"))
	w.check(t)
	next := func(text string) Health {
		s := New(load(t, text), DefaultConfig(), Options{Resolver: w.asked, Now: w.clock.now, Previous: w.Set})
		return s.States()[0].Health
	}
	if got := next(oneFile); got != Refusing {
		t.Errorf("the same list: got %s, want %s", got, Refusing)
	}
	if got := next(strings.Replace(oneFile, "one.example", "two.example", 1)); got != Unprobed {
		t.Errorf("another zone: got %s, want %s", got, Unprobed)
	}
	if got := next(strings.Replace(oneFile, "name: one", "name: two", 1)); got != Unprobed {
		t.Errorf("another name: got %s, want %s", got, Unprobed)
	}
	if got := next(oneFile + "  enabled: no\n"); got != Off {
		t.Errorf("not enabled: got %s, want %s", got, Off)
	}
}
