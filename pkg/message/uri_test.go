package message

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHostASCII(t *testing.T) {
	tests := []struct {
		host, want string
		ok         bool
	}{
		{"Example.ORG", "example.org", true},
		{"example.org.", "example.org", true},
		{"localhost", "localhost", true},
		{"bücher.example", "xn--bcher-kva.example", true},
		{"BÜCHER.example", "xn--bcher-kva.example", true},
		{"faß.example", "xn--fa-hia.example", true},
		{"xn--bcher-kva.example", "xn--bcher-kva.example", true},
		{"xn--.example", "xn--.example", true},
		{"例え。example", "xn--r8jz45g.example", true},
		{"ｅｘａｍｐｌｅ.org", "example.org", true},
		{"exa\u00admple.org", "example.org", true},
		{"☃.example", "xn--n3h.example", true},
		{"_dmarc.example.org", "_dmarc.example.org", true},
		{"-a-.example.org", "-a-.example.org", true},
		{"a_.org_", "", false},
		{"a..b", "", false},
		{".a", "", false},
		{"", "", false},
		{".", "", false},
		{"exa mple.org", "", false},
		{"example.org/", "", false},
		{"a\x00b.org", "", false},
		{"192.0.2.1", "", false},
		{"[192.0.2.1]", "", false},
		{"2001:db8::1", "", false},
		{"a.123", "", false},
		{strings.Repeat("a", 63) + ".org", strings.Repeat("a", 63) + ".org", true},
		{strings.Repeat("a", 64) + ".org", "", false},
		{strings.Repeat("a.", 127) + "org", "", false},
		{strings.Repeat("é", 5000) + ".org", "", false},
	}
	for _, tt := range tests {
		if got, ok := HostASCII(tt.host); got != tt.want || ok != tt.ok {
			t.Errorf("%.40q: got %q %v, want %q %v", tt.host, got, ok, tt.want, tt.ok)
		}
	}
}

func TestDomain(t *testing.T) {
	tests := []struct{ host, want string }{
		{"www.example.org", "example.org"},
		{"example.org", "example.org"},
		{"a.b.example.co.uk", "example.co.uk"},
		{"co.uk", ""},
		{"org", ""},
		{"www.user.github.io", "user.github.io"},
		{"github.io", ""},
		{"shop.bad.example", "bad.example"},
		{"server.local", ""},
		{"1.0.0.127.in-addr.arpa", ""},
		{"x.onion", ""},
		{"", ""},
		{".", ""},
	}
	for _, tt := range tests {
		if got := Domain(tt.host); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.host, got, tt.want)
		}
	}
}

func TestIsGivenAway(t *testing.T) {
	for name, want := range map[string]bool{"github.io": true, "user.github.io": false, "co.uk": false, "io": false, "example.org": false, "server.local": false, "": false} {
		if got := IsGivenAway(name); got != want {
			t.Errorf("%q: got %t, want %t", name, got, want)
		}
	}
}

func TestParseIPv4(t *testing.T) {
	tests := []struct{ host, want string }{
		{"192.0.2.1", "192.0.2.1"}, {"0xC0.0.02.0x1", "192.0.2.1"}, {"3221225985", "192.0.2.1"}, {"0300.0.513", "192.0.2.1"},
		{"192.513", "192.0.2.1"}, {"0xc0000201", "192.0.2.1"}, {"030000001001", "192.0.2.1"}, {"192.0.2.1.", "192.0.2.1"},
		{"0x00000000000000c0.0.2.1", "192.0.2.1"}, {"0", "0.0.0.0"}, {"0x", "0.0.0.0"},
		{"256.0.2.1", ""}, {"192.0.2.256", ""}, {"4294967296", ""}, {"192.0.2.1.1", ""}, {"192.0.2.08", ""}, {"192.0..1", ""},
		{"192.0.2.+1", ""}, {"", ""}, {"a", ""},
	}
	for _, tt := range tests {
		got, ok := parseIPv4(tt.host)
		if ok != (tt.want != "") || ok && got != netip.MustParseAddr(tt.want) {
			t.Errorf("%q: got %v %v, want %q", tt.host, got, ok, tt.want)
		}
	}
}

