package message

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A page is HTML as a reader sees it, and where it leads.
type page struct {
	text   string
	hidden []span   // of text: what a reader does not see
	links  []string // from attributes that make a reader's program go somewhere, on a click or by itself
}

// A span is a range of octets.
type span struct{ from, to int }

// visible returns the text without what is hidden.
func (p *page) visible() string {
	if len(p.hidden) == 0 {
		return p.text
	}
	var out strings.Builder
	at := 0
	for _, s := range p.hidden {
		out.WriteString(p.text[at:s.from])
		at = s.to
	}
	out.WriteString(p.text[at:])
	return out.String()
}

// renderHTML reads HTML token by token and never builds a tree: what counts is what is there, not what it would be
// corrected to. White space comes out as SpamAssassin's rules expect it.
func renderHTML(source string) *page {
	source = clip(source, MaxHTML)
	source = strings.ReplaceAll(source, "&nbsp;", " ") // so that it folds with the blanks next to it; a no-break space does not
	source = strings.ReplaceAll(source, "\u201c", `"`) // some mail programs quote attributes with them
	source = strings.ReplaceAll(source, "\u201d", `"`)
	r := renderer{styles: []style{defaultStyle}, out: make([]byte, 0, len(source)/4)}
	for source != "" {
		source = source[r.read(source):]
	}
	r.page.text = string(r.out)
	return &r.page
}

// A renderer holds what has been read so far.
type renderer struct {
	page   page
	out    []byte
	tokens int

	piece  int  // where the last piece of text begins
	block  bool // the last piece was the white space of an element, which takes blanks next to it along
	hidden bool // the last piece was hidden text
	skip   bool // in a script or style
	styles []style
	base   pageBase
	attrs  []attribute // of the tag at hand, those that matter
}

type attribute struct {
	key, value string
	link       bool // it holds a URI
}

// read reads tokens and returns how far it came: to the end, but for a tag with more attributes than MaxHTMLAttrs. The
// tokenizer clears a map of their names at every tag, as large as the largest tag made it, so that one huge tag and many
// small ones would take quadratic time; a new tokenizer has a new map.
func (r *renderer) read(source string) int {
	z := html.NewTokenizer(strings.NewReader(source))
	z.SetMaxBuf(MaxHTML)
	for at := 0; ; {
		kind := z.Next()
		if r.tokens++; kind == html.ErrorToken || r.tokens > MaxHTMLTokens {
			return len(source)
		}
		at += len(z.Raw())
		switch kind {
		case html.TextToken:
			if !r.skip {
				r.words(z.Text())
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			tag := atom.Lookup(name)
			if count := r.attributes(z, more); count > MaxHTMLAttrs {
				r.open(tag)
				return at
			}
			r.open(tag)
			switch tag {
			case atom.Iframe, atom.Noembed, atom.Noframes, atom.Noscript:
				z.NextIsNotRawText() // most mail programs show what is in them
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			r.close(atom.Lookup(name))
		}
	}
}

// attributes notes the attributes of the tag at hand and returns how many there are.
func (r *renderer) attributes(z *html.Tokenizer, more bool) int {
	r.attrs = r.attrs[:0]
	count := 0
	for ; more; count++ {
		var key, value []byte
		key, value, more = z.TagAttr()
		if link := isLinkAttribute(key); count < MaxHTMLAttrs && (link || isWanted(key)) {
			r.attrs = append(r.attrs, attribute{string(key), string(value), link})
		}
	}
	return count
}

// isWanted tells of the attributes that are looked at though they hold no URI, or not always.
func isWanted(key []byte) bool {
	switch string(key) {
	case "style", "color", "text", "bgcolor", "size", "http-equiv", "content", "data":
		return true
	}
	return false
}

func (r *renderer) attr(key string) (string, bool) {
	for i := range r.attrs {
		if r.attrs[i].key == key {
			return r.attrs[i].value, true
		}
	}
	return "", false
}

func (r *renderer) open(tag atom.Atom) {
	r.skip = tag == atom.Script || tag == atom.Style
	r.openStyle(tag)
	r.element(tag)
	r.noteLinks(tag)
}

func (r *renderer) close(tag atom.Atom) {
	r.skip = false
	r.closeStyle(tag)
	r.element(tag)
}

// element puts out the white space that an element makes, at its begin as at its end.
func (r *renderer) element(tag atom.Atom) {
	switch tag {
	case atom.Br, atom.Div:
		r.space("\n")
	case atom.Li, atom.Th, atom.Td, atom.Dt, atom.Dd, atom.Embed, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		r.space(" ")
	case atom.P, atom.Hr, atom.Blockquote, atom.Pre, atom.Listing, atom.Plaintext, atom.Xmp, atom.Title:
		r.space("\n\n")
	}
}

// space takes the blank off the text before it.
func (r *renderer) space(white string) {
	if !r.block && !r.hidden && len(r.out) > r.piece && r.out[len(r.out)-1] == ' ' {
		r.out = r.out[:len(r.out)-1]
		if n := len(r.page.hidden); n > 0 {
			r.page.hidden[n-1].to = min(r.page.hidden[n-1].to, len(r.out))
		}
	}
	r.out = append(r.out, white...)
	r.block, r.hidden = true, false
}

// words puts out text with each run of white space as one blank, and none behind the white space of an element.
func (r *renderer) words(text []byte) {
	style := &r.styles[len(r.styles)-1]
	hidden := style.isHidden() && len(bytes.TrimSpace(text)) > 0
	from := len(r.out)
	r.out = appendFolded(r.out, text)
	if r.block && !hidden && len(r.out) > from && r.out[from] == ' ' {
		r.out = slices.Delete(r.out, from, from+1)
	}
	if hidden || style.tiny {
		r.page.hidden = append(r.page.hidden, span{from, len(r.out)})
	}
	r.piece, r.block, r.hidden = from, false, hidden
}

// appendFolded appends text with each run of white space as one blank.
func appendFolded(out, text []byte) []byte {
	for i, c := range text {
		if c != ' ' && (c < '\t' || c > '\r') {
			out = append(out, c)
		} else if i == 0 || text[i-1] != ' ' && (text[i-1] < '\t' || text[i-1] > '\r') {
			out = append(out, ' ')
		}
	}
	return out
}
