package message

import "strings"

// EnvelopeFrom returns the envelope sender as rules see it, without brackets. In a session it is what the client said. Of
// a message from a file it is guessed, as SpamAssassin does, from what MTAs on its way wrote down; then it may be unknown.
func (m *Message) EnvelopeFrom(networks *Networks) (sender string, known bool) {
	if m.envelopeKnown() {
		return m.Sender, true
	}
	if networks.senderField != "" {
		return m.senderIn(networks.senderField)
	}
	if hop := m.lastHop(networks); hop != nil && hop.hasEnvFrom && isSender(hop.EnvFrom) {
		return hop.EnvFrom, true
	}
	if m.isRefetched() {
		return "", false
	}
	for i, name := range [...]string{"X-Envelope-From", "Envelope-Sender", "Return-Path"} {
		sender, found := m.firstAddress(name)
		if !found {
			continue
		}
		// below a Received field it is that of an older transaction: the list that the message came over had its own
		if !m.isBelowReceived(name) {
			return sender, true
		}
		if i == 0 {
			return "", false
		}
	}
	return "", false
}

// envelopeKnown tells whether Sender comes from a transaction rather than from a field of the header.
func (m *Message) envelopeKnown() bool {
	return !m.Stored || m.SenderKnown
}

// isSender tells of what can be an envelope sender: an address, or nothing.
func isSender(s string) bool { return s == "" || strings.IndexByte(s, '@') > 0 }

func (m *Message) senderIn(field string) (string, bool) {
	sender, found := m.firstAddress(field)
	return sender, found && isSender(sender)
}

// lastHop is the newest hop that is not trusted, or the oldest where all are.
func (m *Message) lastHop(networks *Networks) *Relay {
	switch relays := m.Relays(networks); {
	case len(relays.Untrusted) > 0:
		return &relays.Untrusted[0]
	case len(relays.Trusted) > 0:
		return &relays.Trusted[len(relays.Trusted)-1]
	}
	return nil
}

// isRefetched tells of mail that came over a list and was then fetched from a mailbox: fetchmail takes the X-Sender of
// the list for the sender and writes it down.
func (m *Message) isRefetched() bool {
	if sender, found := m.firstAddress("X-Sender"); !found || !strings.Contains(sender, "@") {
		return false
	}
	for i := range m.Header {
		if strings.EqualFold(m.Header[i].Name, "Received") && strings.Contains(m.Header[i].Value, "(fetchmail") {
			return true
		}
	}
	return false
}

// firstAddress returns the first address in the topmost field of that name.
func (m *Message) firstAddress(name string) (string, bool) {
	text, found := m.HeaderText(name, HeaderAddr|HeaderFirst)
	address, _, _ := strings.Cut(text, "\n")
	return address, found
}

// isBelowReceived tells whether there is a field of that name below a Received field.
func (m *Message) isBelowReceived(name string) bool {
	received := false
	for i := range m.Header {
		switch {
		case strings.EqualFold(m.Header[i].Name, "Received"):
			received = true
		case received && strings.EqualFold(m.Header[i].Name, name):
			return true
		}
	}
	return false
}