func TestParseURI(t *testing.T) {
	tests := []struct{ raw, clean, host string }{
		{"http://www.example.org/a?b#c", "http://www.example.org/a?b#c", "www.example.org"},
		{"HTTPS://WWW.Example.ORG/A", "https://www.example.org/A", "www.example.org"},
		{"www.example.org", "http://www.example.org", "www.example.org"},
		{"ftp.example.org/x", "ftp://ftp.example.org/x", "ftp.example.org"},
		{"http:example.org", "http://example.org", "example.org"},
		{`http:\\example.org\a\b?c\d`, `http://example.org/a/b?c\d`, "example.org"},
		{"http:////example.org", "http://example.org", "example.org"},
		{"http://example.org?x=1", "http://example.org/?x=1", "example.org"},
		{"http://example.org#x", "http://example.org/#x", "example.org"},
		{"http://bank.example@example.org/", "http://example.org/", "example.org"},
		{"http://a:b@c@example.org/@x", "http://example.org/@x", "example.org"},
		{"http://a%40b@example%2eorg/", "http://example.org/", "example.org"},
		{"http://example.org%2Fx.example.net/", "http://example.org/", "example.org"},
		{"http://example.org:80/", "http://example.org/", "example.org"},
		{"https://example.org:443/", "https://example.org/", "example.org"},
		{"http://example.org:8080/", "http://example.org:8080/", "example.org"},
		{"http://example.org:/", "http://example.org/", "example.org"},
		{"http://example.org:port/", "http://example.org/", "example.org"},
		{"http://example.org:1:2/", "http://example.org:1:2/", ""},
		{"http://ex\nam\tple.org/", "http://example.org/", "example.org"},
		{"http://ex%00am%20ple.org/", "http://example.org/", "example.org"},
		{"http://www..example.org../", "http://www.example.org/", "www.example.org"},
		{"http://example.org!!!", "http://example.org", "example.org"},
		{"http://example&#46;org/", "http://example.org/", "example.org"},
		{"http://bücher.example/ü", "http://xn--bcher-kva.example/ü", "xn--bcher-kva.example"},
		{"http://b%C3%BCcher.example/", "http://xn--bcher-kva.example/", "xn--bcher-kva.example"},
		{"http://example.org谢谢/", "http://example.org/", "example.org"},
		{"http://example.org/%41%2F%20%7f%zz%", "http://example.org/A/%20%7f%zz%", "example.org"},
		{"http://example.org/a b\x01?\x7f", "http://example.org/a%20b%01?%7F", "example.org"},
		{"javascript:a b(%41)", "javascript:a%20b(A)", ""},
		{"mailto:a%0ab@example.org", "", ""},
		{"http://exa$mple.org/", "http://exa$mple.org/", ""},
		{"http://%5bx%5d/", "http://[x]/", ""},
		{"http://192.0.2.1/", "http://192.0.2.1/", "192.0.2.1"},
		{"http://0300.0.02.1:81/", "http://192.0.2.1:81/", "192.0.2.1"},
		{"http://１９２.0.2.1/", "http://192.0.2.1/", "192.0.2.1"},
		{"http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/", "2001:db8::1"},
		{"http://[::ffff:192.0.2.1]/", "http://192.0.2.1/", "192.0.2.1"},
		{"http://[nonsense]/", "http://[nonsense]/", ""},
		{"example.org:8080/x", "http://example.org:8080/x", "example.org"},
		{"mailto:Ann@Example.ORG?subject=x", "mailto:Ann@example.org", "example.org"},
		{"mailto:%41nn%40example.org", "mailto:Ann@example.org", "example.org"},
		{"mailto:Ann <ann@example.org>", "mailto:ann@example.org", "example.org"},
		{"mailto:a@example.org,b@example.net", "mailto:a@example.org", "example.org"},
		{"tel:+49", "tel:+49", ""},
		{"data:text/html,x", "data:text/html,x", ""},
		{"http://", "", ""},
		{"http:///", "", ""},
		{"http://@/", "", ""},
		{"mailto:", "", ""},
		{"mailto:nobody", "", ""},
		{"tel:", "", ""},
		{"", "", ""},
	}
	for _, tt := range tests {
		u, ok := parseURI(tt.raw, Link)
		if ok != (tt.clean != "") {
			t.Errorf("%q: got %v %+v", tt.raw, ok, u)
			continue
		}
		host := u.Host
		if u.Addr.IsValid() {
			host = u.Addr.String()
		}
		if u.Clean != tt.clean || host != tt.host {
			t.Errorf("%q: got %q %q, want %q %q", tt.raw, u.Clean, host, tt.clean, tt.host)
		}
	}
}

