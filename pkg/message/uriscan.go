package message

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// scanText finds what readers' mail programs make a link of, and host names that they do not, and calls found with each
// until it returns false. It looks at one token after the other, a token being what stands between blanks, quotes and
// brackets, and at each at most a few times, so that its time is linear.
func scanText(text string, found func(raw string, kind URIKind) bool) {
	s := uriScanner{found: found}
	for at := 0; at < len(text) && !s.done; {
		size, marks := tokenSize(text[at:])
		if marks && size > 3 {
			s.token(text[at : at+size])
		}
		at += size
		for at < len(text) {
			n := delimiterSize(text[at:])
			if n == 0 {
				break
			}
			at += n
		}
	}
}

type uriScanner struct {
	found func(raw string, kind URIKind) bool
	done  bool
}

func (s *uriScanner) emit(raw string, kind URIKind) {
	if !s.done && raw != "" {
		s.done = !s.found(raw, kind)
	}
}

// tokenSize returns the size of the token that text begins with, and whether it has one of the marks without which it is
// no URI: a dot before its last character, an at sign, a colon.
func tokenSize(text string) (size int, marks bool) {
	dot := -1
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf {
			if literal := literalSize(text, i); literal > 0 {
				i += literal
				continue
			}
			if asciiDelimiters[c] {
				return i, marks || dot >= 0 && dot < i-1
			}
			switch c {
			case '.':
				if dot < 0 && i > 0 {
					dot = i
				}
			case '@', ':':
				marks = true
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		if isDelimiter(r) {
			return i, marks || dot >= 0 && dot < i-1
		}
		marks = marks || isFullStop(r)
		i += n
	}
	return len(text), marks || dot >= 0 && dot < len(text)-1
}

// literalSize returns the size of the IPv6 address in brackets that stands at text[at:] as the host of a URI, else 0.
func literalSize(text string, at int) int {
	if text[at] != '[' || at < 2 || text[at-2:at] != "//" {
		return 0
	}
	for i := at + 1; i < len(text) && i < at+len("[2001:0db8:ffff:ffff:ffff:ffff:255.255.255.255]"); i++ {
		if text[i] == ']' {
			return i + 1 - at
		}
		if text[i] != ':' && text[i] != '.' && unhex(text[i]) > 15 {
			break
		}
	}
	return 0
}

// delimiterSize returns the size of the delimiter that text begins with, 0 for none.
func delimiterSize(text string) int {
	if text[0] < utf8.RuneSelf {
		if asciiDelimiters[text[0]] {
			return 1
		}
		return 0
	}
	if r, size := utf8.DecodeRuneInString(text); isDelimiter(r) {
		return size
	}
	return 0
}

// asciiDelimiters end a URI in Thunderbird and Outlook: white space, control characters (ESC begins and ends text in
// ISO-2022-JP), quotes and brackets, but for parentheses, which belong to many a URI.
var asciiDelimiters = func() (delimiters [utf8.RuneSelf]bool) {
	for c := range delimiters {
		delimiters[c] = c <= ' ' || c == 0x7f || strings.IndexByte("<>\"`{}|[]", byte(c)) >= 0
	}
	return delimiters
}()

// isDelimiter is the same beyond ASCII: white space, quotes and brackets, and the punctuation of Chinese and Japanese.
// Their full stops are not among it, for browsers take them for the dots in a host name.
func isDelimiter(r rune) bool {
	if r < 0x2000 {
		return r == 0x85 || r == 0xa0 || r == '«' || r == '»'
	}
	switch r {
	case '‘', '’', '‚', '“', '”', '„', '‹', '›', '…', '、', '，', '；', '：', '！', '？', '（', '）', '《', '》', '「', '」', '『', '』', '【', '】', '〈', '〉':
		return true
	}
	return unicode.IsSpace(r)
}

func isFullStop(r rune) bool { return r == '。' || r == '．' || r == '｡' }

// token finds the URIs in one token. A link takes all that is behind it; what is before it, and tokens without one, may
// hold mail addresses, and else host names.
func (s *uriScanner) token(token string) {
	if at, kind := linkIn(token); kind != 0 {
		if at > 3 {
			s.loose(token[:at])
		}
		s.emit(trimLink(token[at:]), kind)
		return
	}
	s.loose(token)
}

func (s *uriScanner) loose(token string) {
	if strings.IndexByte(token, '@') >= 0 {
		s.addresses(token)
	}
	s.hosts(token)
}

// linkIn finds the first place in a token where a link begins: a scheme that people type, or www.
func linkIn(token string) (at int, kind URIKind) {
	for i := 0; i < len(token); i++ {
		switch token[i] {
		case ':':
			if n := schemeBefore(token, i); n > 0 {
				if token[i-n]|0x20 == 'm' {
					return i - n, Mail
				}
				return i - n, Link
			}
		case 'w', 'W':
			if (i == 0 || !isWordByte(token[i-1])) && hasWWW(token[i:]) {
				return i, Link
			}
		}
	}
	return 0, 0
}

// schemeBefore returns the length of the scheme that ends at the colon, 0 where there is none that mail programs make a
// link of or nothing behind it.
func schemeBefore(token string, colon int) int {
	behind := clip(token[colon+1:], MaxURILength) // or a token of nothing but "mailto:" would be searched for @ to its end each time
	for _, scheme := range []string{"https", "http", "ftp", "mailto"} {
		start := colon - len(scheme)
		if start < 0 || !strings.EqualFold(token[start:colon], scheme) || start > 0 && isWordByte(token[start-1]) {
			continue
		}
		if scheme == "mailto" && strings.IndexByte(behind, '@') > 0 ||
			scheme != "mailto" && len(behind) > 1 && (behind[0] == '/' || behind[0] == '\\') {
			return len(scheme)
		}
	}
	return 0
}

func isWordByte(c byte) bool { return c == '_' || isAlnum(c) }

// trimLink cuts off what stands behind a link in a sentence: punctuation, and a closing parenthesis that was not opened
// in it.
func trimLink(link string) string {
	open := 0
	for i := 0; i < len(link); i++ {
		switch link[i] {
		case '(':
			open++
		case ')':
			if open--; open < 0 {
				link = link[:i]
			}
		}
	}
	return strings.TrimRight(link, "-~!@#^&*(_+=:;'?,.。．｡")
}

// addresses finds mail addresses around the at signs of a token.
func (s *uriScanner) addresses(token string) {
	from := 0
	for from < len(token) {
		at := strings.IndexByte(token[from:], '@')
		if at < 0 {
			return
		}
		at += from
		start := at
		for start > from && isLocalByte(token[start-1]) {
			start--
		}
		end := at + 1 + runLength(token[at+1:])
		if start < at {
			local := strings.TrimLeft(token[start:at], ".'-")
			domain := strings.TrimRight(token[at+1:end], ".-_")
			if local != "" && len(local) <= 251 && strings.IndexByte(domain, '.') > 0 {
				s.emit(local+"@"+domain, Mail)
			}
		}
		from = at + 1
	}
}

// isLocalByte tells of what the local part of an address is made of without quotes (RFC 5322, 3.2.3).
func isLocalByte(c byte) bool {
	return isAlnum(c) || strings.IndexByte("!#$%&'*+-/=?^_~.", c) >= 0
}

// runLength returns how much of text a host name could be made of.
func runLength(text string) int {
	for i, r := range text {
		if !isHostRune(r) {
			return i
		}
	}
	return len(text)
}

// hosts finds host names without a scheme in a token. What stands behind one, a port or a path, belongs to it and is the
// rest of the token.
func (s *uriScanner) hosts(token string) {
	before := ' ' // the character before a run
	for at := 0; at < len(token); {
		n := runLength(token[at:])
		if n == 0 {
			var size int
			before, size = utf8.DecodeRuneInString(token[at:])
			at += size
			continue
		}
		run, behind := token[at:at+n], token[at+n:]
		at += n
		host := strings.Trim(run, ".-_")
		if !mayPrecede(before) || !mayFollow(behind) || !isGuess(host) {
			before = 'a'
			continue
		}
		start := at - n + strings.Index(run, host)
		if strings.HasSuffix(run, host) && hasPath(behind) {
			s.emit(trimLink(token[start:]), Guess)
			return
		}
		s.emit(host, Guess)
		before = 'a'
	}
}

// mayPrecede tells of the characters that a host name may stand behind: not those of a file's path, a mail address, a
// variable or an escape.
func mayPrecede(r rune) bool {
	if r >= utf8.RuneSelf {
		return true
	}
	return !isAlnum(byte(r)) && strings.IndexByte(`/\@$%_-.`, byte(r)) < 0
}

// mayFollow is the same for what stands behind: not what makes it a mail address, a function or a variable.
func mayFollow(behind string) bool {
	return behind == "" || strings.IndexByte(`@(=\$%`, behind[0]) < 0
}

func hasPath(behind string) bool {
	if behind == "" {
		return false
	}
	return behind[0] == '/' || behind[0] == '?' || behind[0] == '#' ||
		behind[0] == ':' && len(behind) > 1 && '0' <= behind[1] && behind[1] <= '9'
}

// isGuess tells whether text without a scheme is worth being taken for a host name. Many a text with dots is none, so
// that four things are asked: its top-level domain exists; it is written in lower case, or all of the name in capitals,
// which leaves out the missing blank in "the end.It was"; with a country's domain there is a letter before it, which
// leaves out "10.am"; and it is not the German company form "GmbH & Co.KG". File names such as readme.zip remain: a guess
// may be looked up, but says little.
func isGuess(text string) bool {
	dot := strings.LastIndexByte(text, '.')
	if dot < 1 || len(text)-dot < 3 || len(text) > 253 {
		return false
	}
	suffix := text[dot+1:]
	if suffix != strings.ToLower(suffix) && text != strings.ToUpper(text) {
		return false
	}
	host, ok := HostASCII(text)
	if !ok || !hasKnownSuffix(host) || host == "co.kg" {
		return false
	}
	return len(suffix) > 2 || strings.Trim(text[:dot], "0123456789.-") != ""
}
