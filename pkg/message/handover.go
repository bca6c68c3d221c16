package message

import "strings"

// readHandover reads a Received field to be believed. A host that we believe wrote it, but with words that a stranger gave it
// in: what he calls himself, the name of his address, his certificate's. So the field must have the form of RFC 5321, 4.4,
// with balanced comments and one "by", and its part before that must name one address only. Anything else is unknown: no
// legitimate mail is harmed by that, and nobody can have a list asked about an address of his choice.
func readHandover(value string) (Relay, handover) {
	line := joinHelo(cutRelayDate(foldBlanks(value)))
	f, ok := cutReceived(line)
	if !ok {
		return Relay{}, handedUnknown
	}
	addr, several := f.address()
	switch {
	case several:
		return Relay{}, handedUnknown
	case f.fetched():
		return Relay{}, handedLocally
	case !addr.IsValid():
		return Relay{}, f.without()
	case !f.from:
		return Relay{}, handedUnknown
	}
	read, outcome := readReceived(line)
	hop := read.relay()
	if outcome != relayRead { // a form that rules do not know
		hop = Relay{Addr: addr, IP: addr.String(), Helo: flagStrange(f.helo()), By: flagStrange(f.receiver()), Private: IsPrivate(addr)}
	}
	if hop.Addr != addr {
		return Relay{}, handedUnknown
	}
	if hop.Auth = f.auth(); !f.tellsName(hop.Name) {
		hop.Name = ""
	}
	return hop, handedOver
}

// A handover is how a message came to the host that wrote a Received field.
type handover uint8

const (
	handedUnknown handover = iota // nobody can tell
	handedOver                    // by a host whose address is known
	handedLocally                 // by a program of the same host or system, or from a mailbox
)

// receivedParts is a Received field taken apart by its form alone.
type receivedParts struct {
	from     bool     // it begins with "from"
	words    []string // outside of comments, up to "by"
	comments []string // up to "by", without their parentheses
	tail     string   // from "by" on, "" where there is none
}

// cutReceived takes a field apart. It returns false where comments or quotes do not end, where there is more than one "by",
// and where what stands before that does not begin with "from".
func cutReceived(line string) (f receivedParts, ok bool) {
	by := -1
	for pos := 0; pos < len(line); {
		start := pos
		switch line[pos] {
		case ' ':
			pos++
			continue
		case '(':
			if pos = commentEnd(line, pos); pos < 0 {
				return f, false
			}
			if by < 0 {
				f.comments = append(f.comments, line[start+1:pos-1])
			}
			continue
		}
		if pos = wordEnd(line, pos); pos < 0 {
			return f, false
		}
		switch word := line[start:pos]; {
		case strings.EqualFold(word, "by"):
			if by >= 0 {
				return f, false
			}
			by = start
		case start == 0 && strings.EqualFold(word, "from"):
			f.from = true
		case by < 0:
			f.words = append(f.words, word)
		}
	}
	if by >= 0 {
		f.tail = line[by:]
	}
	return f, f.from && by >= 0 || !f.from && len(f.words) == 0
}

// commentEnd returns where a comment ends that begins at pos, others in it included (RFC 5322, 3.2.2); -1 where it does not.
func commentEnd(s string, pos int) int {
	depth := 0
	for ; pos < len(s); pos++ {
		switch s[pos] {
		case '\\':
			pos++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return pos + 1
			}
		}
	}
	return -1
}

// wordEnd returns where a word ends that begins at pos: before a blank or a comment. A quoted string belongs to it whole; -1
// where that does not end, or a comment that did not begin does.
func wordEnd(s string, pos int) int {
	for ; pos < len(s); pos++ {
		switch s[pos] {
		case ' ', '(':
			return pos
		case ')':
			return -1
		case '\\':
			pos++
		case '"':
			for pos++; pos < len(s) && s[pos] != '"'; pos++ {
				if s[pos] == '\\' {
					pos++
				}
			}
			if pos >= len(s) {
				return -1
			}
		}
	}
	return min(pos, len(s))
}

// joinHelo puts "?" in the place of blanks in what a client called itself, where it is plain where that ends: Postfix takes
// "EHLO x by y" for one name, and writes no parentheses of it.
func joinHelo(line string) string {
	const from = "from "
	open := strings.Index(line, " (")
	if open < len(from) || !strings.EqualFold(line[:len(from)], from) || !strings.Contains(line[len(from):open], " ") {
		return line
	}
	comment, _, found := strings.Cut(line[open+2:], ")")
	if !found || !isNameAndAddr(comment) {
		return line
	}
	return from + strings.ReplaceAll(line[len(from):open], " ", "?") + line[open:]
}

// isNameAndAddr tells of what most MTAs write of a client: "name [address]".
func isNameAndAddr(comment string) bool {
	name, addr, pair := strings.Cut(comment, " ")
	if !pair || name == "" || len(addr) < 2 || addr[0] != '[' || addr[len(addr)-1] != ']' {
		return false
	}
	_, err := ParseAddr(cleanAddr(addr))
	return err == nil
}
