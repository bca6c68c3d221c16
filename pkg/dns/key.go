package dns

import "strings"

// Hidden stands in place of a subscriber's key wherever somebody may look.
const Hidden = "***"

// minKey is how many characters a label has that is taken for a subscriber's key. Spamhaus' keys have 26.
const minKey = 20

// LooksLikeKey tells whether a label of a zone, in lower case, is a subscriber's key: long, of letters and digits alone, and
// with both of them. Where a list's own file says what the key is, nobody has to guess; rule files have it in the zone.
func LooksLikeKey(label string) bool {
	return len(label) >= minKey && !strings.ContainsFunc(label, func(c rune) bool { return !isLetter(c) && !isDigit(c) }) &&
		strings.ContainsFunc(label, isDigit) && strings.ContainsFunc(label, isLetter)
}

func isLetter(c rune) bool { return 'a' <= c && c <= 'z' }
func isDigit(c rune) bool  { return '0' <= c && c <= '9' }

// HideKeys returns a text, such as a line of a rule file, with the labels hidden that look like keys: what comes before the
// dot of a longer name.
func HideKeys(text string) string {
	var b strings.Builder
	kept, start := 0, 0 // what of the text is written; where the label begins
	for i := 0; i < len(text); i++ {
		if isLabelByte(text[i]) {
			continue
		}
		if text[i] == '.' && i-start >= minKey && LooksLikeKey(strings.ToLower(text[start:i])) {
			b.WriteString(text[kept:start] + Hidden)
			kept = i
		}
		start = i + 1
	}
	if kept == 0 {
		return text
	}
	return b.String() + text[kept:]
}

func isLabelByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}
