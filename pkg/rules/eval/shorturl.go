package eval

import (
	"errors"
	"slices"
	"strings"
)

// shortURLSettings is the hosts that shorten URIs. One that begins with a dot stands for those right below it.
type shortURLSettings struct{ hosts map[string]bool }

// shortURLFunctions follow no link: what only the shortener's answer tells is a miss.
var shortURLFunctions = slices.Concat(
	calledBy(BodyRules, []Function{simple("short_url", hasShortURL)}),
	network(BodyRules, "short_url_redir short_url_200 short_url_404 short_url_code short_url_chained short_url_maxchain short_url_loop"),
	network(AnyRules, "short_url_tests"),
)

var shortURLDirectives = map[string]Directive{
	"url_shortener":       addShorteners,
	"url_shortener_get":   addShorteners,
	"clear_url_shortener": clearShorteners,
}

func addShorteners(s *Settings, value string) error {
	hosts := strings.Fields(strings.ToLower(value))
	if len(hosts) == 0 {
		return errors.New("wants the hosts of URL shorteners")
	}
	if s.shortURL.hosts == nil {
		s.shortURL.hosts = map[string]bool{}
	}
	for _, host := range hosts {
		s.shortURL.hosts[host] = true
	}
	return nil
}

func clearShorteners(s *Settings, value string) error {
	hosts := strings.Fields(strings.ToLower(value))
	if len(hosts) == 0 {
		clear(s.shortURL.hosts)
	}
	for _, host := range hosts {
		delete(s.shortURL.hosts, host)
	}
	return nil
}

// hasShortURL tells whether a URI leads to a shortener.
func hasShortURL(f *Facts) bool {
	for _, u := range f.uris() {
		if len(u.Domains) > 0 && f.Settings.shortURL.shortens(u.Raw) {
			return true
		}
	}
	return false
}

// shortens tells whether a URI is one of a shortener.
func (s *shortURLSettings) shortens(uri string) bool {
	host, path, ok := splitWebURI(uri)
	levels := strings.Count(host, ".")
	if !ok || levels == 1 && !hasWord(path) {
		return false
	}
	if s.hosts[host] {
		return true
	}
	if levels != 2 {
		return false
	}
	if domain, found := strings.CutPrefix(host, "www."); found {
		return s.hosts[domain]
	}
	dot := strings.IndexByte(host, '.')
	return dot > 0 && !strings.HasPrefix(host, "www") && s.hosts[host[dot:]]
}

// splitWebURI returns the host of a URI, in lower case, and what stands behind it and its port, less query and fragment.
func splitWebURI(uri string) (host, path string, ok bool) {
	rest, ok := cutWebScheme(uri)
	if !ok {
		return "", "", false
	}
	rest = rest[:endAt(rest, "?#")]
	if at := endAt(rest, "@/"); at < len(rest) && rest[at] == '@' {
		rest = rest[at+1:]
	}
	end := endAt(rest, "/:")
	host, path = strings.ToLower(rest[:end]), rest[end:]
	if strings.HasPrefix(path, ":") {
		path = strings.TrimLeft(path[1:], "0123456789")
	}
	return host, path, host != ""
}

func cutWebScheme(uri string) (rest string, found bool) {
	for _, scheme := range []string{"http://", "https://"} {
		if len(uri) > len(scheme) && strings.EqualFold(uri[:len(scheme)], scheme) {
			return uri[len(scheme):], true
		}
	}
	return "", false
}

// endAt returns where the first of some octets is, or the length of text.
func endAt(text, octets string) int {
	if i := strings.IndexAny(text, octets); i >= 0 {
		return i
	}
	return len(text)
}

func hasWord(text string) bool {
	return strings.ContainsFunc(text, isWordRune)
}
