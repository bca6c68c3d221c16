package message

import (
	"bytes"
)

// A structure is a message's MIME structure.
type structure struct {
	entities []*Part // each before what it holds
	flags    ParseFlags
	// aside has leaves that are none by the rules of MIME or ours, but that some mail programs show: parts behind the end of
	// a multipart, parts beyond a limit, lines in a header that are no field. Rules do not see them, as they do not in
	// SpamAssassin; they are searched for URIs, so that none hides there from the lists.
	aside []*Part
}

// structure returns the MIME structure, parsed once.
func (m *Message) structure() *structure {
	return m.derived.structure.get(func() *structure {
		var p mimeParser
		p.message(m.Header, m.text(), 0)
		p.noteUnclosed()
		if s := m.source; s != nil {
			p.setAside(s.text[s.fault:s.end])
		}
		return &p.structure
	})
}

// text returns the body with LF line ends.
func (m *Message) text() []byte {
	if m.source != nil {
		return m.source.body()
	}
	return toLF(m.Body)
}

// A mimeParser walks the MIME structure (RFC 2045, 2046) line by line, as SpamAssassin does, and notes every entity it
// finds. A multipart is split at its own boundary before what it holds is looked at, so that an inner part without an end
// ends with the outer one.
type mimeParser struct {
	structure
	behind bool           // the parts at hand stand behind the end of a multipart
	opened map[string]int // how often each boundary is open
}

func (p *mimeParser) setAside(text []byte) {
	if len(text) > 0 {
		p.aside = append(p.aside, &Part{Type: "text/plain", declared: "text/plain", Data: text, leaf: true})
	}
}

// message notes a message: the one at hand, or one that is attached.
func (p *mimeParser) message(h Header, body []byte, depth int) {
	part, b := newPart(h, depth), boundary{}
	body = squeezeBlankLines(body)
	if part.isMultipart() {
		if b = searchBoundary(part.Field("Content-Type")); beginsWithoutBoundary(body, b) {
			body = append([]byte("\n"), body...) // or its first lines would be taken for a part's header
		}
	}
	p.entity(part, b, body)
}

// beginsWithoutBoundary tells whether a multipart begins with text, on more lines than one, and not with its boundary.
func beginsWithoutBoundary(body []byte, b boundary) bool {
	line, rest, _ := bytes.Cut(body, []byte("\n"))
	if len(rest) == 0 || isBlankLine(line) {
		return false
	}
	line, found := bytes.CutPrefix(line, []byte("--"))
	return !found || !b.found || !bytes.HasPrefix(line, []byte(b.text))
}

// entity notes one entity and what it holds.
func (p *mimeParser) entity(part *Part, b boundary, body []byte) {
	if p.behind {
		p.aside = append(p.aside, part)
	} else {
		p.entities = append(p.entities, part)
	}
	if part.isMultipart() && b.found && part.Depth < MaxDepth {
		p.multipart(part, body, b.text)
		return
	}
	if part.isMultipart() && !b.found {
		part.setType("text/plain")
	}
	isMessage := part.declared == "message/rfc822" || part.declared == "message/global" // RFC 2046, 5.2.1; RFC 6532, 3.7
	data := decodeTransfer(part, body)
	if isMessage && part.Depth < MaxDepth && len(data) > 0 {
		p.attached(part, data)
		return
	}
	part.raw, part.Data, part.leaf = body, data, true
	if isMessage || part.isMultipart() {
		p.setAside(data)
	}
	if lenient := decodeLenient(part, body); lenient != nil {
		p.setAside(lenient)
	}
}

// attached notes a message that is attached as a whole.
func (p *mimeParser) attached(part *Part, text []byte) {
	text = skipSeparator(text)
	hd := splitHeader(text)
	p.setAside(text[hd.fault:hd.end])
	body := text[hd.end:]
	if hd.crlf {
		body = toLF(body)
	}
	p.message(hd.fields, body, part.Depth+1)
}

