package message

import (
	"math"
	"strconv"
	"strings"

	"golang.org/x/net/html/atom"
)

// A style is what decides whether the text of an element can be seen.
type style struct {
	tag          atom.Atom
	fore, back   color
	size         int  // 1 to 7, as of the font element; 3 is normal
	none, unseen bool // display: none, visibility: hidden
	tiny         bool // a font-size of nothing or next to nothing
}

var defaultStyle = style{fore: 0x000000, back: 0xffffff, size: 3}

// isHidden tells whether SpamAssassin takes text in this style for hidden: it is too small or not shown, or its colour is
// the background's or so near that nobody reads it, or none that a browser knows. It does not look at tiny.
func (s style) isHidden() bool {
	return s.size <= 1 || s.none || s.unseen || s.fore == invalidColor || s.back == invalidColor || s.fore.distance(s.back) < 12
}

// hasStyle tells of the elements whose style is followed: SpamAssassin's choice.
func hasStyle(tag atom.Atom) bool {
	switch tag {
	case atom.Body, atom.Font, atom.Table, atom.Tr, atom.Th, atom.Td, atom.Big, atom.Small, atom.Basefont, atom.Marquee, atom.Span, atom.P, atom.Div, atom.A:
		return true
	}
	return false
}

func (r *renderer) openStyle(tag atom.Atom) {
	if !hasStyle(tag) {
		return
	}
	if tag == atom.Th {
		tag = atom.Td
	}
	r.closeCells(tag)
	if len(r.styles) >= MaxHTMLDepth {
		return
	}
	s := r.styles[len(r.styles)-1]
	s.tag = tag
	switch tag {
	case atom.Big:
		s.size++
	case atom.Small:
		s.size--
	}
	for _, a := range r.attrs {
		switch a.key {
		case "color", "text":
			s.fore = parseColor(a.value)
		case "bgcolor":
			s.back = parseColor(a.value)
		case "size":
			s.size = fontSize(a.value, s.size)
		case "style":
			s.apply(a.value, r.styles[len(r.styles)-1])
		}
	}
	r.styles = append(r.styles, s)
}

// closeCells closes what a new cell or row of a table ends without a tag.
func (r *renderer) closeCells(tag atom.Atom) {
	if tag != atom.Td && tag != atom.Tr {
		return
	}
	for len(r.styles) > 1 {
		top := r.styles[len(r.styles)-1].tag
		if top != atom.Font && top != atom.Td && (top != atom.Tr || tag == atom.Td) {
			return
		}
		r.styles = r.styles[:len(r.styles)-1]
	}
}

// closeStyle ends the innermost element of that kind and all in it. What stands behind </body> is still shown.
func (r *renderer) closeStyle(tag atom.Atom) {
	if !hasStyle(tag) || tag == atom.Body {
		return
	}
	if tag == atom.Th {
		tag = atom.Td
	}
	for i := len(r.styles) - 1; i > 0; i-- {
		if r.styles[i].tag == tag {
			r.styles = r.styles[:i]
			return
		}
	}
}

// fontSize reads the size of a font element: 1 to 7, or how much more or less than the normal 3.
func fontSize(value string, now int) int {
	value = strings.TrimSpace(value)
	digits := strings.TrimLeft(value, "+-")
	if end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		digits = digits[:end]
	}
	size, err := strconv.Atoi(clip(digits, 3))
	switch {
	case err != nil:
		return now
	case value[0] == '+':
		return 3 + size
	case value[0] == '-':
		return 3 - size
	default:
		return size
	}
}

// apply applies a style attribute.
func (s *style) apply(css string, parent style) {
	for declaration := range strings.SplitSeq(css, ";") {
		property, value, _ := strings.Cut(declaration, ":")
		value = strings.ToLower(strings.TrimSpace(value))
		value = strings.TrimSpace(strings.TrimSuffix(value, "!important"))
		switch strings.ToLower(strings.TrimSpace(property)) {
		case "color":
			s.fore = cssColor(value, s.fore, s.back)
		case "background-color":
			s.back = cssColor(value, s.back, parent.back)
		case "background":
			for word := range strings.FieldsSeq(value) {
				if c := parseColor(word); c != invalidColor {
					s.back = c
				}
			}
		case "display":
			s.none = value == "none"
		case "visibility":
			s.unseen = value == "hidden"
		case "font-size":
			number, err := strconv.ParseFloat(strings.TrimRight(value, "abcdefghijklmnopqrstuvwxyz%"), 64)
			s.tiny = err == nil && (number == 0 || number <= 1 && strings.HasSuffix(value, "px"))
		}
	}
}

// cssColor reads the value of a CSS colour; transparent is what shines through.
func cssColor(value string, now, behind color) color {
	switch value {
	case "inherit", "initial", "unset", "currentcolor":
		return now
	case "transparent":
		return behind
	}
	return parseColor(value)
}

// A color is 0xRRGGBB.
type color int32

const invalidColor color = -1

// distance is 0 for equal colours and about 191 for black and white; the weights are how bright the eye sees them.
func (c color) distance(d color) float64 {
	part := func(shift uint, weight float64) float64 {
		return weight * float64(int(c>>shift&255)-int(d>>shift&255))
	}
	red, green, blue := part(16, 0.2126), part(8, 0.7152), part(0, 0.0722)
	return math.Sqrt(red*red + green*green + blue*blue)
}

// parseColor reads a colour as browsers do: a name, #rgb, #rrggbb, rgb(r, g, b).
func parseColor(value string) color {
	value = strings.ToLower(strings.TrimSpace(value))
	if c, known := namedColors[value]; known {
		return c
	}
	if arguments, found := strings.CutPrefix(value, "rgb"); found {
		return parseRGB(strings.TrimPrefix(arguments, "a"))
	}
	digits, found := strings.CutPrefix(value, "#")
	if !found || digits == "" {
		return invalidColor
	}
	if len(digits) < 6 {
		digits = (digits + "00")[:3]
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	n, err := strconv.ParseUint(digits[:6], 16, 32)
	if err != nil {
		return invalidColor
	}
	return color(n)
}

// parseRGB reads "(r, g, b)" with numbers up to 255 or per cent; what is behind the third is alpha and left aside.
func parseRGB(arguments string) color {
	var c color
	parts := strings.FieldsFunc(strings.Trim(arguments, "() "), func(r rune) bool { return r == ',' || r == ' ' || r == '/' })
	if len(parts) < 3 {
		return invalidColor
	}
	for _, part := range parts[:3] {
		number, percent := strings.CutSuffix(part, "%")
		n, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return invalidColor
		}
		if percent {
			n = n * 255 / 100
		}
		c = c<<8 | color(max(0, min(255, n)))
	}
	return c
}
