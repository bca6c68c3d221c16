package message

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is wanted here is what SpamAssassin 4.0.1 says of the same text: each URI, its other spellings, where it was found,
// its hosts and domains, and the texts of links to it.
func TestURIDetails(t *testing.T) {
	tests := []struct {
		kind, body string
		want       []string
	}{
		{"plain", "http://www.example.com/a.", []string{
			"http://www.example.com/a [] parsed [www.example.com] [example.com]",
		}},
		{"plain", "see www.example.com, or ftp.example.com/x!", []string{
			"ftp://ftp.example.com/x [] parsed,schemeless [ftp.example.com] [example.com]",
			"http://www.example.com [] parsed,schemeless [www.example.com] [example.com]",
		}},
		{"plain", "write to ann@example.org (or mailto:bob@example.net?subject=x).", []string{
			"mailto:ann@example.org [] parsed,schemeless [example.org] [example.org]",
			"mailto:bob@example.net?subject=x [mailto:bob@example.net] parsed [example.net] [example.net]",
		}},
		{"plain", "example.com/x and sub.example.co.uk:8080/ but not x.nosuch or readme.txt", []string{
			"http://example.com/x [] parsed,schemeless,unlinked [example.com] [example.com]",
		}},
		{"plain", "http://user:pw@www.example.com:80/p?q#f", []string{
			"http://user:pw@www.example.com:80/p?q#f [http://www.example.com/p?q#f] parsed [www.example.com] [example.com]",
		}},
		{"plain", "https://www.example.com:443/", []string{
			"https://www.example.com:443/ [https://www.example.com/] parsed [www.example.com] [example.com]",
		}},
		{"plain", "http:\\\\www.example.com\\x", []string{
			"http://www.example.com\\x [http://www.example.com/x] parsed,schemeless [www.example.com] [example.com]",
		}},
		{"plain", "http://www.example.com?x=1", []string{
			"http://www.example.com?x=1 [http://www.example.com/?x=1] parsed [www.example.com] [example.com]",
		}},
		{"plain", "http://%77ww.example%2Ecom/%41%20b%zz", []string{
			"http://%77ww.example%2Ecom/%41%20b%zz [http://www.example.com/A%20b%25zz] parsed [www.example.com] [example.com]",
		}},
		{"plain", "http://&#119;ww.example.com/&#x41;", nil},
		{"plain", "http://0x7f.0.0.1/", nil},
		{"plain", "http://0300.0250.1.1/", []string{
			"http://0300.0250.1.1/ [http://192.168.1.1/] parsed [192.168.1.1] [192.168.1.1]",
		}},
		{"plain", "http://2130706433/", []string{
			"http://2130706433/ [http://127.0.0.1/] parsed [127.0.0.1] [127.0.0.1]",
		}},
		{"plain", "http://0x7f000001/x", []string{
			"http://0x7f000001/x [http://127.0.0.1/x] parsed [127.0.0.1] [127.0.0.1]",
		}},
		{"plain", "http://10.0.0.1/", []string{
			"http://10.0.0.1/ [http://10...1/] parsed [10.0.0.1] [10.0.0.1]",
		}},
		{"plain", "http://go.example/?u=http://evil.example/&x=http://no.example", []string{
			"http://go.example/?u=http://evil.example/&x=http://no.example [http://evil.example/] parsed [evil.example go.example] [evil.example go.example]",
		}},
		{"plain", "http://go.example/?u=https:/one.example/?v=http:two.example", []string{
			"http://go.example/?u=https:/one.example/?v=http:two.example [http://two.example http:two.example https://one.example/?v=http:two.example https:/one.example/?v=http:two.example] parsed [go.example one.example two.example] [go.example one.example two.example]",
		}},
		{"plain", "(http://a.example/b)c) [http://c.example]", []string{
			"http://a.example/b)c [] parsed [a.example] [a.example]",
			"http://c.example [] parsed [c.example] [c.example]",
		}},
		{"plain", "a@b.example)x@y.example", []string{
			"mailto:a@b.example [] parsed,schemeless [b.example] [b.example]",
		}},
		{"plain", "cid:x@y.example mid:a@b.example http:// www.", nil},
		{"plain", "foo/bar@example.com and x@nodot and Vi@gra.test", []string{
			"http://foo/bar@example.com [http://www.foo.com/bar@example.com] parsed,schemeless [www.foo.com] [foo.com]",
			"mailto:Vi@gra.test [] parsed,schemeless [gra.test] [gra.test]",
		}},
		{"plain", "email:joe@example.com skype:::x@example.com", []string{
			"mailto:joe@example.com [] parsed,schemeless [example.com] [example.com]",
			"mailto:x@example.com [] parsed,schemeless [example.com] [example.com]",
		}},
		{"plain", "x@example.com%20", []string{
			"mailto:x@example.com%20 [mailto:x@example.com] parsed,schemeless [example.com] [example.com]",
		}},
		{"plain", "ann%40home@example.com", nil},
		{"plain", "WWW2.EXAMPLE.COM/A HTTP://EXAMPLE.COM", []string{
			"HTTP://EXAMPLE.COM [] parsed [example.com] [example.com]",
			"http://WWW2.EXAMPLE.COM/A [] parsed,schemeless [www2.example.com] [example.com]",
		}},
		{"plain", "http://foo/ http://localhost/ http://www.foo/", []string{
			"http://foo/ [http://www.foo.com/] parsed [www.foo.com] [foo.com]",
			"http://www.foo/ [http://www.foo.com/] parsed [www.foo.com] [foo.com]",
		}},
		{"plain", "http://example.com..../x", []string{
			"http://example.com..../x [http://example.com/x] parsed [example.com] [example.com]",
		}},
		{"plain", "a.example.com. b.example.com.x", []string{
			"http://a.example.com [] parsed,schemeless,unlinked [a.example.com] [example.com]",
		}},
		{"plain", "x-example.com_y.example.com", []string{
			"http://x-example.com_y.example.com [] parsed,schemeless,unlinked [x-example.com_y.example.com] [example.com]",
		}},
		{"plain", "/example.com %example.com @example.com -example.com", []string{
			"http://example.com [] parsed,schemeless,unlinked [example.com] [example.com]",
		}},
		{"plain", "café.example.com “www.example.com”", []string{
			"http://www.example.com” [http://www.example.com] parsed,schemeless [www.example.com] [example.com]",
		}},
		{"plain", "http://example.com x", []string{
			"http://example.com [] parsed [example.com] [example.com]",
		}},
		{"plain", "x,y@example.com,z@example.com", []string{
			"mailto:y@example.com [] parsed,schemeless [example.com] [example.com]",
			"mailto:z@example.com [] parsed,schemeless [example.com] [example.com]",
		}},
		{"html", "<a href=\"http://a.example/x\">one</a><a href=\"http://a.example/x\">one</a><a href=\"http://a.example/x\">two</a>", []string{
			"http://a.example/x [] a [a.example] [a.example] {one} {two}",
		}},
		{"html", "<a href=\"#top\">x</a><a href=\"?q\">y</a><a href=\"/r\">z</a><a href=\"page.html\">w</a><a>n</a>", []string{
			" [] parsed [] [] {n}",
			"#top [] a [] [] {x}",
			"/r [] a [] [] {z}",
			"?q [] a [] [] {y}",
			"page.html [http://page.html] a [] [] {w}",
		}},
		{"html", "<base href=\"http://b.example/d/f.html\"><a href=\"../x\">r</a><img src=\"//c.example/i.gif\">", []string{
			"../x [http://../x http:///x] parsed [] [] {r}",
			"http://b.example/d/f.html [] base [b.example] [b.example]",
			"http://b.example/x [] a [b.example] [b.example]",
			"http://c.example/i.gif [] img [c.example] [c.example]",
		}},
		{"html", "<form action=\"http://f.example/\"><iframe src=http://i.example/></iframe>", []string{
			"http://f.example/ [] form [f.example] [f.example]",
			"http://i.example/ [] iframe [i.example] [i.example]",
		}},
		{"html", "<a href=\"mailto:%22A%20B%22%20<a@b.example>?subject=x&amp;y\">m</a>", []string{
			"mailto:%22A%20B%22%20<a@b.example>?subject=x&y [mailto:%22A%20B%22%20<a@b.example> mailto:a@b.example] a [b.example] [b.example] {m}",
		}},
		{"html", "<a href=\"javascript:void(0)\">j</a><img src=\"data:image/png;base64,AA\"><a href=\"tel:+1\">t</a>", []string{
			"data:image/png;base64,AA [] img [] []",
			"javascript:void(0) [] a [] [] {j}",
			"tel:+1 [] a [] [] {t}",
		}},
		{"html", "<a href=\"http://bücher.example/\">i</a>", []string{
			"http://bücher.example/ [http://bÃ¼cher.example/] a [] [] {i}",
		}},
		{"html", "<a href=\" http://a.example/\n b \">n</a>", []string{
			"http://a.example/\n b [http://a.example/ b] a [a.example] [a.example] {n}",
		}},
		{"html", "<a href=\"http:a.example\">x</a>", []string{
			"http:a.example [http://a.example] a [a.example] [a.example] {x}",
		}},
		{"html", "<a href=\"www.a.example\">www.a.example</a>", []string{
			"http://www.a.example [] parsed,schemeless [www.a.example] [a.example]",
			"www.a.example [http://www.a.example] a [www.a.example] [a.example] {www.a.example}",
		}},
	}
	rules := rulesForTests()
	for _, tt := range tests {
		m := &Message{Header: Header{{"Content-Type", " text/" + tt.kind + "; charset=utf-8"}}, Body: []byte(tt.body + "\n")}
		var got []string
		for _, u := range m.URIDetails(rules) {
			got = append(got, describeDetail(u))
		}
		slices.Sort(got)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.body, diff)
		}
	}
}

