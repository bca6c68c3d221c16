package eval

import (
	"errors"
	"fmt"
	"strings"

	"winnow/pkg/message"
	"winnow/pkg/rules/pattern"
)

// coreSettings is what no plugin owns: networks, registry suffixes, redirectors.
type coreSettings struct {
	networks message.Networks // trusted_networks and relatives
	uris     message.URIRules // util_rb_*tld, parse_dkim_uris

	redirectors []*pattern.Pattern // redirector_pattern
	pdf, office bool               // links in such documents are URIs of the message
}

// Networks says whose Received fields are believed.
func (s *Settings) Networks() *message.Networks { return &s.core.networks }

// URIRules is what rule files say about URIs. Those of a message want Facts.URIRules.
func (s *Settings) URIRules() *message.URIRules { return &s.core.uris }

var coreDirectives = map[string]Directive{
	"ok_locales":         setOKLocales,
	"util_rb_tld":        addSuffixes(1),
	"util_rb_2tld":       addSuffixes(2),
	"util_rb_3tld":       addSuffixes(3),
	"util_rb_4tld":       addSuffixes(4),
	"clear_util_rb":      clearSuffixes,
	"redirector_pattern": addRedirector,
	"parse_dkim_uris":    setParseDKIM,
}

// setParseDKIM says whether the domains of DKIM signatures are among the URIs.
func setParseDKIM(s *Settings, value string) error {
	switch strings.ToLower(value) {
	case "1", "yes":
		s.core.uris.NoSigners = false
	case "0", "no":
		s.core.uris.NoSigners = true
	default:
		return errors.New("wants 1 or 0")
	}
	return nil
}

// addSuffixes takes suffixes of so many labels below which domains are registered.
func addSuffixes(labels int) Directive {
	return func(s *Settings, value string) error {
		suffixes := strings.Fields(value)
		if len(suffixes) == 0 {
			return errors.New("wants a suffix, such as co.uk")
		}
		for _, suffix := range suffixes {
			if strings.Count(suffix, ".")+1 != labels || strings.HasPrefix(suffix, ".") || strings.HasSuffix(suffix, ".") || strings.Contains(suffix, "..") {
				return fmt.Errorf("%s does not have %d labels", suffix, labels)
			}
		}
		for _, suffix := range suffixes {
			s.core.uris.AddSuffix(suffix)
		}
		return nil
	}
}

func clearSuffixes(s *Settings, value string) error {
	if value != "" {
		return errors.New("wants nothing behind it")
	}
	s.core.uris.ClearSuffixes()
	return nil
}

// maxRedirectors is how many redirector_patterns there may be: every URI is held against all of them. The stock rules have 15.
const maxRedirectors = 200

// addRedirector takes a pattern for URIs that lead on to another, which its first group holds.
func addRedirector(s *Settings, value string) error {
	if len(s.core.redirectors) >= maxRedirectors {
		return fmt.Errorf("there are more than %d: this one is left out", maxRedirectors)
	}
	source, flags, err := cutDelimiters(strings.TrimSpace(value))
	if err != nil {
		return err
	}
	p, err := s.countRegex(pattern.CompileGroups(source, flags))
	if err != nil {
		return err
	}
	s.core.redirectors = append(s.core.redirectors, p)
	return nil
}
