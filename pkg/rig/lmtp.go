package rig

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Limits of an LMTP conversation.
const (
	lmtpLimit     = 5 * time.Minute // for a command, or for a line of content, to come
	maxCommand    = 4096            // octets of a command
	maxRecipients = 10000           // of one message
)

// lmtp is one conversation with a client that delivers (RFC 2033).
type lmtp struct {
	mailbox *Mailbox
	conn    net.Conn
	r       *bufio.Reader
	w       *bufio.Writer

	greeted bool
	open    bool // MAIL was said
	mail    Delivery
}

func newLMTP(b *Mailbox, conn net.Conn) *lmtp {
	return &lmtp{mailbox: b, conn: conn, r: bufio.NewReaderSize(conn, 64<<10), w: bufio.NewWriter(conn)}
}

// run speaks until the client ends the conversation or it breaks.
func (l *lmtp) run() {
	l.say("220 mailbox LMTP")
	for {
		l.conn.SetDeadline(time.Now().Add(lmtpLimit))
		if l.r.Buffered() == 0 && l.w.Flush() != nil { // the client may have sent several commands at once
			return
		}
		line, err := readLine(l.r, maxCommand)
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(line, " ")
		if strings.EqualFold(verb, "QUIT") {
			l.say("221 2.0.0 Bye")
			l.w.Flush()
			return
		}
		if err := l.command(strings.ToUpper(verb), rest); err != nil {
			return
		}
	}
}

func (l *lmtp) say(format string, args ...any) {
	fmt.Fprintf(l.w, format+"\r\n", args...) // an error is kept for Flush
}

// command answers one command; an error ends the conversation.
func (l *lmtp) command(verb, rest string) error {
	switch verb {
	case "LHLO":
		l.greeted = true
		l.reset()
		l.say("250-mailbox\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE %d", maxMessage)
	case "MAIL":
		l.sayMail(rest)
	case "RCPT":
		l.sayRcpt(rest)
	case "DATA":
		return l.data()
	case "RSET":
		l.reset()
		l.say("250 2.0.0 Ok")
	case "NOOP":
		l.say("250 2.0.0 Ok")
	default:
		l.say("500 5.5.2 Unknown command")
	}
	return nil
}

func (l *lmtp) reset() { l.open, l.mail = false, Delivery{} }

func (l *lmtp) sayMail(rest string) {
	sender, err := path(rest, "FROM:")
	switch {
	case !l.greeted || l.open:
		l.say("503 5.5.1 MAIL comes once, after LHLO")
	case err != nil:
		l.say("501 5.5.4 %v", err)
	default:
		l.open, l.mail.Sender = true, sender
		l.say("250 2.1.0 Ok")
	}
}

func (l *lmtp) sayRcpt(rest string) {
	recipient, err := path(rest, "TO:")
	switch {
	case !l.open:
		l.say("503 5.5.1 RCPT comes after MAIL")
	case err != nil:
		l.say("501 5.5.4 %v", err)
	case len(l.mail.Recipients) >= maxRecipients:
		l.say("452 4.5.3 Too many recipients")
	default:
		l.mail.Recipients = append(l.mail.Recipients, recipient)
		l.say("250 2.1.5 Ok")
	}
}

// path reads the address of MAIL or RCPT, `FROM:<address> PARAMETERS`. Parameters are taken and ignored.
func path(rest, prefix string) (string, error) {
	if len(rest) < len(prefix) || !strings.EqualFold(rest[:len(prefix)], prefix) {
		return "", fmt.Errorf("%s<address> is missing", prefix)
	}
	addr, found := strings.CutPrefix(strings.TrimSpace(rest[len(prefix):]), "<")
	end := strings.LastIndexByte(addr, '>') // a quoted local part may hold one
	if !found || end < 0 {
		return "", errors.New("an address stands in angle brackets")
	}
	return addr[:end], nil
}

// data takes the content and answers for every recipient (RFC 2033, 4.2).
func (l *lmtp) data() error {
	if len(l.mail.Recipients) == 0 {
		l.say("503 5.5.1 DATA comes after RCPT")
		return nil
	}
	l.say("354 End with a dot")
	if err := l.w.Flush(); err != nil {
		return err
	}
	data, err := readContent(l.r, func() { l.conn.SetDeadline(time.Now().Add(lmtpLimit)) })
	if err != nil {
		return err
	}
	l.mail.Data, l.mail.Time = data, time.Now()
	answer := "250 2.0.0 Delivered"
	if data == nil {
		answer = "552 5.3.4 The message is too large"
	} else if err := l.mailbox.put(l.mail); err != nil {
		answer = "452 4.2.2 " + err.Error()
	}
	for range l.mail.Recipients {
		l.say("%s", answer)
	}
	l.reset()
	return nil
}

// readContent reads up to the line that is a lone dot and takes the doubled dots off (RFC 5321, 4.5.2). It returns nil
// for a content of more than maxMessage, which it reads to the end. It calls alive for every piece.
func readContent(r *bufio.Reader, alive func()) ([]byte, error) {
	data := []byte{}
	atStart := true // of a line: the reader's buffer may end before the line does
	for {
		part, err := r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, errors.Join(err, io.ErrUnexpectedEOF)
		}
		alive()
		if atStart && bytes.Equal(part, []byte(".\r\n")) {
			return data, nil
		}
		if atStart && part[0] == '.' {
			part = part[1:]
		}
		atStart = err == nil
		if len(data)+len(part) > maxMessage {
			data = nil
		}
		if data != nil {
			data = append(data, part...)
		}
	}
}
