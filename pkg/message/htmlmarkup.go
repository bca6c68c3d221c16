package message

import "strings"

// markup reads what begins with "<" and returns where it ends: at its begin where that is not in the text, -1 where it is
// no markup.
func (p *htmlParser) markup(s string, at int) int {
	switch c := s[at+1]; {
	case isNameStart(c):
		return p.startTag(s, at)
	case c == '/':
		return p.endTag(s, at)
	case c == '!':
		return p.declaration(s, at)
	case c == '?':
		if end := strings.IndexByte(s[at+2:], '>'); end >= 0 {
			p.endPending()
			return at + 2 + end + 1 // processing instructions are nothing to readers
		}
		return at
	default:
		return -1
	}
}

// startTag reads a start tag.
func (p *htmlParser) startTag(s string, at int) int {
	i := at + 2
	for i < len(s) && s[i] != '>' && !isHTMLSpace(s[i]) {
		i++
	}
	name := lowerASCII(s[at+1 : i])
	p.attrs = p.attrs[:0]
	count := 0
	for i = skipHTMLSpace(s, i); i < len(s) && s[i] != '>'; i = skipHTMLSpace(s, i) {
		var a htmlAttr
		if a, i = readAttr(s, i); i == len(s) {
			return at
		}
		if count++; count <= MaxHTMLAttrs {
			p.addAttr(a)
		}
	}
	if i == len(s) {
		return at
	}
	if p.section() != sectionIgnore {
		p.endPending()
		p.sink.openTag(name, p.attrs)
	}
	if cdata, literal := literalElements[name]; literal {
		p.literal, p.cdata = name, cdata
	}
	return i + 1
}

// addAttr notes an attribute; the first one of a name counts.
func (p *htmlParser) addAttr(a htmlAttr) {
	for i := range p.attrs {
		if p.attrs[i].name == a.name {
			return
		}
	}
	p.attrs = append(p.attrs, a)
}

// readAttr reads an attribute, up to the end of text where it has none. One without a value has its name for one.
func readAttr(s string, i int) (htmlAttr, int) {
	start := i
	for i++; i < len(s) && s[i] != '>' && s[i] != '=' && !isHTMLSpace(s[i]); {
		i++
	}
	a := htmlAttr{name: lowerASCII(s[start:i]), value: s[start:i]}
	i = skipHTMLSpace(s, i)
	if i == len(s) || s[i] != '=' {
		return a, i
	}
	if i = skipHTMLSpace(s, i+1); i == len(s) {
		return a, i
	}
	start = i
	switch quote := s[i]; quote {
	case '"', '\'':
		end := strings.IndexByte(s[i+1:], quote)
		if end < 0 {
			return a, len(s)
		}
		a.value, i = s[i+1:i+1+end], i+1+end+1
	default:
		for i < len(s) && s[i] != '>' && !isHTMLSpace(s[i]) {
			i++
		}
		a.value = s[start:i]
	}
	a.value = decodeEntities(a.value, false)
	return a, i
}

func skipHTMLSpace(s string, i int) int {
	for i < len(s) && isHTMLSpace(s[i]) {
		i++
	}
	return i
}

// endTag reads an end tag. One without a name is a comment.
func (p *htmlParser) endTag(s string, at int) int {
	i := at + 2
	for i < len(s) && s[i] != '>' && !isHTMLSpace(s[i]) {
		i++
	}
	name := s[at+2 : i]
	end := skipToEnd(s, i)
	if end == len(s) {
		return at
	}
	if name == "" {
		p.emitComment(s[at : end+1])
	} else {
		p.emitClose(name)
	}
	return end + 1
}

// skipToEnd finds ">" outside of quotes, which count only behind a blank or an equal sign.
func skipToEnd(s string, i int) int {
	var quote byte
	prev := byte(' ')
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case quote == 0 && c == '>':
			return i
		case c != '"' && c != '\'':
		case c == quote:
			quote = 0
		case quote == 0 && (prev == ' ' || prev == '='):
			quote = c
		}
		prev = c
	}
	return i
}

