package eval

import (
	"strings"

	"winnow/pkg/message"
)

func bindFarawayCharset(_ []string, lines linesOf) (Check, error) {
	return func(f *Facts) int {
		charset := headerCharset(f.Message)
		if charset == "" || f.Settings.locales.allow(charset) {
			return 0
		}
		return hits(mostlyHigh(lines(f.Message)))
	}, nil
}

// headerCharset is the charset of the message as a whole, "" for none.
func headerCharset(m *message.Message) string {
	value, _ := m.HeaderText("Content-Type", message.HeaderDecoded)
	if !strings.Contains(strings.ToLower(value), "charset=") {
		return ""
	}
	for _, quote := range []string{`"`, `'`} {
		for rest := value; ; {
			_, behind, found := cutFold(rest, "charset="+quote)
			if !found {
				break
			}
			if charset, _, closed := strings.Cut(behind, quote); closed && charset != "" {
				return charset
			}
			rest = behind
		}
	}
	for rest := value; ; {
		_, behind, found := cutFold(rest, "charset=")
		if !found {
			return ""
		}
		if charset := strings.TrimRight(behind[:blankAt(behind)], "\n"); charset != "" {
			return charset
		}
		rest = behind
	}
}

// blankAt returns where the first white space is, or the length of text.
func blankAt(text string) int {
	if i := strings.IndexAny(text, " \t\r\n\f\v"); i >= 0 {
		return i
	}
	return len(text)
}

// cutFold is strings.Cut for a word of lower-case ASCII in text of either case.
func cutFold(text, word string) (before, behind string, found bool) {
	for i := 0; i+len(word) <= len(text); i++ {
		if text[i]|0x20 == word[0] && strings.EqualFold(text[i:i+len(word)], word) {
			return text[:i], text[i+len(word):], true
		}
	}
	return text, "", false
}

// mostlyHigh tells whether at least half of the octets are not ASCII, and more than three. Charsets of other languages hold
// ASCII, too.
func mostlyHigh(lines []string) bool {
	high, all := 0, max(0, len(lines)-1)
	for _, line := range lines {
		all += len(line)
		for i := range len(line) {
			if line[i] >= 0x80 {
				high++
			}
		}
	}
	return all-high <= high && high > 3
}

func bindUppercase(args []string, lines linesOf) (Check, error) {
	s, err := closedSpan(args)
	if err != nil {
		return nil, err
	}
	return func(f *Facts) int {
		percent := f.uppercase(lines)
		return hits(percent > s.min && percent <= s.max)
	}, nil
}

// uppercase is how many of the letters are capitals, in percent; digits count as small letters. Like SpamAssassin it
// measures once, for all rules.
func (f *Facts) uppercase(lines linesOf) float64 {
	if !f.hasCapitals {
		f.hasCapitals, f.capitals = true, f.measureCapitals(lines)
	}
	return f.capitals
}

// minCapitalText is the octets of text below which a few abbreviations would weigh too much.
const minCapitalText = 200

func (f *Facts) measureCapitals(lines linesOf) float64 {
	if f.looksLikeCapitals() {
		return 0
	}
	size, lower, upper := 0, 0, 0
	for _, line := range lines(f.Message) {
		if !hasInnerBlank(line) || isLeftoverBase64(line) {
			continue
		}
		line = dropShiftJIS(line)
		size += len(line)
		for i := range len(line) {
			switch c := line[i]; {
			case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
				lower++
			case 'A' <= c && c <= 'Z':
				upper++
			}
		}
	}
	if size < minCapitalText || upper+lower == 0 {
		return 0
	}
	return float64(upper) / float64(upper+lower) * 100
}

// looksLikeCapitals tells whether the message is in a charset whose octets look like capitals.
func (f *Facts) looksLikeCapitals() bool {
	if isCapitalCharset(headerCharset(f.Message)) {
		return true
	}
	for _, charset := range f.mimeCounts().charsets {
		if isCapitalCharset(charset) {
			return true
		}
	}
	return false
}

func isCapitalCharset(charset string) bool {
	charset = strings.ToLower(charset)
	if strings.Trim(charset, "-_abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return false
	}
	for _, name := range []string{"koi", "jp", "jis", "euc", "gb", "big5", "isoir", "cp1251", "windows-1251", "georgianps", "pt154", "tis"} {
		if strings.Contains(charset, name) {
			return true
		}
	}
	return false
}

// hasInnerBlank tells whether there is white space between other text.
func hasInnerBlank(line string) bool {
	line = strings.Trim(line, " \t\r\n\f\v")
	return blankAt(line) < len(line)
}

// isLeftoverBase64 tells whether a line begins with two lines of base64, of a message that was forwarded undecoded.
func isLeftoverBase64(line string) bool {
	for range 2 {
		n := strings.IndexByte(line, ' ')
		if n < 60 || n > 76 || strings.IndexFunc(line[:n], isNoBase64) >= 0 {
			return false
		}
		line = line[n+1:]
	}
	return true
}

func isNoBase64(r rune) bool {
	return !('A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '+' || r == '/' || r == '=')
}

// dropShiftJIS takes Japanese text in ISO-2022-JP out of a line.
func dropShiftJIS(line string) string {
	before, rest, found := strings.Cut(line, "\x1b$B")
	if !found {
		return line
	}
	if end := strings.LastIndex(rest, "\x1b(B"); end >= 0 {
		return before + rest[end+len("\x1b(B"):]
	}
	return line
}