func rulesForTests() *URIRules {
	rules := &URIRules{}
	for suffix := range strings.FieldsSeq("com org net uk us example test co.uk") {
		rules.AddSuffix(suffix)
	}
	return rules
}

func describeDetail(u URIDetail) string {
	names := u.Types.Names()
	others := slices.DeleteFunc(slices.Clone(u.Cleaned), func(s string) bool { return s == u.Raw })
	for _, list := range [][]string{names, others, u.Hosts, u.Domains} {
		slices.Sort(list)
	}
	text := u.Raw + " [" + strings.Join(others, " ") + "] " + strings.Join(names, ",") + " [" + strings.Join(u.Hosts, " ") + "] [" + strings.Join(u.Domains, " ") + "]"
	for _, anchor := range u.Anchors {
		text += " {" + anchor + "}"
	}
	return text
}

func TestURIRules(t *testing.T) {
	rules := rulesForTests()
	domains := map[string]string{
		"www.example.com": "example.com", "WWW.Example.CO.UK": "example.co.uk", "co.uk": "co.uk", "example.com": "example.com", "com": "com",
		"y.a.b.ca.us": "a.b.ca.us", "x.pvt.k12.ca.us": "x.pvt.k12.ca.us", "y.x.pvt.k12.ca.us": "x.pvt.k12.ca.us", "a..b.example.com.": "example.com",
	}
	for host, want := range domains {
		if got := rules.Domain(host); got != want {
			t.Errorf("%s: got %s, want %s", host, got, want)
		}
	}
	valid := map[string]bool{"a.com": true, "a.COM": true, "com": false, "a.b": false, "a b.com": false, "": false}
	for host, want := range valid {
		if got := rules.IsValidDomain(host); got != want {
			t.Errorf("%q: got %v, want %v", host, got, want)
		}
	}
	none := &URIRules{}
	if got := none.Domain("www.example.co.uk"); got != "example.co.uk" || !none.IsValidDomain("a.museum") || none.IsValidDomain("a.nosuchtld") {
		t.Errorf("without any word of domains: got %s", got)
	}
}

