package message

import (
	"strconv"
	"strings"
)

// A relayPattern is the form in which some MTA writes its Received fields. Text stands for itself; what is in braces does
// not:
//
//	{helo}           characters that are no blanks, as many as possible; their text becomes the relay's helo. The other
//	                 values are rdns, ip, by, id, ident, from and sub; {_} keeps nothing
//	{helo*}          the same, or nothing
//	{helo+)}         any characters but ")", at least one; {helo*)} the same or nothing
//	{_0<40)}         any characters but ")", none to 40 of them
//	{rdns.}          as {rdns}, with a dot in it
//	{sub..}          any characters, as few as possible; {sub...} as many as possible, at least none
//	{_1...}          as many as possible, at least one
//	{ip} {IP}        an IP address, kept or not
//	{local}          one of the names and addresses of the host itself
//	{HELO|EHLO}      one of these texts
//	{?text}          the text, or nothing; {!text} no such text from here on. Both may hold braces
//	{#} {letter}     digits; one letter
//	{zone}           an IPv6 zone (RFC 4007), or nothing
//	{edge}           the edge of a word
//	{$}              the end; {$ } the end or a blank
//
// Forms are data, so that one can see what is read and a new one is a line.
type relayPattern []relayOp

// A relayOp is one step of a pattern.
type relayOp struct {
	kind     relayOpKind
	value    relayValue
	text     string   // what must stand here; of opChars, what may not
	choices  []string // of opChoice
	min, max int      // how many characters
	skip     int      // of opMaybe and opNot: how many steps belong to it
}

type relayOpKind uint8

const (
	opText   relayOpKind = iota
	opWord               // characters that are no blanks
	opDotted             // the same with a dot in it
	opChars              // any characters but those of text
	opFew                // any characters, as few as possible
	opMany               // any characters, as many as possible
	opAddr
	opLocal
	opChoice
	opMaybe
	opNot
	opDigits
	opLetter
	opZone
	opEdge
	opEnd
	opEndOrBlank
)

// A relayValue is what a piece of a Received field tells.
type relayValue uint8

const (
	valueNone relayValue = iota
	valueIP
	valueRDNS
	valueHelo
	valueBy
	valueID
	valueIdent
	valueFrom
	valueSub // to be looked at again
	relayValues
)

var relayValueNames = map[string]relayValue{
	"_": valueNone, "ip": valueIP, "rdns": valueRDNS, "helo": valueHelo, "by": valueBy, "id": valueID, "ident": valueIdent,
	"from": valueFrom, "sub": valueSub,
}

// manyChars is as many as there are: a field is never longer.
const manyChars = 1 << 30

// relayPatternOf reads a pattern. It panics on a fault: patterns are part of the program.
func relayPatternOf(source string) relayPattern {
	var ops relayPattern
	for source != "" {
		text, rest, more := strings.Cut(source, "{")
		if text != "" {
			ops = append(ops, relayOp{kind: opText, text: text})
		}
		if !more {
			break
		}
		inner := rest[:closingBrace(rest)]
		ops = append(ops, relayOpsOf(inner)...)
		source = rest[len(inner)+1:]
	}
	return ops
}

// closingBrace finds the end of what is in braces, others in it skipped.
func closingBrace(s string) int {
	depth := 1
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	panic("message: no closing brace in a pattern: " + s)
}

// relayOpsOf reads what stands in one pair of braces.
func relayOpsOf(s string) relayPattern {
	if s[0] == '?' || s[0] == '!' {
		inner := relayPatternOf(s[1:])
		kind := opMaybe
		if s[0] == '!' {
			kind = opNot
		}
		return append(relayPattern{{kind: kind, skip: len(inner)}}, inner...)
	}
	switch s {
	case "ip":
		return relayPattern{{kind: opAddr, value: valueIP}}
	case "IP":
		return relayPattern{{kind: opAddr}}
	case "local":
		return relayPattern{{kind: opLocal}}
	case "zone":
		return relayPattern{{kind: opZone}}
	case "edge":
		return relayPattern{{kind: opEdge}}
	case "letter":
		return relayPattern{{kind: opLetter}}
	case "#":
		return relayPattern{{kind: opDigits}}
	case "$":
		return relayPattern{{kind: opEnd}}
	case "$ ":
		return relayPattern{{kind: opEndOrBlank}}
	}
	if name, _, _ := strings.Cut(s, "|"); name != s {
		return relayPattern{{kind: opChoice, choices: strings.Split(s, "|")}}
	}
	return relayPattern{charsOpOf(s)}
}

// charsOpOf reads {value}, {value*}, {value+)}, {value0<40)}, {value.}, {value..}, {value...} and {value1...}.
func charsOpOf(s string) relayOp {
	name := s[:len(s)-len(strings.TrimLeft(s, "_abcdefghijklmnopqrstuvwxyz"))]
	value, known := relayValueNames[name]
	if !known {
		panic("message: unknown value in a pattern: " + s)
	}
	op := relayOp{kind: opWord, value: value, min: 1, max: manyChars}
	switch rest := s[len(name):]; {
	case rest == "":
	case rest == ".":
		op.kind = opDotted
	case rest == "..":
		op.kind = opFew
	case rest == "...":
		op.kind, op.min = opMany, 0
	case rest == "1...":
		op.kind = opMany
	case rest == "*":
		op.min = 0
	case rest[0] == '*':
		op.kind, op.min, op.text = opChars, 0, rest[1:]
	case rest[0] == '+':
		op.kind, op.text = opChars, rest[1:]
	default:
		from, upTo, _ := strings.Cut(rest, "<")
		digits := len(upTo) - len(strings.TrimLeft(upTo, "0123456789"))
		op.kind, op.text = opChars, upTo[digits:]
		op.min, _ = strconv.Atoi(from)
		op.max, _ = strconv.Atoi(upTo[:digits])
	}
	return op
}

