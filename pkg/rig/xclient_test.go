package rig

import (
	"net/netip"
	"testing"
)

func TestXclient(t *testing.T) {
	for _, test := range []struct {
		client Client
		want   string
		helo   string
	}{
		{Client{Addr: netip.MustParseAddr("192.0.2.1"), Name: "mail.example.org", Port: 25},
			"XCLIENT ADDR=192.0.2.1 NAME=mail.example.org PORT=25 LOGIN=[UNAVAILABLE]", "mail.example.org"},
		{Client{Addr: netip.MustParseAddr("2001:db8::1"), Login: "a+b=c d\r\nQUIT", Helo: "friend"},
			"XCLIENT ADDR=IPV6:2001:db8::1 NAME=[UNAVAILABLE] PORT=[UNAVAILABLE] LOGIN=a+2Bb+3Dc+20d+0D+0AQUIT", "friend"},
		{Client{Addr: netip.MustParseAddr("2001:db8::1")},
			"XCLIENT ADDR=IPV6:2001:db8::1 NAME=[UNAVAILABLE] PORT=[UNAVAILABLE] LOGIN=[UNAVAILABLE]", "[IPv6:2001:db8::1]"},
		{Client{Addr: netip.MustParseAddr("::ffff:192.0.2.1")},
			"XCLIENT ADDR=192.0.2.1 NAME=[UNAVAILABLE] PORT=[UNAVAILABLE] LOGIN=[UNAVAILABLE]", "[192.0.2.1]"},
	} {
		if got := test.client.xclient(); got != test.want {
			t.Errorf("%v: got %q, want %q", test.client, got, test.want)
		}
		if got := test.client.helo(); got != test.helo {
			t.Errorf("%v: HELO: got %q, want %q", test.client, got, test.helo)
		}
	}
}
