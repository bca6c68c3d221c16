package message

import (
	"strings"
)

// A textScanner finds URIs in text as SpamAssassin does, whose regular expression for it is what Thunderbird and Outlook
// make a link of, and host names. It looks at each place once, and at what is ahead only to the next delimiter, which it
// remembers, so that its time is linear.
type textScanner struct {
	rules   *URIRules
	details *uriDetails
	seen    map[string]bool

	text    string
	delim   int // the next end of a URI, at or behind the place at hand
	mailEnd int // the next end of a mail address
	at      int // the next @
}

// Octets by what they are to a scanner.
const (
	startsURI   = 1 << iota // a URI may begin behind it
	endsURI                 // a URI ends before it
	endsMail                // a mail address does
	startsHost              // a host name without a scheme may begin behind it
	inHost                  // may be in one
	isWordOctet             // a letter, digit or underscore
)

var uriOctets = func() (classes [256]uint8) {
	set := func(octets string, class uint8) {
		for _, c := range []byte(octets) {
			classes[c] |= class
		}
	}
	const blanks = whiteSpace + "\x1b\xa0" // ESC begins and ends text in ISO-2022-JP; A0 is a no-break space
	set("><\"'`,{[(|"+blanks, startsURI)
	set("><\"`}]{[|"+blanks, endsURI|endsMail)
	set(",('", endsMail)
	set("!\"#$&'()*+,/:;<=>?@[\\]^`{|}~"+blanks, startsHost)
	set("._-", inHost)
	for c := range classes {
		if c >= 0x80 {
			classes[c] |= endsMail
		}
		if isWordByte(byte(c)) {
			classes[c] |= isWordOctet
			if c != '_' {
				classes[c] |= inHost
			}
		}
	}
	return classes
}()

// Lengths that the expression allows.
const (
	maxURITail  = 2_048 // octets behind the scheme, or behind the host
	maxMailPart = 251   // octets before and behind the @
	maxNameSize = 252   // octets of a host before its top-level domain
)

// line looks at one line of text.
func (s *textScanner) line(text string) {
	if !strings.ContainsAny(text, ".@:") {
		return
	}
	s.text, s.delim, s.mailEnd, s.at = text, -1, -1, -1
	for at := 0; at < len(text); {
		if !s.mayBegin(at) {
			at++
			continue
		}
		end, kind, host := s.match(at)
		if end == 0 {
			at++
			continue
		}
		s.found(text[at:end], kind, host)
		at = end
	}
}

// mayBegin tells whether a URI may begin at a place: where a word begins or ends, or behind certain octets.
func (s *textScanner) mayBegin(at int) bool {
	class := uriOctets[s.text[at]]
	if at == 0 {
		return class&isWordOctet != 0
	}
	before := uriOctets[s.text[at-1]]
	return (class^before)&isWordOctet != 0 || before&startsURI != 0 || at > 2 && s.text[at-3] == '\x1b' && s.text[at-2] == '('
}

// match returns the end of the URI that begins at a place, 0 for none: one with a scheme, a mail address, or a host name.
func (s *textScanner) match(at int) (end int, kind URIKind, host string) {
	if end = s.matchScheme(at); end > 0 {
		return end, Link, ""
	}
	if end = s.matchMail(at); end > 0 {
		return end, Mail, ""
	}
	end, host = s.matchHost(at)
	return end, Guess, host
}

// next returns the first place from at on whose octet is of a class, remembering it.
func (s *textScanner) next(at int, class uint8, kept *int) int {
	if *kept < at {
		for *kept = at; *kept < len(s.text) && uriOctets[s.text[*kept]]&class == 0; {
			*kept++
		}
	}
	return *kept
}

// matchScheme matches what begins with a scheme, or with www or ftp as the first label of a host.
func (s *textScanner) matchScheme(at int) int {
	rest := s.text[at:]
	size := 0
	switch rest[0] | 0x20 {
	case 'h':
		if n := httpScheme(rest); n > 0 && strings.HasPrefix(rest[n:], "//") {
			size = n + 2
		}
	case 'f':
		if hasPrefixFold(rest, "ftp://") {
			size = len("ftp://")
		} else if hasPrefixFold(rest, "ftp.") {
			size = len("ftp.")
		}
	case 'w':
		if hasPrefixFold(rest, "www") {
			for size = 3; size < 5 && size < len(rest) && '0' <= rest[size] && rest[size] <= '9'; {
				size++
			}
			if size++; size > len(rest) || rest[size-1] != '.' {
				size = 0
			}
		}
	}
	if size == 0 || at+size >= len(s.text) {
		return 0
	}
	if n := s.next(at+size, endsURI, &s.delim) - (at + size); n >= 1 && n <= maxURITail {
		return at + size + n
	}
	return 0
}

// matchMail matches a mail address.
func (s *textScanner) matchMail(at int) int {
	if mailto := at + len("mailto:"); hasPrefixFold(s.text[at:], "mailto:") && mailto < len(s.text) {
		if end := s.next(mailto, endsMail, &s.mailEnd); end > mailto && end-mailto <= maxURITail {
			return end
		}
	}
	if s.at < at {
		if s.at = strings.IndexByte(s.text[at:], '@'); s.at < 0 {
			s.at = len(s.text)
		} else {
			s.at += at
		}
	}
	if s.at == at || s.at-at > maxMailPart || s.at+1 >= len(s.text) {
		return 0
	}
	if s.next(at, endsMail, &s.mailEnd) < s.at {
		return 0
	}
	ahead := s.mailEnd
	if end := s.next(s.at+1, endsMail, &ahead); end > s.at+1 && end-s.at-1 <= maxMailPart {
		return end
	}
	return 0
}

