package message

import (
	"bytes"
	"strings"
)

// partLines collects the lines of one part of a multipart, up to the next boundary.
type partLines struct {
	delimiter []byte // "--" and the boundary

	header      Header
	body        []byte
	ended       bool // at a boundary
	closed      bool // at the closing one
	noSeparator bool // no empty line behind the header
	nested      bool // it declares a multipart of the same boundary: what follows ends that first
}

// read reads one part and returns what stands behind its boundary.
func (l *partLines) read(text []byte) (rest []byte) {
	field, inBody, start := 0, false, -1 // field: where the one at hand begins; start: where the body begins
	open := false                        // there is a field at hand
	for at := 0; at < len(text); {
		line, behind := cutLine(text[at:])
		next := len(text) - len(behind)
		if boundary, closing := l.boundary(line); boundary && !l.passNested(closing) {
			l.ended, l.closed = true, closing
			l.finish(text, start, at)
			return behind
		}
		if !inBody && next < len(text) {
			switch {
			case beginsOldField(line):
				if open {
					l.add(text[field:at])
				}
				field, open = at, true
			case open && (line[0] == ' ' || line[0] == '\t'):
			default:
				if open {
					l.add(text[field:at])
					l.noteNested()
				}
				inBody, start = true, at
				if string(line) == "\n" || string(line) == "\r\n" {
					start = next
				} else {
					l.noSeparator = true
				}
			}
		} else if start < 0 {
			start = at // the very last line is always text
		}
		at = next
	}
	l.finish(text, start, len(text))
	return nil
}

// boundary tells whether a line is a boundary, and whether it closes.
func (l *partLines) boundary(line []byte) (is, closes bool) {
	rest, found := bytes.CutPrefix(line, l.delimiter)
	if !found {
		return false, false
	}
	if isBlankLine(rest) {
		return true, false
	}
	rest, closes = bytes.CutPrefix(rest, []byte("--"))
	return closes && isBlankLine(rest), closes
}

// passNested tells whether a boundary is one of the multipart of the same boundary inside the part.
func (l *partLines) passNested(closing bool) bool {
	nested := l.nested
	if closing {
		l.nested = false
	}
	return nested
}

func (l *partLines) noteNested() {
	if len(l.header) == 0 || !strings.EqualFold(l.header[len(l.header)-1].Name, "Content-Type") {
		return
	}
	part := Part{Header: l.header}
	if b := searchBoundary(part.Field("Content-Type")); b.found && b.text == string(l.delimiter[2:]) {
		l.nested = true
	}
}

// add notes a field.
func (l *partLines) add(field []byte) {
	colon := bytes.IndexByte(field, ':')
	if colon > 0 && len(l.header) < MaxFields {
		value := bytes.TrimLeft(field[colon+1:], " \t\r\n\v\f")
		l.header = append(l.header, Field{Name: string(field[:colon]), Value: string(bytes.TrimSuffix(value, []byte("\n")))})
	}
}

// finish takes the body. The line end before a boundary belongs to the boundary (RFC 2046, 5.1.1).
func (l *partLines) finish(text []byte, start, end int) {
	if start < 0 || start >= end {
		return
	}
	l.body = text[start:end]
	if l.ended {
		l.body = bytes.TrimSuffix(l.body, []byte("\n"))
	}
}

// cutLongLines puts a line end behind each MaxLine octets of a line, as SpamAssassin does in parts of a multipart. It
// returns text itself where there is nothing to do.
func cutLongLines(text []byte) []byte {
	var out []byte
	done := 0
	for at := 0; at < len(text); {
		line, rest := cutLine(text[at:])
		if len(line) > MaxLine && out == nil {
			out = make([]byte, 0, len(text)+len(text)/MaxLine+1)
		}
		for ; len(line) > MaxLine; line = line[MaxLine:] {
			out = append(append(out, text[done:at+MaxLine]...), '\n')
			at += MaxLine
			done = at
		}
		at = len(text) - len(rest)
	}
	if out == nil {
		return text
	}
	return append(out, text[done:]...)
}

// beginsOldField is beginsField with the blanks before the colon that RFC 822 allowed.
func beginsOldField(line []byte) bool {
	for i, c := range line {
		switch {
		case c == ':':
			return i > 0
		case c == ' ' || c == '\t':
			rest := bytes.TrimLeft(line[i:], " \t")
			return i > 0 && len(rest) > 0 && rest[0] == ':'
		case c < ' ' || c >= 0x7f:
			return false
		}
	}
	return false
}