// A relayMatch is one pattern being tried on a field.
type relayMatch struct {
	line   string
	values [relayValues]relaySpan
	steps  int // that are left, for all patterns together
}

// A relaySpan is a piece of the field; {-1, -1} where there was none.
type relaySpan struct{ start, end int }

// maxRelaySteps bounds the work on one field. Fields of real MTAs take some hundred steps.
const maxRelaySteps = 200_000

// at tries a pattern at one place, and notes the values.
func (m *relayMatch) at(p relayPattern, pos int) bool {
	for i := range m.values {
		m.values[i] = relaySpan{-1, -1}
	}
	return m.run(p, pos)
}

// find tries a pattern at each place from pos on where its first text stands.
func (m *relayMatch) find(p relayPattern, pos int) bool {
	text := p[0].text
	if p[0].kind == opEdge {
		text = p[1].text
	}
	for {
		next := strings.Index(m.line[pos:], text)
		if next < 0 {
			return false
		}
		if pos += next; m.at(p, pos) {
			return true
		}
		pos++
	}
}

// text returns what a value was, "" where the pattern did not come by it.
func (m *relayMatch) text(v relayValue) string {
	if span := m.values[v]; span.start >= 0 {
		return m.line[span.start:span.end]
	}
	return ""
}

// run tries the steps from pos on; it tries all ways until one leads to the end of the pattern.
func (m *relayMatch) run(p relayPattern, pos int) bool {
	for len(p) > 0 {
		if m.steps--; m.steps < 0 {
			return false
		}
		op := &p[0]
		switch op.kind {
		case opMaybe:
			saved := m.values
			if m.run(p[1:], pos) {
				return true
			}
			m.values = saved
			p = p[1+op.skip:]
			continue
		case opNot:
			saved := m.values
			if m.run(p[1:1+op.skip], pos) {
				return false
			}
			m.values = saved
			p = p[1+op.skip:]
			continue
		case opWord, opDotted, opChars, opFew, opMany:
			return m.chars(p, pos)
		}
		end, ok := m.fixed(op, pos)
		if !ok {
			return false
		}
		m.keep(op, pos, end)
		pos, p = end, p[1:]
	}
	return true
}

func (m *relayMatch) keep(op *relayOp, start, end int) {
	if op.value != valueNone {
		m.values[op.value] = relaySpan{start, end}
	}
}

// fixed takes a step that has but one way.
func (m *relayMatch) fixed(op *relayOp, pos int) (end int, ok bool) {
	rest := m.line[pos:]
	switch op.kind {
	case opText:
		return pos + len(op.text), strings.HasPrefix(rest, op.text)
	case opAddr:
		return matchAddr(m.line, pos)
	case opLocal:
		return matchLocal(m.line, pos)
	case opChoice:
		for _, choice := range op.choices {
			if strings.HasPrefix(rest, choice) {
				return pos + len(choice), true
			}
		}
		return 0, false
	case opDigits:
		n := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		return pos + n, n > 0
	case opLetter:
		return pos + 1, rest != "" && 'a' <= rest[0]|0x20 && rest[0]|0x20 <= 'z'
	case opZone:
		return pos + zoneLength(rest), true
	case opEdge:
		return pos, isWordAt(m.line, pos-1) != isWordAt(m.line, pos)
	case opEnd:
		return pos, rest == ""
	default: // opEndOrBlank
		return pos, rest == "" || rest[0] == ' '
	}
}

// chars takes a step that can end in several places, and tries what follows at each.
func (m *relayMatch) chars(p relayPattern, pos int) bool {
	op, rest := &p[0], m.line[pos:]
	most := min(len(rest), op.max)
	switch op.kind {
	case opWord, opDotted:
		if blank := strings.IndexByte(rest, ' '); blank >= 0 {
			most = min(most, blank)
		}
	case opChars:
		if op.text != "" {
			if other := strings.IndexAny(rest, op.text); other >= 0 {
				most = min(most, other)
			}
		}
	case opFew:
		for n := 0; n <= most; n++ {
			if m.tryAfter(p, pos, pos+n) {
				return true
			}
		}
		return false
	}
	for n := most; n >= op.min; n-- {
		if op.kind == opDotted && !hasInnerDot(rest[:n]) {
			return false
		}
		if m.tryAfter(p, pos, pos+n) {
			return true
		}
	}
	return false
}

// tryAfter tries the rest of a pattern when its first step took start to end.
func (m *relayMatch) tryAfter(p relayPattern, start, end int) bool {
	if len(p) > 1 && p[1].kind == opText && !strings.HasPrefix(m.line[end:], p[1].text) {
		m.steps--
		return false
	}
	saved := m.values
	m.keep(&p[0], start, end)
	if m.run(p[1:], end) {
		return true
	}
	m.values = saved
	return false
}

func hasInnerDot(s string) bool {
	return len(s) > 2 && strings.IndexByte(s[1:len(s)-1], '.') >= 0
}

func isWordAt(s string, i int) bool {
	if i < 0 || i >= len(s) {
		return false
	}
	c := s[i]
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}
