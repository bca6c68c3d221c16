package dnslist

import (
	"net/netip"
	"strings"
	"testing"

	"winnow/pkg/message"
)

// TestRoom shows that the longest zone leaves room for any address.
func TestRoom(t *testing.T) {
	address := message.Reversed(netip.MustParseAddr("2001:db8::1"))
	if n := len(address) + len(".") + maxZone; n > maxName {
		t.Errorf("a name takes %d octets", n)
	}
}

func TestAskable(t *testing.T) {
	s := New(nil, DefaultConfig(), Options{Own: []netip.Prefix{
		netip.MustParsePrefix("203.0.113.64/26"), netip.MustParsePrefix("2001:db8:aaaa::1/48"),
	}})
	tests := []struct {
		addr string
		want bool
	}{
		{"198.51.100.1", true},
		{"192.0.2.1", true}, // documentation: tests live there
		{"203.0.113.1", true},
		{"198.18.0.1", true}, // measuring: so do tests
		{"2001:db8::1", true},
		{"2a00::1", true},
		{"203.0.113.65", false}, // our own
		{"2001:db8:aaaa::25", false},
		{"10.1.2.3", false}, {"172.16.0.1", false}, {"172.31.255.255", false}, {"192.168.1.1", false}, // RFC 1918
		{"172.32.0.1", true},
		{"100.64.0.1", false}, {"100.127.255.255", false}, {"100.128.0.1", true}, // RFC 6598
		{"127.0.0.2", false}, {"169.254.1.1", false}, {"0.0.0.0", false}, {"192.0.0.8", false},
		{"224.0.0.1", false}, {"255.255.255.255", false},
		{"::1", false}, {"::", false}, {"fe80::1", false}, {"fc00::1", false}, {"fd12::1", false}, {"ff02::1", false},
		{"64:ff9b::c000:201", false},
	}
	for _, test := range tests {
		if got := s.askable(netip.MustParseAddr(test.addr)); got != test.want {
			t.Errorf("%s: got %v, want %v", test.addr, got, test.want)
		}
	}
	if s.askable(netip.Addr{}) {
		t.Error("no address at all is askable")
	}
}

func TestValidHost(t *testing.T) {
	tests := []struct {
		host string
		want bool
	}{
		{"example.com", true},
		{"a.b-c.example", true},
		{"_dmarc.example.com", true},
		{"-x-.example.com", true},
		{"xn--bcher-kva.example", true},
		{strings.Repeat("a", 63) + ".example", true},
		{"", false}, {"localhost", false}, {".", false}, {"example.", false}, {".example", false}, {"a..example", false},
		{strings.Repeat("a", 64) + ".example", false},
		{strings.Repeat("a.", 126) + "aa", false}, // 254 octets
		{strings.Repeat("a.", 126) + "a", true},   // 253
		{"192.0.2.1", false}, {"1.2.3.4.5", false}, {"0x7f.1", false},
		{"Example.com", false}, {"exa mple.com", false}, {"bücher.example", false}, {"a/b.example", false}, {"*.example", false},
	}
	for _, test := range tests {
		if got := validHost(test.host); got != test.want {
			t.Errorf("%q: got %v, want %v", test.host, got, test.want)
		}
	}
}
