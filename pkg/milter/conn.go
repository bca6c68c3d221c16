package milter

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	gomilter "github.com/emersion/go-milter"
)

// A conn is what the library takes for its connection to Postfix. Its reads give whole frames that the guard has let
// through, then io.EOF, whatever it was that ended the session; its writes never fail. So nothing is left for the
// library to complain about in the standard log: why a session ended is told once, by us, with the client it was about.
// A few frames the library does not know what to do with; those are answered here.
//
// But for drain and cut, which end it from outside, everything runs in the library's goroutine.
type conn struct {
	net.Conn
	config  *Config
	session *session
	in      *bufio.Reader
	guard   guard

	over  bool   // the frame before ended a message, or a client
	frame []byte // room for an ABORT of ours, then the frame being read by the library, length included
	rest  []byte // what the library has not read of it yet
	out   []byte // answers that were not sent yet

	err    error         // why the session ended, if it was not Postfix' wish
	closed chan struct{} // the library is done with it
	close  sync.Once

	mu       sync.Mutex
	waiting  bool // for a frame, with no transaction under way
	draining bool
}

var _ net.Conn = (*conn)(nil)

const (
	readBuffer = 8 << 10  // a message's commands and header fields fit in one or two system calls
	keepFrame  = 16 << 10 // octets of frame buffer that a session keeps between transactions
	growFrame  = 64 << 10 // by which the buffer grows at most before the octets are there that a frame announces
	lengthSize = 4
)

// abortFrame makes the library forget a message.
var abortFrame = []byte{0, 0, 0, 1, byte(gomilter.CodeAbort)}

func newConn(nc net.Conn, config *Config) *conn {
	return &conn{
		Conn: nc, config: config,
		in:     bufio.NewReaderSize(nc, readBuffer),
		closed: make(chan struct{}),
	}
}

// errQuiet ends a session that has nothing to complain about.
var errQuiet = errors.New("closed")

// greet reads the first frame, which is the MTA's offer, and leaves it for the library.
func (c *conn) greet() (offer, error) {
	if err := c.await(c.config.ReadTimeout); err != nil {
		return offer{}, err
	}
	code, data, err := c.receive()
	if err == nil {
		err = c.guard.check(code, data)
	}
	if err != nil {
		return offer{}, err
	}
	c.rest = c.frame[len(abortFrame):]
	return parseOffer(data), nil
}

