package message

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func plainMessage(body string) *Message { return &Message{Body: []byte(body)} }

func htmlMessage(body string) *Message {
	return &Message{Header: Header{{"Content-Type", " text/html; charset=utf-8"}}, Body: []byte(body)}
}

func pageOf(html string) *HTML { return renderHTML(decoded{html, false}, len(html)) }

// TestLimits goes beyond each limit and looks at what is left.
func TestLimits(t *testing.T) {
	parts := func(n int) *Message {
		return &Message{Header: Header{{"Content-Type", "multipart/mixed; boundary=b"}}, Body: []byte(strings.Repeat("--b\n\nx\n", n) + "--b--\n")}
	}
	tests := []struct {
		name string
		got  func() int
		want int
	}{
		{"MaxHeaderBytes", func() int {
			m, _ := Parse(strings.NewReader(strings.Repeat("A: b\n", MaxHeaderBytes)), 1)
			return len(m.Body)
		}, 0},
		{"MaxFields", func() int {
			m, _ := Parse(strings.NewReader(strings.Repeat("A: b\n", MaxFields+5)+"\nbody"), 0)
			if !m.HeaderCut {
				return 0
			}
			return len(m.Header)
		}, MaxFields},
		{"MaxFieldName", func() int {
			m := &Message{Header: Header{{strings.Repeat("A", MaxFieldName+5), "b"}}}
			text, _ := m.HeaderText("ALL", HeaderDecoded)
			return len(text)
		}, MaxFieldName + len(": b\n")},
		{"MaxFieldValue", func() int {
			m := &Message{Header: Header{{"A", strings.Repeat("b", MaxFieldValue+5)}}}
			text, _ := m.HeaderText("A", HeaderDecoded)
			return len(text)
		}, MaxFieldValue + len("\n")},
		{"MaxFieldValue for parameters", func() int {
			return len(parseMediaType("text/html; name=" + strings.Repeat("b", MaxFieldValue)).param("name"))
		}, MaxFieldValue - len("text/html; name=")},
		{"MaxAllHeaders", func() int {
			m := &Message{Header: make(Header, 20)}
			for i := range m.Header {
				m.Header[i] = Field{"A", strings.Repeat("b", MaxFieldValue-len("A: \n"))}
			}
			text, _ := m.HeaderText("ALL", HeaderDecoded)
			return len(text)
		}, MaxAllHeaders},
		{"MaxParams", func() int { return len(parseMediaType("text/html" + strings.Repeat("; a=b", MaxParams+5)).params) }, MaxParams},
		{"MaxAddresses", func() int { return len(parseAddresses(strings.Repeat("a@b,", MaxAddresses+5))) }, MaxAddresses},
		{"MaxBrackets", func() int {
			b := bracketReader{failed: make(map[int]bool), text: "a@b" + strings.Repeat(">x", 2*MaxBrackets)}
			b.read(0)
			return b.tries
		}, MaxBrackets},
		{"MaxDepth of messages", func() int {
			m := &Message{Header: Header{{"Content-Type", "message/rfc822"}}, Body: []byte(strings.Repeat("Content-Type: message/rfc822\n\n", 50) + "\nhttp://deep.example/")}
			return m.Parts()[0].Depth
		}, MaxDepth},
		{"MaxDepth of multiparts", func() int {
			var body strings.Builder
			for i := range 50 {
				fmt.Fprintf(&body, "--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n", i, i+1)
			}
			m := &Message{Header: Header{{"Content-Type", "multipart/mixed; boundary=b0"}}, Body: []byte(body.String())}
			return m.Parts()[0].Depth
		}, MaxDepth},
		{"MaxParts", func() int { return len(parts(MaxParts + 500).Entities()) }, 1 + MaxParts},
		{"MaxBodyPart", func() int {
			return len(strings.Join(plainMessage(strings.Repeat("x", 2*MaxBodyPart)).BodyLines()[1:], ""))
		}, MaxBodyPart},
		{"MaxBodyPart in characters", func() int {
			return len(strings.Join(plainMessage(strings.Repeat("é", 2*MaxBodyPart)).BodyLines()[1:], ""))
		}, 2 * MaxBodyPart},
		{"MaxBodyPart at a line end", func() int {
			return len(strings.Join(plainMessage(strings.Repeat("x", MaxBodyPart+1000) + "\n\n" + strings.Repeat("x", 5000)).BodyLines()[1:], ""))
		}, MaxBodyPart + 1000 + len("\n")},
		{"MaxRawPart", func() int {
			return len(strings.Join(plainMessage(strings.Repeat("x", 2*MaxRawPart)).RawBody(), ""))
		}, MaxRawPart},
		{"MaxRawPart at a tag", func() int {
			return len(strings.Join(plainMessage(strings.Repeat("x", MaxRawPart+7)+"> x>"+strings.Repeat("x", 5000)).RawBody(), ""))
		}, MaxRawPart + 8},
		{"MaxParagraphs", func() int {
			m := parts(MaxParagraphs / 100)
			m.Body = []byte(strings.ReplaceAll(string(m.Body), "x", strings.Repeat("x\n\n", 200)))
			return len(m.BodyLines())
		}, MaxParagraphs},
		{"MaxLine", func() int { return len(plainMessage(strings.Repeat("x", 2*MaxLine)).BodyLines()[1]) }, MaxLine},
		{"MaxBlankLines", func() int {
			return strings.Count(plainMessage("a\n" + strings.Repeat(" \n", MaxBlankLines+100) + "b").RawBody()[0], "\n")
		}, 1 + MaxBlankLines},
		{"MaxHTML", func() int { return len(pageOf(strings.Repeat("x", MaxHTML+5)).Text) }, MaxHTML},
		{"MaxHTMLTokens", func() int { return len(pageOf(strings.Repeat("<i>x", MaxHTMLTokens)).Text) }, MaxHTMLTokens - 1},
		{"MaxHTMLAttrs", func() int {
			html := "<p"
			for i := range MaxHTMLAttrs {
				html += fmt.Sprintf(" a%d", i)
			}
			return len(pageOf(html + " href=http://not-seen.example/><a href=http://seen.example/>").links)
		}, 1},
		{"MaxHTMLDepth", func() int {
			r := htmlReader{page: &HTML{Open: make(map[string]int)}, styles: []htmlStyle{defaultStyle}, uris: make(map[string]int)}
			p := htmlParser{sink: &r}
			p.parse(strings.Repeat("<div>", 2*MaxHTMLDepth))
			return len(r.styles)
		}, MaxHTMLDepth},
		{"MaxURIs", func() int {
			var body strings.Builder
			for i := range 2 * MaxURIs {
				fmt.Fprintf(&body, "http://w%d.example/ ann@m%d.example ", i, i)
			}
			return len(plainMessage(body.String()).URIs())
		}, MaxURIs},
		{"MaxURILength", func() int {
			return len(plainMessage("http://example.org/" + strings.Repeat("x", 2*MaxURILength)).URIs()[0].Clean)
		}, MaxURILength},
		{"MaxURIText", func() int {
			return len(plainMessage(strings.Repeat("x", MaxURIText) + " http://example.org/").URIs())
		}, 0},
		{"MaxCandidates", func() int {
			var body strings.Builder
			for i := range MaxCandidates {
				fmt.Fprintf(&body, "%x@b.c ", i) // no mail address: c is no top-level domain
			}
			return len(plainMessage(body.String() + " http://example.org/").URIs())
		}, 0},
		{"MaxCandidates in attributes", func() int {
			return len(pageOf(strings.Repeat("<a href=x>", MaxCandidates+5)).links)
		}, MaxCandidates},
		{"MaxURILength of what stood there", func() int {
			return len(htmlMessage("<img src=data:" + strings.Repeat("x", 2*MaxURILength) + ">").URIs()[0].Raw)
		}, MaxURILength},
		{"MaxTargets", func() int {
			return len(plainMessage(strings.Repeat("http://example.org/?", MaxTargets+5)).URIs())
		}, 1 + MaxTargets},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.got(); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

// What is beyond the limits for nesting and number of parts is still read as text.
func TestNothingHidesBehindLimits(t *testing.T) {
	const hidden = "\nhttp://hidden.example/\n"
	deep := "Content-Type: message/rfc822\n"
	tests := []struct {
		name string
		m    *Message
	}{
		{"parts", &Message{Header: Header{{"Content-Type", "multipart/mixed; boundary=b"}}, Body: []byte(strings.Repeat("--b\n\nx\n", 2*MaxParts) + "--b\n" + hidden)}},
		{"parts of an inner part", &Message{Header: Header{{"Content-Type", "multipart/mixed; boundary=o"}}, Body: []byte("--o\nContent-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", 2*MaxParts) + "--b--\n--o\n" + hidden + "--o--\n")}},
		{"depth", &Message{Header: Header{{"Content-Type", "message/rfc822"}}, Body: []byte(strings.Repeat(deep+"\n", 2*MaxDepth) + hidden)}},
	}
	for _, tt := range tests {
		if uris := tt.m.URIs(); len(uris) != 1 || uris[0].Host != "hidden.example" {
			t.Errorf("%s: got %v", tt.name, uris)
		}
	}
}

// TestHostile runs all of the parsers over input that takes more than linear time where a parser is careless.
func TestHostile(t *testing.T) {
	const size = 200_000
	fill := func(unit string) string { return strings.Repeat(unit, size/len(unit)+1) }
	attrs := func() string {
		var out strings.Builder
		for i := range 50_000 {
			fmt.Fprintf(&out, " a%d", i)
		}
		return "<p" + out.String() + ">" + strings.Repeat("<b x>", 50_000)
	}
	texts := []string{
		"x", " ", "\n", " \n", "\n\n", "\x00", "a.", ".", "a@", "@", "a@b.example.org ", "http://", "http://a", "www.", "www.a.", "://", ":", "(", ")",
		"http://a.example/(", "mailto:", "[", "//[", "http://[", "é", "é.", "。", "\xff", "%41", "http://example.org/http://", "example.org ", "example.org,", "a.example.org/",
		"=", "=\n", "=3D", "&", "&#", "&#46;", "A=", "+", "+A", "~{", "\x1b$B",
	}
	pages := []string{
		"<", "<a", "<a ", "<a>", "<!--", "<!", "<![CDATA[", "</", "<p>", "<div>", "</div>", "<td>", "<tr><td>", "<font color=#fff>", "<style>", "<script>", "<title>", "<textarea>",
		"<a href=x ", "<a href=\"", "<a href=http://a.example/>", "<base href=http://a.example/b/c>", "<x y=z>", "<plaintext>", "<small>", "<noscript>", "<p style=color:red;", "<p style=\"color:red\">",
	}
	var messages []*Message
	for _, text := range texts {
		messages = append(messages, plainMessage(fill(text)), htmlMessage(fill(text)))
		for _, encoding := range []string{"base64", "quoted-printable"} {
			messages = append(messages, &Message{Header: Header{{"Content-Transfer-Encoding", encoding}}, Body: []byte(fill(text))})
		}
		messages = append(messages, &Message{Header: Header{{"Content-Type", "text/plain; charset=utf-7"}}, Body: []byte(fill(text))})
	}
	for _, page := range pages {
		messages = append(messages, htmlMessage(fill(page)))
	}
	messages = append(messages, htmlMessage(attrs()))
	for _, body := range []string{"--b\n", "--b\n\n", "--b\nContent-Type: multipart/mixed; boundary=b\n\n", "--b", "--b ", "-", "--b--\n", "--b\nA:b\n", "--b\n a\n"} {
		messages = append(messages, &Message{Header: Header{{"Content-Type", "multipart/mixed; boundary=b"}}, Body: []byte(fill(body))})
	}
	for _, body := range []string{"Content-Type: message/rfc822\n\n", "A: b\n", "A: b\n c\n", "Content-Type: multipart/mixed; boundary=b\n\n--b\n"} {
		messages = append(messages, &Message{Header: Header{{"Content-Type", "message/rfc822"}}, Body: []byte(fill(body))})
	}
	for _, value := range []string{"=?", "=?a?q?", "=?utf-8?q?a?=", "=?utf-8?q?a?= ", "(", "()", "\"", "<", "a@b,", "a@b<", "a(b)<", ";", ";a=", "a*0=", "\n ", "name*1=", ":"} {
		messages = append(messages, &Message{Header: Header{{"Subject", fill(value)}, {"From", fill(value)}, {"Content-Type", fill(value)}, {"Content-Disposition", fill(value)}}})
	}
	for _, m := range messages {
		deriveAll(m)
	}
}

// deriveAll asks for all that can be derived from a message.
func deriveAll(m *Message) {
	for _, name := range []string{"From", "Subject", "ALL", "ToCc", "MESSAGEID", "EnvelopeFrom"} {
		for _, mod := range []HeaderMod{HeaderDecoded, HeaderRaw, HeaderAddr, HeaderName, HeaderHost, HeaderIP} {
			m.HeaderText(name, mod)
		}
	}
	m.Subject()
	m.BodyLines()
	m.RawBody()
	m.Full()
	m.URIs()
	m.HTML()
	m.URIDetails(&URIRules{})
}

// TestHuge takes what is far larger than any mail from people. None of it may take more than a moment.
func TestHuge(t *testing.T) {
	const size = 10 << 20
	multipart := "Content-Type: multipart/mixed; boundary=b\n\n"
	messages := map[string]string{
		"100,000 parts":                     multipart + strings.Repeat("--b\nContent-Type: text/html\n\n<p>x\n", 100_000),
		"100,000 parts, one in another":     strings.Repeat("Content-Type: multipart/mixed; boundary=b\n\n--b\n", 100_000),
		"100,000 messages, one in another":  strings.Repeat("Content-Type: message/rfc822\n\n", 100_000),
		"100,000 ends":                      multipart + strings.Repeat("--b\n\nx\n--b--\n", 100_000),
		"a line of 10 MB":                   "\n" + strings.Repeat("x", size),
		"a line of 10 MB in a part":         multipart + "--b\n\n" + strings.Repeat("x", size) + "\n--b--\n",
		"a line of 10 MB of links":          "\n" + strings.Repeat("http://a.example/b,", size/19),
		"a line of 10 MB of host names":     "\n" + strings.Repeat("a.example/", size/10),
		"10 MB of links":                    "\n" + strings.Repeat("http://a.example/ \n", size/19),
		"10 MB of tags":                     "Content-Type: text/html\n\n" + strings.Repeat("<a href=x>", size/10),
		"10 MB of NULs":                     strings.Repeat("\x00", size),
		"10 MB of NULs in a body":           "\n" + strings.Repeat("\x00\n", size/2),
		"10 MB of line ends":                strings.Repeat("\n", size),
		"10 MB of base64":                   "Content-Transfer-Encoding: base64\n\n" + strings.Repeat("QUFB\n", size/5),
		"10 MB of quoted-printable":         "Content-Transfer-Encoding: quoted-printable\n\n" + strings.Repeat("=41", size/3),
		"10 MB of header without any body":  strings.Repeat("A: b\n", size/5),
		"a field of 10 MB":                  "From: " + strings.Repeat("<a@b.example>,", size/14),
		"a field of 10 MB of lines":         "Subject: x" + strings.Repeat("\n x", size/3),
		"10 MB without a header":            strings.Repeat("no field\n", size/9),
		"nothing":                           "",
		"nothing but a line end":            "\r\n",
		"10 MB of 8-bit text in no charset": "Content-Type: text/plain; charset=nosuch\n\n" + strings.Repeat("\xe9\x81", size/2),
	}
	for name, text := range messages {
		t.Run(name, func(t *testing.T) {
			m, err := Parse(strings.NewReader(text), 0)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			deriveAll(m)
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}