// multipart notes the parts between the boundaries. What stands before the first one is for readers without MIME (RFC
// 2046, 5.1.1); where there is none, all is one part.
func (p *mimeParser) multipart(whole *Part, body []byte, text string) {
	delimiter := []byte("--" + text)
	if behind, found := cutOpening(body, delimiter); found {
		body = behind
		p.noteNoHeader(body)
		p.noteBoundary(text, 1)
	}
	defer func(behind bool) { p.behind = behind }(p.behind)
	for count := 1; len(body) > 0; count++ {
		part := partLines{delimiter: delimiter}
		body = part.read(body)
		p.part(whole, &part, text)
		if part.closed {
			p.noteBoundary(text, p.opened[text]-1)
		}
		switch {
		case count == MaxParts, len(p.entities)+len(p.aside) >= MaxEntities:
			p.flags.TooManyParts = p.flags.TooManyParts || count == MaxParts
			p.setAside(body)
			return
		case part.closed:
			body = p.epilogue(body, delimiter)
		case part.ended:
			p.noteNoHeader(body)
		}
	}
}

// noteBoundary notes how often a boundary is open now. Two multiparts of the same boundary count as one.
func (p *mimeParser) noteBoundary(text string, open int) {
	if p.behind {
		return
	}
	if p.opened == nil {
		p.opened = map[string]int{}
	}
	p.opened[text] = open
}

func (p *mimeParser) noteUnclosed() {
	for _, open := range p.opened {
		p.flags.UnclosedBoundary = p.flags.UnclosedBoundary || open != 0
	}
}

// noteNoHeader looks at what stands behind a boundary.
func (p *mimeParser) noteNoHeader(text []byte) {
	if len(text) > 0 && !beginsField(text) && !p.behind {
		p.flags.NoPartHeader = true
	}
}

// part notes one part and what it holds. One without a boundary of its own has that of the multipart it stands in.
func (p *mimeParser) part(whole *Part, lines *partLines, outer string) {
	if !p.behind {
		p.flags.NoPartSeparator = p.flags.NoPartSeparator || lines.noSeparator
	}
	part, b := newPart(lines.header, whole.Depth+1), boundary{outer, true}
	part.inMultipart = true
	if part.missing && whole.declared == "multipart/digest" {
		part.setType("message/rfc822") // RFC 2046, 5.1.5
	}
	if part.isMultipart() {
		if own := searchBoundary(part.Field("Content-Type")); own.found {
			b = own
		}
	}
	p.entity(part, b, cutLongLines(lines.body))
}

// epilogue looks at what stands behind the end of a multipart. It is for readers without MIME, too, but a part that
// begins there is shown by some programs: it returns what is behind the next boundary.
func (p *mimeParser) epilogue(text, delimiter []byte) []byte {
	if !p.behind {
		p.flags.Epilogue = p.flags.Epilogue || len(bytes.TrimLeft(text, ". \t\r\n\v\f")) > 0
	}
	p.behind = true
	behind, found := cutOpening(text, delimiter)
	if !found {
		p.setAside(text)
	}
	return behind
}

// cutOpening returns what stands behind the first line that is an opening boundary.
func cutOpening(text, delimiter []byte) (behind []byte, found bool) {
	for from := 0; ; {
		i := bytes.Index(text[from:], delimiter)
		if i < 0 {
			return nil, false
		}
		start := from + i
		from = start + len(delimiter)
		if start > 0 && text[start-1] != '\n' {
			continue
		}
		if line, rest := cutLine(text[from:]); isBlankLine(line) {
			return rest, true
		}
	}
}

// cutLine cuts off the first line with its line end.
func cutLine(text []byte) (line, rest []byte) {
	if end := bytes.IndexByte(text, '\n'); end >= 0 {
		return text[:end+1], text[end+1:]
	}
	return text, nil
}

// beginsField tells whether a line begins with a field's name and a colon.
func beginsField(line []byte) bool {
	for i, c := range line {
		if c == ':' {
			return i > 0
		}
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return false
}
