package dns

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	wire "github.com/miekg/dns"
)

func TestAnswers(t *testing.T) {
	tests := []struct {
		name   string
		change func([]byte) []byte
		want   bool
	}{
		{"the answer", func(p []byte) []byte { return p }, true},
		{"name in another case", func(p []byte) []byte { copy(p[headerSize:], "\x01A\x03ZEN\x07Example"); return p }, true},
		{"another id", func(p []byte) []byte { p[0] ^= 1; return p }, false},
		{"another id, second octet", func(p []byte) []byte { p[1] ^= 0x80; return p }, false},
		{"a question", func(p []byte) []byte { p[2] &^= 0x80; return p }, false},
		{"another opcode", func(p []byte) []byte { p[2] |= 4 << 3; return p }, false},
		{"two questions", func(p []byte) []byte { p[5] = 2; return p }, false},
		{"another name", func(p []byte) []byte { p[headerSize+1] = 'b'; return p }, false},
		{"another label length", func(p []byte) []byte { p[headerSize] = 2; return p }, false},
		{"another type", func(p []byte) []byte { p[len(p)-3] = 16; return p }, false},
		{"another class", func(p []byte) []byte { p[len(p)-1] = 3; return p }, false},
		{"cut off", func(p []byte) []byte { return p[:len(p)-1] }, false},
		{"cut off in the header", func(p []byte) []byte { return p[:headerSize-1] }, false},
		{"nothing", func([]byte) []byte { return nil }, false},
		{"a header only, of an answer", func(p []byte) []byte { p[5] = 0; return p[:headerSize] }, false},
		{"a header only, of NXDOMAIN", func(p []byte) []byte { p[5], p[3] = 0, wire.RcodeNameError; return p[:headerSize] }, false},
		{"a header only, of REFUSED", func(p []byte) []byte { p[5], p[3] = 0, wire.RcodeRefused; return p[:headerSize] }, true},
		{"no question and more than a header", func(p []byte) []byte { p[5], p[3] = 0, wire.RcodeRefused; return p }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := new(exchange)
			if err := x.pack(Question{Name: "a.zen.example", Type: A}, 0); err != nil {
				t.Fatal(err)
			}
			packet := bytes.Clone(x.query)
			packet[2] |= 0x80
			if got := x.answers(tt.change(packet)); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestPack(t *testing.T) {
	label := strings.Repeat("x", maxLabel)
	longest := strings.Join([]string{label, label, label, label[:61]}, ".")
	x := new(exchange)
	for _, tt := range []struct {
		name string
		size int
	}{{"a.example", 1232}, {"a.example", 0}, {longest, 1232}, {`u+x="y"@$;(.example`, 1232}} {
		if err := x.pack(Question{Name: tt.name, Type: TXT}, tt.size); err != nil {
			t.Fatal(err)
		}
		if &x.query[0] != &x.out[2] {
			t.Errorf("%s: the message was not packed in place", tt.name)
		}
		var msg wire.Msg
		if err := msg.Unpack(x.query); err != nil {
			t.Fatal(err)
		}
		labels, _ := wire.IsDomainName(msg.Question[0].Name)
		if want := strings.Count(tt.name, ".") + 1; labels != want || !msg.RecursionDesired || msg.Question[0].Qtype != wire.TypeTXT {
			t.Errorf("%s: got %v", tt.name, &msg)
		}
		if opt := msg.IsEdns0(); (opt != nil) != (tt.size > 0) || opt != nil && int(opt.UDPSize()) != tt.size {
			t.Errorf("%s: got OPT %v, want size %d", tt.name, opt, tt.size)
		}
		if !bytes.Equal(x.question, x.query[headerSize:headerSize+len(tt.name)+6]) || x.question[len(x.question)-3] != byte(TXT) {
			t.Errorf("%s: got question section %x of %x", tt.name, x.question, x.query)
		}
	}
}

// Ids must be hard to guess; at the least they must not repeat.
func TestIDsDiffer(t *testing.T) {
	seen := map[uint16]bool{}
	x := new(exchange)
	for range 200 {
		if err := x.pack(Question{Name: "a.example", Type: A}, 0); err != nil {
			t.Fatal(err)
		}
		seen[x.msg.Id] = true
	}
	if len(seen) < 190 {
		t.Errorf("got %d different ids in 200, want nearly all", len(seen))
	}
}

func TestSocketComesBackAfterClose(t *testing.T) {
	conn, err := net.DialUDP("udp", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 53})
	if err != nil {
		t.Fatal(err)
	}
	s := newSockets()
	s.close()
	s.put(conn)
	if err := conn.Close(); !errors.Is(err, net.ErrClosed) || s.take() != nil {
		t.Errorf("got error %v from closing it again, want %v", err, net.ErrClosed)
	}
}

// A socket whose caller left just before its answer came may be cut off at any later moment: it is not used again.
func TestSocketOfCallerThatLeftJustBefore(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	leave := make(chan context.CancelFunc, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		packet := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			packet[2] |= 0x80
			(<-leave)()
			_, _ = conn.WriteTo(packet[:n], from)
		}
	}()
	defer func() { _ = conn.Close(); <-done }()
	c := DefaultConfig()
	c.Servers = []string{conn.LocalAddr().String()}
	client, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for range 300 {
		ctx, cancel := context.WithCancel(t.Context())
		leave <- cancel
		_, _ = client.Resolve(ctx, Question{Name: "a.example", Type: A})
		if kept := Idle(client); kept != 0 {
			t.Fatalf("got %d sockets kept, want none", kept)
		}
	}
}
