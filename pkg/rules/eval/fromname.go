package eval

import (
	"errors"
	"strings"

	"winnow/pkg/message"
)

// fromNameSettings says how much of a name must be an address, and whose domains belong together.
type fromNameSettings struct {
	owners       map[string]*globSet // addresses, by owner
	extra        int                 // characters that may stand beside the address
	check        int                 // 0: any other address, 1: of another owner, 2: of another domain
	ignoreFields []string            // a message with such a field is not looked at
	ignoreSigned map[string]bool     // nor one that such a domain has signed
}

func newFromNameSettings() fromNameSettings { return fromNameSettings{extra: 50, check: 1} }

var fromNameFunctions = calledBy(HeaderRules, []Function{
	{Name: "check_fromname_spoof", Bind: bindSpoof},
	simple("check_fromname_different", func(f *Facts) bool { return f.spoofOf().address }),
	simple("check_fromname_domain_differ", func(f *Facts) bool { return f.spoofOf().domain }),
	simple("check_fromname_owners_differ", func(f *Facts) bool { return f.spoofOf().owner }),
	simple("check_fromname_contains_email", func(f *Facts) bool { return f.spoofOf().found }),
	simple("check_fromname_equals_to", func(f *Facts) bool { return f.spoofOf().isRecipient }),
	simple("check_fromname_equals_replyto", func(f *Facts) bool { return f.spoofOf().isReplyTo }),
})

var fromNameDirectives = map[string]Directive{
	"fns_add_addrlist":    addOwner,
	"fns_remove_addrlist": removeOwner,
	"fns_extrachars":      setNumber(func(s *Settings) *int { return &s.fromName.extra }),
	"fns_check":           setSpoofCheck,
	"fns_ignore_headers": func(s *Settings, value string) error {
		s.fromName.ignoreFields = append(s.fromName.ignoreFields, strings.Fields(value)...)
		return nil
	},
	"fns_ignore_dkim": func(s *Settings, value string) error {
		if s.fromName.ignoreSigned == nil {
			s.fromName.ignoreSigned = map[string]bool{}
		}
		for _, domain := range strings.Fields(strings.ToLower(value)) {
			s.fromName.ignoreSigned[domain] = true
		}
		return nil
	},
}

func setSpoofCheck(s *Settings, value string) error {
	if len(value) != 1 || value[0] < '0' || value[0] > '2' {
		return errors.New("wants 0, 1 or 2")
	}
	s.fromName.check = int(value[0] - '0')
	return nil
}

// addOwner reads "(owner) *@example.org".
func addOwner(s *Settings, value string) error {
	owner, addresses, found := cutListName(value)
	if !found {
		return errors.New("wants an owner in parentheses, and mail addresses behind it")
	}
	if s.fromName.owners == nil {
		s.fromName.owners = map[string]*globSet{}
	}
	owner = strings.ToLower(owner)
	if s.fromName.owners[owner] == nil {
		s.fromName.owners[owner] = &globSet{}
	}
	for _, address := range strings.Fields(strings.ToLower(addresses)) {
		s.fromName.owners[owner].add(address)
	}
	return nil
}

func removeOwner(s *Settings, value string) error {
	owner, addresses, found := cutListName(value)
	if !found {
		return errors.New("wants an owner in parentheses, and mail addresses behind it")
	}
	if set := s.fromName.owners[strings.ToLower(owner)]; set != nil {
		for _, address := range strings.Fields(strings.ToLower(addresses)) {
			set.remove(address)
		}
	}
	return nil
}

// spoof is what an author's name says that looks like a mail address, against his address.
type spoof struct {
	found                  bool // the name has an address in it
	address, domain, owner bool // it is another one, of another domain, of another owner
	isRecipient, isReplyTo bool
}

func bindSpoof(args []string, s *Settings) (Check, error) {
	level := s.fromName.check
	if len(args) > 0 && len(args[0]) == 1 && '0' <= args[0][0] && args[0][0] <= '2' {
		level = int(args[0][0] - '0')
	}
	return func(f *Facts) int {
		found := f.spoofOf()
		switch level {
		case 0:
			return hits(found.address)
		case 1:
			return hits(found.address && found.owner)
		}
		return hits(found.address && found.domain)
	}, nil
}

