package rules

import (
	"regexp"

	"winnow/pkg/message"
	"winnow/pkg/rules/pattern"
)

// A linkTest is one condition of a uri_detail rule: a pattern for some of what is known of a link.
type linkTest struct {
	key     string // raw, type, cleaned, text, domain or host
	not     bool   // !~: there is one that does not match
	pattern *pattern.Pattern
}

// linkSyntax is the beginning of one condition: the key, the operator, and the delimiter of the pattern.
var linkSyntax = regexp.MustCompile(`\b(\w+)\s*([=!]~)\s*(/|m\W)`)

var linkKeys = map[string]bool{"raw": true, "type": true, "cleaned": true, "text": true, "domain": true, "host": true}

// parseURIDetail reads the conditions of a uri_detail rule, all of which must hold for one and the same link. Of two with
// the same key, the last counts.
func parseURIDetail(rule *Rule, test string) error {
	for {
		at := linkSyntax.FindStringSubmatchIndex(test)
		if at == nil {
			break
		}
		key, op := test[at[2]:at[3]], test[at[4]:at[5]]
		literal, rest, found := cutPattern(test[at[6]:], at[7]-at[6])
		if !found {
			rule.unread = append(rule.unread, excerpt(test[at[0]:], maxDetail))
			test = test[at[7]:]
			continue
		}
		if !linkKeys[key] {
			return &problem{"unknown key " + key, "use raw, type, cleaned, text, domain or host"}
		}
		source, flags, err := undelimit(literal)
		if err != nil {
			return err
		}
		p, err := compilePattern(source, flags)
		if err != nil {
			return err
		}
		if rule.addLinkTest(linkTest{key, op == "!~", p}) {
			rule.unread = append(rule.unread, "an earlier condition on "+key)
		}
		test = rest
	}
	if rule.links == nil {
		return &problem{"no condition", "write: uri_detail NAME key =~ /pattern/ key !~ /pattern/"}
	}
	return nil
}

// addLinkTest adds a condition, and tells whether it took the place of another.
func (rule *Rule) addLinkTest(test linkTest) (replaced bool) {
	for i := range rule.links {
		if rule.links[i].key == test.key {
			rule.links[i] = test
			return true
		}
	}
	rule.links = append(rule.links, test)
	return false
}

// cutPattern cuts a pattern off, which begins with opening octets of delimiter. It ends with the first delimiter that has
// flags, and then white space or nothing behind it.
func cutPattern(text string, opening int) (literal, rest string, found bool) {
	delimiter := text[opening-1]
	for end := opening; end < len(text); end++ {
		if text[end] != delimiter {
			continue
		}
		after := end + 1
		for after < len(text) && (text[after] == 'i' || text[after] == 'm' || text[after] == 's' || text[after] == 'x') {
			after++
		}
		if after == len(text) || isBlank(text[after]) {
			return text[:after], text[after:], true
		}
	}
	return "", "", false
}

func isBlank(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// uriDetail tells whether there is a link for which all conditions hold.
func (r *run) uriDetail(i int, rule *Rule) float64 {
	details := r.linkDetails()
	r.beginMatch()
	hits := 0
	for n := 0; n < len(details) && hits == 0 && !r.machine.Stopped(); n++ {
		if r.holdAll(rule.links, &details[n]) {
			hits = 1
		}
	}
	if r.endMatch(i); r.machine.Bounded() || r.over { // what was not looked at does not count as no match
		return 0
	}
	return float64(hits)
}

func (r *run) holdAll(tests []linkTest, detail *message.URIDetail) bool {
	for i := range tests {
		if !r.holds(&tests[i], detail) {
			return false
		}
	}
	return true
}

// holds tells whether one of what the key stands for matches, or, for !~, one does not.
func (r *run) holds(t *linkTest, detail *message.URIDetail) bool {
	for _, text := range linkTexts(detail, t.key) {
		if r.machine.Match(t.pattern, text) != t.not {
			return true
		}
	}
	return false
}

func linkTexts(detail *message.URIDetail, key string) []string {
	switch key {
	case "raw":
		return []string{detail.Raw}
	case "type":
		return detail.Types.Names()
	case "cleaned":
		return detail.Cleaned
	case "text":
		return detail.Anchors
	case "domain":
		return detail.Domains
	}
	return detail.Hosts
}
