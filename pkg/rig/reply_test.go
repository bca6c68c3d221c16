package rig

import (
	"bufio"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var replies = []struct {
	in   string
	want Reply
	text string // as String writes it
	ok   bool   // it is one
}{
	{"250 2.1.0 Ok\r\n", Reply{250, "2.1.0", "Ok"}, "250 2.1.0 Ok", true},
	{"220 mx.our.example ESMTP\r\n", Reply{220, "", "mx.our.example ESMTP"}, "220 mx.our.example ESMTP", true},
	{"250\r\n", Reply{250, "", ""}, "250", true},
	{"250 \r\n", Reply{250, "", ""}, "250", true},
	{"250 2.0.0\r\n", Reply{250, "2.0.0", ""}, "250 2.0.0", true},
	{"550-5.7.1 One\r\n550 5.7.1 Two\r\n", Reply{550, "5.7.1", "One\nTwo"}, "550 5.7.1 One Two", true},
	{"250-mx\r\n250-SIZE 10\r\n250 CHUNKING\r\n", Reply{250, "", "mx\nSIZE 10\nCHUNKING"}, "250 mx SIZE 10 CHUNKING", true},
	{"250 2.1.0.1 no code\r\n", Reply{250, "", "2.1.0.1 no code"}, "250 2.1.0.1 no code", true},
	{"250 Ok\n", Reply{250, "", "Ok"}, "250 Ok", true},
	{in: "250-One\r\n550 Two\r\n"},
	{in: "250-One\r\n"},
	{in: "650 Six\r\n"},
	{in: "25x Ok\r\n"},
	{in: "250_Ok\r\n"},
	{in: "25\r\n"},
	{in: "\r\n"},
	{in: ""},
	{in: "250 " + strings.Repeat("x", maxReplyLine) + "\r\n"},
	{in: strings.Repeat("250-x\r\n", maxReplyLines+1) + "250 x\r\n"},
}

func TestReadReply(t *testing.T) {
	for _, test := range replies {
		got, err := readReply(bufio.NewReaderSize(strings.NewReader(test.in), 16))
		if (err == nil) != test.ok {
			t.Errorf("%.40q: got error %v, want one: %v", test.in, err, !test.ok)
		}
		if !test.ok {
			continue
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.in, diff)
		}
		if got.String() != test.text {
			t.Errorf("%q: String: got %q, want %q", test.in, got, test.text)
		}
	}
	if got := (Reply{}).String(); got != "no reply" {
		t.Errorf("no reply: got %q", got)
	}
}

// Whatever a server says is a reply or an error; a reply has a code, and reads again as it was written.
func FuzzReadReply(f *testing.F) {
	for _, test := range replies {
		f.Add(test.in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		reply, err := readReply(bufio.NewReader(strings.NewReader(in)))
		if err != nil {
			return
		}
		if reply.Code < 200 || reply.Code > 599 || strings.Count(reply.Text, "\n") >= maxReplyLines {
			t.Errorf("%q: got %+v", in, reply)
		}
		again, err := readReply(bufio.NewReader(strings.NewReader(reply.String() + "\r\n")))
		if err != nil && !errors.Is(err, errReply) && len(in) < maxReplyLine {
			t.Errorf("%q: its String %q: %v", in, reply, err)
		}
		if err == nil && again.Code != reply.Code {
			t.Errorf("%q: its String %q has code %d, want %d", in, reply, again.Code, reply.Code)
		}
	})
}
