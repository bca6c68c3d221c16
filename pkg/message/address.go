package message

import (
	"strings"
)

// SplitAddress cuts a mail address at its last @, with or without angle brackets. The domain is lower-case ASCII, an
// address literal as it stands; it is "" where there is none or it is no possible host name.
func SplitAddress(addr string) (local, domain string) {
	addr = strings.Trim(addr, " \t\r\n")
	if inner, found := strings.CutPrefix(addr, "<"); found {
		addr = strings.TrimSuffix(inner, ">")
	}
	at := strings.LastIndexByte(addr, '@')
	if at < 0 {
		return addr, ""
	}
	local, domain = addr[:at], addr[at+1:]
	if strings.HasPrefix(domain, "[") {
		return local, strings.ToLower(domain)
	}
	domain, _ = HostASCII(domain)
	return local, domain
}

// An address is one mailbox of a From, To or similar field (RFC 5322, 3.4), or what stands in the place of one.
type address struct {
	name    string // display name without quotes, not decoded
	addr    string // local@domain as it stands, "" where there is none
	comment string // the last comment
}

// parseAddresses reads a list of mailboxes as forgivingly as mail programs do: whatever stands between two commas is
// one, though it may lack an address, or a name, or brackets.
func parseAddresses(value string) []address {
	s := addressScanner{rest: clip(value, MaxFieldValue)}
	for s.rest != "" && len(s.found) < MaxAddresses {
		s.next()
	}
	s.finish()
	return s.found
}

// An addressScanner collects the pieces of one mailbox until a comma or semicolon ends it.
type addressScanner struct {
	rest   string
	found  []address
	now    address
	phrase strings.Builder // text outside of quotes, brackets and comments, and what was in quotes
	plain  strings.Builder // the same with the quotes, for an address without brackets
}

// next takes one piece off the text.
func (s *addressScanner) next() {
	switch c := s.rest[0]; c {
	case '"':
		text, rest := cutQuoted(s.rest)
		s.plain.WriteString(s.rest[:len(s.rest)-len(rest)])
		s.phrase.WriteString(text)
		s.rest = rest
	case '(':
		s.now.comment, s.rest = cutComment(s.rest)
	case '<':
		inner, rest, _ := strings.Cut(s.rest[1:], ">")
		if addr := asAddress(inner); addr != "" && s.now.addr == "" {
			s.now.addr = addr
		}
		s.rest = rest
	case ',', ';':
		s.finish()
		s.rest = s.rest[1:]
	case ':':
		s.colon()
	default:
		s.text()
	}
}

// colon ends the name of a group (RFC 5322, 3.4), which is nobody's name.
func (s *addressScanner) colon() {
	if len(s.found) == 0 && s.now.addr == "" && !strings.Contains(s.plain.String(), "@") {
		s.phrase.Reset()
		s.plain.Reset()
	} else {
		s.phrase.WriteByte(':')
		s.plain.WriteByte(':')
	}
	s.rest = s.rest[1:]
}

// text takes plain text; an encoded word is one piece, though it may hold commas and brackets.
func (s *addressScanner) text() {
	end := strings.IndexAny(s.rest[1:], `"(<,;:=`) + 1
	if end == 0 {
		end = len(s.rest)
	}
	if strings.HasPrefix(s.rest, "=?") {
		if _, length, ok := readWord(s.rest); ok {
			end = length
		}
	}
	s.phrase.WriteString(s.rest[:end])
	s.plain.WriteString(s.rest[:end])
	s.rest = s.rest[end:]
}

// finish notes the mailbox that was collected.
func (s *addressScanner) finish() {
	s.now.name = strings.Trim(s.phrase.String(), " \t\r\n")
	if s.now.addr == "" {
		if s.now.addr = asAddress(s.plain.String()); s.now.addr != "" {
			s.now.name = ""
		}
	} else if s.now.name == s.now.addr {
		s.now.name = ""
	}
	if s.now != (address{}) {
		s.found = append(s.found, s.now)
	}
	s.now = address{}
	s.phrase.Reset()
	s.plain.Reset()
}

// asAddress returns s without the blanks around it and comments in it if it looks like local@domain, else "".
func asAddress(s string) string {
	s = strings.Trim(dropComments(s), " \t\r\n'")
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 {
		return ""
	}
	local, domain := s[:at], s[at+1:]
	quoted := len(local) > 2 && local[0] == '"' && local[len(local)-1] == '"'
	if !quoted && strings.ContainsAny(local, " \t\r\n<>()[],;\"") {
		return ""
	}
	if domain[0] != '[' && strings.ContainsAny(domain, " \t\r\n<>()[],:;\"") {
		return ""
	}
	return s
}

// dropComments takes the comments out of s.
func dropComments(s string) string {
	var kept strings.Builder
	for {
		open := strings.IndexByte(s, '(')
		if open < 0 {
			break
		}
		kept.WriteString(s[:open])
		_, s = cutComment(s[open:])
	}
	if kept.Len() == 0 {
		return s
	}
	kept.WriteString(s)
	return kept.String()
}

// cutComment cuts off the comment that s begins with and takes it out of its parentheses. Without a closing one, or
// nested deeper than MaxComments, it goes to the end.
func cutComment(s string) (comment, rest string) {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			if depth++; depth > MaxComments {
				return s[1:], ""
			}
		case ')':
			if depth--; depth == 0 {
				return s[1:i], s[i+1:]
			}
		}
	}
	return strings.TrimPrefix(s, "("), ""
}
