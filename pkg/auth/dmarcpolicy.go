package auth

import (
	"net/url"
	"strconv"
	"strings"
)

// Limits of a DMARC record (RFC 7489, 6.3).
const (
	maxDMARC     = 4096 // octets: what is longer is not read
	maxDMARCTags = 64   // there are a dozen
)

// A dmarcPolicy is what a domain publishes about mail in its name, with the defaults where it does not say.
type dmarcPolicy struct {
	domain     string // of the domain itself (p=): none, quarantine or reject
	below      string // of names below it (sp=)
	missing    string // of names below it that do not exist (np=, RFC 9091)
	strictDKIM bool   // names must be the same, not only belong to one registered domain (adkim=s)
	strictSPF  bool   // (aspf=s)
	percent    int    // of the mail that the policy is for (pct=)
	testing    bool   // the policy is only being tried out (t=y, RFC 9989)
}

// isDMARC tells whether a text is a DMARC record: its version stands first (RFC 7489, 6.4 and 6.6.3).
func isDMARC(text string) bool {
	first, _, _ := strings.Cut(text, ";")
	name, value, found := strings.Cut(first, "=")
	return found && strings.EqualFold(trimBlanks(name), "v") && trimBlanks(value) == "DMARC1"
}

// selectDMARC returns the record among the texts of a name, "" where there is none. Several are none, and a reason
// (RFC 7489, 6.6.3).
func selectDMARC(texts []string) (record, reason string) {
	for _, text := range texts {
		if !isDMARC(text) {
			continue
		}
		if record != "" {
			return "", "several DMARC records, where there may be one"
		}
		record = text
	}
	return record, ""
}

// parseDMARC reads a record that isDMARC. What is wrong with tags that are not needed is passed over in favour of the
// default. Without a policy that can be read the record counts as p=none where it asks for reports, and as none where it
// does not (RFC 7489, 6.3 and 6.6.3); then reason says why.
func parseDMARC(text string) (p dmarcPolicy, reason string) {
	if len(text) > maxDMARC {
		return p, "a DMARC record that is too long"
	}
	tags := dmarcTags(text)
	p = dmarcPolicy{
		strictDKIM: strings.EqualFold(tags["adkim"], "s"),
		strictSPF:  strings.EqualFold(tags["aspf"], "s"),
		percent:    100,
		testing:    strings.EqualFold(tags["t"], "y"),
	}
	if n, err := strconv.Atoi(tags["pct"]); err == nil && n >= 0 && n <= 100 {
		p.percent = n
	}
	var ok [3]bool
	p.domain, ok[0] = policyTag(tags, "p", "")
	p.below, ok[1] = policyTag(tags, "sp", p.domain)
	p.missing, ok[2] = policyTag(tags, "np", p.below)
	switch {
	case ok[0] && ok[1] && ok[2]:
		return p, ""
	case !wantsReports(tags["rua"]):
		return p, "a DMARC record without a policy that can be read"
	}
	p.domain, p.below, p.missing = policyNone, policyNone, policyNone
	return p, ""
}

// dmarcTags reads the tags, names in lower case. Of one that stands twice the first counts.
func dmarcTags(text string) map[string]string {
	tags := make(map[string]string)
	for part := range strings.SplitSeq(text, ";") {
		name, value, found := strings.Cut(part, "=")
		name = strings.ToLower(trimBlanks(name))
		if _, twice := tags[name]; found && !twice && len(tags) < maxDMARCTags {
			tags[name] = trimBlanks(value)
		}
	}
	return tags
}

const (
	policyNone       = "none"
	policyQuarantine = "quarantine"
	policyReject     = "reject"
)

// policyTag reads a policy; otherwise stands in for a tag that is missing, "" where it must not be.
func policyTag(tags map[string]string, name, otherwise string) (policy string, ok bool) {
	value, found := tags[name]
	if !found {
		return otherwise, otherwise != ""
	}
	switch value = strings.ToLower(value); value {
	case policyNone, policyQuarantine, policyReject:
		return value, true
	}
	return otherwise, false
}

// wantsReports tells whether there is an address for reports: a URI, perhaps with a limit of size behind an exclamation
// mark.
func wantsReports(rua string) bool {
	for address := range strings.SplitSeq(rua, ",") {
		address, _, _ = strings.Cut(trimBlanks(address), "!")
		if uri, err := url.Parse(address); err == nil && uri.Scheme != "" && (uri.Opaque != "" || uri.Host != "") {
			return true
		}
	}
	return false
}

// of returns the policy for mail of an author in the domain itself, below it, or below it and missing in the DNS.
func (p *dmarcPolicy) of(below, missing bool) string {
	switch {
	case missing:
		return p.missing
	case below:
		return p.below
	}
	return p.domain
}

// softer returns the next softer policy, for mail that a policy is not meant for (RFC 7489, 6.6.4).
func softer(policy string) string {
	if policy == policyReject {
		return policyQuarantine
	}
	return policyNone
}
