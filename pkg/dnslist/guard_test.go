package dnslist

import (
	"context"
	"errors"
	"testing"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/filter"
)

// TestGuard lets answers through to a cache, and makes errors of what no cache should keep.
func TestGuard(t *testing.T) {
	const text = `
- {name: bits, title: T, zone: bits.example, ask: [uri], refused: [mask 1], codes: [{mask: 2, symbol: A}]}
- {name: shared-ip, title: T, zone: shared.example, ask: [client], codes: [{value: any, symbol: B}]}
- {name: shared-names, title: T, zone: shared.example, ask: [uri], refused: [127.0.0.9], codes: [{value: 127.0.0.2, symbol: C}]}
- {name: off, title: T, zone: off.example, enabled: no, ask: [uri], codes: [{value: any, symbol: D}]}
`
	zones := dnstest.Zones{
		"listed.bits.example":      dnstest.A("127.0.0.2"),
		"unknown.bits.example":     dnstest.A("127.0.0.64"),
		"refused.bits.example":     dnstest.A("127.0.0.1"),
		"open.bits.example":        dnstest.A("127.255.255.254"),
		"bogus.bits.example":       dnstest.A("198.51.100.1"),
		"refused.a.bits.example":   dnstest.A("127.0.0.1"),
		"refused.shared.example":   dnstest.A("127.0.0.9"),
		"any.off.example":          dnstest.A("198.51.100.1"),
		"www.example.org":          dnstest.A("198.51.100.1"),
		"bits.example":             dnstest.A("198.51.100.1"), // the zone's own address is no answer of the list
		"servfail.bits.example":    dnstest.Fails(dnstest.ServFail),
		"text.bits.example":        dnstest.TXT("198.51.100.1"),
		"six.bits.example":         {AAAA: []string{"2001:db8::1"}},
		"notbits.example":          dnstest.A("198.51.100.1"),
		"refused.notbits.example":  dnstest.A("127.0.0.1"),
		"refused.bits.example.org": dnstest.A("127.0.0.1"),
	}
	guard := NewGuard(zones)
	ask := func(name string) error {
		_, err := guard.Resolve(t.Context(), dns.Question{Name: name, Type: dns.A})
		return err
	}
	if err := ask("refused.bits.example"); err != nil {
		t.Errorf("without lists: got %v", err)
	}
	guard.Use(New(load(t, text), DefaultConfig(), Options{Resolver: guard}))
	tests := []struct {
		name      string
		ours, dns error
	}{
		{"listed.bits.example", nil, nil},
		{"unlisted.bits.example", nil, nil},
		{"unknown.bits.example", nil, nil},
		{"refused.bits.example", filter.ErrRefused, dns.ErrRefused},
		{"refused.a.bits.example", filter.ErrRefused, dns.ErrRefused},
		{"open.bits.example", filter.ErrRefused, dns.ErrRefused},
		{"bogus.bits.example", filter.ErrBogus, dns.ErrMalformed},
		{"refused.shared.example", filter.ErrRefused, dns.ErrRefused},
		{"servfail.bits.example", dns.ErrServFail, dns.ErrServFail},
		{"any.off.example", nil, nil},
		{"www.example.org", nil, nil},
		{"bits.example", nil, nil},
		{"notbits.example", nil, nil},
		{"refused.notbits.example", nil, nil},
		{"refused.bits.example.org", nil, nil},
	}
	for _, test := range tests {
		if err := ask(test.name); !errors.Is(err, test.ours) || !errors.Is(err, test.dns) {
			t.Errorf("%s: got %v, want %v and %v", test.name, err, test.ours, test.dns)
		}
	}
	if a, err := guard.Resolve(t.Context(), dns.Question{Name: "text.bits.example", Type: dns.TXT}); err != nil || len(a.Texts) != 1 {
		t.Errorf("TXT: got %v, %v", a, err)
	}
	if a, err := guard.Resolve(t.Context(), dns.Question{Name: "six.bits.example", Type: dns.AAAA}); err != nil || len(a.Addrs) != 1 {
		t.Errorf("AAAA: got %v, %v", a, err)
	}
	guard.Use(New(nil, DefaultConfig(), Options{}))
	if err := ask("refused.bits.example"); err != nil {
		t.Errorf("after a reload without the list: got %v", err)
	}
}

// TestGuardedAnswers holds a check through the guard to what it is without.
func TestGuardedAnswers(t *testing.T) {
	for _, answer := range []string{"127.255.255.254", "127.0.0.1", "198.51.100.1", "127.0.0.2", "127.0.0.3"} {
		w := newWatched(t)
		w.answer(dnstest.A(answer))
		plain, _ := w.check(t)
		guard := NewGuard(w.zones)
		set := New(load(t, oneFile), DefaultConfig(), Options{Resolver: guard, Now: w.clock.now})
		guard.Use(set)
		guarded := set.DNSBL().Check(t.Context(), clientMessage("192.0.2.1"))[0]
		if text(plain.Err) != text(guarded.Err) || len(plain.Hits) != len(guarded.Hits) || set.States()[0].Health != w.States()[0].Health {
			t.Errorf("%s: got %+v (%s), want %+v (%s)", answer, guarded, set.States()[0].Health, plain, w.States()[0].Health)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestGuardInFrontOfACache asks a real cache twice for a name that is refused the first time: the second answer is the
// list's, not the cache's.
func TestGuardInFrontOfACache(t *testing.T) {
	answers := []string{"127.255.255.254", "127.0.0.2"}
	list := resolverFunc(func(context.Context, dns.Question) (dns.Answer, error) {
		answer := answers[0]
		answers = answers[1:]
		return dns.Answer{Addrs: addrs(answer), TTL: dnstest.DefaultTTL}, nil
	})
	guard := NewGuard(list)
	config := dns.DefaultCacheConfig()
	config.ErrorTTL = 0
	cache := dns.NewCache(guard, nil, config)
	defer cache.Close()
	c := newClock()
	set := New(load(t, oneFile), DefaultConfig(), Options{Resolver: cache, Now: c.now})
	guard.Use(set)
	check := func() filter.Result { return set.DNSBL().Check(t.Context(), clientMessage("192.0.2.1"))[0] }
	if r := check(); !errors.Is(r.Err, filter.ErrRefused) {
		t.Errorf("the first time: got %+v", r)
	}
	c.Time = c.Add(maxRest)
	if r := check(); r.Err != nil || len(r.Hits) != 1 || r.Cached != 0 {
		t.Errorf("the second time: got %+v", r)
	}
	if r := check(); r.Err != nil || len(r.Hits) != 1 || r.Cached != 1 {
		t.Errorf("the third time, from the cache: got %+v", r)
	}
}
