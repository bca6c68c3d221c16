package message

import (
	"bytes"
	"encoding/base64"
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// decoded is text in UTF-8. In Perl, texts are octets or characters, which is seen where all of them are below 256: what
// was never decoded is octets, and rules see U+00A9 in it as the octet A9. HTML without any such character can have it,
// as an entity.
type decoded struct {
	text string
	wide bool // it would be characters
}

// decodePart decodes the text of a part.
func decodePart(text []byte, declared string) decoded {
	charset := charsetName(declared)
	if !isASCII(text) || charset != "" && !hasASCII(charset) && (isSevenBit(charset) || findEncoding(charset) != nil) {
		return decoded{decodeText(text, declared), true}
	}
	return decoded{string(text), false}
}

// hasASCII tells of the charsets in which ASCII is not decoded at all.
func hasASCII(charset string) bool {
	switch charset {
	case "us-ascii", "ascii", "iso646-us", "utf-8", "utf8", "big5", "gbk", "gb18030":
		return true
	}
	for _, prefix := range [...]string{"iso-8859", "iso8859", "iso 8859", "windows-", "koi8-", "euc-"} {
		if strings.HasPrefix(charset, prefix) {
			return true
		}
	}
	return false
}

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
	if isStrictUTF8(text) {
		return string(text)
	}
	if !isASCIICharset(charset) && !isUTF8(charset) {
		if decoded, ok := decodeCharset(text, charset); ok {
			return decoded
		}
	}
	return decodeWindows1252(text)
}

// decodeDeclared returns the text in UTF-8 by the declared charset even where it is not valid in it; encoded words are
// decoded so. Only an unknown charset is guessed.
func decodeDeclared(text []byte, declared string) string {
	charset := charsetName(declared)
	switch {
	case isASCII(text) && !isSevenBit(charset):
		return string(text)
	case isUTF8(charset):
		return replaceInvalid(text)
	case isUTF16(charset):
		return decodeAny(utf16Encoding(text, charset), text)
	case isUTF7(charset):
		if decoded, ok := decodeUTF7(text); ok {
			return decoded
		}
	case isASCIICharset(charset):
		return replaceEightBit(text)
	case isWindows1252(charset):
		return decodeWindows1252(text)
	default:
		if enc := findEncoding(charset); enc != nil {
			return decodeAny(enc, cutJIS(text, charset))
		}
	}
	return decodeWindows1252(text)
}

func isUTF8(charset string) bool { return charset == "utf-8" || charset == "utf8" }

func isASCIICharset(charset string) bool {
	return charset == "us-ascii" || charset == "ascii" || charset == "ansi_x3.4-1968"
}

// isWindows1252 tells of the charsets that mean it: what says ISO 8859-1 is windows-1252 on most of the Internet.
func isWindows1252(charset string) bool {
	switch charset {
	case "iso-8859-1", "iso8859-1", "windows-1252", "cp1252":
		return true
	}
	return false
}

