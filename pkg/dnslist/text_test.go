package dnslist

import (
	"net/netip"
	"strings"
	"testing"
)

// questionAbout is a question to a list about an address or a name.
func questionAbout(l *List, ask Ask, what string) *question {
	l.Ask = []Ask{ask}
	q := &question{subject: &subject{ask: ask, host: what}, key: what}
	if addr, err := netip.ParseAddr(what); err == nil {
		q.subject = &subject{ask: ask, addr: addr}
	}
	return q
}

func TestText(t *testing.T) {
	client := netip.MustParseAddr("192.0.2.1")
	list := List{Title: "Example List", URL: "https://example.org/{ip}/{domain}"}
	tests := []struct {
		name string
		list List
		code Code
		ask  Ask
		what string
		want string
	}{
		{"client", list, Code{Title: "XBL"}, Client, "192.0.2.1",
			"Client host [192.0.2.1] listed by Example List (XBL); see https://example.org/192.0.2.1/192.0.2.1"},
		{"code without a title", list, Code{URL: "https://example.org/"}, Client, "192.0.2.1",
			"Client host [192.0.2.1] listed by Example List; see https://example.org/"},
		{"no URL", List{Title: "T"}, Code{Title: "c"}, Client, "192.0.2.1", "Client host [192.0.2.1] listed by T (c)"},
		{"neither", List{Title: "T"}, Code{}, Client, "192.0.2.1", "Client host [192.0.2.1] listed by T"},
		{"helo", List{Title: "T"}, Code{}, Helo, "mail.example", "HELO name mail.example listed by T"},
		{"sender", List{Title: "T"}, Code{}, Sender, "spam.example", "Sender domain spam.example listed by T"},
		{"link", List{Title: "T"}, Code{Title: "black"}, URI, "spam.example", "Message links to spam.example, listed by T (black)"},
		{"mail address", List{Title: "T"}, Code{}, Mail, "spam.example", "Message mentions spam.example, listed by T"},
		{"own text", list, Code{Title: "c", Text: "[{id}] {domain} of {ip}: {list}, {code}, {url}"}, URI, "spam.example",
			"[{id}] spam.example of 192.0.2.1: Example List, c, https://example.org/192.0.2.1/spam.example"},
		{"what is put in is not filled again", List{Title: "T"}, Code{Text: "{domain} {id}"}, URI, "{ip}", "{ip} {id}"},
		{"one line", List{Title: "T"}, Code{Text: "{domain} {domain}"}, URI, strings.Repeat("x", 253),
			strings.Repeat("x", 253) + " " + strings.Repeat("x", maxText-254)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.list.text(&test.code, client, questionAbout(&test.list, test.ask, test.what)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	if got, want := list.text(&Code{Text: "{ip}"}, netip.Addr{}, questionAbout(&list, URI, "")), "unknown"; got != want {
		t.Errorf("no client: got %q, want %q", got, want)
	}
}

// TestEveryTextTells has a text for everything that lists can be asked about, and it tells what is listed.
func TestEveryTextTells(t *testing.T) {
	for i, name := range askNames {
		ask := Ask(i)
		want := "{domain}"
		if ofAddresses.Has(ask) && !ofHosts.Has(ask) {
			want = "{ip}"
		}
		if !strings.Contains(texts[ask], want) || !strings.Contains(texts[ask], "{list}") {
			t.Errorf("%s: %q", name, texts[ask])
		}
		if whole := ofMailboxes.Has(ask) || ask == URI; whole != strings.Contains(wholeTexts[ask], "{domain}") {
			t.Errorf("%s as a whole: %q", name, wholeTexts[ask])
		}
	}
}

func TestFill(t *testing.T) {
	value := func(name string) (string, bool) { return "<" + name + ">", name != "no" }
	tests := []struct{ template, want, fault string }{
		{"", "", ""},
		{"plain", "plain", ""},
		{"{a}", "<a>", ""},
		{"x{a}{b}y", "x<a><b>y", ""},
		{"{", "", "a { without its }"},
		{"{a", "", "a { without its }"},
		{"a}", "", "a } without its {"},
		{"{a}}", "", "a } without its {"},
		{"{{a}}", "", "a } without its {"},
		{"{no}", "", "nothing fills {no} here"},
	}
	for _, test := range tests {
		got, err := fill(test.template, value)
		if got != test.want || (err != nil) != (test.fault != "") || err != nil && !strings.Contains(err.Error(), test.fault) {
			t.Errorf("%q: got %q, %v; want %q, %q", test.template, got, err, test.want, test.fault)
		}
	}
}
