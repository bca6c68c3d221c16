package auth

import (
	"bytes"
	"strings"
)

// A form is one of the two in which a message may be signed (RFC 6376, 3.4): as it stands, or in a form that outlives
// the changes to blanks and line ends that mail servers make.
type form uint8

const (
	simple form = iota
	relaxed
	forms // how many there are
)

// parseForms reads c=: the form of the header and that of the body. It is simple for what is not said (RFC 6376, 3.5).
func parseForms(value string) (header, body form, ok bool) {
	first, second, both := strings.Cut(value, "/")
	if header, ok = parseForm(first); !ok || !both {
		return header, simple, ok
	}
	body, ok = parseForm(second)
	return header, body, ok
}

func parseForm(name string) (form, bool) {
	switch name {
	case "simple":
		return simple, true
	case "relaxed":
		return relaxed, true
	}
	return 0, false
}

// appendField appends a field in its form, without its line end.
func (f form) appendField(dst []byte, name, value string) []byte {
	if f == relaxed {
		return appendRelaxed(dst, name, value)
	}
	return appendSimple(dst, name, value)
}

// appendSimple appends a field as it stood on the wire: folds are CRLF there.
func appendSimple(dst []byte, name, value string) []byte {
	dst = append(append(dst, name...), ':')
	for {
		end := strings.IndexByte(value, '\n')
		if end < 0 {
			return append(dst, value...)
		}
		dst = append(append(dst, strings.TrimSuffix(value[:end], "\r")...), "\r\n"...)
		value = value[end+1:]
	}
}

// appendRelaxed appends a field with its name in lower case, unfolded, and with one space for all blanks in a row but
// those around the colon and at the end, which go (RFC 6376, 3.4.2).
func appendRelaxed(dst []byte, name, value string) []byte {
	name = strings.TrimRight(name, " \t")
	for i := 0; i < len(name); i++ {
		dst = append(dst, lower(name[i]))
	}
	dst = append(dst, ':')
	blank, begun := false, false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == ' ' || c == '\t':
			blank = true
		case c == '\n', c == '\r' && strings.HasPrefix(value[i+1:], "\n"):
		default:
			if blank && begun {
				dst = append(dst, ' ')
			}
			dst = append(dst, c)
			blank, begun = false, true
		}
	}
	return dst
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// writeBody writes a body in its form. Where the body was cut off it writes as much as is sure.
func (f form) writeBody(w *prefixHash, body []byte, cut bool) {
	if f == relaxed {
		writeRelaxedBody(w, body, cut)
		return
	}
	if cut {
		body = bytes.TrimSuffix(body, []byte("\r"))
	}
	for bytes.HasSuffix(body, []byte("\r\n")) {
		body = body[:len(body)-2]
	}
	w.write(body)
	if !cut {
		w.write([]byte("\r\n")) // of an empty body, too (RFC 6376, 3.4.3)
	}
}

// writeRelaxedBody writes lines with one space for all blanks in a row, without those at the end of lines, and without
// the empty lines at the end (RFC 6376, 3.4.4).
func writeRelaxedBody(w *prefixHash, body []byte, cut bool) {
	empty := 0 // lines that are written once another one follows
	for len(body) > 0 {
		line, rest, complete := bytes.Cut(body, []byte("\r\n"))
		if body = rest; !complete && cut {
			line = bytes.TrimSuffix(line, []byte("\r"))
		}
		if line = bytes.TrimRight(line, " \t"); len(line) == 0 {
			empty++
			continue
		}
		for ; empty > 0; empty-- {
			w.addShort("\r\n")
		}
		addRelaxedLine(w, line)
		if complete || !cut {
			w.addShort("\r\n")
		}
	}
	w.flush()
}

// addRelaxedLine adds a line that does not end with a blank. Most lines have nothing to change.
func addRelaxedLine(w *prefixHash, line []byte) {
	if bytes.IndexByte(line, '\t') < 0 && !bytes.Contains(line, []byte("  ")) {
		w.add(line)
		return
	}
	for len(line) > 0 {
		end := bytes.IndexAny(line, " \t")
		if end < 0 {
			w.add(line)
			return
		}
		w.add(line[:end])
		w.addShort(" ")
		line = bytes.TrimLeft(line[end:], " \t")
	}
}
