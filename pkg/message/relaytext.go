package message

import "strings"

// IsRelayHeader tells whether a header rule's field is one that RelayText makes. SpamAssassin is particular about the
// letters of some of them.
func IsRelayHeader(name string) bool {
	for _, known := range [...]string{"X-Spam-Relays-Trusted", "X-Spam-Relays-Untrusted", "X-Spam-Relays-Internal", "X-Spam-Relays-External", "EnvelopeFrom"} {
		if len(name) == len(known) && strings.EqualFold(name, known) {
			return true
		}
	}
	switch name {
	case "ALL-TRUSTED", "ALL-UNTRUSTED", "ALL-INTERNAL", "ALL-EXTERNAL":
		return true
	}
	return false
}

// RelayText returns what header rules are matched against where they name a pseudo header that depends on the way of
// the message: X-Spam-Relays-Trusted, -Untrusted, -Internal and -External with the hops, ALL-TRUSTED and so on with the
// fields that such hosts wrote, and EnvelopeFrom. It returns false where there is none, and for other names.
func (m *Message) RelayText(rules *URIRules, name string, mod HeaderMod, networks *Networks) (string, bool) {
	if !IsRelayHeader(name) {
		return "", false
	}
	relays := m.Relays(networks)
	return relays.texts.get(mod.key(rules, name), func() (string, bool) {
		return mod.textOf(rules, m.relayLines(relays, networks, name, mod))
	})
}

// relayLines returns the lines that a pseudo header stands for.
func (m *Message) relayLines(relays *Relays, networks *Networks, name string, mod HeaderMod) []string {
	switch raw := mod&HeaderRaw != 0; name {
	case "ALL-TRUSTED":
		return m.fieldsBefore(raw, relays.lastTrusted+1)
	case "ALL-INTERNAL":
		return m.fieldsBefore(raw, relays.lastInternal+1)
	case "ALL-UNTRUSTED":
		return m.fieldsFrom(raw, relays.lastTrusted+1)
	case "ALL-EXTERNAL":
		return m.fieldsFrom(raw, relays.lastInternal+1)
	}
	switch strings.ToLower(name) {
	case "x-spam-relays-trusted":
		return []string{relaysText(relays.Trusted)}
	case "x-spam-relays-untrusted":
		return []string{relaysText(relays.Untrusted)}
	case "x-spam-relays-internal":
		return []string{relaysText(relays.Internal)}
	case "x-spam-relays-external":
		return []string{relaysText(relays.External)}
	}
	if sender, known := m.EnvelopeFrom(networks); known {
		return []string{sender}
	}
	return nil
}

// relaysText writes hops as rules know them.
func relaysText(relays []Relay) string {
	var out strings.Builder
	for i := range relays {
		r := &relays[i]
		if i > 0 {
			out.WriteByte(' ')
		}
		for _, piece := range [...]string{
			"[ ip=", r.IP, " rdns=", r.Name, " helo=", r.Helo, " by=", r.By, " ident=", r.Ident, " envfrom=", r.EnvFrom,
			" intl=", digit(r.Internal), " id=", r.ID, " auth=", r.Auth, " msa=", digit(r.MSA), " ]",
		} {
			out.WriteString(piece)
		}
	}
	return out.String()
}

func digit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// fieldsBefore returns the fields down to the Received field of that number, which is the last.
func (m *Message) fieldsBefore(raw bool, number int) []string {
	lines := m.allHeaders(raw)
	for i, n := 0, -1; i < len(lines); i++ {
		if isReceived(lines[i]) {
			if n++; n == number {
				return lines[:i+1]
			}
		}
	}
	return lines
}

// fieldsFrom returns the fields from the Received field of that number on.
func (m *Message) fieldsFrom(raw bool, number int) []string {
	lines := m.allHeaders(raw)
	for i, n := 0, -1; i < len(lines); i++ {
		if isReceived(lines[i]) {
			if n++; n == number {
				return lines[i:]
			}
		}
	}
	return nil
}

func isReceived(line string) bool {
	const name = "Received:"
	return len(line) >= len(name) && strings.EqualFold(line[:len(name)], name)
}
