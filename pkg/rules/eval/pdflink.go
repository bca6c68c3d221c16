package eval

import (
	"bytes"
	"slices"
	"strings"
)

const (
	maxPDFLinks = 20  // of one PDF
	minPDFLink  = 8   // octets behind the scheme of a link that has no key
	maxPDFLink  = 256 // the same
)

// addLink notes the link in a line. Links in parts of a PDF that are compressed are not found.
func (s *pdfScan) addLink(line []byte) {
	if s.linked >= maxPDFLinks {
		return
	}
	link, found := pdfLink(line)
	if !found || strings.IndexByte(link, '.') < 1 || strings.IndexByte(link, 0) >= 0 {
		return
	}
	if !slices.Contains(s.links[len(s.links)-s.linked:], link) {
		s.links = append(s.links, link)
		s.linked++
	}
}

// pdfLink returns the first link of a line: the text behind /S/URI/URI, or behind /URI at the beginning, or one that is
// the last thing in its dictionary (ISO 32000-1, 12.6.4.7).
func pdfLink(line []byte) (link string, found bool) {
	loose, at := looseLink(line)
	keyed, begins := keyedLink(line)
	switch {
	case begins >= 0 && (at < 0 || begins <= at):
		return keyed, true
	case at >= 0:
		return loose, true
	}
	return "", false
}

// keyedLink returns the first link behind a key and where the key is, or -1.
func keyedLink(line []byte) (link string, at int) {
	var r pdfReader
	if rest, found := bytes.CutPrefix(bytes.TrimLeft(line, asciiBlanks), []byte("/URI")); found {
		if link, found = r.read(rest); found {
			return plainLink(rest, link), 0
		}
	}
	for at = 0; !r.noText || !r.noHex; {
		next := bytes.Index(line[at:], []byte("/S"))
		if next < 0 {
			break
		}
		at += next
		rest, isLink := bytes.CutPrefix(trimBlanks(line[at+len("/S"):], 2), []byte("/URI"))
		rest, hasKey := bytes.CutPrefix(trimBlanks(rest, 2), []byte("/URI"))
		if isLink && hasKey {
			if link, found := r.read(rest); found {
				return plainLink(rest, link), at
			}
		}
		at++
	}
	return "", -1
}

// plainLink is link, which was read from rest, or nothing: SpamAssassin knows no links in hexadecimal digits.
func plainLink(rest []byte, link string) string {
	if rest = trimBlanks(rest, 2); rest[0] == '<' {
		return ""
	}
	return link
}

// looseLink returns the first text that is a link and ends a dictionary, and where it is, or -1.
func looseLink(line []byte) (link string, at int) {
	for at = 0; ; at++ {
		next := bytes.Index(line[at:], []byte("(http"))
		if next < 0 {
			return "", -1
		}
		at += next
		text := line[at+1:]
		behind := bytes.TrimPrefix(text[len("http"):], []byte("s"))
		if !bytes.HasPrefix(behind, []byte("://")) {
			continue
		}
		start := len(text) - len(behind) + len("://")
		near := text[start:min(len(text), start+maxPDFLink+len(")>>"))]
		if end := bytes.LastIndex(near, []byte(")>>")); end >= minPDFLink {
			return pdfText(text[:start+end]), at
		}
	}
}
