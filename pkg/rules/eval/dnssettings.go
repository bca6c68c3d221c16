package eval

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dnsSettings is what rule files say of how the DNS is asked for rules. Servers and caches are winnow's own.
type dnsSettings struct {
	denied      map[string]bool          // dns_query_restriction: by domain, "*" for all others
	blocks      map[string][]string      // dns_block_rule: by rule, the zones that rest when it hits
	timeout     time.Duration            // rbl_timeout
	timeouts    map[string]time.Duration // by zone
	noRBL       bool                     // skip_rbl_checks
	noURIBL     bool                     // skip_uribl_checks
	headers     []string                 // rbl_headers
	trustSender bool                     // always_trust_envelope_sender
}

func newDNSSettings() dnsSettings {
	return dnsSettings{timeout: 15 * time.Second, headers: []string{"EnvelopeFrom", "Reply-To", "Disposition-Notification-To", "X-WebmailclientIP", "X-Source-IP"}}
}

// Timeout is how long rules wait for answers at most.
func (s *Settings) Timeout() time.Duration { return s.dns.timeout }

// BlockedBy returns the zones that rest for a while where the rule of that name hits.
func (s *Settings) BlockedBy(rule string) []string { return s.dns.blocks[rule] }

// denies tells whether rule files forbid to ask for a name.
func (d *dnsSettings) denies(name string) bool {
	if len(d.denied) == 0 {
		return false
	}
	for rest, more := name, true; more; _, rest, more = strings.Cut(rest, ".") {
		if denied, said := d.denied[rest]; said {
			return denied
		}
	}
	return d.denied["*"]
}

// timeoutOf is how long a question in a zone may take, 0 where nothing is said of the zone.
func (d *dnsSettings) timeoutOf(zone string) time.Duration {
	if len(d.timeouts) == 0 {
		return 0
	}
	for rest, more := zone, true; more; _, rest, more = strings.Cut(rest, ".") {
		if limit, said := d.timeouts[rest]; said {
			return limit
		}
	}
	return 0
}

var dnsDirectives = map[string]Directive{
	"dns_query_restriction":        restrictQueries,
	"clear_dns_query_restriction":  forget(func(s *Settings) { s.dns.denied = nil }),
	"clear_dns_query_restrictions": forget(func(s *Settings) { s.dns.denied = nil }),
	"dns_block_rule":               addBlockRule,
	"rbl_timeout":                  setTimeout,
	"skip_rbl_checks":              setSwitch(func(s *Settings, on bool) { s.dns.noRBL = on }),
}

// restrictQueries reads "deny example.com example.org": what lies below is not asked for, but where it is allowed.
func restrictQueries(s *Settings, value string) error {
	words := strings.Fields(strings.ToLower(value))
	if len(words) < 2 || words[0] != "deny" && words[0] != "allow" {
		return errors.New("wants allow or deny, and domains behind it, or * for all others")
	}
	if s.dns.denied == nil {
		s.dns.denied = map[string]bool{}
	}
	for _, domain := range words[1:] {
		s.dns.denied[strings.Trim(domain, ".")] = words[0] == "deny"
	}
	return nil
}

// addBlockRule reads "RULE zone...": where the rule hits, the zones have refused to answer.
func addBlockRule(s *Settings, value string) error {
	words := strings.Fields(value)
	if len(words) < 2 {
		return errors.New("wants the name of a rule, and zones behind it")
	}
	if s.dns.blocks == nil {
		s.dns.blocks = map[string][]string{}
	}
	for _, word := range words[1:] {
		zone, err := zoneOfText(word)
		if err != nil {
			return err
		}
		if !slices.Contains(s.dns.blocks[words[0]], zone) {
			s.dns.blocks[words[0]] = append(s.dns.blocks[words[0]], zone)
		}
	}
	return nil
}

var durationSyntax = regexp.MustCompile(`^\+?(\d{1,7}(?:\.\d{0,3})?)([smhdwSMHDW]?)$`)

// setTimeout reads "15", "15 3" or "5 2 zone": how long an answer may take, at least how long it may where others are there
// already, and for which zone. Here every question has its full time.
func setTimeout(s *Settings, value string) error {
	words := strings.Fields(value)
	zone := ""
	if n := len(words); n > 1 && durationSyntax.FindString(words[n-1]) == "" {
		zone, words = strings.Trim(strings.ToLower(words[n-1]), "."), words[:n-1]
	}
	if len(words) < 1 || len(words) > 2 {
		return errors.New("wants seconds, the least of them where others have answered, and a zone; the last two may be left out")
	}
	limit, err := duration(words[0])
	if err != nil {
		return err
	}
	if zone == "" {
		s.dns.timeout = limit
		return nil
	}
	if s.dns.timeouts == nil {
		s.dns.timeouts = map[string]time.Duration{}
	}
	s.dns.timeouts[zone] = limit
	return nil
}

func duration(text string) (time.Duration, error) {
	parts := durationSyntax.FindStringSubmatch(text)
	if parts == nil {
		return 0, fmt.Errorf("%q is no time: write seconds, or 2m", text)
	}
	n, err := strconv.ParseFloat(strings.TrimSuffix(parts[1], "."), 64)
	if err != nil {
		return 0, err
	}
	unit := map[string]time.Duration{"": time.Second, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	return min(time.Duration(n*float64(unit[strings.ToLower(parts[2])])), maxTimeout), nil
}

// maxTimeout is the most that a rule file may have us wait. The stage ends long before.
const maxTimeout = time.Hour
