package pattern

import (
	"fmt"
	"strings"
)

// flags are those that change what the text of a pattern means; the letters of Perl's others are known and have no effect
// on octets (/a, /u), or none on whether a pattern matches (/p). Those of an operator (/g, /o, /c) are none of a pattern's.
type flags struct{ i, m, s, x, xx, n bool }

const neutral = "adlpu"

func (f *flags) set(letters string, on bool) (unknown byte) {
	f.xx = f.xx && !strings.Contains(letters, "x")
	for i := 0; i < len(letters); i++ {
		switch c := letters[i]; {
		case c == 'i':
			f.i = on
		case c == 'm':
			f.m = on
		case c == 's':
			f.s = on
		case c == 'n':
			f.n = on
		case c == 'x':
			f.xx = on && f.x && i > 0 && letters[i-1] == 'x'
			f.x = on
		case !on || strings.IndexByte(neutral, c) < 0:
			return c
		}
	}
	return 0
}

// A parser reads one pattern. Its methods panic with an *Error, which parse returns.
type parser struct {
	src        string
	at         int
	depth      int
	flags      flags
	total      int      // capturing groups in all, as far as is known before parsing
	names      []string // of the capturing groups so far; most have none
	references []reference
	seen       map[groupStart][]seenGroup
	warnings   []string
}

func parse(source, letters string) (tree *node, p *parser, err error) {
	if len(source) > MaxLength {
		return nil, nil, &Error{What: fmt.Sprintf("longer than %d octets", MaxLength), Offset: MaxLength}
	}
	p = &parser{src: source, total: countGroups(source)}
	if c := p.flags.set(letters, true); c != 0 {
		return nil, nil, &Error{What: fmt.Sprintf("unknown flag %q", c), Offset: len(source)}
	}
	defer catch(&err)
	tree = p.alternation()
	if p.at < len(p.src) {
		p.fail(p.at, "unmatched )")
	}
	p.resolve()
	return tree, p, nil
}

// catch turns a thrown *Error into the error of the function that defers it.
func catch(err *error) {
	if thrown := recover(); thrown != nil {
		fault, ok := thrown.(*Error)
		if !ok {
			panic(thrown)
		}
		*err = fault
	}
}

func (p *parser) fail(at int, format string, args ...any) {
	panic(&Error{What: fmt.Sprintf(format, args...), Offset: at})
}

// refuse is fail, for what Perl only warns of: SpamAssassin drops rules with such patterns, and who wrote them mostly
// meant something else.
func (p *parser) refuse(at int, format string, args ...any) {
	p.fail(at, format+", which Perl warns of and SpamAssassin refuses", args...)
}

func (p *parser) unsupported(at int, what string) {
	panic(&Error{What: what, Offset: at, Unsupported: true})
}

func (p *parser) warn(format string, args ...any) {
	if len(p.warnings) == maxWarnings {
		return
	}
	p.warnings = append(p.warnings, fmt.Sprintf(format, args...))
}

func (p *parser) more() bool               { return p.at < len(p.src) }
func (p *parser) rest() string             { return p.src[p.at:] }
func (p *parser) ahead(prefix string) bool { return strings.HasPrefix(p.rest(), prefix) }

// take skips prefix if it is what comes next.
func (p *parser) take(prefix string) bool {
	if !p.ahead(prefix) {
		return false
	}
	p.at += len(prefix)
	return true
}

// until takes everything up to end, and end.
func (p *parser) until(end string, what string) string {
	i := strings.Index(p.rest(), end)
	if i < 0 {
		p.fail(p.at, "missing %s of %s", end, what)
	}
	text := p.rest()[:i]
	p.at += i + len(end)
	return text
}

// alternation reads branches up to a ) or the end.
func (p *parser) alternation() *node {
	start := p.at
	branches := p.branches()
	if len(branches) == 1 {
		return branches[0]
	}
	return &node{op: opAlternate, at: start, subs: branches}
}

// branches reads what stands between |. Flags set inside hold to the end.
func (p *parser) branches() []*node {
	if p.depth++; p.depth > maxDepth {
		p.fail(p.at, "groups nest deeper than %d", maxDepth)
	}
	before := p.flags
	all := []*node{p.concat()}
	for p.take("|") {
		all = append(all, p.concat())
	}
	p.depth--
	p.flags = before
	return all
}

