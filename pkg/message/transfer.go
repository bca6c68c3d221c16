package message

import (
	"bytes"
	"strings"
)

// decodeTransfer undoes the Content-Transfer-Encoding (RFC 2045, 6) that the header declares. What is neither
// quoted-printable nor base64 comes back as it is.
func decodeTransfer(h Header, body []byte) []byte {
	value, _ := h.last("Content-Transfer-Encoding")
	encoding := Unfold(value)
	if end := strings.IndexAny(encoding, "; \t("); end >= 0 {
		encoding = encoding[:end]
	}
	switch {
	case strings.EqualFold(encoding, "quoted-printable"):
		return toLF(decodeQuotedPrintable(squeezeBlankLines(body)))
	case strings.EqualFold(encoding, "base64"):
		return decodeBase64(body)
	default:
		return squeezeBlankLines(body)
	}
}

// decodeQuotedPrintable decodes what can be decoded and leaves the rest: hexadecimal digits of either case, stray equal
// signs, lines of any length. White space at the end of a line was added on the way (RFC 2045, 6.7, rule 3).
func decodeQuotedPrintable(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		line, rest, ended := bytes.Cut(text, []byte("\n"))
		if ended {
			line = bytes.TrimRight(bytes.TrimSuffix(line, []byte("\r")), " \t")
		}
		line, soft := bytes.CutSuffix(line, []byte("="))
		out = appendUnquoted(out, line)
		if ended && !soft {
			out = append(out, '\n')
		}
		text = rest
	}
	return out
}

// appendUnquoted decodes =XX.
func appendUnquoted(out, line []byte) []byte {
	for {
		i := bytes.IndexByte(line, '=')
		if i < 0 {
			return append(out, line...)
		}
		out = append(out, line[:i]...)
		line = line[i:]
		if len(line) > 2 && unhex(line[1]) < 16 && unhex(line[2]) < 16 {
			out = append(out, unhex(line[1])<<4|unhex(line[2]))
			line = line[3:]
		} else {
			out = append(out, '=')
			line = line[1:]
		}
	}
}

// base64Values maps octets to their six bits; notBase64 stands for all others.
var base64Values = func() (values [256]byte) {
	for i := range values {
		values[i] = notBase64
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		values[c] = byte(i)
	}
	return values
}()

const notBase64 = 0xff

// decodeBase64 skips what is not base64 (RFC 2045, 6.8). Padding ends a group wherever it stands: behind it a new one
// begins, for some senders encode a text piece by piece.
func decodeBase64(text []byte) []byte {
	out := make([]byte, 0, len(text)/4*3+3)
	var bits uint32
	count := 0 // digits in bits
	for _, c := range text {
		value := base64Values[c]
		if value == notBase64 {
			if c == '=' {
				out = appendGroup(out, bits, count)
				bits, count = 0, 0
			}
			continue
		}
		bits = bits<<6 | uint32(value)
		if count++; count == 4 {
			out = append(out, byte(bits>>16), byte(bits>>8), byte(bits))
			bits, count = 0, 0
		}
	}
	return appendGroup(out, bits, count)
}

// appendGroup adds what an unfinished group of digits holds: an octet for two, two for three.
func appendGroup(out []byte, bits uint32, count int) []byte {
	switch count {
	case 2:
		return append(out, byte(bits>>4))
	case 3:
		return append(out, byte(bits>>10), byte(bits>>2))
	default:
		return out
	}
}
