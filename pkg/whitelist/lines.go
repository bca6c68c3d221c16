package whitelist

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// Limits of a file. They keep a wrong path (a mailbox, a binary, a pipe) from doing harm; no list of people comes near.
const (
	maxFile   = 64 << 20 // octets
	maxLine   = 1000     // octets of one line
	maxFaults = 1000     // faults told of; the rest are counted
)

// A line is what stands in one line of a file.
type line struct {
	fields  []string // valid until the next line is read
	comment string   // without its #
}

// readFile returns the text of a file. It looks before it opens: opening a named pipe would wait for a writer.
func readFile(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", fmt.Errorf("%w; create it, it may be empty", err)
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s: is not a regular file; name a text file with one entry a line", path)
	case info.Size() > maxFile:
		return "", fmt.Errorf("%s: has %d octets, more than %d; name a text file with one entry a line", path, info.Size(), maxFile)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("%w; let the user that winnow runs as read it", err)
	}
	defer file.Close()
	var text strings.Builder
	text.Grow(int(info.Size()))
	if _, err := io.Copy(&text, io.LimitReader(file, maxFile)); err != nil {
		return "", err
	}
	return text.String(), nil
}

// eachLine calls take for every line that says something and returns all its faults, each with file and line.
func eachLine(path, text string, take func(n int, l line) error) error {
	text = strings.TrimPrefix(text, "\uFEFF") // editors of other systems put it there
	var faults []error
	var l line
	n, more := 0, 0
	for s := range strings.Lines(text) {
		n++
		err := l.read(strings.TrimRight(s, "\r\n"))
		if err == nil && len(l.fields) > 0 {
			err = take(n, l)
		}
		switch {
		case err == nil:
		case len(faults) == maxFaults:
			more++
		default:
			faults = append(faults, fmt.Errorf("%s:%d: %w", path, n, err))
		}
	}
	if more > 0 {
		faults = append(faults, fmt.Errorf("%s: and %d more faults", path, more))
	}
	return errors.Join(faults...)
}

// read cuts a line into fields and comment. Blanks separate fields, but not inside a quoted local part: "a friend"@example.org.
func (l *line) read(s string) error {
	l.fields, l.comment = l.fields[:0], ""
	if len(s) > maxLine {
		return fmt.Errorf("%.20q...: has %d octets, more than %d; write one entry a line", s, len(s), maxLine)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%.40q: is not UTF-8; save the file as UTF-8", s)
	}
	if i := strings.IndexFunc(s, isControl); i >= 0 {
		return fmt.Errorf("%.40q: holds the control character %q; take it out", s, s[i])
	}
	for {
		s = strings.TrimLeft(s, " \t")
		if s == "" {
			return nil
		}
		if s[0] == '#' {
			l.comment = strings.TrimSpace(s[1:])
			return nil
		}
		end, closed := fieldEnd(s)
		if !closed {
			return fmt.Errorf(`%s: a quote is not closed; write "local part"@domain`, s)
		}
		l.fields = append(l.fields, s[:end])
		s = s[end:]
	}
}

// fieldEnd returns the length of the field that s begins with, and whether every quote in it is closed.
func fieldEnd(s string) (end int, closed bool) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && (c == ' ' || c == '\t'):
			return i, true
		}
	}
	return len(s), !quoted
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }
