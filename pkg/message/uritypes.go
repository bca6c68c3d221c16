package message

// uriTypeNames are SpamAssassin's words for the places where a URI was found, in the order of their bits.
var uriTypeNames = [...]string{"parsed", "a", "img", "form", "area", "link", "script", "iframe", "base", "other", "schemeless", "domainkeys"}

// Names returns the places as rules write them: elements of HTML by their names, parsed, schemeless, domainkeys.
func (t URITypes) Names() []string {
	var names []string
	for i, name := range uriTypeNames {
		if t&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}
