package message

import (
	"net/netip"
	"testing"
)

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

func TestPlace(t *testing.T) {
	site := &Site{
		Own: prefixes("127.0.0.0/8", "::1/128", "192.0.2.0/24"), Relays: prefixes("192.0.2.5/32", "2001:db8:1::/48"),
		Trusted: prefixes("198.51.100.0/24", "192.0.2.128/25"), Blind: prefixes("10.0.0.1/32"),
	}
	tests := []struct {
		addr string
		want Place
	}{
		{"127.0.0.1", OfOwn}, {"192.0.2.4", OfOwn}, {"192.0.2.5", OfRelays}, {"192.0.2.200", OfTrusted}, {"198.51.100.1", OfTrusted},
		{"10.0.0.1", OfBlind}, {"10.0.0.2", Outside}, {"203.0.113.1", Outside}, {"2001:db8:1::5", OfRelays}, {"2001:db8:2::5", Outside},
	}
	for _, tt := range tests {
		if got := site.Place(netip.MustParseAddr(tt.addr)); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.addr, got, tt.want)
		}
	}
	if got := site.Place(netip.Addr{}); got != Outside {
		t.Errorf("no address: got %v", got)
	}
	if got := (*Site)(nil).Place(netip.MustParseAddr("127.0.0.1")); got != Outside {
		t.Errorf("no site: got %v", got)
	}
}

func TestMark(t *testing.T) {
	site := &Site{Own: prefixes("192.0.2.0/24"), Relays: prefixes("192.0.2.5/32"), Trusted: prefixes("198.51.100.0/24"), Blind: prefixes("10.0.0.1/32")}
	for addr, want := range map[string]Client{"192.0.2.1": {Own: true}, "192.0.2.5": {Relay: true}, "198.51.100.1": {Relay: true}, "10.0.0.1": {Blind: true}, "203.0.113.1": {}} {
		got := Client{Addr: netip.MustParseAddr(addr)}
		want.Addr = got.Addr
		if site.Mark(&got); got != want {
			t.Errorf("%s: got %+v", addr, got)
		}
	}
}
