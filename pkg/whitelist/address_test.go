package whitelist

import (
	"strings"
	"testing"
)

func TestSenderAddress(t *testing.T) {
	tests := []struct{ in, full, domain string }{
		{"", "", ""},
		{"friend@example.org", "friend@example.org", "example.org"},
		{"Friend@Example.ORG", "friend@example.org", "example.org"},
		{"friend+news@example.org", "friend+news@example.org", "example.org"},
		{"friend@example.org.", "friend@example.org", "example.org"},
		{"friend@Bücher.example", "friend@xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"friend@xn--bcher-kva.example", "friend@xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"J\u00fcrgen@example.org", "j\u00fcrgen@example.org", "example.org"},
		{"Ju\u0308rgen@example.org", "j\u00fcrgen@example.org", "example.org"}, // u and a combining diaeresis
		{`"friend"@example.org`, "friend@example.org", "example.org"},
		{`"a friend"@example.org`, `"a friend"@example.org`, "example.org"},
		{`"a@b"@example.org`, `"a@b"@example.org`, "example.org"},
		{`".friend"@example.org`, `".friend"@example.org`, "example.org"},
		{"friend@[192.0.2.1]", "friend@[192.0.2.1]", "[192.0.2.1]"},
		{"friend@[IPv6:2001:DB8::1]", "friend@[ipv6:2001:db8::1]", "[ipv6:2001:db8::1]"},
		{"prvs=4711abcdef=friend@example.org", "friend@example.org", "example.org"},
		{"PRVS=4711ABCDEF=Friend@Example.org", "friend@example.org", "example.org"},
		{"prvs=4711abcdeg=friend@example.org", "prvs=4711abcdeg=friend@example.org", "example.org"},
		{"prvs=4711abcdef=@example.org", "prvs=4711abcdef=@example.org", "example.org"},
		{"btv1==0817abc==friend@example.org", "friend@example.org", "example.org"},
		{"SRS0=abcd=XY=example.org=friend@forward.example", "srs0=abcd=xy=example.org=friend@forward.example", "forward.example"},
		{"postmaster", "postmaster", ""},
		{"@example.org", "@example.org", "example.org"},
		{strings.Repeat("a", maxAddress) + "@example.org", strings.Repeat("a", maxAddress), ""},
		{"friend@exa mple.org", "friend", ""},
	}
	for _, tt := range tests {
		got := senderAddress(tt.in)
		if got.full != tt.full || got.base != tt.full || got.domain != tt.domain {
			t.Errorf("senderAddress(%q) = %+v, want full and base %q, domain %q", tt.in, got, tt.full, tt.domain)
		}
	}
}

func TestRecipientAddress(t *testing.T) {
	tests := []struct{ in, delimiters, full, base string }{
		{"User@Our.Example", "+", "user@our.example", "user@our.example"},
		{"user+shop@our.example", "+", "user+shop@our.example", "user@our.example"},
		{"user+shop+new@our.example", "+", "user+shop+new@our.example", "user@our.example"},
		{"user+shop@our.example", "", "user+shop@our.example", "user+shop@our.example"},
		{"user-shop@our.example", "+", "user-shop@our.example", "user-shop@our.example"},
		{"user-shop+new@our.example", "+-", "user-shop+new@our.example", "user@our.example"},
		{"+shop@our.example", "+", "+shop@our.example", "+shop@our.example"},
		{"owner-list@our.example", "-", "owner-list@our.example", "owner-list@our.example"},
		{"list-request@our.example", "-", "list-request@our.example", "list-request@our.example"},
		{`"user +shop"@our.example`, "+", `"user +shop"@our.example`, `"user +shop"@our.example`},
		{"postmaster+x", "+", "postmaster+x", "postmaster"},
	}
	for _, tt := range tests {
		got := recipientAddress(tt.in, tt.delimiters)
		if got.full != tt.full || got.base != tt.base {
			t.Errorf("recipientAddress(%q, %q) = %q, %q, want %q, %q", tt.in, tt.delimiters, got.full, got.base, tt.full, tt.base)
		}
	}
}

func TestIsPerson(t *testing.T) {
	tests := []struct {
		in   string
		want bool
	}{
		{"friend@example.org", true},
		{"friend+news@example.org", true},
		{"a=b@example.org", true},
		{"o'hara-smith@example.org", true},
		{"owner-list@example.org", true},
		{"srs0fan@example.org", true},
		{"bouncer@example.org", true},
		{`"a+b"@example.org`, true},
		{"prvs=4711abcdef=friend@example.org", true}, // read as friend@example.org
		{"", false},
		{"postmaster", false},
		{"@example.org", false},
		{"friend@", false},
		{"friend@exa mple.org", false},
		{"friend@[192.0.2.1]", false},
		{"SRS0=abcd=XY=example.org=friend@forward.example", false},
		{"srs1+abcd=other.example==abcd=XY=example.org=friend@forward.example", false},
		{"prvs=friend=4711abcdef@example.org", false},
		{"msprvs1=17000abc=bounces-1234@example.org", false},
		{"list-bounces+user=our.example@example.org", false},
		{"list+user=our.example@example.org", false},
		{"list-user=our.example@example.org", false},
		{"bounces+4711@example.org", false},
		{"bounce-4711@example.org", false},
		{"list-bounces@example.org", false},
		{"mailer-daemon@example.org", false},
		{"a\x00b@example.org", false},
		{"a b@example.org", false},
		{"a\xffb@example.org", false},
	}
	for _, tt := range tests {
		if got := senderAddress(tt.in).isPerson(); got != tt.want {
			t.Errorf("senderAddress(%q).isPerson() = %v, want %v", tt.in, got, tt.want)
		}
	}
}
