package milter

import (
	"encoding/binary"
	"strings"
	"testing"

	gomilter "github.com/emersion/go-milter"
)

const offered = "\x00\x00\x00\x06\x00\x00\x01\xff\x00\x1f\xff\xff"

// A frame as tests write it: its command, then its data.
func check(g *guard, frames ...string) error {
	for _, f := range frames {
		if err := g.check(gomilter.Code(f[0]), []byte(f[1:])); err != nil {
			return err
		}
	}
	return nil
}

var opening = []string{"O" + offered, "Cclient.example\x004\x04\xd2192.0.2.1\x00"}

func TestGuardForm(t *testing.T) {
	for _, tt := range []struct {
		name, frame string
		want        string // "" for nothing wrong
	}{
		{"second offer", "O" + offered, "out of order"},
		{"macros", "DMi\x00Q1\x00{auth_authen}\x00\x00", ""},
		{"no macros", "DM", ""},
		{"macros for nothing", "D", "no command"},
		{"macro without value", "DMi\x00", "no pairs"},
		{"macro without end", "DMi\x00Q1", "no pairs"},
		{"macro without name", "DM\x00Q1\x00", "no pairs"},
		{"second client", "Ca\x00U", "out of order"},
		{"helo", "Hclient.example\x00", ""},
		{"empty helo", "H\x00", ""},
		{"helo without end", "Hclient", "0 strings"},
		{"two helos", "Ha\x00b\x00", "2 strings"},
		{"nothing for helo", "H", "0 strings"},
		{"mail", "M<a@example.org>\x00SIZE=1\x00", ""},
		{"mail without end", "M<a@example.org>\x00SIZE=1", "no end"},
		{"mail without sender", "M", "0 strings"},
		{"field", "LSubject\x00 hello\x00", ""},
		{"empty field", "LSubject\x00\x00", ""},
		{"field without value", "LSubject\x00", "1 strings"},
		{"field with two values", "LSubject\x00a\x00b\x00", "3 strings"},
		{"field without name", "L\x00a\x00", "empty name"},
		{"field without end", "LSubject\x00a", "1 strings"},
		{"recipient", "R<a@example.org>\x00", ""},
		{"chunk", "B" + strings.Repeat("x", maxChunk), ""},
		{"empty chunk", "B", ""},
		{"long chunk", "B" + strings.Repeat("x", maxChunk+1), "at most"},
		{"end", "E", ""},
		{"end with a piece", "Elast", ""},
		{"end of header", "N", ""},
		{"end of header with data", "Nx", "none belong there"},
		{"data", "T", ""},
		{"abort", "A", ""},
		{"abort with data", "Ax", "none belong there"},
		{"quit", "Q", ""},
		{"next client", "K", ""},
		{"unknown SMTP command", "UFOO\x00", ""},
		{"unknown command", "Z", "unknown command"},
		{"NUL command", "\x00", "unknown command"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := &guard{greeted: true, connected: true, open: true}
			err := check(g, tt.frame)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestGuardConnect(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		address    string
		bad        bool
	}{
		{name: "IPv4", data: "client.example\x004\x04\xd2192.0.2.1\x00", address: "192.0.2.1"},
		{name: "IPv6", data: "client.example\x006\x04\xd2IPv6:2001:db8::1\x00", address: "IPv6:2001:db8::1"},
		{name: "no address", data: "client.example\x004\x04\xd2\x00"},
		{name: "unix", data: "localhost\x00L\x00\x00/run/s\x00"},
		{name: "unknown", data: "localhost\x00U"},
		{name: "unknown, with port and address", data: "localhost\x00U\x00\x00\x00"},
		{name: "no name", data: "\x00U"},
		{name: "nothing", data: "", bad: true},
		{name: "name without end", data: "client.example", bad: true},
		{name: "no family", data: "client.example\x00", bad: true},
		{name: "other family", data: "client.example\x005\x04\xd2192.0.2.1\x00", bad: true},
		{name: "no port", data: "client.example\x004", bad: true},
		{name: "half a port", data: "client.example\x004\x04", bad: true},
		{name: "port alone", data: "client.example\x004\x04\xd2", bad: true},
		{name: "address without end", data: "client.example\x004\x04\xd2192.0.2.1", bad: true},
		{name: "more behind the address", data: "client.example\x004\x04\xd2192.0.2.1\x00x\x00", bad: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := check(&guard{}, "O"+offered, "C"+tt.data)
			if (err != nil) != tt.bad {
				t.Fatalf("got %v, want an error: %t", err, tt.bad)
			}
			if err == nil {
				if got := connectAddress([]byte(tt.data)); got != tt.address {
					t.Errorf("got address %q, want %q", got, tt.address)
				}
			}
		})
	}
}

func TestGuardOffer(t *testing.T) {
	for data, ok := range map[string]bool{
		offered:                          true,
		"\x00\x00\x00\x02" + offered[4:]: true,
		"\x00\x00\x00\x01" + offered[4:]: false,
		offered[:11]:                     false,
		offered + "\x00":                 false,
		"":                               false,
	} {
		if err := check(&guard{}, "O"+data); (err == nil) != ok {
			t.Errorf("offer %q: got %v, want it taken: %t", data, err, ok)
		}
	}
}

func TestGuardOrder(t *testing.T) {
	const (
		mail, rcpt, field = "M<>\x00", "R<b@example.net>\x00", "LSubject\x00\x00"
	)
	for _, tt := range []struct {
		name   string
		frames []string
		ok     bool
	}{
		{"a message", []string{mail, rcpt, field, "N", "Bx", "E"}, true},
		{"two messages", []string{mail, rcpt, "E", mail, rcpt, "E"}, true},
		{"a message without recipients", []string{mail, field, "E"}, true},
		{"mail upon mail", []string{mail, rcpt, mail, rcpt, "E"}, true},
		{"the next client", []string{mail, "K", opening[1], mail, "E"}, true},
		{"recipient before mail", []string{rcpt}, false},
		{"recipient behind the end", []string{mail, rcpt, "E", rcpt}, false},
		{"recipient behind an abort", []string{mail, "A", rcpt}, false},
		{"end twice", []string{mail, rcpt, "E", "E"}, false},
		{"body behind the end", []string{mail, rcpt, "E", "Bx"}, false},
		{"field before mail", []string{field}, false},
		{"mail of no client", []string{"K", mail}, false},
		{"the next client's recipient", []string{mail, "K", opening[1], rcpt}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := check(&guard{}, append(opening[:2:2], tt.frames...)...); (err == nil) != tt.ok {
				t.Errorf("got %v, want it taken: %t", err, tt.ok)
			}
		})
	}
	for _, early := range []string{opening[1], "DMi\x00x\x00", "A", "Q", "K", mail, "Ha\x00", "UFOO\x00"} {
		if err := check(&guard{}, early); err == nil {
			t.Errorf("%q is taken before the offer", early)
		}
	}
}

