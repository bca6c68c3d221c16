package eval

import "winnow/pkg/message"

// coreSettings is what no plugin owns: networks, registry suffixes, redirectors.
type coreSettings struct {
	networks message.Networks // trusted_networks and relatives
	uris     message.URIRules // util_rb_*tld, redirector_pattern
}

// Networks says whose Received fields are believed.
func (s *Settings) Networks() *message.Networks { return &s.core.networks }

// URIRules is what rule files say about URIs.
func (s *Settings) URIRules() *message.URIRules { return &s.core.uris }

var coreDirectives = map[string]Directive{"ok_locales": setOKLocales}