// declaration reads what begins with "<!": a comment, a marked section, a document type. Anything else up to the next ">"
// is a comment, too.
func (p *htmlParser) declaration(s string, at int) int {
	i := at + 2
	switch c := s[i]; {
	case c == '-':
		if i++; i == len(s) {
			return at
		}
		if s[i] == '-' {
			return p.readComment(s, at)
		}
	case c == '[':
		end, ok := p.markedSection(s, at)
		if ok {
			return end
		}
	case c == '>':
	case 'a' <= c|0x20 && c|0x20 <= 'z':
		end, ok := documentType(s, i)
		if end == len(s) {
			return at
		}
		if ok {
			if p.section() != sectionIgnore {
				p.endPending()
				p.sink.declaration(s[at : end+1])
			}
			return end + 1
		}
		i = end
	}
	end := strings.IndexByte(s[i:], '>')
	if end < 0 {
		return at
	}
	p.emitComment(s[at : i+end+1])
	return i + end + 1
}

// readComment reads a comment to "--", white space and ">", or to ">" alone when there is none of that.
func (p *htmlParser) readComment(s string, at int) int {
	from := at + 4
	for {
		if p.loose {
			end := strings.IndexByte(s[from:], '>')
			if end < 0 {
				return at
			}
			p.emitComment(s[at : from+end+1])
			return from + end + 1
		}
		end := strings.Index(s[from:], "--")
		if end < 0 {
			return at
		}
		from += end + 1
		if close := skipHTMLSpace(s, from+1); close < len(s) && s[close] == '>' {
			p.emitComment(s[at : close+1])
			return close + 1
		}
	}
}

// documentType reads the words of a declaration to its ">": quoted texts, comments, others. It returns where that is, or
// where it failed, or the end of the text.
func documentType(s string, i int) (end int, ok bool) {
	start := i
	for i < len(s) && isNameByte(s[i]) {
		i++
	}
	if i == len(s) {
		return i, false
	}
	if name := s[start:i]; !strings.EqualFold(name, "doctype") && !strings.EqualFold(name, "entity") {
		return i, false
	}
	for {
		if i = skipHTMLSpace(s, i); i == len(s) {
			return i, false
		}
		switch c := s[i]; c {
		case '>':
			return i, true
		case '"', '\'':
			n := strings.IndexByte(s[i+1:], c)
			if n < 0 {
				return len(s), false
			}
			i += 1 + n + 1
		case '-':
			if i++; i == len(s) || s[i] != '-' {
				return i, false
			}
			n := strings.Index(s[i+1:], "--")
			if n < 0 {
				return len(s), false
			}
			i += 1 + n + 2
		default:
			for i < len(s) && s[i] != '>' && !isHTMLSpace(s[i]) {
				i++
			}
		}
	}
}

// A sectionKind says what becomes of a marked section: the highest that it names.
type sectionKind int

const (
	sectionNone sectionKind = iota
	sectionInclude
	sectionRCDATA
	sectionCDATA
	sectionIgnore
)

// section is the kind that holds here: the highest of all that are open.
func (p *htmlParser) section() sectionKind {
	if len(p.sections) == 0 {
		return sectionNone
	}
	return p.sections[len(p.sections)-1]
}

func (p *htmlParser) endSection() { p.sections = p.sections[:len(p.sections)-1] }

// markedSection reads the begin of a marked section: "<![", names, "[".
func (p *htmlParser) markedSection(s string, at int) (end int, ok bool) {
	kind := p.section()
	i := skipHTMLSpace(s, at+3)
	for {
		for i < len(s) && isNameStart(s[i]) {
			start := i
			for i < len(s) && isNameByte(s[i]) {
				i++
			}
			kind = max(kind, sectionNamed(lowerASCII(s[start:i])))
			i = skipHTMLSpace(s, i)
		}
		if !strings.HasPrefix(s[i:], "--") {
			break
		}
		n := strings.Index(s[i+2:], "--")
		if n < 0 {
			return at, true
		}
		i = skipHTMLSpace(s, i+2+n+2)
	}
	if i == len(s) || s[i] != '[' || len(p.sections) >= MaxSections {
		return i, false
	}
	p.sections = append(p.sections, kind)
	return i + 1, true
}

func sectionNamed(name string) sectionKind {
	switch name {
	case "include":
		return sectionInclude
	case "rcdata":
		return sectionRCDATA
	case "cdata":
		return sectionCDATA
	case "ignore":
		return sectionIgnore
	}
	return sectionNone
}
