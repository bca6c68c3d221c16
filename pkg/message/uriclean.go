package message

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// trimURI takes off what browsers take off (WHATWG URL, 4.4): control characters and blanks around a URI, and line ends
// and tabs anywhere in it. What is beyond MaxURILength is cut off.
func trimURI(raw string) string {
	raw = strings.TrimFunc(raw, func(r rune) bool { return r <= ' ' || r == 0xa0 || r == 0xfeff })
	if strings.ContainsAny(raw, "\r\n\t") {
		raw = lineEnds.Replace(raw)
	}
	return clip(raw, MaxURILength)
}

var lineEnds = strings.NewReplacer("\r", "", "\n", "", "\t", "")

// cutScheme cuts the scheme off a URI, in lower case, "" where it has none (RFC 3986, 3.1).
func cutScheme(uri string) (scheme, rest string) {
	for i := 0; i < len(uri); i++ {
		switch c := uri[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':' && !isPort(uri[:i], uri[i+1:]):
			return strings.ToLower(uri[:i]), uri[i+1:]
		default:
			return "", uri
		}
	}
	return "", uri
}

// isPort tells "example.org:8080" from a scheme.
func isPort(before, behind string) bool {
	return strings.IndexByte(before, '.') >= 0 && len(behind) > 0 && '0' <= behind[0] && behind[0] <= '9'
}

// hasWWW tells whether text begins with "www." or the like, which mail programs take for a link.
func hasWWW(text string) bool {
	if len(text) < 5 || !strings.EqualFold(text[:3], "www") {
		return false
	}
	rest := strings.TrimLeft(clip(text[3:], 3), "0123456789")
	return len(rest) > 0 && rest[0] == '.'
}

// parseURI understands a URI as the most lenient of mail programs would; false where there is nothing in it. Those of
// schemes that name no host, such as data or tel, are kept as they are: rules look at them.
func parseURI(raw string, kind URIKind) (URI, bool) {
	text := trimURI(raw)
	if strings.Contains(text, "&#") {
		text = html.UnescapeString(text) // plain text with entities, as some programs resolve them
	}
	if kind == Mail {
		return parseMailURI(raw, text)
	}
	scheme, rest := cutScheme(text)
	switch scheme {
	case "http", "https", "ftp":
		return parseWebURI(URI{Raw: raw, Kind: kind}, scheme, rest)
	case "":
		scheme = "http"
		if len(rest) > 4 && strings.EqualFold(rest[:4], "ftp.") {
			scheme = "ftp"
		}
		return parseWebURI(URI{Raw: raw, Kind: kind}, scheme, rest)
	case "mailto":
		return parseMailURI(raw, rest)
	}
	if rest == "" {
		return URI{}, false
	}
	return URI{Raw: raw, Clean: clip(unescapePrintable(text), MaxURILength), Kind: kind}, true
}

// parseMailURI reads a mail address, with or without "mailto:" before and parameters behind (RFC 6068). Of several it
// takes the first.
func parseMailURI(raw, text string) (URI, bool) {
	if scheme, rest := cutScheme(text); scheme == "mailto" {
		text = rest
	}
	addr, _, _ := strings.Cut(text, "?")
	addr, _, _ = strings.Cut(addr, "&")
	if strings.IndexByte(addr, '%') >= 0 {
		addr = string(percentDecode(addr))
	}
	addr, _, _ = strings.Cut(addr, ",")
	if open := strings.IndexByte(addr, '<'); open >= 0 {
		addr = strings.TrimRight(addr[open+1:], "> ")
	}
	local, host := SplitAddress(strings.Trim(addr, `/ `))
	domain, known := registered(host)
	if local == "" || !known || strings.IndexFunc(local, isControl) >= 0 {
		return URI{}, false
	}
	return URI{Raw: raw, Clean: "mailto:" + local + "@" + host, Host: host, Domain: domain, Kind: Mail}, true
}

// parseWebURI reads what stands behind the scheme. Browsers take any number of slashes of either kind there.
func parseWebURI(u URI, scheme, rest string) (URI, bool) {
	rest = strings.TrimLeft(rest, `/\`)
	authority, tail := rest, ""
	if end := strings.IndexAny(rest, `/\?#`); end >= 0 {
		authority, tail = rest[:end], rest[end:]
	}
	if strings.IndexByte(authority, '%') >= 0 {
		authority = string(percentDecode(authority))
	}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		authority = authority[at+1:] // the user, who often is named like somebody else's host
	}
	if end := strings.IndexAny(authority, `/\?#`); end >= 0 {
		authority = authority[:end]
	}
	host, port := cutPort(authority)
	name := dropControls(host)
	if name == "" {
		return URI{}, false
	}
	if u.Host, u.Addr = parseHost(host); u.Addr.IsValid() {
		name = u.Addr.String()
		if u.Addr.Is6() {
			name = "[" + name + "]"
		}
	} else if u.Host != "" {
		name, u.Domain = u.Host, Domain(u.Host)
	} else if u.Kind == Guess {
		return URI{}, false
	}
	if port == defaultPort(scheme) {
		port = ""
	} else if port != "" {
		port = ":" + port
	}
	u.Clean = clip(scheme+"://"+name+port+cleanTail(tail), MaxURILength)
	return u, true
}

