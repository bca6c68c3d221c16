package auth

import (
	"crypto/sha256"
	"testing"
)

func TestForms(t *testing.T) {
	for _, tt := range []struct {
		value        string
		header, body form
		ok           bool
	}{
		{"simple", simple, simple, true},
		{"relaxed", relaxed, simple, true},
		{"simple/relaxed", simple, relaxed, true},
		{"relaxed/relaxed", relaxed, relaxed, true},
		{"", 0, 0, false},
		{"relaxed/", relaxed, 0, false},
		{"Relaxed", 0, 0, false},
		{"nowsp", 0, 0, false},
	} {
		header, body, ok := parseForms(tt.value)
		if ok != tt.ok || ok && (header != tt.header || body != tt.body) {
			t.Errorf("%q: got %d, %d, %v", tt.value, header, body, ok)
		}
	}
}

func TestFieldForms(t *testing.T) {
	for _, tt := range []struct{ name, value, simple, relaxed string }{
		{"A", " X", "A: X", "a:X"}, // the example of RFC 6376, 3.4.5
		{"B ", " Y\t\n\tZ  ", "B : Y\t\r\n\tZ  ", "b:Y Z"},
		{"Subject", "", "Subject:", "subject:"},
		{"Subject", " \t\n ", "Subject: \t\r\n ", "subject:"},
		{"SubJect", "a\r\n  b", "SubJect:a\r\n  b", "subject:a b"},
		{"Subject", " lone\rCR", "Subject: lone\rCR", "subject:lone\rCR"},
		{"Subject", " a\n \n b\n", "Subject: a\r\n \r\n b\r\n", "subject:a b"},
		{"Subject", " Grüße\u00a0", "Subject: Grüße\u00a0", "subject:Grüße\u00a0"},
	} {
		if got := string(simple.appendField(nil, tt.name, tt.value)); got != tt.simple {
			t.Errorf("simple %q: got %q, want %q", tt.value, got, tt.simple)
		}
		if got := string(relaxed.appendField(nil, tt.name, tt.value)); got != tt.relaxed {
			t.Errorf("relaxed %q: got %q, want %q", tt.value, got, tt.relaxed)
		}
	}
}

func TestBodyForms(t *testing.T) {
	for _, tt := range []struct{ body, simple, relaxed string }{
		{"", "\r\n", ""}, // RFC 6376, 3.4.3 and 3.4.4
		{" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"}, // the example of RFC 6376, 3.4.5
		{"\r\n\r\n", "\r\n", ""},
		{"a", "a\r\n", "a\r\n"},
		{"a \t", "a \t\r\n", "a\r\n"},
		{" \t\r\n\r\n", " \t\r\n", ""},
		{"\r\n\r\na\r\n\r\nb", "\r\n\r\na\r\n\r\nb\r\n", "\r\n\r\na\r\n\r\nb\r\n"},
		{"a\rb \r\n", "a\rb \r\n", "a\rb\r\n"},
		{"\t\ta\t \tb\r\n", "\t\ta\t \tb\r\n", " a b\r\n"},
	} {
		for f, want := range []string{tt.simple, tt.relaxed} {
			h := newPrefixHash([]int64{0, int64(len(want))})
			form(f).writeBody(h, []byte(tt.body), false)
			all := sha256.Sum256([]byte(want))
			if [32]byte(h.hash.Sum(nil)) != all || h.written != int64(len(want)) || h.sums[h.written] != all || h.sums[0] != sha256.Sum256(nil) {
				t.Errorf("form %d of %q: not that of %q", f, tt.body, want)
			}
		}
	}
}

// What is sure of a body that was cut off is a beginning of the whole body's form.
func TestBodyFormsOfCut(t *testing.T) {
	const body = "a  b \r\n\r\n \t\r\nc\td \t e\r\n\r\n\r\n"
	for f := range forms {
		for cut := range len(body) {
			part := newPrefixHash(nil)
			f.writeBody(part, []byte(body[:cut]), true)
			whole := newPrefixHash([]int64{part.written})
			f.writeBody(whole, []byte(body), false)
			if got := [32]byte(part.hash.Sum(nil)); got != whole.sums[part.written] {
				t.Errorf("form %d cut at %d: no beginning of the whole", f, cut)
			}
		}
	}
}

func TestPrefixHash(t *testing.T) {
	h := newPrefixHash([]int64{7, 3, 10_000, 4_200})
	want := sha256.New()
	for range 500 {
		h.add([]byte("0123456789"))
		want.Write([]byte("0123456789"))
	}
	h.add(make([]byte, 2*hashBuffer)) // more than is gathered
	want.Write(make([]byte, 2*hashBuffer))
	h.flush()
	if [32]byte(h.hash.Sum(nil)) != [32]byte(want.Sum(nil)) || h.written != 5_000+2*hashBuffer {
		t.Error("not the hash of all")
	}
	if len(h.sums) != 4 || h.sums[3] != sha256.Sum256([]byte("012")) || h.sums[7] != sha256.Sum256([]byte("0123456")) {
		t.Errorf("not the hashes of the beginnings: %v", h.sums)
	}
}
