package eval

import (
	"errors"
	"slices"
	"strings"

	"winnow/pkg/message"
)

// bindHashedMail asks about the mail addresses in a message: a zone, options, where to look for them, what the answer must
// be, and a list of domains (hashbl_acl_NAME) that alone are asked about.
func bindHashedMail(args []string, _ RuleFlags, s *Settings) (*Plan, error) {
	c, err := parseHash(s, arg(args, 0), arg(args, 1), "sha1/notag/noquote/max=10/shuffle", arg(args, 3))
	if err != nil {
		return nil, err
	}
	places, access := arg(args, 2), strings.ToLower(arg(args, 4))
	if places == "" {
		places = "ALLFROM/Reply-To/body"
	}
	if access != "" && access != "all" && s.hashes.access[access] == nil {
		return nil, errors.New("there is no line " + accessPrefix + access)
	}
	return c.plan(func(f *Facts, a *Asking) {
		var values []string
		own := f.ownReceivers()
		for _, address := range f.hashedMail(c, places, access) {
			if own[address] {
				continue
			}
			if value := c.mailValue(f, address, access == ""); value != "" {
				values = append(values, value)
			}
		}
		c.ask(f, a, values, false)
	}), nil
}

// hashedMail finds addresses in fields and in the text.
func (f *Facts) hashedMail(c *hashCall, places, access string) []string {
	var all []string
	for place := range strings.SplitSeq(places, "/") {
		for _, address := range f.mailIn(c, strings.TrimSpace(place)) {
			at := strings.LastIndexByte(address, '@')
			if at < 0 || at == len(address)-1 {
				continue
			}
			domain := address[at+1:]
			if alias, found := f.Settings.hashes.aliases[strings.ToLower(domain)]; found {
				domain = alias
				address = address[:at+1] + domain
			}
			if access == "" || access == "all" || f.Settings.hashes.access[access][domain] {
				all = append(all, address)
			}
		}
	}
	return unique(all)
}

// mailIn finds the addresses in one place: ALLFROM, ALL, body, or a field.
func (f *Facts) mailIn(c *hashCall, place string) []string {
	switch place {
	case "ALLFROM":
		return f.allSenders()
	case "body":
		var all []string
		for _, uri := range f.uris() {
			if uri.Types&message.URIAnchor != 0 && uri.Types&message.URIParsed == 0 && isMailto(uri.Raw) {
				all = append(all, f.mailInText(uri.Raw[len("mailto:"):])...)
			}
			if len(all) > maxFound {
				break
			}
		}
		for _, line := range f.Message.BodyLines() {
			if strings.IndexByte(line, '@') < 0 {
				continue
			}
			if c.has("nouri") {
				line = withoutMailURIs(line)
			}
			if c.has("noquote") {
				line = withoutQuotedMail(f.Settings.URIRules(), line)
			}
			all = append(all, f.mailInText(line)...)
			if len(all) > maxFound {
				break
			}
		}
		return unique(all)
	}
	name, mods, _ := strings.Cut(place, ":")
	mod := message.HeaderMod(0)
	if slices.Contains(strings.Split(mods, ":"), "addr") {
		mod |= message.HeaderAddr
	}
	text, _ := f.fieldText(name, mod)
	return unique(f.mailInText(text))
}

// mailInText finds the addresses in a text.
func (f *Facts) mailInText(text string) []string {
	var all []string
	own, rules := f.Settings.hashes.mail, f.Settings.URIRules()
	for pos := 0; pos <= len(text) && len(all) < maxFound; {
		start, end, ok := 0, 0, false
		if own == nil {
			start, end, ok = findMail(rules, text, pos)
		} else {
			start, end, ok = f.machine.Find(own, text, pos)
		}
		if !ok {
			break
		}
		found := text[start:end]
		if own != nil {
			if group, ok := f.machine.Group(1); ok {
				found = strings.Clone(group)
			}
		}
		all = append(all, found)
		pos = max(end, start+1)
	}
	return all
}

// mailValue is what a list is asked for about an address, "" where nobody would list it.
func (c *hashCall) mailValue(f *Facts, address string, skips bool) string {
	at := strings.LastIndexByte(address, '@')
	user, domain := address[:at], address[at+1:]
	if f.isRole(address) || skips && f.skipsAny([]string{strings.ToLower(domain)}) {
		return ""
	}
	if c.has("nodot") {
		user = strings.ReplaceAll(user, ".", "")
	}
	if c.has("notag") {
		user, _, _ = strings.Cut(user, "+")
	}
	value := user + "@" + domain
	switch {
	case c.has("domain"):
		value = f.registered(domain)
	case c.has("host"):
		value = domain
	case c.has("user"):
		value = user
	}
	if !c.has("case") {
		value = strings.ToLower(value)
	}
	return value
}

// ownReceivers is whom our own host has named as recipients, in lower case.
func (f *Facts) ownReceivers() map[string]bool {
	all := map[string]bool{}
	for _, name := range [...]string{"X-Original-To", "Apparently-To", "Delivered-To", "Envelope-To"} {
		for _, address := range f.addresses(name, 0) {
			all[strings.ToLower(address)] = true
		}
	}
	return all
}

// roles are local parts that are nobody's own, and of which no list would have one.
var roles = [...]string{"abuse", "support", "sales", "info", "helpdesk", "contact", "kontakt", "postmaster", "hostmaster", "domainmaster"}

// isRole tells whether an address is a role's, or one that a mail program made up.
func (f *Facts) isRole(address string) bool {
	if welcome := f.Settings.hashes.welcome; welcome != nil {
		return f.match(welcome, address)
	}
	user, _, _ := strings.Cut(strings.ToLower(address), "@")
	switch id, isRequest := strings.CutPrefix(user, "request-"); {
	case slices.Contains(roles[:], user), strings.HasPrefix(user, "undisclosed"), user == "bounce-", user == "bounced-":
		return true
	case isRequest && len(id) == 16 && isHexDigits(id):
		return true
	}
	return isMailID(user) || strings.Count(strings.Trim(user, "="), "=") > 1
}

func isHexDigits(text string) bool { return text != "" && strings.Trim(text, "0123456789abcdef") == "" }

// isMailID tells of two words of eight hexadecimal digits with a dot, and of a UUID.
func isMailID(user string) bool {
	if first, second, found := strings.Cut(user, "."); found {
		return len(first) == 8 && len(second) == 8 && isHexDigits(first) && isHexDigits(second)
	}
	words := strings.Split(user, "-")
	sizes := [...]int{8, 4, 4, 4, 12}
	if len(words) != len(sizes) {
		return false
	}
	for i, word := range words {
		if len(word) != sizes[i] || !isHexDigits(word) {
			return false
		}
	}
	return true
}
