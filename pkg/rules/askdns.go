package rules

import "regexp"

var askSyntax = regexp.MustCompile(`^\S+(?:\s+[A-Za-z0-9,]+(?:\s+.*)?)?$`)

// parseAskDNS reads a rule that asks the DNS. The DNS is not asked, so the rule never hits; others may name it.
func parseAskDNS(_ *Rule, test string) error {
	if !askSyntax.MatchString(test) {
		return &problem{"not a question to the DNS", "write: askdns NAME _TAG_.zone A /pattern/"}
	}
	return nil
}
