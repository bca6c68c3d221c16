package message

import (
	"bytes"
	"strings"
)

// decodeField returns a field's value as header rules see it: unfolded, trimmed, in UTF-8, its encoded words decoded.
func decodeField(name, value string) string {
	value = unfoldText(value)
	if !isASCII(value) {
		value = decodeText([]byte(value), "utf-8") // RFC 6532 allows UTF-8; anything else is guessed
	}
	if strings.Contains(value, "=?") && holdsWords(name) {
		return decodeWords(value)
	}
	return value
}

// unfoldText makes one blank of a line end and the white space behind it, and takes white space off the ends.
func unfoldText(value string) string {
	if strings.IndexByte(value, '\n') >= 0 {
		value = unfoldLines(value)
	}
	return strings.Trim(value, " \t\r\v\f")
}

func unfoldLines(value string) string {
	out := make([]byte, 0, len(value))
	for {
		end := strings.IndexByte(value, '\n')
		if end < 0 {
			return asText(append(out, value...))
		}
		out = append(out, value[:end]...)
		if rest := strings.TrimLeft(value[end+1:], " \t"); len(rest) < len(value)-end-1 {
			out, value = append(out, ' '), rest
		} else {
			out, value = bytes.TrimSuffix(out, []byte("\r")), rest
		}
	}
}

// holdsWords tells whether encoded words are decoded in a field of that name: not in those that hold no text, where
// what looks like one is part of an identifier.
func holdsWords(name string) bool {
	name = strings.ToLower(name)
	switch strings.TrimPrefix(name, "resent-") {
	case "received", "message-id", "date", "mime-version", "references", "in-reply-to":
		return false
	}
	return !strings.HasPrefix(name, "list-")
}

// A word is an encoded word (RFC 2047, 2).
type word struct {
	charset string
	text    []byte // decoded to octets of the charset
}

// DecodeWords decodes the encoded words in the value of a field, whatever its name, as a reader may do that knows no better.
func DecodeWords(value string) string { return decodeWords(unfoldText(value)) }

// decodeWords decodes the encoded words in text. White space between two of them is dropped. Neighbours in the same
// charset are joined before they are decoded, for many senders cut a text between the octets of a character, against
// RFC 2047, 5.
func decodeWords(text string) string {
	var out strings.Builder
	var open word // decoded, not yet written
	for text != "" {
		start := strings.Index(text, "=?")
		if start < 0 {
			break
		}
		next, length, ok := readWord(text[start:])
		if !ok {
			open.writeTo(&out)
			out.WriteString(text[:start+2])
			open, text = word{}, text[start+2:]
			continue
		}
		adjacent := open.charset != "" && strings.Trim(text[:start], " \t\r\v\f") == ""
		if adjacent && open.charset == next.charset {
			open.text = append(open.text, next.text...)
		} else {
			open.writeTo(&out)
			if !adjacent {
				out.WriteString(text[:start])
			}
			open = next
		}
		text = text[start+length:]
	}
	open.writeTo(&out)
	out.WriteString(text)
	return out.String()
}

func (w word) writeTo(out *strings.Builder) {
	if w.charset != "" {
		out.WriteString(decodeDeclared(w.text, w.charset))
	}
}

// readWord reads the encoded word that s begins with: =?charset?B or Q?text?=. The text may hold blanks, which senders
// forget to encode.
func readWord(s string) (w word, length int, ok bool) {
	charset, rest, found := strings.Cut(s[2:], "?")
	if !found || charset == "" || strings.Trim(charset, charsetLetters) != "" || len(rest) < 2 || rest[1] != '?' {
		return word{}, 0, false
	}
	text, behind, found := strings.Cut(rest[2:], "?")
	if !found || !strings.HasPrefix(behind, "=") {
		return word{}, 0, false
	}
	w.charset = strings.ToLower(charset)
	switch rest[0] {
	case 'b', 'B':
		w.text = decodeBase64([]byte(text))
	case 'q', 'Q':
		w.text = unquote([]byte(strings.ReplaceAll(text, "_", " ")))
	default:
		return word{}, 0, false
	}
	return w, len(s) - len(behind) + 1, true
}

const charsetLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*_-"
