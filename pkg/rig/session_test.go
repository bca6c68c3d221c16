package rig

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// script is a server that plays a dialogue: lines "S: ..." are said, lines "C: ..." are expected, and "C." waits for the
// client to go. It reports what differs.
func script(t *testing.T, dialogue string) (addr string) {
	t.Helper()
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	var work sync.WaitGroup
	work.Go(func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		for line := range strings.Lines(dialogue) {
			line = strings.TrimSuffix(line, "\n")
			if said, ok := strings.CutPrefix(line, "S: "); ok {
				io.WriteString(conn, said+"\r\n")
			} else if line == "C." {
				io.Copy(io.Discard, r)
			} else if want, ok := strings.CutPrefix(line, "C: "); ok {
				if got, err := r.ReadString('\n'); got != want+"\r\n" {
					t.Errorf("the client said %q (%v), want %q", got, err, want)
					return
				}
			}
		}
	})
	t.Cleanup(func() {
		listener.Close()
		work.Wait()
	})
	return listener.Addr().String()
}

func TestSend(t *testing.T) {
	ok, ready := Reply{250, "", "Ok"}, Reply{220, "", "mx"}
	for _, test := range []struct {
		name     string
		mail     Mail
		dialogue string
		want     Transcript
		final    Reply
	}{
		{"plain", Mail{Sender: "a@example.org", Recipients: []string{"b@our.example"}, Args: []string{"SMTPUTF8", "SIZE=9"}, Data: []byte("A: b\r\n\r\n.x\nno end")},
			"S: 220 mx\nC: EHLO localhost\nS: 250 Ok\nC: MAIL FROM:<a@example.org> SMTPUTF8 SIZE=9\nS: 250 Ok\nC: RCPT TO:<b@our.example>\nS: 250 Ok\n" +
				"C: DATA\nS: 354 Go\nC: A: b\nC: \nC: ..x\nC: no end\nC: .\nS: 250 Done\nC: QUIT\nS: 221 Bye\n",
			Transcript{ready, ok, ok, []Reply{ok}, Reply{250, "", "Done"}}, Reply{250, "", "Done"}},
		{"client", Mail{Client: stranger},
			"S: 220 one\nC: EHLO localhost\nS: 250 Ok\nC: XCLIENT ADDR=192.0.2.1 NAME=mail.example.org PORT=1234 LOGIN=[UNAVAILABLE]\nS: 220 mx\n" +
				"C: EHLO mail.example.org\nS: 250 Ok\nC: MAIL FROM:<>\nS: 501 No\nC: QUIT\nS: 221 Bye\n",
			Transcript{ready, ok, Reply{501, "", "No"}, nil, Reply{}}, Reply{501, "", "No"}},
		{"banner", letter, "S: 554 no\n", Transcript{Banner: Reply{554, "", "no"}}, Reply{554, "", "no"}},
		{"no recipient", letter, "S: 220 mx\nC: EHLO localhost\nS: 250 Ok\nC: MAIL FROM:<ann@example.org>\nS: 250 Ok\nC: RCPT TO:<bob@our.example>\nS: 550 No\n" +
			"C: QUIT\nS: 221 Bye\n",
			Transcript{ready, ok, ok, []Reply{{550, "", "No"}}, Reply{}}, Reply{550, "", "No"}},
		{"one recipient", Mail{Recipients: []string{"b@our.example", "c@our.example"}},
			"S: 220 mx\nC: EHLO localhost\nS: 250 Ok\nC: MAIL FROM:<>\nS: 250 Ok\nC: RCPT TO:<b@our.example>\nS: 250 Ok\nC: RCPT TO:<c@our.example>\nS: 550 No\n" +
				"C: DATA\nS: 354 Go\nC: .\nS: 451 Later\nC: QUIT\nS: 221 Bye\n",
			Transcript{ready, ok, ok, []Reply{ok, {550, "", "No"}}, Reply{451, "", "Later"}}, Reply{451, "", "Later"}},
		{"pipelined", Mail{Pipelined: true, Recipients: []string{"b@our.example"}, Data: []byte("x")},
			"S: 220 mx\nC: EHLO localhost\nS: 250 Ok\nC: MAIL FROM:<>\nC: RCPT TO:<b@our.example>\nC: DATA\nS: 250 Ok\nS: 250 Ok\nS: 354 Go\nC: x\nC: .\nS: 250 Ok\nC: QUIT\nS: 221 Bye\n",
			Transcript{ready, ok, ok, []Reply{ok}, ok}, ok},
		{"pipelined, no recipient, 354", Mail{Pipelined: true, Recipients: []string{"b@our.example"}, Data: []byte("x")},
			"S: 220 mx\nC: EHLO localhost\nS: 250 Ok\nC: MAIL FROM:<>\nC: RCPT TO:<b@our.example>\nC: DATA\nS: 250 Ok\nS: 550 No\nS: 354 Go\nC: .\nS: 554 None\nC: QUIT\nS: 221 Bye\n",
			Transcript{ready, ok, ok, []Reply{{550, "", "No"}}, Reply{554, "", "None"}}, Reply{550, "", "No"}},
		{"pipelined, no sender", Mail{Pipelined: true, Recipients: []string{"b@our.example"}},
			"S: 220 mx\nC: EHLO localhost\nS: 250 Ok\nC: MAIL FROM:<>\nC: RCPT TO:<b@our.example>\nC: DATA\nS: 451 Later\nS: 503 No\nS: 503 No\nC: QUIT\nS: 221 Bye\n",
			Transcript{ready, ok, Reply{451, "", "Later"}, []Reply{{503, "", "No"}}, Reply{503, "", "No"}}, Reply{451, "", "Later"}},
		{"gone after 421", letter, "S: 220 mx\nC: EHLO localhost\nS: 250 Ok\nC: MAIL FROM:<ann@example.org>\nS: 421 Bye\n",
			Transcript{ready, ok, Reply{421, "", "Bye"}, nil, Reply{}}, Reply{421, "", "Bye"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Send(patience(t), script(t, test.dialogue), test.mail)
			check(t, err)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("transcript (-want +got):\n%s", diff)
			}
			if got.Final() != test.final {
				t.Errorf("final: got %v, want %v", got.Final(), test.final)
			}
		})
	}
}

