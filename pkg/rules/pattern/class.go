package pattern

import (
	"regexp"
	"strings"
)

// class reads a bracketed class whose [ stood at the offset.
func (p *parser) class(at int) set {
	if posixAlone.MatchString(p.src[at:]) {
		p.refuse(at, "[:name:] outside of a class (write [[:name:]])")
	}
	not := p.take("^")
	var all set
	for first := true; ; first = false {
		if !p.more() {
			p.fail(at, "missing ] of the class")
		}
		if !first && p.take("]") {
			break
		}
		if c := p.src[p.at]; p.flags.xx && (c == ' ' || c == '\t') {
			p.at++
			continue
		}
		all = all.union(p.item(at))
	}
	if not {
		return all.complement()
	}
	return all
}

// What Perl takes for a class by name that was not written right: without the brackets around it, without a colon.
const posixName = `(?:alpha|digit|alnum|lower|upper|space|blank|punct|print|graph|cntrl|xdigit|word|ascii)`

var (
	posixAlone  = regexp.MustCompile(`^\[(?:[^\[\]]?[ \t]*:[ \t]*` + posixName + `|[^\[\]]?` + posixName + `:|:[a-z]-[a-z]:\]|\.[\w-]+\.\]|=[\w-]+=\])`)
	posixBroken = regexp.MustCompile(`^\[[ \t]*\^?[:;]?[ \t]*\^?` + posixName)
)

// item reads one character, range or class within a class.
func (p *parser) item(at int) set {
	start := p.at
	from, s, whole, never := p.member(at)
	if whole {
		if len(p.rest()) > 1 && p.src[p.at] == '-' && p.src[p.at+1] != ']' {
			p.refuse(start, "range that begins with a class (write the hyphen at the end)")
		}
		return s
	}
	to := from
	if len(p.rest()) > 1 && p.src[p.at] == '-' && p.src[p.at+1] != ']' {
		before := p.at
		p.at++
		last, _, whole, beyond := p.member(at)
		if whole {
			p.refuse(start, "range that ends with a class (write the hyphen at the end)")
		}
		if never {
			return set{}
		}
		if beyond {
			last = 255
		}
		if to = last; to < from {
			p.fail(before-1, "class range runs backwards")
		}
	}
	if never {
		return set{}
	}
	s = between(from, to)
	if p.flags.i {
		s = s.anyCase()
	}
	return s
}

// member reads one character of a class, or a whole class within it. A character above 255 is never found.
func (p *parser) member(at int) (b byte, s set, whole, never bool) {
	switch c := p.src[p.at]; {
	case c == '[' && len(p.rest()) > 1 && strings.IndexByte(":.=", p.src[p.at+1]) >= 0:
		if s, ok := p.posixClass(at); ok {
			return 0, s, true, false
		}
		fallthrough
	case c == '[':
		if posixBroken.MatchString(p.rest()) {
			p.refuse(p.at, "class by name that is not written [:name:]")
		}
	case c == '\\':
		p.at++
		if !p.more() {
			p.fail(at, "missing ] of the class")
		}
		c = p.src[p.at]
		if c == 'b' {
			p.at++
			return '\b', set{}, false, false
		}
		if c == 'p' || c == 'P' {
			return 0, p.property(at), true, false
		}
		if s, ok := shorthand[c]; ok && c != 'N' {
			p.at++
			return 0, s, true, false
		}
		b, never = p.character(at)
		return b, set{}, false, never
	}
	p.at++
	return p.src[p.at-1], set{}, false, false
}

// posixClass reads [:name:] or [:^name:]; a [: without :] is literal text.
func (p *parser) posixClass(at int) (set, bool) {
	mark := p.src[p.at+1 : p.at+2]
	end := strings.Index(p.rest()[2:], mark+"]")
	if end < 0 || strings.ContainsAny(p.rest()[2:2+end], "]\\") {
		return set{}, false
	}
	name := p.rest()[2 : 2+end]
	if mark != ":" {
		p.unsupported(at, "collation [["+mark+"..."+mark+"]]")
	}
	positive := strings.TrimPrefix(name, "^")
	s, ok := posix[positive]
	if !ok {
		p.fail(p.at, "unknown class [:%s:]", name)
	}
	if p.flags.i {
		s = s.anyCase()
	}
	if positive != name {
		s = s.complement()
	}
	p.at += 2 + end + 2
	return s, true
}