func TestRedirects(t *testing.T) {
	rules := rulesForTests()
	rules.Redirect = func(uri string) (string, bool) { return strings.CutPrefix(uri, "http://go.example/") }
	m := plainMessage("http://go.example/www.evil.test")
	got := m.URIDetails(rules)
	want := []string{"http://go.example/www.evil.test [http://www.evil.test www.evil.test] parsed [go.example www.evil.test] [evil.test go.example]"}
	if len(got) != 1 || describeDetail(got[0]) != want[0] {
		t.Errorf("got %v, want %v", got, want)
	}
}

// FuzzURIDetails looks for texts on which the scanner fails or finds what it should not.
func FuzzURIDetails(f *testing.F) {
	for _, text := range []string{"http://a.example/(b) www.b.example", "a@b.example,mailto:c@d.example?x", "x.example:80/p?q#f", "http://0x7f.1/&#46;%41", "<a href='//a.example/../b'>c</a><base href=http://d.example/e>"} {
		f.Add(text)
	}
	rules := rulesForTests()
	f.Fuzz(func(t *testing.T, text string) {
		for _, m := range []*Message{plainMessage(text), htmlMessage(text)} {
			for _, u := range m.URIDetails(rules) {
				if len(u.Cleaned) == 0 && u.Types != URIDKIM || u.Types == 0 || len(u.Domains) > len(u.Hosts) {
					t.Errorf("%q: got %+v", text, u)
				}
				for _, host := range u.Hosts {
					if !IsAddress(host) && !isValidFQDN(host) {
						t.Errorf("%q: host %q", text, host)
					}
				}
			}
		}
	})
}
