package message

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEachSigner(t *testing.T) {
	tests := []struct{ signature, want string }{
		{"v=1; a=rsa-sha256; d=example.org; s=x; b=abd=", "example.org"},
		{"d = example .org; bd=no; x=1; d=example.com", "example.org example.com"},
		{"d=;b=/d==", "="},
		{"D=example.org", ""},
		{"d=example.org", "example.org"},
	}
	for _, tt := range tests {
		var got []string
		eachSigner(tt.signature, func(domain string) { got = append(got, domain) })
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.signature, got, tt.want)
		}
	}
}

func TestMoreURIs(t *testing.T) {
	rules := &URIRules{More: func() []string { return []string{"http://www.example.net/x"} }}
	m := &Message{
		Header: Header{{"DKIM-Signature", "d=mail.example.org; b=x"}, {"DKIM-Signature", "d=mail.example.org; d=localhost"}},
		Body:   []byte("http://example.com/\n"),
	}
	want := []URIDetail{
		{Raw: "http://example.com/", Cleaned: []string{"http://example.com/"}, Types: URIParsed, Domains: []string{"example.com"}, Hosts: []string{"example.com"}},
		{Raw: "domainkeys:mail.example.org", Types: URIDKIM, Domains: []string{"example.org"}, Hosts: []string{"mail.example.org"}},
		{Raw: "http://www.example.net/x", Cleaned: []string{"http://www.example.net/x"}, Types: URIParsed, Domains: []string{"example.net"}, Hosts: []string{"www.example.net"}},
	}
	if diff := cmp.Diff(want, m.URIDetails(rules)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
