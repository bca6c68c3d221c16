package message

import (
	"strings"
)

// HTML is what was found in the HTML of one part, as SpamAssassin's rules ask for it. Texts and numbers come out as its
// HTML.pm would have them, also where browsers see something else: rules were written against what it says.
type HTML struct {
	Text string // as a reader sees it; hidden text is in it, for it may be what gives a message away

	Open      map[string]int // how many elements of each name were not closed; those that were closed are there, with 0
	Anchors   []string       // texts of <a> elements
	Titles    []string
	Comments  []string // with their marks
	Scripts   []string
	URIs      []HTMLURI // in the order they stood in
	Truncated bool      // a URI is longer than MaxURILength

	Length      int     // characters of the HTML
	TextLength  int     // characters of the text
	BlackLength int     // of these, those that are not white space
	Ratio       float64 // how much of the HTML is markup, negative where the text takes more
	ImageArea   float64 // square pixels of all images that tell their size
	MinSize     int     // of all font sizes
	MaxSize     int
	Obfuscated  int // tags between two letters
	Backhair    int // kinds of short words cut by a tag, by their lengths

	LowContrast  bool // text in nearly the background's colour
	InvalidColor bool // text in no colour that there is
	BadFace      bool // a font's name that is none
	MailForm     bool // a form that is sent by mail
	Embeds       bool // an object

	tags, elements         int // start tags and end tags, and those of them that HTML has
	tagsSeen, elementsSeen int // different ones
	closedExtra            int // end tags without a start tag

	wide  bool     // in Perl, Text would be characters rather than octets
	links []string // of all elements that make a reader's program go somewhere, for the lists
}

// An HTMLURI is a URI that an element names, or that the text of an <a> element leads to.
type HTMLURI struct {
	URI     string
	Types   URITypes
	Anchors []string
}

// renderHTML reads the HTML of a part that has so many octets.
func renderHTML(source decoded, octets int) *HTML {
	r := htmlReader{page: &HTML{Open: make(map[string]int), MinSize: 3, MaxSize: 3, Length: countRunes(source.text)}, wideSource: source.wide}
	r.page.wide = source.wide
	r.styles = append(r.styles, defaultStyle)
	r.basefont = defaultStyle.size
	r.uris = make(map[string]int)
	text := prepareHTML(clip(source.text, MaxHTML))
	r.out = make([]byte, 0, len(text)/4)
	p := htmlParser{sink: &r}
	p.parse(text)
	for i := 0; r.page.Open["style"] > 0 && i < MaxHTMLClosed; i++ {
		p.parse("</style>")
	}
	for i := 0; r.page.Open["script"] > 0 && i < MaxHTMLClosed; i++ {
		p.parse("</script>")
	}
	p.eof()
	r.finish(octets)
	return r.page
}

// finish counts what can be counted only at the end.
func (r *htmlReader) finish(octets int) {
	h := r.page
	r.endAnchor()
	r.endTitle()
	h.Text = string(r.out)
	h.Backhair = len(r.backhair)
	blanks := 0
	for _, c := range h.Text {
		h.TextLength++
		if isPerlSpace(c, h.wide) && (h.wide || c != '\f') {
			blanks++
		}
	}
	h.BlackLength = h.TextLength - blanks
	if octets > 0 {
		h.Ratio = float64(octets-h.TextLength) / float64(octets)
	}
}

// prepareHTML undoes what stands in a parser's way: &nbsp; is a blank, <br/> is <br>, and typographic quotes are quotes,
// for some mail programs quote attributes with them.
func prepareHTML(text string) string {
	text = strings.ReplaceAll(text, "&nbsp;", " ")
	text = openEmptyTags(text)
	if strings.Contains(text, "\u201c") || strings.Contains(text, "\u201d") {
		text = typographicQuotes.Replace(text)
	}
	return text
}

var typographicQuotes = strings.NewReplacer("\u201c", `"`, "\u201d", `"`)

// openEmptyTags makes <br> of <br/>, where there are no attributes.
func openEmptyTags(text string) string {
	at := strings.Index(text, "/>")
	if at < 0 {
		return text
	}
	out := make([]byte, 0, len(text))
	for at >= 0 {
		name := strings.TrimRight(text[:at], whiteSpace)
		start := len(name)
		for start > 0 && (isWordByte(name[start-1]) || name[start-1] >= 0x80) {
			start--
		}
		if start > 0 && start < len(name) && name[start-1] == '<' {
			out = append(append(out, name...), '>')
		} else {
			out = append(out, text[:at+2]...)
		}
		text = text[at+2:]
		at = strings.Index(text, "/>")
	}
	return asText(append(out, text...))
}

