package eval

import (
	"strings"

	"winnow/pkg/message"
)

// bodyMail is the free mail addresses in a message's text.
type bodyMail struct {
	addresses []string
}

// Limits on the addresses that are looked at.
const (
	maxLinkedMail = 20
	maxBodyMail   = 40
	maxLocalPart  = 64
	maxMailLabels = 5
	maxMailLabel  = 61
)

// freeMailInBody returns the free mail addresses in the text, none where there are so many addresses that it is a list.
func (f *Facts) freeMailInBody() []string {
	if f.bodyMail == nil {
		f.bodyMail = &bodyMail{f.findFreeMail()}
	}
	return f.bodyMail.addresses
}

func (f *Facts) findFreeMail() []string {
	s := &f.Settings.freeMail
	var found []string
	for i, address := range f.mailInBody() {
		if i+1 == s.maxBodyEmails && !s.keepWhenOverMax {
			return nil
		}
		if !f.isFreeMail(address) {
			continue
		}
		if len(found)+1 == s.maxBodyFreemails && !s.keepWhenOverMax {
			return nil
		}
		found = append(found, address)
	}
	return found
}

// mailInBody returns the addresses that links lead to, then those that stand in the text, in lower case, none twice. Those in
// angle brackets are of quoted headers, and do not count.
func (f *Facts) mailInBody() []string {
	list := mailList{rules: f.Settings.URIRules(), seen: map[string]bool{}}
	for _, uri := range f.uris() {
		if uri.Types&message.URIAnchor == 0 || uri.Types&message.URIParsed != 0 {
			continue
		}
		if scheme, rest, found := strings.Cut(uri.Raw, ":"); found && strings.EqualFold(scheme, "mailto") {
			if start, end, ok := findMail(list.rules, rest, 0); ok && start == 0 {
				list.add(rest[:end])
			}
		}
		if len(list.all) >= maxLinkedMail {
			break
		}
	}
	for _, line := range f.Message.BodyLines() {
		if strings.IndexByte(line, '@') >= 0 && !list.collect(withoutQuotedMail(list.rules, withoutMailURIs(line))) {
			break
		}
	}
	return list.all
}

type mailList struct {
	rules *message.URIRules // who know which top-level domains there are
	all   []string
	seen  map[string]bool
}

func (l *mailList) add(address string) {
	if address = strings.ToLower(address); !l.seen[address] {
		l.seen[address] = true
		l.all = append(l.all, address)
	}
}

// collect takes the addresses of a text; it returns false when there are enough.
func (l *mailList) collect(text string) bool {
	for pos := 0; ; {
		start, end, ok := findMail(l.rules, text, pos)
		if !ok {
			return true
		}
		l.add(text[start:end])
		if len(l.all) >= maxBodyMail {
			return false
		}
		pos = end
	}
}

// findMail finds the first mail address from pos on.
func findMail(rules *message.URIRules, text string, pos int) (start, end int, ok bool) {
	for from := pos; ; {
		i := strings.IndexByte(text[from:], '@')
		if i < 0 {
			return 0, 0, false
		}
		at := from + i
		if start, ok = localBefore(text, pos, at); ok {
			if end, ok = hostBehind(rules, text, at+1); ok {
				return start, end, true
			}
		}
		from = at + 1
	}
}

// localBefore finds where the local part begins that ends before the @: words with single dots between them, none before the
// place where the search began.
func localBefore(text string, from, at int) (start int, ok bool) {
	pos := at
	for pos > from && at-pos <= maxLocalPart {
		word := pos
		for word > 0 && isMailByte(text[word-1]) {
			word--
		}
		if word == pos || word < from || at-word > maxLocalPart {
			break
		}
		start, ok = word, true
		if word == from || text[word-1] != '.' {
			break
		}
		pos = word - 1
	}
	return start, ok
}

// isMailByte tells of the characters of a local part (RFC 5322, 3.2.3).
func isMailByte(c byte) bool {
	return isWordByte(c) || strings.IndexByte("!#$%&'*+/=?^`{|}~-", c) >= 0
}

