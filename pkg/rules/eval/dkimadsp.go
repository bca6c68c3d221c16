package eval

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"winnow/pkg/dns"
	"winnow/pkg/message"
)

// Author Domain Signing Practices (RFC 5617) are history, but the rules about them say two things that still hold: the
// author's domain does not exist, and a domain that signs all its mail, by the word of the rule files, has not signed this.

// adspSettings is what rule files say of domains, over what these publish: the letter of a practice.
type adspSettings map[string]byte

var dkimDirectives = joined(dkimListDirectives, map[string]Directive{"adsp_override": overrideADSP})

var overrideSyntax = regexp.MustCompile(`(?i)^@?([*a-z0-9._-]+)(?:\s+(nxdomain|unknown|all|discardable|custom_low|custom_med|custom_high))?$`)

// overrideADSP reads "example.com custom_med".
func overrideADSP(s *Settings, value string) error {
	parts := overrideSyntax.FindStringSubmatch(strings.TrimSpace(value))
	if parts == nil {
		return errors.New("wants a domain and nxdomain, unknown, all, discardable, custom_low, custom_med or custom_high")
	}
	practice := map[string]byte{
		"": 'D', "nxdomain": 'N', "unknown": 'U', "all": 'A', "discardable": 'D', "custom_low": '1', "custom_med": '2', "custom_high": '3',
	}[strings.ToLower(parts[2])]
	if s.adsp == nil {
		s.adsp = adspSettings{}
	}
	s.adsp[strings.ToLower(parts[1])] = practice
	return nil
}

// of returns what rule files say of a domain: of itself, or of what it lies below.
func (a adspSettings) of(domain string) (byte, bool) {
	if practice, found := a[domain]; found {
		return practice, true
	}
	for rest := domain; ; {
		_, below, found := strings.Cut(rest, ".")
		if !found {
			break
		}
		if practice, found := a["*."+below]; found {
			return practice, true
		}
		rest = below
	}
	practice, found := a["*"]
	return practice, found
}

// bindADSP is for check_dkim_adsp: practices by their letters, and author domains that alone count.
func bindADSP(args []string, _ RuleFlags, _ *Settings) (*Plan, error) {
	if len(args) == 0 || strings.Trim(args[0], "NADU123*") != "" {
		return nil, fmt.Errorf("wants letters of N, A, D, U, 1, 2 and 3, or *, and may have domains")
	}
	letters := args[0]
	if letters == "*" {
		letters = "NAD123"
	}
	return &Plan{What: "the author's domain for its signing practices", Identity: true, Ask: func(f *Facts, a *Asking) {
		authors := f.authorDomains()
		if len(args) > 1 && !slices.ContainsFunc(authors, func(author string) bool {
			return slices.ContainsFunc(args[1:], func(domain string) bool { return isOfDomain(author, domain) })
		}) {
			return
		}
		for _, author := range authors {
			if adspDomain.MatchString(author) {
				askADSP(f, a, author, letters)
			}
		}
	}}, nil
}

var adspDomain = regexp.MustCompile(`(?i).\.[a-z-]{2,}$`)

// askADSP watches one author's domain. It is asked only where its owner has not signed the message.
func askADSP(f *Facts, a *Asking, author, letters string) {
	m := f.Message
	if practice, said := f.Settings.adsp.of(author); said {
		a.Decide(func(f *Facts) (string, bool) {
			return author + " has not signed", strings.IndexByte(letters, practice) >= 0 && f.Identity != nil && !hasAuthorSignature(f.Identity, author)
		})
		return
	}
	unsigned := func(f *Facts) bool { return f.Identity != nil && !hasAuthorSignature(f.Identity, author) }
	a.Later(func(ctx context.Context) {
		id := a.identify(ctx, m)
		if id == nil || hasAuthorSignature(id, author) {
			return
		}
		published := a.Ask("", "_adsp._domainkey."+author, dns.TXT, func(f *Facts, found *Lookup) (string, bool) {
			practice := publishedADSP(found)
			return author + " has not signed", practice != 0 && strings.IndexByte(letters, practice) >= 0 && unsigned(f)
		})
		a.Ask("", author, dns.MX, func(f *Facts, found *Lookup) (string, bool) {
			none := published == nil || published.Done && published.Err == nil && publishedADSP(published) == 0
			return author + " does not exist", none && found.Err == nil && found.Answer.NXDomain && strings.IndexByte(letters, 'N') >= 0 && unsigned(f)
		})
	})
}

// hasAuthorSignature tells whether the author's domain has signed, or may have: its key could not be had.
func hasAuthorSignature(id *message.Identity, author string) bool {
	return slices.ContainsFunc(id.DKIM, func(s message.Signature) bool {
		return signer(&s) == author && (isValid(&s) || s.Result == message.AuthTempError)
	})
}

// publishedADSP is the letter of what a domain publishes, 0 for nothing.
func publishedADSP(found *Lookup) byte {
	for _, text := range found.Answer.Texts {
		for tag := range strings.SplitSeq(text, ";") {
			name, value, _ := strings.Cut(tag, "=")
			if strings.TrimSpace(name) != "dkim" {
				continue
			}
			switch strings.TrimSpace(value) {
			case "all":
				return 'A'
			case "discardable", "strict":
				return 'D'
			}
			return 'U'
		}
	}
	return 0
}
