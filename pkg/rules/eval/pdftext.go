package eval

import (
	"bytes"
	"encoding/hex"
	"strings"
)

// A pdfReader reads strings in a line: (text) or <hexadecimal digits> (ISO 32000-1, 7.3.4). It remembers which of them do
// not end any more, so that a line of many beginnings is not searched to its end for each.
type pdfReader struct{ noText, noHex bool }

// read reads the string that rest begins with, blanks before it aside.
func (r *pdfReader) read(rest []byte) (value string, found bool) {
	rest = trimBlanks(rest, 2)
	switch {
	case len(rest) == 0:
	case rest[0] == '(' && !r.noText:
		if end := textEnd(rest[1:]); end >= 0 {
			return pdfText(rest[1 : 1+end]), true
		}
		r.noText = true
	case rest[0] == '<' && !r.noHex:
		if end := bytes.IndexByte(rest, '>'); end >= 0 {
			return pdfHex(rest[:end]), true
		}
		r.noHex = true
	}
	return "", false
}

// pdfValue returns the first string that stands behind a key in a line.
func pdfValue(line []byte, key string) (value string, found bool) {
	var r pdfReader
	for !r.noText || !r.noHex {
		_, behind, isKey := bytes.Cut(line, []byte(key))
		if !isKey {
			break
		}
		if value, found = r.read(behind); found {
			return value, true
		}
		line = behind
	}
	return "", false
}

// trimBlanks takes at most so many white space octets off the front.
func trimBlanks(line []byte, most int) []byte {
	for ; most > 0 && len(line) > 0 && (line[0] == ' ' || '\t' <= line[0] && line[0] <= '\r'); most-- {
		line = line[1:]
	}
	return line
}

// textEnd finds the closing parenthesis: the first that has no backslash before it.
func textEnd(text []byte) int {
	for at := 0; ; {
		next := bytes.IndexByte(text[at:], ')')
		if next < 0 {
			return -1
		}
		at += next
		if at == 0 || text[at-1] != '\\' {
			return at
		}
		at++
	}
}

// pdfDate returns the digits of a date, (D:20070703144220), that stands behind a key in a line.
func pdfDate(line []byte, key string) (value string, found bool) {
	for {
		at := bytes.Index(line, []byte(key))
		if at < 0 {
			return "", false
		}
		line = line[at+len(key):]
		if rest, found := bytes.CutPrefix(trimBlanks(line, 2), []byte("(D:")); found {
			if n := digitsOf(rest); n > 0 {
				return string(rest[:min(n, maxPDFDetail)]), true
			}
		}
	}
}

func digitsOf(text []byte) int {
	n := 0
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	return n
}

// pdfHex decodes the pairs of hexadecimal digits in text.
func pdfHex(text []byte) string {
	text = text[:min(len(text), 16*maxPDFDetail)]
	out := make([]byte, 0, len(text)/2)
	for i := 0; i+1 < len(text); i++ {
		var octet [1]byte
		if _, err := hex.Decode(octet[:], text[i:i+2]); err == nil {
			out = append(out, octet[0])
			i++
		}
	}
	return cutDetail(narrow(string(out)))
}

// pdfText undoes the escapes in text: \ooo, \( \) and \\.
func pdfText(text []byte) string {
	text = text[:min(len(text), 16*maxPDFDetail)]
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && (i == 0 || text[i-1] != '\\') && isOctal(text[i+1:]) {
			out = append(out, (text[i+1]-'0')<<6|(text[i+2]-'0')<<3|(text[i+3]-'0'))
			i += 3
			continue
		}
		out = append(out, text[i])
	}
	unescaped := pdfEscapes.Replace(narrow(string(out)))
	return cutDetail(unescaped)
}

var pdfEscapes = strings.NewReplacer(`\(`, `(`, `\)`, `)`, `\\`, `\`)

func isOctal(text []byte) bool {
	return len(text) >= 3 && '0' <= text[0] && text[0] <= '3' && '0' <= text[1] && text[1] <= '7' && '0' <= text[2] && text[2] <= '7'
}

// narrow makes plain octets of UTF-16, which is good for Latin letters only, as SpamAssassin has it.
func narrow(text string) string {
	for _, mark := range []string{"\xfe\xff", "\xff\xfe"} {
		if rest, found := strings.CutPrefix(text, mark); found {
			return strings.ReplaceAll(rest, "\x00", "")
		}
	}
	return text
}

func cutDetail(text string) string { return text[:min(len(text), maxPDFDetail)] }
