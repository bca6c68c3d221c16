package message

import (
	"net/netip"
	"strings"
)

// URIKind tells how sure it is that a URI is one, and that a reader could follow it.
type URIKind uint8

const (
	Link  URIKind = iota + 1 // it has a scheme, begins with www., or stood in an HTML attribute
	Guess                    // what looks like a host name in running text: "example.org", but also "readme.zip"
	Mail                     // a mail address
)

func (k URIKind) String() string {
	switch k {
	case Link:
		return "link"
	case Guess:
		return "guess"
	case Mail:
		return "mail"
	default:
		return "unknown"
	}
}

// A URI is an address found in a message's text, in an attribute of its HTML, or in another URI that leads there.
type URI struct {
	Raw    string     // as it stood
	Clean  string     // as a browser would understand it: with a scheme, without user, tricks and needless escapes
	Host   string     // lower case, ASCII (punycode), no trailing dot; "" where it is an IP address or there is none
	Domain string     // registered domain of Host by the public suffix list, "" where there is none
	Addr   netip.Addr // valid where the host is an IP address
	Kind   URIKind
}

// A uriSet collects the URIs of a message by kind, each Clean form once, under the surest kind it was found as.
type uriSet struct {
	kinds [Mail + 1][]URI
	seen  map[string]URIKind  // the Clean forms
	tried map[string]struct{} // the strings that were looked at
	depth int                 // how many URIs the one at hand was taken out of
}

// collectURIs finds the URIs of a message: in attributes of HTML, in the Subject, and in texts as a reader sees them. It
// looks at what was decoded, so that no encoding hides one.
func collectURIs(subject string, parts []*Part) []URI {
	set := uriSet{seen: make(map[string]URIKind), tried: make(map[string]struct{})}
	for _, p := range parts {
		if h := p.HTML(); h != nil {
			for _, url := range h.links {
				set.addAttribute(url)
			}
		}
	}
	set.addText(subject)
	for _, p := range parts {
		set.addText(clip(p.Rendered(), MaxURIText))
	}
	return set.all()
}

// addAttribute adds what stood in an attribute. Without a scheme it may be a host name, though browsers take it for a
// file's: a guess, and only if it looks like one.
func (s *uriSet) addAttribute(url string) {
	if scheme, _ := cutScheme(url); scheme != "" || hasWWW(url) {
		s.add(url, Link)
	} else if isGuess(url[:runLength(url)]) {
		s.add(url, Guess)
	}
}

// addText adds what is found in text.
func (s *uriSet) addText(text string) {
	scanText(text, func(raw string, kind URIKind) bool {
		s.addKnown(raw, kind)
		return len(s.tried) < MaxCandidates
	})
}

// addKnown adds a URI whose host can exist. Guesses and mail addresses without one are not taken for URIs at all.
func (s *uriSet) addKnown(raw string, kind URIKind) {
	if u, ok := s.parse(raw, kind); ok && (u.Kind != Link || u.Addr.IsValid() || hasKnownSuffix(u.Host)) {
		s.put(u)
	}
}

func (s *uriSet) add(raw string, kind URIKind) {
	if u, ok := s.parse(raw, kind); ok {
		s.put(u)
	}
}

// parse parses what was not parsed before: the same string would be the same URI again.
func (s *uriSet) parse(raw string, kind URIKind) (URI, bool) {
	raw = clip(raw, MaxURILength)
	if _, tried := s.tried[raw]; tried || len(s.tried) >= MaxCandidates {
		return URI{}, false
	}
	s.tried[raw] = struct{}{}
	return parseURI(raw, kind)
}

// put notes a URI and those that it carries to lead on to.
func (s *uriSet) put(u URI) {
	if known := s.seen[u.Clean]; known != 0 && known <= u.Kind || len(s.kinds[u.Kind]) >= MaxURIs {
		return
	}
	s.seen[u.Clean] = u.Kind
	s.kinds[u.Kind] = append(s.kinds[u.Kind], u)
	if s.depth < MaxTargets {
		if target := targetIn(u.Clean); target != "" {
			s.depth++
			s.addKnown(target, Link)
			s.depth--
		}
	}
}

// all returns the URIs, the surest first.
func (s *uriSet) all() []URI {
	all := make([]URI, 0, min(MaxURIs, len(s.seen)))
	for kind := Link; kind <= Mail; kind++ {
		for _, u := range s.kinds[kind] {
			if s.seen[u.Clean] == kind && len(all) < MaxURIs {
				all = append(all, u)
			}
		}
	}
	return all
}

// targetIn returns the URI that another one carries in its path or query: http://redirect.example/?to=http://...
func targetIn(clean string) string {
	_, rest := cutScheme(clean)
	at := 0
	for {
		i := indexFold(rest[at:], "http")
		if i < 0 {
			return ""
		}
		at += i
		tail := rest[at+len("http"):]
		if len(tail) > 0 && tail[0]|0x20 == 's' {
			tail = tail[1:]
		}
		if len(tail) > 2 && tail[0] == ':' && tail[1] == '/' {
			break
		}
		at += len("http")
	}
	target := rest[at:]
	if end := strings.IndexAny(target, "&#'\"<> "); end >= 0 {
		target = target[:end]
	}
	if !strings.Contains(target, ".") {
		return ""
	}
	return target
}
