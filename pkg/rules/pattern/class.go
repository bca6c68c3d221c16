package pattern

import (
	"regexp"
	"strings"
)

// class reads a bracketed class whose [ stood at the offset.
func (p *parser) class(at int) set {
	if posixAlone.MatchString(p.src[at:]) {
		p.warn("[:name:] at octet %d is no class of its own: write [[:name:]]", at)
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

var posixAlone = regexp.MustCompile(`^\[(?::[^\]]*:|\.[^\]]*\.|=[^\]]*=)\]`)

// item reads one character, range or class within a class.
func (p *parser) item(at int) set {
	from, s, whole, never := p.member(at)
	if whole {
		return s
	}
	to := from
	if len(p.rest()) > 1 && p.src[p.at] == '-' && p.src[p.at+1] != ']' {
		before := p.at
		p.at++
		last, _, whole, beyond := p.member(at)
		if whole {
			p.at = before // [a-\d]: the hyphen is one
		} else {
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
