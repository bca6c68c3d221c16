package message

import (
	"slices"
	"sync/atomic"
)

// A URIDetail is one URI as rules see it: every spelling of it, and where it stood. It follows SpamAssassin's
// get_uri_detail_list to the octet, because rules count on its spellings; stages that ask lists use URIs, which knows
// hosts. The two have a scanner each, for they want different things: rules what SpamAssassin's regular expression finds,
// lists every host that some mail program makes a link to.
type URIDetail struct {
	Raw     string   // as it stood, with a scheme put before where it had none
	Cleaned []string // Raw first, then what it comes to without tricks
	Types   URITypes // where it was found
	Anchors []string // texts of the <a> elements that lead there, none twice
	Domains []string // registered domains of its hosts, of all spellings
	Hosts   []string // host names, of all spellings
}

// URIDetails returns the URIs of the message for rules. The result for the last rules is kept and shared: nobody may
// write to it.
func (m *Message) URIDetails(rules *URIRules) []URIDetail { return m.uriDetails(rules).all }

// URITruncated tells whether a URI was longer than MaxURILength.
func (m *Message) URITruncated(rules *URIRules) bool { return m.uriDetails(rules).truncated }

func (m *Message) uriDetails(rules *URIRules) *uriDetails {
	if kept := m.derived.details.Load(); kept != nil && kept.rules == rules {
		return kept
	}
	d := &uriDetails{rules: rules, index: make(map[string]int)}
	s := textScanner{rules: rules, details: d, seen: make(map[string]bool)}
	for _, line := range m.BodyLines() {
		s.line(line)
	}
	for _, h := range m.HTML() {
		d.addPage(h)
	}
	d.addSigners(m)
	if rules.More != nil {
		for _, uri := range rules.More() {
			d.add(uri, URIParsed, false, false)
		}
	}
	m.derived.details.Store(d)
	return d
}

// keptDetails is what was found for the last rules.
type keptDetails = atomic.Pointer[uriDetails]

// uriDetails collects URIs.
type uriDetails struct {
	rules     *URIRules
	all       []URIDetail
	index     map[string]int // where each Raw is in all
	truncated bool
	octets    int // of all spellings
}

// addPage adds the URIs of one part's HTML.
func (d *uriDetails) addPage(h *HTML) {
	d.truncated = d.truncated || h.Truncated
	for _, u := range h.URIs {
		types := u.Types
		if types == 0 {
			types = URIParsed
		}
		detail := d.add(h.octets(u.URI), types, h.wide, false)
		if detail == nil {
			continue
		}
		before := len(detail.Anchors)
		for _, text := range u.Anchors {
			if !slices.Contains(detail.Anchors[before:], text) && len(detail.Anchors) < MaxAnchors {
				detail.Anchors = append(detail.Anchors, text)
			}
		}
	}
}

// add adds a URI with all its spellings, and nothing where it must have a host that can exist and has none.
func (d *uriDetails) add(uri string, types URITypes, wide, mustExist bool) *URIDetail {
	at, known := d.index[uri]
	if !known && len(d.all) >= MaxDetails || d.octets > MaxURIBytes {
		return nil
	}
	found := URIDetail{Raw: uri}
	if known {
		found = d.all[at]
	}
	domains := 0
	for _, spelling := range d.rules.spellings(uri, wide) {
		if len(spelling) > MaxURILength {
			d.truncated = true
			spelling = spelling[:MaxURILength]
		}
		d.octets += len(spelling)
		found.Cleaned = addNew(found.Cleaned, spelling)
		if host, domain := d.rules.HostOf(spelling); host != "" {
			found.Domains, found.Hosts = addNew(found.Domains, domain), addNew(found.Hosts, host)
			domains++
		}
	}
	if mustExist && domains == 0 {
		return nil
	}
	found.Types |= types
	if known {
		d.all[at] = found
		return &d.all[at]
	}
	d.index[uri] = len(d.all)
	d.all = append(d.all, found)
	return &d.all[len(d.all)-1]
}

// addNew adds s unless it is there already.
func addNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// HTML returns what was found in the text/html parts, in the order they stood in. They are shared: nobody may write to
// them.
func (m *Message) HTML() []*HTML {
	return m.derived.html.get(func() []*HTML {
		var all []*HTML
		for _, p := range m.Parts() {
			if h := p.HTML(); h != nil {
				all = append(all, h)
			}
		}
		return all
	})
}
