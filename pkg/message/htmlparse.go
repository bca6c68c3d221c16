package message

import "strings"

// An htmlParser reads HTML the way Perl's HTML::Parser does, which SpamAssassin's rules were written against: token by
// token, what is broken in ways of its own. It differs from how browsers read (golang.org/x/net/html) in what is a tag,
// where comments, declarations and marked sections end, what is in an iframe, how text is cut into pieces, and which
// entities there are; each of that changes what rules see. It hands out tokens as it goes and never builds a tree: what
// counts is what is there, not what it would be corrected to.
//
// Its time is linear: no construct that is not finished by the end of the text is looked for twice.
type htmlParser struct {
	sink     htmlSink
	rest     string // not read yet
	literal  string // the element whose content is text: script, style, ...
	cdata    bool   // and has no entities
	sections []sectionKind
	pending  string // the element that ends with the next tag
	loose    bool   // a comment ends with ">": it did not end with "-->"
	tokens   int
	ended    bool            // no more text comes
	endless  map[string]bool // literal elements that have no end from here on, once all is there
	attrs    []htmlAttr
}

// An htmlSink is told what was read. Texts are decoded but for those of comments and declarations, which are as they stood.
type htmlSink interface {
	openTag(name string, attrs []htmlAttr)
	closeTag(name string)
	text(s string)
	comment(s string)
	declaration(s string)
}

// An htmlAttr is an attribute of a tag, its name in lower case.
type htmlAttr struct{ name, value string }

// literalElements have text in them and no tags. Those with true have no entities either.
var literalElements = map[string]bool{"script": true, "style": true, "xmp": true, "iframe": true, "plaintext": true, "title": false, "textarea": false}

// parse reads further text. What may not be complete yet is kept for the next time.
func (p *htmlParser) parse(text string) {
	p.rest += text
	s := p.rest
	p.rest = ""
	p.rest = s[p.run(s):]
}

// run reads text and returns how far it came.
func (p *htmlParser) run(s string) int {
	at := 0
	from := 0 // where the next "<" is looked for: behind at where the last one was no markup
	for {
		if p.tokens++; p.tokens > MaxHTMLTokens {
			return len(s)
		}
		next, ok := p.runSpecial(s, at)
		if !ok {
			return at
		}
		if next > at {
			at, from = next, next
			continue
		}
		open, done := p.runText(s, at, max(at, from))
		if done || len(s)-open < 3 {
			return open
		}
		switch next = p.markup(s, open); next {
		case open:
			return open // it goes on behind the end
		case -1:
			at, from = open, open+1
		default:
			at, from = next, next
		}
	}
}

// runSpecial reads what has no tags in it: the content of some elements, and of some marked sections. It returns false
// where there is no end of it.
func (p *htmlParser) runSpecial(s string, at int) (next int, ok bool) {
	if p.literal != "" {
		next = p.runLiteral(s, at)
		return next, next >= 0
	}
	if kind := p.section(); kind != sectionCDATA && kind != sectionRCDATA {
		return at, true
	}
	end := strings.Index(s[at:], "]]>")
	if end < 0 {
		return at, false
	}
	p.emitText(s[at : at+end])
	p.endSection()
	return at + end + 3, true
}

// runText reads text up to the next "<" and returns where that is. Without one it reads up to the last word, of which more
// may come, and is done.
func (p *htmlParser) runText(s string, at, from int) (next int, done bool) {
	if p.section() != sectionNone {
		if at = p.runSection(s, at); at > from {
			from = at
		}
	}
	if open := strings.IndexByte(s[from:], '<'); open >= 0 {
		p.emitText(s[at : from+open])
		return from + open, false
	}
	kept := keptTail(s[at:])
	p.emitText(s[at : at+kept])
	return at + kept, true
}

// keptTail returns how much of the last text is sure to be whole: all up to the white space before the last word, or
// before the white space at its end.
func keptTail(text string) int {
	end := len(text)
	if end > 0 && !isHTMLSpace(text[end-1]) {
		for end > 0 && !isHTMLSpace(text[end-1]) {
			end--
		}
	}
	for end > 0 && isHTMLSpace(text[end-1]) {
		end--
	}
	return end
}

