package dns

import (
	"fmt"
	"strings"
)

// Limits of names (RFC 1035, 2.3.4). A name of 253 octets as text is one of 255 on the wire.
const (
	maxLabel = 63
	maxName  = 253
)

// canonical returns q as it is sent and remembered: in lower case, without trailing dot. It fails where the name cannot
// be sent. Blanks and any printable character but the backslash pass: what a host name may hold is for the caller to say, and
// names such as those of SPF macros (RFC 7208, 7) hold more. The error does not show the name.
func (q Question) canonical() (Question, error) {
	if !q.Type.known() {
		return q, fmt.Errorf("%w: records of type %v are not read", ErrName, q.Type)
	}
	name := strings.TrimSuffix(q.Name, ".")
	if name == "" || len(name) > maxName {
		return q, fmt.Errorf("%w: it has %d octets, not 1 to %d", ErrName, len(name), maxName)
	}
	upper, start := false, 0
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c == '.':
			if err := checkLabel(i - start); err != nil {
				return q, err
			}
			start = i + 1
		case c < ' ' || c > '~' || c == '\\':
			return q, fmt.Errorf("%w: it holds an octet of value %d", ErrName, c)
		case 'A' <= c && c <= 'Z':
			upper = true
		}
	}
	if err := checkLabel(len(name) - start); err != nil {
		return q, err
	}
	if upper {
		name = strings.ToLower(name)
	}
	return Question{Name: name, Type: q.Type}, nil
}

func checkLabel(length int) error {
	if length == 0 || length > maxLabel {
		return fmt.Errorf("%w: a label has %d octets, not 1 to %d", ErrName, length, maxLabel)
	}
	return nil
}
