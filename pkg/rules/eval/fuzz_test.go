package eval

import (
	"strings"
	"testing"

	"winnow/pkg/message"
)

func FuzzParseDate(f *testing.F) {
	for _, seed := range []string{"Mon, 3 Feb 2025 10:11:12 +0100", "Mon Feb 3 10:11:12 2025", "31 Apr 99 25:61:62 (CET)", ",,, 0 Feb 2025"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if at, ok := parseDate(text); ok && (at < 0 || at > 1<<32) {
			t.Errorf("%q: %d is out of range", text, at)
		}
		dateIn("Received: " + text)
	})
}

func FuzzMailInText(f *testing.F) {
	for _, seed := range []string{"write to a.b@free.com.", "<mailto:a.b@free.com>", "x@y.org wrote: http://a/?b@c.org", "a@b@c.com:"} {
		f.Add(seed)
	}
	var rules message.URIRules
	f.Fuzz(func(t *testing.T, text string) {
		list := mailList{rules: &rules, seen: map[string]bool{}}
		list.collect(withoutQuotedMail(&rules, withoutMailURIs(text)))
		for _, address := range list.all {
			if local, host, found := strings.Cut(address, "@"); !found || local == "" || !strings.Contains(host, ".") {
				t.Errorf("%q: %q is no address", text, address)
			}
		}
		addressInName(text)
		isBulkSender(text)
		isRoleAddress(text)
	})
}

func FuzzGlob(f *testing.F) {
	f.Add("*@example.org", "a@example.org")
	f.Add("a?b*c", "axbyc")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		var set globSet
		set.add(pattern)
		if set.has(text) != (glob(pattern).match(text) || pattern == text) {
			t.Errorf("%q %q: the set disagrees with the glob", pattern, text)
		}
	})
}
