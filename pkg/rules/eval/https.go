package eval

import (
	"strings"

	"winnow/pkg/message"
)

// HTTPSMismatch: links that show a secure site's name and lead elsewhere.
var httpsFunctions = calledBy(BodyRules, []Function{
	{Name: "check_https_http_mismatch", Bind: bindMismatch},
})

// bindMismatch asks for such a link among so many links: at least the first number, less than the second.
func bindMismatch(args []string, s *Settings) (Check, error) {
	low, high, open := 1.0, 0.0, true
	if len(args) > 0 && number(args[0]) != 0 {
		low = number(args[0])
	}
	if len(args) > 1 {
		high, open = number(args[1]), false
	}
	rules := s.URIRules()
	return anyHTML(func(_ *Facts, h *message.HTML) bool {
		links, hit := 0, false
		for i := range h.URIs {
			u := &h.URIs[i]
			if domain := linkDomain(rules, u); domain != "" {
				links++
				hit = hit || showsOther(rules, u.Anchors, domain)
			}
		}
		return hit && float64(links) >= low && (open || float64(links) < high)
	}), nil
}

// linkDomain returns the registered domain that a link with a text leads to, "" where it leads to an address or nowhere.
func linkDomain(rules *message.URIRules, u *message.HTMLURI) string {
	if len(u.Anchors) == 0 {
		return ""
	}
	rest := behindScheme(u.URI)
	if end := strings.IndexAny(rest, "/:?#"); end >= 0 {
		rest = rest[:end]
	}
	if rest == "" || message.IsAddress(rest) {
		return ""
	}
	domain := rules.Domain(rest)
	if _, registered := rules.HostOf(domain); registered == "" || !rules.IsValidDomain(registered) {
		return ""
	}
	return domain
}

// behindScheme returns what stands behind http:// or https://, "" for other URIs.
func behindScheme(uri string) string {
	for _, scheme := range [...]string{"http://", "https://"} {
		if len(uri) > len(scheme) && strings.EqualFold(uri[:len(scheme)], scheme) {
			return uri[len(scheme):]
		}
	}
	return ""
}

// showsOther tells whether one of the texts shows a secure site of another domain.
func showsOther(rules *message.URIRules, texts []string, domain string) bool {
	for _, text := range texts {
		shown := shownHost(text)
		if shown == "" {
			continue
		}
		if !message.IsAddress(shown) {
			if shown = rules.Domain(shown); !rules.IsValidDomain(shown) {
				continue
			}
		}
		if shown != domain {
			return true
		}
	}
	return false
}

// shownHost returns the host of the first https:// in a text.
func shownHost(text string) string {
	const scheme = "https://"
	for {
		_, behind, found := cutFold(text, scheme)
		if !found {
			return ""
		}
		text = behind
		end := strings.IndexAny(text, "/:?# \t\r\n\v\f")
		if end < 0 {
			end = len(text)
		}
		if end > 0 {
			return text[:end]
		}
	}
}
