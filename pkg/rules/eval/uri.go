package eval

import "strings"

// URIEval: links that lead on, and links that hide where they lead.
var uriFunctions = calledBy(AnyRules, []Function{
	simple("check_for_http_redirector", hasRedirector),
	simple("check_https_ip_mismatch", hasAddressMismatch),
	simple("check_uri_truncated", func(f *Facts) bool { return f.Message.URITruncated(&f.uriRules) }),
})

// hasRedirector asks for a URI that has one of another domain in it.
func hasRedirector(f *Facts) bool {
	for _, u := range f.uris() {
		for _, uri := range u.Cleaned {
			if f.isRedirector(uri) {
				return true
			}
		}
	}
	return false
}

// isRedirector follows a URI from one to the next that it holds, until the domain is another.
func (f *Facts) isRedirector(uri string) bool {
	rules := f.Settings.URIRules()
	domain := func(host string) string {
		if _, domain := rules.HostOf(host); domain != "" {
			return domain
		}
		return host
	}
	for {
		host, target, next := cutTarget(uri)
		if next == "" {
			return false
		}
		if domain(host) != domain(target) {
			return true
		}
		uri = next
	}
}

// cutTarget cuts a URI at the next one in it, and returns the hosts of both.
func cutTarget(uri string) (host, target, next string) {
	rest := behindScheme(uri)
	if rest == "" {
		return "", "", ""
	}
	end := strings.IndexAny(rest, "/:?")
	if end < 1 {
		return "", "", ""
	}
	host = rest[:end]
	for at := end + 1; at < len(rest); at++ {
		if target = targetHost(rest[at:]); target != "" {
			return host, target, rest[at:]
		}
	}
	for _, scheme := range [...]string{"http", "https"} { // as a host with a port: http://ahttp:80
		if before, found := strings.CutSuffix(host, scheme); found && len(before) > 1 {
			if target = targetHost(rest[len(before):]); target != "" {
				return before[:len(before)-1], target, rest[len(before):]
			}
		}
	}
	return "", "", ""
}

// targetHost returns the host of a URI of the web that text begins with, which may lack its slashes.
func targetHost(text string) string {
	if text[0]|0x20 != 'h' {
		return ""
	}
	for _, scheme := range [...]string{"http:", "https:"} {
		if len(text) < len(scheme) || !strings.EqualFold(text[:len(scheme)], scheme) {
			continue
		}
		text = strings.TrimPrefix(strings.TrimPrefix(text[len(scheme):], "/"), "/")
		end := strings.IndexAny(text, "/:?")
		if end < 0 {
			end = len(text)
		}
		return text[:end]
	}
	return ""
}

// hasAddressMismatch asks for a link to an IP address that shows a secure site which is none.
func hasAddressMismatch(f *Facts) bool {
	for _, h := range f.Message.HTML() {
		for i := range h.URIs {
			if !leadsToNumbers(h.URIs[i].URI, true) {
				continue
			}
			for _, text := range h.URIs[i].Anchors {
				if _, _, secure := cutFold(text, "https:"); secure && !leadsToNumbers(text, false) {
					return true
				}
			}
		}
	}
	return false
}

// leadsToNumbers tells whether a URI begins with https, or http where that may be, and four numbers for a host.
func leadsToNumbers(uri string, plain bool) bool {
	rest, found := cutPrefixFold(uri, "https:")
	if !found && plain {
		rest, found = cutPrefixFold(uri, "http:")
	}
	if !found {
		return false
	}
	rest = strings.TrimLeft(rest, "/")
	if at := strings.IndexAny(rest, "@/"); at > 0 && rest[at] == '@' {
		rest = rest[at+1:]
	}
	for i := range 4 {
		digits := strings.TrimLeft(rest, "0123456789")
		if len(digits) == len(rest) {
			return false
		}
		if rest = digits; i < 3 {
			if rest, found = strings.CutPrefix(rest, "."); !found {
				return false
			}
		}
	}
	return true
}

// cutPrefixFold cuts a prefix off, in either case.
func cutPrefixFold(s, prefix string) (rest string, found bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
