package eval

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"winnow/pkg/dns"
	"winnow/pkg/message"
	"winnow/pkg/rules/pattern"
)

// The functions of SpamAssassin's HashBL: lists that are asked about digests of mail addresses, links, attachments and
// whatever a pattern finds. The digests are what their lists want, not what keeps anything safe.

var hashFunctions = slices.Concat(
	calledBy(HeaderRules, []Function{
		asks("check_hashbl_emails", bindHashedMail),
		asks("check_hashbl_uris", bindHashedURIs),
		asks("check_hashbl_tag", bindHashedTag),
	}),
	calledBy(BodyRules, []Function{
		{Name: "check_hashbl_bodyre", Net: true, Plan: bindHashedBody},
		asks("check_hashbl_attachments", bindHashedParts),
	}),
)

// hashSettings is what rule files say of what is hashed.
type hashSettings struct {
	ignore  map[string]bool            // texts, digests, types and names of attachments, in lower case
	aliases map[string]string          // domains that stand for others
	access  map[string]map[string]bool // hashbl_acl_*: by name, the domains that are asked about
	mail    *pattern.Pattern           // hashbl_email_regex; nil for our own search
	welcome *pattern.Pattern           // hashbl_email_welcomelist; nil for the usual
}

var hashDirectives = map[string]Directive{
	"hashbl_ignore": func(s *Settings, value string) error {
		words := strings.Fields(strings.ToLower(value))
		if len(words) == 0 {
			return errors.New("wants texts, digests, types or names of files")
		}
		if s.hashes.ignore == nil {
			s.hashes.ignore = map[string]bool{}
		}
		for _, word := range words {
			s.hashes.ignore[word] = true
		}
		return nil
	},
	"hashbl_email_domain_alias": func(s *Settings, value string) error {
		words := strings.Fields(strings.ToLower(value))
		if len(words) < 2 || strings.Contains(value, "@") {
			return errors.New("wants a domain, and others that stand for it")
		}
		if s.hashes.aliases == nil {
			s.hashes.aliases = map[string]string{}
		}
		for _, alias := range words[1:] {
			s.hashes.aliases[alias] = words[0]
		}
		return nil
	},
	"hashbl_email_regex": func(s *Settings, value string) (err error) {
		s.hashes.mail, err = s.countRegex(pattern.CompileGroups(value, ""))
		return err
	},
	"hashbl_email_welcomelist": hashWelcome,
	"hashbl_email_whitelist":   hashWelcome,
}

func hashWelcome(s *Settings, value string) (err error) {
	s.hashes.welcome, err = s.bareRegex(value, "")
	return err
}

// accessPrefix is what the directives begin with that say about which domains a rule asks.
const accessPrefix = "hashbl_acl_"

var accessSyntax = regexp.MustCompile(`^[a-z0-9]{1,32}$`)

// accessDirective returns what takes a line hashbl_acl_NAME, nil where the key is none.
func accessDirective(key string) Directive {
	name, found := strings.CutPrefix(key, accessPrefix)
	if !found || !accessSyntax.MatchString(name) {
		return nil
	}
	return func(s *Settings, value string) error {
		if s.hashes.access == nil {
			s.hashes.access = map[string]map[string]bool{}
		}
		if s.hashes.access[name] == nil {
			s.hashes.access[name] = map[string]bool{}
		}
		for word := range strings.FieldsSeq(strings.ToLower(value)) {
			domain, excepted := strings.CutPrefix(word, "!")
			if _, said := s.hashes.access[name][domain]; excepted || !said && name != "all" {
				s.hashes.access[name][domain] = !excepted
			}
		}
		return nil
	}
}

// A hashCall is what the arguments of such a function say.
type hashCall struct {
	zone    string
	kind    dns.Type
	options map[string]string
	test    Test
}

// maxHashes is how many digests a list is asked about for one rule, where it says nothing else, and at most.
const (
	maxHashes    = 10
	mostHashes   = 100
	hashDefaults = "sha1/max=10/shuffle"
)

