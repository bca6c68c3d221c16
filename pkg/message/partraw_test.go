package message

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestContentType(t *testing.T) {
	tests := []struct {
		value string
		want  ContentType
	}{
		{`text/html; charset="UTF-8"`, ContentType{"text/html", "UTF-8", true, ""}},
		{`text/plain charset=us-ascii`, ContentType{"text/plain", "us-ascii", true, ""}},
		{`TEXT/X-Foo; Charset = 'a b'; name=x`, ContentType{"text/plain", "a b", true, "x"}},
		{`text`, ContentType{"text/plain", "", false, ""}},
		{`textual/x`, ContentType{"textual/x", "", false, ""}},
		{`text-x/y`, ContentType{"text/plain", "", false, ""}},
		{`image/png; name="a;b.png"`, ContentType{"image/png", "", false, "a"}},
		{`image/png; filename=a.png; name=b.png`, ContentType{"image/png", "", false, "a.png"}},
		{`image/png; xname=a.png; x-name=c.png`, ContentType{"image/png", "", false, "c.png"}},
		{`image/png; name*0=a; name*1="b.pdf"`, ContentType{"image/png", "", false, "ab.pdf"}},
		{`image/png; name*0*=utf-8''a; name*1=b`, ContentType{"image/png", "", false, ""}},
		{`application/pdf; name=a"b"; x`, ContentType{"application/pdf", "", false, `a"b`}},
		{`=foo/bar(x)/y`, ContentType{"foo/barx", "", false, ""}},
		{`/x; charset`, ContentType{"/x", "", false, ""}},
		{`multipart/mixed ; boundary=x`, ContentType{"multipart/mixed", "", false, ""}},
		{`text/calendar;name=`, ContentType{"text/calendar", "", false, ""}},
		{`text/html;charset=utf-8;charset=latin1`, ContentType{"text/html", "utf-8", true, ""}},
		{`text/html; charset=utf-8"`, ContentType{"text/html", "utf-8", true, ""}},
		{`foo/b@r`, ContentType{"foo/br", "", false, ""}},
		{``, ContentType{"text/plain", "us-ascii", true, ""}},
	}
	for _, tt := range tests {
		p := &Part{Header: Header{{"content-type", " " + tt.value}}}
		if got := p.ContentType(); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.value, got, tt.want)
		}
	}
}

func TestPartName(t *testing.T) {
	tests := []struct{ disposition, contentType, want string }{
		{`attachment; filename="a b.exe"`, `application/x; name=c.txt`, "a b.exe"},
		{`attachment; filename=a b.exe; size=1`, `application/x`, "a b.exe"},
		{`attachment; filename*=utf-8''a.exe`, `application/x; name="c.txt"`, "c.txt"},
		{`attachment; filename=""; name=x`, `application/x; name="c.txt"`, "x"},
		{`inline`, `application/x`, ""},
	}
	for _, tt := range tests {
		p := &Part{Header: Header{{"Content-Disposition", tt.disposition}, {"Content-Type", tt.contentType}}}
		if got := p.Name(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.disposition, got, tt.want)
		}
	}
}

func TestRawLines(t *testing.T) {
	body := "a=20\r\n" + strings.Repeat("\r\n", MaxBlankLines+5) + "b\n \n=\r\nend"
	m := &Message{Header: Header{{"Content-Transfer-Encoding", "quoted-printable"}}, Body: []byte(body)}
	var got []string
	size := 0
	for line, n := range m.Parts()[0].RawLines() {
		size += n
		if len(line) > 0 {
			got = append(got, string(line))
		}
	}
	if diff := cmp.Diff([]string{"a=20", "b", " ", "=", "end"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want := len("a=20\n") + MaxBlankLines + len("b\n \n=\nend"); size != want {
		t.Errorf("got %d octets, want %d", size, want)
	}
}

func TestDeclaredType(t *testing.T) {
	m := &Message{Header: Header{{"Content-Type", "multipart/mixed; boundary=b"}}, Body: []byte("--b\r\nContent-Type: application/octet-stream; name=x.html\r\n\r\n<b>\r\n--b--\r\n")}
	var got []string
	for _, p := range m.Entities() {
		got = append(got, p.MediaType())
	}
	want := []string{"multipart/mixed", "application/octet-stream"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRawPartFields has what SpamAssassin's mimeheader rules see.
func TestRawPartFields(t *testing.T) {
	m, err := Parse(strings.NewReader("Content-Type:   multipart/mixed;\n   boundary=x\nX-Empty:\n\n--x\nContent-Type:    text/plain;\n   charset=utf-8\n"+
		"X-Empty:\n\nbody\n--x\nContent-Type: message/rfc822\n\nX-Tab:\t\ttwo\nContent-Type:  text/plain\n\ninner\n--x--\n"), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		part int
		name string
		want string
	}{
		{0, "Content-Type", "   multipart/mixed;\n   boundary=x\n"},
		{0, "X-Empty", "\n"},
		{0, "ALL", "Content-Type:    multipart/mixed; boundary=x\nX-Empty: \n"},
		{1, "Content-Type", "text/plain;\n   charset=utf-8\n"},
		{1, "X-Empty", ""},
		{2, "Content-Type", "message/rfc822\n"},
		{3, "X-Tab", "\t\ttwo\n"},
		{3, "Content-Type", "  text/plain\n"},
	}
	parts := m.Entities()
	for _, tt := range tests {
		if got, found := parts[tt.part].FieldText(tt.name, HeaderRaw); got != tt.want || !found {
			t.Errorf("part %d: %s: %q, want %q", tt.part, tt.name, got, tt.want)
		}
	}
}
