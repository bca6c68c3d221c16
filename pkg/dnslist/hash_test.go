package dnslist

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/message"
)

const linksFile = `
- {name: links, title: Links, zone: links.example, ask: [uri], form: link, hash: sha1, codes: [{value: 127.0.0.2, symbol: LINKS, score: 1, action: reject}]}
- {name: mails, title: Mails, zone: mails.example, ask: [mail], form: mailbox, hash: sha256, url: "https://mails.example/{domain}", codes: [{value: 127.0.0.2, symbol: MAILS, score: 1, action: reject}]}
- {name: hosts, title: Hosts, zone: hosts.example, ask: [uri, mail], form: host, hash: md5, codes: [{value: 127.0.0.2, symbol: HOSTS, score: 1}]}
`

func TestWholeLinks(t *testing.T) {
	set := New(load(t, linksFile), DefaultConfig(), Options{})
	tests := []struct{ body, want string }{
		{"http://BiT.do/e3s49?foo=bar&bar=baz", "bit.do/e3s49"}, // docs.abusix.com, shorthash
		{"https://user@example.com:8443/a/B.html#x", "example.com/a/B.html"},
		{"http://example.com/a http://example.com/a?b http://example.com/b", "example.com/a example.com/b"},
		{"http://example.com/ http://example.com http://example.com/?a=b", ""},
		{"http://192.0.2.1/a", ""}, // a list of hashes takes no addresses
		{"see example.com/a", "example.com/a"},
		{"http://example.com/a mailto:x@example.com", "example.com/a"},
	}
	for _, test := range tests {
		stage := set.URIBL()
		m := mail(test.body)
		var got []string
		for _, s := range set.subjects(m, &m.Client, &stage.wants) {
			if s.ask == URI && s.isWhole() {
				got = append(got, s.whole)
			}
		}
		if text := strings.Join(got, " "); text != test.want {
			t.Errorf("%q: got %q, want %q", test.body, text, test.want)
		}
	}
}

func TestHashesOverAMessage(t *testing.T) {
	zones := dnstest.Zones{
		dns.SHA1.Of("bit.do/Bad") + ".links.example":           dnstest.A("127.0.0.2"),
		dns.SHA1.Of("guess.example/x") + ".links.example":      dnstest.A("127.0.0.2"),
		dns.SHA256.Of("answer@example.com") + ".mails.example": dnstest.A("127.0.0.2"),
		dns.MD5.Of("bit.do") + ".hosts.example":                dnstest.A("127.0.0.2"),
	}
	type hit struct{ Action, Detail, Text string }
	tests := []struct {
		body string
		want map[string]hit
	}{
		{"http://bit.do/Bad?x", map[string]hit{
			"LINKS": {"reject", dns.SHA1.Of("bit.do/Bad") + ".links.example A 127.0.0.2 (link of bit.do)", "Message holds a link of bit.do that is listed by Links"},
			"HOSTS": {"none", dns.MD5.Of("bit.do") + ".hosts.example A 127.0.0.2", "Message links to bit.do, listed by Hosts"},
		}},
		{"see guess.example/x", map[string]hit{
			"LINKS": {"none", dns.SHA1.Of("guess.example/x") + ".links.example A 127.0.0.2 (link of guess.example) (a guess, not a link: points only)",
				"Message holds a link of guess.example that is listed by Links"},
		}},
		{"write to Answer+1@example.com", map[string]hit{
			"MAILS": {"reject", dns.SHA256.Of("answer@example.com") + ".mails.example A 127.0.0.2 (mail address)",
				"Message mentions answer@example.com, listed by Mails; see https://mails.example/answer@example.com"},
		}},
		{"http://bit.do/Good write to nobody@example.com", map[string]hit{
			"HOSTS": {"none", dns.MD5.Of("bit.do") + ".hosts.example A 127.0.0.2", "Message links to bit.do, listed by Hosts"},
		}},
	}
	for _, test := range tests {
		got := map[string]hit{}
		for _, r := range newSet(t, linksFile, zones).URIBL().Check(t.Context(), mail(test.body)) {
			for _, h := range r.Hits {
				got[h.Symbol] = hit{h.Action.String(), h.Detail, h.Text}
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.body, diff)
		}
	}
}

// FuzzWholeLink takes anything for a link. What it makes of it has neither scheme nor query, and is the same for the same
// link spelt otherwise.
func FuzzWholeLink(f *testing.F) {
	for _, text := range []string{"http://BiT.do/e3s49?foo", "https://a@example.com:1/x#y", "ftp://example.com/%41//", "http://[2001:db8::1]/x", "http://1/x", "https:\\\\x.example\\y"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, ok := message.ParseLink(text)
		if !ok {
			return
		}
		whole := wholeLink(&u)
		if whole == "" {
			return
		}
		host, path, _ := strings.Cut(whole, "/")
		if host != u.Host || path == "" || strings.ContainsAny(whole, "?#") {
			t.Errorf("%q became %q", text, whole)
		}
	})
}
