package message

import (
	"slices"
	"strings"
)

// noteURIs notes the URIs of a tag that rules see.
func (r *htmlReader) noteURIs(tag string, attrs []htmlAttr) {
	kind := uriTypeOf(tag)
	if kind == 0 {
		return
	}
	switch tag {
	case "body", "table", "tr", "td":
		r.noteAttr(kind, attrs, "background")
	case "a", "area", "link":
		if href, found := attrBehindSlash(attrs, "href"); found {
			r.noteURI(kind, strings.ReplaceAll(href, "\ufeff", ""))
		}
		r.noteAttr(kind, attrs, "data-saferedirecturl")
	case "img", "frame", "iframe", "embed", "script", "bgsound":
		if src, found := attrBehindSlash(attrs, "src"); found {
			r.noteURI(kind, src)
		}
	case "form":
		r.noteAttr(kind, attrs, "action")
	case "base":
		if href, _ := attrOf(attrs, "href"); href != "" && href != "0" {
			r.setBase(href)
		}
	case "meta":
		equiv, isHTTP := attrOf(attrs, "http-equiv")
		if content, found := attrOf(attrs, "content"); found && isHTTP && indexFold(equiv, "refresh") >= 0 {
			if target, found := refreshURI(content); found {
				r.noteURI(kind, target)
			}
		}
	}
}

func (r *htmlReader) noteAttr(kind URITypes, attrs []htmlAttr, name string) {
	if value, found := attrOf(attrs, name); found {
		r.noteURI(kind, value)
	}
}

// attrBehindSlash finds an attribute that may have another one before it with nothing but a slash between.
func attrBehindSlash(attrs []htmlAttr, name string) (value string, found bool) {
	for _, a := range attrs {
		if before, isSuffix := strings.CutSuffix(a.name, "/"+name); isSuffix && before != "" && isWordByte(before[len(before)-1]) {
			return a.value, true
		}
	}
	return attrOf(attrs, name)
}

// refreshURI takes the URI out of the content of a refresh: all behind the last "url=" up to a semicolon.
func refreshURI(content string) (target string, found bool) {
	for at := 0; ; {
		i := indexFold(content[at:], "url")
		if i < 0 {
			return target, found
		}
		start := at + i
		at = start + len("url")
		behind, assigned := strings.CutPrefix(strings.TrimLeft(content[at:], whiteSpace), "=")
		if !assigned || start > 0 && isWordByte(content[start-1]) {
			continue
		}
		target, found = strings.TrimLeft(behind, whiteSpace), true
		if end := strings.IndexByte(target, ';'); end >= 0 {
			target = strings.TrimRight(target[:end], whiteSpace)
		}
	}
}

// noteURI notes a URI, relative ones as absolute.
func (r *htmlReader) noteURI(kind URITypes, uri string) {
	uri = r.trim(uri)
	if uri == "" {
		return
	}
	if !hasOpaqueScheme(uri) {
		if !r.mayResolve(r.base, uri) {
			return
		}
		if uri = resolveURI(r.base, uri); uri == "" {
			return
		}
	}
	if u := r.uri(uri); u != nil {
		u.Types |= kind
	}
}

// hasOpaqueScheme tells of schemes whose URIs are not relative to anything.
func hasOpaqueScheme(uri string) bool {
	for _, scheme := range [...]string{"data:", "mailto:", "file:", "cid:", "tel:"} {
		if len(uri) >= len(scheme) && strings.EqualFold(uri[:len(scheme)], scheme) {
			return true
		}
	}
	return false
}

// trim takes off white space around a URI and what is beyond MaxURILength.
func (r *htmlReader) trim(uri string) string {
	isBlank := func(c rune) bool { return c == 0xa0 || isPerlSpace(c, r.wideSource) }
	uri = strings.TrimFunc(uri, isBlank)
	if len(uri) > MaxURILength {
		if end := runeOffset(uri, MaxURILength); end < len(uri) {
			r.page.Truncated = true
			uri = uri[:end]
		}
	}
	return uri
}

// uri returns the note of a URI, a new one if need be; nil where there are too many.
func (r *htmlReader) uri(uri string) *HTMLURI {
	at, known := r.uris[uri]
	if !known {
		if len(r.page.URIs) >= MaxCandidates {
			return nil
		}
		at = len(r.page.URIs)
		r.page.URIs = append(r.page.URIs, HTMLURI{URI: uri})
		r.uris[uri] = at
	}
	return &r.page.URIs[at]
}

// openAnchor begins the text of a link.
func (r *htmlReader) openAnchor(attrs []htmlAttr) {
	href, _ := attrBehindSlash(attrs, "href")
	uri := r.trim(strings.ReplaceAll(href, "\ufeff", ""))
	r.endAnchor()
	u := r.uri(uri)
	if r.anchored = u != nil; !r.anchored {
		return
	}
	r.anchor = r.uris[uri]
	u.Anchors = append(u.Anchors, "")
	r.page.Anchors = append(r.page.Anchors, "")
}