// What the guard lets through must mean to the library what it meant to the guard.
func FuzzGuard(f *testing.F) {
	f.Add(byte('C'), []byte("client.example\x004\x04\xd2192.0.2.1\x00"))
	f.Add(byte('D'), []byte("Mi\x00Q1\x00{auth_authen}\x00\x00"))
	f.Add(byte('L'), []byte("Subject\x00 hello\x00"))
	f.Add(byte('M'), []byte("<a@example.org>\x00SIZE=1\x00"))
	f.Add(byte('O'), []byte(offered))
	f.Add(byte('E'), []byte("last"))
	f.Fuzz(func(t *testing.T, code byte, data []byte) {
		g := &guard{greeted: code != 'O', connected: code != 'O' && code != 'C', open: true}
		if g.check(gomilter.Code(code), data) != nil {
			return
		}
		switch gomilter.Code(code) {
		case gomilter.CodeOptNeg:
			if o := parseOffer(data); o.version != binary.BigEndian.Uint32(data) {
				t.Errorf("offer %q read as %v", data, o)
			}
		case gomilter.CodeConn:
			_ = connectAddress(data)
		case gomilter.CodeMacro:
			_ = begins(gomilter.Code(code), data)
		case gomilter.CodeHeader:
			// The library splits what is left when NULs are off both ends.
			trimmed := strings.Split(strings.Trim(string(data), "\x00"), "\x00")
			name, value := headerField(data)
			if len(trimmed) > 2 || trimmed[0] != name || len(trimmed) == 2 && trimmed[1] != value {
				t.Errorf("field %q is %q: %q, and %q to the library", data, name, value, trimmed)
			}
		}
	})
}
