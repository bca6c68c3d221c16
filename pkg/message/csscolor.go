package message

import (
	"math"
	"strconv"
	"strings"
)

// A color is 0xRRGGBB, or one of those below.
type color int32

const (
	invalidColor color = -1 - iota
	transparent
	emptyColor // "#" alone: neither visible nor invalid
)

// distance is 0 for equal colours and about 191 for black and white; the weights are how bright the eye sees them.
func (c color) distance(d color) float64 {
	part := func(shift uint, weight float64) float64 {
		return weight * float64(int(c>>shift&255)-int(d>>shift&255))
	}
	red, green, blue := part(16, 0.2126), part(8, 0.7152), part(0, 0.0722)
	return math.Sqrt(red*red + green*green + blue*blue)
}

// styleColor reads a colour of CSS.
func styleColor(value string, now color) color {
	value = strings.ToLower(value)
	if rest, found := strings.CutSuffix(value, "important"); found {
		if rest = strings.TrimRight(rest, whiteSpace); strings.HasSuffix(rest, "!") {
			value = strings.TrimRight(rest[:len(rest)-1], whiteSpace)
		}
	}
	switch {
	case strings.Contains(value, "rgb"):
		return decimalColor(value)
	case value == "inherit":
		return now
	case value == "transparent":
		return transparent
	}
	return parseColor(value)
}

// decimalColor makes a colour of three numbers, whatever stands between them.
func decimalColor(value string) color {
	var numbers [3]int
	i := 0
	for _, c := range []byte(value) {
		switch {
		case c == ',':
			i++
		case '0' <= c && c <= '9' && i < len(numbers):
			numbers[i] = min(numbers[i]*10+int(c-'0'), 255)
		}
	}
	return color(numbers[0]<<16 | numbers[1]<<8 | numbers[2])
}

// backgroundColor finds the colour in the lowest layer of a CSS background.
func backgroundColor(value string, now color) color {
	for _, word := range lastLayer(value) {
		if c := parseColor(word); c != invalidColor {
			return c
		}
	}
	return now
}

// lastLayer splits the last of the layers that commas separate into words; parentheses and double quotes keep one
// together.
func lastLayer(value string) []string {
	var words []string
	start := 0
	add := func(end int) {
		if end > start {
			words = append(words, value[start:end])
		}
		start = end + 1
	}
	var closing []byte
	for i := 0; i < len(value); i++ {
		c := value[i]
		if n := len(closing); n > 0 {
			switch {
			case c == closing[n-1]:
				closing = closing[:n-1]
				if c == ')' {
					add(i + 1)
					start = i + 1
				}
			case c == '"' && closing[n-1] == ')' && n < MaxDepth:
				closing = append(closing, '"')
			}
			continue
		}
		switch c {
		case ' ':
			add(i)
		case '(':
			closing = append(closing, ')')
		case '"':
			closing = append(closing, '"')
		case ',':
			add(i)
			words = words[:0]
		}
	}
	add(len(value))
	return words
}

// parseColor reads a colour: a name, #rgb, #rrggbb, rgb(r, g, b).
func parseColor(value string) color {
	value = strings.Trim(strings.ToLower(value), whiteSpace)
	if c, known := namedColors[value]; known {
		return c
	}
	if rgb, found := rgbColor(value); found {
		value = rgb
	} else if strings.Trim(value, "#0123456789abcdef") != "" {
		return invalidColor
	}
	if !strings.HasPrefix(value, "#") {
		return invalidColor
	}
	digits := strings.Map(func(c rune) rune {
		if c < 0x80 && unhex(byte(c)) < 16 {
			return c
		}
		return -1
	}, value)
	return hexColor(digits)
}

// hexColor reads hexadecimal digits, too many or too few of them as browsers once did.
func hexColor(digits string) color {
	switch n := len(digits); {
	case n == 0:
		return emptyColor
	case n >= 6:
		digits = digits[:6]
	default:
		digits = (digits + "00")[:3]
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	n, _ := strconv.ParseUint(digits, 16, 32)
	return color(n)
}

// rgbColor makes hexadecimal digits of rgb(r, g, b), with numbers up to 255 or per cent.
func rgbColor(value string) (string, bool) {
	_, rest, found := strings.Cut(value, "rgb(")
	if !found {
		return "", false
	}
	inner, _, found := strings.Cut(rest, ")")
	if !found || strings.Trim(inner, "0123456789%, ") != "" {
		return "", false
	}
	parts := strings.Split(strings.TrimRight(inner, " "), ",")
	if len(parts) != 3 {
		return value, true
	}
	out := "#"
	for i, part := range parts {
		if i > 0 {
			part = strings.TrimLeft(part, " ")
		}
		number, percent := strings.CutSuffix(part, "%")
		n, err := strconv.Atoi(clip(number, 6))
		if err != nil || n < 0 {
			return value, true
		}
		if percent {
			n = n * 255 / 100
		}
		if n < 16 {
			out += "0"
		}
		out += strconv.FormatInt(int64(n), 16)
	}
	return out, true
}
