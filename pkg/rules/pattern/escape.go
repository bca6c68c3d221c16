package pattern

import (
	"strconv"
	"strings"
)

// escape reads what follows a backslash that stood at the offset, outside a class.
func (p *parser) escape(at int) *node {
	if !p.more() {
		p.fail(at, "backslash at the end")
	}
	c := p.src[p.at]
	if s, ok := shorthand[c]; ok && !(c == 'N' && p.src[p.at+1:] != "" && p.src[p.at+1] == '{') {
		p.at++
		return &node{op: opOctet, at: at, set: s}
	}
	if zero, ok := assertion[c]; ok {
		p.at++
		if (c == 'b' || c == 'B') && p.ahead("{") {
			p.unsupported(at, `boundary \`+string(c)+`{...}`)
		}
		return &node{op: zero, at: at}
	}
	switch c {
	case 'k', 'g':
		return p.backReference(at)
	case 'K':
		p.at++
		return &node{op: opKeep, at: at}
	case 'R':
		p.at++
		return lineBreak(at, vertical)
	case 'X': // of octets, only a line end is a character of two
		p.at++
		return lineBreak(at, anySet)
	case 'p', 'P':
		return &node{op: opOctet, at: at, set: p.property(at)}
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		digits := len(p.rest()) - len(strings.TrimLeft(p.rest(), "0123456789"))
		number, err := strconv.Atoi(p.rest()[:digits])
		if err == nil && (number < 10 || number <= p.total) {
			p.at += digits
			return p.reference(at, strconv.Itoa(number))
		}
	}
	b, never := p.character(at)
	if never {
		return &node{op: opNever, at: at}
	}
	return p.octet(at, b)
}

var assertion = map[byte]op{'A': opTextStart, 'Z': opTextEnd, 'z': opVeryEnd, 'b': opBoundary, 'B': opInside}

// beyond are the escapes of Perl that octets and a set of rules have no use for, or that this engine has not.
var beyond = map[byte]string{
	'G': `\G`, 'N': `named character \N{...}`,
}

// escaped are the letters that stand for a control character.
var escaped = map[byte]byte{'a': 7, 'e': 27, 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// character reads an escape that stands for one character, in a class or outside. A character above 255 is never found in
// octets. Behind a backslash, whatever has no meaning there stands for itself.
func (p *parser) character(at int) (b byte, never bool) {
	c := p.src[p.at]
	if p.take("N{U+") {
		return p.code(at, p.until("}", `\N{...}`), 16)
	}
	if what, ok := beyond[c]; ok {
		p.unsupported(at, what)
	}
	if b, ok := escaped[c]; ok {
		p.at++
		return b, false
	}
	switch {
	case c == 'x':
		p.at++
		return p.hex(at)
	case c == 'o' && strings.HasPrefix(p.rest(), "o{"):
		p.at += 2
		return p.code(at, p.until("}", `\o{...}`), 8)
	case c == 'c' && len(p.rest()) > 1:
		p.at += 2
		return p.control(at, p.src[p.at-1]), false
	case '0' <= c && c <= '7':
		n := 1
		for n < 3 && n < len(p.rest()) && '0' <= p.rest()[n] && p.rest()[n] <= '7' {
			n++
		}
		p.at += n
		if n < 3 && p.more() && digit.has(p.src[p.at]) {
			p.refuse(at, `octal number that ends before %q (write it with three digits)`, p.src[p.at])
		}
		return p.code(at, p.src[p.at-n:p.at], 8)
	case alnum.has(c):
		p.refuse(at, `unknown escape \%c`, c)
	}
	p.at++
	return c, false
}

// control returns the control character that \c and a letter stand for.
func (p *parser) control(at int, c byte) byte {
	if lower.has(c) {
		c = unfold(c)
	}
	c ^= 64
	if c >= 0x20 && c != 0x7f {
		p.refuse(at, `\c that stands for no control character`)
	}
	return c
}

// hex reads behind \x: {h...}, or up to two digits.
func (p *parser) hex(at int) (byte, bool) {
	if p.take("{") {
		return p.code(at, p.until("}", `\x{...}`), 16)
	}
	n := 0
	for n < 2 && n < len(p.rest()) && hexDigit.has(p.rest()[n]) {
		n++
	}
	p.at += n
	if n < 2 && p.more() {
		p.refuse(at, `\x without two digits`)
	}
	return p.code(at, "0"+p.src[p.at-n:p.at], 16)
}

func (p *parser) code(at int, digits string, base int) (byte, bool) {
	if digits == "" && base == 16 { // \x{}
		digits = "0"
	}
	n, err := strconv.ParseUint(strings.ReplaceAll(strings.Trim(digits, " \t"), "_", ""), base, 64)
	switch {
	case err != nil:
		p.fail(at, "%q is no character number", digits)
	case n > 255:
		p.warn("character %X at octet %d is never found: rules match octets, so write its UTF-8 octets", n, at)
		return 0, true
	}
	return byte(n), false
}

// backReference reads \g1, \g{1}, \g{-1}, \g{name}, \k<name>, \k'name' and \k{name}.
func (p *parser) backReference(at int) *node {
	p.at++
	for _, pair := range []string{"{}", "<>", "''"} {
		if p.take(pair[:1]) {
			return p.reference(at, p.until(pair[1:], "the back-reference"))
		}
	}
	digits := len(p.rest()) - len(strings.TrimLeft(strings.TrimPrefix(p.rest(), "-"), "0123456789"))
	p.at += digits
	return p.reference(at, p.src[p.at-digits:p.at])
}

// reference makes a back-reference to a group by number, by a negative one that counts backwards from here, or by name.
// Whether there is such a group is only known at the end of the pattern.
func (p *parser) reference(at int, to string) *node {
	n := &node{op: opBackRef, at: at, fold: p.flags.i}
	to = strings.Trim(to, " \t")
	switch number, err := strconv.Atoi(to); {
	case err == nil && number < 0:
		if number += len(p.names) + 1; number < 1 {
			p.fail(at, "back-reference %s to a group that is not there", to)
		}
		n.refs = []int{number}
	case err == nil && number > 0:
		n.refs = []int{number}
	case !isName(to):
		p.fail(at, "back-reference to %q, which is no group", to)
	}
	p.references = append(p.references, reference{n, to})
	return n
}

// A reference is a back-reference as it was written.
type reference struct {
	node *node
	to   string
}

// resolve finds the groups that back-references mean. Several may have one name.
func (p *parser) resolve() {
	for _, r := range p.references {
		if len(r.node.refs) == 0 {
			for i, name := range p.names {
				if name == r.to {
					r.node.refs = append(r.node.refs, i+1)
				}
			}
		}
		if len(r.node.refs) == 0 || r.node.refs[0] > len(p.names) {
			p.fail(r.node.at, "back-reference %s to a group that is not there", r.to)
		}
	}
}

// lineBreak is CR LF as one, or any one of the others.
func lineBreak(at int, others set) *node {
	octet := func(s set) *node { return &node{op: opOctet, at: at, set: s} }
	crlf := &node{op: opConcat, at: at, subs: []*node{octet(single('\r')), octet(newline)}}
	return &node{op: opAtomic, at: at, subs: []*node{{op: opAlternate, at: at, subs: []*node{crlf, octet(others)}}}}
}
