package dnslist

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/filter"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestProbe is FIELD C4 as a table: what the test entries answer, and what that makes of the list.
func TestProbe(t *testing.T) {
	listed, nothing := dnstest.A("127.0.0.2"), dnstest.Host{}
	tests := []struct {
		name          string
		listed, clean dnstest.Host
		want          Health
		why           string
		err           error // what a check gets
	}{
		{"well", listed, nothing, OK, "", nil},
		{"empty", nothing, nothing, SuspectEmpty, "its test entry 2.0.0.127.one.example is not listed", nil},
		{"another code", dnstest.A("127.0.0.3"), nothing, SuspectEmpty, "not declared: 2.0.0.127.one.example A 127.0.0.3", nil},
		{"lists the world", listed, listed, Broken, "it lists what must never be listed: 1.0.0.127.one.example A 127.0.0.2", filter.ErrBogus},
		{"lists the world by another code", listed, dnstest.A("127.0.0.99"), Broken, "it lists what must never be listed", filter.ErrBogus},
		{"lists only what it must not", nothing, listed, Broken, "it lists what must never be listed", filter.ErrBogus},
		{"parked domain", dnstest.A("198.51.100.1"), dnstest.A("198.51.100.1"), Broken, "answered what no list answers", filter.ErrBogus},
		{"open resolver", dnstest.A("127.255.255.254"), dnstest.A("127.255.255.254"), Refusing, "refused to answer", filter.ErrRefused},
		{"refuses its own way", dnstest.A("127.0.0.1"), dnstest.A("127.0.0.1"), Refusing, "refused to answer", filter.ErrRefused},
		{"refuses one of two", listed, dnstest.A("127.255.255.255"), Refusing, "refused to answer", filter.ErrRefused},
		{"fails once", dnstest.Fails(dnstest.ServFail), dnstest.Fails(dnstest.ServFail), Unprobed, "", nil},
		{"loses one of two", listed, dnstest.Fails(dnstest.Timeout), Unprobed, "", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWatched(t)
			w.zones["2.0.0.127.one.example"], w.zones["1.0.0.127.one.example"] = test.listed, test.clean
			got := w.Probe(t.Context())[0]
			if got.Health != test.want || !strings.Contains(got.Why, test.why) || (got.Why == "") != (test.why == "") || !got.Probed.Equal(w.clock.Time) {
				t.Errorf("got %+v, want %s because %q", got, test.want, test.why)
			}
			r, asked := w.check(t)
			if !errors.Is(r.Err, test.err) || asked != (test.err == nil) || len(r.Hits) > 0 {
				t.Errorf("a check then: got %+v, asked %v", r, asked)
			}
		})
	}
}

// TestProbeHeals breaks a list and mends it: nothing but a probe makes it count again.
func TestProbeHeals(t *testing.T) {
	w := newWatched(t)
	w.answer(dnstest.A("127.0.0.2"))
	w.Probe(t.Context())
	w.clock.Time = w.clock.Add(24 * time.Hour)
	if r, asked := w.check(t); asked || !errors.Is(r.Err, filter.ErrBogus) || len(r.Hits) > 0 {
		t.Errorf("a day later, without a probe: got %+v", r)
	}
	w.source("one").rest(Refusing, filter.ErrRefused) // of a check that began before
	if got := w.States()[0]; got.Health != Broken || !got.Until.IsZero() {
		t.Errorf("a refusal from before: got %+v", got)
	}
	w.answer(dnstest.Host{})
	w.zones["2.0.0.127.one.example"] = dnstest.A("127.0.0.2")
	w.Probe(t.Context())
	if r, asked := w.check(t); !asked || r.Err != nil {
		t.Errorf("after the probe: got %+v", r)
	}
	if diff := cmp.Diff([]string{"unprobed -> broken", "broken -> ok"}, w.reports); diff != "" {
		t.Errorf("reported (-want +got):\n%s", diff)
	}
}

// TestProbeDown lets probes fail: one is chance, two are a reason.
func TestProbeDown(t *testing.T) {
	w := newWatched(t)
	w.answer(dnstest.Fails(dnstest.Timeout))
	w.Probe(t.Context())
	if _, asked := w.check(t); !asked {
		t.Error("after one failed probe the list was not asked")
	}
	w.Probe(t.Context())
	if r, asked := w.check(t); asked || !errors.Is(r.Err, dns.ErrTimeout) {
		t.Errorf("after two: got %+v, asked %v", r, asked)
	}
	w.clock.Time = w.clock.Add(maxRest)
	if _, asked := w.check(t); !asked {
		t.Error("after its rest the list was not asked")
	}
	if _, asked := w.check(t); asked {
		t.Error("after one more failure it was asked")
	}
	w.answer(dnstest.Host{})
	w.zones["2.0.0.127.one.example"] = dnstest.A("127.0.0.2")
	w.Probe(t.Context())
	if r, asked := w.check(t); !asked || r.Err != nil {
		t.Errorf("when it is back: got %+v", r)
	}
	if diff := cmp.Diff([]string{"unprobed -> down", "down -> ok"}, w.reports); diff != "" {
		t.Errorf("reported (-want +got):\n%s", diff)
	}
}

