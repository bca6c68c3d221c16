package dnslist

import (
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAppendReversed(t *testing.T) {
	tests := []struct{ addr, want string }{
		{"192.0.2.1", "1.2.0.192"},
		{"127.0.0.2", "2.0.0.127"},
		{"255.254.253.0", "0.253.254.255"},
		{"::ffff:192.0.2.1", "1.2.0.192"}, // RFC 4291, 2.5.5.2: it is an IPv4 address
		{"2001:db8:1:2:3:4:567:89ab", "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2"}, // RFC 5782, 2.4
		{"2001:db8::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"},
	}
	for _, test := range tests {
		if got := string(appendReversed(nil, netip.MustParseAddr(test.addr))); got != test.want {
			t.Errorf("%s: got %s, want %s", test.addr, got, test.want)
		}
	}
}

// TestReversedIsReversible turns the name back into the address, whatever the address.
func TestReversedIsReversible(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "address")
		if rapid.Bool().Draw(t, "IPv4") {
			raw = raw[:4]
		}
		addr, _ := netip.AddrFromSlice(raw)
		addr = addr.Unmap()
		labels := strings.Split(string(appendReversed(nil, addr)), ".")
		text, per := "", 1
		for i := len(labels) - 1; i >= 0; i-- {
			text += labels[i]
			switch {
			case i == 0:
			case addr.Is4():
				text += "."
			case per%4 == 0:
				text += ":"
			}
			per++
		}
		if got, err := netip.ParseAddr(text); err != nil || got != addr {
			t.Fatalf("%v became %s, which is %v (%v)", addr, text, got, err)
		}
		if n := len(appendReversed(nil, addr)); n+1+maxZone > maxName {
			t.Fatalf("%v takes %d octets: no room for a zone of %d", addr, n, maxZone)
		}
	})
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