// Read gives the library the next part of a frame, after it has sent all answers to the last one.
func (c *conn) Read(p []byte) (int, error) {
	if len(c.rest) == 0 && c.err == nil {
		c.err = c.next()
	}
	if c.err != nil {
		return 0, io.EOF
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// next reads frames until there is one for the library.
func (c *conn) next() error {
	for {
		if err := c.flush(); err != nil {
			return err
		}
		if c.over { // the library keeps a message's fields and macros until it sees an ABORT, which need not come
			c.over = false
			c.rest = abortFrame
			return nil
		}
		if err := c.await(c.config.IdleTimeout); err != nil {
			return err
		}
		code, data, err := c.receive()
		if err != nil {
			return err
		}
		open := c.guard.open
		if err := c.guard.check(code, data); err != nil {
			return err
		}
		switch {
		case open && begins(code, data): // the same where a new message follows with no end of the old one
			c.guard.open = code == gomilter.CodeMail
			c.rest = c.frame
			return nil
		case c.pass(code, data):
			c.over = code == gomilter.CodeEOB
			c.rest = c.frame[len(abortFrame):]
			return nil
		}
	}
}

// pass deals with what the library cannot be told, and tells whether it is to have the frame.
func (c *conn) pass(code gomilter.Code, data []byte) bool {
	switch code {
	case gomilter.CodeConn:
		c.session.address = connectAddress(data)
	case gomilter.CodeMacro: // of each set a map would be made; Postfix sends one before each header field
		switch gomilter.Code(data[0]) {
		case gomilter.CodeMail, gomilter.CodeRcpt, gomilter.CodeEOB:
		default:
			return false
		}
	case gomilter.CodeHeader: // the library would keep every field, however many come
		if !c.guard.full() {
			return true
		}
		name, value := headerField(data)
		c.session.skipField(name, value, len(data)+1) // a colon and CRLF for two NULs
		if !c.session.options.has(gomilter.OptNoHeaderReply) {
			c.answer(proceed)
		}
		return false
	case gomilter.CodeEOB: // the library drops what comes with it
		c.session.addBody(bytes.Clone(data))
	case gomilter.CodeQuitNewConn: // the library does not know it: the next client comes over this connection
		c.session.endClient()
		c.over = true
		return false
	case codeUnknown: // the library would close the connection
		c.answer(proceed)
		return false
	}
	return true
}

// await waits for the first octet of a frame, and sets the limit for the rest of it.
func (c *conn) await(limit time.Duration) error {
	if c.in.Buffered() == 0 {
		if err := c.idle(limit); err != nil {
			return err
		}
	}
	c.deadline(c.config.ReadTimeout)
	return nil
}

// idle is where a session waits, and where it can be drained.
func (c *conn) idle(limit time.Duration) error {
	if !c.guard.open && cap(c.frame) > keepFrame {
		c.frame = nil
	}
	c.mu.Lock()
	if c.draining && !c.guard.open {
		c.mu.Unlock()
		return errQuiet
	}
	c.waiting = !c.guard.open
	c.deadline(limit)
	c.mu.Unlock()

	_, err := c.in.Peek(1)

	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = false
	switch {
	case err == nil:
		return nil
	case c.draining && !c.guard.open:
		return errQuiet
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("nothing came for %v", limit)
	case c.guard.open:
		return fmt.Errorf("the peer went away in the middle of a message: %w", err)
	}
	return errQuiet // a health check that says nothing, or an MTA whose client is gone
}

// receive reads one frame.
func (c *conn) receive() (gomilter.Code, []byte, error) {
	c.frame = append(c.frame[:0], abortFrame...)
	if err := c.readMore(lengthSize); err != nil {
		return 0, nil, err
	}
	length := binary.BigEndian.Uint32(c.frame[len(abortFrame):])
	if length == 0 || length > maxFrame {
		return 0, nil, fmt.Errorf("a frame of %d octets; it has 1 to %d", length, maxFrame)
	}
	for left := int(length); left > 0; left -= growFrame {
		if err := c.readMore(min(left, growFrame)); err != nil {
			return 0, nil, err
		}
	}
	payload := c.frame[len(abortFrame)+lengthSize:]
	return gomilter.Code(payload[0]), payload[1:], nil
}

// readMore reads n octets behind what is there of the frame.
func (c *conn) readMore(n int) error {
	at := len(c.frame)
	c.frame = slices.Grow(c.frame, n)[:at+n]
	_, err := io.ReadFull(c.in, c.frame[at:])
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("a frame did not come to its end within %v (read_timeout)", c.config.ReadTimeout)
	case err != nil:
		return fmt.Errorf("the peer went away in the middle of a frame: %w", err)
	}
	return nil
}

// Write keeps an answer until the library turns to reading again: what belongs to one reply leaves in one piece.
func (c *conn) Write(p []byte) (int, error) {
	c.out = append(c.out, p...)
	return len(p), nil
}

// answer is Write for a frame of ours.
func (c *conn) answer(r *response) {
	c.out = binary.BigEndian.AppendUint32(c.out, uint32(1+len(r.data)))
	c.out = append(c.out, byte(r.code))
	c.out = append(c.out, r.data...)
}

func (c *conn) flush() error {
	if len(c.out) == 0 {
		return nil
	}
	_ = c.SetWriteDeadline(time.Now().Add(c.config.WriteTimeout))
	_, err := c.Conn.Write(c.out)
	c.out = c.out[:0]
	if err != nil {
		return fmt.Errorf("the peer did not take an answer: %w", err)
	}
	return nil
}

func (c *conn) deadline(d time.Duration) { _ = c.SetReadDeadline(time.Now().Add(d)) }

// Close ends the session: the library calls it when it is done.
func (c *conn) Close() error {
	var err error
	c.close.Do(func() {
		_ = c.flush()
		err = c.Conn.Close()
		close(c.closed)
	})
	return err
}

// drain ends the session as soon as no transaction is under way.
func (c *conn) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draining = true
	if c.waiting {
		_ = c.SetReadDeadline(time.Unix(1, 0))
	}
}

// cut ends the session now.
func (c *conn) cut() { _ = c.Conn.Close() }

// once is a listener that hands out one connection. A library server of its own for each connection is what lets the
// session know its connection, and survive every reply.
type once struct{ conn *conn }

var _ net.Listener = (*once)(nil)

// Accept returns the connection, and from then on that there are no more.
func (o *once) Accept() (net.Conn, error) {
	if o.conn == nil {
		return nil, net.ErrClosed
	}
	c := o.conn
	o.conn = nil
	return c, nil
}

// Close does nothing; the connection lives on.
func (o *once) Close() error { return nil }

// Addr returns no address; the library does not ask for one.
func (o *once) Addr() net.Addr { return nil }
