package rig

import (
	"context"
	"io"
	"net"
	"testing"
	"time"
)

// A relay passes questions and answers on, over TCP and UDP, and holds the answers back when it is told to.
func TestRelay(t *testing.T) {
	r := newRig(t, RbldnsdProgram)
	ctx := patience(t)
	d := must(r.Rbldnsd(ctx, []Zone{zenZone}))(t)
	y := must(r.Relay(d.Addr()))(t)
	askAll(t, ctx, y.Addr(), listQuestions[:3])

	y.SetDelay(time.Hour)
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if got, err := Lookup(short, y.Addr(), "2.0.0.127.zen.example"); err == nil {
		t.Errorf("held back: got %v, want no answer", got)
	}
	y.SetDelay(0)
	askAll(t, ctx, y.Addr(), listQuestions[:3])

	d.Stop() // nobody there is nobody there, also through the relay
	short, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if got, err := Lookup(short, y.Addr(), "2.0.0.127.zen.example"); err == nil {
		t.Errorf("no server: got %v, want no answer", got)
	}
}

func TestRelayStream(t *testing.T) {
	r := newRig(t)
	mailbox := must(r.Mailbox())(t)
	y := must(r.Relay(mailbox.Addr()))(t)
	conn := must(net.Dial("tcp", y.Addr()))(t)
	defer conn.Close()
	must(io.WriteString(conn, "NOOP\r\nQUIT\r\n"))(t)
	const want = "220 mailbox LMTP\r\n250 2.0.0 Ok\r\n221 2.0.0 Bye\r\n"
	if got := string(must(io.ReadAll(conn))(t)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}

	y.SetDelay(time.Hour) // an answer that is held back does not hold up the end
	waits := must(net.Dial("tcp", y.Addr()))(t)
	defer waits.Close()
	check(t, r.Close())
	if n, err := waits.Read(make([]byte, 1)); err == nil {
		t.Errorf("held back: got %d octets, want none", n)
	}
}
