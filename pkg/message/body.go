package message

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// bodyLines puts together what body rules see. White space is folded as SpamAssassin does it, since its rules count on
// it: a run with more than one line end is the end of a paragraph, any other is a blank.
func bodyLines(subject string, parts []*Part) []string {
	var text strings.Builder
	wide := false
	for _, p := range parts {
		if text.Len() > 0 {
			text.WriteByte('\n')
		}
		shown := p.shown()
		wide = wide || shown.wide
		text.WriteString(cutRendered(shown.text))
	}
	folded := foldSpace(text.String(), wide)
	if !wide && !isASCII(folded) {
		folded = latin1(folded)
	}
	lines := splitLines(nil, subject+"\n")
	return splitLines(lines, folded)
}

// cutRendered cuts text that is longer than MaxBodyPart characters, if it can behind a line end or else a blank that comes
// near behind that.
func cutRendered(text string) string {
	limit := runeOffset(text, MaxBodyPart)
	if limit == len(text) {
		return text
	}
	near := text[limit : limit+runeOffset(text[limit:], nearCut)]
	for _, separator := range []byte{'\n', ' '} {
		if at := strings.IndexByte(near, separator); at >= 0 {
			return text[:limit+at+1]
		}
	}
	return text[:limit]
}

// latin1 writes characters below 256 as one octet each.
func latin1(text string) string {
	out := make([]byte, 0, len(text))
	for _, c := range text {
		out = append(out, byte(c))
	}
	return string(out)
}

// runeOffset returns where the n-th character of text ends, or its length if it has fewer.
func runeOffset(text string, n int) int {
	if len(text) <= n {
		return len(text)
	}
	for i := range text {
		if n--; n < 0 {
			return i
		}
	}
	return len(text)
}

// nearCut is how far behind a limit a good place to cut is looked for.
const nearCut = 1024 + 1

// cutPart cuts text that is longer than limit, if it can behind the first of the separators that comes near behind it,
// one kind of separator before the next.
func cutPart(text string, limit int, separators string) string {
	if len(text) <= limit {
		return text
	}
	near := clip(text[limit:], nearCut)
	for i := range len(separators) {
		if at := strings.IndexByte(near, separators[i]); at >= 0 {
			return text[:limit+at+1]
		}
	}
	return text[:limit]
}

// foldSpace makes one blank of each run of white space (that of Unicode, where text is characters), or "\n" of the middle of one that has two line
// ends or more. A NUL is a line end, too.
func foldSpace(text string, wide bool) string {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		size := spaceSize(text[i:], wide)
		if size == 0 {
			end := i + wordSize(text[i:])
			out = append(out, text[i:end]...)
			i = end
			continue
		}
		run := i
		for size > 0 {
			i += size
			size = spaceSize(text[i:], wide)
		}
		out = appendSpace(out, text[run:i])
	}
	for i := bytes.IndexByte(out, 0); i >= 0; i = bytes.IndexByte(out, 0) {
		out[i] = '\n'
	}
	return asText(out)
}

// appendSpace folds one run of white space.
func appendSpace(out []byte, run string) []byte {
	first, last := strings.IndexByte(run, '\n'), strings.LastIndexByte(run, '\n')
	if first == last {
		return append(out, ' ')
	}
	if first > 0 {
		out = append(out, ' ')
	}
	out = append(out, '\n')
	if last < len(run)-1 {
		out = append(out, ' ')
	}
	return out
}

// spaceSize returns the size of the white space character that text begins with, 0 if it is another.
func spaceSize(text string, wide bool) int {
	if text == "" {
		return 0
	}
	if c := text[0]; c < utf8.RuneSelf {
		if c == ' ' || '\t' <= c && c <= '\r' {
			return 1
		}
		return 0
	}
	if r, size := utf8.DecodeRuneInString(text); wide && unicode.IsSpace(r) {
		return size
	}
	return 0
}

// wordSize returns how much of text comes before the first octet that could begin white space. Text does not begin with
// white space.
func wordSize(text string) int {
	_, size := utf8.DecodeRuneInString(text)
	for i := size; i < len(text); i++ {
		if c := text[i]; c <= ' ' || c >= utf8.RuneSelf {
			return i
		}
	}
	return len(text)
}

// splitLines splits behind each "\n", and lines longer than MaxLine behind the last blank before that, or there.
func splitLines(lines []string, text string) []string {
	for text != "" && len(lines) < MaxParagraphs {
		end := strings.IndexByte(text, '\n') + 1
		if end == 0 {
			end = len(text)
		}
		if end > MaxLine {
			if end = strings.LastIndexByte(text[:min(end, MaxLine+1)], ' ') + 1; end == 0 {
				end = MaxLine
			}
		}
		lines = append(lines, text[:end])
		text = text[end:]
	}
	return lines
}

// rawBody puts together what rawbody rules see. Calendars are left out: they are not shown as text.
func rawBody(parts []*Part) []string {
	var pieces []string
	for _, p := range parts {
		if !strings.HasPrefix(p.Type, "text/") && !strings.HasPrefix(p.Type, "message/") || p.Type == "text/calendar" {
			continue
		}
		data := p.Data[:min(len(p.Data), MaxRawPart+nearCut)]
		pieces = splitPieces(pieces, cutPart(asText(data), MaxRawPart, "\n> "))
	}
	return pieces
}

// splitPieces cuts text into pieces of MaxLine to twice that, if it can behind a line end, else a tag, else a blank.
func splitPieces(pieces []string, text string) []string {
	if len(text) <= MaxLine {
		return append(pieces, text)
	}
	for len(text) > 2*MaxLine {
		end := MaxLine
		window := text[MaxLine : 2*MaxLine]
		for i := range len("\n> ") {
			if at := strings.IndexByte(window, "\n> "[i]); at >= 0 {
				end = MaxLine + at
				break
			}
		}
		pieces = append(pieces, text[:end+1])
		text = text[end+1:]
	}
	if text != "" {
		pieces = append(pieces, text)
	}
	return pieces
}

// full puts the message together again.
func full(h Header, body []byte) []byte {
	size := 1 + len(body)
	for _, f := range h {
		size += len(f.Name) + len(f.Value) + 2
	}
	out := make([]byte, 0, size)
	for _, f := range h {
		out = append(out, f.Name...)
		out = append(out, ':')
		out = append(out, f.Value...)
		out = append(out, '\n')
	}
	out = append(out, '\n')
	return appendLF(out, body)
}