// A server that breaks off or talks nonsense is an error that says where, and never a refusal.
func TestSendBreaks(t *testing.T) {
	for _, test := range []struct{ name, dialogue, want string }{
		{"no banner", "", "banner: EOF"},
		{"nonsense", "S: hello\n", "does not answer as SMTP servers do"},
		{"after EHLO", "S: 220 mx\nC: EHLO localhost\n", "EHLO localhost: EOF"},
		{"after content", "S: 220 mx\nC: EHLO localhost\nS: 250 Ok\nC: MAIL FROM:<>\nS: 250 Ok\nC: RCPT TO:<b@our.example>\nS: 250 Ok\nC: DATA\nS: 354 Go\nC: .\n", "end of content: EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Send(patience(t), script(t, test.dialogue), Mail{Recipients: []string{"b@our.example"}})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// A session ends with its context, whatever it waits for.
func TestSessionEnds(t *testing.T) {
	addr := script(t, "S: 220 mx\nC: EHLO localhost\nS: 250-mx\nS: 250-SIZE 10\nS: 250 PIPELINING\nC: NOOP\nC.\n")
	ctx, cancel := context.WithCancel(patience(t))
	s := must(Dial(ctx, addr))(t)
	defer s.Close()
	must(s.Hello("localhost"))(t)
	if !s.Offers("size") || !s.Offers("PIPELINING") || s.Offers("CHUNKING") {
		t.Errorf("offers: got %q", s.Extensions)
	}
	if _, err := s.Command("NOOP\r\nQUIT"); err == nil {
		t.Error("two commands in one: got no error")
	}
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := s.Noop(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v, want %v", err, net.ErrClosed)
	}
}