func defaultPort(scheme string) string {
	switch scheme {
	case "http":
		return "80"
	case "https":
		return "443"
	default:
		return "21"
	}
}

// cutPort cuts the port off, and drops what cannot be one.
func cutPort(authority string) (host, port string) {
	colon := strings.LastIndexByte(authority, ':')
	if colon < 0 || strings.HasPrefix(authority, "[") && colon < strings.IndexByte(authority, ']') {
		return authority, ""
	}
	host, port = authority[:colon], authority[colon+1:]
	if len(port) > 5 || strings.Trim(port, "0123456789") != "" {
		port = ""
	}
	return strings.TrimRight(host, ":"), port
}

// cleanTail returns path, query and fragment with a slash at the begin, slashes for backslashes in the path, and without
// needless escapes.
func cleanTail(tail string) string {
	if tail == "" {
		return ""
	}
	path, rest := tail, ""
	if end := strings.IndexAny(tail, "?#"); end >= 0 {
		path, rest = tail[:end], tail[end:]
	}
	path = strings.ReplaceAll(path, `\`, "/")
	if path == "" {
		path = "/"
	}
	return unescapePrintable(path + rest)
}

// unescapePrintable decodes %21 to %7E, so that rules see the letters that browsers see, and encodes blanks and control
// characters, as browsers do.
func unescapePrintable(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexFunc(s, isControl) < 0 {
		return s
	}
	const digits = "0123456789ABCDEF"
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) {
			high, low := unhex(s[i+1]), unhex(s[i+2])
			if decoded := high<<4 | low; high < 8 && low < 16 && !isControl(rune(decoded)) {
				out = append(out, decoded)
				i += 2
				continue
			}
		}
		if isControl(rune(c)) {
			out = append(out, '%', digits[c>>4], digits[c&15])
		} else {
			out = append(out, c)
		}
	}
	return string(out)
}

// isControl tells of the ASCII characters that never stand in a URI: blanks and control characters.
func isControl(r rune) bool { return r <= ' ' || r == 0x7f }

// parseHost reads the host of a web URI: an IP address in any form, or a name. Empty labels are dropped, as are the
// punctuation behind it and, where the name as a whole cannot be one, what follows its first character beyond ASCII.
func parseHost(host string) (string, netip.Addr) {
	if strings.HasPrefix(host, "[") {
		literal, _, _ := strings.Cut(host[1:], "]")
		addr, err := netip.ParseAddr(literal)
		if err != nil {
			return "", netip.Addr{}
		}
		return "", addr.WithZone("").Unmap()
	}
	name := dropEmptyLabels(toASCII(cleanHost(host)))
	if addr, ok := parseIPv4(name); ok {
		return "", addr
	}
	if isHostName(name) && (isASCII(host) || hasKnownSuffix(name)) {
		return name, netip.Addr{}
	}
	if end := strings.IndexFunc(host, func(r rune) bool { return r >= utf8.RuneSelf }); end > 0 {
		if name = dropEmptyLabels(strings.ToLower(cleanHost(host[:end]))); hasKnownSuffix(name) && isHostName(name) {
			return name, netip.Addr{}
		}
	}
	return "", netip.Addr{}
}

// cleanHost takes off the punctuation behind a host.
func cleanHost(host string) string {
	return strings.TrimRightFunc(dropControls(host), func(r rune) bool { return r < utf8.RuneSelf && !isAlnum(byte(r)) })
}

// dropControls takes out blanks and control characters, which old browsers ignored.
func dropControls(host string) string {
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return -1
		}
		return r
	}, host)
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// dropEmptyLabels makes www.example.org of ".www..example.org.".
func dropEmptyLabels(name string) string {
	name = strings.Trim(name, ".")
	for strings.Contains(name, "..") {
		name = strings.ReplaceAll(name, "..", ".")
	}
	return name
}

// indexFold finds word, which is in lower-case ASCII, in text of either case.
func indexFold(text, word string) int {
	for at := 0; at+len(word) <= len(text); at++ {
		if text[at]|0x20 == word[0] && strings.EqualFold(text[at:at+len(word)], word) {
			return at
		}
	}
	return -1
}
