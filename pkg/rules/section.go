package rules

import (
	"strings"
	"unsafe"

	"winnow/pkg/message"
	"winnow/pkg/rules/eval"
	"winnow/pkg/rules/pattern"
)

// A section is a text of the message, or several of one kind, and where the patterns of the rules that look at it may
// match.
type section struct {
	made    bool
	ready   bool // it was made to the end
	present bool // of a field: there is one
	texts   []string
	spots   pattern.Spots
	single  [1]string // memory of texts
}

// section returns the text that rules are matched against. It is looked through once for all of them.
func (r *run) section(i int) *section {
	s := &r.sections[i]
	if s.made {
		return s
	}
	s.made = true
	switch key := r.set.sections[i]; key.kind {
	case Header:
		if s.single[0], s.present = r.header(key.name, key.mod); s.present {
			s.texts = s.single[:]
		}
	case MIMEHeader:
		s.texts = mimeTexts(r.facts.Entities(), key.name, key.mod)
	case Body:
		s.texts = r.facts.BodyLines()
	case RawBody:
		s.texts = r.facts.RawBody()
	case Full:
		if full := r.facts.Full(); len(full) > 0 { // nobody writes to it
			s.single[0] = unsafe.String(&full[0], len(full))
		}
		s.texts = s.single[:]
	case URI:
		s.texts = uriTexts(r.linkDetails())
	}
	s.spots.Scan(r.set.finders[i], s.texts)
	r.ruleOut(i, s)
	s.ready = true
	r.over = r.over || r.ctx.Err() != nil // texts can take long to derive
	return s
}

// may tells whether the pattern of a rule, which is in that slot of the finder, may match.
func (s *section) may(rule *Rule, slot int) bool {
	switch {
	case rule.Type == Header && !s.present:
		return rule.unsetHits
	case rule.Type == MIMEHeader && (rule.header.not || rule.header.unset != "" || rule.Flags.Concat):
		return true // it looks at other texts than these
	}
	return s.spots.May(slot)
}

// forget drops the message, and keeps memory for the next one.
func (s *section) forget() {
	if !s.made {
		return
	}
	s.spots.Forget()
	s.made, s.ready, s.present, s.texts, s.single[0] = false, false, false, nil, ""
}

// header returns a field, or what a pseudo header stands for.
func (r *run) header(name string, mod message.HeaderMod) (string, bool) {
	rules := r.set.settings.URIRules()
	if message.IsRelayHeader(name) {
		return r.facts.RelayText(rules, name, mod, r.set.settings.Networks())
	}
	text, found := r.facts.HeaderTextBy(rules, name, mod)
	if !found && strings.EqualFold(name, eval.LanguagesHeader) {
		if facts := r.evalFacts(); facts != nil {
			return facts.Languages()
		}
	}
	return text, found
}

// uriTexts returns every spelling of the URIs, none twice.
func uriTexts(uris []message.URIDetail) []string {
	texts := make([]string, 0, 2*len(uris))
	seen := make(map[string]bool, 2*len(uris))
	for i := range uris {
		for _, text := range uris[i].Cleaned {
			if !seen[text] {
				seen[text] = true
				texts = append(texts, text)
			}
		}
	}
	return texts
}
