package message

import (
	"strings"
)

// A Part is one MIME entity of a message: a leaf holds data, the others hold parts.
type Part struct {
	Type     string // what it is treated as, lower case: "text/html" also where only its file name says so
	Charset  string // as declared, "" for none
	FileName string // decoded, "" for none
	Depth    int    // how many entities it stands in
	Header   Header // of an attached message's first part: that message's header
	Data     []byte // of a leaf: transfer-decoded; text with LF line ends

	declared string // its type, whatever its file name says
	missing  bool   // it declares none
	leaf     bool
	raw      []byte // what stands behind the header, as long as it is a leaf
	text     lazy[string]
	rendered lazy[*page]

	contentType lazy[ContentType]
}

func newPart(h Header, depth int) *Part {
	p := &Part{Depth: depth, Header: h}
	t := p.ContentType()
	p.declared, p.missing = t.Type, !declaresType(p.Field("Content-Type"))
	if !p.missing || h.Has("Content-Type") {
		p.Charset = t.Charset
	}
	p.FileName = p.Name()
	p.Type = p.declared
	if hasAnySuffix(strings.ToLower(p.FileName), ".htm", ".html", ".shtm", ".shtml") {
		p.Type = "text/html"
	}
	if p.FileName == "" {
		p.FileName = extendedFileName(h)
	}
	return p
}

func (p *Part) isMultipart() bool { return strings.HasPrefix(p.declared, "multipart/") }

// setType changes what the entity is for one that declares nothing useful.
func (p *Part) setType(name string) {
	p.declared = name
	if p.Type != "text/html" {
		p.Type = name
	}
}

// declaresType tells whether a Content-Type has a type at all.
func declaresType(value string) bool {
	name, _, _ := strings.Cut(strings.TrimLeft(value, " \t\r\n\v\f"), ";")
	return name != ""
}

func hasAnySuffix(s string, suffixes ...string) bool {
	for _, suffix := range suffixes {
		if strings.HasSuffix(s, suffix) {
			return true
		}
	}
	return false
}

// extendedFileName is the name in the form of RFC 2231, 4, which SpamAssassin does not read.
func extendedFileName(h Header) string {
	for _, field := range []string{"Content-Disposition", "Content-Type"} {
		value, found := h.last(field)
		if !found || strings.IndexByte(value, '*') < 0 {
			continue
		}
		t := parseMediaType(value)
		for _, name := range []string{"filename", "name"} {
			if file := t.param(name); file != "" {
				return file
			}
		}
	}
	return ""
}

// HeaderText returns what mimeheader rules are matched against: the last field of that name, decoded and with "\n" at its
// end, or raw all of them. It returns false where there is none.
func (p *Part) HeaderText(name string, raw bool) (string, bool) {
	if !raw {
		value, found := p.Header.last(name)
		if !found {
			return "", false
		}
		return decodeField(name, clip(value, MaxFieldValue)) + "\n", true
	}
	var all []byte
	found := false
	for _, f := range p.Header {
		if strings.EqualFold(f.Name, name) {
			all, found = append(append(all, clip(f.Value, MaxFieldValue)...), '\n'), true
		}
	}
	return string(all), found
}

// Text returns the data of a text part in UTF-8. HTML is not rendered.
func (p *Part) Text() string {
	return p.text.get(func() string { return decodeText(p.Data, p.Charset) })
}

// Rendered returns what a reader sees of a text/plain or text/html part, and "" for any other.
func (p *Part) Rendered() string {
	switch p.Type {
	case "text/plain":
		return p.Text()
	case "text/html":
		return p.page().text
	default:
		return ""
	}
}

// Visible returns Rendered without the text that HTML hides from readers: in the background's colour, of no size, or
// not displayed.
func (p *Part) Visible() string {
	if p.Type == "text/html" {
		return p.page().visible()
	}
	return p.Rendered()
}

// page returns the rendered HTML of a text/html part.
func (p *Part) page() *page {
	return p.rendered.get(func() *page { return renderHTML(p.Text()) })
}
