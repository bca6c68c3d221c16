package message

import "bytes"

// A mimeParser walks a message's MIME structure (RFC 2045, 2046) and notes every entity it finds. A multipart is split
// at its own boundary before what it holds is looked at, so that an inner part without an end ends with the outer one.
type mimeParser struct {
	entities []*Part
	full     bool // MaxParts was reached: all that was left is in the last part
}

// parseEntities returns the message's entities, the message itself first.
func parseEntities(h Header, body []byte) []*Part {
	var p mimeParser
	p.entity(h, body, 0, "text/plain")
	return p.entities
}

// entity notes one entity and what it holds. standard is its type where it declares none.
func (p *mimeParser) entity(h Header, body []byte, depth int, standard string) {
	part := newPart(h, depth, standard)
	part.raw = body
	p.entities = append(p.entities, part)
	switch {
	case len(p.entities) >= MaxParts:
		p.full = true
		part.becomeText(body)
	case part.media.is("multipart/"):
		boundary := part.media.param("boundary")
		if boundary == "" || depth >= MaxDepth || !p.multipart(part, body, boundary) {
			part.becomeText(decodeTransfer(h, body))
		}
	case part.Type == "message/rfc822" || part.Type == "message/global": // RFC 2046, 5.2.1; RFC 6532, 3.7
		p.attached(part, body)
	default:
		part.becomeLeaf(decodeTransfer(h, body))
	}
}

// attached notes a message that is attached as a whole.
func (p *mimeParser) attached(part *Part, body []byte) {
	text := decodeTransfer(part.Header, body)
	if len(text) == 0 || part.Depth >= MaxDepth {
		part.becomeText(text)
		return
	}
	h, inner := splitHeader(skipSeparator(text), messageHeader)
	p.entity(h, inner, part.Depth+1, "text/plain")
}

// multipart notes the parts between the delimiters; false where there are none. What stands before the first delimiter
// and behind the closing one is for readers without MIME and is dropped (RFC 2046, 5.1.1). But a part that begins behind
// the closing one is still a part: some programs show it, and it is all that remains where a multipart and one inside it
// use the same boundary.
func (p *mimeParser) multipart(whole *Part, body []byte, boundary string) bool {
	delimiter := []byte("--" + boundary)
	standard := "text/plain"
	if whole.Type == "multipart/digest" {
		standard = "message/rfc822" // RFC 2046, 5.1.5
	}
	before := len(p.entities)
	_, rest, closing, found := cutDelimiter(body, delimiter)
	for found && !p.full {
		var content, behind []byte
		var closes bool
		content, behind, closes, found = cutDelimiter(rest, delimiter)
		if !closing && (found || len(content) > 0) {
			if len(p.entities) == MaxParts-1 {
				content, found = rest, false
			}
			h, text := splitHeader(content, partHeader)
			p.entity(h, text, whole.Depth+1, standard)
			if p.full && found {
				p.entities[len(p.entities)-1].addText(behind)
			}
		}
		rest, closing = behind, closes
	}
	return len(p.entities) > before
}

// cutDelimiter splits text around the next delimiter line: the delimiter, "--" if it closes, and white space to the end
// of the line. The line end before it belongs to it (RFC 2046, 5.1.1). Text without one is all before.
func cutDelimiter(text, delimiter []byte) (before, behind []byte, closing, found bool) {
	for from := 0; ; {
		i := bytes.Index(text[from:], delimiter)
		if i < 0 {
			return text, nil, false, false
		}
		start := from + i
		from = start + len(delimiter)
		if start > 0 && text[start-1] != '\n' {
			continue
		}
		line, rest, _ := bytes.Cut(text[from:], []byte("\n"))
		line, closing = bytes.CutPrefix(line, []byte("--"))
		if len(bytes.TrimRight(line, " \t\r")) > 0 {
			continue // a boundary that begins with ours, or text
		}
		before = bytes.TrimSuffix(text[:start], []byte("\n"))
		return bytes.TrimSuffix(before, []byte("\r")), rest, closing, true
	}
}
