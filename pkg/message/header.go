package message

import "strings"

// A Field is one header field as it was received.
type Field struct {
	Name  string // as the sender wrote it
	Value string // everything behind the colon but the last line end: leading blank, folds and encoded words are kept
}

// A Header is a message's fields in the order they stood in, topmost first.
type Header []Field

// Get returns the first field of that name, unfolded and trimmed, "" where there is none. Names do not distinguish case.
func (h Header) Get(name string) string {
	for i := range h {
		if strings.EqualFold(h[i].Name, name) {
			return Unfold(h[i].Value)
		}
	}
	return ""
}

// Has tells whether there is a field of that name.
func (h Header) Has(name string) bool {
	for i := range h {
		if strings.EqualFold(h[i].Name, name) {
			return true
		}
	}
	return false
}

// Count returns how many fields of that name there are.
func (h Header) Count(name string) int {
	n := 0
	for i := range h {
		if strings.EqualFold(h[i].Name, name) {
			n++
		}
	}
	return n
}

var unfolder = strings.NewReplacer("\r\n", "", "\n", "", "\r", "")

// Unfold takes the line ends out of a field's value and the blanks off its ends (RFC 5322, 2.2.3).
func Unfold(value string) string {
	if strings.ContainsAny(value, "\r\n") {
		value = unfolder.Replace(value)
	}
	return strings.Trim(value, " \t")
}

// last returns the raw value of the last field of that name: the one that mail programs heed where a field that may
// stand once stands twice.
func (h Header) last(name string) (value string, found bool) {
	for i := len(h) - 1; i >= 0; i-- {
		if strings.EqualFold(h[i].Name, name) {
			return h[i].Value, true
		}
	}
	return "", false
}
