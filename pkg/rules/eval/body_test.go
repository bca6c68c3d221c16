package eval

import (
	"strings"
	"testing"
)

func TestAlternatives(t *testing.T) {
	const text, html = "Content-Type: text/plain\n\n", "Content-Type: text/html\n\n"
	runCalls(t, []callTest{
		{
			name:   "the same",
			text:   mail("multipart/alternative", text+"one two three *** two", html+"<p>one <b>two</b></p><p>three &bull; two</p>"),
			hits:   []string{"multipart_alternative_difference 0 0"},
			misses: []string{"multipart_alternative_difference 99 100", "multipart_alternative_difference_count 1 1"},
		},
		{
			name:   "half",
			text:   mail("multipart/alternative", text+"one two", html+"<p>one two two three"),
			hits:   []string{"multipart_alternative_difference 66 67", "multipart_alternative_difference 66 undef", "multipart_alternative_difference_count 0.6 2"},
			misses: []string{"multipart_alternative_difference 0 66", "multipart_alternative_difference_count 0.6 3", "multipart_alternative_difference_count 0.7 2"},
		},
		{
			name:   "a picture instead of words",
			text:   mail("multipart/alternative", text+"one two three four", html+"<p><img src=x>"),
			hits:   []string{"multipart_alternative_difference 99 100", "multipart_alternative_difference_count 3 0"},
			misses: []string{"multipart_alternative_difference_count 4 0", "multipart_alternative_difference_count 3 1"},
		},
		{
			name:   "nothing",
			text:   mail("multipart/alternative", text+"one two three four", html+"<p>"),
			misses: []string{"multipart_alternative_difference 99 100", "multipart_alternative_difference_count 0 0"},
		},
		{
			name:   "invitation",
			text:   mail("multipart/alternative", html+"<p>one two", "Content-Type: text/calendar\n\nBEGIN:VCALENDAR"),
			hits:   []string{"multipart_alternative_difference 0 0"},
			misses: []string{"multipart_alternative_difference 99 100"},
		},
		{
			name:   "no alternative",
			text:   mail("multipart/mixed", text+"one", html+"<p>two"),
			misses: []string{"multipart_alternative_difference 99 100"},
		},
	})
	badCalls(t, "multipart_alternative_difference 1", "multipart_alternative_difference_count 1")
}

func TestBody(t *testing.T) {
	runCalls(t, []callTest{
		{
			name:   "blank lines",
			text:   "Subject: s\n\na\n\n \nb\n",
			hits:   []string{"check_blank_line_ratio 49 50", "check_blank_line_ratio 0 50", "check_blank_line_ratio 49 50 4"},
			misses: []string{"check_blank_line_ratio 50 60", "check_blank_line_ratio 49 50 5"},
		},
		{
			name:   "no line",
			text:   "Subject: s\n\n",
			hits:   []string{"check_blank_line_ratio 0 100", "tvd_vertical_words -1 0", "check_body_length 0"},
			misses: []string{"check_blank_line_ratio 1 100", "tvd_vertical_words 0 100"},
		},
		{
			name:   "vertical words",
			text:   "Subject: s\n\nabcdefgh\n\na b cdef\n",
			hits:   []string{"tvd_vertical_words 50 51", "tvd_vertical_words 50 100"},
			misses: []string{"tvd_vertical_words 0 50", "tvd_vertical_words 51 100"},
		},
		{
			name:   "blanks for the most part",
			text:   "Content-Type: text/plain\nSubject: a b c d e f\n\nx\n",
			hits:   []string{"tvd_vertical_words 71 100"},
			misses: []string{"tvd_vertical_words 0 71"},
		},
		{
			name:   "length",
			text:   "Subject: s\n\n123456789\n",
			hits:   []string{"check_body_length 10"},
			misses: []string{"check_body_length 9"},
		},
		{
			name:   "signature",
			text:   "Subject: s\n\ntext\n-- \nold\ntext\n-- \nAnn\nTown\n",
			hits:   []string{"plaintext_body_length 18 18", "plaintext_sig_length 10 10", "plaintext_body_sig_ratio 1.8 1.8"},
			misses: []string{"plaintext_body_length 19", "plaintext_sig_length 0 9", "plaintext_body_sig_ratio 1.9"},
		},
		{
			name:   "ornament at the end",
			text:   "Subject: s\n\ntext\n--\nen\n",
			hits:   []string{"plaintext_body_length 11 11", "plaintext_sig_length 0 0", "plaintext_body_sig_ratio 1000000"},
			misses: nil,
		},
		{
			name:   "HTML has no signature",
			text:   "Content-Type: text/html\n\ntext\n-- \nAnn Town\n",
			misses: []string{"plaintext_body_length 0", "plaintext_sig_length 0", "plaintext_body_sig_ratio 0"},
		},
	})
	badCalls(t, "check_blank_line_ratio 1", "tvd_vertical_words 1", "check_body_length", "plaintext_sig_length", "check_stock_info")
}

func TestStockInfo(t *testing.T) {
	runCalls(t, []callTest{
		{
			name:   "labels",
			text:   "Subject: s\n\nTrade Date: Thursday\nCompany Name : X Corp\n  Symbol:XYZ\nCurrent Price: $1\nSymbol: ABC\nTarget:\n",
			hits:   []string{"check_stock_info 4", "check_stock_info 0"},
			misses: []string{"check_stock_info 5"},
		},
		{
			name:   "not labels",
			text:   "Subject: s\n\nThe Symbol is: XYZ\nhttp://example.org/\nhas a target\nx\n:Symbol: x\nRating:\n",
			hits:   nil,
			misses: []string{"check_stock_info 1"},
		},
		{
			name:   "colon in the next line, and spelled with tricks",
			text:   "Subject: s\n\nS.t.o.c.k\n:\nXYZ and more\nS-y-m-b-o-l: A\n" + strings.Repeat("x", 31) + "rating: A\n",
			hits:   []string{"check_stock_info 2"},
			misses: []string{"check_stock_info 3"},
		},
	})
}

func TestEachLabelIsLinear(t *testing.T) {
	for _, unit := range []string{"a\n\n", "abc \n", "abc:\n", "\n", ":", " ", "abcdefghijklmnopqrstuvwxyz \n \n"} {
		eachLabel(strings.Repeat(unit, 400_000), func(string) {})
	}
}
