package dnslist

import (
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"winnow/pkg/filter"
)

// A reader takes values out of YAML nodes. It notes every fault with its line and goes on.
type reader struct {
	file   string
	name   string // of the list that is read
	faults []error
}

func (r *reader) fault(line int, format string, args ...any) {
	r.faults = append(r.faults, &Fault{File: r.file, Line: line, Name: r.name, What: fmt.Sprintf(format, args...)})
}

// A field is one key that a mapping may have, and what reads its value.
type field struct {
	key  string
	read func(*yaml.Node)
}

// document returns the root of the one document in data, nil where there is none.
func (r *reader) document(data []byte) *yaml.Node {
	var doc yaml.Node
	decoder := yaml.NewDecoder(strings.NewReader(string(data)))
	if err := decoder.Decode(&doc); err != nil {
		if !errors.Is(err, io.EOF) {
			r.syntax(err)
		}
		return nil
	}
	var second yaml.Node
	switch err := decoder.Decode(&second); {
	case err == nil:
		r.fault(second.Line, "a second document begins here; write all lists in one, without \"---\"")
	case !errors.Is(err, io.EOF):
		r.syntax(err)
	}
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		return nil
	}
	return doc.Content[0]
}

var yamlLine = regexp.MustCompile(`^yaml: line ([0-9]+): (?s:(.*))$`)

// syntax reports what the YAML parser says, with the line where it says one.
func (r *reader) syntax(err error) {
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[1])
		r.fault(line, "this is no YAML: %s", m[2])
		return
	}
	r.fault(0, "this is no YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
}

// A mapping is what is known of one that was read: where its keys stand, and which of them hold a fault already.
type mapping struct {
	line  int
	lines map[string]int
	bad   map[string]bool
}

// at returns the line of a key, or of the mapping where the key is missing.
func (m *mapping) at(key string) int {
	if line := m.lines[key]; line > 0 {
		return line
	}
	return m.line
}

// mapping reads a mapping key by key; nil where it is none.
func (r *reader) mapping(n *yaml.Node, fields []field) *mapping {
	if n.Kind != yaml.MappingNode {
		r.fault(n.Line, "keys and values are wanted here, not %s", kindName(n))
		return nil
	}
	m := &mapping{line: n.Line, lines: map[string]int{}, bad: map[string]bool{}}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if m.lines[key.Value] > 0 {
			r.fault(key.Line, "%s stands twice, first on line %d; keep one", key.Value, m.lines[key.Value])
			continue
		}
		m.lines[key.Value] = key.Line
		before := len(r.faults)
		if f := find(fields, key.Value); f != nil {
			f.read(value)
		} else {
			r.fault(key.Line, "unknown key %q; there are: %s", key.Value, keys(fields))
		}
		m.bad[key.Value] = len(r.faults) > before
	}
	return m
}

func find(fields []field, key string) *field {
	for i := range fields {
		if fields[i].key == key {
			return &fields[i]
		}
	}
	return nil
}

func keys(fields []field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.key
	}
	return strings.Join(names, ", ")
}

// sequence reads a sequence element by element, at most limit of them.
func (r *reader) sequence(n *yaml.Node, limit int, each func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		r.fault(n.Line, "a sequence is wanted here, not %s", kindName(n))
		return
	}
	for i, element := range n.Content {
		if i == limit {
			r.fault(element.Line, "more than %d elements", limit)
			return
		}
		each(element)
	}
}

// scalar returns a single value as it stands; ok is false where it is none.
func (r *reader) scalar(n *yaml.Node) (value string, ok bool) {
	switch {
	case n.Kind != yaml.ScalarNode:
		r.fault(n.Line, "a single value is wanted here, not %s", kindName(n))
		return "", false
	case n.Tag == "!!null":
		return "", true
	}
	return n.Value, true
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a sequence"
	case yaml.AliasNode:
		return "an alias: write the value out"
	}
	return "a single value"
}

// value returns what reads a scalar and gives it to set, whose error is a fault.
func (r *reader) value(set func(string) error) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if value, ok := r.scalar(n); ok {
			if err := set(value); err != nil {
				r.fault(n.Line, "%s", err)
			}
		}
	}
}

// values is value for a sequence of scalars.
func (r *reader) values(limit int, set func(string) error) func(*yaml.Node) {
	return func(n *yaml.Node) { r.sequence(n, limit, r.value(set)) }
}

// text reads printable ASCII, which may stand in an SMTP reply.
func (r *reader) text(into *string, limit int) func(*yaml.Node) {
	return r.value(func(value string) error {
		switch {
		case len(value) > limit:
			return fmt.Errorf("%d octets are more than the %d allowed here", len(value), limit)
		case strings.IndexFunc(value, func(c rune) bool { return c < ' ' || c > '~' }) >= 0:
			return fmt.Errorf("%q has characters that an SMTP reply cannot hold: use printable ASCII", value)
		}
		*into = value
		return nil
	})
}

func (r *reader) yes(into *bool) func(*yaml.Node) {
	return r.value(func(value string) error {
		switch strings.ToLower(value) {
		case "yes", "true", "on":
			*into = true
		case "no", "false", "off":
			*into = false
		default:
			return fmt.Errorf("%q: write yes or no", value)
		}
		return nil
	})
}

// maxScore bounds a code's points either way: more is a slip of the keyboard.
const maxScore = 100

func (r *reader) score(into *float64) func(*yaml.Node) {
	return r.value(func(value string) error {
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsNaN(n) || math.Abs(n) > maxScore {
			return fmt.Errorf("score %q: write points, -%d to %d", value, maxScore, maxScore)
		}
		*into = n
		return nil
	})
}

func (r *reader) count(into *int) func(*yaml.Node) {
	return r.value(func(value string) error {
		n, err := strconv.ParseUint(value, 10, 31)
		if err != nil {
			return fmt.Errorf("%q: write a number, 0 or more", value)
		}
		*into = int(n)
		return nil
	})
}

func (r *reader) duration(into *time.Duration, limit time.Duration) func(*yaml.Node) {
	return r.value(func(value string) error {
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 || d > limit {
			return fmt.Errorf("%q: write a time such as 2s, at most %v", value, limit)
		}
		*into = d
		return nil
	})
}

func (r *reader) action(into *filter.Action) func(*yaml.Node) {
	return r.value(func(value string) error {
		if value == filter.Discard.String() {
			return errors.New("a list's word alone does not make mail vanish: use reject or quarantine")
		}
		return into.UnmarshalText([]byte(value))
	})
}

// match reads return codes; a code has one such key.
func (r *reader) match(into *Match, parse func(string) (Match, error)) func(*yaml.Node) {
	return r.value(func(value string) error {
		if into.kind != matchNone {
			return errors.New("value, range and mask are three ways to say it: keep one")
		}
		m, err := parse(value)
		if err == nil && vendorErrors.covers(m) {
			return fmt.Errorf("%s is how every list says that it does not answer: never a listing", value)
		}
		*into = m
		return err
	})
}

// named reads one of some names into its number.
func named[T ~uint8](names []string, into *T) func(string) error {
	return func(value string) error {
		for i, name := range names {
			if name == value {
				*into = T(i)
				return nil
			}
		}
		return fmt.Errorf("%q: write one of %s", value, strings.Join(names, ", "))
	}
}
