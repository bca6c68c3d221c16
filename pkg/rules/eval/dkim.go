package eval

import (
	"slices"
	"strings"

	"winnow/pkg/message"
)

// The functions of SpamAssassin's DKIM: signatures, which of them are valid, and whose they are.

var dkimFunctions = slices.Concat(
	calledBy(FullRules, []Function{
		signedBy("check_dkim_signed", false, false),
		signedBy("check_dkim_valid", true, false),
		signedBy("check_dkim_valid_author_sig", true, true),
		proven("check_dkim_valid_envelopefrom", validForSender),
		proven("check_dkim_dependable", func(f *Facts) bool { return f.Identity != nil && !f.Message.BodyCut }),
		arc("check_arc_signed", func(a *message.ARC) bool { return a.Sealer != "" }),
		arc("check_arc_valid", func(a *message.ARC) bool { return a.Result == message.AuthPass }),
	}),
	calledBy(HeaderRules, []Function{
		proven("check_dkim_testing", func(f *Facts) bool {
			return slices.ContainsFunc(f.signatures(), func(s message.Signature) bool { return s.Testing })
		}),
		asks("check_dkim_adsp", bindADSP),
		proven("check_for_dkim_welcomelist_from", welcomedByDKIM("welcomelist_from_dkim", "welcomelist_auth")),
		proven("check_for_dkim_whitelist_from", welcomedByDKIM("welcomelist_from_dkim", "welcomelist_auth")),
		proven("check_for_def_dkim_welcomelist_from", welcomedByDKIM("def_welcomelist_from_dkim", "def_welcomelist_auth")),
		proven("check_for_def_dkim_whitelist_from", welcomedByDKIM("def_welcomelist_from_dkim", "def_welcomelist_auth")),
	}),
	calledBy(AnyRules, []Function{
		signedBy("check_dkim_verified", true, false),
		asks("check_dkim_signall", func(_ []string, flags RuleFlags, s *Settings) (*Plan, error) {
			return bindADSP([]string{"A"}, flags, s)
		}),
		simple("check_dkim_signsome", never),
	}),
)

// signedBy looks for signatures: valid ones, the author's own, of the domains in the arguments.
func signedBy(name string, valid, author bool) Function {
	return Function{Name: name, Net: true, Identity: true, Bind: func(args []string, _ *Settings) (Check, error) {
		return func(f *Facts) int { return hits(f.hasSignature(valid, author, args)) }, nil
	}}
}

func arc(name string, found func(*message.ARC) bool) Function {
	return Function{Name: name, Net: true, Identity: true, Bind: func(args []string, _ *Settings) (Check, error) {
		return func(f *Facts) int {
			return hits(f.Identity != nil && len(args) == 0 && found(&f.Identity.ARC)) // SpamAssassin compares no domains
		}, nil
	}}
}

func (f *Facts) signatures() []message.Signature {
	if f.Identity == nil {
		return nil
	}
	return f.Identity.DKIM
}

// isValid tells whether a signature passed, by what SpamAssassin asks of one.
func isValid(s *message.Signature) bool { return s.Result == message.AuthPass }

// signer is the domain that answers for a signature: that of i=, else d=.
func signer(s *message.Signature) string {
	if _, domain, found := strings.Cut(s.Agent, "@"); found && domain != "" {
		return strings.ToLower(domain)
	}
	return s.Domain
}

func (f *Facts) hasSignature(valid, author bool, domains []string) bool {
	all := f.signatures()
	for i := range all {
		s := &all[i]
		by := signer(s)
		switch {
		case valid && !isValid(s):
		case author && !contains(f.authorDomains(), by):
		case len(domains) == 0 && (by != "" || !author),
			slices.ContainsFunc(domains, func(domain string) bool { return isOfDomain(by, domain) }):
			return true
		}
	}
	return false
}

// isOfDomain compares a name with a domain, or, where that begins with "*." or a dot, with all that lies below it, too.
func isOfDomain(name, domain string) bool {
	domain = strings.ToLower(domain)
	if rest, found := strings.CutPrefix(strings.TrimPrefix(domain, "*"), "."); found {
		return name == rest || strings.HasSuffix(name, "."+rest)
	}
	return name == domain
}

// authors is the addresses of the From field.
func (f *Facts) authors() []string { return f.addresses("From", 0) }

// authorDomains is their domains, in lower case.
func (f *Facts) authorDomains() []string {
	var all []string
	for _, author := range f.authors() {
		if at := strings.LastIndexByte(author, '@'); at >= 0 {
			if domain := strings.ToLower(strings.TrimRight(author[at+1:], " \t")); domain != "" {
				all = append(all, domain)
			}
		}
	}
	return unique(all)
}

func validForSender(f *Facts) bool {
	_, domain, found := strings.Cut(f.envelopeSender(), "@")
	return found && domain != "" && f.hasSignature(true, false, []string{strings.ToLower(domain)})
}

// welcomedByDKIM tells whether an author is in a list, and who must have signed has. A signature that leaves a part of the
// body or the subject to whoever likes proves nothing, which SpamAssassin does not ask.
func welcomedByDKIM(bySigner, byAuthor string) func(*Facts) bool {
	return func(f *Facts) bool {
		var valid []string
		all := f.signatures()
		for i := range all {
			if by := signer(&all[i]); isValid(&all[i]) && !all[i].Partial && !all[i].Retitled && by != "" {
				valid = append(valid, by)
			}
		}
		if len(valid) == 0 {
			return false
		}
		for _, author := range f.authors() {
			if f.isWelcomeSigned(strings.ToLower(author), valid, bySigner, byAuthor) {
				return true
			}
		}
		return false
	}
}

// isWelcomeSigned looks for an author in two lists: one that names signers, and one whose signer is the author's domain.
func (f *Facts) isWelcomeSigned(author string, signers []string, bySigner, byAuthor string) bool {
	own := author[strings.LastIndexByte(author, '@')+1:]
	if set := f.Settings.lists.named[byAuthor]; set != nil && contains(signers, own) && set.has(author) {
		return true
	}
	for pattern, wanted := range f.Settings.lists.signed[bySigner] {
		if !glob(pattern).match(author) {
			continue
		}
		for _, domain := range wanted {
			if domain == "" {
				domain = own
			}
			domain = domain[strings.LastIndexByte(domain, '@')+1:]
			below, onlyBelow := strings.CutPrefix(strings.TrimPrefix(domain, "*"), ".")
			if slices.ContainsFunc(signers, func(by string) bool {
				return by == domain || onlyBelow && strings.HasSuffix(by, "."+below)
			}) {
				return true
			}
		}
	}
	return false
}