func (f *Facts) spoofOf() *spoof {
	if f.fromName == nil {
		f.fromName = f.findSpoof()
	}
	return f.fromName
}

func (f *Facts) findSpoof() *spoof {
	s := &f.Settings.fromName
	for _, name := range s.ignoreFields {
		if text := f.field(name, 0); text != "" && text != "0" {
			return &spoof{}
		}
	}
	author := strings.ToLower(f.author())
	domain, ok := f.mailDomain(author)
	if !ok {
		return &spoof{}
	}
	name := strings.ToLower(f.field("From", message.HeaderName))
	shown, ok := addressInName(name)
	if !ok {
		return &spoof{}
	}
	shownDomain, ok := f.mailDomain(shown)
	if !ok {
		return &spoof{}
	}
	if others := countOthers(name) - countOthers(shown); len(name)+others-len(shown) > s.extra {
		return &spoof{found: true}
	}
	return &spoof{
		found:       true,
		address:     shown != author,
		domain:      shownDomain != domain,
		owner:       s.ownerOf(shown, shownDomain) != s.ownerOf(author, domain),
		isReplyTo:   shown == strings.ToLower(f.field("Reply-To", message.HeaderAddr)),
		isRecipient: contains(f.allReceivers(), shown),
	}
}

// countOthers counts what is neither a letter nor a digit.
func countOthers(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 'a' || c > 'z') && !isDigit(c) {
			n++
		}
	}
	return n
}

// mailDomain returns the registered domain of an address, false where it has none that can be.
func (f *Facts) mailDomain(address string) (string, bool) {
	_, host, found := strings.Cut(address, "@")
	if !found || strings.Contains(host, "@") {
		return "", false
	}
	ascii, ok := message.HostASCII(host)
	if !ok || !strings.Contains(ascii, ".") || !f.Settings.URIRules().IsTopLevel(topLevel(ascii)) {
		return "", false
	}
	return f.registered(ascii), true
}

// addressInName finds a mail address in a name in lower case.
func addressInName(name string) (string, bool) {
	for pos := 0; ; {
		i := strings.IndexByte(name[pos:], '@')
		if i < 0 {
			return "", false
		}
		at := pos + i
		start := at
		for start > pos && (isMailByte(name[start-1]) || name[start-1] == '.') {
			start--
		}
		for start < at && !isEdge(name, start) {
			start++
		}
		if end, ok := nameHost(name, at+1); ok && start < at {
			return name[start:end], true
		}
		pos = at + 1
	}
}

// nameHost finds the end of the host name that begins at pos: a label, a dot, and two characters more.
func nameHost(s string, pos int) (end int, ok bool) {
	end = pos
	for end < len(s) && (isWordByte(s[end]) || s[end] == '-') {
		end++
	}
	if end == pos || s[pos] == '-' || end+1 >= len(s) || s[end] != '.' || !isWordByte(s[end+1]) {
		return 0, false
	}
	rest := end + 2
	end = rest
	for end < len(s) && (isWordByte(s[end]) || s[end] == '-' || s[end] == '.') {
		end++
	}
	return end, end > rest && isWordByte(s[end-1])
}

// ownerOf returns who an address belongs to: as rule files say, else the first label of its registered domain.
func (s *fromNameSettings) ownerOf(address, domain string) string {
	if owner, found := s.namedOwner(address); found {
		return owner
	}
	if local, host, found := strings.Cut(address, "@"); found && host != domain {
		if owner, found := s.namedOwner(local + "@" + domain); found {
			return owner
		}
	}
	first, _, _ := strings.Cut(domain, ".")
	return first
}

// namedOwner asks the lists, in the order of their names.
func (s *fromNameSettings) namedOwner(address string) (string, bool) {
	best, found := "", false
	for owner, set := range s.owners {
		if set.has(address) && (!found || owner < best) {
			best, found = owner, true
		}
	}
	return best, found
}
