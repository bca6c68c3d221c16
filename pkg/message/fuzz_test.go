package message

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// addMessages adds the messages of testdata as seeds.
func addMessages(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no messages in testdata: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
}

func FuzzMessage(f *testing.F) {
	addMessages(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := Parse(bytes.NewReader(text), 0)
		if err != nil {
			t.Fatal(err)
		}
		checkInvariants(t, m)
	})
}

func FuzzDecodeField(f *testing.F) {
	for _, value := range []string{"=?utf-8?q?a_b?= =?utf-8?b?w6k=?=", "=?utf-8?q?=C3?=\n =?utf-8?q?=A9?=", "=?iso-2022-jp*ja?b?GyRCRnxLXBsoQg==?=", "=?utf-16?b?AGEA?=", "=?x?x?", "\xff"} {
		f.Add("Subject", value)
	}
	f.Add("Received", "=?utf-8?q?a?=")
	f.Fuzz(func(t *testing.T, name, value string) {
		decoded := decodeField(name, value)
		if !utf8.ValidString(decoded) {
			t.Errorf("%q: got %q, which is not UTF-8", value, decoded)
		}
		for _, a := range parseAddresses(value) {
			if strings.ContainsAny(a.addr, "\n<>") && !strings.HasPrefix(a.addr, `"`) {
				t.Errorf("%q: address %q", value, a.addr)
			}
		}
		parseMediaType(value).param("name")
	})
}

func FuzzRenderHTML(f *testing.F) {
	for _, html := range []string{
		"<p style='color:#fff; display:none'>a<b>b</p>&lt;&#x41;", "<a href='http://a.example/'>x</a><base href=http://b.example/><a href=x>", "<td><tr><font size=1>x</font>",
		"<script>a</script><style>b</style><title>c</title><noscript><i>d", "<!-- x --><!doctype x><![if x]>", "<meta http-equiv=refresh content='0;url=http://a.example/'>", "<p",
	} {
		f.Add(html)
	}
	f.Fuzz(func(t *testing.T, html string) {
		h := renderHTML(decoded{html, true}, len(html))
		if !utf8.ValidString(h.Text) && utf8.ValidString(html) {
			t.Errorf("%q: got %q, which is not UTF-8", html, h.Text)
		}
		for name, open := range h.Open {
			if open < 0 {
				t.Errorf("%q: %s %d", html, name, open)
			}
		}
		if h.BlackLength > h.TextLength {
			t.Errorf("%q: %d characters, %d of them not blank", html, h.TextLength, h.BlackLength)
		}
	})
}

func FuzzURIs(f *testing.F) {
	text, err := os.ReadFile("testdata/11-uris.eml")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		f.Add(line)
	}
	for _, uri := range []string{"http:\\\\a%2eexample:080\\", "http://[::1]/", "http://0x7f.1/", "a@b@c.example", "www..example.org", "http://例え。example/", "mailto:%41@example.org?x"} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, text string) {
		scanText(text, func(raw string, kind URIKind) bool {
			if !strings.Contains(text, raw) && kind != Mail {
				t.Errorf("%q is not in the text", raw)
			}
			return true
		})
		part := &Part{Type: "text/plain", Data: []byte(text)}
		checkURIs(t, collectURIs("", []*Part{part}))
		if u, ok := parseURI(text, Link); ok {
			checkURIs(t, []URI{u})
			if again, ok := parseURI(u.Clean, u.Kind); ok && u.Host != "" && again.Host != u.Host {
				t.Errorf("%q: host %q, cleaned again %q", text, u.Host, again.Host)
			}
		}
	})
}
