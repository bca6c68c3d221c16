package eval

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"winnow/pkg/message"
	"winnow/pkg/rules/pattern"
)

// freeMailSettings are the domains where anybody gets a mail address for nothing, and who is none of their users.
type freeMailSettings struct {
	domains map[string]bool
	globs   map[string][]labelGlob // by top-level domain; "" for those where it is a wildcard
	welcome map[string]bool        // addresses and domains

	maxBodyEmails, maxBodyFreemails  int
	keepWhenOverMax, keepBulkSenders bool
	importAuth, importDefAuth        bool
}

func newFreeMailSettings() freeMailSettings {
	return freeMailSettings{maxBodyEmails: 5, maxBodyFreemails: 3}
}

var freeMailFunctions = calledBy(HeaderRules, []Function{
	{Name: "check_freemail_from", Bind: bindFreeMailFrom},
	{Name: "check_freemail_header", Bind: bindFreeMailHeader},
	{Name: "check_freemail_body", Bind: bindFreeMailBody},
	{Name: "check_freemail_replyto", Bind: bindFreeMailReplyTo},
})

var freeMailDirectives = map[string]Directive{
	"freemail_domains":                     addFreeMailDomains,
	"freemail_welcomelist":                 addFreeMailWelcome,
	"freemail_whitelist":                   addFreeMailWelcome,
	"freemail_max_body_emails":             setNumber(func(s *Settings) *int { return &s.freeMail.maxBodyEmails }),
	"freemail_max_body_freemails":          setNumber(func(s *Settings) *int { return &s.freeMail.maxBodyFreemails }),
	"freemail_skip_when_over_max":          setSwitch(func(s *Settings, on bool) { s.freeMail.keepWhenOverMax = !on }),
	"freemail_skip_bulk_envfrom":           setSwitch(func(s *Settings, on bool) { s.freeMail.keepBulkSenders = !on }),
	"freemail_import_welcomelist_auth":     setSwitch(func(s *Settings, on bool) { s.freeMail.importAuth = on }),
	"freemail_import_whitelist_auth":       setSwitch(func(s *Settings, on bool) { s.freeMail.importAuth = on }),
	"freemail_import_def_welcomelist_auth": setSwitch(func(s *Settings, on bool) { s.freeMail.importDefAuth = on }),
	"freemail_import_def_whitelist_auth":   setSwitch(func(s *Settings, on bool) { s.freeMail.importDefAuth = on }),
	"freemail_add_describe_email":          setSwitch(func(*Settings, bool) {}), // evidence is always noted
}

// setNumber is a directive that wants a whole number.
func setNumber(where func(*Settings) *int) Directive {
	return func(s *Settings, value string) error {
		n, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil {
			return errors.New("wants a whole number")
		}
		*where(s) = n
		return nil
	}
}

// setSwitch is a directive that wants 0 or 1.
func setSwitch(set func(*Settings, bool)) Directive {
	return func(s *Settings, value string) error {
		value = strings.TrimSpace(value)
		switch strings.ToLower(value) {
		case "yes":
			value = "1"
		case "no":
			value = "0"
		}
		n, err := strconv.Atoi(value)
		if err != nil {
			return errors.New("wants 0 or 1")
		}
		set(s, n != 0)
		return nil
	}
}

// addFreeMailDomains reads domains; "*" in them stands for what has no dot, "?" for any one character.
func addFreeMailDomains(s *Settings, value string) error {
	for _, domain := range strings.Fields(strings.ToLower(value)) {
		if strings.Trim(domain, "abcdefghijklmnopqrstuvwxyz0123456789.*?-") != "" {
			return fmt.Errorf("%q is no domain", domain)
		}
		s.freeMail.addDomain(domain)
	}
	return nil
}

func (s *freeMailSettings) addDomain(domain string) {
	if s.domains == nil {
		s.domains, s.globs = map[string]bool{}, map[string][]labelGlob{}
	}
	if !strings.ContainsAny(domain, "*?") {
		s.domains[domain] = true
		return
	}
	top := topLevel(domain)
	if strings.ContainsAny(top, "*?") {
		top = ""
	}
	s.globs[top] = append(s.globs[top], labelGlob(domain))
}

func topLevel(domain string) string { return domain[strings.LastIndexByte(domain, '.')+1:] }

// addFreeMailWelcome reads addresses and domains that are nobody's free mail.
func addFreeMailWelcome(s *Settings, value string) error {
	if s.freeMail.welcome == nil {
		s.freeMail.welcome = map[string]bool{}
	}
	for _, word := range strings.Fields(strings.ToLower(value)) {
		if !hasInnerMark(word) {
			return fmt.Errorf("%q is neither a mail address nor a domain", word)
		}
		s.freeMail.welcome[word] = true
	}
	return nil
}

// hasInnerMark tells whether there is a dot or an @ between letters or digits.
func hasInnerMark(s string) bool {
	for i := 1; i+1 < len(s); i++ {
		if (s[i] == '.' || s[i] == '@') && isWordByte(s[i-1]) && isWordByte(s[i+1]) {
			return true
		}
	}
	return false
}

// available tells whether there are any domains: without, no function finds anything.
func (s *freeMailSettings) available() bool { return len(s.domains) > 0 || len(s.globs) > 0 }

// A labelGlob is a domain in which "*" stands for what has no dot, and "?" for any one character.
type labelGlob string

func (g labelGlob) match(domain string) bool {
	for i := 0; i < len(g); i++ {
		switch {
		case g[i] == '*':
			for n := 0; ; n++ {
				if g[i+1:].match(domain[n:]) {
					return true
				}
				if n == len(domain) || domain[n] == '.' {
					return false
				}
			}
		case domain == "" || g[i] != '?' && g[i] != domain[0]:
			return false
		}
		domain = domain[1:]
	}
	return domain == ""
}

