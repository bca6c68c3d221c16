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
			text := f.text(raw)
			if raw {
				text = strings.TrimLeft(text, " \t")
			}
			return text + "\n", true
		}
	}
	return "", false
}

// allFields returns the entity's whole header, up to MaxAllHeaders. As SpamAssassin has it, fields are unfolded even where
// they are raw.
func (p *Part) allFields(raw bool) string {
	var all strings.Builder
	for _, f := range p.Header {
		text := f.text(raw)
		if raw {
			text = unfoldBlank(strings.TrimLeft(text, " \t"))
		}
		line := clip(f.Name, MaxFieldName) + ": " + text + "\n"
		if all.Len()+len(line) > MaxAllHeaders {
			break
		}
		all.WriteString(line)
	}
	return all.String()
}

// unfoldBlank puts one space in place of each line end and the blanks behind it.
func unfoldBlank(value string) string {
	if !strings.Contains(value, "\n") {
		return value
	}
	lines := strings.Split(strings.ReplaceAll(value, "\r\n", "\n"), "\n")
	for i := 1; i < len(lines); i++ {
		lines[i] = strings.TrimLeft(lines[i], " \t\n\v\f\r")
	}
	return strings.Join(lines, " ")
}
