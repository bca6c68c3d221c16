package message

import (
	"bytes"
	"iter"
	"strconv"
	"strings"
)

// What rules want to know of an entity as it was sent, before anything was made of it: SpamAssassin's rules count lines and
// octets of encoded bodies, and look at types and names in its own forgiving way of reading them.

// Field returns the last field of that name in the entity's header, decoded, "" where there is none.
func (p *Part) Field(name string) string {
	value, found := p.Header.last(name)
	if !found {
		return ""
	}
	return decodeField(name, clip(value, MaxFieldValue))
}

// Leaf tells whether the entity holds data, and no other entities.
func (p *Part) Leaf() bool { return p.leaf }

// MediaType returns the type that the entity declares, in lower case: other than Type, whatever its file name says. One
// that should hold parts and has none is text/plain.
func (p *Part) MediaType() string {
	return p.declared
}

// RawLines goes through the lines of a leaf before the transfer encoding is undone, without their line ends. The number is
// a line's length with its line end as LF; the last line may have none.
func (p *Part) RawLines() iter.Seq2[[]byte, int] {
	return func(yield func([]byte, int) bool) {
		for rest := p.raw; len(rest) > 0; {
			var line []byte
			line, rest = cutLine(rest)
			if !yield(bytes.TrimSuffix(line, []byte("\n")), len(line)) {
				return
			}
		}
	}
}

// A ContentType is what SpamAssassin reads out of a Content-Type field. A parameter goes to the next semicolon, quotes or
// not.
type ContentType struct {
	Type       string // lower case, text/plain where there is none, and for most of text/*
	Charset    string
	HasCharset bool
	Name       string // file name, "" for none
}

// ContentType returns the entity's Content-Type.
func (p *Part) ContentType() ContentType {
	return p.contentType.get(func() ContentType {
		value := p.Field("Content-Type")
		if value == "" {
			value = "text/plain; charset=us-ascii"
		}
		t := ContentType{Type: bareType(value)}
		t.Charset, t.HasCharset = looseParam(value, "charset", "")
		if t.Name, _ = looseParam(value, "name", "file"); t.Name == "" {
			t.Name = numberedName(value)
		}
		return t
	})
}

// Name returns the file name of a leaf as rules see it: from Content-Disposition, else from Content-Type, and with
// nothing of RFC 2231 undone. Readers see FileName.
func (p *Part) Name() string {
	disposition := p.Field("Content-Disposition")
	for at := 0; ; {
		next := indexFold(disposition[at:], "name=")
		if next < 0 {
			return p.ContentType().Name
		}
		at += next + len("name=")
		value := strings.TrimLeft(disposition[at:], " \t\r\n\f\v")
		value = strings.TrimPrefix(value, `"`)
		if end := strings.IndexAny(value, `";`); end >= 0 {
			value = value[:end]
		}
		if value != "" {
			return value
		}
	}
}

// bareType is the type of a Content-Type without parameters.
func bareType(value string) string {
	value = strings.TrimLeft(value, " \t\r\n\f\v")
	value, _, _ = strings.Cut(value, ";")
	if slash := strings.IndexByte(value, '/'); slash > 0 {
		end := slash + 1
		for end < len(value) && value[end] != '/' && value[end] > ' ' {
			end++
		}
		value = value[:end]
	}
	value = strings.ToLower(value)
	if value == "" || strings.HasPrefix(value, "text") && (len(value) == 4 || !isWordByte(value[4])) {
		if value != "text/html" && value != "text/calendar" && value != "text/x-vcard" {
			return "text/plain"
		}
	}
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),:;<=>?@[\]`, r) {
			return -1
		}
		return r
	}, value)
}

// looseParam finds name=value, or the same with prefix before the name, where a word begins. The value goes to the next
// semicolon, less a quote at either end.
func looseParam(text, name, prefix string) (value string, found bool) {
	for at := 0; ; {
		next := indexFold(text[at:], name)
		if next < 0 {
			return "", false
		}
		start := at + next
		at = start + len(name)
		rest := strings.TrimLeft(text[at:], " \t\r\n\f\v")
		if beginsWord(text[:start], prefix) && strings.HasPrefix(rest, "=") {
			return looseValue(rest[1:]), true
		}
	}
}

// beginsWord tells whether a word can begin behind text, with prefix or without.
func beginsWord(text, prefix string) bool {
	if text == "" || !isWordByte(text[len(text)-1]) {
		return true
	}
	cut := len(text) - len(prefix)
	return prefix != "" && cut >= 0 && strings.EqualFold(text[cut:], prefix) && (cut == 0 || !isWordByte(text[cut-1]))
}

func looseValue(rest string) string {
	rest = strings.TrimLeft(rest, " \t\r\n\f\v")
	if rest != "" && (rest[0] == '"' || rest[0] == '\'') {
		rest = rest[1:]
	}
	rest, _, _ = strings.Cut(rest, ";")
	if n := len(rest); n > 0 && (rest[n-1] == '"' || rest[n-1] == '\'') {
		rest = rest[:n-1]
	}
	return rest
}

// numberedName puts a file name together that came in pieces, name*0=, name*1= and so on (RFC 2231, 3).
func numberedName(text string) string {
	var pieces [MaxParams]string
	if _, found := looseParam(text, "name*0", "file"); !found {
		return ""
	}
	for i := range pieces {
		pieces[i], _ = looseParam(text, "name*"+strconv.Itoa(i), "file")
	}
	return strings.Join(pieces[:], "")
}
