package message

import (
	"bytes"
	"strings"
)

// decodeTransfer undoes the Content-Transfer-Encoding (RFC 2045, 6) that the header declares. What is neither
// quoted-printable nor base64 comes back as it is.
func decodeTransfer(p *Part, body []byte) []byte {
	return decodeAs(p, transferEncoding(p.Header), body)
}

// decodeLenient is the same for a field that has more in it than it should, which some mail programs forgive and
// SpamAssassin does not; nil where it has not.
func decodeLenient(p *Part, body []byte) []byte {
	encoding := transferEncoding(p.Header)
	word := strings.TrimLeft(encoding, `"' `)
	if end := strings.IndexAny(word, "; \t(\"'"); end >= 0 {
		word = word[:end]
	}
	if word == encoding || word != "quoted-printable" && word != "base64" {
		return nil
	}
	return decodeAs(p, word, body)
}

func transferEncoding(h Header) string {
	value, _ := h.last("Content-Transfer-Encoding")
	return strings.ToLower(decodeField("Content-Transfer-Encoding", value))
}

func decodeAs(p *Part, encoding string, body []byte) []byte {
	switch encoding {
	case "quoted-printable":
		return toLF(decodeQuotedPrintable(body))
	case "base64":
		data := decodeBase64(body)
		if strings.HasPrefix(p.declared, "text/") || strings.HasPrefix(p.declared, "message/") {
			data = toLF(data)
		}
		return data
	default:
		return body
	}
}

// squeezeBlankLines leaves at most MaxBlankLines blank lines in a row, so that a page of nothing does not push what
// stands behind it out of a rule's sight: the first one and the last ones. One more stays at the begin of a text. It
// returns text itself where there is nothing to do.
func squeezeBlankLines(text []byte) []byte {
	var squeezed []byte // what is kept of text[:done]
	done, blanks := 0, 0
	var ends [MaxBlankLines + 1]int // where the last blank lines end, in a ring
	keep := 2                       // how many blank lines are kept at the begin of a run: two at the begin of the text
	first := 0                      // where those end
	flush := func() {
		if most := MaxBlankLines + keep - 1; blanks > most {
			squeezed = append(squeezed, text[done:first]...)
			done = ends[(blanks-(MaxBlankLines-1))%len(ends)]
		}
		blanks, keep = 0, 1
	}
	for at := 0; at < len(text); {
		line, rest := cutLine(text[at:])
		at = len(text) - len(rest)
		if line[0] > ' ' || !isBlankLine(line) {
			if blanks > 0 || keep == 2 {
				flush()
			}
			continue
		}
		if blanks++; blanks <= keep {
			first = at
		}
		ends[blanks%len(ends)] = at
	}
	flush()
	if done == 0 {
		return text
	}
	return append(squeezed, text[done:]...)
}

// decodeQuotedPrintable decodes what can be decoded and leaves the rest: hexadecimal digits of either case, stray equal
// signs, lines of any length. White space at the end of a line was added on the way (RFC 2045, 6.7, rule 3).
func decodeQuotedPrintable(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		line, rest, ended := bytes.Cut(text, []byte("\n"))
		if !ended {
			out = append(out, line...)
			break
		}
		end := "\n"
		if bytes.HasSuffix(line, []byte("\r")) {
			line, end = line[:len(line)-1], "\r\n"
		}
		line = bytes.TrimRight(line, " \t")
		line, soft := bytes.CutSuffix(line, []byte("="))
		out = append(out, line...)
		if !soft {
			out = append(out, end...)
		}
		text = rest
	}
	return unquote(out)
}

// unquote decodes =XX in place.
func unquote(text []byte) []byte {
	at := bytes.IndexByte(text, '=')
	if at < 0 {
		return text
	}
	out := text[:at]
	for at < len(text) {
		if text[at] == '=' && at+2 < len(text) {
			if high, low := unhex(text[at+1]), unhex(text[at+2]); high < 16 && low < 16 {
				out = append(out, high<<4|low)
				at += 3
				continue
			}
		}
		end := bytes.IndexByte(text[at+1:], '=')
		if end < 0 {
			end = len(text) - at - 1
		}
		out = append(out, text[at:at+1+end]...)
		at += 1 + end
	}
	return out
}

// base64Values maps octets to their six bits, and others to padding, blanks and what is none of it.
var base64Values = func() (values [256]byte) {
	for i := range values {
		values[i] = notBase64
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		values[c] = byte(i)
	}
	values['='] = padding
	for _, c := range []byte(" \t\r\n\v\f") {
		values[c] = blank
	}
	return values
}()

const (
	padding   = 0xfd
	blank     = 0xfe
	notBase64 = 0xff
)

// decodeBase64 skips what is not base64 (RFC 2045, 6.8). Padding in the middle stands for zeros where the text is sound
// else, as senders make it who encode a text piece by piece, and for ones where it is not: SpamAssassin's choice.
func decodeBase64(text []byte) []byte {
	digits := make([]byte, 0, len(text))
	sound := true
	for _, c := range text {
		value := base64Values[c]
		if value < blank {
			digits = append(digits, value)
		} else if value == notBase64 {
			sound = false
		}
	}
	inner := byte(63)
	sound = sound && len(digits)%4 == 0
	if sound {
		inner = 0
	}
	for len(digits) > 0 && digits[len(digits)-1] == padding {
		digits = digits[:len(digits)-1]
	}
	out := digits[:0] // three octets for four digits: what is written is read already
	for len(digits) >= 4 {
		a, b, c, d := digits[0], digits[1], digits[2], digits[3]
		if a|b|c|d > 63 {
			a, b, c, d = depad(a, inner), depad(b, inner), depad(c, inner), depad(d, inner)
		}
		out = append(out, a<<2|b>>4, b<<4|c>>2, c<<6|d)
		digits = digits[4:]
	}
	for i := range digits {
		digits[i] = depad(digits[i], inner)
	}
	switch len(digits) {
	case 2:
		out = append(out, digits[0]<<2|digits[1]>>4)
	case 3:
		a, b, c := digits[0], digits[1], digits[2]
		out = append(out, a<<2|b>>4, b<<4|c>>2)
	}
	return out
}

func depad(digit, inner byte) byte {
	if digit == padding {
		return inner
	}
	return digit
}
