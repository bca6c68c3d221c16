package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A Relay stands before a program, on one port for TCP and UDP, and holds back its answers: the program as it looks over
// a slow network.
type Relay struct {
	target string
	delay  atomic.Int64 // a time.Duration
	tcp    net.Listener
	udp    net.PacketConn
	quit   context.Context // ends when the relay closes
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// Limits of a relay.
const (
	relayLimit  = 30 * time.Second // for the answer to a datagram
	maxDatagram = 64 << 10         // octets, also of what is passed on at once
)

// Relay opens a relay to a program's address. At first it passes answers on as they come.
func (r *Rig) Relay(target string) (*Relay, error) {
	y := &Relay{target: target}
	if err := y.listen(); err != nil {
		return nil, fmt.Errorf("rig: relay: %w", err)
	}
	y.quit, y.cancel = context.WithCancel(context.Background())
	if err := r.add(y); err != nil {
		return nil, errors.Join(err, y.close())
	}
	y.work.Go(y.serveTCP)
	y.work.Go(y.serveUDP)
	return y, nil
}

func (y *Relay) listen() error {
	var err error
	for range portTries {
		var port int
		if port, err = pickPort([]string{"127.0.0.1"}); err != nil {
			return err
		}
		addr := address("127.0.0.1", port)
		if y.tcp, err = net.Listen("tcp", addr); err != nil {
			continue
		}
		if y.udp, err = net.ListenPacket("udp", addr); err == nil {
			return nil
		}
		y.tcp.Close()
	}
	return err
}

// Addr is where the relay listens, as "127.0.0.1:port".
func (y *Relay) Addr() string { return y.tcp.Addr().String() }

// SetDelay holds every answer from now on back for d.
func (y *Relay) SetDelay(d time.Duration) { y.delay.Store(int64(d)) }

// hold waits as long as an answer is held back; it is false when the relay closes.
func (y *Relay) hold() bool {
	select {
	case <-time.After(time.Duration(y.delay.Load())):
		return true
	case <-y.quit.Done():
		return false
	}
}

func (y *Relay) close() error {
	y.cancel()
	err := errors.Join(y.tcp.Close(), y.udp.Close())
	y.work.Wait()
	return err
}

func (y *Relay) serveTCP() {
	for {
		conn, err := y.tcp.Accept()
		if err != nil {
			return
		}
		y.work.Go(func() { y.pass(conn) })
	}
}

// pass joins a connection to one of its own to the target. When either end closes, both do.
func (y *Relay) pass(conn net.Conn) {
	defer conn.Close()
	var d net.Dialer
	target, err := d.DialContext(y.quit, "tcp", y.target)
	if err != nil {
		return
	}
	defer target.Close()
	defer context.AfterFunc(y.quit, func() { conn.Close(); target.Close() })()
	y.work.Go(func() {
		io.Copy(target, conn)
		target.Close()
	})
	buf := make([]byte, maxDatagram)
	for {
		n, err := target.Read(buf)
		if n > 0 && (!y.hold() || writeAll(conn, buf[:n]) != nil) || err != nil {
			return
		}
	}
}

func writeAll(w io.Writer, data []byte) error {
	_, err := w.Write(data)
	return err
}

func (y *Relay) serveUDP() {
	buf := make([]byte, maxDatagram)
	for {
		n, client, err := y.udp.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		packet := append([]byte(nil), buf[:n]...)
		y.work.Go(func() {
			ctx, cancel := context.WithTimeout(y.quit, relayLimit)
			defer cancel()
			if answer, err := exchange(ctx, y.target, packet); err == nil && y.hold() {
				y.udp.WriteTo(answer, client)
			}
		})
	}
}
