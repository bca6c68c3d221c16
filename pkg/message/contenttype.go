package message

import (
	"bytes"
	"strings"
)

// A boundary is what separates the parts of a multipart.
type boundary struct {
	text  string
	found bool
}

// eachParam calls found with what stands behind "name =", without regard to case, wherever that stands at the begin of a
// word, until found takes it.
func eachParam(text, name string, found func(behind string) bool) {
	for at := 0; ; {
		i := indexFold(text[at:], name)
		if i < 0 {
			return
		}
		start := at + i
		at = start + len(name)
		if start > 0 && isWordByte(text[start-1]) {
			continue
		}
		behind, assigned := strings.CutPrefix(strings.TrimLeft(text[at:], " \t\r\n\v\f"), "=")
		if assigned && found(strings.TrimLeft(behind, " \t\r\n\v\f")) {
			return
		}
	}
}

// searchBoundary finds the boundary in a Content-Type: up to the next quote where there is one before it, else a word.
// The field is searched rather than parsed by its grammar (RFC 2045, 5.1), for senders write all kinds of things.
func searchBoundary(text string) (b boundary) {
	eachParam(text, "boundary", func(behind string) bool {
		if quoted, isQuoted := strings.CutPrefix(behind, `"`); isQuoted {
			b.text, _, _ = strings.Cut(quoted, `"`)
			b.found = b.text != ""
			return b.found
		}
		end := strings.IndexAny(behind, " \t\r\n\v\f\";")
		if end < 0 {
			end = len(behind)
		}
		b.found = end > 0 && (end == len(behind) || behind[end] != '"')
		if b.found {
			b.text = behind[:end]
		}
		return b.found
	})
	return b
}

// isBlankLine tells whether a line holds nothing but white space.
func isBlankLine(line []byte) bool { return len(bytes.TrimLeft(line, " \t\r\n\v\f")) == 0 }
