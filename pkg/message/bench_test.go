package message

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// typicalMultipart is a message of about 10 KB: text and HTML of the same letter.
func typicalMultipart() (Header, []byte) {
	var text, html strings.Builder
	for i := range 30 {
		fmt.Fprintf(&text, "Dear customer, this is paragraph %d of the letter, and it is as long as such paragraphs are. More at https://www.example.org/p/%d.\r\n\r\n", i, i)
		fmt.Fprintf(&html, "<p style=3D\"color: #333\">Dear customer, this is <b>paragraph %d</b> of the letter, as long as such para=\r\ngraphs are. <a href=3D\"https://www.example.org/p/%d?a=3D1&amp;b=3D2\">More</a></p>\r\n", i, i)
	}
	header := Header{
		{"From", " =?utf-8?q?Ann_S=C3=B8nder?= <ann@example.org>"}, {"To", " bob@example.net"}, {"Subject", " =?utf-8?q?Your_invoice_for_=C3=BCber?="},
		{"Content-Type", " multipart/alternative;\n\tboundary=\"=_boundary\""},
	}
	body := "--=_boundary\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text.String() +
		"--=_boundary\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<html><body>" + html.String() + "</body></html>\r\n--=_boundary--\r\n"
	return header, []byte(body)
}

// newsletter is a message of about 50 KB of HTML: nested tables, styles, many links and images.
func newsletter() (Header, []byte) {
	var html strings.Builder
	html.WriteString("<html><head><title>News</title><style>td { color: #333 }</style></head><body bgcolor=\"#ffffff\"><table>")
	for i := range 90 {
		fmt.Fprintf(&html, "<tr><td style=\"font-family: Arial, sans-serif; font-size: 14px; color: #333333; padding: 0 10px\" align=\"left\" valign=\"top\"><table width=\"100%%\"><tr><td bgcolor=\"#f0f0f0\">"+
			"<a href=\"https://click.example.org/track/%d?u=abcdef&amp;x=%d\" style=\"text-decoration: none; color: #0066cc\"><img src=\"https://img.example.net/%d.png\" width=\"100\" height=\"80\" alt=\"\"></a></td>"+
			"<td><p>Some text about article %d &ndash; it is n&eacute;w, and costs only &pound;%d at example.com.</p></td></tr></table></td></tr>\r\n", i, i, i, i, i)
	}
	html.WriteString("</table></body></html>\r\n")
	return Header{{"Subject", "News"}, {"Content-Type", " text/html; charset=utf-8"}}, []byte(html.String())
}

func benchmarkAll(b *testing.B, header Header, body []byte) {
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		m := &Message{Header: header, Body: body}
		if len(m.BodyLines()) < 2 || len(m.RawBody()) == 0 || len(m.URIs()) == 0 {
			b.Fatal("nothing found")
		}
	}
}

func BenchmarkMultipart10KB(b *testing.B) {
	header, body := typicalMultipart()
	benchmarkAll(b, header, body)
}

func BenchmarkHTML50KB(b *testing.B) {
	header, body := newsletter()
	benchmarkAll(b, header, body)
}

func BenchmarkParts(b *testing.B) {
	header, body := typicalMultipart()
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		m := &Message{Header: header, Body: body}
		if len(m.Parts()) != 2 {
			b.Fatal("not two parts")
		}
	}
}

func BenchmarkScanText(b *testing.B) {
	text := strings.Repeat("Some words of text. More, at www.example.org or by mail to ann@example.org; see example.com, too.\n", 100)
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		found := 0
		scanText(text, func(string, URIKind) bool { found++; return true })
		if found != 300 {
			b.Fatal(found)
		}
	}
}

func BenchmarkHeaderText(b *testing.B) {
	header, body := typicalMultipart()
	b.ReportAllocs()
	for b.Loop() {
		m := &Message{Header: header, Body: body}
		for _, name := range []string{"From", "To", "Subject", "X-Mailer"} {
			m.HeaderText(name, HeaderDecoded)
			m.HeaderText(name, HeaderAddr)
		}
	}
}

// corpusSample returns up to so many messages of the corpus, which is not part of the project; it skips where it is not.
func corpusSample(b *testing.B, count int) [][]byte {
	b.Helper()
	root := filepath.Join("..", "..", "..", "shared", "corpus")
	if named := os.Getenv("WINNOW_CORPUS"); named != "" {
		root = named
	}
	var files []string
	filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			files = append(files, path)
		}
		return nil
	})
	if len(files) < count {
		b.Skip("no corpus")
	}
	var messages [][]byte
	for i := 0; i < len(files); i += len(files) / count {
		text, err := os.ReadFile(files[i])
		if err != nil {
			b.Fatal(err)
		}
		messages = append(messages, text)
	}
	return messages
}

// BenchmarkCorpus derives from messages of the corpus all that rules look at; each iteration is one message.
func BenchmarkCorpus(b *testing.B) {
	messages := corpusSample(b, 500)
	rules := &URIRules{}
	layers := []struct {
		name   string
		derive func(*Message)
	}{
		{"parse", func(*Message) {}},
		{"mime", func(m *Message) { m.Parts() }},
		{"rawbody", func(m *Message) { m.RawBody() }},
		{"body", func(m *Message) { m.BodyLines() }},
		{"uris", func(m *Message) { m.URIDetails(rules) }},
		{"list uris", func(m *Message) { m.URIs() }},
		{"all", func(m *Message) {
			m.RawBody()
			m.Full()
			m.URIDetails(rules)
			for _, name := range []string{"ALL", "From", "To", "Subject", "Received", "Message-Id", "ToCc"} {
				m.HeaderText(name, HeaderDecoded)
			}
			m.HeaderText("From", HeaderAddr)
			m.HeaderText("From", HeaderName)
		}},
	}
	for _, layer := range layers {
		b.Run(layer.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				m, err := Parse(bytes.NewReader(messages[i%len(messages)]), 0)
				if err != nil {
					b.Fatal(err)
				}
				layer.derive(m)
			}
		})
	}
}