// An htmlReader makes HTML out of tokens.
type htmlReader struct {
	page       *HTML
	wideSource bool
	out        []byte

	piece  int  // where the last piece of text begins
	pieces int  // how many there were
	white  bool // the last piece was the white space of an element, which takes blanks next to it along
	hidden bool // the last piece was hidden text

	styles   []htmlStyle
	open     [styleKinds]int // how many of each kind are in styles
	basefont int
	base     string         // what relative links are relative to
	uris     map[string]int // where in page.URIs
	anchor   int            // in page.URIs, of the last <a>
	anchored bool
	resolved int // octets of relative URIs made absolute

	anchorText, titleText []byte // of the last of them, so far

	backhair map[[2]int]bool
	listBase pageBase
}

func (r *htmlReader) comment(s string) { r.page.Comments = append(r.page.Comments, s) }

func (r *htmlReader) declaration(s string) {
	if len(s) >= 9 && strings.EqualFold(s[:9], "<!doctype") {
		h := r.page
		h.elements++
		h.tags++
		h.Open["!doctype"] = 0
	}
}

func (r *htmlReader) openTag(name string, attrs []htmlAttr) {
	known, isNamespace := r.count(name, +1)
	if r.noteLinks(name, attrs); isNamespace || !known {
		return
	}
	r.openStyle(name, attrs)
	r.element(name)
	r.noteURIs(name, attrs)
	r.noteTag(name, attrs)
}

func (r *htmlReader) closeTag(name string) {
	if known, isNamespace := r.count(name, -1); isNamespace || !known {
		return
	}
	r.closeStyle(name)
	r.element(name)
}

// count counts a tag. It tells whether the element is one that is looked at, and whether it is one of Office's.
func (r *htmlReader) count(name string, more int) (known, isNamespace bool) {
	h := r.page
	isNamespace = isOfficeTag(name)
	open, seen := h.Open[name]
	rank := htmlElements[name]
	if rank == validElement || isNamespace {
		h.elements++
		if !seen {
			h.elementsSeen++
		}
	}
	h.tags++
	if !seen {
		h.tagsSeen++
	}
	if open += more; open < 0 {
		open = 0
		h.closedExtra++
	}
	if seen || len(h.Open) < MaxHTMLNames {
		h.Open[name] = open
	}
	return rank != 0, isNamespace
}

// isOfficeTag tells of elements such as o:p and st1:place.
func isOfficeTag(name string) bool {
	prefix, rest, found := strings.Cut(name, ":")
	if !found || prefix != "o" && (len(prefix) != 3 || prefix[:2] != "st" || prefix[2] < '0' || prefix[2] > '9') {
		return false
	}
	rest = strings.TrimSuffix(rest, "/")
	return rest != "" && strings.IndexFunc(rest, func(c rune) bool { return c != '-' && !isPerlWord(c) }) < 0
}

// element puts out the white space that an element makes, at its begin as at its end.
func (r *htmlReader) element(name string) {
	switch name {
	case "br", "div":
		r.space("\n")
	case "li", "th", "td", "dt", "dd", "embed", "h1", "h2", "h3", "h4", "h5", "h6":
		r.space(" ")
	case "p", "hr", "blockquote", "pre", "listing", "plaintext", "xmp", "title":
		r.space("\n\n")
	}
}

// Ranks of elements: those that HTML 4 and XHTML 1 have, and others that browsers know and that are looked at.
const (
	validElement = 1 + iota
	trickElement
)

var htmlElements = func() map[string]int {
	ranks := make(map[string]int)
	for name := range strings.FieldsSeq(`a abbr acronym address area b base bdo big blockquote body br button caption cite code col
		colgroup dd del dfn div dl dt em fieldset form h1 h2 h3 h4 h5 h6 head hr html i img input ins kbd label legend li link map
		meta noscript object ol optgroup option p param pre q samp script select small span strong style sub sup table tbody td
		textarea tfoot th thead title tr tt ul var applet basefont center dir font frame frameset iframe isindex menu noframes s
		strike u nobr x-sigsep x-tab`) {
		ranks[name] = validElement
	}
	for name := range strings.FieldsSeq("bgsound embed listing plaintext xmp") {
		ranks[name] = trickElement
	}
	return ranks
}()
