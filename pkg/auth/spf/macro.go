package spf

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// A spec is a domain-spec: the name of a domain, with macros in it (RFC 7208, 7).
type spec struct {
	pieces []piece
}

// A piece is literal text or a macro.
type piece struct {
	literal string
	letter  byte // of the macro, in lower case; 0 for a literal
	escape  bool // the letter was a capital: as in a URL
	split   bool // the value is taken apart and put together with dots
	keep    int  // how many parts are kept, from the right; 0 for all
	reverse bool
	marks   string // where the value is split
}

// maxExpanded is how long a name with its macros filled in may become before it is cut to what the DNS takes, in octets.
// It bounds what a record full of macros makes of a long sender.
const maxExpanded = 16_384

var (
	errMacro  = errors.New("not a macro")
	errDomain = errors.New("does not end in a top-level domain or a macro")
)

// parseSpec reads a domain-spec. It must end in a top-level domain or a macro (RFC 7208, 7.1).
func parseSpec(text string) (*spec, error) {
	if text == "" {
		return nil, errNoDomain
	}
	pieces, err := parsePieces(text, false)
	if err != nil {
		return nil, err
	}
	last := &pieces[len(pieces)-1]
	if last.letter == 0 && !endsInEscape(text) && !endsInTopLevel(last.literal) {
		return nil, errDomain
	}
	return &spec{pieces: pieces}, nil
}

// endsInEscape tells of %%, %_ and %- at the end. The text is well formed, so that pairs can be told from its start.
func endsInEscape(text string) bool {
	for {
		at := strings.IndexByte(text, '%')
		if at < 0 {
			return false
		}
		if text = text[at+2:]; text == "" {
			return true
		}
	}
}

// endsInTopLevel tells whether a literal ends in a dot and a top-level domain, perhaps with a dot behind it.
func endsInTopLevel(literal string) bool {
	literal = strings.TrimSuffix(literal, ".")
	label := literal[strings.LastIndexByte(literal, '.')+1:]
	if label == "" || len(label) == len(literal) || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	digits := 0
	for i := 0; i < len(label); i++ {
		switch c := label[i]; {
		case isDigit(c):
			digits++
		case isLetter(c), c == '-':
		default:
			return false
		}
	}
	return digits < len(label)
}

// parsePieces reads a macro-string. The letters c, r and t have a meaning in explanations only, and may stand in modifiers
// that nobody knows.
func parsePieces(text string, explaining bool) ([]piece, error) {
	var pieces []piece
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			pieces = append(pieces, piece{literal: literal.String()})
			literal.Reset()
		}
	}
	for {
		before, behind, found := strings.Cut(text, "%")
		literal.WriteString(before)
		if !found {
			flush()
			return pieces, nil
		}
		if plain := unescape(behind); plain != "" {
			literal.WriteString(plain)
			text = behind[1:]
			continue
		}
		inner, rest, closed := strings.Cut(behind, "}")
		inner, opened := strings.CutPrefix(inner, "{")
		if !opened || !closed {
			return nil, errMacro
		}
		macro, err := parseMacro(inner, explaining)
		if err != nil {
			return nil, err
		}
		flush()
		pieces, text = append(pieces, macro), rest
	}
}

// unescape returns what a percent sign stands for, by what is behind it; "" where that is no such pair.
func unescape(behind string) string {
	if behind == "" {
		return ""
	}
	switch behind[0] {
	case '%':
		return "%"
	case '_':
		return " "
	case '-':
		return "%20"
	}
	return ""
}

// parseMacro reads what stands between braces: a letter, how many parts to keep, whether to turn them round, and where to
// split.
func parseMacro(text string, explaining bool) (piece, error) {
	if text == "" {
		return piece{}, errMacro
	}
	p := piece{letter: text[0] | 0x20, escape: 'A' <= text[0] && text[0] <= 'Z'}
	letters := "slodiphv"
	if explaining {
		letters = "slodiphvcrt"
	}
	if !isLetter(text[0]) || strings.IndexByte(letters, p.letter) < 0 {
		return piece{}, errMacro
	}
	text = text[1:]
	p.split = text != ""
	rest := strings.TrimLeft(text, "0123456789")
	if digits := text[:len(text)-len(rest)]; digits != "" {
		if strings.Trim(digits, "0") == "" {
			return piece{}, errMacro
		}
		p.keep = maxExpanded // as good as any larger number
		if n, err := strconv.Atoi(digits); err == nil {
			p.keep = min(n, maxExpanded)
		}
	}
	if rest != "" && rest[0]|0x20 == 'r' {
		p.reverse, rest = true, rest[1:]
	}
	if strings.Trim(rest, ".-+,/_=") != "" {
		return piece{}, errMacro
	}
	if p.marks = rest; rest == "" {
		p.marks = "."
	}
	return p, nil
}

// has tells whether one of the macros is in the spec.
func (s *spec) has(letters string) bool {
	return s != nil && slices.ContainsFunc(s.pieces, func(p piece) bool { return p.letter != 0 && strings.IndexByte(letters, p.letter) >= 0 })
}

// expand fills the macros in. domain is that whose record it stands in, validated the client's name, where the spec has
// that macro. It returns false where what comes out is no name that could be asked for.
func (s *spec) expand(q *Query, domain, validated string) (string, bool) {
	if len(s.pieces) == 1 && s.pieces[0].letter == 0 {
		return fit(s.pieces[0].literal)
	}
	var name strings.Builder
	for i := range s.pieces {
		p := &s.pieces[i]
		if p.letter == 0 {
			name.WriteString(p.literal)
		} else {
			name.WriteString(p.fill(q.macro(p.letter, domain, validated)))
		}
		if name.Len() > maxExpanded {
			return "", false
		}
	}
	return fit(name.String())
}

// fit cuts a name down to what the DNS takes, whole labels from the left (RFC 7208, 7.3).
func fit(name string) (string, bool) {
	const most = 253
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	for len(name) > most {
		var found bool
		if _, name, found = strings.Cut(name, "."); !found {
			return "", false
		}
	}
	return name, name != ""
}

// macro returns what a letter stands for.
func (q *Query) macro(letter byte, domain, validated string) string {
	switch letter {
	case 's':
		return q.local() + "@" + q.senderDomain()
	case 'l':
		return q.local()
	case 'o':
		return q.senderDomain()
	case 'd':
		return domain
	case 'i':
		return dotted(q.Addr)
	case 'p':
		return validated
	case 'v':
		if q.Addr.Is4() {
			return "in-addr"
		}
		return "ip6"
	}
	return q.Helo // h
}

// fill applies what the macro says to its value.
func (p *piece) fill(value string) string {
	if p.split {
		parts := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(p.marks, r) })
		if p.reverse {
			slices.Reverse(parts)
		}
		if p.keep > 0 && p.keep < len(parts) {
			parts = parts[len(parts)-p.keep:]
		}
		value = strings.Join(parts, ".")
	}
	if p.escape {
		value = escape(value)
	}
	return value
}

// escape writes what is not unreserved as in a URL (RFC 3986, 2.3).
func escape(value string) string {
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if c := value[i]; isLetter(c) || isDigit(c) || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// dotted writes an address as macros do: an IPv6 one as its 32 digits (RFC 7208, 7.3).
func dotted(addr netip.Addr) string {
	if addr.Is4() {
		return addr.String()
	}
	const digits = "0123456789abcdef"
	text := make([]byte, 0, 63)
	for _, b := range addr.As16() {
		if len(text) > 0 {
			text = append(text, '.')
		}
		text = append(text, digits[b>>4], '.', digits[b&15])
	}
	return string(text)
}
