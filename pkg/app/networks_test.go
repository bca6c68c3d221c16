package app

import (
	"net/netip"
	"os"
	"strings"
	"testing"

	"winnow/pkg/message"
)

func networks(texts string) []netip.Prefix {
	var all []netip.Prefix
	for _, text := range strings.Fields(texts) {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

func TestNetworksFaults(t *testing.T) {
	tests := []struct {
		name                        string
		own, relays, trusted, blind string
		want                        string // "" for none
	}{
		{name: "defaults", own: "127.0.0.0/8 ::1/128"},
		{name: "one in another", own: "127.0.0.0/8 192.0.2.0/24", relays: "127.0.0.1/32 192.0.2.25/32", trusted: "198.51.100.0/24", blind: "192.0.2.80/32"},
		{name: "the same twice", relays: "192.0.2.25/32 192.0.2.25/32"},
		{name: "in two", own: "127.0.0.0/8 ::1/128", relays: "::1/128", want: "relays: ::1/128 stands under own too: keep it"},
		{name: "in two, written otherwise", own: "192.0.2.0/24", trusted: "192.0.2.9/24", want: "trusted: 192.0.2.9/24 stands under own too"},
		{name: "in two, the last", trusted: "192.0.2.0/24", blind: "192.0.2.0/24", want: "blind: 192.0.2.0/24 stands under trusted too"},
		{name: "everybody", trusted: "0.0.0.0/0", want: "trusted: 0.0.0.0/0 is wider than /8"},
		{name: "everybody with IPv6", relays: "2000::/3", want: "relays: 2000::/3 is wider than /16"},
		{name: "mapped", own: "::ffff:192.0.2.0/120", want: "own: ::ffff:192.0.2.0/120 is an IPv4 network in IPv6's clothes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := Networks{Own: networks(tt.own), Relays: networks(tt.relays), Trusted: networks(tt.trusted), Blind: networks(tt.blind)}
			faults := n.Validate()
			switch {
			case tt.want == "" && len(faults) > 0:
				t.Errorf("got %v", faults)
			case tt.want != "" && (len(faults) != 1 || !strings.HasPrefix(faults[0].Error(), tt.want)):
				t.Errorf("got %v, want %s", faults, tt.want)
			}
		})
	}
}

// What the operator says is where the rules begin; where their files name networks, those alone count.
func TestRulesTakeTheNetworks(t *testing.T) {
	tests := []struct {
		name, rules       string
		change            func(*Networks)
		trusted, internal string // relays of the mail below
	}{
		{"nobody told", "", func(*Networks) {}, "10.0.0.1", "10.0.0.1"},
		{"a relay", "", func(n *Networks) { n.Relays = networks("10.0.0.1/32 192.0.2.25/32") }, "10.0.0.1 192.0.2.25", "10.0.0.1 192.0.2.25"},
		{"and a forwarder", "", func(n *Networks) {
			n.Own, n.Trusted = append(n.Own, networks("10.0.0.0/8 192.0.2.0/24")...), networks("192.0.2.25/32")
		}, "10.0.0.1 192.0.2.25", "10.0.0.1"},
		{"a host that hides", "", func(n *Networks) { n.Own, n.Blind = networks("10.0.0.0/8"), networks("10.0.0.1/32") }, "", ""},
		{"rules that name others", "trusted_networks 203.0.113.0/24\n", func(n *Networks) { n.Relays = networks("10.0.0.1/32") }, "", ""},
		{"rules that name internal ones", "internal_networks 10.0.0.1\n", func(n *Networks) { n.Relays = networks("192.0.2.25/32") }, "10.0.0.1", "10.0.0.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := DefaultConfig()
			c.Rules.Shipped, c.Rules.Folders = false, []string{t.TempDir()}
			write(t, c.Rules.Folders[0]+"/t.cf", tt.rules)
			tt.change(&c.Networks)
			set, faults := c.LoadRules()
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			way := relayedMail(t).Relays(set.Settings().Networks())
			if got := ips(way.Trusted); got != tt.trusted {
				t.Errorf("trusted: got %q, want %q", got, tt.trusted)
			}
			if got := ips(way.Internal); got != tt.internal {
				t.Errorf("internal: got %q, want %q", got, tt.internal)
			}
		})
	}
}

func relayedMail(t *testing.T) *message.Message {
	t.Helper()
	var header strings.Builder
	for _, addr := range []string{"10.0.0.1", "192.0.2.25", "203.0.113.1"} {
		header.WriteString("Received: from h (n.example.org [" + addr + "]) by mx.our.example (Postfix) with ESMTP id 1\n")
	}
	m, err := message.Parse(strings.NewReader(header.String()+"\nx\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func ips(relays []message.Relay) string {
	var all []string
	for i := range relays {
		all = append(all, relays[i].IP)
	}
	return strings.Join(all, " ")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
