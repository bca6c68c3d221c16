package auth

import "strings"

// maxTags is how many tags a list may have. Signatures have a dozen, key records half of that.
const maxTags = 64

// A tag is one name=value of a signature or a key record (RFC 6376, 3.2).
type tag struct {
	name  string
	value string // without the blanks at its ends
	at    int    // where in the list its value begins, behind the "="
	end   int    // where it ends, at the ";"
}

type tagList []tag

// parseTags reads a list of tags. A name that stands twice makes the whole list worthless, as does anything that is no
// tag. Gaps, semicolons without a tag between them, are no tag either; who publishes key records is forgiven them.
func parseTags(list string, gaps bool) (tagList, *failure) {
	tags := make(tagList, 0, min(strings.Count(list, ";")+1, maxTags))
	for next := 0; next < len(list); {
		begin := next
		spec, _, _ := strings.Cut(list[begin:], ";")
		end := begin + len(spec)
		next = end + 1
		if trimBlanks(spec) == "" {
			if gaps || end == len(list) {
				continue
			}
			return nil, neutral("a semicolon without a tag")
		}
		name, value, found := strings.Cut(spec, "=")
		t := tag{name: trimBlanks(name), value: trimBlanks(value), at: begin + len(name) + 1, end: end}
		switch {
		case !found:
			return nil, neutral("a tag without a value")
		case !isTagName(t.name):
			return nil, neutral("a tag whose name is none")
		case tags.has(t.name):
			return nil, neutral("the tag %s= stands twice", t.name)
		case len(tags) == maxTags:
			return nil, neutral("more than %d tags", maxTags)
		}
		tags = append(tags, t)
	}
	return tags, nil
}

// isTagName tells whether name is a letter and then letters, digits and underscores. They distinguish case.
func isTagName(name string) bool {
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case i > 0 && ('0' <= c && c <= '9' || c == '_'):
		default:
			return false
		}
	}
	return name != "" && len(name) <= maxTagName
}

const maxTagName = 32 // octets

func (l tagList) find(name string) (t tag, found bool) {
	for i := range l {
		if l[i].name == name {
			return l[i], true
		}
	}
	return tag{}, false
}

func (l tagList) has(name string) bool {
	_, found := l.find(name)
	return found
}

// value returns the value of a tag, "" where it is missing.
func (l tagList) value(name string) string {
	t, _ := l.find(name)
	return t.value
}

// words returns a tag's value as a list with colons between, without blanks; nil where the tag is missing.
func (l tagList) words(name string) []string {
	t, found := l.find(name)
	if !found {
		return nil
	}
	words := strings.Split(t.value, ":")
	for i, word := range words {
		words[i] = trimBlanks(word)
	}
	return words
}

// blanks are what may stand around words, folds included (FWS in RFC 6376, 2.8).
const blanks = " \t\r\n"

func trimBlanks(s string) string { return strings.Trim(s, blanks) }

// dropBlanks takes out all blanks, those within, too.
func dropBlanks(s string) string {
	if !strings.ContainsAny(s, blanks) {
		return s
	}
	return blankDropper.Replace(s)
}

var blankDropper = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "")
