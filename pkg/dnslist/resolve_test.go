package dnslist

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/filter"
	"winnow/pkg/message"
)

const hostsFile = `
- {name: both, title: Both, zone: both.example, ask: [client, uri-address, uri-ns], ipv6: yes, codes: [
    {value: 127.0.0.2, symbol: BOTH, score: 1, action: reject},
    {value: 127.0.0.3, symbol: BOTH_NS, score: 1, ask: [uri-ns], action: reject},
    {value: 127.0.0.4, symbol: BOTH_CLIENT, score: 1, ask: [client], action: reject}]}
- {name: at, title: At, zone: at.example, ask: [uri-address], url: "https://at.example/{ip}/{domain}", codes: [{value: any, symbol: AT, score: 1}]}
- {name: ns, title: Ns, zone: ns.example, ask: [uri-ns], codes: [{value: any, symbol: NS, score: 1}]}
`

// world is hosts and name servers of links.
func world() dnstest.Zones {
	return dnstest.Zones{
		"www.spam.example":     {A: []string{"198.51.100.1", "10.0.0.1"}, AAAA: []string{"2001:db8::1"}},
		"spam.example":         {NS: []string{"ns1.spam.example", "ns2.other.example", "broken.example"}},
		"ns1.spam.example":     {A: []string{"198.51.100.53"}},
		"ns2.other.example":    {A: []string{"198.51.100.54"}, AAAA: []string{"2001:db8::53"}},
		"broken.example":       dnstest.Fails(dnstest.ServFail),
		"alias.example":        {CNAME: "www.spam.example"},
		"dead.example":         dnstest.Fails(dnstest.Timeout),
		"guess.example":        {A: []string{"198.51.100.2"}},
		"www.inside.example":   {A: []string{"192.168.1.1", "203.0.113.77"}},
		"wellknown.example":    {A: []string{"198.51.100.9"}},
		"www.loopback.example": {A: []string{"127.0.0.1"}, AAAA: []string{"::1"}},
	}
}

func TestHostsOfLinks(t *testing.T) {
	tests := []struct {
		name, body   string
		both, at, ns string
	}{
		{"host and name servers", "http://www.spam.example/",
			"9.2.0.192 1.100.51.198 53.100.51.198 v6:2001:db8::1 54.100.51.198 v6:2001:db8::53", "1.100.51.198", "53.100.51.198 54.100.51.198"},
		{"an alias has the addresses of what it stands for", "http://alias.example/", "9.2.0.192 1.100.51.198 v6:2001:db8::1", "1.100.51.198", ""},
		{"a bare address", "http://198.51.100.7/ http://[2001:db8::7]/", "9.2.0.192 7.100.51.198 v6:2001:db8::7", "7.100.51.198", ""},
		{"what cannot be looked up", "http://dead.example/ http://nowhere.example/ http://localhost/", "9.2.0.192", "", ""},
		{"private addresses and our own", "http://www.inside.example/ http://www.loopback.example/", "9.2.0.192", "", ""},
		{"well-known hosts are not looked up", "http://wellknown.example/", "9.2.0.192", "", ""},
		{"guesses", "see guess.example", "9.2.0.192 2.100.51.198", "2.100.51.198", ""},
		{"mail addresses are no links", "write to a@guess.example", "9.2.0.192", "", ""},
		{"no link", "hello", "9.2.0.192", "", ""},
	}
	skip, _ := LoadSkip("skip", []byte("wellknown.example\n"))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			asked := dnstest.Record(world())
			set := New(load(t, hostsFile), DefaultConfig(), Options{
				Resolver: asked, Skip: skip, Own: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}})
			m := mail(test.body)
			m.Client.Addr = netip.MustParseAddr("192.0.2.9")
			results := set.DNSBLContent().Check(t.Context(), m)
			got := map[string][]string{}
			for _, q := range asked.Questions() {
				for _, zone := range []string{"both", "at", "ns"} {
					if key, ok := strings.CutSuffix(q.Name, "."+zone+".example"); ok && q.Type == dns.A && strings.Count(key, ".") > 2 {
						got[zone] = append(got[zone], key)
					}
				}
				if strings.HasSuffix(q.Name, "wellknown.example") {
					t.Errorf("looked up %v", q)
				}
			}
			for i, want := range []string{test.both, test.at, test.ns} {
				keys := strings.Fields(want)
				for i, key := range keys {
					if addr, ok := strings.CutPrefix(key, "v6:"); ok {
						keys[i] = message.Reversed(netip.MustParseAddr(addr))
					}
				}
				name := []string{"both", "at", "ns"}[i]
				if diff := cmp.Diff(sorted(keys), sorted(got[name])); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
				if results[i].Asked != len(keys) || results[i].Err != nil {
					t.Errorf("%s: asked %d, %v", name, results[i].Asked, results[i].Err)
				}
			}
		})
	}
}

