package whitelist

import (
	"net/netip"
	"testing"
)

const sampleSet = `friend@example.org
example.net
.example.com
192.0.2.0/24
192.0.2.128/25            to:second@our.example
2001:db8::/32
2001:db8:1::1             # within the network above
news@shop.example         to:user@our.example
news@shop.example         to:other.example
news@shop.example         to:.tree.example
news@shop.example         to:tagged+shop@our.example
shop.example              to:late@our.example
<>                        to:info@our.example
friend@example.org        # again
news@shop.example         to:user@our.example # again
`

func TestMatch(t *testing.T) {
	set, err := Blacklist().parseSet("f", sampleSet)
	if err != nil {
		t.Fatal(err)
	}
	const nobody = "198.51.100.1"
	tests := []struct {
		name, client, sender, recipient string
		line                            int // 0: no match
	}{
		{"address", nobody, "friend@example.org", "user@our.example", 1},
		{"address in another case", nobody, "FRIEND@EXAMPLE.ORG", "user@our.example", 1},
		{"address, signed", nobody, "prvs=4711abcdef=friend@example.org", "user@our.example", 1},
		{"the tag of a sender is its own", nobody, "friend+x@example.org", "user@our.example", 0},
		{"other address", nobody, "other@example.org", "user@our.example", 0},
		{"domain", nobody, "any@example.net", "user@our.example", 2},
		{"no sub-domain of a domain", nobody, "any@a.example.net", "user@our.example", 0},
		{"no longer name", nobody, "any@notexample.net", "user@our.example", 0},
		{"tree: the domain", nobody, "any@example.com", "user@our.example", 3},
		{"tree: a sub-domain", nobody, "any@a.b.example.com", "user@our.example", 3},
		{"tree: no longer name", nobody, "any@notexample.com", "user@our.example", 0},
		{"a local part is no domain", nobody, "example.net", "user@our.example", 0},
		{"a forwarder speaks for itself", nobody, "SRS0=ab=cd=example.net=any@fwd.example", "user@our.example", 0},
		{"network", "192.0.2.1", "any@else.example", "user@our.example", 4},
		{"network and null sender", "192.0.2.1", "", "user@our.example", 4},
		{"narrow network for somebody", "192.0.2.129", "any@else.example", "second@our.example", 5},
		{"wide network behind a narrow one", "192.0.2.129", "any@else.example", "user@our.example", 4},
		{"outside the network", "192.0.3.1", "any@else.example", "user@our.example", 0},
		{"IPv6 network", "2001:db8::7", "any@else.example", "user@our.example", 6},
		{"IPv6 address", "2001:db8:1::1", "any@else.example", "user@our.example", 7},
		{"no client", "", "any@else.example", "user@our.example", 0},
		{"recipient", nobody, "news@shop.example", "user@our.example", 8},
		{"recipient with a tag", nobody, "news@shop.example", "User+Shop@our.example", 8},
		{"other recipient", nobody, "news@shop.example", "else@our.example", 0},
		{"recipient domain", nobody, "news@shop.example", "any@other.example", 9},
		{"no sub-domain of it", nobody, "news@shop.example", "any@a.other.example", 0},
		{"recipient tree", nobody, "news@shop.example", "any@a.tree.example", 10},
		{"only with this tag", nobody, "news@shop.example", "tagged+shop@our.example", 11},
		{"not with another tag", nobody, "news@shop.example", "tagged+x@our.example", 0},
		{"not without one", nobody, "news@shop.example", "tagged@our.example", 0},
		{"sender's domain where its address is for others", nobody, "news@shop.example", "late@our.example", 12},
		{"null sender", nobody, "", "info@our.example", 13},
		{"null sender to others", nobody, "", "user@our.example", 0},
		{"recipient without a domain", nobody, "friend@example.org", "postmaster", 1},
	}
	for _, tt := range tests {
		client, _ := netip.ParseAddr(tt.client)
		e := set.match(client, senderAddress(tt.sender), recipientAddress(tt.recipient, "+"))
		got := 0
		if e != nil {
			got = e.Line
		}
		if got != tt.line {
			t.Errorf("%s: got line %d, want %d", tt.name, got, tt.line)
		}
	}
}
