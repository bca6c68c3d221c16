package message

import "strings"

// The links of a page are what the lists are asked about: more than HTMLURI has, for browsers know more pairs of element
// and attribute than SpamAssassin, and a host in any of them counts.

// pageBase is what relative links begin with, "" before a base element.
type pageBase struct {
	scheme string // "http"
	host   string // "http://www.example.org"
	folder string // "http://www.example.org/shop/"
}

// isLinkAttribute tells of the attributes that hold a URI, whatever the tag.
func isLinkAttribute(name string) bool {
	switch name {
	case "href", "src", "action", "background", "formaction", "poster", "cite", "longdesc", "ping", "data-saferedirecturl", "xlink:href", "lowsrc", "dynsrc":
		return true
	}
	slash := strings.LastIndexByte(name, '/')
	return slash >= 0 && (name[slash:] == "/href" || name[slash:] == "/src")
}

// noteLinks notes where a tag leads.
func (r *htmlReader) noteLinks(tag string, attrs []htmlAttr) {
	if before, behind, found := strings.Cut(tag, "/"); found && before != "" && strings.IndexByte(behind, '=') > 0 {
		if a, _ := readAttr(behind+">", 0); isLinkAttribute(a.name) { // <a/href=x> is a link to browsers
			r.link(a.value)
		}
	}
	for _, a := range attrs {
		if isLinkAttribute(a.name) || a.name == "data" && tag == "object" {
			r.link(a.value)
		}
	}
	switch tag {
	case "base":
		if href, found := attrOf(attrs, "href"); found {
			r.setListBase(href)
		}
	case "meta":
		if kind, _ := attrOf(attrs, "http-equiv"); strings.EqualFold(strings.TrimSpace(kind), "refresh") {
			content, _ := attrOf(attrs, "content")
			r.link(refreshTarget(content))
		}
	}
}

func attrOf(attrs []htmlAttr, name string) (string, bool) {
	for i := range attrs {
		if attrs[i].name == name {
			return attrs[i].value, true
		}
	}
	return "", false
}

// refreshTarget takes the URI out of "5; url=http://www.example.org/".
func refreshTarget(content string) string {
	at := indexFold(content, "url")
	if at < 0 {
		return ""
	}
	target, found := strings.CutPrefix(strings.TrimLeft(content[at+3:], " \t\r\n"), "=")
	if !found {
		return ""
	}
	target = strings.Trim(target, " \t\r\n")
	if target != "" && (target[0] == '\'' || target[0] == '"') {
		quote := target[:1]
		target, _, _ = strings.Cut(target[1:], quote)
	}
	return target
}

// link notes one URI, resolved against the page's base. Relative ones lead nowhere unless there is one.
func (r *htmlReader) link(url string) {
	if len(r.page.links) >= MaxCandidates {
		return
	}
	url = trimURI(url)
	if url == "" || url[0] == '#' {
		return
	}
	if scheme, _ := cutScheme(url); scheme == "" {
		if !r.mayResolve(r.listBase.folder, url) {
			return
		}
		if url = r.listBase.resolve(url); url == "" {
			return
		}
	}
	r.page.links = append(r.page.links, url)
}

// mayResolve counts the octets of a relative URI made absolute, and tells whether there is room for them: with a long base,
// many links would come to far more than the page.
func (r *htmlReader) mayResolve(base, uri string) bool {
	size := len(base) + len(uri)
	if r.resolved+size > MaxURILength+r.page.Length*MaxURIGrowth {
		return false
	}
	r.resolved += size
	return true
}

// setListBase follows a base element that has an absolute URI; browsers ignore any other.
func (r *htmlReader) setListBase(href string) {
	href = trimURI(href)
	scheme, rest := cutScheme(href)
	if scheme != "http" && scheme != "https" && scheme != "ftp" {
		return
	}
	rest = strings.TrimLeft(rest, `/\`)
	path := strings.IndexAny(rest, `/\?#`)
	if path < 0 {
		path = len(rest)
	}
	r.listBase = pageBase{scheme: scheme, host: scheme + "://" + rest[:path]}
	r.listBase.folder = r.listBase.host + "/"
	if folder := strings.LastIndexByte(rest, '/'); folder >= path {
		r.listBase.folder = scheme + "://" + rest[:folder+1]
	}
}

// resolve makes an absolute URI of one without a scheme. Without a base it is left as it is where it may begin with a
// host name, and else "".
func (b pageBase) resolve(url string) string {
	switch {
	case len(url) > 1 && (url[0] == '/' || url[0] == '\\') && (url[1] == '/' || url[1] == '\\'):
		if b.scheme == "" {
			return "http:" + url
		}
		return b.scheme + ":" + url
	case b.host == "" && strings.IndexByte(`/\?.`, url[0]) >= 0:
		return ""
	case b.host == "" || hasWWW(url):
		return url
	case url[0] == '/' || url[0] == '\\':
		return b.host + url
	default:
		return b.folder + url
	}
}