// TestProbeAsksTheDNS holds probes to the resolver without a cache, and to lists that are on and have test entries.
func TestProbeAsksTheDNS(t *testing.T) {
	const text = `
- {name: on, title: T, zone: on.example, ask: [uri], codes: [{value: any, symbol: A}]}
- {name: clean, title: T, zone: clean.example, ask: [uri], probe: {clean: example.com}, codes: [{value: any, symbol: B}]}
- {name: none, title: T, zone: none.example, ask: [uri], probe: none, codes: [{value: any, symbol: C}]}
- {name: off, title: T, zone: off.example, enabled: no, ask: [uri], codes: [{value: any, symbol: D}]}
`
	cached, fresh := dnstest.Record(dnstest.Zones{}), dnstest.Record(dnstest.Zones{"test.on.example": dnstest.A("127.0.0.2")})
	set := New(load(t, text), DefaultConfig(), Options{Resolver: cached, Fresh: fresh})
	got := map[string]Health{}
	for _, s := range set.Probe(t.Context()) {
		got[s.List] = s.Health
	}
	want := map[string]Health{"on": OK, "clean": OK, "none": Unprobed, "off": Off}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	asked := map[string]bool{}
	for _, q := range fresh.Questions() {
		asked[q.Name] = true
	}
	if diff := cmp.Diff(map[string]bool{"test.on.example": true, "invalid.on.example": true, "example.com.clean.example": true}, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if n := len(cached.Questions()); n > 0 {
		t.Errorf("%d questions went through the cache", n)
	}
}

// TestProbeStops has a probe whose caller goes away: that is nothing about the list.
func TestProbeStops(t *testing.T) {
	w := newWatched(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 * downAfterProbes {
		if got := w.Probe(ctx)[0]; got.Health != Unprobed || !got.Probed.IsZero() {
			t.Errorf("got %+v", got)
		}
	}
}

// TestWatch lets hours pass: all lists are probed at once, then each at its interval, a failing one every minute.
func TestWatch(t *testing.T) {
	const text = `
- {name: well, title: T, zone: well.example, ask: [client], codes: [{value: any, symbol: A}]}
- {name: dead, title: T, zone: dead.example, ask: [client], codes: [{value: any, symbol: B}]}
`
	synctest.Test(t, func(t *testing.T) {
		asked := dnstest.Record(dnstest.Zones{
			"2.0.0.127.well.example": dnstest.A("127.0.0.2"),
			"*.dead.example":         dnstest.Fails(dnstest.Timeout),
		})
		set := New(load(t, text), DefaultConfig(), Options{Resolver: asked})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { set.Watch(ctx); close(done) }()
		count := func() map[string]int {
			n := map[string]int{}
			for _, q := range asked.Questions() {
				n[strings.TrimSuffix(q.Name, ".example")[strings.LastIndex(strings.TrimSuffix(q.Name, ".example"), ".")+1:]]++
			}
			return n
		}
		synctest.Wait()
		if diff := cmp.Diff(map[string]int{"well": 2, "dead": 2}, count()); diff != "" {
			t.Errorf("at once (-want +got):\n%s", diff)
		}
		time.Sleep(time.Hour) // of the bubble's clock
		synctest.Wait()
		got := count()
		// 5 m and a tenth either way, looked at each minute and a tenth either way: 9 to 14 probes in an hour.
		if n := got["well"] / 2; n < 9 || n > 14 {
			t.Errorf("the list that is well was probed %d times in an hour", n)
		}
		if n := got["dead"] / 2; n < 54 || n > 68 {
			t.Errorf("the dead list was probed %d times in an hour", n)
		}
		if states := set.States(); states[0].Health != OK || states[1].Health != Down {
			t.Errorf("got %+v", states)
		}
		cancel()
		synctest.Wait()
		select {
		case <-done:
		default:
			t.Error("Watch did not return when its ctx ended")
		}
	})
}

func TestJitter(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 100 {
		d := jitter(10 * time.Second)
		if d < 9*time.Second || d > 11*time.Second {
			t.Fatalf("got %v", d)
		}
		seen[d] = true
	}
	if len(seen) < 50 {
		t.Errorf("%d different values of 100", len(seen))
	}
}

func ExampleSet_Probe() {
	lists, _ := Load("lists.yaml", []byte(oneFile))
	set := New(lists, DefaultConfig(), Options{Resolver: dnstest.Zones{"*.one.example": dnstest.A("127.0.0.2")}})
	for _, s := range set.Probe(context.Background()) {
		fmt.Printf("%s is %s: %s\n", s.List, s.Health, s.Why)
	}
	// Output:
	// one is broken: answered what no list answers: it lists what must never be listed: 1.0.0.127.one.example A 127.0.0.2
}
