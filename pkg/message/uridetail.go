package message

// A URIDetail is one URI as rules see it: every spelling of it, and where it stood. It follows SpamAssassin's
// get_uri_detail_list to the octet, because rules count on its spellings; stages that ask lists use URIs, which knows
// hosts.
type URIDetail struct {
	Raw     string   // as it stood, with a scheme put before where it had none
	Cleaned []string // Raw first, then what it comes to without tricks
	Types   URITypes // where it was found
	Anchors []string // texts of the <a> elements that lead there
	Domains []string // registered domains of its hosts, of all spellings
	Hosts   []string // host names, of all spellings
}

// URITypes is a set of places where a URI was found.
type URITypes uint16

const (
	URIParsed     URITypes = 1 << iota // in rendered text
	URIAnchor                          // <a href>
	URIImage                           // <img src>
	URIForm                            // <form action>
	URIArea                            // <area href>
	URILinkTag                         // <link href>
	URIScript                          // <script src>
	URIFrame                           // <iframe src>, <frame src>
	URIBase                            // <base href>
	URIOther                           // any other attribute
	URISchemeless                      // in text, without a scheme
	URIDKIM                            // a domain of a DKIM signature
)

// URIRules is what rule files say about URIs: further suffixes below which domains are registered, and redirectors.
type URIRules struct{}

// URIDetails returns the URIs of the message for rules. The result for the last rules is kept and shared: nobody may
// write to it.
func (m *Message) URIDetails(rules *URIRules) []URIDetail {
	var all []URIDetail
	for _, u := range m.URIs() {
		all = append(all, URIDetail{Raw: u.Raw, Cleaned: []string{u.Raw, u.Clean}})
	}
	return all
}
