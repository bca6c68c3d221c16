package message

import (
	"strings"
)

// An address is one mailbox of a From, To or similar field (RFC 5322, 3.4), or what stands in the place of one.
type address struct {
	name    string // display name without its quotes, else the comment; not decoded
	addr    string // local@domain as it stands, "" where there is none
	comment string // behind the address
}

// parseAddresses reads a list of mailboxes the way SpamAssassin's own parser does, by one form after the other rather than
// by the grammar: a phrase and something in angle brackets, an address alone, a phrase alone; each with a comment, and up
// to a comma, a semicolon or the end. What fits none of these ends the list, but addresses in brackets behind it count.
func parseAddresses(value string) []address {
	rest := strings.TrimRight(clip(value, MaxFieldValue), whiteSpace)
	rest = dropGroup(strings.ReplaceAll(rest, `\\`, ""))
	var found []address
	for len(found) < MaxAddresses && strings.TrimLeft(rest, whiteSpace) != "" {
		a, behind, ok := cutMailbox(rest)
		if !ok {
			break
		}
		found, rest = append(found, a), behind
	}
	for strings.IndexByte(rest, '@') >= 0 && len(found) < MaxAddresses {
		open := strings.IndexByte(rest, '<')
		if open < 0 {
			break
		}
		rest = rest[open+1:]
		if n := mailSize(rest); n > 0 && strings.HasPrefix(rest[n:], ">") {
			if addr := rest[:n]; isWellQuoted(addr) {
				found = append(found, address{addr: trimDomain(addr)})
			}
			rest = rest[n+1:]
		}
	}
	return found
}

// whiteSpace is what \s matches in ASCII.
const whiteSpace = " \t\n\v\f\r"

// dropGroup takes the name off a group (RFC 5322, 3.4), and the members with it where there are none.
func dropGroup(text string) string {
	end := strings.IndexAny(text, `"()<>`)
	if end < 0 {
		end = len(text)
	}
	colon := strings.LastIndexByte(text[:end], ':')
	if colon < 1 {
		return text
	}
	text = strings.TrimLeft(text[colon+1:], whiteSpace)
	if strings.HasPrefix(text, ";") {
		_, behind, _ := strings.Cut(text, "\n")
		return behind
	}
	return text
}

// cutMailbox cuts the first mailbox off a list, with what separates it from the next.
func cutMailbox(text string) (a address, rest string, ok bool) {
	text, blank := strings.TrimLeft(text, whiteSpace), text
	if blank = blank[:len(blank)-len(text)]; blank != "" && text != "" && (text[0] == ',' || text[0] == ';') {
		return address{name: blank[len(blank)-1:]}, text[1:], true
	}
	phrase := phraseSize(text)
	if strings.HasPrefix(text[phrase:], "<") {
		if inner, comment, rest, ok := cutBrackets(text[phrase+1:]); ok {
			inner = dropComments(inner)
			if n := mailSize(inner); n == 0 || n < len(inner) {
				inner = ""
			}
			return newAddress(text[:phrase], inner, comment), rest, true
		}
	}
	if n := mailSize(text); n > 0 {
		if comment, rest, ok := cutEnd(text[n:]); ok {
			return newAddress("", text[:n], comment), rest, true
		}
	}
	if phrase > 0 {
		if comment, rest, ok := cutEnd(text[phrase:]); ok {
			return newAddress(text[:phrase], "", comment), rest, true
		}
	}
	return address{}, text, false
}

// newAddress puts a mailbox together.
func newAddress(phrase, addr, comment string) address {
	if !isWellQuoted(addr) {
		addr = ""
	}
	name := unquotePhrase(phrase)
	if addr == "" && mailSize(name) == len(name) && name != "" && isWellQuoted(name) && hasValidDomain(name) {
		addr, name = name, ""
	}
	if name == addr {
		name = ""
	}
	if name == "" {
		name = comment
	}
	return address{name: name, addr: trimDomain(addr), comment: comment}
}

// hasValidDomain tells whether what stands between the first two at signs is a host name.
func hasValidDomain(addr string) bool {
	_, domain, _ := strings.Cut(addr, "@")
	domain, _, _ = strings.Cut(domain, "@")
	return isValidFQDN(strings.ToLower(domain))
}

// trimDomain cuts an address at its second at sign.
func trimDomain(addr string) string {
	local, domain, _ := strings.Cut(addr, "@")
	domain, _, more := strings.Cut(domain, "@")
	if !more {
		return addr
	}
	return local + "@" + domain
}

// isWellQuoted tells of addresses that quotes did not break.
func isWellQuoted(addr string) bool {
	return !strings.HasPrefix(addr, `""@`) && strings.Count(addr, `"`) != 1
}

// phraseSize returns how much of text is quoted strings and words that may stand before an address.
func phraseSize(text string) int {
	at := 0
	for at < len(text) {
		n := strings.IndexAny(text[at:], `",;<`)
		switch {
		case n < 0:
			return len(text)
		case n > 0:
			at += n
		case text[at] != '"':
			return at
		default:
			if n = quotedSize(text[at:], '"', '"'); n == 0 {
				return at
			}
			at += n
		}
	}
	return at
}

// quotedSize returns the size of the text in quotes or parentheses that text begins with, 0 where it does not end. A
// backslash quotes what is behind it, but not a line end.
func quotedSize(text string, open, end byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case end:
			return i + 1
		case '\\':
			if i++; i == len(text) || text[i] == '\n' {
				return 0
			}
		case open:
			return 0
		}
	}
	return 0
}

