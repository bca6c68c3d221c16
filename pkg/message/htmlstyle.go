package message

import (
	"strconv"
	"strings"
)

// A styleKind is an element whose style is followed.
type styleKind uint8

const (
	styleNone styleKind = iota
	styleBody
	styleFont
	styleTable
	styleRow
	styleCell
	styleBig
	styleSmall
	styleBasefont
	styleMarquee
	styleSpan
	styleP
	styleDiv
	styleA
	styleKinds
)

func styleKindOf(name string) styleKind {
	switch name {
	case "body":
		return styleBody
	case "font":
		return styleFont
	case "table":
		return styleTable
	case "tr":
		return styleRow
	case "td", "th":
		return styleCell
	case "big":
		return styleBig
	case "small":
		return styleSmall
	case "basefont":
		return styleBasefont
	case "marquee":
		return styleMarquee
	case "span":
		return styleSpan
	case "p":
		return styleP
	case "div":
		return styleDiv
	case "a":
		return styleA
	}
	return styleNone
}

// An htmlStyle is what decides whether the text of an element can be seen.
type htmlStyle struct {
	kind         styleKind
	fore, back   color
	size         int // 1 to 7, as of the font element; 3 is normal
	none, unseen bool
}

var defaultStyle = htmlStyle{fore: 0x000000, back: 0xffffff, size: 3}

// lowContrast is the distance of two colours that nobody can tell apart.
const lowContrast = 12

// isHidden tells whether text in the style at hand is hidden: its colour is the background's or so near that nobody reads
// it, or none that a browser knows; or it is too small or not shown. The page notes colours that do so.
func (r *htmlReader) isHidden() bool {
	s := &r.styles[len(r.styles)-1]
	switch {
	case s.fore == s.back, s.fore >= 0 && s.back >= 0 && s.fore.distance(s.back) < lowContrast:
		r.page.LowContrast = true
	case s.fore == invalidColor || s.back == invalidColor:
		r.page.InvalidColor = true
	case s.size <= 1, s.none, s.unseen:
	default:
		return false
	}
	return true
}

// openStyle begins the style of an element.
func (r *htmlReader) openStyle(name string, attrs []htmlAttr) {
	kind := styleKindOf(name)
	if kind == styleNone {
		return
	}
	if kind == styleBasefont {
		for _, a := range attrs {
			if size, ok := leadingNumber(a.value); ok && a.name == "size" {
				r.basefont = size
				return
			}
		}
	}
	r.closeCells(kind)
	if len(r.styles) >= MaxHTMLDepth {
		return
	}
	parent := r.styles[len(r.styles)-1]
	s := parent
	s.kind = kind
	switch kind {
	case styleBig:
		s.size++
	case styleSmall:
		s.size--
	default:
		for _, a := range attrs {
			if s.takeAttr(a, r.basefont, parent) {
				r.noteSize(s.size)
			}
		}
	}
	r.styles = append(r.styles, s)
	r.open[kind]++
}

// noteSize keeps the largest and the smallest font.
func (r *htmlReader) noteSize(size int) {
	if size > r.page.MaxSize {
		r.page.MaxSize = size
	} else if size < r.page.MinSize {
		r.page.MinSize = size
	}
}

// takeAttr applies an attribute. It returns false for those that mean nothing in this element. A bgcolor is not looked at,
// for SpamAssassin forgets it.
func (s *htmlStyle) takeAttr(a htmlAttr, basefont int, parent htmlStyle) bool {
	switch s.kind {
	case styleBody:
		switch a.name {
		case "text":
			s.fore = parseColor(a.value)
			return true
		case "bgcolor", "link", "alink", "vlink", "background":
			return true
		}
	case styleFont, styleBasefont:
		switch a.name {
		case "color":
			s.fore = parseColor(a.value)
			return true
		case "size":
			s.size = fontSize(a.value, s.size, basefont)
			return true
		case "face":
			return true
		}
	case styleMarquee:
		return a.name == "bgcolor" || a.name == "background"
	default:
		if a.name == "style" {
			s.takeStyle(a.value, parent)
			return true
		}
		return a.name == "bgcolor" && s.kind >= styleTable && s.kind <= styleCell
	}
	return false
}

// closeCells closes what a new cell or row of a table ends without a tag.
func (r *htmlReader) closeCells(kind styleKind) {
	if kind != styleCell && kind != styleRow || r.open[kind] == 0 {
		return
	}
	for {
		top := r.styles[len(r.styles)-1].kind
		if top != styleFont && top != styleCell && (top != styleRow || kind == styleCell) {
			return
		}
		r.popStyle()
	}
}

func (r *htmlReader) popStyle() {
	r.open[r.styles[len(r.styles)-1].kind]--
	r.styles = r.styles[:len(r.styles)-1]
}

// closeStyle ends the innermost element of that kind and all in it. What stands behind </body> is still shown.
func (r *htmlReader) closeStyle(name string) {
	kind := styleKindOf(name)
	if kind == styleNone || kind == styleBody || r.open[kind] == 0 {
		return
	}
	for {
		top := r.styles[len(r.styles)-1].kind
		r.popStyle()
		if top == kind {
			return
		}
	}
}

// leadingNumber reads the number that a value begins with.
func leadingNumber(value string) (int, bool) {
	value = strings.TrimLeft(value, whiteSpace)
	end := 0
	for end < len(value) && '0' <= value[end] && value[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(value[:min(end, 9)])
	return n, err == nil
}

// fontSize reads the size of a font element: 1 to 7, or how much more or less than normal.
func fontSize(value string, now, basefont int) int {
	value = strings.TrimLeft(value, whiteSpace)
	sign := 0
	if value != "" && value[0] == '+' {
		sign = 1
	} else if value != "" && value[0] == '-' {
		sign = -1
	}
	if sign != 0 && (len(value) < 2 || value[1] < '0' || value[1] > '9') {
		return now
	}
	size, ok := leadingNumber(strings.TrimLeft(clip(value, 1), "+-") + value[min(1, len(value)):])
	switch {
	case !ok:
		return now
	case sign != 0:
		return basefont + sign*size
	}
	return size
}

// takeStyle applies a style attribute.
func (s *htmlStyle) takeStyle(css string, parent htmlStyle) {
	for declaration := range strings.SplitSeq(css, ";") {
		property, value, found := strings.Cut(declaration, ":")
		if !found {
			continue
		}
		property = strings.TrimLeft(property, whiteSpace)
		value = strings.Trim(value, whiteSpace)
		if value == "" || strings.IndexByte(value, '\n') >= 0 {
			continue
		}
		switch lower := lowerASCII(property); {
		case lower == "color":
			s.fore = styleColor(value, s.fore)
		case lower == "background-color":
			s.back = styleColor(value, s.back)
		case property == "background":
			s.back = backgroundColor(strings.ToLower(value), s.back)
		default:
			switch strings.TrimRight(property, whiteSpace) {
			case "display":
				s.none = strings.EqualFold(value, "none")
			case "visibility":
				s.unseen = strings.EqualFold(value, "hidden")
			}
		}
	}
	if s.back == transparent {
		s.back = parent.back
	}
	if s.fore == transparent {
		s.fore = s.back
	}
}
