package message

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// leaves writes down the leaves of a message whose Content-Type and body these are.
func leaves(contentType, body string) []string {
	m := &Message{Header: Header{{"Content-Type", " " + contentType}}, Body: []byte(body)}
	var got []string
	for _, p := range m.Parts() {
		got = append(got, fmt.Sprintf("%d %s %q", p.Depth, p.Type, p.Data))
	}
	return got
}

func TestParts(t *testing.T) {
	const two = "--b\n\none\n--b\n\ntwo\n--b--\n"
	tests := []struct {
		name, contentType, body string
		want                    []string
	}{
		{"no multipart", "text/plain", "text", []string{`0 text/plain "text"`}},
		{"nothing", "", "", []string{`0 text/plain ""`}},
		{"two parts", "multipart/mixed; boundary=b", two, []string{`1 text/plain "one"`, `1 text/plain "two"`}},
		{"CRLF", "multipart/mixed; boundary=b", strings.ReplaceAll(two, "\n", "\r\n"), []string{`1 text/plain "one"`, `1 text/plain "two"`}},
		{"no boundary parameter", "multipart/mixed", "--b\n\none\n", []string{`0 text/plain "\n--b\n\none\n"`}},
		{"empty boundary", `multipart/mixed; boundary=""`, "--\n\none\n", []string{`0 text/plain "\n--\n\none\n"`}},
		{"boundary that does not occur", "multipart/mixed; boundary=c", two, []string{`1 text/plain "--b\n\none\n--b\n\ntwo\n--b--\n"`}},
		{"only the closing boundary", "multipart/mixed; boundary=b", "x\n--b--\n", []string{`1 text/plain "x"`}},
		{"not at the begin of a line", "multipart/mixed; boundary=b", "--b\n\na --b\n --b\n--b--", []string{`1 text/plain "a --b\n --b"`}},
		{"blanks behind it", "multipart/mixed; boundary=b", "--b \t\n\none\n--b-- \n", []string{`1 text/plain "one"`}},
		{"begins like it", "multipart/mixed; boundary=b", "--b\n\none\n--bc\n--b-\n--b--", []string{`1 text/plain "one\n--bc\n--b-"`}},
		{"no end", "multipart/mixed; boundary=b", "--b\n\none\ntwo", []string{`1 text/plain "one\ntwo"`}},
		{"ends with an opening one", "multipart/mixed; boundary=b", "--b\n\none\n--b\n", []string{`1 text/plain "one"`}},
		{"empty part", "multipart/mixed; boundary=b", "--b\n--b\n\ntwo\n--b--\n", []string{`1 text/plain ""`, `1 text/plain "two"`}},
		{"part behind the end", "multipart/mixed; boundary=b", "--b\n\none\n--b--\nepilogue\n--b\n\ntwo\n--b--\n", []string{`1 text/plain "one"`}},
		{"inner without end", "multipart/mixed; boundary=b", "--b\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\none\n--b\n\ntwo\n--b--\n", []string{`2 text/plain "one"`, `1 text/plain "two"`}},
		{"inner without boundary", "multipart/mixed; boundary=b", "--b\nContent-Type: multipart/mixed\n\n--i\n\none\n--b--\n", []string{`2 text/plain "--i\n\none"`}},
		{"attached message", "message/rfc822", "Subject: x\n\ninner", []string{`1 text/plain "inner"`}},
		{"attached message from an mbox", "message/rfc822", "From x y\nContent-Type: text/html\n\ninner", []string{`1 text/html "inner"`}},
		{"attached nothing", "message/rfc822", "", []string{`0 message/rfc822 ""`}},
		{"attached text", "message/rfc822", "only text", []string{`1 text/plain ""`}},
		{"partial message", "message/partial; number=1", "Subject: x\n\ninner", []string{`0 message/partial "Subject: x\n\ninner"`}},
		{"international message", "message/global", "Subject: x\n\ninner", []string{`1 text/plain "inner"`}},
		{"line ends of the wire", "application/octet-stream", "a\r\nb", []string{`0 application/octet-stream "a\nb"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, leaves(tt.contentType, tt.body)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMediaType(t *testing.T) {
	tests := []struct{ value, name, param, want string }{
		{"text/html; charset=utf-8", "text/html", "charset", "utf-8"},
		{"TEXT/HTML;CHARSET=UTF-8", "text/html", "charset", "UTF-8"},
		{`text/html; charset="utf-8"; x=y`, "text/html", "charset", "utf-8"},
		{"text/html charset=utf-8", "text/html", "charset", "utf-8"},
		{"text/html; charset = 'utf-8'", "text/html", "charset", "utf-8"},
		{"text/html; charset=utf-8 boundary=b", "text/html", "charset", "utf-8"},
		{"text/html; charset=utf-8 boundary=b", "text/html", "boundary", "b"},
		{`multipart/mixed; boundary="a;b=\"c\""`, "multipart/mixed", "boundary", `a;b="c"`},
		{`multipart/mixed; boundary="open`, "multipart/mixed", "boundary", "open"},
		{`multipart/mixed; name="boundary=no"; boundary=yes`, "multipart/mixed", "boundary", "yes"},
		{"multipart/mixed;\n\tboundary=b", "multipart/mixed", "boundary", "b"},
		{"application/pdf; name=with some blanks.pdf", "application/pdf", "name", "with some blanks.pdf"},
		{"application/pdf; name*=utf-8'en'na%C3%AFve.pdf", "application/pdf", "name", "naïve.pdf"},
		{"application/pdf; name=plain; name*=utf-8''wins", "application/pdf", "name", "wins"},
		{"application/pdf; name*0=one; name*1=two; name*3=four", "application/pdf", "name", "onetwofour"},
		{"application/pdf; name*1*=%62; name*0*=utf-8''%61", "application/pdf", "name", "ab"},
		{"application/pdf; name*x=1; name*-1=2; name*99999=3", "application/pdf", "name", ""},
		{"text/richtext", "text/plain", "", ""},
		{"text", "text/plain", "", ""},
		{"text/x-vcard", "text/x-vcard", "", ""},
		{"appli(cation)/x", "application/x", "", ""},
		{"; charset=utf-8", "", "charset", "utf-8"},
		{"=;=;=", "=", "", ""},
	}
	for _, tt := range tests {
		got := parseMediaType(" " + tt.value)
		if got.name != tt.name && tt.value != "=;=;=" {
			t.Errorf("%q: got %q, want %q", tt.value, got.name, tt.name)
		}
		if value := got.param(tt.param); value != tt.want {
			t.Errorf("%q: %s: got %q, want %q", tt.value, tt.param, value, tt.want)
		}
	}
}

func TestTransfer(t *testing.T) {
	tests := []struct{ encoding, text, want string }{
		{"base64", "aGVsbG8=", "hello"},
		{"BASE64 ", "aGVs\r\nbG8", "hello"},
		{"base64", "aGVsbG8", "hello"},
		{"base64", "a!G-V s*bG8=\n--\n", "hello"},
		{"base64", "aA==ZQ==bGxv", "h\x00\x00e\x00\x00llo"},
		{"base64", "aA==ZQ==bGxv!", "h\x0f\xffe\x0f\xffllo"},
		{"base64", "a", ""},
		{"base64", "====", ""},
		{"quoted-printable", "a=3Db=\n c =  \r\nd", "a=b c d"},
		{"quoted-printable", "a \t\nb =", "a\nb ="},
		{"Quoted-Printable", "=e9=E9==G0=3", "\xe9\xe9==G0=3"},
		{"quoted-printable", "a==\n3Db", "a=b"},
		{"quoted-printable; x", "a=3Db", "a=3Db"},
		{"quoted-printable", "a=0D=0Ab\r\n", "a\nb\n"},
		{"8bit", "a=3Db", "a=3Db"},
		{"x-uuencode", "a=3Db", "a=3Db"},
		{"", "a=3Db", "a=3Db"},
	}
	for _, tt := range tests {
		h := Header{{"Content-Transfer-Encoding", tt.encoding}}
		if got := string(decodeTransfer(&Part{Header: h, declared: "text/plain"}, []byte(tt.text))); got != tt.want {
			t.Errorf("%s %q: got %q, want %q", tt.encoding, tt.text, got, tt.want)
		}
	}
}

func TestFileName(t *testing.T) {
	tests := []struct{ contentType, disposition, want, mediaType string }{
		{"application/zip; name=a.zip", "attachment; filename=b.zip", "b.zip", "application/zip"},
		{"application/zip; name=a.zip", "attachment", "a.zip", "application/zip"},
		{"application/zip; filename=a.zip", "", "a.zip", "application/zip"},
		{"application/zip", `inline; name="=?utf-8?q?=C3=A9.zip?="`, "é.zip", "application/zip"},
		{"application/octet-stream; name=a.HTM", "", "a.HTM", "text/html"},
		{"text/plain", "attachment; filename=a.shtml", "a.shtml", "text/html"},
		{"text/plain", "attachment; filename=html", "html", "text/plain"},
		{"message/rfc822; name=a.html", "", "a.html", "text/html"},
	}
	for _, tt := range tests {
		h := Header{{"Content-Type", tt.contentType}, {"Content-Disposition", tt.disposition}}
		p := newPart(h, 0)
		if p.FileName != tt.want || p.Type != tt.mediaType {
			t.Errorf("%s, %s: got %q %s, want %q %s", tt.contentType, tt.disposition, p.FileName, p.Type, tt.want, tt.mediaType)
		}
	}
}
