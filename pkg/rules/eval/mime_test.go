package eval

import (
	"strings"
	"testing"
)

func TestMIME(t *testing.T) {
	long := strings.Repeat("x", 79)
	runCalls(t, []callTest{
		{
			name:   "plain",
			text:   "Subject: s\n\nplain text\n",
			hits:   []string{"check_for_mime mime_body_text_count", "check_for_mime mime_multipart_ratio", "check_mime_multipart_ratio 1 2"},
			misses: []string{"check_for_mime mime_body_html_count", "check_for_mime_html", "check_for_mime mime_qp_count", "check_for_mime mime_base64_count", "check_for_ascii_text_illegal", "check_for_mime mime_attachment", "check_mime_multipart_ratio 0 1"},
		},
		{
			name:   "HTML alone",
			text:   "Content-Type: TEXT/HTML\n\n<b>x</b>\n",
			hits:   []string{"check_for_mime_html", "check_for_mime_html_only", "check_for_mime mime_body_html_count"},
			misses: []string{"check_for_mime mime_body_text_count"},
		},
		{
			name:   "HTML as only part",
			text:   mail("multipart/mixed", "Content-Type: text/html\n\n<b>x</b>"),
			hits:   []string{"check_for_mime_html", "check_for_mime_html_only"},
			misses: []string{"check_for_mime mime_multipart_alternative"},
		},
		{
			name:   "alternative",
			text:   mail("multipart/alternative", "Content-Type: text/plain\n\n123456789", "Content-Type: text/html\n\n<b>"+strings.Repeat("x", 92)+"</b>"),
			hits:   []string{"check_for_mime mime_multipart_alternative", "check_mime_multipart_ratio 0.09 0.1", "check_for_mime_html"},
			misses: []string{"check_for_mime_html_only", "check_mime_multipart_ratio 0.1 1", "check_ma_non_text"},
		},
		{
			name:   "text that is attached does not count",
			text:   mail("multipart/alternative", "Content-Type: text/html\n\n<b>x</b>", "Content-Disposition: attachment\n\nxxxx"),
			hits:   []string{"check_mime_multipart_ratio 1 1.1", "check_for_mime mime_attachment"},
			misses: []string{"check_for_mime_html_only"},
		},
		{
			name:   "picture as alternative",
			text:   mail("multipart/alternative", "Content-Type: text/plain\n\nx", "Content-Type: image/gif\n\nx"),
			hits:   []string{"check_ma_non_text"},
			misses: nil,
		},
		{
			name:   "RTF as alternative",
			text:   mail("multipart/alternative", "Content-Type: text/plain\n\nx", "Content-Type: application/rtf\n\nx"),
			misses: []string{"check_ma_non_text"},
		},
		{
			name: "quoted-printable",
			text: "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: Quoted-Printable\n\n=41=42=43=20=C3=BC=3D=20\n" + long[:78] + "\n",
			hits: []string{"check_for_mime mime_qp_count", "check_for_mime mime_qp_ratio", "check_qp_ratio 0.03", "check_for_mime mime_qp_bytes"},
			// four of 104 octets: the blank at the end has to be quoted
			misses: []string{"check_qp_ratio 0.04", "check_for_mime mime_qp_long_line"},
		},
		{
			name:   "quoted-printable in vain",
			text:   "Content-Transfer-Encoding: quoted-printable\n\nplain\n" + long + "\n",
			hits:   []string{"check_for_mime mime_qp_long_line"},
			misses: []string{"check_for_mime mime_qp_count", "check_qp_ratio 0.001"},
		},
		{
			name:   "base64",
			text:   "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\naGVsbG8gd29ybGQ=\naGVsbG8=\n",
			hits:   []string{"check_for_mime mime_base64_count", "check_for_mime mime_base64_encoded_text", "check_base64_length 17", "check_base64_length 17 17"},
			misses: []string{"check_base64_length 18", "check_base64_length 1 16"},
		},
		{
			name:   "base64 of a charset",
			text:   "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\naGVsbG8gd29ybGQ=\n",
			hits:   []string{"check_for_mime mime_base64_count"},
			misses: []string{"check_for_mime mime_base64_encoded_text"},
		},
		{
			name:   "calendar in base64",
			text:   "Content-Type: application/ics\nContent-Transfer-Encoding: base64\n\naGVsbG8gd29ybGQ=\n",
			hits:   []string{"check_base64_length 0"},
			misses: []string{"check_base64_length 1"},
		},
		{
			name:   "not ASCII",
			text:   "Content-Type: text/plain; charset=us-ascii\n\nb\xfccher\n",
			hits:   []string{"check_for_ascii_text_illegal", "check_for_mime mime_ascii_text_illegal"},
			misses: nil,
		},
		{
			name:   "not ASCII, and not said so",
			text:   "Content-Type: text/plain; charset=iso-8859-1\n\nb\xfccher\n",
			misses: []string{"check_for_ascii_text_illegal", "check_for_mime mime_bad_iso_charset"},
		},
		{
			name:   "references",
			text:   "Content-Type: text/plain\n\n&#x0442;&#x0435; of &#x44f; and so on, 40 octets\n",
			hits:   []string{"check_abundant_unicode_ratio 0.05", "check_for_mime mime_text_unicode_ratio"},
			misses: []string{"check_abundant_unicode_ratio 0.07"},
		},
		{
			name:   "references in quoted-printable",
			text:   "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n&#x0442;&#x0435;\n",
			misses: []string{"check_for_mime mime_text_unicode_ratio"},
		},
		{
			name:     "charsets",
			text:     mail("multipart/mixed", "Content-Type: text/plain; charset=iso-1234-5\n\nx", "Content-Type: text/plain; charset=\"KOI8-R\"\n\nx"),
			settings: []string{"ok_locales en"},
			hits:     []string{"check_for_mime mime_bad_iso_charset", "check_for_mime mime_faraway_charset", "check_for_mime mime_html_charsets"},
			misses:   []string{"check_for_faraway_charset"},
		},
		{
			name:     "charset from afar",
			text:     "Content-Type: text/plain; charset=koi8-r\n\n\xf0\xf2\xe9\xf7\xe5\xf4\xf0\xf2\xe9\xf7\xe5\xf4 \xf0\xf2\xe9\xf7\xe5\xf4\n",
			settings: []string{"ok_locales en ja"},
			hits:     []string{"check_for_faraway_charset", "check_for_mime mime_faraway_charset"},
		},
		{
			name:     "charset that is near",
			text:     "Content-Type: text/plain; charset=koi8-r\n\n\xf0\xf2\xe9\xf7\xe5\xf4\xf0\xf2\xe9\xf7\xe5\xf4 \xf0\xf2\xe9\xf7\xe5\xf4\n",
			settings: []string{"ok_locales en ru"},
			misses:   []string{"check_for_faraway_charset", "check_for_mime mime_faraway_charset"},
		},
	})
	badCalls(t, "check_for_mime", "check_for_mime mime_qp_cuont", "check_mime_multipart_ratio 1", "check_abundant_unicode_ratio 1", "check_base64_length", "check_for_uppercase 1")
}

