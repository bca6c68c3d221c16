package pattern

import (
	"regexp"
	"slices"
	"strings"
)

// group reads what follows a ( that stood at the offset.
func (p *parser) group(at int) *node {
	if p.ahead("*") {
		return p.verb(at)
	}
	if !p.take("?") {
		if p.flags.n {
			return p.inside(&node{op: opGroup, at: at})
		}
		return p.capturing(at, "")
	}
	if n := p.look(lookSigns, at); n != nil {
		return n
	}
	switch {
	case p.take("P="):
		return p.reference(at, p.until(")", "(?P=..."))
	case p.take("P<"), p.take("<"):
		return p.named(at, ">")
	case p.take("'"):
		return p.named(at, "'")
	case p.take("|"):
		return p.branchReset(at)
	case p.ahead("("):
		return p.conditional(at)
	case p.ahead("{"), p.ahead("?{"):
		p.unsupported(at, "code (?{...})")
	case p.ahead("["):
		p.unsupported(at, "extended class (?[...])")
	case recursion.MatchString(p.rest()):
		p.unsupported(at, "recursion (?"+p.src[p.at:p.at+1]+"...)")
	}
	return p.flagged(at)
}

// A lookForm is how a lookaround or an atomic group begins.
type lookForm struct {
	opening     string
	op          op
	behind, not bool
}

var lookSigns = []lookForm{
	{"=", opLook, false, false},
	{"!", opLook, false, true},
	{"<=", opLook, true, false},
	{"<!", opLook, true, true},
	{">", opAtomic, false, false},
}

var recursion = regexp.MustCompile(`^(?:R|&|P>|[-+]?[0-9])`)

// inside reads a group's content and its ).
func (p *parser) inside(n *node) *node {
	n.subs = []*node{p.alternation()}
	p.close(n.at)
	return n
}

// close reads the ) of the group that began at the offset.
func (p *parser) close(at int) {
	if !p.take(")") {
		p.fail(at, "missing ) of the group")
	}
}

// look reads a lookaround or an atomic group that begins in one of the forms; nil where none does. A lookbehind of varying
// length that captures is an experiment of Perl's.
func (p *parser) look(forms []lookForm, at int) *node {
	i := slices.IndexFunc(forms, func(f lookForm) bool { return p.take(f.opening) })
	if i < 0 {
		return nil
	}
	groups := len(p.names)
	n := p.inside(&node{op: forms[i].op, at: at, behind: forms[i].behind, not: forms[i].not})
	if n.behind && len(p.names) > groups {
		if _, fixed := width(n.subs[0]); !fixed {
			p.refuse(at, "lookbehind of varying length with a capturing group (write (?:...))")
		}
	}
	return n
}

// width returns how many octets n takes, if that is always the same.
func width(n *node) (octets int, fixed bool) {
	switch n.op {
	case opOctet, opNever:
		return 1, true
	case opBackRef:
		return 0, false
	case opLook:
		return 0, true
	case opRepeat:
		octets, fixed = width(n.subs[0])
		return octets * n.min, fixed && (n.min == n.max || octets == 0)
	}
	for i, sub := range n.subs {
		more, ok := width(sub)
		if !ok || n.op == opAlternate && i > 0 && more != octets {
			return 0, false
		}
		if n.op == opAlternate {
			octets = more
		} else {
			octets += more
		}
	}
	return octets, true
}

// verb reads (*FAIL), and the lookarounds that are written out.
func (p *parser) verb(at int) *node {
	for _, word := range []string{"*FAIL)", "*F)"} {
		if p.take(word) {
			return &node{op: opNever, at: at}
		}
	}
	if n := p.look(lookWords, at); n != nil {
		return n
	}
	p.unsupported(at, "verb (*...)")
	return nil
}

var lookWords = []lookForm{
	{"*pla:", opLook, false, false},
	{"*positive_lookahead:", opLook, false, false},
	{"*nla:", opLook, false, true},
	{"*negative_lookahead:", opLook, false, true},
	{"*plb:", opLook, true, false},
	{"*positive_lookbehind:", opLook, true, false},
	{"*nlb:", opLook, true, true},
	{"*negative_lookbehind:", opLook, true, true},
	{"*atomic:", opAtomic, false, false},
}

// branchReset reads the rest of (?|...): the groups of each branch have the same numbers.
func (p *parser) branchReset(at int) *node {
	if p.depth++; p.depth > maxDepth {
		p.fail(p.at, "groups nest deeper than %d", maxDepth)
	}
	n, before := &node{op: opAlternate, at: at}, p.flags
	first, most := len(p.names), p.names
	for more := true; more; more = p.take("|") {
		p.names = p.names[:first:first]
		n.subs = append(n.subs, p.concat())
		if len(p.names) > len(most) {
			most = p.names
		}
	}
	p.names, p.flags = most, before
	p.depth--
	p.close(at)
	return n
}

