package dnslist

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/dns/dnstest"
	"winnow/pkg/filter"
	"winnow/pkg/message"
)

const relaysFile = `
- {name: relays, title: Relays, zone: relays.example, ask: [relays], ipv6: yes, codes: [{value: 127.0.0.2, symbol: RELAYS, score: 1}]}
- {name: both, title: Both, zone: both.example, ask: [client, relays], url: "https://both.example/{ip}", codes: [
    {value: 127.0.0.2, symbol: BOTH_SBL, title: SBL, score: 1, action: reject},
    {value: 127.0.0.10, symbol: BOTH_PBL, title: PBL, score: 1, action: reject, ask: [client]}]}
`

// relayed returns a message that came from the first of these addresses, who had it from the second, and so on.
func relayed(addrs ...string) *message.Message {
	m := &message.Message{Client: message.Client{Addr: netip.MustParseAddr(addrs[0]), Helo: "client.example"}}
	for i, addr := range addrs[1:] {
		if strings.Contains(addr, ":") {
			addr = "IPv6:" + addr
		}
		m.Header = append(m.Header, message.Field{Name: "Received", Value: fmt.Sprintf(
			" from h%d.example (h%d.example [%s])\r\n by h%d.example (Postfix) with ESMTP id %d\r\n for <a@our.example>; Wed, 14 Dec 2016 12:00:00 +0000", i+1, i+1, addr, i, i)})
	}
	return m
}

func TestRelays(t *testing.T) {
	own := []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}
	var long []string
	for i := range 1000 {
		long = append(long, fmt.Sprintf("198.18.%d.%d", i/250, i%250))
	}
	tests := []struct {
		name  string
		addrs []string
		want  string
	}{
		{"the client is none", []string{"192.0.2.1"}, ""},
		{"those before it, the nearest first", []string{"192.0.2.1", "198.51.100.1", "198.51.100.2"}, "198.51.100.1 198.51.100.2"},
		{"each once, and the client never", []string{"192.0.2.1", "198.51.100.1", "192.0.2.1", "198.51.100.1"}, "198.51.100.1"},
		{"private ones and our own", []string{"192.0.2.1", "10.1.2.3", "203.0.113.9", "198.51.100.1", "127.0.0.1"}, "198.51.100.1"},
		{"IPv6", []string{"192.0.2.1", "2001:db8::1", "fd00::1"}, "2001:db8::1"},
		{"a thousand", append([]string{"192.0.2.1"}, long...), strings.Join(long[:MaxRelays], " ")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set := New(load(t, relaysFile), DefaultConfig(), Options{Own: own})
			var want []string
			for _, addr := range strings.Fields(test.want) {
				want = append(want, message.Reversed(netip.MustParseAddr(addr)))
			}
			if diff := cmp.Diff(want, asksOf(t, set, set.DNSBLContent(), relayed(test.addrs...))["relays"]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestRelayHits has a relay give points and never an action, and codes that are of clients only count of no relay.
func TestRelayHits(t *testing.T) {
	zones := dnstest.Zones{
		"1.100.51.198.both.example": dnstest.A("127.0.0.2", "127.0.0.10"),
		"1.2.0.192.both.example":    dnstest.A("127.0.0.10"),
		"2.2.0.192.both.example":    dnstest.A("127.0.0.2"),
	}
	relay := filter.Hit{Symbol: "BOTH_SBL", Score: 1, Detail: "1.100.51.198.both.example A 127.0.0.2 (relay)",
		Text: "Message came by way of [198.51.100.1], listed by Both (SBL); see https://both.example/198.51.100.1"}
	tests := []struct {
		name  string
		addrs []string
		want  []filter.Hit
	}{
		{"a relay", []string{"192.0.2.9", "198.51.100.1"}, []filter.Hit{relay}},
		{"a relay behind a listed client", []string{"192.0.2.1", "198.51.100.1"}, []filter.Hit{relay,
			{Symbol: "BOTH_PBL", Score: 1, Action: filter.Reject, Detail: "1.2.0.192.both.example A 127.0.0.10",
				Text: "Client host [192.0.2.1] listed by Both (PBL); see https://both.example/192.0.2.1"}}},
		{"the client is the evidence", []string{"192.0.2.2", "198.51.100.1"}, []filter.Hit{
			{Symbol: "BOTH_SBL", Score: 1, Action: filter.Reject, Detail: "2.2.0.192.both.example A 127.0.0.2 (and 1 more)",
				Text: "Client host [192.0.2.2] listed by Both (SBL); see https://both.example/192.0.2.2"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := newSet(t, relaysFile, zones).DNSBLContent().Check(t.Context(), relayed(test.addrs...))[1]
			if diff := cmp.Diff(test.want, got.Hits, results); diff != "" || got.Err != nil {
				t.Errorf("%v (-want +got):\n%s", got.Err, diff)
			}
		})
	}
}
