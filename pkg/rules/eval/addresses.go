package eval

import (
	"strings"

	"winnow/pkg/message"
)

// field returns what rules see of the fields of that name, all of them, "" where there is none. Of addresses, names and hosts
// it is the first one.
func (f *Facts) field(name string, mod message.HeaderMod) string {
	text, _ := f.fieldText(name, mod)
	if mod&(message.HeaderAddr|message.HeaderName|message.HeaderHost|message.HeaderDomain) != 0 {
		text, _, _ = strings.Cut(text, "\n")
	}
	return text
}

func (f *Facts) fieldText(name string, mod message.HeaderMod) (text string, found bool) {
	rules := f.Settings.URIRules()
	if message.IsRelayHeader(name) {
		return f.Message.RelayText(rules, name, mod, f.Settings.Networks())
	}
	return f.Message.HeaderTextBy(rules, name, mod)
}

// addresses returns all addresses in the fields of that name.
func (f *Facts) addresses(name string, mod message.HeaderMod) []string {
	text, found := f.fieldText(name, mod|message.HeaderAddr)
	if !found {
		return nil
	}
	return strings.Split(text, "\n")
}

// author returns the first address of the From field.
func (f *Facts) author() string { return f.field("From", message.HeaderAddr) }

// envelopeSender returns the address in the envelope sender, "" where there is none.
func (f *Facts) envelopeSender() string { return f.field("EnvelopeFrom", message.HeaderAddr) }

// allSenders returns whom the message may be from, by its envelope and all its fields, none twice. Who sent it on comes
// alone, where anybody did.
func (f *Facts) allSenders() []string {
	if !f.hasSenders {
		f.hasSenders = true
		f.senders = f.findSenders()
	}
	return f.senders
}

func (f *Facts) findSenders() []string {
	if resent := f.addresses("Resent-From", message.HeaderFirst); len(resent) > 0 {
		return unique(resent)
	}
	var all []string
	for _, name := range [...]string{"From", "Envelope-Sender", "Resent-Sender", "X-Envelope-From", "EnvelopeFrom"} {
		for _, address := range f.addresses(name, 0) {
			if address = withoutDoubleDots(address); address != "" {
				all = append(all, address)
			}
		}
	}
	return unique(all)
}

// allReceivers returns whom the message may be for, in the same way.
func (f *Facts) allReceivers() []string {
	if !f.hasReceivers {
		f.hasReceivers = true
		f.receivers = f.findReceivers()
	}
	return f.receivers
}

func (f *Facts) findReceivers() []string {
	resent := append(f.addresses("Resent-To", message.HeaderFirst), f.addresses("Resent-Cc", message.HeaderFirst)...)
	if len(resent) > 0 {
		return unique(resent)
	}
	all := f.receivedFor()
	for _, name := range [...]string{
		"To", "Apparently-To", "Delivered-To", "Envelope-Recipients", "Apparently-Resent-To", "X-Envelope-To", "Envelope-To",
		"X-Delivered-To", "X-Original-To", "X-Rcpt-To", "X-Real-To", "Cc",
	} {
		all = append(all, f.addresses(name, 0)...)
	}
	return unique(all)
}

// receivedFor returns the recipients that the three newest Received fields name.
func (f *Facts) receivedFor() []string {
	const most = 3
	var found []string
	text := f.field("Received", 0)
	for n := 0; n < most && text != ""; n++ {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		if address, ok := forAddress(line); ok {
			found = append(found, address)
		}
	}
	return found
}

// forAddress finds "for <local@domain>;".
func forAddress(line string) (string, bool) {
	for {
		_, rest, found := strings.Cut(line, " for ")
		if !found {
			return "", false
		}
		line = " " + rest
		if n := strings.IndexAny(rest, " \t"); n >= 0 {
			rest = rest[:n]
		}
		rest = strings.TrimPrefix(rest, "<")
		at := strings.IndexByte(rest, '@')
		end := -1
		if at > 0 {
			end = strings.IndexByte(rest[at:], ';')
		}
		if end < 2 {
			continue
		}
		rest = strings.TrimSuffix(rest[:at+end], ">")
		if _, ok := message.HostASCII(rest[strings.LastIndexByte(rest, '@')+1:]); ok {
			return rest, true
		}
		return "", false
	}
}

// unique drops what is there already, and keeps the order.
func unique(list []string) []string {
	const few = 16 // of which it is cheaper to look at all
	if len(list) > few {
		return uniqueOfMany(list)
	}
	kept := list[:0:0]
	for _, s := range list {
		if !contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}

// uniqueOfMany is unique for lists as long as whoever wrote the mail likes.
func uniqueOfMany(list []string) []string {
	kept, seen := list[:0:0], make(map[string]bool, len(list))
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			kept = append(kept, s)
		}
	}
	return kept
}

func contains(list []string, s string) bool {
	for _, known := range list {
		if known == s {
			return true
		}
	}
	return false
}

func withoutDoubleDots(s string) string {
	for strings.Contains(s, "..") {
		s = strings.ReplaceAll(s, "..", ".")
	}
	return s
}

// isWordByte tells of the characters of a word: letters, digits and underscores.
func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

// isEdge tells whether a word begins or ends before s[i].
func isEdge(s string, i int) bool {
	before := i > 0 && isWordByte(s[i-1])
	after := i < len(s) && isWordByte(s[i])
	return before != after
}

// containsAtEdge tells whether text has word in it, in either case, from the edge of a word on.
func containsAtEdge(text, word string) bool {
	for i := 0; i+len(word) <= len(text); i++ {
		if strings.EqualFold(text[i:i+len(word)], word) && isEdge(text, i) {
			return true
		}
	}
	return false
}

// containsFold tells whether text has word in it, which begins with a small letter, in either case.
func containsFold(text, word string) bool {
	for at := 0; at+len(word) <= len(text); at++ {
		if text[at]|0x20 == word[0] && strings.EqualFold(text[at:at+len(word)], word) {
			return true
		}
	}
	return false
}

// endsAtEdge tells whether text ends with word, in either case, which is no part of a longer word.
func endsAtEdge(text, word string) bool {
	i := len(text) - len(word)
	return i >= 0 && strings.EqualFold(text[i:], word) && isEdge(text, i)
}

// oneBlank makes one blank of each run of white space.
func oneBlank(s string) string {
	var out strings.Builder
	out.Grow(len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == ' ' || '\t' <= c && c <= '\r' {
			if n := out.Len(); i > 0 && n > 0 && isSpaceByte(s[i-1]) {
				continue
			}
			c = ' '
		}
		out.WriteByte(c)
	}
	return out.String()
}

func isSpaceByte(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }
