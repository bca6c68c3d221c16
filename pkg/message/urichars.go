package message

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// httpScheme returns the length of "http:" or "https:" that s begins with, 0 for neither.
func httpScheme(s string) int {
	switch {
	case hasPrefixFold(s, "http:"):
		return len("http:")
	case hasPrefixFold(s, "https:"):
		return len("https:")
	}
	return 0
}

// hasScheme tells whether a URI begins with something and a colon.
func hasScheme(uri string) bool {
	for i := 0; i < len(uri); i++ {
		switch c := uri[i]; {
		case c == ':':
			return i > 0
		case !isAlnum(c) && c != '-' && c != '_':
			return false
		}
	}
	return false
}

// slashBehindHost puts a slash behind a host that has a query or a fragment there.
func slashBehindHost(uri string) string {
	n := httpScheme(uri)
	if n == 0 || !strings.HasPrefix(uri[n:], "//") {
		return uri
	}
	n += 2
	end := strings.IndexAny(uri[n:], "/?#")
	if end < 1 || uri[n+end] == '/' {
		return uri
	}
	return uri[:n+end] + "/" + uri[n+end:]
}

// hasEscape tells whether there is a %XX.
func hasEscape(s string) bool {
	for i := strings.IndexByte(s, '%'); i >= 0 && i+2 < len(s); i++ {
		if s[i] == '%' && unhex(s[i+1]) < 16 && unhex(s[i+2]) < 16 {
			return true
		}
	}
	return false
}

// unescapeURI decodes %21 to %7e, and encodes what must not stand in a URI: blanks, control characters, quotes, angle
// brackets, a lone percent sign, and what is not ASCII, but characters above 255, of which Perl makes nothing.
func unescapeURI(s string, wide bool) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, len(s)+16)
	for i := 0; i < len(s); {
		c := s[i]
		if c == '%' && i+2 < len(s) && unhex(s[i+1]) < 16 && unhex(s[i+2]) < 16 {
			if decoded := unhex(s[i+1])<<4 | unhex(s[i+2]); decoded > ' ' && decoded < 0x7f {
				out = append(out, decoded)
			} else {
				out = append(out, s[i:i+3]...)
			}
			i += 3
			continue
		}
		size := 1
		if c >= utf8.RuneSelf && wide {
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r > 255 {
				out = append(out, s[i:i+size]...)
				i += size
				continue
			}
			c = byte(r)
		}
		if c <= ' ' || c >= 0x7f || c == '"' || c == '%' || c == '<' || c == '>' {
			out = append(out, '%', digits[c>>4], digits[c&15])
		} else {
			out = append(out, c)
		}
		i += size
	}
	return string(out)
}

// decodeReferences decodes numeric references of HTML to printable ASCII, and those to full stops of other scripts.
func decodeReferences(s string) string {
	at := strings.Index(s, "&#")
	if at < 0 {
		return s
	}
	var out strings.Builder
	for at >= 0 {
		out.WriteString(s[:at])
		s = s[at:]
		c, size := reference(s)
		if size == 0 {
			out.WriteString("&#")
			s = s[2:]
		} else {
			out.WriteByte(c)
			s = s[size:]
		}
		at = strings.Index(s, "&#")
	}
	return out.String() + s
}

func reference(s string) (c byte, size int) {
	end := strings.IndexByte(clip(s, MaxReference), ';')
	if end < 0 {
		return 0, 0
	}
	digits, base := s[2:end], 10
	if digits != "" && digits[0]|0x20 == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	switch {
	case err != nil:
		return 0, 0
	case n == 0x3002 || n == 0xff0e || n == 0xff61:
		return '.', end + 1
	case n < '!' || n > '~' || base == 16 && s[2] != 'x' && n != '.':
		return 0, 0
	}
	return byte(n), end + 1
}

// dropControlOctets takes blanks and control characters out of a host, as browsers do.
func dropControlOctets(host string) string {
	if strings.IndexFunc(host, func(c rune) bool { return c <= ' ' }) < 0 {
		return host
	}
	return strings.Map(func(c rune) rune {
		if c <= ' ' {
			return -1
		}
		return c
	}, host)
}

// lowerOctets is lower case for ASCII only.
func lowerOctets(s string) string {
	out := []byte(s)
	for i, c := range out {
		if 'A' <= c && c <= 'Z' {
			out[i] = c | 0x20
		}
	}
	return string(out)
}

// mojibake is UTF-8 taken for Latin-1 and encoded once more: what SpamAssassin makes of a host that is not ASCII, without
// a library for such hosts.
func mojibake(s string) string {
	out := make([]byte, 0, 2*len(s))
	for i := 0; i < len(s); i++ {
		out = utf8.AppendRune(out, rune(s[i]))
	}
	return string(out)
}

// octets returns a text of the page as rules see it: where it would not be characters in Perl, as one octet each.
func (h *HTML) octets(s string) string {
	if h.wide || isASCII(s) || !isLatin1(s) {
		return s
	}
	return latin1(s)
}
