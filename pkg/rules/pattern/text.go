package pattern

import (
	"strings"
	"unicode/utf8"
)

// A Text is octets made ready for matching, in two forms: each octet as the rune of its number, and the same with its letters
// in lower case. Most patterns of a rule set ignore case, and the folded form spares the engine the trouble: a pattern
// that takes every letter in both cases is compiled for, and run on, folded text, where its words are plain literals.
// Text without octets above 127 is its own first form, and shares its memory.
//
// A Text serves one goroutine: its forms are made when they are first needed.
type Text struct {
	raw    string
	plain  string // of raw; "" until it is asked for
	folded string // the same
	ascii  bool
}

// NewText prepares one text.
func NewText(raw string) Text {
	return Text{raw: raw, folded: foldedOctets(raw), ascii: isASCII(raw)}
}

// NewTexts prepares several texts, and returns the folded forms of all, joined with line ends, for an
// Index of them all.
func NewTexts(raws []string) (texts []Text, all string) {
	if len(raws) == 1 {
		t := NewText(raws[0])
		return []Text{t}, t.folded
	}
	all = foldedOctets(strings.Join(raws, "\n"))
	texts = make([]Text, len(raws))
	from := 0
	for i, raw := range raws {
		ascii := isASCII(raw)
		to := from + len(raw)
		if !ascii {
			to = from + octetsLen(raw)
		}
		texts[i] = Text{raw: raw, folded: all[from:to], ascii: ascii}
		from = to + 1
	}
	return texts, all
}

// Raw returns the octets as they were.
func (t *Text) Raw() string { return t.raw }

// Folded returns the form that Pattern.May wants.
func (t *Text) Folded() string { return t.folded }

// form returns the form that an engine matches.
func (t *Text) form(folded bool) string {
	switch {
	case folded:
		return t.folded
	case t.ascii:
		return t.raw
	case t.plain == "":
		t.plain = octets(t.raw)
	}
	return t.plain
}

// offset turns an offset in a form into one in the octets: there a rune is one octet.
func (t *Text) offset(form string, at int) int {
	if t.ascii {
		return at
	}
	return utf8.RuneCountInString(form[:at])
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// octetsLen is the length of octets(s).
func octetsLen(s string) int {
	n := len(s)
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			n++
		}
	}
	return n
}

// octets writes each octet of s as the rune of its number.
func octets(s string) string {
	if isASCII(s) {
		return s
	}
	var b strings.Builder
	b.Grow(octetsLen(s))
	for i := 0; i < len(s); i++ {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// foldedOctets is octets in lower case.
func foldedOctets(s string) string {
	same, long := true, 0
	for i := 0; i < len(s); i++ {
		if fold(s[i]) != s[i] {
			same = false
		}
		if s[i] >= utf8.RuneSelf {
			long++
		}
	}
	if same && long == 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + long)
	for i := 0; i < len(s); i++ {
		if c := fold(s[i]); c < utf8.RuneSelf {
			b.WriteByte(c)
		} else {
			b.WriteRune(rune(c))
		}
	}
	return b.String()
}