// parseHash reads a zone, options and, last, what the answer must be.
func parseHash(s *Settings, list, options, defaults, sub string) (*hashCall, error) {
	c := &hashCall{kind: dns.A, options: map[string]string{}}
	if at := strings.LastIndexByte(list, '/'); at >= 0 {
		switch strings.ToUpper(list[at+1:]) {
		case "A":
		case "TXT":
			c.kind = dns.TXT
		default:
			return nil, fmt.Errorf("%q: lists are asked for A or TXT", list)
		}
		list = list[:at]
	}
	var err error
	if c.zone, err = zoneOfText(list); err != nil {
		return nil, err
	}
	if options == "" {
		options = defaults
	}
	for option := range strings.SplitSeq(strings.ToLower(options), "/") {
		name, value, _ := strings.Cut(strings.TrimSpace(option), "=")
		c.options[name] = value
	}
	if sub == "" {
		sub = `^127\.`
	}
	wanted, err := s.bareRegex(sub, "")
	if err != nil {
		return nil, err
	}
	c.test = anyRecord(func(f *Facts, _ dns.Type, record string) bool { return f.match(wanted, record) })
	return c, nil
}

func (c *hashCall) has(option string) bool {
	_, found := c.options[option]
	return found
}

// size is the number that an option has, 0 where it has none.
func (c *hashCall) size(option string) int {
	n, err := strconv.Atoi(c.options[option])
	if err != nil {
		return 0
	}
	return n
}

// digest is what a list is asked for.
func (c *hashCall) digest(value string) string {
	switch {
	case c.has("sha256"):
		return dns.SHA256.Of(value)
	case c.has("sha1"):
		return dns.SHA1.Of(value)
	case c.has("md5"):
		return dns.MD5.Of(value)
	}
	return value
}

// ask asks about values, each once. Of more than the rule wants the first ones are taken, or, where it wants chance, some
// that chance seems to have chosen: see Facts.lot.
func (c *hashCall) ask(f *Facts, a *Asking, values []string, hashed bool) {
	values = unique(values)
	if c.has("shuffle") {
		slices.SortStableFunc(values, func(x, y string) int {
			switch a, b := f.lot(x), f.lot(y); {
			case a < b:
				return -1
			case a > b:
				return 1
			}
			return 0
		})
	}
	most := maxHashes
	if n := c.size("max"); n > 0 {
		most = min(n, mostHashes)
	}
	ignore := f.Settings.hashes.ignore
	for _, value := range values[:min(most, len(values))] {
		digest := value
		if !hashed {
			if ignore[strings.ToLower(value)] {
				continue
			}
			digest = c.digest(value)
		}
		if !ignore[strings.ToLower(digest)] {
			a.Ask(c.zone, digest, c.kind, c.test)
		}
	}
}

func (c *hashCall) plan(ask func(f *Facts, a *Asking)) *Plan {
	return &Plan{Zones: []string{c.zone}, What: c.zone + " about digests", Ask: ask}
}

// arg is an argument that may be left out.
func arg(args []string, n int) string {
	if n < len(args) {
		return args[n]
	}
	return ""
}

// bindHashedURIs asks about links.
func bindHashedURIs(args []string, _ RuleFlags, s *Settings) (*Plan, error) {
	c, err := parseHash(s, arg(args, 0), arg(args, 1), hashDefaults, arg(args, 2))
	if err == nil && c.has("raw") {
		err = errors.New("raw is for other functions: links are hashed")
	}
	if err != nil {
		return nil, err
	}
	return c.plan(func(f *Facts, a *Asking) {
		var values []string
		uris := f.uris()
		for i := range uris {
			u := &uris[i]
			if isMailto(u.Raw) || len(u.Hosts) == 0 || u.Types&(message.URIAnchor|message.URIParsed) == 0 || f.skipsAny(u.Hosts) {
				continue
			}
			for _, text := range u.Cleaned {
				if !c.has("case") {
					text = strings.ToLower(text)
				}
				values = append(values, text)
			}
		}
		c.ask(f, a, values, false)
	}), nil
}

// skipsAny tells whether a host is of those that no list is asked about.
func (f *Facts) skipsAny(hosts []string) bool {
	return slices.ContainsFunc(hosts, func(host string) bool {
		return f.Settings.uriLists.skip[host] || f.Settings.uriLists.skip[f.registered(host)]
	})
}

