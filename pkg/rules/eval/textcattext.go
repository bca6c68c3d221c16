package eval

import "strings"

// maxLanguageText is the octets of text that are enough to tell its language.
const maxLanguageText = 10_000

// Limits on what is cut out of text: SpamAssassin's.
const (
	maxLinkText   = 1024 // octets of a link
	maxSiteText   = 128  // octets behind www. and behind the @ of an address
	maxLocalText  = 64   // octets before the @
	maxReplyMarks = 10   // "Re: Fwd: "
)

// languageText is the text whose language is to be told: without prefixes of the Subject, links and addresses.
func languageText(lines []string) string {
	text := cutReplyMarks(strings.Join(lines, "\n"))
	text = cutLinks(text)
	text = cutAddresses(text)
	text = cutSites(text)
	return text[:min(len(text), maxLanguageText)]
}

func cutReplyMarks(text string) string {
	for range maxReplyMarks {
		n := 0
		for n < len(text) && n < 13 && text[n]|0x20 >= 'a' && text[n]|0x20 <= 'z' {
			n++
		}
		if n < 2 || n > 12 || n == len(text) || text[n] != ':' {
			break
		}
		text = strings.TrimLeft(text[n+1:], asciiBlanks)
	}
	return text
}

const asciiBlanks = " \t\r\n\f\v"

// wordEnd returns where a word that goes on at from ends: at white space, or after most octets.
func wordEnd(text string, from, most int) int {
	end := min(len(text), from+most)
	if i := strings.IndexAny(text[from:end], asciiBlanks); i >= 0 {
		return from + i
	}
	return end
}

// cutEach puts a blank in the place of whatever next finds, which returns where that begins and ends, or -1.
func cutEach(text string, next func(text string, from int) (start, end int)) string {
	start, end := next(text, 0)
	if start < 0 {
		return text
	}
	var kept strings.Builder
	kept.Grow(len(text))
	from := 0
	for start >= 0 {
		kept.WriteString(text[from:start])
		kept.WriteByte(' ')
		from = end
		start, end = next(text, from)
	}
	kept.WriteString(text[from:])
	return kept.String()
}

func cutLinks(text string) string {
	return cutEach(text, func(text string, from int) (int, int) {
		for at := from; ; {
			i := strings.Index(text[at:], "http")
			if i < 0 {
				return -1, -1
			}
			start := at + i
			at = start + len("http")
			behind := at
			if behind < len(text) && text[behind] == 's' {
				behind++
			}
			for _, mark := range []string{"://", ":&#x2F;&#x2F;", "%3A%2F%2F"} {
				if strings.HasPrefix(text[behind:], mark) {
					if end := wordEnd(text, behind+len(mark), maxLinkText); end > behind+len(mark) {
						return start, end
					}
				}
			}
		}
	})
}

func cutAddresses(text string) string {
	return cutEach(text, func(text string, from int) (int, int) {
		for at := from; ; {
			i := strings.IndexByte(text[at:], '@')
			if i < 0 {
				return -1, -1
			}
			at += i
			start := max(from, at-maxLocalText)
			start += strings.LastIndexAny(text[start:at], asciiBlanks) + 1
			if start < at && at+1 < len(text) && text[at+1]|0x20 >= 'a' && text[at+1]|0x20 <= 'z' {
				if end := wordEnd(text, at+2, maxSiteText); end > at+2 {
					return start, end
				}
			}
			at++
		}
	})
}

func cutSites(text string) string {
	return cutEach(text, func(text string, from int) (int, int) {
		for at := from; ; {
			i := strings.Index(text[at:], "www.")
			if i < 0 {
				return -1, -1
			}
			start := at + i
			at = start + len("www.")
			if start > 0 && isWordRune(rune(text[start-1])) && text[start-1] < 0x80 {
				continue
			}
			if end := wordEnd(text, at, maxSiteText); end > at {
				return start, end
			}
		}
	})
}
