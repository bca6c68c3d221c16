package pattern

import (
	"regexp"
	"strings"
)

// group reads what follows a ( that stood at the offset.
func (p *parser) group(at int) *node {
	if p.ahead("*") {
		p.unsupported(at, "verb (*...)")
	}
	if !p.take("?") {
		return p.inside(&node{op: opGroup, at: at})
	}
	for _, form := range lookForms {
		if p.take(form.opening) {
			return p.inside(&node{op: form.op, at: at, behind: form.behind, not: form.not, what: form.what})
		}
	}
	switch {
	case p.take("P="):
		return p.reference(at, "back-reference", "(?P="+p.until(")", "(?P=...")+")")
	case p.take("P<"), p.take("<"):
		return p.named(at, ">")
	case p.take("'"):
		return p.named(at, "'")
	case p.ahead("|"):
		p.unsupported(at, "branch reset (?|...)")
	case p.ahead("("):
		p.unsupported(at, "conditional (?(...)...)")
	case p.ahead("{"), p.ahead("?{"):
		p.unsupported(at, "code (?{...})")
	case p.ahead("["):
		p.unsupported(at, "extended class (?[...])")
	case recursion.MatchString(p.rest()):
		p.unsupported(at, "recursion (?"+p.src[p.at:p.at+1]+"...)")
	}
	return p.flagged(at)
}

var lookForms = []struct {
	opening     string
	op          op
	behind, not bool
	what        string
}{
	{"=", opLook, false, false, "lookahead (?=...)"},
	{"!", opLook, false, true, "negative lookahead (?!...)"},
	{"<=", opLook, true, false, "lookbehind (?<=...)"},
	{"<!", opLook, true, true, "negative lookbehind (?<!...)"},
	{">", opAtomic, false, false, "atomic group (?>...)"},
}

var recursion = regexp.MustCompile(`^(?:R|&|P>|[-+]?[0-9])`)

// inside reads a group's content and its ).
func (p *parser) inside(n *node) *node {
	n.subs = []*node{p.alternation()}
	if !p.take(")") {
		p.fail(n.at, "missing ) of the group")
	}
	return n
}

// named reads a named group; the name itself is of no use here.
func (p *parser) named(at int, end string) *node {
	name := p.until(end, "the group's name")
	if name == "" || digit.has(name[0]) || strings.ContainsFunc(name, func(r rune) bool { return r > 127 || !word.has(byte(r)) }) {
		p.fail(at, "%q is no name of a group", name)
	}
	return p.inside(&node{op: opGroup, at: at})
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
	n := p.alternation()
	p.flags = before
	if !p.take(")") {
		p.fail(at, "missing ) of the group")
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
			if !inClass && !strings.HasPrefix(source[i:], "(?") || strings.HasPrefix(source[i:], "(?<") && !strings.HasPrefix(source[i:], "(?<=") && !strings.HasPrefix(source[i:], "(?<!") {
				n++
			}
		}
	}
	return n
}