// decodeWindows1252 decodes anything; U+FFFD stands for the five octets that are not in it.
func decodeWindows1252(text []byte) string {
	out := make([]byte, 0, len(text)+len(text)/8)
	for _, c := range text {
		if c < utf8.RuneSelf {
			out = append(out, c)
			continue
		}
		r := charmap.Windows1252.DecodeByte(c)
		if r < 0xa0 {
			r = utf8.RuneError // the five are control characters in the WHATWG's table
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}

// replaceEightBit puts U+FFFD in the place of what is not ASCII.
func replaceEightBit(text []byte) string {
	out := make([]byte, 0, len(text)+8)
	for _, c := range text {
		if c < utf8.RuneSelf {
			out = append(out, c)
		} else {
			out = append(out, "\uFFFD"...)
		}
	}
	return string(out)
}

// isStrictUTF8 tells whether text is UTF-8 without the code points that Unicode keeps for internal use.
func isStrictUTF8(text []byte) bool {
	if !utf8.Valid(text) {
		return false
	}
	for at := 0; at < len(text); at++ {
		const least = 0xef // what U+FDD0, the first of them, begins with; no other octet of a character is as large
		if text[at] < least {
			continue
		}
		if r, _ := utf8.DecodeRune(text[at:]); isNonCharacter(r) {
			return false
		}
	}
	return true
}

func isNonCharacter(r rune) bool { return r&0xfffe == 0xfffe || 0xfdd0 <= r && r <= 0xfdef }

// replaceInvalid puts U+FFFD in the place of each sequence that is no UTF-8: an octet and those that seem to continue it.
func replaceInvalid(text []byte) string {
	if isStrictUTF8(text) {
		return string(text)
	}
	out := make([]byte, 0, len(text)+8)
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 || isNonCharacter(r) {
			size = max(size, brokenSize(text[at:]))
			r = utf8.RuneError
		}
		out = utf8.AppendRune(out, r)
		at += size
	}
	return string(out)
}

// brokenSize returns how many octets of text are one broken sequence.
func brokenSize(text []byte) int {
	size := 1 // as many as the first one asks for, in Perl's UTF-8, which goes on behind Unicode
	switch c := text[0]; {
	case c == 0xff:
		size = 13
	case c >= 0xf0:
		size = 4 + bits.LeadingZeros8(^(c << 4))
	case c >= 0xe0:
		size = 3
	case c >= 0xc0:
		size = 2
	}
	for i := 1; i < size; i++ {
		if i == len(text) || text[i]&0xc0 != 0x80 {
			return i
		}
	}
	return size
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

// decodeCharset decodes text that is valid in the charset all through.
func decodeCharset(text []byte, charset string) (string, bool) {
	var enc encoding.Encoding
	switch {
	case isUTF7(charset):
		return decodeUTF7(text)
	case isWindows1252(charset):
		decoded := decodeWindows1252(text)
		return decoded, !strings.ContainsRune(decoded, utf8.RuneError)
	case isUTF16(charset):
		enc, text = utf16Encoding(text, charset), text[:len(text)&^1]
	default:
		if enc = findEncoding(charset); enc == nil {
			return "", false
		}
		text = cutJIS(text, charset)
	}
	decoded := decodeAny(enc, text)
	if strings.ContainsRune(decoded, utf8.RuneError) && hasLongCharacters(enc) && len(text) > 1 && text[len(text)-1] >= utf8.RuneSelf {
		decoded = decodeAny(enc, text[:len(text)-1]) // a character that was cut off is dropped
	}
	return decoded, !strings.ContainsRune(decoded, utf8.RuneError)
}

// cutJIS cuts text in ISO-2022-JP before the first octet that is not ASCII, as Perl does: EUC or Shift JIS that is declared
// so is no text at all.
func cutJIS(text []byte, charset string) []byte {
	if !strings.HasPrefix(charset, "iso-2022-jp") {
		return text
	}
	for i, c := range text {
		if c >= utf8.RuneSelf {
			return text[:i]
		}
	}
	return text
}

// hasLongCharacters tells of encodings whose characters may take several octets.
func hasLongCharacters(enc encoding.Encoding) bool {
	switch enc.(type) {
	case *charmap.Charmap, lowControls:
		return false
	}
	return true
}

// decodeAny decodes with U+FFFD for what is not valid.
func decodeAny(enc encoding.Encoding, text []byte) string {
	decoded, err := enc.NewDecoder().Bytes(text)
	if err != nil {
		return strings.ToValidUTF8(string(text), "\uFFFD")
	}
	return string(decoded)
}

// findEncoding knows the names that browsers know and those of the IANA registry, but gives them the meanings that Perl
// does: ISO 8859 has control characters where windows charsets have letters, GB 2312 and EUC-KR are not what was added to
// them later. It returns nil for an unknown one.
func findEncoding(charset string) encoding.Encoding {
	if enc := namedEncoding(charset); enc != nil {
		return enc
	}
	if alias := aliasedCharset(charset); alias != "" && charset != "x-gbk" {
		return namedEncoding(alias)
	}
	return nil
}

func namedEncoding(charset string) encoding.Encoding {
	switch charset {
	case "", "x-gbk":
		return nil
	case "hz-gb-2312":
		return simplifiedchinese.HZGB2312
	case "gb2312", "euc-cn", "x-euc-cn", "gb_2312-80":
		return strictEUC{simplifiedchinese.GBK}
	case "euc-kr":
		return strictEUC{korean.EUCKR}
	case "cp949", "uhc", "ks_c_5601-1987":
		return korean.EUCKR
	case "cp936":
		return simplifiedchinese.GBK
	case "cp932", "windows-31j":
		return japanese.ShiftJIS
	case "latin1", "iso_8859-1", "iso88591":
		return lowControls{charmap.ISO8859_1}
	case "tis-620", "iso-8859-11":
		return lowControls{charmap.Windows874}
	case "iso-8859-9":
		return lowControls{charmap.Windows1254}
	}
	if strings.HasPrefix(charset, "iso-8859-") {
		if enc, err := ianaindex.MIME.Encoding(charset); err == nil && enc != nil {
			return lowControls{enc}
		}
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
		if !isASCII(before) {
			return "", false
		}
		out.Write(before)
		if !found {
			return out.String(), true
		}
		end := 0
		for end < len(rest) && base64Values[rest[end]] < padding {
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
