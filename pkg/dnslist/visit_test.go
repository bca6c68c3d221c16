package dnslist

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/filter"
)

const visitLists = `
- name: zen
  title: Zen
  zone: zen.example
  ask: [client]
  codes: [{value: 127.0.0.2, symbol: ZEN, score: 2}]
- name: off
  title: Off
  zone: off.example
  enabled: no
  ask: [client]
  refused: [127.0.0.1]
  codes: [{value: 127.0.0.2, symbol: OFF, score: 2}]
`

func newVisited(t *testing.T, r dns.Resolver, zones ...string) (*Set, *clock) {
	t.Helper()
	c := newClock()
	return New(load(t, visitLists), DefaultConfig(), Options{Resolver: r, Now: c.now, Zones: zones}), c
}

// ask asks one key of a zone for one message.
func ask(t *testing.T, s *Set, zone, key string) (dns.Answer, filter.Result) {
	t.Helper()
	v := s.Visit(zone)
	if v == nil {
		t.Fatalf("%s: nobody asks there", zone)
	}
	answer, _ := v.Ask(t.Context(), key, dns.A)
	return answer, v.Result(0)
}

func TestVisit(t *testing.T) {
	zones := dnstest.Zones{
		"1.zen.example": dnstest.A("127.0.0.77"), "1.rules.example": dnstest.A("127.0.0.2"), "1.off.example": dnstest.A("127.0.0.2"),
		"2.rules.example": dnstest.A("192.0.2.1"),
	}
	s, _ := newVisited(t, zones, "zen.example", "rules.example", "off.example")
	for _, tt := range []struct {
		zone, source string
		scores       bool
	}{{"zen.example", "zen", true}, {"rules.example", "rules.example", false}, {"off.example", "off.example", false}} {
		v := s.Visit(tt.zone)
		if v.Scores() != tt.scores {
			t.Errorf("%s: scores %v, want %v", tt.zone, v.Scores(), tt.scores)
		}
		answer, result := ask(t, s, tt.zone, "1")
		if result.Source != tt.source || result.Kind != filter.List || result.Asked != 1 || result.Err != nil || len(answer.Addrs) != 1 {
			t.Errorf("%s: got %+v, %v", tt.zone, result, answer)
		}
	}
	if answer, result := ask(t, s, "rules.example", "2"); result.Err != nil || len(answer.Addrs) != 1 {
		t.Errorf("a zone of rules may hold anything: got %+v", result)
	}
	lists := s.Visit("zen.example").Lists
	for _, tt := range []struct {
		answer dns.Answer
		want   bool
	}{
		{dns.Answer{}, false},
		{dns.Answer{Addrs: []netip.Addr{netip.MustParseAddr("127.0.0.77")}}, true},
		{dns.Answer{Addrs: []netip.Addr{netip.MustParseAddr("127.255.255.254")}}, false},
		{dns.Answer{Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}, false},
		{dns.Answer{Texts: []string{"listed"}}, true},
	} {
		if got := lists(tt.answer); got != tt.want {
			t.Errorf("%v lists something: got %v", tt.answer, got)
		}
	}
	if s.Visit("other.example") != nil {
		t.Error("a zone that nobody named can be asked")
	}
	if got := len(s.Lists()); got != 2 {
		t.Errorf("got %d lists, want the operator's 2 alone", got)
	}
}

// TestVisitRests shows that a refusal has a zone rest, for the list that it is and for rules alike.
func TestVisitRests(t *testing.T) {
	zones := dnstest.Zones{
		"*.rules.example": dnstest.A("127.255.255.254"), "*.zen.example": dnstest.A("127.255.255.254"), "*.off.example": dnstest.A("127.0.0.1"),
	}
	asked := dnstest.Record(zones)
	s, c := newVisited(t, asked, "zen.example", "rules.example", "off.example")
	for _, zone := range []string{"rules.example", "zen.example", "off.example"} {
		answer, result := ask(t, s, zone, "1")
		if len(answer.Addrs) != 1 || !errors.Is(result.Err, filter.ErrRefused) {
			t.Errorf("%s: got %v, %v; want the refusal for the rules, and an error", zone, answer.Addrs, result.Err)
		}
		before := len(asked.Questions())
		_, result = ask(t, s, zone, "2")
		if len(asked.Questions()) != before || result.Asked != 0 || !errors.Is(result.Err, filter.ErrRefused) {
			t.Errorf("%s: it was asked again: %+v", zone, result)
		}
	}
	if result := s.DNSBLContent().Check(t.Context(), mail("x"))[0]; !errors.Is(result.Err, filter.ErrRefused) || result.Asked != 0 {
		t.Errorf("the list itself: got %+v, want it at rest", result)
	}
	c.Time = c.Add(2 * time.Minute)
	before := len(asked.Questions())
	if ask(t, s, "rules.example", "3"); len(asked.Questions()) == before {
		t.Error("it rests for ever")
	}
}

