package eval

import (
	"strings"
	"testing"
)

// BenchmarkStock calls the functions of parts, bodies and images that stock rules call, on a letter of text and HTML with a
// picture. What they share is counted anew each time.
func BenchmarkStock(b *testing.B) {
	words := strings.Repeat("Dear customer, this is a line of the letter, as long as such lines are.\n", 20)
	f := factsOf(b, mail("multipart/alternative", "Content-Type: text/plain; charset=utf-8\n\n"+words,
		"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n<p style=3D\"color: #333\">"+strings.ReplaceAll(words, "\n", "<br>\n"),
		attached("image/png", "a.png", append(png(10, 20), make([]byte, 4000)...))), "enlist_uri_host (A) example.org")
	var checks []Check
	for _, line := range []string{
		"check_for_mime mime_qp_count", "check_for_mime mime_base64_count", "check_for_mime_html", "check_for_mime_html_only", "check_mime_multipart_ratio 0 0.01",
		"check_msg_parse_flags missing_mime_headers", "check_for_ascii_text_illegal", "check_abundant_unicode_ratio 0.02", "check_for_faraway_charset",
		"check_for_uppercase 25 50", "check_ma_non_text", "check_base64_length 79", "multipart_alternative_difference 99 100", "multipart_alternative_difference_count 3 1",
		"check_blank_line_ratio 80 90 4", "tvd_vertical_words 0 10", "check_stock_info 2", "check_body_length 1024", "image_count all 1 1", "image_to_text_ratio all 0 0.015",
		"pixel_coverage png 180000 475000", "check_uri_host_listed A",
	} {
		words := strings.Fields(line)
		check, err := allPlugins().Function(words[0]).Bind(words[1:], f.Settings)
		if err != nil {
			b.Fatal(err)
		}
		checks = append(checks, check)
	}
	f.Message.BodyLines()
	f.Message.RawBody()
	f.uris()
	b.ReportAllocs()
	for b.Loop() {
		fresh := NewFacts(f.Message, f.Settings, f.machine)
		for _, check := range checks {
			check(fresh)
		}
	}
}

func BenchmarkPDF(b *testing.B) {
	data := []byte(letter + strings.Repeat("stream\n"+strings.Repeat("\x01\x02/\x03 binary \xff", 400)+"\nendstream\n", 100))
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		p := &pdfs{details: map[string][]string{}}
		p.add(data, "a.pdf")
	}
}
