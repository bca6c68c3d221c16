package rig

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// talk says all of it at once and returns all that is answered.
func talk(t *testing.T, addr, say string) string {
	t.Helper()
	conn := must(net.Dial("tcp", addr))(t)
	defer conn.Close()
	must(io.WriteString(conn, strings.ReplaceAll(say, "\n", "\r\n")))(t)
	heard := must(io.ReadAll(conn))(t)
	return strings.ReplaceAll(string(heard), "\r\n", "\n")
}

// The mailbox answers for every recipient, and for what comes out of order.
func TestMailboxSpeaksLMTP(t *testing.T) {
	r := newRig(t)
	b := must(r.Mailbox())(t)
	const hello = "220 mailbox LMTP\n250-mailbox\n250-PIPELINING\n250-8BITMIME\n250-SMTPUTF8\n250-ENHANCEDSTATUSCODES\n250 SIZE 134217728\n"
	for _, test := range []struct{ name, say, want string }{
		{"two recipients", "LHLO x\nMAIL FROM:<a@example.org> SIZE=3\nRCPT TO:<b@our.example>\nrcpt to: <\"c>\"@our.example> NOTIFY=NEVER\nDATA\nA: b\n\n..x\n.\nQUIT\n",
			hello + "250 2.1.0 Ok\n250 2.1.5 Ok\n250 2.1.5 Ok\n354 End with a dot\n250 2.0.0 Delivered\n250 2.0.0 Delivered\n221 2.0.0 Bye\n"},
		{"order", "MAIL FROM:<>\nLHLO x\nRCPT TO:<b@our.example>\nDATA\nMAIL FROM:<>\nMAIL FROM:<>\nRSET\nDATA\nQUIT\n",
			"220 mailbox LMTP\n503 5.5.1 MAIL comes once, after LHLO\n" + hello[len("220 mailbox LMTP\n"):] +
				"503 5.5.1 RCPT comes after MAIL\n503 5.5.1 DATA comes after RCPT\n250 2.1.0 Ok\n503 5.5.1 MAIL comes once, after LHLO\n250 2.0.0 Ok\n503 5.5.1 DATA comes after RCPT\n221 2.0.0 Bye\n"},
		{"nonsense", "LHLO x\nEHLO x\nMAIL a@example.org\nMAIL FROM:a@example.org\nMAIL FROM:<>\nRCPT FROM:<>\n\nQUIT\n",
			hello + "500 5.5.2 Unknown command\n501 5.5.4 FROM:<address> is missing\n501 5.5.4 an address stands in angle brackets\n250 2.1.0 Ok\n501 5.5.4 TO:<address> is missing\n500 5.5.2 Unknown command\n221 2.0.0 Bye\n"},
	} {
		if diff := cmp.Diff(test.want, talk(t, b.Addr(), test.say)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	got := b.Deliveries()
	want := []Delivery{{Sender: "a@example.org", Recipients: []string{"b@our.example", `"c>"@our.example`}, Data: []byte("A: b\r\n\r\n.x\r\n")}}
	if len(got) == 1 {
		got[0].Time = want[0].Time
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}
}

func TestMailboxWait(t *testing.T) {
	b := must(newRig(t).Mailbox())(t)
	short, cancel := context.WithCancel(patience(t))
	cancel()
	if _, err := b.Wait(short, To("b@our.example")); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait: got %v, want %v", err, context.Canceled)
	}
	if _, err := b.WaitFor(short, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("WaitFor: got %v, want %v", err, context.Canceled)
	}
	found := make(chan error)
	go func() {
		_, err := b.Wait(patience(t), With("x-spam-flag", "YES"))
		found <- err
	}()
	check(t, b.put(Delivery{Data: []byte("X-Spam-Flag: NO\r\n\r\nX-Spam-Flag: YES\r\n")}))
	check(t, b.put(Delivery{Data: []byte("x-spam-flag:\r\n\tYES\r\n\r\n")}))
	check(t, <-found)
	b.size = maxKept
	if err := b.put(Delivery{Data: []byte("x")}); !errors.Is(err, errFull) {
		t.Errorf("a full mailbox: got %v, want %v", err, errFull)
	}
	b.Empty()
	check(t, b.put(Delivery{Data: []byte("x")}))
	if got := len(b.Deliveries()); got != 1 {
		t.Errorf("got %d deliveries, want 1", got)
	}
}

func TestDeliveryHeader(t *testing.T) {
	d := Delivery{Data: []byte("A: one\r\nB: two\r\n\tthree\r\n  four\r\na : five\r\nnonsense\r\n\r\nA: six\r\n")}
	for _, test := range []struct {
		name string
		want []string
	}{
		{"a", []string{"one", "five"}},
		{"B", []string{"two\tthree  four"}},
		{"nonsense", nil},
	} {
		if diff := cmp.Diff(test.want, d.Header(test.name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

var contents = []struct{ in, want, rest string }{
	{".\r\nQUIT", "", "QUIT"},
	{"a\r\n.\r\n", "a\r\n", ""},
	{"..\r\n.a\r\n.\r\n", ".\r\na\r\n", ""},
	{".\na\n.\r\n", "\na\n", ""}, // a lone LF ends no content
	{strings.Repeat("x", 100) + ".\r\n.\r\n", strings.Repeat("x", 100) + ".\r\n", ""},
}

func TestReadContent(t *testing.T) {
	for _, test := range contents {
		r := bufio.NewReaderSize(strings.NewReader(test.in), 16)
		got := must(readContent(r, func() {}))(t)
		rest, _ := io.ReadAll(r)
		if string(got) != test.want || string(rest) != test.rest {
			t.Errorf("%q: got %q and %q after it, want %q and %q", test.in, got, rest, test.want, test.rest)
		}
	}
	for _, in := range []string{"", "a\r\n", "a\r\n."} {
		if got, err := readContent(bufio.NewReader(strings.NewReader(in)), func() {}); err == nil {
			t.Errorf("%q: got %q, want an error", in, got)
		}
	}
}

// Content that is too large is read to its end, for the conversation goes on behind it.
func TestReadContentTooLarge(t *testing.T) {
	line := strings.Repeat("x", 1<<20-2) + "\r\n"
	in := io.MultiReader(strings.NewReader(strings.Repeat(line, maxMessage>>20)), strings.NewReader("x\r\n.\r\nNOOP"))
	r := bufio.NewReaderSize(in, 64<<10)
	if got := must(readContent(r, func() {}))(t); got != nil {
		t.Errorf("got %d octets, want none", len(got))
	}
	if rest := string(must(io.ReadAll(r))(t)); rest != "NOOP" {
		t.Errorf("behind it: got %q, want the next command", rest)
	}
}

// What a Session sends as content, the mailbox reads as the message, whatever it holds.
func FuzzContent(f *testing.F) {
	for _, test := range contents {
		f.Add([]byte(test.in))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		var sent bytes.Buffer
		writeContent(bufio.NewWriter(&sent), message)
		got, err := readContent(bufio.NewReaderSize(&sent, 16), func() {})
		want := strings.ReplaceAll(strings.ReplaceAll(string(message), "\r\n", "\n"), "\n", "\r\n")
		if want != "" && !strings.HasSuffix(want, "\r\n") {
			want += "\r\n"
		}
		if err != nil || string(got) != want {
			t.Errorf("%q: got %q, %v, want %q", message, got, err, want)
		}
	})
}
