package dnslist

import (
	"math/rand/v2"
	"slices"
	"strings"

	"winnow/pkg/message"
)

// mailbox returns a mail address in the form of which lists have hashes, "" for what is none. Who owns an address can write
// it in many ways: in capitals, with a tag behind a plus sign, and at Gmail with dots anywhere. All of them are one here, as
// MSBL asks for it (msbl.org/ebl-design.html) and as Spamhaus' own rules for its HBL do it.
func mailbox(addr string) string {
	local, domain := message.SplitAddress(addr)
	if !validHost(domain) {
		return ""
	}
	local = strings.ToLower(local)
	if n := len(local); n > 2 && local[0] == '"' && local[n-1] == '"' {
		local = local[1 : n-1] // the same address as without the quotes (RFC 5321, 4.1.2)
	}
	local, _, _ = strings.Cut(local, "+")
	if domain == "googlemail.com" {
		domain = "gmail.com"
	}
	if domain == "gmail.com" {
		local = strings.ReplaceAll(local, ".", "")
	}
	if !validLocal(local) {
		return ""
	}
	return local + "@" + domain
}

// maxLocal is how long a local part may be (RFC 5321, 4.5.3.1.1).
const maxLocal = 64

// validLocal tells whether a local part in lower case needs no quotes: atoms and dots (RFC 5322, 3.2.3).
func validLocal(local string) bool {
	if local == "" || len(local) > maxLocal {
		return false
	}
	for i := 0; i < len(local); i++ {
		c := local[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && strings.IndexByte("!#$%&'*+-/=?^_`{|}~.", c) < 0 {
			return false
		}
	}
	return true
}

// writers returns the mail addresses in the fields of that name, each once. Where there are more than lists are asked
// about, chance says which: one could else hide behind others.
func writers(m *message.Message, field string) []string {
	text, _ := m.HeaderText(field, message.HeaderAddr)
	var addrs []string
	for line := range strings.Lines(text) {
		addr := strings.TrimSuffix(line, "\n")
		if len(addrs) == maxWritersSeen {
			break
		}
		if addr != "" && !slices.Contains(addrs, addr) {
			addrs = append(addrs, addr)
		}
	}
	if len(addrs) > MaxWriters {
		rand.Shuffle(len(addrs), func(i, j int) { addrs[i], addrs[j] = addrs[j], addrs[i] })
		addrs = addrs[:MaxWriters]
	}
	return addrs
}

// appendMailbox appends a mail address as a whole, unless it is a recipient's: no list need hear who our users are.
func appendMailbox(all []subject, ask Ask, addr string, recipients []string) []subject {
	whole := mailbox(addr)
	if whole == "" || slices.Contains(recipients, whole) {
		return all
	}
	return append(all, subject{ask: ask, whole: whole})
}

// recipients returns whom the message is for, in the form of mailbox.
func recipients(m *message.Message) []string {
	all := make([]string, len(m.Recipients))
	for i, addr := range m.Recipients {
		all[i] = mailbox(addr)
	}
	return all
}
