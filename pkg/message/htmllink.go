package message

import (
	"strings"

	"golang.org/x/net/html/atom"
)

// pageBase is what relative links begin with, "" before a base element.
type pageBase struct {
	scheme string // "http"
	host   string // "http://www.example.org"
	folder string // "http://www.example.org/shop/"
}

// isLinkAttribute tells of the attributes that hold a URI, whatever the tag: browsers know more pairs than any list.
func isLinkAttribute(key []byte) bool {
	switch string(key) {
	case "href", "src", "action", "background", "formaction", "poster", "cite", "longdesc", "ping", "data-saferedirecturl", "xlink:href", "lowsrc", "dynsrc":
		return true
	}
	return false
}

// noteLinks notes where the tag at hand leads.
func (r *renderer) noteLinks(tag atom.Atom) {
	for _, a := range r.attrs {
		if a.link || a.key == "data" && tag == atom.Object {
			r.link(a.value)
		}
	}
	switch tag {
	case atom.Base:
		if href, found := r.attr("href"); found {
			r.setBase(href)
		}
	case atom.Meta:
		if kind, _ := r.attr("http-equiv"); strings.EqualFold(strings.TrimSpace(kind), "refresh") {
			content, _ := r.attr("content")
			r.link(refreshTarget(content))
		}
	}
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
func (r *renderer) link(url string) {
	if len(r.page.links) >= MaxCandidates {
		return
	}
	url = trimURI(url)
	if url == "" || url[0] == '#' {
		return
	}
	if scheme, _ := cutScheme(url); scheme == "" {
		if url = r.base.resolve(url); url == "" {
			return
		}
	}
	r.page.links = append(r.page.links, url)
}

// setBase follows a base element that has an absolute URI; browsers ignore any other.
func (r *renderer) setBase(href string) {
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
	r.base = pageBase{scheme: scheme, host: scheme + "://" + rest[:path]}
	r.base.folder = r.base.host + "/"
	if folder := strings.LastIndexByte(rest, '/'); folder >= path {
		r.base.folder = scheme + "://" + rest[:folder+1]
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
