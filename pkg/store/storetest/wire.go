package storetest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// A Wire is a TCP connection to a server with faults to switch on: it stalls, loses answers, or is cut.
type Wire struct {
	Addr string // where to connect instead of to the server

	target string
	l      net.Listener
	wg     sync.WaitGroup

	mu     sync.Mutex
	turned *sync.Cond
	state  state
	conns  map[net.Conn]bool
}

type state int

const (
	flowing state = iota
	stalled       // nothing passes; it waits
	deaf          // questions pass, answers are lost
	ended
)

// NewWire lays a wire to a server's address.
func NewWire(t testing.TB, target string) *Wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &Wire{Addr: l.Addr().String(), target: target, l: l, conns: map[net.Conn]bool{}}
	w.turned = sync.NewCond(&w.mu)
	w.wg.Go(w.accept)
	t.Cleanup(func() {
		l.Close()
		w.turn(ended)
		w.Cut()
		w.wg.Wait()
	})
	return w
}

// Stall holds up all that is sent from now on.
func (w *Wire) Stall() { w.turn(stalled) }

// Deafen loses the answers from now on; questions still arrive.
func (w *Wire) Deafen() { w.turn(deaf) }

// Flow lets everything pass again, what was held up first.
func (w *Wire) Flow() { w.turn(flowing) }

// Cut ends the connections that there are.
func (w *Wire) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		c.Close()
	}
}

func (w *Wire) turn(to state) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = to
	w.turned.Broadcast()
}

// wait returns when something may pass, and says how.
func (w *Wire) wait() state {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.state == stalled {
		w.turned.Wait()
	}
	return w.state
}

func (w *Wire) accept() {
	for {
		client, err := w.l.Accept()
		if err != nil {
			return
		}
		w.wg.Go(func() { w.serve(client) })
	}
}

func (w *Wire) serve(client net.Conn) {
	server, err := net.Dial("tcp", w.target)
	if err != nil {
		client.Close()
		return
	}
	w.keep(client, server)
	defer w.drop(client, server)
	var back sync.WaitGroup
	back.Go(func() {
		w.pass(client, server, true)
		client.Close()
	})
	w.pass(server, client, false)
	server.Close()
	back.Wait()
}

func (w *Wire) keep(conns ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		w.conns[c] = true
	}
}

func (w *Wire) drop(conns ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		c.Close()
		delete(w.conns, c)
	}
}

// pass carries one direction.
func (w *Wire) pass(to io.Writer, from io.Reader, answers bool) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		switch state := w.wait(); {
		case state == ended:
			return
		case state == deaf && answers:
			continue
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// Answering listens as a server that gives one reply, such as "-LOADING ...", to whatever it is told. It returns where.
func Answering(t testing.TB, reply string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				buf := make([]byte, 4096)
				for {
					if _, err := c.Read(buf); err != nil {
						return
					}
					if _, err := io.WriteString(c, reply+"\r\n"); err != nil {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().String()
}
