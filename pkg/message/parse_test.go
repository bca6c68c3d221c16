package message

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name   string
		text   string
		limit  int64
		header Header
		body   string
		size   int64
		sender string
	}{
		{"LF", "A: 1\nB:2\n\nbody\n", 0, Header{{"A", " 1"}, {"B", "2"}}, "body\r\n", 19, ""},
		{"CRLF", "A: 1\r\nB:2\r\n\r\nbody\r\n", 0, Header{{"A", " 1"}, {"B", "2"}}, "body\r\n", 19, ""},
		{"folds", "A: 1\r\n\t2\r\n 3\n\n", 0, Header{{"A", " 1\n\t2\n 3"}}, "", 16, ""},
		{"a mbox separator", "From a@example.org Wed Dec 14\nA: 1\n\nFrom here\n", 0, Header{{"A", " 1"}}, "From here\r\n", 19, ""},
		{"a From field with a blank", "From : a@example.org\n\n", 0, Header{{"From", " a@example.org"}}, "", 24, ""},
		{"limit", "A: 1\n\n0123456789", 4, Header{{"A", " 1"}}, "0123", 18, ""},
		{"limit between CR and LF", "A: 1\n\nabc\ndef\n", 4, Header{{"A", " 1"}}, "abc\r", 18, ""},
		{"no body", "A: 1\n", 0, Header{{"A", " 1"}}, "", 6, ""},
		{"no header", "\nbody", 0, nil, "body", 6, ""},
		{"nothing", "", 0, nil, "", 0, ""},
		{"only the separator", "From a@example.org", 0, nil, "", 0, ""},
		{"a line that is no field", "A: 1\nno field\nB: 2\n\nbody", 0, Header{{"A", " 1"}, {"B", " 2"}}, "body", 28, ""},
		{"no empty line", "A: 1\none\ntwo\nthree\nfour\nB: 2\n", 0, Header{{"A", " 1"}}, "one\r\ntwo\r\nthree\r\nfour\r\nB: 2\r\n", 35, ""},
		{"boundary in place of the empty line", "A: 1\n--b\nB: 2\n", 0, Header{{"A", " 1"}}, "--b\r\nB: 2\r\n", 17, ""},
		{"control characters in a name", "A\x01: 1\nB: 2\n\n", 0, Header{{"A\x01", " 1"}, {"B", " 2"}}, "", 15, ""},
		{"lone CR", "A: 1\r2\n\nx\ry\n", 0, Header{{"A", " 1\r2"}}, "x\ry\r\n", 15, ""},
		{"Return-Path on top", "Return-Path: <b@example.org>\nReceived: x\n\n", 0, Header{{"Return-Path", " <b@example.org>"}, {"Received", " x"}}, "", 45, "b@example.org"},
		{"Return-Path of an older transaction", "Received: x\nReturn-Path: <b@example.org>\n\n", 0, Header{{"Received", " x"}, {"Return-Path", " <b@example.org>"}}, "", 45, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Parse(iotest.OneByteReader(strings.NewReader(tt.text)), tt.limit)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.header, m.Header); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			if got := string(m.Body); got != tt.body {
				t.Errorf("body: got %q, want %q", got, tt.body)
			}
			if cut := tt.limit > 0; m.BodyCut != cut || m.HeaderCut {
				t.Errorf("cut: got header %v, body %v, want body %v", m.HeaderCut, m.BodyCut, cut)
			}
			if m.Size != tt.size {
				t.Errorf("size: got %d, want %d", m.Size, tt.size)
			}
			if m.Sender != tt.sender {
				t.Errorf("sender: got %q, want %q", m.Sender, tt.sender)
			}
		})
	}
}

func TestParseReadError(t *testing.T) {
	broken := errors.New("broken")
	if _, err := Parse(io.MultiReader(strings.NewReader("A: 1\n"), iotest.ErrReader(broken)), 0); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

func TestFull(t *testing.T) {
	tests := []struct{ name, text, full, raw string }{
		{"CRLF", "Subject: a\r\n b\r\nX:\r\n\r\nline\r\nlast", "Subject: a\r\n b\r\nX:\r\n\r\nline\r\nlast", "Subject: a\r\n b\r\nX:\r\n\r\n"},
		{"lone LF in a header with CRLF", "A: 1\r\n\t2\nB: 3\r\n\r\nx\ny\r\n", "A: 1\r\n\t2\r\nB: 3\r\n\r\nx\ny\r\n", "A: 1\r\n\t2\r\nB: 3\r\n\r\n"},
		{"LF", "A: 1\n 2\n\nx\n", "A: 1\n 2\n\nx\n", "A: 1\n 2\n"},
		{"a blank on top", " x\nA: 1\n\n", " x\nA: 1\n\n", "A: 1\n"},
		{"separator", "From x\nA: 1\n\nb", "A: 1\n\nb", "A: 1\n"},
	}
	for _, tt := range tests {
		m, err := Parse(strings.NewReader(tt.text), 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(m.Full()); got != tt.full {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.full)
		}
		if got, _ := m.HeaderText("ALL", HeaderRaw); got != tt.raw {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.raw)
		}
	}
}

func TestParseFlags(t *testing.T) {
	const multipart = "Content-Type: multipart/mixed; boundary=b\n\n"
	tests := []struct {
		name, text string
		want       ParseFlags
	}{
		{"sound", multipart + "--b\nA: 1\n\none\n--b--\n", ParseFlags{}},
		{"no empty line", "A: 1\n", ParseFlags{NoSeparator: true}},
		{"boundary in place of the empty line", "A: 1\n--b\n", ParseFlags{NoSeparator: true}},
		{"too many lines that are no field", "A: 1\nno\nno\nno\nno\n\nx\n", ParseFlags{NoSeparator: true}},
		{"long value", "A: " + strings.Repeat("x", MaxFieldValue-1) + "\n\n", ParseFlags{TruncatedHeader: true}},
		{"long name", strings.Repeat("x", MaxFieldName+1) + ": 1\n\n", ParseFlags{TruncatedHeader: true}},
		{"long header", strings.Repeat("A: "+strings.Repeat("x", 8000)+"\n", 9) + "\n", ParseFlags{TruncatedHeader: true}},
		{"no end", multipart + "--b\nA: 1\n\none\n", ParseFlags{UnclosedBoundary: true}},
		{"end without begin", multipart + "\none\n--b--\n", ParseFlags{UnclosedBoundary: true}},
		{"no empty line in a part", multipart + "--b\nA: 1\none\n--b--\n", ParseFlags{NoPartSeparator: true}},
		{"no header in a part", multipart + "--b\none\n--b--\n", ParseFlags{NoPartSeparator: true, NoPartHeader: true}},
		{"no header in the next part", multipart + "--b\nA: 1\n\none\n--b\n\ntwo\n--b--\n", ParseFlags{NoPartHeader: true}},
		{"epilogue", multipart + "--b\nA: 1\n\none\n--b--\n..\nx\n", ParseFlags{Epilogue: true}},
		{"no epilogue", multipart + "--b\nA: 1\n\none\n--b--\n.\n \n", ParseFlags{}},
		{"of an attached message", "Content-Type: message/rfc822\n\n" + multipart + "--b\nA: 1\n\none\n--b--\nx\n", ParseFlags{Epilogue: true}},
		{"many parts", multipart + strings.Repeat("--b\nA: 1\n\none\n", MaxParts+1), ParseFlags{TooManyParts: true, UnclosedBoundary: true}},
	}
	for _, tt := range tests {
		m, err := Parse(strings.NewReader(tt.text), 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.ParseFlags(); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
