package miltertest

import "fmt"

// A Mail is one message as an MTA tells of it.
type Mail struct {
	QueueID    string
	User       string // the login of whoever sends it
	Sender     string // without angle brackets, as the recipients
	Recipients []string
	Header     [][2]string // name, and all that stands behind the colon
	Body       []byte
}

// An Outcome is what the filter made of a message.
type Outcome struct {
	Recipients []Reply // one for each recipient
	Changes    []Reply // to the message, in order
	Reply      Reply   // to the whole of it; none where no recipient was let through
}

// Deliver tells of a message, as Postfix does: refused recipients are left out, a message without recipients ends
// there, and an ABORT ends every message.
func (c *Client) Deliver(m *Mail) (Outcome, error) {
	var o Outcome
	if err := c.deliver(m, &o); err != nil {
		return o, err
	}
	return o, c.Abort()
}

func (c *Client) deliver(m *Mail, o *Outcome) error {
	macros := []string{"{mail_addr}", m.Sender}
	if m.User != "" {
		macros = append(macros, "{auth_authen}", m.User)
	}
	if err := c.Macros('M', macros...); err != nil {
		return err
	}
	if r, err := c.Mail("<" + m.Sender + ">"); err != nil || r.Code == 'y' {
		o.Reply = r
		return err
	}
	passed := false
	for _, recipient := range m.Recipients {
		if err := c.Macros('R', "{rcpt_addr}", recipient); err != nil {
			return err
		}
		r, err := c.Rcpt("<" + recipient + ">")
		if err != nil {
			return err
		}
		o.Recipients = append(o.Recipients, r)
		passed = passed || r.Code == 'c'
	}
	if !passed {
		return nil
	}
	return c.content(m, o)
}

func (c *Client) content(m *Mail, o *Outcome) error {
	for _, field := range m.Header {
		if err := c.Macros('L', "i", m.QueueID); err != nil {
			return err
		}
		if err := proceeds(c.Header(field[0], field[1])); err != nil {
			return err
		}
	}
	if err := proceeds(c.EndOfHeader()); err != nil {
		return err
	}
	if len(m.Body) > 0 {
		if err := proceeds(c.Body(m.Body)); err != nil {
			return err
		}
	}
	if err := c.Macros('E', "i", m.QueueID); err != nil {
		return err
	}
	var err error
	o.Changes, o.Reply, err = c.EndOfMessage(nil)
	return err
}

// proceeds is an error where a filter has something to say in the middle of a message.
func proceeds(r Reply, err error) error {
	if err == nil && r.Code != 0 && r.Code != 'c' {
		return fmt.Errorf("filter says %v in the middle of a message", r)
	}
	return err
}
