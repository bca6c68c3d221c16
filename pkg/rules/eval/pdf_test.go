package eval

import (
	"strings"
	"testing"
)

// letter is a PDF as an old printer driver writes it.
const letter = "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type/XObject/Subtype/Image\n/Length 9/Width 630/Height 149\n>>\nstream\n\x00\x01binary\n/Author(not here\nendstream\nendobj\n" +
	"2 0 obj\n/Image\n210 0 0 100 0 0 cm\n<</Producer(GPL Ghostscript 8.15)\n/CreationDate(D:20070703144220)\n/ModDate (D:20070704)\n" +
	"/Title(Micro\\(soft\\) \\101\\\\ end) Tj /Creator<FEFF00570072 0069>\n/Author()\n/Encrypt 5 0 R\n%%EOF\n"

func TestPDF(t *testing.T) {
	runCalls(t, []callTest{
		{
			name: "letter",
			text: mail("multipart/mixed", "Content-Type: text/plain\n\n0123456789", attached("application/pdf", "Invoice.pdf", []byte(letter))),
			hits: []string{
				"pdf_count 1 1", "pdf_image_count 2 2", "pdf_pixel_coverage 114870 114870", "pdf_image_size_exact 149 630", "pdf_image_size_exact 100 210",
				"pdf_image_size_exact 249 840", "pdf_image_size_range 200 800 300 900", "pdf_named Invoice.pdf", "pdf_name_regex /^invoice/i", "pdf_name_regex ^Inv",
				"pdf_name_regex m{PDF}i", "pdf_match_details producer /^gpl.ghost/i", "pdf_match_details created /^20070703144220$/", "pdf_match_details modified /^20070704$/",
				`pdf_match_details title /^Micro\(soft\).A\\.end$/`, "pdf_match_details creator /^Wri$/", "pdf_match_details author /^$/", "pdf_is_encrypted",
				"pdf_is_empty_body 11", "pdf_image_to_text_ratio 0 0.001",
				"pdf_match_md5 e82d09c6eefbb82fb700b55e6edeed15", "pdf_match_fuzzy_md5 9f11d028ef3fc089522ad80dabe53fe5", "pdf_match_fuzzy_md5 DE0685B2E056DFEB3776304E95FB275B",
			},
			misses: []string{
				"pdf_count 2", "pdf_image_count 3", "pdf_pixel_coverage 1 114869", "pdf_image_size_exact 630 149", "pdf_image_size_range 250 1", "pdf_named invoice.pdf",
				"pdf_name_regex /^invoice/", "pdf_match_details author /./", "pdf_match_md5 00", "pdf_match_fuzzy_md5 00", "pdf_is_empty_body", "pdf_is_empty_body 10",
			},
		},
		{
			name:   "by its name",
			text:   mail("multipart/mixed", attached("application/octet-stream", "x.FDF", []byte("\xef\xbb\xbfjunk %PDF-1.7\n"))),
			hits:   []string{"pdf_count 1", "pdf_named x.FDF", "pdf_is_empty_body", "pdf_image_count 0 0"},
			misses: []string{"pdf_pixel_coverage 0", "pdf_image_to_text_ratio 0 1", "pdf_is_encrypted", "pdf_image_size_range 0 0"},
		},
		{
			name:   "no PDF",
			text:   mail("multipart/mixed", attached("application/pdf", "x.pdf", []byte(strings.Repeat("x", 1025)+"%PDF-1.4\n/Encrypt\n"))),
			hits:   []string{"pdf_count 1"},
			misses: []string{"pdf_named x.pdf", "pdf_is_encrypted"},
		},
		{
			name:   "another type",
			text:   mail("multipart/mixed", attached("application/octet-stream", "x.dat", []byte(letter)), attached("application/x-pdf", "y.pdf", []byte(letter))),
			hits:   []string{"pdf_count 0 0"},
			misses: []string{"pdf_count 1", "pdf_is_empty_body 1000"},
		},
	})
	badCalls(t, "pdf_count", "pdf_named", "pdf_name_regex", "pdf_name_regex /(/", "pdf_name_regex /a/Q", "pdf_name_regex /a", "pdf_image_to_text_ratio 1", "pdf_match_md5", "pdf_match_fuzzy_md5",
		"pdf_match_details author", "pdf_match_details autor /x/", "pdf_image_size_exact 1", "pdf_image_size_range 1")
}

