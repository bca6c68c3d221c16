package message

// URITypes is a set of places where a URI was found.
type URITypes uint32

// The elements are those that name a URI: <a href>, <img src>, <body background> and so on.
const (
	URIParsed URITypes = 1 << iota // in rendered text
	URIAnchor
	URIImage
	URIForm
	URIArea
	URILinkTag
	URIScript
	URIFrame
	URIIFrame
	URIBase
	URIEmbed
	URISound
	URIMeta
	URIBody
	URITable
	URIRow
	URICell
	URIUnlinked   // in text, and mail programs make no link of it
	URISchemeless // in text, without a scheme
	URIDKIM       // a domain of a DKIM signature
)

// uriTypeNames are SpamAssassin's words for the places where a URI was found, in the order of their bits.
var uriTypeNames = [...]string{
	"parsed", "a", "img", "form", "area", "link", "script", "frame", "iframe", "base", "embed", "bgsound", "meta",
	"body", "table", "tr", "td", "unlinked", "schemeless", "domainkeys",
}

// uriTypeOf returns the place that an element is, 0 for one that names no URI.
func uriTypeOf(element string) URITypes {
	for i, name := range uriTypeNames {
		if kind := URITypes(1) << i; name == element && kind != URIParsed && kind < URIUnlinked {
			return kind
		}
	}
	return 0
}

// Names returns the places as rules write them: elements of HTML by their names, parsed, unlinked, schemeless, domainkeys.
func (t URITypes) Names() []string {
	var names []string
	for i, name := range uriTypeNames {
		if t&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}
