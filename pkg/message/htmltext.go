package message

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// text takes a piece of text between two tags.
func (r *htmlReader) text(s string) {
	h := r.page
	if h.Open["script"] > 0 {
		h.Scripts = append(h.Scripts, s)
		return
	}
	if h.Open["style"] > 0 {
		return
	}
	wide := r.wideSource || !isLatin1(s)
	h.wide = h.wide || wide
	if h.Open["a"] > 0 && r.anchored {
		r.anchorText = append(r.anchorText, s...)
	}
	if h.Open["title"] > 0 && len(h.Titles) > 0 {
		r.titleText = append(r.titleText, s...)
	}
	hidden := !isBlankText(s) && r.isHidden()
	r.noteCut(s, wide)
	r.words(s, hidden)
}

// words puts out text with each run of white space as one blank, and none behind the white space of an element.
func (r *htmlReader) words(s string, hidden bool) {
	from := len(r.out)
	r.out = appendFolded(r.out, s)
	if r.white && !hidden && len(r.out) > from && r.out[from] == ' ' {
		r.out = slices.Delete(r.out, from, from+1)
	}
	r.piece, r.white, r.hidden = from, false, hidden
	r.pieces++
}

// space puts out white space and takes the blank off the text before it.
func (r *htmlReader) space(white string) {
	if !r.white && !r.hidden && len(r.out) > r.piece && r.out[len(r.out)-1] == ' ' {
		r.out = r.out[:len(r.out)-1]
	}
	r.piece = len(r.out)
	r.out = append(r.out, white...)
	r.white, r.hidden = true, false
	r.pieces++
}

// oddBlank is a no-break space in UTF-8 that was taken for Latin-1.
const oddBlank = "\u00c2\u00a0"

// appendFolded appends text with each run of white space as one blank. A no-break space is none.
func appendFolded(out []byte, text string) []byte {
	for i := 0; i < len(text); {
		if c := text[i]; c == ' ' || '\t' <= c && c <= '\r' {
			for i < len(text) && (text[i] == ' ' || '\t' <= text[i] && text[i] <= '\r') {
				i++
			}
			out = append(out, ' ')
			continue
		}
		if strings.HasPrefix(text[i:], oddBlank) {
			out = append(out, ' ')
			i += len(oddBlank)
			continue
		}
		end := i + 1
		for end < len(text) && text[end] > ' ' && text[end] != oddBlank[0] || end < len(text) && text[end] < '\t' {
			end++
		}
		out = append(out, text[i:end]...)
		i = end
	}
	return out
}

// isBlankText tells whether there is nothing to see in text.
func isBlankText(s string) bool {
	for s != "" {
		if strings.HasPrefix(s, oddBlank) {
			s = s[len(oddBlank):]
		} else if s[0] == ' ' || '\t' <= s[0] && s[0] <= '\r' {
			s = s[1:]
		} else {
			return false
		}
	}
	return true
}

// noteCut notes a tag that cuts a word: one between two letters, or between two short words.
func (r *htmlReader) noteCut(s string, wide bool) {
	if r.pieces == 0 {
		return
	}
	before := r.out[r.piece:]
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRune(before)
	if s == "" || len(before) == 0 || !isLetterish(first, wide) || !isLetterish(last, r.page.wide) {
		return
	}
	r.page.Obfuscated++
	if head, tail := shortTail(before, r.page.wide), shortHead(s, wide); head > 0 && tail > 0 {
		if r.backhair == nil {
			r.backhair = make(map[[2]int]bool)
		}
		r.backhair[[2]int{head, tail}] = true
	}
}

// isLetterish tells of what is neither white space nor ASCII punctuation.
func isLetterish(c rune, wide bool) bool {
	if c < utf8.RuneSelf {
		return !(c == ' ' || '\t' <= c && c <= '\r') && !('!' <= c && c <= '/' || ':' <= c && c <= '@' || '[' <= c && c <= '`' || '{' <= c && c <= '~')
	}
	return !isPerlSpace(c, wide)
}

// maxShortWord is how many characters a word has at most that is cut as spammers do it.
const maxShortWord = 7

// shortTail returns how many letters text ends with, from the begin of a word on, 0 if more than maxShortWord.
func shortTail(text []byte, wide bool) int {
	var letters [maxShortWord + 1]rune // from the end
	count, end := 0, len(text)
	for count <= maxShortWord && end > 0 {
		c, size := utf8.DecodeLastRune(text[:end])
		letters[count] = c
		if !isLetterish(c, wide) {
			break
		}
		count++
		end -= size
	}
	for n := min(count, maxShortWord); n > 0; n-- {
		before := ' '
		if n < count || end > 0 {
			before = letters[n]
		}
		if isWordOf(before, wide) != isWordOf(letters[n-1], wide) {
			return n
		}
	}
	return 0
}

// shortHead returns how many letters text begins with, to the end of a word, 0 if more than maxShortWord.
func shortHead(text string, wide bool) int {
	var letters [maxShortWord + 1]rune
	count, more := 0, false
	for _, c := range text {
		letters[count] = c
		if more = true; count == maxShortWord || !isLetterish(c, wide) {
			break
		}
		count++
		more = false
	}
	for n := min(count, maxShortWord); n > 0; n-- {
		behind := ' '
		if n < count || more {
			behind = letters[n]
		}
		if isWordOf(letters[n-1], wide) != isWordOf(behind, wide) {
			return n
		}
	}
	return 0
}

// isPerlWord is Perl's \w.
func isPerlWord(c rune) bool {
	if c < utf8.RuneSelf {
		return isWordByte(byte(c))
	}
	return unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c)
}

// isWordOf is Perl's \w in a string of characters or of octets.
func isWordOf(c rune, wide bool) bool { return isPerlWord(c) && (wide || c < utf8.RuneSelf) }

// isPerlSpace is Perl's \s in a string of characters or of octets.
func isPerlSpace(c rune, wide bool) bool {
	if c < utf8.RuneSelf {
		return c == ' ' || '\t' <= c && c <= '\r'
	}
	return wide && unicode.IsSpace(c)
}

// isLatin1 tells whether all characters of a text fit in one octet.
func isLatin1(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] > 0xc3 {
			return false
		}
	}
	return true
}

func countRunes(s string) int { return utf8.RuneCountInString(s) }
