package eval

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"winnow/pkg/message"
)

// A difference is how far text and HTML of a multipart/alternative are from saying the same.
type difference struct {
	percent    float64 // of the words in HTML that are not in the text, where it is most
	text, html int     // different words in each, of the last multipart/alternative
}

// alternatives compares the alternatives when it is first asked.
func (f *Facts) alternatives() *difference {
	if f.differ == nil {
		f.differ = compareAlternatives(f.Message.Entities())
	}
	return f.differ
}

func compareAlternatives(entities []*message.Part) *difference {
	d := &difference{}
	if isInvitation(entities) {
		return d
	}
	for i, p := range entities {
		if !p.Leaf() && strings.HasPrefix(p.MediaType(), "multipart/alternative") {
			d.compare(within(entities, i))
		}
	}
	return d
}

// isInvitation tells whether the message is one of Exchange to a meeting, whose parts always differ.
func isInvitation(entities []*message.Part) bool {
	return len(entities) == 3 && entities[0].MediaType() == "multipart/alternative" &&
		entities[1].MediaType() == "text/html" && entities[2].MediaType() == "text/calendar" && entities[2].Depth == 1
}

// wordCounts is how often a word stands in text and HTML.
type wordCounts struct{ text, html int }

// compare compares the parts of one multipart/alternative.
func (d *difference) compare(parts []*message.Part) {
	counts := map[string]wordCounts{}
	text, html := 0, 0
	for _, p := range parts {
		if !p.Leaf() || !strings.HasPrefix(p.MediaType(), "text/") {
			continue
		}
		switch p.Type {
		case "text/html":
			eachWord(p.Rendered(), func(word string) {
				n := counts[word]
				if n.html++; n.html == 1 {
					html++
				}
				counts[word] = n
			})
			if html == 0 && hasImage(p.Text()) {
				counts["\n"], html = wordCounts{html: 1}, 1 // no word is like that: a picture says what text cannot
			}
		case "text/plain":
			eachWord(p.Rendered(), func(word string) {
				n := counts[word]
				if n.text++; n.text == 1 {
					text++
				}
				counts[word] = n
			})
		}
	}
	if html == 0 {
		return
	}
	left := 0
	for _, n := range counts {
		if n.html > n.text {
			left++
		}
	}
	d.text, d.html = text, html
	d.percent = max(d.percent, float64(left)/float64(html)*100)
}

// hasImage tells whether there is an image in HTML.
func hasImage(text string) bool {
	for {
		_, behind, found := cutFold(text, "<img")
		if !found {
			return false
		}
		if behind == "" || behind[0] <= ' ' || behind[0] == '>' || behind[0] == '/' {
			return true
		}
		text = behind
	}
}

// eachWord goes through the runs of other than white space that have a letter or digit in them. What has none is an
// ornament: a bullet, or a line.
func eachWord(text string, yield func(string)) {
	start, isWord := -1, false
	for i := 0; i < len(text); {
		c, size := rune(text[i]), 1
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRuneInString(text[i:])
		}
		switch {
		case isBlankRune(c):
			if isWord {
				yield(text[start:i])
			}
			start, isWord = -1, false
		case start < 0:
			start, isWord = i, isWordRune(c)
		case !isWord:
			isWord = isWordRune(c)
		}
		i += size
	}
	if isWord {
		yield(text[start:])
	}
}

func isBlankRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r == ' ' || '\t' <= r && r <= '\r'
	}
	return unicode.IsSpace(r)
}

// isWordRune is Perl's \w.
func isWordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
	}
	return unicode.In(r, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic, unicode.Join_Control)
}
