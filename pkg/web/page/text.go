package page

import (
	"strings"
	"unicode"
)

// Texts from mail may be of any length and hold any character. html/template makes them text; what is left to do is here.

const (
	maxCell  = 120   // characters of a text in a table of many
	maxText  = 2_000 // of any other
	maxMarks = 4     // accents and the like on one character: towers of them cover the lines around
)

// harmless cuts a text and takes out of it what is not seen and changes what is: control characters, and those that turn
// the direction of the text around them.
func harmless(text string, most int) string {
	var b strings.Builder
	n, marks := 0, 0
	for _, r := range text {
		if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) {
			if marks++; marks > maxMarks {
				continue
			}
		} else {
			marks = 0
		}
		if n++; n > most {
			b.WriteString("…")
			break
		}
		if !unicode.IsPrint(r) {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}
