package rules

import (
	"testing"

	"winnow/pkg/message"
)

// links is a message with two links, as SpamAssassin finds them.
type links struct{ facts }

func (links) URIDetails(*message.URIRules) []message.URIDetail {
	return []message.URIDetail{
		{Raw: "http://www.example.com/x", Cleaned: []string{"http://www.example.com/x"}, Types: message.URIAnchor,
			Anchors: []string{"Click here"}, Domains: []string{"example.com"}, Hosts: []string{"www.example.com"}},
		{Raw: "http://www.other.example.net", Cleaned: []string{"http://www.other.example.net"}, Types: message.URIParsed | message.URISchemeless,
			Domains: []string{"example.net"}, Hosts: []string{"www.other.example.net"}},
	}
}

func TestURIDetail(t *testing.T) {
	tests := []struct {
		conditions string
		want       float64
	}{
		{`raw =~ /example/ cleaned =~ /^http/`, 1},
		{`raw =~ /example/ domain !~ /example/`, 0},
		{`type =~ /^a$/ text =~ /click/i`, 1},
		{`type =~ /^parsed$/`, 1},
		{`type !~ /^a$/`, 1},
		{`text !~ /nothing/`, 1},
		{`host =~ /^www\./`, 1},
		{`domain =~ m!^example\.com$!`, 1},
		{`raw =~ /other/ text =~ /Click/`, 0}, // not the same link
		{`text =~ /nothing/ text =~ /here/`, 1},
		{`raw =~ m|/x|i`, 1},
		{`host !~ /www/`, 0},
	}
	for _, test := range tests {
		set := mustLoad(t, "uri_detail FOO "+test.conditions)
		run := set.begin(t.Context(), links{})
		if got := run.ask(0); got != test.want {
			t.Errorf("%s: got %v, want %v", test.conditions, got, test.want)
		}
		run.end()
	}
}
