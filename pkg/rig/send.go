package rig

import (
	"context"
	"slices"
)

// A Mail is one message and how it is sent.
type Mail struct {
	Client     Client
	Sender     string   // "" for the null sender
	Recipients []string //
	Args       []string // of MAIL: "SMTPUTF8", "BODY=8BITMIME", "RET=HDRS"
	Data       []byte   // header and body, with line ends of any kind
	Pipelined  bool     // MAIL, RCPT and DATA go in one packet
}

// A Transcript is what a server answered to a Mail, from the first command to the last; zero Replies are those of
// commands that were not sent.
type Transcript struct {
	Banner  Reply // after XCLIENT, the one to that
	Hello   Reply
	Mail    Reply
	Rcpts   []Reply // in the order of the recipients
	Content Reply   // to the end of the message, or to DATA if that was refused
}

// Final is the reply that says what became of the message: the first refusal of the whole, or the refusal of the last
// recipient where all were refused, or the reply to the content.
func (t Transcript) Final() Reply {
	for _, reply := range []Reply{t.Banner, t.Hello, t.Mail} {
		if reply.Refused() {
			return reply
		}
	}
	if len(t.Rcpts) > 0 && !accepted(t.Rcpts) {
		return t.Rcpts[len(t.Rcpts)-1]
	}
	return t.Content
}

// accepted tells whether one of the recipients was.
func accepted(rcpts []Reply) bool { return slices.ContainsFunc(rcpts, Reply.OK) }

// Accepted tells whether the server took the message, for one recipient at least.
func (t Transcript) Accepted() bool { return t.Content.OK() }

// Send sends one message over a connection of its own. What a server refuses is in the Transcript; an error means that
// the conversation broke down, and the Transcript tells how far it went.
func Send(ctx context.Context, addr string, m Mail) (Transcript, error) {
	var t Transcript
	s, err := Dial(ctx, addr)
	if err != nil {
		return t, err
	}
	defer s.Close()
	if t.Banner, err = s.become(m.Client); err != nil || !t.Banner.OK() {
		return t, err
	}
	if t.Hello, err = s.Hello(m.Client.helo()); err != nil || !t.Hello.OK() {
		return t, err
	}
	if err = s.deliver(&t, m); err != nil {
		return t, err
	}
	_, err = s.Quit()
	if isGone(err) {
		err = nil // as is the way of a server that had said 421
	}
	return t, err
}

// become introduces the connection as the client's, and returns the banner that the client would see.
func (s *Session) become(c Client) (Reply, error) {
	if !c.Addr.IsValid() || !s.Banner.OK() {
		return s.Banner, nil
	}
	if reply, err := s.Hello("localhost"); err != nil || !reply.OK() {
		return reply, err
	}
	return s.Xclient(c)
}

// Deliver sends a message over the session as it stands, which must have said EHLO. It leaves no transaction open, and
// so may be called again.
func (s *Session) Deliver(m Mail) (Transcript, error) {
	t := Transcript{Banner: s.Banner}
	err := s.deliver(&t, m)
	if err == nil && !t.Content.OK() && t.Final().Code != 421 {
		_, err = s.Reset()
	}
	return t, err
}

func (s *Session) deliver(t *Transcript, m Mail) error {
	if m.Pipelined {
		return s.pipeline(t, m)
	}
	var err error
	if t.Mail, err = s.Mail(m.Sender, m.Args...); err != nil || !t.Mail.OK() {
		return err
	}
	for _, recipient := range m.Recipients {
		reply, err := s.Rcpt(recipient)
		if err != nil {
			return err
		}
		t.Rcpts = append(t.Rcpts, reply)
	}
	if accepted(t.Rcpts) {
		t.Content, err = s.Data(m.Data)
	}
	return err
}

// pipeline sends the envelope in one packet. DATA that was accepted without a recipient must still be ended (RFC 2920,
// 3.1).
func (s *Session) pipeline(t *Transcript, m Mail) error {
	lines := []string{mailLine(m.Sender, m.Args)}
	for _, recipient := range m.Recipients {
		lines = append(lines, rcptLine(recipient, nil))
	}
	replies, err := s.Pipeline(append(lines, "DATA")...)
	if err != nil {
		return err
	}
	last := len(replies) - 1
	t.Mail, t.Rcpts, t.Content = replies[0], replies[1:last], replies[last]
	if t.Content.Code != 354 {
		return nil
	}
	data := m.Data
	if !accepted(t.Rcpts) {
		data = nil
	}
	t.Content, err = s.content(data)
	return err
}
