package message

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// spellings returns a URI, with what white space does to it, and what else it may be read as: without escapes, without a
// user, with a scheme, as the address that an octal number stands for; and what it leads on to. wide tells that it is
// characters in Perl.
func (r *URIRules) spellings(uri string, wide bool) []string {
	s := speller{rules: r, wide: wide, todo: []string{uri}}
	for i := 0; i < len(s.todo) && i < MaxRedirects; i++ {
		s.todo[i] = trimSpelling(s.todo[i])
		s.spell(s.todo[i])
	}
	return append(s.todo, s.found...)
}

type speller struct {
	rules *URIRules
	wide  bool
	todo  []string // the URI, and where it leads
	found []string
}

func (s *speller) add(parts ...string) { s.found = append(s.found, strings.Join(parts, "")) }

// trimSpelling takes off white space, and line ends anywhere.
func trimSpelling(uri string) string {
	if strings.IndexByte(uri, '\n') >= 0 {
		uri = strings.ReplaceAll(uri, "\n", "")
	}
	uri = strings.Trim(uri, whiteSpace)
	if strings.IndexByte(uri, '\r') >= 0 {
		uri = strings.ReplaceAll(uri, "\r", "")
	}
	return uri
}

// spell finds the spellings of one URI.
func (s *speller) spell(uri string) {
	if len(uri) <= 1 || s.wide && utf8.RuneCountInString(clip(uri, utf8.UTFMax+1)) == 1 || strings.IndexByte("#?&", uri[0]) >= 0 || uri[0] == '/' && uri[1] != '/' {
		return
	}
	if at := strings.IndexAny(uri, "@:"); hasPrefixFold(uri, "mailto:") || at >= 0 && uri[at] == '@' {
		s.spellMail(uri)
		return
	}
	clean := strings.ReplaceAll(uri, `\`, "/")
	if scheme := httpScheme(clean); scheme > 0 {
		rest := strings.TrimPrefix(clean[scheme:], "/")
		clean = clean[:scheme] + "//" + strings.TrimPrefix(rest, "/")
	}
	if hasEscape(clean) {
		clean = unescapeURI(clean, s.wide)
	}
	if !hasScheme(clean) {
		if strings.HasPrefix(clean, "ftp.") {
			clean = "ftp://" + clean
		} else {
			clean = "http://" + clean
		}
	}
	clean = decodeReferences(slashBehindHost(clean))
	if clean != uri {
		s.add(clean)
	}
	s.spellWeb(clean)
}

// spellMail finds the spellings of a mail address: without its subject and the like, and without a name around it.
func (s *speller) spellMail(uri string) {
	at := strings.IndexByte(uri, '@')
	if at > 0 {
		behind := uri[at+1:]
		if end := strings.IndexByte(behind, '?'); end > 0 {
			s.add(uri[:at+1+end])
		}
		if end := strings.IndexAny(behind, "?&"); end > 0 && behind[end] == '&' {
			s.add(uri[:at+1+end])
		}
		if strings.Contains(uri, "%20") {
			s.spellBlank(uri)
		}
	}
	end := strings.IndexAny(uri, "?&")
	if end < 0 {
		end = len(uri)
	}
	for open := strings.LastIndexByte(uri[:end], '<'); open >= 0; open = strings.LastIndexByte(uri[:open], '<') {
		behind := uri[open+1:]
		at := strings.IndexByte(behind, '@')
		end := strings.IndexByte(behind, '>')
		if at > 0 && end > at+1 {
			s.add("mailto:", behind[:end])
			return
		}
	}
}

// spellBlank takes encoded blanks off a mail address.
func (s *speller) spellBlank(uri string) {
	rest := uri
	if hasPrefixFold(rest, "mailto:") && strings.HasPrefix(rest, "mailto:") {
		rest = rest[len("mailto:"):]
	}
	for strings.HasPrefix(rest, "%20") {
		rest = rest[len("%20"):]
	}
	at := strings.IndexByte(rest, '@')
	if at < 1 {
		return
	}
	end := strings.IndexAny(rest[at+1:], "?&%")
	if end < 0 {
		end = len(rest) - at - 1
	}
	if end > 0 {
		s.add("mailto:", rest[:at+1+end])
	}
}

// A webURI is one of http or https in its parts, so that together they are all of it.
type webURI struct {
	scheme string // "http://"
	user   string // with its @
	host   string
	rest   string // from the port on
}

func cutWeb(uri string) (u webURI, ok bool) {
	n := httpScheme(uri)
	if n == 0 || !strings.HasPrefix(uri[n:], "//") {
		return webURI{}, false
	}
	u.scheme, u.rest = uri[:n+2], uri[n+2:]
	end := strings.IndexAny(u.rest, "/?#@")
	if end >= 0 && u.rest[end] == '@' {
		if host := u.rest[end+1:]; host != "" && strings.IndexByte("/?#:", host[0]) < 0 {
			u.user, u.rest = u.rest[:end+1], host
		}
	}
	end = strings.IndexAny(u.rest, "/?#:")
	if end < 0 {
		end = len(u.rest)
	}
	u.host, u.rest = u.rest[:end], u.rest[end:]
	return u, u.host != ""
}

// port returns the port that rest begins with, as it stands.
func (u *webURI) port() string {
	if !strings.HasPrefix(u.rest, ":") {
		return ""
	}
	return u.rest[1 : len(u.rest)-len(strings.TrimLeft(u.rest[1:], "0123456789"))]
}

// withoutPort returns rest without the port, if that is the scheme's own.
func (u *webURI) withoutPort() (string, bool) {
	port := ":443"
	if u.scheme == "http://" {
		port = ":80"
	}
	rest, found := strings.CutPrefix(u.rest, port)
	if !found || rest != "" && isWordByte(rest[0]) {
		return u.rest, false
	}
	return rest, true
}

// spellWeb finds the spellings of a URI that a browser opens.
func (s *speller) spellWeb(uri string) {
	u, ok := cutWeb(uri)
	if !ok {
		return
	}
	port := u.port()
	bare, isBare := u.withoutPort()
	if port != "" && isBare {
		s.add(u.scheme, u.host, bare)
	}
	if port == "" && u.scheme == "http://" {
		port = "80"
	}
	name := strings.ToLower(u.host)
	if s.wide && !isASCII(u.host) {
		name = mojibake(lowerOctets(u.host))
		s.add(u.scheme, name, u.rest)
		if u.port() != "" && bare != "" {
			s.add(u.scheme, name, bare)
		}
		u.host = name
	}
	if host := dropControlOctets(u.host); host != u.host {
		u.host = host
		s.add(u.scheme, u.host, u.rest)
	}
	s.lead(u)
	s.spellHost(u, name, port)
}

// lead follows a URI that leads on to another one.
func (s *speller) lead(u webURI) {
	uri := u.scheme + u.host + u.rest
	if s.rules.Redirect != nil {
		if target, ok := s.rules.Redirect(uri); ok {
			s.todo = append(s.todo, target)
			return
		}
	}
	for at := 0; ; {
		i := indexFold(u.rest[at:], "http")
		if i < 0 {
			return
		}
		at += i
		if n := httpScheme(u.rest[at:]); n > 0 {
			target := u.rest[at:]
			if end := strings.IndexAny(target[n:], "&#"); end >= 0 {
				target = target[:n+end]
			}
			if len(target) > n {
				if strings.IndexByte(target, '.') >= 0 {
					s.todo = append(s.todo, target)
				}
				return
			}
		}
		at++
	}
}

// spellHost finds the spellings that come of the host.
func (s *speller) spellHost(u webURI, name, port string) {
	if at := strings.IndexByte(u.host, '@'); at > 0 {
		u.host = u.host[at+1:]
		s.add(u.scheme, u.host, u.rest)
	}
	if host := strings.TrimRightFunc(u.host, func(c rune) bool { return c >= utf8.RuneSelf || !isAlnum(byte(c)) }); host != u.host {
		u.host = host
		s.add(u.scheme, u.host, u.rest)
	}
	if octets := fourNumbers(u.host); octets != "" {
		s.add(u.scheme, octets, u.rest)
		return
	}
	if hex, found := strings.CutPrefix(strings.ToLower(u.host), "0x"); found && hex != "" && isHex(hex) {
		n, _ := strconv.ParseUint(hex[max(0, len(hex)-8):], 16, 64)
		s.add(u.scheme, dottedNumber(n), u.rest)
		return
	}
	if u.host != "" && strings.Trim(u.host, "0123456789") == "" {
		n, _ := strconv.ParseUint(u.host, 10, 64) // the largest where it is too large
		s.add(u.scheme, dottedNumber(n), u.rest)
		return
	}
	bare := strings.TrimPrefix(name, "www.")
	if strings.IndexByte(bare, '.') >= 0 || bare == "" {
		bare = name
	}
	if u.scheme == "http://" && u.user == "" && name != "localhost" && port == "80" && strings.IndexByte(bare, '.') < 0 && !s.rules.IsValidDomain(name) {
		s.add(u.scheme, "www.", bare, ".com", u.rest) // what Firefox makes of it
	}
}

// fourNumbers reads an IPv4 address of octal or hexadecimal numbers, "" for none.
func fourNumbers(host string) string {
	chunks := strings.Split(host, ".")
	if len(chunks) != 4 {
		return ""
	}
	for i, chunk := range chunks {
		hex, isHexed := strings.CutPrefix(strings.ToLower(chunk), "0x")
		switch {
		case isHexed && hex != "" && isHex(hex):
			n, err := strconv.ParseUint(hex, 16, 64)
			if chunks[i] = strconv.FormatUint(n, 10); err != nil || n > math.MaxInt64 {
				chunks[i] = "-1" // what Perl makes of it
			}
		case chunk == "" || strings.Trim(chunk, "0123456789") != "":
			return ""
		}
		chunks[i] = octalOctet(chunks[i])
	}
	return strings.Join(chunks, ".")
}

// octalOctet reads a number that begins with zeros as octal, if it is one of up to 377; else it drops the zeros.
func octalOctet(chunk string) string {
	digits := strings.TrimLeft(chunk, "0")
	if len(digits) == len(chunk) {
		return chunk
	}
	isOctal := digits != "" && strings.Trim(digits, "01234567") == "" && (len(digits) < 3 || len(digits) == 3 && digits[0] < '4')
	if !isOctal {
		return digits
	}
	n, _ := strconv.ParseUint(digits, 8, 64)
	return strconv.FormatUint(n, 10)
}

// dottedNumber writes a number as an IPv4 address.
func dottedNumber(n uint64) string {
	for n > math.MaxUint32 {
		n >>= 4 // Perl takes the first eight digits
	}
	return fmt.Sprintf("%d.%d.%d.%d", n>>24, n>>16&255, n>>8&255, n&255)
}

func isHex(s string) bool {
	for i := 0; i < len(s); i++ {
		if unhex(s[i]) > 15 {
			return false
		}
	}
	return true
}
