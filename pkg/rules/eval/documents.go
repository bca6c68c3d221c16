package eval

import (
	"slices"

	"winnow/pkg/message"
)

// UseDocuments lets rules see the URIs in documents that a message has attached, where plugins are loaded that read those.
func (s *Settings) UseDocuments(plugins *Plugins) {
	pdf, office := plugins.Loaded(prefix+"PDFInfo"), plugins.Loaded(prefix+"OLEVBMacro")
	if !pdf && !office {
		return
	}
	s.core.uris.More = func(m *message.Message) []string {
		f := NewFacts(m, s)
		var links []string
		if pdf {
			links = f.pdfs().links
		}
		if office {
			links = slices.Concat(links, f.office().links)
		}
		return links
	}
}