func TestScanText(t *testing.T) {
	tests := []struct {
		text string
		want []string
	}{
		{"see http://example.org/.", []string{"link http://example.org/"}},
		{"(http://example.org/a) (http://example.org/b_(c)).", []string{"link http://example.org/a", "link http://example.org/b_(c)"}},
		{"<http://example.org/><https://example.net>", []string{"link http://example.org/", "link https://example.net"}},
		{"href=http://example.org/", []string{"link http://example.org/"}},
		{"xhttp://example.org/", nil},
		{"javahttp://", nil},
		{"http: //example.org", nil},
		{"http:", nil},
		{"Www.Example.org www2.example.org wwwx.example.org", []string{"link Www.Example.org", "link www2.example.org", "guess wwwx.example.org"}},
		{"awww.example.org", []string{"guess awww.example.org"}},
		{"请看http://example.org/谢谢，再见", []string{"link http://example.org/谢谢"}},
		{"看example.org吧", []string{"guess example.org"}},
		{"exam\u00adple.org exam\u200bple\u2060.org", []string{"guess exam\u00adple.org", "guess exam\u200bple\u2060.org"}},
		{"bücher.example.org", []string{"guess bücher.example.org"}},
		{"ann@example.org,bob@example.net;", []string{"mail ann@example.org", "mail bob@example.net"}},
		{"To:ann@example.org", []string{"mail ann@example.org"}},
		{"a@b@example.org", []string{"mail b@example.org"}},
		{"@example.org ann@ ann@localhost", nil},
		{"mailto:ann@example.org", []string{"mail mailto:ann@example.org"}},
		{"mailto:nobody", nil},
		{"example.org/path?a=b, (example.org:8080/x)", []string{"guess example.org/path?a=b", "guess example.org:8080/x"}},
		{"http://[2001:db8::1]/x] [x]", []string{"link http://[2001:db8::1]/x"}},
		{"http://[example.org]/", []string{"guess example.org"}},
		{"EXAMPLE.ORG Example.org example.ORG Example.Org", []string{"guess EXAMPLE.ORG", "guess Example.org"}},
		{"end.The next.It was.So", nil},
		{"10.am 5.30.pm 3.de 163.com", []string{"guess 163.com"}},
		{"Muster GmbH & Co.KG, Muster GmbH & co.kg, GMBH & CO.KG", nil},
		{"e.g. i.e. etc. 1.2.3 a.b v1.0", nil},
		{"readme.zip sendmail.mc", []string{"guess readme.zip", "guess sendmail.mc"}},
		{"/etc/sendmail.mc C:\\x\\readme.zip a.to() x.to=1 $y.to %z.to", nil},
		{"co.uk", nil},
		{"..example.org..", []string{"guess example.org"}},
		{"example.org?", []string{"guess example.org"}},
		{"", nil},
		{"....", nil},
		{":::@@@", nil},
	}
	for _, tt := range tests {
		var got []string
		scanText(tt.text, func(raw string, kind URIKind) bool {
			if _, ok := parseURI(raw, kind); ok {
				got = append(got, kind.String()+" "+raw)
			}
			return true
		})
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestURIs(t *testing.T) {
	m := &Message{
		Header: Header{{"Subject", "subject.example.org"}, {"Content-Type", "text/html"}},
		Body: []byte(`ann@example.org example.net http://nosuchtld.nosuchtld/ http://late.example/
			<a href="http://example.net">x</a> <a href="http://nosuchtld.nosuchtld/">x</a> <a href="example.com/x"> <a href="page.html">
			<a href="http://example.net:80">again</a> <a href="http://r.example/http://t.example/http://t.example/">`),
	}
	var got []string
	for _, u := range m.URIs() {
		got = append(got, u.Kind.String()+" "+u.Clean+" "+u.Domain)
	}
	want := []string{
		"link http://example.net example.net", // not the guess of the same form
		"link http://nosuchtld.nosuchtld/ nosuchtld.nosuchtld",
		"link http://r.example/http://t.example/http://t.example/ r.example",
		"link http://t.example/http://t.example/ t.example",
		"link http://t.example/ t.example",
		"link http://late.example/ late.example",
		"guess http://example.com/x example.com",
		"guess http://subject.example.org example.org",
		"mail mailto:ann@example.org example.org",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