// TestZonesHaveStates shows that how a zone is that only rules ask is told, behind the lists of the configuration.
func TestZonesHaveStates(t *testing.T) {
	zones := dnstest.Zones{"*.rules.example": dnstest.A("127.255.255.254")}
	s, _ := newVisited(t, zones, "zen.example", "well.example", "rules.example")
	ask(t, s, "rules.example", "1")
	var got []string
	for _, state := range s.States() {
		got = append(got, fmt.Sprintf("%s %s %v", state.List, state.Health, state.OfRules))
	}
	want := []string{"zen unprobed false", "off off false", "rules.example refused true", "well.example unprobed true"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestVisitRefusedByRule shows that the word of a rule has a zone rest, too, but not where the answer is an old one.
func TestVisitRefusedByRule(t *testing.T) {
	for _, tt := range []struct{ cached, rests bool }{{false, true}, {true, false}} {
		s, _ := newVisited(t, cachedZones{dnstest.Zones{"1.rules.example": dnstest.A("127.0.0.1")}, tt.cached}, "rules.example")
		v := s.Visit("rules.example")
		if _, err := v.Ask(t.Context(), "1", dns.A); err != nil {
			t.Fatal(err)
		}
		v.Refused("a rule hits")
		if result := v.Result(0); !errors.Is(result.Err, filter.ErrRefused) {
			t.Errorf("got %v, want a refusal", result.Err)
		}
		if _, result := ask(t, s, "rules.example", "1"); (result.Asked == 0) != tt.rests {
			t.Errorf("cached %v: got %+v, want rest %v", tt.cached, result, tt.rests)
		}
	}
}

type cachedZones struct {
	dnstest.Zones
	cached bool
}

func (c cachedZones) Resolve(ctx context.Context, q dns.Question) (dns.Answer, error) {
	answer, err := c.Zones.Resolve(ctx, q)
	answer.Cached = c.cached
	return answer, err
}

// TestVisitWithoutAnswer shows that what has no answer when the visit ends is an error where it had its time, and says
// nothing where it had not.
func TestVisitWithoutAnswer(t *testing.T) {
	for _, tt := range []struct {
		name     string
		patience time.Duration
		want     error
		health   Health
	}{
		{"in time", time.Second, dns.ErrTimeout, Down},
		{"put too late", 3 * time.Second, nil, Unprobed},
		{"nobody waited", math.MaxInt64, nil, Unprobed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := New(load(t, visitLists), DefaultConfig(), Options{Resolver: stuck{}, Zones: []string{"zen.example"}})
				for range downAfter {
					if result := giveUp(t, s, "zen.example", tt.patience); !errors.Is(result.Err, tt.want) || result.Asked != 1 {
						t.Fatalf("got %+v, want %v", result, tt.want)
					}
				}
				if got := s.States()[0].Health; got != tt.health {
					t.Errorf("after %d of them the list is %s, want %s", downAfter, got, tt.health)
				}
			})
		})
	}
}

// giveUp asks a zone that does not answer, and ends the visit after two seconds.
func giveUp(t *testing.T, s *Set, zone string, patience time.Duration) filter.Result {
	t.Helper()
	v := s.Visit(zone)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := v.Ask(ctx, "1", dns.A)
		done <- err
	}()
	time.Sleep(2 * time.Second)
	result := v.Result(patience)
	cancel()
	if err := <-done; err == nil {
		t.Error("no error for who asks")
	}
	if _, err := v.Ask(t.Context(), "2", dns.A); err == nil {
		t.Error("a visit that is over asks on")
	}
	return result
}

// stuck never answers.
type stuck struct{}

func (stuck) Resolve(ctx context.Context, _ dns.Question) (dns.Answer, error) {
	<-ctx.Done()
	return dns.Answer{}, ctx.Err()
}

// TestVisitTook shows that a list takes as long as its slowest question, whenever each was put.
func TestVisitTook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(load(t, visitLists), DefaultConfig(), Options{Resolver: takesTime{}, Zones: []string{"zen.example"}})
		v := s.Visit("zen.example")
		time.Sleep(time.Second) // until somebody has something to ask
		for range 3 {
			if _, err := v.Ask(t.Context(), "1", dns.A); err != nil {
				t.Fatal(err)
			}
		}
		if got := v.Result(math.MaxInt64).Took; got != 100*time.Millisecond {
			t.Errorf("got %v, want the 100ms of each question", got)
		}
	})
}

// takesTime answers after a tenth of a second.
type takesTime struct{}

func (takesTime) Resolve(context.Context, dns.Question) (dns.Answer, error) {
	time.Sleep(100 * time.Millisecond)
	return dns.Answer{}, nil
}

// TestVisitHidesKey shows that a subscriber's key in a rule file's zone is seen nowhere.
func TestVisitHidesKey(t *testing.T) {
	const key = "abcdefghij0123456789klmnop"
	zone := key + ".zen.dq.example"
	s, _ := newVisited(t, dnstest.Zones{"1." + zone: dnstest.A("127.255.255.250")}, zone)
	v := s.Visit(zone)
	answer, _ := v.Ask(t.Context(), "1", dns.A)
	result := v.Result(0)
	if len(answer.Addrs) != 1 {
		t.Error("the zone was not asked with the key")
	}
	for _, text := range []string{result.Source, v.Show("1"), result.Err.Error()} {
		if strings.Contains(text, key) {
			t.Errorf("%q shows the key", text)
		}
	}
	if result.Source != "***.zen.dq.example" {
		t.Errorf("source %q", result.Source)
	}
}

// TestVisitHealthIsKept shows that a reload keeps what is known of a zone that only rules ask.
func TestVisitHealthIsKept(t *testing.T) {
	zones := dnstest.Zones{"*.rules.example": dnstest.A("127.255.255.255")}
	s, c := newVisited(t, zones, "rules.example")
	ask(t, s, "rules.example", "1")
	next := New(load(t, visitLists), DefaultConfig(), Options{Resolver: zones, Now: c.now, Zones: []string{"rules.example"}, Previous: s})
	if _, result := ask(t, next, "rules.example", "1"); result.Asked != 0 {
		t.Errorf("got %+v, want it still at rest", result)
	}
}
