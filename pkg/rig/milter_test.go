package rig

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A milter is the least that Postfix takes for one: it notes what it is told and answers as it is set to.
type milter struct {
	answers map[byte][]string // packets to answer a command with; `c` (continue) where there is none

	mu     sync.Mutex // guards what follows
	events []string   // "connect 192.0.2.1", "mail <ann@example.org> auth_authen=bob", ...
}

// newMilter starts a milter, which ends with the test, and returns it with its address as Postfix takes it.
func newMilter(t *testing.T, answers map[byte][]string) (*milter, string) {
	t.Helper()
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	m := &milter{answers: answers}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				defer conn.Close()
				if err := m.serve(conn); err != io.EOF {
					t.Errorf("milter: %v", err)
				}
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		work.Wait() // Postfix has been stopped by now, and with it every conversation
	})
	return m, "inet:" + listener.Addr().String()
}

func (m *milter) serve(conn net.Conn) error {
	macros := ""
	for {
		command, data, err := readPacket(conn)
		if err != nil {
			return err
		}
		switch command {
		case 'D': // macros for the command that comes: its letter, then names and values
			macros = m.login(strings.Split(string(data[1:]), "\x00"))
			continue
		case 'A', 'Q': // abort, quit: no answer
			continue
		case 'O':
			// Version 6, may quarantine (0x20), wants all events and answers them all.
			err = writePacket(conn, "O\x00\x00\x00\x06\x00\x00\x00\x20\x00\x00\x00\x00")
		default:
			m.note(command, data, macros)
			err = m.answer(conn, command)
		}
		if err != nil {
			return err
		}
	}
}

// login is the macro that says who authenticated, as events show it.
func (m *milter) login(macros []string) string {
	for i := 0; i+1 < len(macros); i += 2 {
		if macros[i] == "{auth_authen}" {
			return " auth_authen=" + macros[i+1]
		}
	}
	return ""
}

func (m *milter) answer(conn net.Conn, command byte) error {
	answers := m.answers[command]
	if answers == nil {
		answers = []string{"c"}
	}
	for _, packet := range answers {
		if err := writePacket(conn, packet); err != nil {
			return err
		}
	}
	return nil
}

func (m *milter) note(command byte, data []byte, macros string) {
	name, rest, _ := strings.Cut(string(data), "\x00")
	var event string
	switch command {
	case 'C': // behind the name stand family (1 octet), port (2) and address
		event = "connect " + name + " " + strings.TrimRight(rest[3:], "\x00")
	case 'H':
		event = "helo " + name
	case 'M':
		event = "mail " + name + macros
	case 'R':
		event = "rcpt " + name
	case 'E':
		event = "end"
	default:
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, event)
}

// expect compares what the milter was told.
func (m *milter) expect(t *testing.T, want ...string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if !slices.Equal(m.events, want) {
		t.Errorf("the milter was told\n%s\nwant\n%s", strings.Join(m.events, "\n"), strings.Join(want, "\n"))
	}
	m.events = nil
}

func readPacket(r io.Reader) (command byte, data []byte, err error) {
	var size uint32
	if err := binary.Read(r, binary.BigEndian, &size); err != nil {
		return 0, nil, err
	}
	if size == 0 || size > 1<<20 {
		return 0, nil, fmt.Errorf("a packet of %d octets", size)
	}
	data = make([]byte, size)
	_, err = io.ReadFull(r, data)
	return data[0], data[1:], err
}

func writePacket(w io.Writer, packet string) error {
	_, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(packet))), packet...))
	return err
}