// runSection reads text in a marked section that is not ignored or literal, up to where it ends, if that comes before the
// next tag.
func (p *htmlParser) runSection(s string, at int) int {
	for p.section() != sectionNone {
		end := strings.IndexAny(s[at:], "<]")
		if end < 0 || s[at+end] == '<' {
			return at
		}
		end = strings.Index(s[at:], "]]>")
		if tag := strings.IndexByte(s[at:], '<'); end < 0 || tag >= 0 && tag < end {
			return at
		}
		p.emitText(s[at : at+end])
		p.endSection()
		at += end + 3
	}
	return at
}

// runLiteral reads the content of an element that has no tags in it, to its end tag. It returns -1 where there is none.
func (p *htmlParser) runLiteral(s string, at int) int {
	if p.endless[p.literal] {
		return -1
	}
	for from := at; ; {
		open := strings.Index(s[from:], "</")
		if open < 0 {
			p.noteEndless()
			return -1
		}
		open += from
		from = open + 2
		behind := s[from:]
		if len(behind) < len(p.literal) || !strings.EqualFold(behind[:len(p.literal)], p.literal) || p.literal == "plaintext" {
			continue
		}
		end := from + len(p.literal)
		for end < len(s) && isHTMLSpace(s[end]) {
			end++
		}
		if end == len(s) || s[end] != '>' {
			continue
		}
		p.emitText(s[at:open])
		name := p.literal
		p.literal, p.cdata = "", false
		p.emitClose(name)
		return end + 1
	}
}

// noteEndless remembers that the element at hand has no end tag. Else a page of nothing but titles would be searched for
// one anew from each of them.
func (p *htmlParser) noteEndless() {
	if !p.ended {
		return // more may come
	}
	if p.endless == nil {
		p.endless = make(map[string]bool)
	}
	p.endless[p.literal] = true
}

// eof reads what is left.
func (p *htmlParser) eof() {
	p.ended = true
	for p.rest != "" && p.tokens <= MaxHTMLTokens {
		s := p.rest
		p.rest = ""
		switch {
		case p.literal == "script" || p.literal == "style": // there was nothing in it, as it were
			name := p.literal
			p.literal = ""
			p.emitClose(name)
			p.parse(s)
		case p.literal == "title": // it ends, but only with the next tag
			p.literal, p.cdata, p.pending = "", false, "title"
			p.parse(s)
		case p.literal != "":
			p.emitText(s)
		case !p.loose && strings.HasPrefix(s, "<!--"):
			p.loose = true
			p.parse(s)
		case s[0] == '<' && (len(s) == 1 || isNameStart(s[1]) || s[1] == '/' || s[1] == '!' || s[1] == '?'):
			p.emitComment(s) // markup without an end
		default:
			p.emitText(s)
		}
	}
	p.endPending()
}

// endPending hands out the end of a title that has none.
func (p *htmlParser) endPending() {
	if name := p.pending; name != "" {
		p.pending = ""
		p.sink.closeTag(name)
	}
}

// emitText hands out text, unless there is none.
func (p *htmlParser) emitText(s string) {
	if s == "" || p.section() == sectionIgnore {
		return
	}
	if !p.cdata && p.section() != sectionCDATA {
		s = decodeEntities(s, true)
	}
	p.sink.text(s)
}

func (p *htmlParser) emitComment(s string) {
	if p.section() != sectionIgnore {
		p.sink.comment(s)
	}
}

func (p *htmlParser) emitClose(name string) {
	if p.section() != sectionIgnore {
		p.endPending()
		p.sink.closeTag(lowerASCII(name))
	}
}

// isHTMLSpace tells of what is white space in tags.
func isHTMLSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// isNameStart tells of what a tag begins with behind its bracket.
func isNameStart(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c == ':' }

func isNameByte(c byte) bool {
	return isNameStart(c) || '0' <= c && c <= '9' || c == '-' || c == '.'
}

// lowerASCII is strings.ToLower for names, which are in lower case already more often than not.
func lowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' || s[i] >= 0x80 {
			return strings.ToLower(s)
		}
	}
	return s
}
