package whitelist

import (
	"errors"
	"fmt"
	"strings"
)

// recipients is who has filtering enabled by a file. It never changes; a reload makes a new one.
type recipients struct {
	table patterns[choice]
	lines int
}

// A choice is what one line says about its recipients.
type choice struct {
	name string // as in the file, in canonical form
	line int
	off  bool // has not enabled filtering although its domain has
}

// parseRecipients reads the text of a file of recipients: addresses and domains, with a leading ! those who are exempt.
func parseRecipients(path, text string) (*recipients, error) {
	r := &recipients{}
	err := eachLine(path, text, func(n int, l line) error {
		if len(l.fields) > 1 {
			return fmt.Errorf("%s: %d fields; write one recipient or domain a line", l.fields[0], len(l.fields))
		}
		field, off := strings.CutPrefix(l.fields[0], "!")
		switch {
		case field == "":
			return errors.New("!: names no recipient; write !user@our.example without a blank")
		case field[0] == '!':
			return fmt.Errorf("%s: one ! is enough", l.fields[0])
		}
		name, err := parseRecipient(field)
		if err != nil {
			return err
		}
		m, key := r.table.at(name)
		if was, ok := m[key]; ok && was.off != off {
			return fmt.Errorf("%s: line %d says the opposite; take one of them out", l.fields[0], was.line)
		} else if !ok {
			m[key] = choice{name: name, line: n, off: off}
			r.lines++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// size is the number of recipients and domains that are told of.
func (r *recipients) size() int { return r.lines }