// mailSize returns the size of the mail address that text begins with, 0 for none.
func mailSize(text string) int {
	if strings.HasPrefix(text, `"`) {
		if n := quotedSize(text, '"', '"'); n > 0 {
			if size := domainSize(text[n:]); size > 0 {
				return n + size
			}
		}
	}
	n := strings.IndexAny(text, "@<>()[],:;"+whiteSpace)
	if n < 1 {
		return 0
	}
	size := domainSize(text[n:])
	if size == 0 {
		return 0
	}
	return n + size
}

// domainSize returns the size of the at sign and the domain that text begins with, 0 for none.
func domainSize(text string) int {
	if len(text) < 2 || text[0] != '@' {
		return 0
	}
	if end := strings.IndexAny(text[1:], "\"<>()[],:;"+whiteSpace); end != 0 {
		if end < 0 {
			return len(text)
		}
		return 1 + end
	}
	if text[1] != '[' {
		return 0
	}
	end := strings.IndexByte(text, ']')
	if end < 3 || strings.Trim(text[2:end], "0123456789:.") != "" {
		return 0
	}
	return end + 1
}

// cutBrackets reads what stands behind an angle bracket, up to one that closes it, so that all behind that is as it must
// be. The last bracket of a word is tried first, for addresses are sent with brackets in them.
func cutBrackets(text string) (inner, comment, rest string, ok bool) {
	b := bracketReader{failed: make(map[int]bool), text: text}
	return b.read(0)
}

type bracketReader struct {
	text   string
	failed map[int]bool // where nothing that is allowed begins
	tries  int
}

// read reads at a place behind an opening bracket.
func (b *bracketReader) read(from int) (inner, comment, rest string, ok bool) {
	start := len(b.text) - len(strings.TrimLeft(b.text[from:], whiteSpace))
	for _, end := range b.closings(start) {
		if b.tries++; b.tries > MaxBrackets {
			return "", "", "", false
		}
		comment, rest, ok = b.readBehind(end + 1)
		if ok {
			return strings.TrimRight(b.text[start:end], whiteSpace), comment, rest, true
		}
	}
	return "", "", "", false
}

// closings returns the closing brackets that may end what begins at start.
func (b *bracketReader) closings(start int) []int {
	first := strings.IndexAny(b.text[start:], ">@")
	if first < 0 {
		return nil
	}
	first += start
	run := first
	for run < len(b.text) && strings.IndexByte(whiteSpace, b.text[run]) < 0 {
		run++
	}
	var ends []int
	if gap := len(b.text) - len(strings.TrimLeft(b.text[run:], whiteSpace)); gap > run && gap < len(b.text) && b.text[gap] == '>' {
		ends = append(ends, gap)
	}
	for i := run - 1; i >= first && len(ends) < MaxBrackets; i-- {
		if b.text[i] == '>' {
			ends = append(ends, i)
		}
	}
	return ends
}

// readBehind reads what may stand behind a closing bracket: further ones, which are ignored, and what ends a mailbox.
func (b *bracketReader) readBehind(at int) (comment, rest string, ok bool) {
	if b.failed[at] {
		return "", "", false
	}
	behind := strings.TrimLeft(b.text[at:], whiteSpace)
	if strings.HasPrefix(behind, "<") {
		if _, comment, rest, ok = b.read(len(b.text) - len(behind) + 1); ok {
			return comment, rest, true
		}
	}
	if comment, rest, ok = cutEnd(b.text[at:]); !ok {
		b.failed[at] = true
	}
	return comment, rest, ok
}

// cutEnd cuts off what ends a mailbox: perhaps a comment, and a comma, a semicolon or the end of the list.
func cutEnd(text string) (comment, rest string, ok bool) {
	behind := strings.TrimLeft(text, whiteSpace)
	if strings.HasPrefix(behind, "(") {
		if n := quotedSize(behind, '(', ')'); n > 0 {
			if rest, ok = cutSeparator(behind[n:]); ok {
				return behind[1 : n-1], rest, true
			}
		}
	}
	rest, ok = cutSeparator(text)
	return "", rest, ok
}

func cutSeparator(text string) (rest string, ok bool) {
	text = strings.TrimLeft(text, whiteSpace)
	if text == "" {
		return "", true
	}
	return text[1:], text[0] == ',' || text[0] == ';'
}

// unquotePhrase takes quoted strings out of their quotes, and comments out of what is not quoted.
func unquotePhrase(phrase string) string {
	if !strings.ContainsAny(phrase, `"(`) {
		return phrase
	}
	var out strings.Builder
	for phrase != "" {
		if phrase[0] != '"' {
			end := strings.IndexByte(phrase, '"')
			if end < 0 {
				end = len(phrase)
			}
			out.WriteString(dropComments(phrase[:end]))
			phrase = phrase[end:]
			continue
		}
		n := quotedSize(phrase, '"', '"')
		if n == 0 {
			phrase = phrase[1:]
			continue
		}
		out.WriteString(strings.ReplaceAll(phrase[1:n-1], `\`, ""))
		phrase = phrase[n:]
	}
	return out.String()
}

// dropComments takes comments out of s, but not such as hold further ones.
func dropComments(s string) string {
	open := strings.IndexByte(s, '(')
	if open < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for open >= 0 {
		out = append(out, s[:open]...)
		if n := quotedSize(s[open:], '(', ')'); n > 0 {
			s = s[open+n:]
		} else {
			out, s = append(out, '('), s[open+1:]
		}
		open = strings.IndexByte(s, '(')
	}
	return string(append(out, s...))
}