func TestPDFText(t *testing.T) {
	tests := []struct{ line, want string }{
		{`/Author(a)`, "a"},
		{`/Author  (a\)b)`, "a)b"},
		{`/Author   (a)`, ""},
		{`/Author /Author(b)`, "b"},
		{`/Author(open /Author<62>`, "b"},
		{`/Author<6 1 62`, ""},
		{`/Author<6 1 62>`, "b"},
		{`/Author(\376\377\000A\000b)`, "Ab"},
		{`/Author(\\101)`, `\101`},
		{`/Author(\401)`, `\401`},
		{`/Author(` + strings.Repeat("x", 300) + `)`, strings.Repeat("x", maxPDFDetail)},
	}
	for _, tt := range tests {
		if got, _ := pdfValue([]byte(tt.line), "/Author"); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.line, got, tt.want)
		}
	}
}

func FuzzPDF(f *testing.F) {
	f.Add([]byte(letter))
	f.Add([]byte("%PDF-1.4\n\r\n /Image\n\r\n1\n/Author(\\"))
	f.Add([]byte("%PDF-1.4\n/Width 1/Height 2 /Image\n/Title<FE"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := &pdfs{details: map[string][]string{}}
		p.add(data, "x")
		for kind, values := range p.details {
			for _, value := range values {
				if len(value) > maxPDFDetail {
					t.Errorf("%s is %d octets", kind, len(value))
				}
			}
		}
	})
}

// A line that a hostile PDF makes long takes time in proportion.
func TestPDFIsLinear(t *testing.T) {
	for _, unit := range []string{"/Author(", "/Author<", "/Title(\\)", "/CreationDate(D:", "1 ", "/Width 1 ", "\n\n/", "/Image\n"} {
		p := &pdfs{details: map[string][]string{}}
		p.add([]byte("%PDF-1.4\n/Image\n"+strings.Repeat(unit, 2_000_000/len(unit))), "x")
	}
}

func TestPDFLink(t *testing.T) {
	tests := []struct{ line, want string }{
		{`<</S/URI/URI(http://example.org/a)>>`, "http://example.org/a"},
		{`/Type/Action/S /URI /URI (http://example.org/\(a\))`, "http://example.org/(a)"},
		{` /URI (http://example.org/)`, "http://example.org/"},
		{`x /URI (http://example.org/)`, ""},
		{`/S/URI/URI<687474703a2f2f612e62>`, ""},
		{`/S/URI/URI(open /URI`, ""},
		{`/URI(nothing) (https://example.org/long)>>`, "nothing"},
		{`x (https://example.org/long)>>)>>`, "https://example.org/long)>>"},
		{`x (https://short)>>`, ""},
		{`x (https://example.org/` + strings.Repeat("x", 300) + `)>>`, ""},
		{`x (http (https://example.org/)>>`, "https://example.org/"},
	}
	for _, tt := range tests {
		if got, _ := pdfLink([]byte(tt.line)); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.line, got, tt.want)
		}
	}
	p := &pdfs{details: map[string][]string{}}
	p.add([]byte("%PDF-1.4\n"+strings.Repeat("/URI(a.b)\n/URI(b)\n/URI(c\\000.d)\n", 9)+"/URI(b.c)\n"), "x")
	if got := strings.Join(p.links, " "); got != "a.b b.c" {
		t.Errorf("got %s", got)
	}
}