// conditional reads the rest of (?(?=...)yes|no), whose condition is a lookaround: (?:(?=...)yes|(?!...)no). One that asks
// for a group is beyond this engine.
func (p *parser) conditional(at int) *node {
	if !lookCondition.MatchString(p.rest()) {
		p.unsupported(at, "conditional (?(...)...)")
	}
	inner := p.at
	p.at++
	yes := p.group(inner)
	no := *yes
	no.not = !yes.not
	branches := p.branches()
	p.close(at)
	switch len(branches) {
	case 1:
		branches = append(branches, &node{op: opEmpty, at: at})
	case 2:
	default:
		p.fail(at, "condition with more than two branches")
	}
	for i, condition := range []*node{yes, &no} {
		branches[i] = &node{op: opConcat, at: at, subs: []*node{condition, branches[i]}}
	}
	return &node{op: opAlternate, at: at, subs: branches}
}

var lookCondition = regexp.MustCompile(`^\((?:\?<?[=!])`)

// named reads a named group.
func (p *parser) named(at int, end string) *node {
	name := p.until(end, "the group's name")
	if !isName(name) {
		p.fail(at, "%q is no name of a group", name)
	}
	return p.capturing(at, name)
}

func isName(s string) bool {
	return s != "" && !digit.has(s[0]) && !strings.ContainsFunc(s, func(r rune) bool { return r > 127 || !word.has(byte(r)) })
}

// capturing reads the rest of a group that has a number and perhaps a name.
func (p *parser) capturing(at int, name string) *node {
	if len(p.names) == maxGroups {
		p.fail(at, "more than %d groups", maxGroups)
	}
	p.names = append(p.names, name)
	return p.inside(&node{op: opGroup, at: at, group: len(p.names)})
}

// flagged reads (?flags) and (?flags:...), and Perl's own way to write a compiled pattern: (?^aai:...).
func (p *parser) flagged(at int) *node {
	after := p.flags
	if p.take("^") {
		after = flags{}
	}
	letters, rest := p.rest(), ""
	i := strings.IndexAny(letters, ":)")
	if i < 0 {
		p.fail(at, "missing ) of the group")
	}
	letters, rest = letters[:i], letters[i:]
	on, off, _ := strings.Cut(letters, "-")
	for _, part := range []struct {
		letters string
		on      bool
	}{{on, true}, {off, false}} {
		if c := after.set(part.letters, part.on); c != 0 {
			p.fail(at, "unknown group (?%c", c)
		}
	}
	p.at = len(p.src) - len(rest) + 1
	if rest[0] == ')' {
		p.flags = after // to the end of the group around it
		return nil
	}
	before := p.flags
	p.flags = after
	n := p.shared(p.at)
	p.flags = before
	return n
}

// A groupStart tells groups apart that were read before.
type groupStart struct {
	flags flags
	text  string // the first octets of the content
}

// A seenGroup is a group that captures nothing, with its source.
type seenGroup struct {
	source string // content and parenthesis
	tree   *node
}

const sharedStart = 48 // octets

// shared reads a group's content and its ). Patterns whose tags were replaced have the same long groups a thousand times: one
// that was read before is taken again, with all that is known of it, which makes compiling such patterns three times as
// fast.
func (p *parser) shared(at int) *node {
	rest := p.rest()
	key := groupStart{p.flags, rest[:min(len(rest), sharedStart)]}
	for _, seen := range p.seen[key] {
		if p.take(seen.source) {
			return seen.tree
		}
	}
	groups, references := len(p.names), len(p.references)
	n := p.alternation()
	p.close(at)
	if source := rest[:p.at-at]; len(source) > 2*sharedStart && len(p.names) == groups && len(p.references) == references && len(p.seen[key]) < 8 {
		if p.seen == nil {
			p.seen = map[groupStart][]seenGroup{}
		}
		p.seen[key] = append(p.seen[key], seenGroup{source, n})
	}
	return n
}

// countGroups counts the capturing groups, which says whether \10 is a back-reference or an octal number. What it may take
// wrongly for a group in a comment under /x does no harm.
func countGroups(source string) int {
	n, inClass := 0, false
	for i := 0; i < len(source); i++ {
		switch source[i] {
		case '\\':
			i++
		case '[':
			inClass = true
		case ']':
			inClass = false
		case '(':
			if !inClass && capturingForm.MatchString(source[i:min(len(source), i+4)]) {
				n++
			}
		}
	}
	return n
}

var capturingForm = regexp.MustCompile(`^\((?:[^?*]|\?(?:P?<[^=!]|')|$)`)
