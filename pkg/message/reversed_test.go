package message

import (
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestReversed(t *testing.T) {
	tests := []struct{ addr, want string }{
		{"192.0.2.1", "1.2.0.192"},
		{"127.0.0.2", "2.0.0.127"},
		{"255.254.253.0", "0.253.254.255"},
		{"::ffff:192.0.2.1", "1.2.0.192"}, // RFC 4291, 2.5.5.2: it is an IPv4 address
		{"2001:db8:1:2:3:4:567:89ab", "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2"}, // RFC 5782, 2.4
		{"2001:db8::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"},
	}
	for _, test := range tests {
		if got := Reversed(netip.MustParseAddr(test.addr)); got != test.want {
			t.Errorf("%s: got %s, want %s", test.addr, got, test.want)
		}
	}
	if got := Reversed(netip.Addr{}); got != "" {
		t.Errorf("no address: got %q", got)
	}
}

func TestReverseName(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1":        "1.2.0.192.in-addr.arpa",
		"::ffff:192.0.2.1": "1.2.0.192.in-addr.arpa",
		"2001:db8::1":      "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
	} {
		if got := ReverseName(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: got %s, want %s", addr, got, want)
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
		labels := strings.Split(Reversed(addr), ".")
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
		if len(Reversed(addr)) > maxReversed {
			t.Fatalf("%v takes %d octets, more than %d", addr, len(Reversed(addr)), maxReversed)
		}
	})
}
