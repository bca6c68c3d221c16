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

	declared    string // its type, whatever its file name says
	missing     bool   // it declares none
	inMultipart bool   // it is a part of a multipart, no message of its own
	leaf        bool
	raw         []byte // what stands behind the header, as long as it is a leaf
	text        lazy[decoded]
	html        lazy[*HTML]

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

// Text returns the data of a text part in UTF-8. HTML is not rendered.
func (p *Part) Text() string { return p.decoded().text }

func (p *Part) decoded() decoded {
	return p.text.get(func() decoded { return decodePart(p.Data, p.Charset) })
}

// Rendered returns what a reader sees of a text/plain or text/html part, and "" for any other.
func (p *Part) Rendered() string { return p.shown().text }

// shown is Rendered, and whether it would be characters in Perl.
func (p *Part) shown() decoded {
	switch p.Type {
	case "text/plain":
		return p.decoded()
	case "text/html":
		if h := p.HTML(); h != nil {
			return decoded{h.Text, h.wide}
		}
	}
	return decoded{}
}

// HTML returns what was found in a text/html part, nil for any other and for one that is empty.
func (p *Part) HTML() *HTML {
	if p.Type != "text/html" || !p.leaf || len(p.Data) == 0 {
		return nil
	}
	return p.html.get(func() *HTML { return renderHTML(p.decoded(), len(p.Data)) })
}
