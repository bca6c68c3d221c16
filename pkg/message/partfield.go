package message

import "strings"

// FieldText returns what mimeheader rules are matched against: the last field of that name in the entity's header, or ALL
// of them, ending with "\n". With HeaderRaw it is undecoded. It returns false where there is none.
func (p *Part) FieldText(name string, mod HeaderMod) (string, bool) {
	raw := mod&HeaderRaw != 0
	if name == "ALL" {
		return p.allFields(raw), true
	}
	for i := len(p.Header) - 1; i >= 0; i-- {
		if f := p.Header[i]; strings.EqualFold(f.Name, name) {
			if raw {
				return p.rawField(f), true
			}
			return f.text(false) + "\n", true
		}
	}
	return "", false
}

// allFields returns the entity's whole header, up to MaxAllHeaders. As SpamAssassin has it, fields are unfolded even where
// they are raw.
func (p *Part) allFields(raw bool) string {
	var all strings.Builder
	for _, f := range p.Header {
		var text string
		if raw {
			text = unfoldBlank(p.rawField(f))
		} else {
			text = f.text(false) + "\n"
		}
		line := clip(f.Name, MaxFieldName) + ": " + text
		if all.Len()+len(line) > MaxAllHeaders {
			break
		}
		all.WriteString(line)
	}
	return all.String()
}

// rawField returns the value of a field as SpamAssassin has it: of a message, attached ones included, with all blanks and
// its line end; of a part of a multipart without what white space it begins with, be it only the line end.
func (p *Part) rawField(f Field) string {
	text := f.text(true) + "\n"
	if p.inMultipart {
		return strings.TrimLeft(text, whiteSpace)
	}
	return text
}

// unfoldBlank puts one space in place of each line end and the blanks behind it.
func unfoldBlank(value string) string {
	if !strings.Contains(value, "\n") {
		return value
	}
	lines := strings.Split(strings.ReplaceAll(value, "\r\n", "\n"), "\n")
	last := len(lines) - 1
	for i := 1; i < last; i++ {
		lines[i] = strings.TrimLeft(lines[i], whiteSpace)
	}
	return strings.Join(lines[:last], " ") + "\n"
}
