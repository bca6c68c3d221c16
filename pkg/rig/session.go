package rig

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// replyLimit is how long a server may take for a reply. Postfix gives a milter 300 s for the end of a message
// (milter_content_timeout); a test that waits for that has its own limit in ctx.
const replyLimit = 330 * time.Second

// A Session is one SMTP connection, driven command by command. It sends what it is told to send, also what no client
// should: tests need that. An error means the connection is of no more use; a refusal is a Reply.
type Session struct {
	Banner     Reply
	Extensions []string // what EHLO offered, "PIPELINING", "SIZE 1000000"

	conn net.Conn
	r    *bufio.Reader
	w    *bufio.Writer
	stop func() bool // ends the watch over ctx
}

// Dial connects to an SMTP server and reads its banner. The connection ends with ctx.
func Dial(ctx context.Context, addr string) (*Session, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &Session{conn: conn, r: bufio.NewReader(conn), w: bufio.NewWriterSize(conn, 64<<10)}
	s.stop = context.AfterFunc(ctx, func() { conn.Close() })
	if s.Banner, err = s.reply(); err != nil {
		s.Close()
		return nil, fmt.Errorf("smtp: banner: %w", err)
	}
	return s, nil
}

// Close drops the connection without a word.
func (s *Session) Close() error {
	s.stop()
	return s.conn.Close()
}

// Command sends one line and returns the reply to it.
func (s *Session) Command(line string) (Reply, error) {
	replies, err := s.Pipeline(line)
	if err != nil {
		return Reply{}, err
	}
	return replies[0], nil
}

// Pipeline sends several lines at once and returns the replies to each (RFC 2920). Replies that came before an error
// are returned with it.
func (s *Session) Pipeline(lines ...string) ([]Reply, error) {
	for _, line := range lines {
		if strings.ContainsAny(line, "\r\n") {
			return nil, fmt.Errorf("smtp: a command of several lines: %q", line)
		}
		s.w.WriteString(line + "\r\n") // an error is kept for Flush
	}
	if err := s.flush(); err != nil {
		return nil, fmt.Errorf("smtp: %w", err)
	}
	var replies []Reply
	for _, line := range lines {
		reply, err := s.reply()
		if err != nil {
			return replies, fmt.Errorf("smtp: %s: %w", line, err)
		}
		replies = append(replies, reply)
	}
	return replies, nil
}

func (s *Session) flush() error {
	s.conn.SetWriteDeadline(time.Now().Add(replyLimit))
	return s.w.Flush()
}

func (s *Session) reply() (Reply, error) {
	s.conn.SetReadDeadline(time.Now().Add(replyLimit))
	return readReply(s.r)
}

// Hello says EHLO and keeps the extensions that are offered.
func (s *Session) Hello(name string) (Reply, error) {
	reply, err := s.Command("EHLO " + name)
	if reply.OK() {
		s.Extensions = strings.Split(reply.Text, "\n")[1:]
	}
	return reply, err
}

// Offers tells whether the server offered an extension.
func (s *Session) Offers(extension string) bool {
	for _, e := range s.Extensions {
		if word, _, _ := strings.Cut(e, " "); strings.EqualFold(word, extension) {
			return true
		}
	}
	return false
}

// Mail begins a transaction. The sender may be empty; args are such as "SMTPUTF8" or "SIZE=1000".
func (s *Session) Mail(sender string, args ...string) (Reply, error) {
	return s.Command(mailLine(sender, args))
}

// Rcpt names a recipient.
func (s *Session) Rcpt(recipient string, args ...string) (Reply, error) {
	return s.Command(rcptLine(recipient, args))
}

func mailLine(sender string, args []string) string {
	return strings.Join(append([]string{"MAIL FROM:<" + sender + ">"}, args...), " ")
}

func rcptLine(recipient string, args []string) string {
	return strings.Join(append([]string{"RCPT TO:<" + recipient + ">"}, args...), " ")
}

// Data sends a message and returns the reply to its end, or the reply to DATA if that refused. Line ends of any kind
// are sent as CRLF, and lines that begin with a dot get another (RFC 5321, 4.5.2).
func (s *Session) Data(message []byte) (Reply, error) {
	reply, err := s.Command("DATA")
	if err != nil || reply.Code != 354 {
		return reply, err
	}
	return s.content(message)
}

// content sends what follows the reply 354 and returns the reply to its end.
func (s *Session) content(message []byte) (Reply, error) {
	s.conn.SetWriteDeadline(time.Now().Add(replyLimit)) // for all of it: the buffer empties itself on the way
	if err := writeContent(s.w, message); err != nil {
		return Reply{}, fmt.Errorf("smtp: content: %w", err)
	}
	reply, err := s.reply()
	if err != nil {
		return reply, fmt.Errorf("smtp: end of content: %w", err)
	}
	return reply, nil
}

// writeContent writes a message as it follows DATA, with the dot at its end.
func writeContent(w *bufio.Writer, message []byte) error {
	for len(message) > 0 {
		line, rest, ended := bytes.Cut(message, []byte("\n"))
		if message = rest; ended {
			line = bytes.TrimSuffix(line, []byte("\r"))
		}
		if bytes.HasPrefix(line, []byte(".")) {
			w.WriteByte('.')
		}
		w.Write(line)
		w.WriteString("\r\n")
	}
	w.WriteString(".\r\n")
	return w.Flush() // with the first error of all writes
}

// Chunk sends a part of a message as it is (BDAT, RFC 3030).
func (s *Session) Chunk(part []byte, last bool) (Reply, error) {
	line := "BDAT " + strconv.Itoa(len(part))
	if last {
		line += " LAST"
	}
	s.w.WriteString(line + "\r\n")
	s.w.Write(part)
	if err := s.flush(); err != nil {
		return Reply{}, fmt.Errorf("smtp: BDAT: %w", err)
	}
	reply, err := s.reply()
	if err != nil {
		return reply, fmt.Errorf("smtp: BDAT: %w", err)
	}
	return reply, nil
}

// Reset drops the transaction.
func (s *Session) Reset() (Reply, error) { return s.Command("RSET") }

// Noop does nothing.
func (s *Session) Noop() (Reply, error) { return s.Command("NOOP") }

// Quit says goodbye and closes the connection.
func (s *Session) Quit() (Reply, error) {
	reply, err := s.Command("QUIT")
	return reply, errors.Join(err, s.Close())
}

// isGone tells whether an error means that the server ended the connection: what we say behind that is answered with a reset.
func isGone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
