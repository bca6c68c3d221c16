package message

import "testing"

// TestCharsetAliases has the names that Perl finds an encoding for, and what the octet FC is in it.
func TestCharsetAliases(t *testing.T) {
	tests := []struct{ charset, want string }{
		{`3D"iso-8859-5`, "ќ"},
		{"x-iso-8859-2", "ü"},
		{"latin-2", "ü"},
		{"iso_8859-15", "ü"},
		{"iso885915", "ü"},
		{"windows1251", "ь"},
		{"ibm850", "³"},
		{"xkoi8r", ""},
		{"koi8_r", "Э"},
		{"win-1251", ""},
		{"x-unknown", ""},
		{"iso-8859-99", ""},
	}
	for _, tt := range tests {
		got := ""
		if enc := findEncoding(tt.charset); enc != nil {
			got = decodeAny(enc, []byte{0xfc})
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.charset, got, tt.want)
		}
	}
	if text := decodePart([]byte("&#224;"), `3D"iso-8859-1`); !text.wide {
		t.Error("what was decoded is octets")
	}
}

// TestNoJIS has what Perl makes of EUC-JP that is declared ISO-2022-JP.
func TestNoJIS(t *testing.T) {
	for text, want := range map[string]string{"\xbc\xa1 or not": "", "abc \xbc\xa1 def": "abc ", "\x1b$B$3\x1b(B x": "こ x"} {
		if got := decodeText([]byte(text), "ISO-2022-JP"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