// bindHashedBody asks about what the first group of a pattern finds in the text.
func bindHashedBody(args []string, flags RuleFlags, s *Settings) (*Plan, error) {
	if arg(args, 2) == "" {
		return nil, errors.New("wants a zone, options and a pattern, and may have what the answer must be")
	}
	c, err := parseHash(s, args[0], args[1], hashDefaults, arg(args, 3))
	if err != nil {
		return nil, err
	}
	p, err := s.countRegex(pattern.CompileGroups(args[2], "s"))
	if err != nil {
		return nil, err
	}
	return c.plan(func(f *Facts, a *Asking) {
		texts := f.Message.BodyLines()
		if flags.RawBody {
			texts = f.Message.RawBody()
		}
		c.ask(f, a, c.foundIn(f, p, texts), false)
	}), nil
}

// maxFound is how many texts a pattern finds at most.
const maxFound = 1_000

func (c *hashCall) foundIn(f *Facts, p *pattern.Pattern, texts []string) []string {
	var found []string
	for _, text := range texts {
		for pos := 0; pos <= len(text) && len(found) < maxFound; {
			start, end, ok := f.machine.Find(p, text, pos)
			if !ok {
				break
			}
			if value, ok := f.machine.Group(1); ok {
				if value = c.shaped(value); value != "" {
					found = append(found, strings.Clone(value))
				}
			}
			pos = max(end, start+1)
		}
	}
	return found
}

// shaped is a value as the options want it: in lower case, or its digits alone.
func (c *hashCall) shaped(value string) string {
	if !c.has("case") {
		value = strings.ToLower(value)
	}
	if c.has("num") {
		value = strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, value)
	}
	return value
}

// bindHashedParts asks about attachments.
func bindHashedParts(args []string, _ RuleFlags, s *Settings) (*Plan, error) {
	c, err := parseHash(s, arg(args, 0), arg(args, 1), hashDefaults, arg(args, 2))
	if err == nil && c.has("raw") {
		err = errors.New("raw is for other functions: attachments are hashed")
	}
	if err != nil {
		return nil, err
	}
	least, most := c.size("minsize"), c.size("maxsize")
	return c.plan(func(f *Facts, a *Asking) {
		ignore := f.Settings.hashes.ignore
		var digests []string
		for _, part := range f.Message.Parts() {
			size := len(part.Data)
			if size == 0 || ignore[part.ContentType().Type] || ignore[strings.ToLower(part.FileName)] || least > 0 && size < least || most > 0 && size > most {
				continue
			}
			digests = append(digests, c.digest(string(part.Data)))
		}
		c.ask(f, a, digests, true)
	}), nil
}

// bindHashedTag asks about the values of a tag, such as URIDOMAINS. The rules' engine knows what those are: see Facts.Tag.
func bindHashedTag(args []string, _ RuleFlags, s *Settings) (*Plan, error) {
	name := strings.ToUpper(strings.TrimSuffix(strings.TrimPrefix(arg(args, 2), "_"), "_"))
	if name == "" {
		return nil, errors.New("wants a zone, options and a tag, and may have what the answer must be")
	}
	c, err := parseHash(s, args[0], args[1], hashDefaults, arg(args, 3))
	if err != nil {
		return nil, err
	}
	return c.plan(func(f *Facts, a *Asking) {
		if f.Tag == nil {
			return
		}
		var values []string
		for _, value := range f.Tag(name) {
			if value = c.tagValue(f, value); value != "" {
				values = append(values, value)
			}
		}
		c.ask(f, a, values, false)
	}), nil
}

// tagValue is a tag's value as the options want it, "" where they do not want it.
func (c *hashCall) tagValue(f *Facts, value string) string {
	if !c.has("case") {
		value = strings.ToLower(value)
	}
	addr, err := message.ParseAddr(value)
	isAddr := err == nil
	switch {
	case c.has("ip") && !isAddr, c.has("ipv4") && !(isAddr && addr.Is4()), c.has("ipv6") && !(isAddr && addr.Is6()):
		return ""
	case isAddr && c.has("revip"):
		return message.Reversed(addr)
	case isAddr:
		return value
	}
	host := ASCII(value)
	valid := message.IsFQDN(host)
	trim := c.has("trim")
	switch {
	case (c.has("fqdn") || trim) && !valid, (c.has("tld") || trim) && !f.hasKnownSuffix(value), valid && f.skipsAny([]string{strings.ToLower(value)}):
		return ""
	case trim:
		return f.registered(value)
	}
	return value
}