// matchHost matches a host name without a scheme, with a port and a path if it has them.
func (s *textScanner) matchHost(at int) (end int, host string) {
	if c := s.text[at]; !isAlnum(c) || at > 0 && uriOctets[s.text[at-1]]&startsHost == 0 {
		return 0, ""
	}
	end = at
	for end < len(s.text) && uriOctets[s.text[end]]&inHost != 0 {
		end++
	}
	run := s.text[at:end]
	name := strings.TrimSuffix(run, ".")
	dot := strings.LastIndexByte(name, '.')
	if dot < 1 || dot > maxNameSize || !s.rules.IsTopLevel(strings.ToLower(name[dot+1:])) {
		return 0, ""
	}
	end = s.matchTail(end)
	if end < len(s.text) && uriOctets[s.text[end]]&endsURI == 0 {
		return 0, ""
	}
	return end, name
}

// matchTail matches a port and a path.
func (s *textScanner) matchTail(at int) int {
	if at+1 < len(s.text) && s.text[at] == ':' {
		digits := at + 1
		for digits < len(s.text) && digits-at <= 5 && '0' <= s.text[digits] && s.text[digits] <= '9' {
			digits++
		}
		if digits > at+1 {
			at = digits
		}
	}
	if at+1 < len(s.text) && s.text[at] == '/' {
		ahead := s.delim
		if end := s.next(at+1, endsURI, &ahead); end > at+1 && end-at-1 <= maxURITail {
			return end
		}
	}
	return at
}

// found takes what was matched, without what stands behind a URI in a sentence.
func (s *textScanner) found(raw string, kind URIKind, host string) {
	raw = trimRaw(raw)
	if raw == "" || s.seen[raw] || len(s.seen) >= MaxCandidates {
		return
	}
	s.seen[raw] = true
	switch {
	case kind == Mail && strings.IndexByte(raw, '@') < 0, kind == Guess && !isValidFQDN(strings.ToLower(host)):
		return
	case hasPrefixFold(raw, "cid:"), hasPrefixFold(raw, "mid:"), isEmptyURI(raw):
		return
	}
	uri, types := s.complete(raw)
	if uri == "" {
		return
	}
	if hasPrefixFold(uri, "mailto:") {
		if uri = s.checkMail(uri); uri == "" {
			return
		}
	}
	s.details.add(uri, types, false, true)
}

// trimRaw cuts off a parenthesis that was not opened and all behind it, and punctuation at the end.
func trimRaw(raw string) string {
	open := strings.IndexByte(raw, '(')
	if open < 0 {
		open = len(raw)
	}
	if end := strings.LastIndexByte(raw[:open], ')'); end >= 0 {
		raw = raw[:end]
	}
	return strings.TrimRight(raw, "-~!@#^&*()_+=:;'?,.")
}

// isEmptyURI tells of a scheme and nothing behind it.
func isEmptyURI(raw string) bool {
	scheme, rest, found := strings.Cut(raw, ":")
	if !found || scheme == "" || len(rest) > 2 || strings.Trim(rest, "/") != "" {
		return false
	}
	for i := 0; i < len(scheme); i++ {
		if !isWordByte(scheme[i]) {
			return false
		}
	}
	return true
}

// complete puts a scheme before what has none. It returns "" for what is no URI after all.
func (s *textScanner) complete(raw string) (uri string, types URITypes) {
	types = URIParsed
	if httpScheme(raw) > 0 || hasPrefixFold(raw, "ftp:") || hasPrefixFold(raw, "mailto:") {
		return raw, types
	}
	types |= URISchemeless
	at := strings.IndexByte(raw, '@')
	slash := strings.IndexByte(raw, '/')
	switch {
	case hasPrefixFold(raw, "ftp."):
		return "ftp://" + raw, types
	case isWWW(raw), slash >= 0 && strings.LastIndexByte(raw, '@') > slash+1:
		return "http://" + raw, types
	case at >= 0:
		if strings.LastIndexByte(raw, '.') < at+2 || strings.Contains(raw, "&nbsp;") {
			return "", 0
		}
		return "mailto:" + trimMailWord(raw), types
	case strings.IndexByte(raw, '.') < 0:
		return "", 0
	}
	return "http://" + raw, types | URIUnlinked
}

// isWWW tells whether a host begins with www, up to two digits and a dot.
func isWWW(raw string) bool {
	if !hasPrefixFold(raw, "www") {
		return false
	}
	for i := 3; i < 6 && i < len(raw); i++ {
		if raw[i] == '.' {
			return true
		}
		if raw[i] < '0' || raw[i] > '9' {
			return false
		}
	}
	return false
}

// trimMailWord takes off what often stands before a mail address: "email:".
func trimMailWord(raw string) string {
	for _, word := range [...]string{"skype", "e-mail", "email", "-mail", "mail", ""} {
		if hasPrefixFold(raw, word) && strings.HasPrefix(raw[len(word):], ":") {
			return strings.TrimLeft(raw[len(word):], ":")
		}
	}
	return raw
}

// checkMail decodes a mail address; "" where its domain cannot exist.
func (s *textScanner) checkMail(uri string) string {
	if hasEscape(uri) {
		uri = unescapeURI(uri, false)
	}
	_, host, found := strings.Cut(uri, "@")
	if end := strings.IndexAny(host, "?&>"); end >= 0 {
		host = host[:end]
	}
	for strings.HasSuffix(host, "%20") {
		host = host[:len(host)-3]
	}
	if !found || !s.rules.IsValidDomain(host) {
		return ""
	}
	return uri
}
