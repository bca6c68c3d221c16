package dnslist

import (
	"errors"
	"testing"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/filter"
)

// TestOverTheWire asks a real server through all that stands before one in service: client, guard, cache.
func TestOverTheWire(t *testing.T) {
	server := dnstest.Serve(t, dnstest.Zones{
		"1.2.0.192.alpha.example": dnstest.A("127.0.0.2"),
		"1.2.0.192.beta.example":  dnstest.A("127.255.255.254"),
		"2.0.0.127.alpha.example": dnstest.A("127.0.0.2"),
		"*.beta.example":          dnstest.A("127.255.255.254"),
		"*.gamma.example":         dnstest.Fails(dnstest.Refused),
	})
	config := dns.DefaultConfig()
	config.Servers = []string{server.Addr}
	client, err := dns.New(config)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	guard := NewGuard(client)
	cache := dns.NewCache(guard, nil, config.Cache)
	defer cache.Close()
	set := New(load(t, clientsFile), DefaultConfig(), Options{Resolver: cache, Fresh: guard})
	guard.Use(set)

	for i := range 2 { // the second time from the cache
		got := set.DNSBL().Check(t.Context(), clientMessage("192.0.2.1"))
		if len(got[0].Hits) != 1 || got[0].Hits[0].Symbol != "ALPHA_SBL" || got[0].Cached != i {
			t.Errorf("round %d: got %+v", i, got[0])
		}
		if len(got[1].Hits) != 0 || !errors.Is(got[1].Err, filter.ErrRefused) {
			t.Errorf("round %d: got %+v", i, got[1])
		}
		got = set.DNSBLContent().Check(t.Context(), clientMessage("192.0.2.1"))
		if len(got[0].Hits) != 0 || !errors.Is(got[0].Err, dns.ErrRefused) {
			t.Errorf("round %d: got %+v", i, got[0])
		}
	}
	want := []Health{OK, Refusing, Unprobed, Off}
	for i, state := range set.Probe(t.Context()) {
		if state.Health != want[i] {
			t.Errorf("%s: got %s because %s, want %s", state.List, state.Health, state.Why, want[i])
		}
	}
	if got, want := guard.Stats(), client.Stats(); got != want {
		t.Errorf("the guard counts %+v, the client %+v", got, want)
	}
}