// endAnchor notes the text of the link that was opened last. It comes in pieces, of which there may be very many.
func (r *htmlReader) endAnchor() {
	if len(r.anchorText) == 0 {
		return
	}
	text := string(r.anchorText)
	texts := r.page.URIs[r.anchor].Anchors
	texts[len(texts)-1] = text
	r.page.Anchors[len(r.page.Anchors)-1] = text
	r.anchorText = r.anchorText[:0]
}

// endTitle does the same for a title.
func (r *htmlReader) endTitle() {
	if len(r.titleText) > 0 {
		r.page.Titles[len(r.page.Titles)-1] = string(r.titleText)
		r.titleText = r.titleText[:0]
	}
}

// setBase follows a base element.
func (r *htmlReader) setBase(href string) {
	uri := r.trim(href)
	r.noteURI(URIBase, uri)
	scheme, rest, found := strings.Cut(uri, ":")
	if !found || !slices.ContainsFunc([]string{"http", "https", "ftp"}, func(s string) bool { return strings.EqualFold(s, scheme) }) {
		return
	}
	rest = strings.TrimPrefix(strings.TrimPrefix(rest, "/"), "/")
	if slash := strings.IndexByte(rest, '/'); slash > 0 {
		uri = uri[:len(uri)-fileNameSize(rest[slash+1:])]
	}
	if !strings.HasSuffix(uri, "/") {
		uri += "/"
	}
	r.base = uri
}

// fileNameSize returns the size of the file's name with an extension of two to four letters that a path ends with, 0 for
// none.
func fileNameSize(path string) int {
	dot := strings.LastIndexByte(path, '.')
	if dot < 0 || len(path)-dot < 3 || len(path)-dot > 5 || strings.IndexByte(path[dot:], '/') >= 0 {
		return 0
	}
	start := strings.LastIndexAny(path[:dot], "/.") + 1
	if start == dot {
		return 0
	}
	return len(path) - start
}

// noteTag notes what rules ask of single elements.
func (r *htmlReader) noteTag(tag string, attrs []htmlAttr) {
	h := r.page
	switch tag {
	case "font":
		if face, found := attrOf(attrs, "face"); found && !isFontFace(face) {
			h.BadFace = true
		}
	case "img":
		if h.Open["a"] > 0 && r.anchored {
			r.anchorText = append(r.anchorText, "<img>\n"...)
		}
		r.noteImage(attrs)
	case "form":
		if action, found := attrOf(attrs, "action"); found && indexFold(action, "mailto:") >= 0 {
			h.MailForm = true
		}
	case "object", "embed":
		h.Embeds = true
	case "a":
		r.openAnchor(attrs)
	case "title":
		r.endTitle()
		h.Titles = append(h.Titles, "")
	}
}

// noteImage adds the area of an image, per cent of a window of 800 by 600.
func (r *htmlReader) noteImage(attrs []htmlAttr) {
	width, hasWidth := attrOf(attrs, "width")
	height, hasHeight := attrOf(attrs, "height")
	if hasWidth && hasHeight {
		r.page.ImageArea += imageSide(width, 8) * imageSide(height, 6)
	}
}

func imageSide(value string, perCent float64) float64 {
	digits, percent := strings.CutSuffix(strings.TrimSuffix(value, "\n"), "%")
	side := 0.0
	if digits != "" && strings.Trim(digits, "0123456789") == "" {
		for _, c := range []byte(clip(digits, 300)) {
			side = side*10 + float64(c-'0')
		}
	}
	if percent {
		side *= perCent
	}
	if side <= 0 {
		return 200
	}
	return side
}

// isFontFace tells whether a face attribute is a list of names of fonts.
func isFontFace(face string) bool {
	face = strings.TrimSuffix(strings.TrimSuffix(face, "\n"), ";")
	for i, name := range strings.Split(face, ",") {
		name = strings.TrimLeft(name, whiteSpace)
		if name != "" && (name[0] == '"' || name[0] == '\'' || i == 0 && name[0] == '.') {
			name = name[1:]
		}
		if n := len(name); n > 0 && (name[n-1] == '"' || name[n-1] == '\'') {
			name = name[:n-1]
		}
		if n := len(name); n > 0 && '0' <= name[n-1] && name[n-1] <= '9' {
			name = name[:n-1]
		}
		n := len(name)
		if n < 2 || !isLetter(name[0]) && (i > 0 || name[0] != ' ') || !isLetter(name[n-1]) {
			return false
		}
		for _, c := range []byte(name) {
			if !isLetter(c) && c != ' ' && c != '-' {
				return false
			}
		}
	}
	return true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