func TestHostHits(t *testing.T) {
	zones := world()
	zones["1.100.51.198.both.example"] = dnstest.A("127.0.0.2", "127.0.0.3", "127.0.0.4") // the last two are not for hosts
	zones["54.100.51.198.both.example"] = dnstest.A("127.0.0.3")
	zones["2.100.51.198.both.example"] = dnstest.A("127.0.0.2")
	zones["9.2.0.192.both.example"] = dnstest.A("127.0.0.4", "127.0.0.3")
	zones["8.2.0.192.both.example"] = dnstest.A("127.0.0.3") // declared, but not for clients
	zones["1.100.51.198.at.example"] = dnstest.A("127.0.0.2")
	zones["54.100.51.198.ns.example"] = dnstest.A("127.0.0.2")
	tests := []struct {
		name, body, client string
		want               []filter.Hit
	}{
		{"everything", "http://www.spam.example/", "192.0.2.9", []filter.Hit{
			{Symbol: "BOTH", Score: 1, Action: filter.Reject, Detail: "1.100.51.198.both.example A 127.0.0.2 (address of www.spam.example)",
				Text: "Message links to www.spam.example, whose address 198.51.100.1 is listed by Both"},
			{Symbol: "BOTH_NS", Score: 1, Action: filter.Reject, Detail: "54.100.51.198.both.example A 127.0.0.3 (name server of spam.example)",
				Text: "Message links to spam.example, whose name server 198.51.100.54 is listed by Both"},
			{Symbol: "BOTH_CLIENT", Score: 1, Action: filter.Reject, Detail: "9.2.0.192.both.example A 127.0.0.4", Text: "Client host [192.0.2.9] listed by Both"},
			{Symbol: "AT", Score: 1, Detail: "1.100.51.198.at.example A 127.0.0.2 (address of www.spam.example)",
				Text: "Message links to www.spam.example, whose address 198.51.100.1 is listed by At; see https://at.example/198.51.100.1/www.spam.example"},
			{Symbol: "NS", Score: 1, Detail: "54.100.51.198.ns.example A 127.0.0.2 (name server of spam.example)",
				Text: "Message links to spam.example, whose name server 198.51.100.54 is listed by Ns"},
		}},
		{"a guess gives points only", "see guess.example", "192.0.2.1", []filter.Hit{
			{Symbol: "BOTH", Score: 1, Detail: "2.100.51.198.both.example A 127.0.0.2 (address of guess.example) (a guess, not a link: points only)",
				Text: "Message links to guess.example, whose address 198.51.100.2 is listed by Both"},
		}},
		{"a link is the evidence, not the guess before it", "see guess.example or http://198.51.100.1/", "192.0.2.1", []filter.Hit{
			{Symbol: "BOTH", Score: 1, Action: filter.Reject, Detail: "1.100.51.198.both.example A 127.0.0.2 (address of 198.51.100.1) (and 1 more)",
				Text: "Message links to 198.51.100.1, whose address 198.51.100.1 is listed by Both"},
			{Symbol: "AT", Score: 1, Detail: "1.100.51.198.at.example A 127.0.0.2 (address of 198.51.100.1)",
				Text: "Message links to 198.51.100.1, whose address 198.51.100.1 is listed by At; see https://at.example/198.51.100.1/198.51.100.1"},
		}},
		{"a code that does not count of clients", "hello", "192.0.2.8", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := mail(test.body)
			m.Client.Addr = netip.MustParseAddr(test.client)
			var got []filter.Hit
			for _, r := range newSet(t, hostsFile, zones).DNSBLContent().Check(t.Context(), m) {
				got = append(got, r.Hits...)
				if r.Err != nil {
					t.Errorf("%s: %v", r.Source, r.Err)
				}
			}
			if diff := cmp.Diff(test.want, got, results); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestManyHosts bounds the look-ups and the questions, whatever a message links to and whatever strangers' servers say.
func TestManyHosts(t *testing.T) {
	var body strings.Builder
	for i := range 500 {
		fmt.Fprintf(&body, "http://www.d%d.example/\n", i)
	}
	var lookups, questions atomic.Int64
	resolver := resolverFunc(func(_ context.Context, q dns.Question) (dns.Answer, error) {
		for _, zone := range []string{".both.example", ".at.example", ".ns.example"} {
			if strings.HasSuffix(q.Name, zone) {
				questions.Add(1)
				return dns.Answer{}, nil
			}
		}
		n := lookups.Add(1)
		var answer dns.Answer
		for i := range 100 {
			answer.Names = append(answer.Names, fmt.Sprintf("ns%d.%d.example", i, n))
			addr := netip.AddrFrom4([4]byte{198, 18, byte(n), byte(i)})
			if q.Type == dns.AAAA {
				addr = netip.MustParseAddr(fmt.Sprintf("2001:db8:%d::%d", n, i))
			}
			answer.Addrs = append(answer.Addrs, addr)
		}
		return answer, nil
	})
	m := mail(body.String())
	got := newSet(t, hostsFile, resolver).DNSBLContent().Check(t.Context(), m)
	if most := int64(MaxHosts*2 + MaxHosts*(1+MaxServers*2)); lookups.Load() > most || lookups.Load() < MaxHosts {
		t.Errorf("%d look-ups, want at most %d", lookups.Load(), most)
	}
	for i, want := range []int{1 + MaxNames, MaxNames, MaxNames} {
		if got[i].Asked != want {
			t.Errorf("%s: asked %d, want %d", got[i].Source, got[i].Asked, want)
		}
	}
	if want := int64(1 + 3*MaxNames); questions.Load() != want {
		t.Errorf("%d questions, want %d", questions.Load(), want)
	}
}

// TestSlowHosts has look-ups that never end: half of the time is left for what was found.
func TestSlowHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		zones := world()
		zones["www.slow.example"] = dnstest.Host{Delay: time.Hour}
		zones["1.100.51.198.at.example"] = dnstest.Host{A: []string{"127.0.0.2"}, Delay: time.Second}
		zones["9.2.0.192.both.example"] = dnstest.A("127.0.0.2")
		m := mail("http://www.slow.example/ http://www.spam.example/")
		m.Client.Addr = netip.MustParseAddr("192.0.2.9")
		start := time.Now()
		got := newSet(t, hostsFile, zones).DNSBLContent().Check(t.Context(), m)
		if took, want := time.Since(start), DefaultConfig().Timeout/2+time.Second; took != want {
			t.Errorf("took %v, want %v", took, want)
		}
		if len(got[0].Hits) != 1 || len(got[1].Hits) != 1 || got[1].Took != time.Second || got[1].Err != nil {
			t.Errorf("got %+v", got)
		}
	})
}

// TestLookupPanics has the resolver panic at a host: the host has no address then.
func TestLookupPanics(t *testing.T) {
	broken := resolverFunc(func(_ context.Context, q dns.Question) (dns.Answer, error) {
		if strings.HasPrefix(q.Name, "www.") {
			panic("out of cheese")
		}
		return dns.Answer{}, nil
	})
	for _, r := range newSet(t, hostsFile, broken).DNSBLContent().Check(t.Context(), mail("http://www.spam.example/")) {
		if r.Err != nil {
			t.Errorf("%s: %v", r.Source, r.Err)
		}
	}
}