func TestUppercase(t *testing.T) {
	runCalls(t, []callTest{
		{
			name:   "half",
			text:   "Subject: s\n\n" + strings.Repeat("ABCD efgh 1!\n", 30),
			hits:   []string{"check_for_uppercase 40 50"},
			misses: []string{"check_for_uppercase 50 100", "check_for_uppercase 0 40"},
		},
		{
			name:   "too short",
			text:   "Subject: s\n\n" + strings.Repeat("ABCD EFGH\n", 10),
			misses: []string{"check_for_uppercase 0 100"},
		},
		{
			name:   "no blanks",
			text:   "Subject: s\n\n" + strings.Repeat("ABCDEFGH\n\n", 50),
			misses: []string{"check_for_uppercase 0 100"},
		},
		{
			name:   "a charset that looks so",
			text:   "Content-Type: text/plain; charset=iso-2022-jp\n\n" + strings.Repeat("ABCD EFGH\n", 50),
			misses: []string{"check_for_uppercase 0 100"},
		},
		{
			name:   "base64 that is left",
			text:   "Subject: s\n\n" + strings.Repeat("QUJDREVG", 8) + "\n" + strings.Repeat("QUJDREVG", 8) + "\n" + strings.Repeat("QUJDREVG", 8) + "\n\n" + strings.Repeat("abcd EFGH ", 30) + "\n",
			hits:   []string{"check_for_uppercase 49 50"},
			misses: []string{"check_for_uppercase 50 100"},
		},
	})
}

func TestAllowCharset(t *testing.T) {
	tests := []struct {
		ok, charset string
		want        bool
	}{
		{"all", "koi8-r", true},
		{"en all", "koi8-r", true},
		{"en", "koi8-r", false},
		{"ru", "koi8-r", true},
		{"ru_RU.UTF-8", "KOI8_R", true},
		{"en", "utf-8", true},
		{"en", "ISO-8859-5", true},
		{"en", "3Dus-ascii", true},
		{"en", "windows-1251", true},
		{"en", "x-unknown", true},
		{"en", "gb2312", false},
		{"zh", "GB2312", true},
		{"ja ko", "euc-kr", true},
		{"ja", "euc-kr", false},
		{"en", "", false},
	}
	for _, tt := range tests {
		s := settingsOf(t, "ok_locales "+tt.ok)
		if got := s.locales.allow(tt.charset); got != tt.want {
			t.Errorf("ok_locales %s, %s: got %v, want %v", tt.ok, tt.charset, got, tt.want)
		}
	}
}

func TestParseFlagsOfRules(t *testing.T) {
	runCalls(t, []callTest{
		{
			name: "sound",
			text: mail("multipart/mixed", "Content-Type: text/plain\n\nx"),
			misses: []string{"check_msg_parse_flags missing_head_body_separator", "check_msg_parse_flags missing_mime_head_body_separator", "check_msg_parse_flags missing_mime_headers",
				"check_msg_parse_flags mime_epilogue_exists", "check_msg_parse_flags truncated_header", "check_for_mime mime_missing_boundary"},
		},
		{
			name: "broken",
			text: mail("multipart/mixed", "x") + "more\n",
			hits: []string{"check_msg_parse_flags missing_mime_headers", "check_msg_parse_flags missing_mime_head_body_separator", "check_msg_parse_flags mime_epilogue_exists"},
		},
		{
			name: "no end",
			text: strings.TrimSuffix(mail("multipart/mixed", "Content-Type: text/plain\n\nx"), "--b--\n"),
			hits: []string{"check_for_mime mime_missing_boundary"},
		},
		{name: "header only", text: "Subject: s\n", hits: []string{"check_msg_parse_flags missing_head_body_separator"}},
		{name: "long field", text: "Subject: " + strings.Repeat("x", 9000) + "\n\nx\n", hits: []string{"check_msg_parse_flags truncated_header"}},
	})
	badCalls(t, "check_msg_parse_flags", "check_msg_parse_flags missing_mime_header")
}
