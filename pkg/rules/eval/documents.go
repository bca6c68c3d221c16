package eval

import "slices"

// UseDocuments lets rules see the URIs in documents that a message has attached, where plugins are loaded that read those.
func (s *Settings) UseDocuments(plugins *Plugins) {
	s.core.pdf, s.core.office = plugins.Loaded(prefix+"PDFInfo"), plugins.Loaded(prefix+"OLEVBMacro")
}

// documentLinks returns those URIs. Functions ask for the same documents, which are read once.
func (f *Facts) documentLinks() []string {
	var links []string
	if f.Settings.core.pdf {
		links = f.pdfs().links
	}
	if f.Settings.core.office {
		links = slices.Concat(links, f.office().links)
	}
	return links
}
