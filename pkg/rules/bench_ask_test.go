package rules

import (
	"testing"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/dnslist"
)

// BenchmarkAsk matches rules that ask a few lists, of zones that only rules name, with a message about which all answers are
// in memory.
func BenchmarkAsk(b *testing.B) {
	set := mustLoad(b, `
		header __BL eval:check_rbl('bl', 'bl.example')
		header BL_TWO eval:check_rbl_sub('bl', '127.0.0.2')
		header BL_LAST eval:check_rbl('last-lastexternal', 'last.example')
		urirhssub URI uri.example. A 127.0.1.2
		body URI eval:check_uridnsbl('URI')
		askdns YOUNG _AUTHORDOMAIN_.fresh.example.net A /^127\.2\.0\.2$/
		body LOCAL /See/
		meta BOTH URI && LOCAL`)
	cache := dns.NewCache(dnstest.Zones{
		"9.113.0.203.bl.example": dnstest.A("127.0.0.2"), "example.com.uri.example": dnstest.A("127.0.1.2"),
	}, nil, dns.DefaultCacheConfig())
	b.Cleanup(func() { cache.Close() })
	lists := dnslist.New(nil, dnslist.DefaultConfig(), dnslist.Options{Resolver: cache, Zones: set.Zones()})
	set.Connect(&Network{Zone: func(zone string) Zone { return lists.Visit(zone) }, Resolver: cache})
	m := mustParse(b, relayed)
	for range 2 {
		if got := len(hits(set.check(b.Context(), m))); got != 4 {
			b.Fatalf("got %d hits, want 4", got)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		set.check(b.Context(), m)
	}
}
