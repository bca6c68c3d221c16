package message

import "strings"

// ParseLink reads a link that a person wrote: with its scheme.
func ParseLink(text string) (URI, bool) {
	if scheme, _ := cutScheme(text); scheme != "http" && scheme != "https" && scheme != "ftp" || !strings.Contains(text, "://") {
		return URI{}, false
	}
	u, ok := parseURI(text, Link)
	return u, ok && (u.Host != "" || u.Addr.IsValid())
}
