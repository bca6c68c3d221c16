package message

import (
	"bytes"
	"encoding/base64"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// decodeText returns the text in UTF-8, as SpamAssassin's normalize_charset does it: senders lie about charsets, so
// that valid UTF-8 is UTF-8 whatever was declared; then comes what was declared, if all of the text is valid in it; then
// windows-1252, in which everything is.
func decodeText(text []byte, declared string) string {
	charset := charsetName(declared)
	if isASCII(text) {
		if isSevenBit(charset) {
			if decoded, ok := decodeCharset(text, charset); ok {
				return decoded
			}
		}
		return string(text)
	}
	if utf8.Valid(text) {
		return string(text)
	}
	if whole := trimCutRune(text); len(whole) < len(text) && !isASCII(whole) && utf8.Valid(whole) {
		return string(whole)
	}
	if decoded, ok := decodeCharset(text, charset); ok {
		return decoded
	}
	return decodeAny(charmap.Windows1252, text)
}

// decodeDeclared returns the text in UTF-8 by the declared charset even where it is not valid in it; encoded words are
// decoded so. Only an unknown charset is guessed.
func decodeDeclared(text []byte, declared string) string {
	charset := charsetName(declared)
	if isASCII(text) && !isSevenBit(charset) {
		return string(text)
	}
	if charset == "utf-8" || charset == "utf8" {
		return strings.ToValidUTF8(string(text), "\uFFFD")
	}
	if isUTF16(charset) {
		return decodeAny(utf16Encoding(text, charset), text)
	}
	if enc := findEncoding(charset); enc != nil {
		return decodeAny(enc, text)
	}
	return decodeText(text, declared)
}

// charsetName cuts the language off that RFC 2231, 5 allows behind a charset.
func charsetName(declared string) string {
	name, _, _ := strings.Cut(declared, "*")
	return strings.ToLower(strings.TrimSpace(name))
}

func isASCII[T string | []byte](text T) bool {
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isSevenBit tells of the charsets whose text may look like ASCII and be something else.
func isSevenBit(charset string) bool {
	return strings.HasPrefix(charset, "iso-2022-") || strings.HasPrefix(charset, "hz-") || isUTF16(charset) || isUTF7(charset)
}

func isUTF16(charset string) bool {
	return strings.HasPrefix(charset, "utf-16") || strings.HasPrefix(charset, "utf16")
}

func isUTF7(charset string) bool { return charset == "utf-7" || charset == "unicode-1-1-utf-7" }

// trimCutRune takes off the begin of a character whose end was cut off with the rest of a long message.
func trimCutRune(text []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(text); i++ {
		if last := text[len(text)-i:]; utf8.RuneStart(last[0]) {
			if last[0] >= utf8.RuneSelf && !utf8.FullRune(last) {
				return text[:len(text)-i]
			}
			break
		}
	}
	return text
}

// decodeCharset decodes text that is valid in the charset all through.
func decodeCharset(text []byte, charset string) (string, bool) {
	var enc encoding.Encoding
	switch {
	case isUTF7(charset):
		return decodeUTF7(text)
	case isUTF16(charset):
		enc, text = utf16Encoding(text, charset), text[:len(text)&^1]
	default:
		if enc = findEncoding(charset); enc == nil {
			return "", false
		}
	}
	decoded := decodeAny(enc, text)
	return decoded, !strings.ContainsRune(decoded, utf8.RuneError)
}

// decodeAny decodes with U+FFFD for what is not valid.
func decodeAny(enc encoding.Encoding, text []byte) string {
	decoded, err := enc.NewDecoder().Bytes(text)
	if err != nil {
		return strings.ToValidUTF8(string(text), "\uFFFD")
	}
	return string(decoded)
}

// findEncoding knows the names that browsers know, where iso-8859-1 and us-ascii mean windows-1252, then those of the
// IANA registry. It returns nil for an unknown one.
func findEncoding(charset string) encoding.Encoding {
	switch charset {
	case "":
		return nil
	case "hz-gb-2312":
		return simplifiedchinese.HZGB2312
	}
	if enc, err := htmlindex.Get(charset); err == nil && enc != encoding.Replacement {
		return enc
	}
	if enc, err := ianaindex.MIME.Encoding(charset); err == nil {
		return enc
	}
	return nil
}

// utf16Encoding looks at the text for its octet order: at the mark at its begin, else at where the zeros are, for the
// mark is often missing and the name often wrong.
func utf16Encoding(text []byte, charset string) encoding.Encoding {
	if bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff}) {
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	}
	zeros := [2]int{} // at even and at odd places
	for i, c := range text {
		if c == 0 {
			zeros[i%2]++
		}
	}
	order := unicode.BigEndian // RFC 2781, 4.3
	if zeros[1] > zeros[0] || zeros[1] == zeros[0] && strings.HasSuffix(charset, "le") {
		order = unicode.LittleEndian
	}
	return unicode.UTF16(order, unicode.IgnoreBOM)
}

// decodeUTF7 decodes RFC 2152: base64 of UTF-16 between "+" and "-".
func decodeUTF7(text []byte) (string, bool) {
	var out strings.Builder
	for {
		before, rest, found := bytes.Cut(text, []byte("+"))
		out.Write(before)
		if !found {
			return out.String(), true
		}
		end := 0
		for end < len(rest) && base64Values[rest[end]] != notBase64 {
			end++
		}
		if end == 0 {
			out.WriteByte('+') // "+-" stands for a plus sign
		}
		octets, err := base64.RawStdEncoding.DecodeString(string(rest[:end]))
		if err != nil {
			return "", false
		}
		units := make([]uint16, len(octets)/2)
		for i := range units {
			units[i] = uint16(octets[2*i])<<8 | uint16(octets[2*i+1])
		}
		out.WriteString(string(utf16.Decode(units)))
		text = bytes.TrimPrefix(rest[end:], []byte("-"))
	}
}
