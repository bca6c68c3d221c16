package message

import (
	"strconv"
	"strings"
)

// A mediaType is the value of a Content-Type field, or of a Content-Disposition, which is built alike (RFC 2045, 5.1;
// RFC 2183). The name is in lower case, "" where there is none.
type mediaType struct {
	name   string
	params []param
}

type param struct{ name, value string } // the name in lower case, with the marks of RFC 2231 if it has any

// parseMediaType reads what mail programs write, not only what they should: blanks around "=", quotes that do not
// close, parameters without a semicolon before them, file names with blanks and without quotes.
func parseMediaType(value string) mediaType {
	if len(value) > MaxFieldValue {
		value = value[:MaxFieldValue]
	}
	value = Unfold(value)
	end := strings.IndexAny(value, "; \t")
	if end < 0 {
		end = len(value)
	}
	t := mediaType{name: plainTextType(strings.ToLower(value[:end]))}
	for rest := value[end:]; rest != "" && len(t.params) < MaxParams; {
		var p param
		if p, rest = cutParam(rest); p.name != "" {
			t.params = append(t.params, p)
		}
	}
	return t
}

// plainTextType makes text/plain of every text type but those that mail programs do not show as plain text
// (SpamAssassin's bug 5399), and drops octets that have no place in a type.
func plainTextType(name string) string {
	if name == "text" || strings.HasPrefix(name, "text/") {
		switch name {
		case "text/html", "text/calendar", "text/x-vcard":
			return name
		}
		return "text/plain"
	}
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),:;<=>?@[\]`, r) {
			return -1
		}
		return r
	}, name)
}

// cutParam cuts the first parameter off s. Its name is empty where there is none before the next semicolon.
func cutParam(s string) (p param, rest string) {
	s = strings.TrimLeft(s, "; \t")
	end := strings.IndexAny(s, "=; \t\"")
	if end < 0 {
		return param{}, ""
	}
	name, s := strings.ToLower(s[:end]), strings.TrimLeft(s[end:], " \t")
	if s == "" || s[0] != '=' {
		return param{}, strings.TrimPrefix(s, `"`)
	}
	s = strings.TrimLeft(s[1:], " \t")
	if strings.HasPrefix(s, `"`) {
		value, rest := cutQuoted(s)
		return param{name, value}, rest
	}
	end = bareValueEnd(s)
	return param{name, strings.Trim(s[:end], " \t'")}, s[end:]
}

// cutQuoted cuts off the quoted string that s begins with (RFC 5322, 3.2.4) and takes it out of its quotes. Without a
// closing quote it goes to the end.
func cutQuoted(s string) (value, rest string) {
	var unescaped strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return unescaped.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		unescaped.WriteByte(s[i])
	}
	return unescaped.String(), ""
}

// bareValueEnd finds the end of a value without quotes: a semicolon, or a blank before the next "name=".
func bareValueEnd(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ';':
			return i
		case ' ', '\t':
			word := strings.IndexAny(s[i+1:], "=; \t")
			if word > 0 && s[i+1+word] == '=' {
				return i
			}
		}
	}
	return len(s)
}

// param returns the value of a parameter, decoded where it is in the form of RFC 2231, which wins where both are there.
func (t mediaType) param(name string) string {
	value := ""
	var pieces [MaxParams]string // of name*0, name*1, ...
	var escaped [MaxParams]bool
	count := 0
	for _, p := range t.params {
		mark, found := strings.CutPrefix(p.name, name)
		switch {
		case !found:
		case mark == "":
			if value == "" {
				value = p.value
			}
		case mark == "*":
			return decodeExtended(p.value)
		case mark[0] == '*':
			number, extended := strings.CutSuffix(mark[1:], "*")
			if i, err := strconv.Atoi(number); err == nil && i >= 0 && i < MaxParams {
				pieces[i], escaped[i], count = p.value, extended, max(count, i+1)
			}
		}
	}
	if count == 0 {
		return value
	}
	return joinPieces(pieces[:count], escaped[:count])
}

// joinPieces puts a value together that was sent in numbered pieces (RFC 2231, 3). Missing ones are nothing.
func joinPieces(pieces []string, escaped []bool) string {
	var joined strings.Builder
	charset := ""
	for i, piece := range pieces {
		if i == 0 && escaped[0] {
			charset, piece = cutCharset(piece)
		}
		if escaped[i] {
			piece = string(percentDecode(piece))
		}
		joined.WriteString(piece)
	}
	if charset == "" {
		return joined.String()
	}
	return decodeText([]byte(joined.String()), charset)
}

// decodeExtended decodes charset'language'value (RFC 2231, 4).
func decodeExtended(value string) string {
	charset, rest := cutCharset(value)
	return decodeText(percentDecode(rest), charset)
}

func cutCharset(value string) (charset, rest string) {
	charset, language, found := strings.Cut(value, "'")
	if !found {
		return "", value
	}
	_, rest, found = strings.Cut(language, "'")
	if !found {
		return "", value
	}
	return charset, rest
}

// percentDecode decodes %XX and leaves every other percent sign as it is.
func percentDecode(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if high, low := unhex(s[i+1]), unhex(s[i+2]); high < 16 && low < 16 {
				out = append(out, high<<4|low)
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return out
}

// unhex returns the value of a hexadecimal digit, 16 for any other octet.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	default:
		return 16
	}
}
