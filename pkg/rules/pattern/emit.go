package pattern

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

const (
	goRepeat   = 1000     // regexp/syntax: the most that {n} takes, nested ones multiplied
	maxEmitted = 16 << 20 // octets of the expression written for Go
)

// A goEngine is Go's regexp, on an expression that matches the same texts, one rune standing for one octet.
type goEngine struct{ re *regexp.Regexp }

func newGoEngine(tree *node, folded bool) (goEngine, error) {
	expression, err := emit(tree, folded)
	if err != nil {
		return goEngine{}, err
	}
	re, err := regexp.Compile(expression)
	if err != nil {
		what := err.Error()
		if fault := (*syntax.Error)(nil); errors.As(err, &fault) { // without the expression, which nobody wrote
			what = string(fault.Code)
		}
		return goEngine{}, &Error{What: "what Go's regexp refuses (" + what + ")", Unsupported: true}
	}
	return goEngine{re}, nil
}

func (e goEngine) match(form string) bool { return e.re.MatchString(form) }

func (e goEngine) find(form string) (start, end int, ok bool) {
	at := e.re.FindStringIndex(form)
	if at == nil {
		return 0, 0, false
	}
	return at[0], at[1], true
}

func (e goEngine) count(form string, limit int) int { return len(e.re.FindAllStringIndex(form, limit)) }

// An emitter writes a tree as such an expression.
type emitter struct {
	out    strings.Builder
	folded bool // the text will be in lower case
}

func emit(tree *node, folded bool) (expression string, err error) {
	e := emitter{folded: folded}
	defer catch(&err)
	e.node(tree, follow{atEnd: true, atGoodLuck: true})
	return e.out.String(), nil
}

// A follow tells of what comes behind a node, up to the end of the pattern: whether it can match nothing where the text
// ends, and whether it can if every assertion in it holds.
type follow struct{ atEnd, atGoodLuck bool }

// before returns the follow of what stands before n.
func (f follow) before(n *node) follow {
	return follow{f.atEnd && nullable(n, atEnd), f.atGoodLuck && nullable(n, atGoodLuck)}
}

func (e *emitter) unsupported(n *node, what string) {
	panic(&Error{What: what, Offset: n.at, Unsupported: true})
}

func (e *emitter) node(n *node, next follow) {
	if e.out.Len() > maxEmitted {
		panic(&Error{What: "pattern too large with its repeats written out", Offset: n.at})
	}
	switch n.op {
	case opEmpty:
		e.out.WriteString(`(?:)`)
	case opNever:
		e.out.WriteString(`[^\x00-\x{10FFFF}]`)
	case opOctet:
		e.set(n.set)
	case opConcat:
		e.concat(n, next)
	case opAlternate:
		e.out.WriteString(`(?:`)
		for i, sub := range n.subs {
			if i > 0 {
				e.out.WriteByte('|')
			}
			e.node(sub, next)
		}
		e.out.WriteByte(')')
	case opRepeat:
		e.repeat(n, next)
	case opGroup: // what it captured is not asked for
		e.out.WriteString(`(?:`)
		e.node(n.subs[0], next)
		e.out.WriteByte(')')
	default:
		e.assertion(n, next)
	}
}

func (e *emitter) concat(n *node, next follow) {
	after := make([]follow, len(n.subs))
	for i := len(n.subs) - 1; i >= 0; i-- {
		after[i] = next
		next = next.before(n.subs[i])
	}
	for i, sub := range n.subs {
		e.node(sub, after[i])
	}
}

