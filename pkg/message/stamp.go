package message

import (
	"strings"
	"time"
)

// stamped returns the header as rules see it. In a session, the Received field that Postfix will write of this client is not
// there yet; rules were written for mail that has it, and tell forged fields by what they find above them. A message from a
// file has it.
func (m *Message) stamped() Header {
	if m.Stored || !m.Client.Addr.IsValid() {
		return m.Header
	}
	return m.derived.stamped.get(func() Header {
		return append(Header{{Name: "Received", Value: m.received()}}, m.Header...)
	})
}

// received is the value of the Received field that Postfix will write, with the envelope sender in it, as milters give it to
// SpamAssassin.
func (m *Message) received() string {
	name, addr, by, protocol, recipient := m.Client.Name, m.Client.Addr.String(), m.Receiver, "ESMTP", ""
	if name == "" {
		name = "unknown"
	}
	if m.Client.Addr.Is6() {
		addr = "IPv6:" + addr
	}
	if by == "" {
		by = "localhost"
	}
	if m.User != "" {
		protocol = "ESMTPSA"
	}
	if len(m.Recipients) == 1 {
		recipient = "\n\tfor <" + neuter(m.Recipients[0], "") + ">"
	}
	return " from " + neuter(m.Client.Helo, "@") + " (" + name + " [" + addr + "])\n\tby " + by + " (Postfix) with " + protocol + " id " + m.QueueID +
		recipient + m.stampedAt() + "\n\t(envelope-from <" + neuter(m.Sender, "") + ">)"
}

func (m *Message) stampedAt() string {
	if m.Time.IsZero() {
		return ""
	}
	return "; " + m.Time.Format(time.RFC1123Z)
}

// neuter puts "?" in the place of characters by which a client could forge the rest of the field, as Postfix does.
func neuter(s, more string) string {
	return strings.Map(func(c rune) rune {
		if c <= ' ' || c == 0x7f || strings.ContainsRune("<>()\\\";"+more, c) {
			return '?'
		}
		return c
	}, s)
}