// hostBehind finds the end of the host name that begins at pos: two to five labels, the last of them a top-level domain.
func hostBehind(rules *message.URIRules, text string, pos int) (end int, ok bool) {
	for labels := 1; labels <= maxMailLabels; labels++ {
		end = pos
		for end < len(text) && isHostByte(text[end]) {
			end++
		}
		label := text[pos:end]
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' || len(label) > maxMailLabel {
			return 0, false
		}
		if end+1 < len(text) && text[end] == '.' && isHostByte(text[end+1]) && text[end+1] != '-' {
			pos = end + 1
			continue
		}
		return end, labels > 1 && rules.IsTopLevel(strings.ToLower(label))
	}
	return 0, false
}

func isHostByte(c byte) bool { return isWordByte(c) && c != '_' || c == '-' }

// aroundMailURI is how many octets of a web address are looked at on both sides of the @ in it.
const aroundMailURI = 255

// withoutMailURIs puts a blank in the place of web addresses that have an @ in them.
func withoutMailURIs(text string) string {
	for pos := 0; ; {
		i := strings.Index(text[pos:], "://")
		if i < 0 {
			return text
		}
		mark := pos + i
		pos = mark + len("://")
		start, ok := schemeBefore(text, mark)
		if !ok {
			continue
		}
		end := pos
		for end < len(text) && !isSpaceByte(text[end]) {
			end++
		}
		behind := behindAt(text[pos:end])
		if behind == 0 {
			continue
		}
		text = text[:start] + " " + text[min(end, pos+behind+aroundMailURI):]
		pos = start + 1
	}
}

// behindAt returns where the last @ ends that is looked for, be it written %40; 0 where there is none.
func behindAt(word string) int {
	behind := strings.LastIndexByte(word[:min(len(word), aroundMailURI+1)], '@') + 1
	if escaped := strings.LastIndex(word[:min(len(word), aroundMailURI+3)], "%40"); escaped >= 0 {
		behind = max(behind, escaped+3)
	}
	return behind
}

// schemeBefore finds "http" or "https" before "://", with the bracket that may stand before it.
func schemeBefore(text string, mark int) (start int, ok bool) {
	for _, scheme := range [...]string{"https", "http"} {
		start = mark - len(scheme)
		if start >= 0 && strings.EqualFold(text[start:mark], scheme) {
			if start > 0 && text[start-1] == '<' {
				start--
			}
			return start, true
		}
	}
	return 0, false
}

// withoutQuotedMail puts a blank in the place of addresses in angle brackets, and of those before "wrote:" and the like; but
// not before "fax:" or "phone:".
func withoutQuotedMail(rules *message.URIRules, text string) string {
	for pos := 0; ; {
		start, end, ok := findMail(rules, text, pos)
		if !ok {
			return text
		}
		start, ok = withoutScheme(text, start, end)
		length := quoteLength(text[end:])
		if !ok || length == 0 {
			pos = end
			continue
		}
		if start > 0 && text[start-1] == '<' {
			start--
		}
		text = text[:start] + " " + text[end+length:]
		pos = start + 1
	}
}

// withoutScheme moves the start of an address behind its first dot where "mailto:" stands before it, as SpamAssassin does,
// which wants none there but finds an address in the rest.
func withoutScheme(text string, start, end int) (int, bool) {
	const scheme = "mailto:"
	if start < len(scheme) || !strings.EqualFold(text[start-len(scheme):start], scheme) {
		return start, true
	}
	local, _, _ := strings.Cut(text[start:end], "@")
	dot := strings.IndexByte(local, '.')
	return start + dot + 1, dot >= 0
}

// quoteLength is how much behind an address tells that it is quoted, 0 for nothing.
func quoteLength(text string) int {
	if strings.HasPrefix(text, ">") {
		return 1
	}
	blanks := 0
	for blanks < len(text) && isSpaceByte(text[blanks]) {
		blanks++
	}
	if blanks < 1 || blanks > 10 {
		return 0
	}
	word := text[blanks:]
	letters := 0
	for letters < len(word) && ('a' <= word[letters]|0x20 && word[letters]|0x20 <= 'z') {
		letters++
	}
	if letters < 2 || letters > 11 || letters == len(word) || word[letters] != ':' || announcesNumber(strings.ToLower(word)) {
		return 0
	}
	return blanks + letters + 1
}

func announcesNumber(word string) bool {
	for _, mark := range [...]string{"fax", "facsi", "tel", "phone", "mail", "email"} {
		if strings.HasPrefix(word, mark) {
			return true
		}
	}
	return false
}