func (p *parser) concat() *node {
	n := &node{op: opConcat, at: p.at}
	for bare := false; ; { // whether what stands before could have a quantifier
		p.skip()
		if !p.more() || p.src[p.at] == '|' || p.src[p.at] == ')' {
			break
		}
		if bare && p.src[p.at] == '{' {
			p.refuse(p.at, `{ that begins no quantifier (write \{)`)
		}
		start := p.at
		if atom := p.atom(); atom != nil {
			piece := p.quantified(atom)
			n.subs = append(n.subs, piece)
			bare = piece == atom && p.src[start] != '^'
		}
	}
	switch len(n.subs) {
	case 0:
		n.op = opEmpty
	case 1:
		return n.subs[0]
	}
	return n
}

// skip passes over comments and, under /x, white space.
func (p *parser) skip() {
	for p.more() {
		switch c := p.src[p.at]; {
		case p.take("(?#"):
			p.until(")", "(?#...")
		case p.flags.x && (space.has(c) || c == 0x85):
			p.at++
		case p.flags.x && c == '#':
			if i := strings.IndexByte(p.rest(), '\n'); i >= 0 {
				p.at += i + 1
			} else {
				p.at = len(p.src)
			}
		default:
			return
		}
	}
}

// atom reads one piece that a quantifier may follow; nil where it only set flags.
func (p *parser) atom() *node {
	at := p.at
	c := p.src[p.at]
	p.at++
	switch c {
	case '(':
		return p.group(at)
	case '[':
		return &node{op: opOctet, at: at, set: p.class(at)}
	case '.':
		if p.flags.s {
			return &node{op: opOctet, at: at, set: anySet}
		}
		return &node{op: opOctet, at: at, set: dot}
	case '^':
		return &node{op: pick(p.flags.m, opLineStart, opTextStart), at: at}
	case '$':
		if p.more() && alnum.has(p.src[p.at]) {
			p.warn(`$ at octet %d is the end of the text: a dollar sign is \$`, at)
		}
		return &node{op: pick(p.flags.m, opLineEnd, opTextEnd), at: at}
	case '\\':
		return p.escape(at)
	case '*', '+', '?':
		p.fail(at, "quantifier %c follows nothing", c)
	}
	return p.octet(at, c)
}

func pick(condition bool, yes, no op) op {
	if condition {
		return yes
	}
	return no
}

// octet is one literal octet.
func (p *parser) octet(at int, c byte) *node {
	s := single(c)
	if p.flags.i {
		s = s.anyCase()
	}
	return &node{op: opOctet, at: at, set: s}
}

// quantified reads the quantifier behind atom, if there is one.
func (p *parser) quantified(atom *node) *node {
	p.skip()
	at := p.at
	n := &node{op: opRepeat, at: at, subs: []*node{atom}}
	switch {
	case p.take("*"):
		n.min, n.max = 0, -1
	case p.take("+"):
		n.min, n.max = 1, -1
	case p.take("?"):
		n.min, n.max = 0, 1
	case p.ahead("{") && p.braces(n):
	default:
		return atom
	}
	p.skip() // Perl, too, lets white space stand before the ? or + of a quantifier
	switch {
	case p.take("?"):
		n.mode = lazy
	case p.take("+"):
		n.mode = possessive
	}
	if n.mode == lazy && n.min == n.max {
		p.refuse(at, "? behind a fixed number of times")
	}
	switch nothing := zeroWidth(atom); {
	case nothing && n.max == unbounded:
		p.refuse(at, "quantifier without end on what takes no character")
	case nothing: // whether Perl warns depends on what is around it
		p.warn("quantifier at octet %d on what takes no character", at)
	}
	p.skip()
	if p.more() && (strings.IndexByte("*+?", p.src[p.at]) >= 0 || p.ahead("{") && p.braces(&node{})) {
		p.fail(at, "nested quantifiers")
	}
	return n
}

// braces reads {n}, {n,}, {,m} or {n,m}; anything else in braces is literal text (perlre: since 5.34 n may be missing, and
// blanks may stand inside).
func (p *parser) braces(n *node) bool {
	end := strings.IndexByte(p.rest(), '}')
	if end < 0 {
		return false
	}
	low, high, comma := strings.Cut(p.rest()[1:end], ",")
	low, high = strings.Trim(low, " \t"), strings.Trim(high, " \t")
	if !isDigits(low) || !isDigits(high) || low == "" && high == "" {
		return false
	}
	n.min, n.max = p.number(low, 0), p.number(high, -1)
	if !comma {
		n.max = n.min
	}
	if n.max >= 0 && n.min > n.max {
		p.fail(p.at, "quantifier {%d,%d} can never match", n.min, n.max)
	}
	p.at += end + 1
	return true
}

func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

func (p *parser) number(s string, missing int) int {
	if s == "" {
		return missing
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if n = n*10 + int(s[i]-'0'); n > maxRepeat {
			p.fail(p.at, "quantifier above %d", maxRepeat)
		}
	}
	return n
}