// isFreeMail tells whether an address, in lower case, is one that anybody can have.
func (f *Facts) isFreeMail(address string) bool {
	s := &f.Settings.freeMail
	domain := address[strings.LastIndexByte(address, '@')+1:]
	if address == "" || s.welcome[address] || s.welcome[domain] {
		return false
	}
	if !s.domains[domain] && !s.hasGlob(domain) {
		return false
	}
	return !isRoleAddress(address) && !f.isImported(address)
}

func (s *freeMailSettings) hasGlob(domain string) bool {
	for _, top := range [...]string{topLevel(domain), ""} {
		for _, g := range s.globs[top] {
			if g.match(domain) {
				return true
			}
		}
	}
	return false
}

// isImported tells whether the lists of authenticated senders have the address, where they are to be asked.
func (f *Facts) isImported(address string) bool {
	s := f.Settings
	return s.freeMail.importAuth && s.lists.named["welcomelist_auth"] != nil && s.lists.named["welcomelist_auth"].has(address) ||
		s.freeMail.importDefAuth && s.lists.named["def_welcomelist_auth"] != nil && s.lists.named["def_welcomelist_auth"].has(address)
}

// freeMailPattern reads the argument that an address must match, too; nil where there is none.
func freeMailPattern(args []string, at int, s *Settings) (*pattern.Pattern, error) {
	if len(args) <= at {
		return nil, nil
	}
	re, err := s.bareRegex(args[at], "")
	if err != nil {
		return nil, fmt.Errorf("%q is no pattern: %w", args[at], err)
	}
	return re, nil
}

// anyFreeMail tells whether any of the addresses is free mail and matches.
func (f *Facts) anyFreeMail(addresses []string, re *pattern.Pattern) bool {
	for _, address := range addresses {
		if address = strings.ToLower(address); f.isFreeMail(address) && (re == nil || f.match(re, address)) {
			return true
		}
	}
	return false
}

func bindFreeMailFrom(args []string, s *Settings) (Check, error) {
	re, err := freeMailPattern(args, 0, s)
	if err != nil {
		return nil, err
	}
	return func(f *Facts) int {
		return hits(f.Settings.freeMail.available() && f.anyFreeMail(f.allSenders(), re))
	}, nil
}

func bindFreeMailHeader(args []string, s *Settings) (Check, error) {
	if len(args) == 0 {
		return nil, errors.New("wants the name of a field")
	}
	re, err := freeMailPattern(args, 1, s)
	if err != nil {
		return nil, err
	}
	name, mod := fieldOf(args[0])
	return func(f *Facts) int {
		return hits(f.Settings.freeMail.available() && f.anyFreeMail(f.addresses(name, mod), re))
	}, nil
}

// fieldOf splits "Reply-To:first:addr" into a field's name and what of it is wanted.
func fieldOf(arg string) (name string, mod message.HeaderMod) {
	name, rest, _ := strings.Cut(arg, ":")
	for _, word := range strings.Split(rest, ":") {
		switch word {
		case "raw":
			mod |= message.HeaderRaw
		case "addr":
			mod |= message.HeaderAddr
		case "name":
			mod |= message.HeaderName
		case "first":
			mod |= message.HeaderFirst
		case "last":
			mod |= message.HeaderLast
		}
	}
	return name, mod
}

func bindFreeMailBody(args []string, s *Settings) (Check, error) {
	re, err := freeMailPattern(args, 0, s)
	if err != nil {
		return nil, err
	}
	return func(f *Facts) int {
		if !f.Settings.freeMail.available() {
			return 0
		}
		for _, address := range f.freeMailInBody() {
			if re == nil || f.match(re, address) {
				return 1
			}
		}
		return 0
	}, nil
}

// bindFreeMailReplyTo asks whether answers go to another free mail address than the author's, or than one in the text.
// 'reply' takes the author for who is answered, where there is no Reply-To.
func bindFreeMailReplyTo(args []string, _ *Settings) (Check, error) {
	what := "replyto"
	if len(args) > 0 {
		what = args[0]
	}
	if what != "replyto" && what != "reply" {
		return nil, errors.New("wants 'replyto', 'reply' or nothing")
	}
	return func(f *Facts) int {
		return hits(f.Settings.freeMail.available() && f.answersGoElsewhere(what == "reply"))
	}, nil
}

func (f *Facts) answersGoElsewhere(toAuthor bool) bool {
	if sender, known := f.fieldText("EnvelopeFrom", 0); known && !f.Settings.freeMail.keepBulkSenders && isBulkSender(sender) {
		return false
	}
	authors, answered := lowered(f.addresses("From", 0)), lowered(f.addresses("Reply-To", 0))
	byFree, toFree := f.anyFreeMail(authors, nil), f.anyFreeMail(answered, nil)
	if byFree && toFree && !overlap(authors, answered) {
		return true
	}
	if !toFree && (!toAuthor || len(answered) > 0) || toAuthor && !byFree {
		return false
	}
	if !toFree {
		answered = authors
	}
	for _, inBody := range f.freeMailInBody() {
		for _, address := range answered {
			if inBody != address {
				return true
			}
		}
	}
	return false
}

func lowered(list []string) []string {
	low := make([]string, len(list))
	for i, s := range list {
		low[i] = strings.ToLower(s)
	}
	return low
}

func overlap(a, b []string) bool {
	for _, s := range a {
		if contains(b, s) {
			return true
		}
	}
	return false
}
