package message

import "strings"

// URIRules is what rule files say about URIs: which top-level domains there are, below which suffixes domains are
// registered, and which URIs lead on to others. Without any word of domains the public suffix list is asked. The zero
// value is ready to use.
type URIRules struct {
	topLevel  map[string]bool
	suffixes  map[string]bool // of two labels and more
	NoSigners bool            // the domains of DKIM signatures are not among the URIs

	// Redirect returns where a URI leads on to, if it does: a text with a dot in it. nil for none.
	Redirect func(uri string) (target string, ok bool)
	// More returns further URIs of the message: what its documents link to. nil for none.
	More func() []string
}

// AddSuffix notes a top-level domain, or a suffix below which domains are registered.
func (r *URIRules) AddSuffix(suffix string) {
	suffix = strings.ToLower(toASCII(suffix))
	if r.topLevel == nil {
		r.topLevel, r.suffixes = make(map[string]bool), make(map[string]bool)
	}
	if strings.IndexByte(suffix, '.') < 0 {
		r.topLevel[suffix] = true
	} else {
		r.suffixes[suffix] = true
	}
}

// ClearSuffixes forgets all of them.
func (r *URIRules) ClearSuffixes() { r.topLevel, r.suffixes = nil, nil }

// IsTopLevel tells whether there is a top-level domain of that name, in lower-case ASCII.
func (r *URIRules) IsTopLevel(name string) bool {
	if len(r.topLevel) == 0 {
		return isKnownTopLevel(name)
	}
	return r.topLevel[name]
}

// IsValidDomain tells whether a host ends with a top-level domain that there is, and has more than that.
func (r *URIRules) IsValidDomain(host string) bool {
	dot := strings.LastIndexByte(host, '.')
	if dot < 0 || strings.ContainsAny(host, whiteSpace) {
		return false
	}
	return r.IsTopLevel(strings.ToLower(host[dot+1:]))
}

// Domain returns the registered domain of a host, its last two labels where nothing is known of it, or the host itself
// where it is a suffix.
func (r *URIRules) Domain(host string) string {
	host = dropEmptyLabels(strings.ToLower(host))
	if len(r.topLevel) == 0 {
		if domain := Domain(host); domain != "" {
			return domain
		}
	}
	rest := host
	for previous := ""; ; {
		labels := strings.Count(rest, ".") + 1
		if labels < 2 || r.isSuffix(rest, labels) {
			if previous != "" {
				return previous
			}
			return rest
		}
		previous = rest
		_, rest, _ = strings.Cut(rest, ".")
	}
}

// isSuffix tells whether domains are registered below a name. The .us domain is regulated by state (RFC 1480).
func (r *URIRules) isSuffix(name string, labels int) bool {
	if labels > 2 && strings.HasSuffix(name, ".us") {
		parts := strings.Split(name, ".")
		state := isUSState(parts[labels-2])
		return labels == 3 && state ||
			labels == 4 && state && (parts[0] == "pvt" && parts[1] == "k12" || parts[0] == "ci" || parts[0] == "co")
	}
	return labels <= 4 && r.suffixes[name]
}

// isUSState tells of the postal codes of states.
func isUSState(code string) bool {
	const states = " ak al ar az ca co ct dc de fl ga gu hi ia id il in ks ky la ma md me mi mn mo ms mt nc nd ne nh nj nm nv ny oh ok or pa pr ri sc sd tn tx ut va vi vt wa wi wv wy "
	return len(code) == 2 && strings.Contains(states, " "+code+" ")
}

// HostOf returns the host of a URI that rules see and its registered domain, "" where there is none that exists.
func (r *URIRules) HostOf(uri string) (host, domain string) {
	uri = strings.ToLower(uri)
	for _, scheme := range [...]string{"javascript:", "cid:", "file:"} {
		if strings.HasPrefix(uri, scheme) {
			return "", ""
		}
	}
	if mail, found := strings.CutPrefix(uri, "mailto:"); found {
		mail, _, _ = strings.Cut(mail, "?")
		if strings.Count(mail, "@") != 1 {
			return "", ""
		}
		_, host, _ = strings.Cut(mail, "@")
	} else {
		host = webHost(uri)
	}
	if host == "" || hasHiddenLetter(host) {
		return "", ""
	}
	if IsAddress(host) {
		return host, host
	}
	if !isValidFQDN(host) || !r.IsValidDomain(host) {
		return "", ""
	}
	return host, r.Domain(host)
}

// webHost cuts the host out of a URI in lower case.
func webHost(uri string) string {
	for i := 0; i < len(uri) && ('a' <= uri[i] && uri[i] <= 'z' || uri[i] == ':' && i > 0); i++ {
		if uri[i] == ':' {
			uri = strings.TrimPrefix(strings.TrimPrefix(uri[i+1:], "/"), "/")
			break
		}
	}
	if end := strings.IndexAny(uri, "/?#"); end >= 0 {
		uri = uri[:end]
	}
	uri = uri[strings.LastIndexByte(uri, '@')+1:]
	if colon := strings.LastIndexByte(uri, ':'); colon >= 0 && strings.Trim(uri[colon+1:], "0123456789") == "" {
		uri = uri[:colon]
	}
	return uri
}

// hasHiddenLetter tells whether there are escapes left of what needs none: another spelling of the URI is without them.
func hasHiddenLetter(host string) bool {
	for at := 0; ; {
		i := strings.IndexByte(host[at:], '%')
		if i < 0 || at+i+2 >= len(host) {
			return false
		}
		at += i + 1
		high, low := unhex(host[at]), unhex(host[at+1])
		if high == 2 && 0 < low && low < 16 || 2 < high && high < 7 && low < 16 || high == 7 && low < 15 {
			return true
		}
	}
}