// assertion writes what takes no octet. Two of Perl's have no equal in Go: $ also holds before a line end at the text's
// end, and ^ under /m does not hold behind it. The first is written as an optional line end, which is the same where
// nothing need follow; the second is Go's own ^, which is the same where something must.
func (e *emitter) assertion(n *node, next follow) {
	switch n.op {
	case opTextStart:
		e.out.WriteString(`\A`)
	case opLineStart:
		if next.atGoodLuck {
			e.unsupported(n, "^ under /m before what may be empty")
		}
		e.out.WriteString(`(?m:^)`)
	case opTextEnd:
		if !next.atEnd {
			e.unsupported(n, `$ before the end of the pattern (a dollar sign is \$)`)
		}
		e.out.WriteString(`(?:\n?\z)`)
	case opLineEnd:
		e.out.WriteString(`(?m:$)`)
	case opVeryEnd:
		e.out.WriteString(`\z`)
	case opBoundary:
		e.out.WriteString(`\b`)
	case opInside:
		e.out.WriteString(`\B`)
	default: // Look, Atomic, BackRef
		e.unsupported(n, n.what)
	}
}

// repeat writes a quantifier. Go multiplies nested ones and stops at 1,000, so that what exceeds it is written out.
func (e *emitter) repeat(n *node, next follow) {
	if n.mode == possessive {
		e.unsupported(n, n.what)
	}
	sub, low, high := n.subs[0], n.min, n.max
	if low > 1 { // another turn follows
		next = next.before(sub)
	}
	if most := max(low, high); most > 1 && most*nested(sub) > goRepeat {
		e.writtenOut(sub, n, next)
		return
	}
	e.out.WriteString(`(?:`)
	e.node(sub, next)
	e.out.WriteByte(')')
	switch {
	case low == 0 && high < 0:
		e.out.WriteByte('*')
	case low == 1 && high < 0:
		e.out.WriteByte('+')
	case low == 0 && high == 1:
		e.out.WriteByte('?')
	case high < 0:
		fmt.Fprintf(&e.out, "{%d,}", low)
	default:
		fmt.Fprintf(&e.out, "{%d,%d}", low, high)
	}
	if n.mode == lazy {
		e.out.WriteByte('?')
	}
}

// nested is what Go makes of the quantifiers inside n.
func nested(n *node) int {
	most := 1
	for _, sub := range n.subs {
		most = max(most, nested(sub))
	}
	if n.op == opRepeat {
		most *= min(max(n.min, n.max, 1), max(goRepeat/most, 1)) // what is beyond is written out
	}
	return most
}

// writtenOut writes a repeat in pieces that Go takes: x{1500,} as x{1000}x{500}x*.
func (e *emitter) writtenOut(sub, n *node, next follow) {
	piece := max(goRepeat/nested(sub), 1)
	write := func(times int, form string) {
		for ; times > 0; times -= piece {
			e.out.WriteString(`(?:`)
			e.node(sub, next)
			fmt.Fprintf(&e.out, form, min(times, piece))
			if n.mode == lazy {
				e.out.WriteByte('?')
			}
		}
	}
	write(n.min, `){%d}`)
	if n.max < 0 {
		e.repeat(&node{op: opRepeat, at: n.at, max: -1, subs: n.subs, mode: n.mode}, next)
		return
	}
	write(n.max-n.min, `){0,%d}`)
}

// set writes a set of octets; a large one as what it leaves out, which is shorter and no different: text has no other runes.
func (e *emitter) set(s set) {
	if e.folded {
		s = s.lowerCase()
	}
	switch size := s.size(); {
	case size == 0:
		e.out.WriteString(`[^\x00-\x{10FFFF}]`)
		return
	case size == 256 || e.folded && s == anySet.lowerCase():
		e.out.WriteString(`(?s:.)`)
		return
	case size == 1:
		s.ranges(func(b, _ byte) { e.literal(b) })
		return
	case size > 128:
		e.out.WriteString(`[^`)
		s = s.complement()
		if e.folded {
			s = s.lowerCase()
		}
	default:
		e.out.WriteByte('[')
	}
	s.ranges(func(from, to byte) {
		fmt.Fprintf(&e.out, `\x{%X}`, from)
		if to > from {
			fmt.Fprintf(&e.out, `-\x{%X}`, to)
		}
	})
	e.out.WriteByte(']')
}

func (e *emitter) literal(b byte) {
	if alnum.has(b) || b == ' ' {
		e.out.WriteByte(b)
		return
	}
	fmt.Fprintf(&e.out, `\x{%X}`, b)
}
