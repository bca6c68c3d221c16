package message

import (
	"bytes"
	"slices"
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

	media    mediaType
	leaf     bool
	raw      []byte // what stands behind the header
	text     lazy[string]
	rendered lazy[*page]

	contentType lazy[ContentType]
}

func newPart(h Header, depth int, standard string) *Part {
	value, _ := h.last("Content-Type")
	media := parseMediaType(value)
	if media.name == "" {
		media.name = standard
	}
	p := &Part{Type: media.name, Charset: media.param("charset"), Depth: depth, Header: h, media: media}
	p.FileName = fileName(h, media)
	if name := strings.ToLower(p.FileName); hasAnySuffix(name, ".htm", ".html", ".shtm", ".shtml") && !media.is("multipart/") && !media.is("message/") {
		p.Type = "text/html"
	}
	return p
}

func hasAnySuffix(s string, suffixes ...string) bool {
	for _, suffix := range suffixes {
		if strings.HasSuffix(s, suffix) {
			return true
		}
	}
	return false
}

// fileName is the name that a reader would see: from Content-Disposition, else from Content-Type. Mail programs put
// encoded words there, though RFC 2047, 5 forbids it.
func fileName(h Header, media mediaType) string {
	name := ""
	if value, found := h.last("Content-Disposition"); found {
		disposition := parseMediaType(value)
		if name = disposition.param("filename"); name == "" {
			name = disposition.param("name")
		}
	}
	if name == "" {
		name = media.param("name")
	}
	if name == "" {
		name = media.param("filename")
	}
	return decodeWords(name)
}

// becomeText makes the part a leaf of plain text, for what should be a multipart or a message but cannot be read as one.
func (p *Part) becomeText(data []byte) {
	p.Type = "text/plain"
	p.becomeLeaf(data)
}

func (p *Part) becomeLeaf(data []byte) {
	p.leaf = true
	if strings.HasPrefix(p.Type, "text/") || strings.HasPrefix(p.Type, "message/") {
		data = toLF(data)
	}
	p.Data = data
}

// addText adds what MaxParts leaves no other place for.
func (p *Part) addText(text []byte) {
	p.Data = slices.Concat(p.Data, []byte("\n"), toLF(text))
}

// squeezeBlankLines leaves at most MaxBlankLines blank lines in a row, so that a page of nothing does not push what
// stands behind it out of a rule's sight. It returns text itself where there is nothing to do.
func squeezeBlankLines(text []byte) []byte {
	var squeezed []byte // what is kept of text[:done]
	blanks, done := 0, 0
	for at := 0; at < len(text); {
		end := len(text)
		if n := bytes.IndexByte(text[at:], '\n'); n >= 0 {
			end = at + n + 1
		}
		switch {
		case text[at] > ' ' || len(bytes.TrimSpace(text[at:end])) > 0:
			blanks = 0
		case blanks < MaxBlankLines:
			blanks++
		default:
			squeezed = append(squeezed, text[done:at]...)
			done = end
		}
		at = end
	}
	if done == 0 {
		return text
	}
	return append(squeezed, text[done:]...)
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
