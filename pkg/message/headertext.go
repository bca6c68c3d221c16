package message

import (
	"slices"
	"strings"
	"sync"
)

// HeaderMod is what a header rule wants to see of a field: SpamAssassin's modifiers, which may be combined.
type HeaderMod uint16

const (
	HeaderDecoded HeaderMod = 0         // unfolded, in UTF-8, encoded words decoded; each field ends with "\n"
	HeaderRaw     HeaderMod = 1 << iota // :raw, as received
	HeaderAddr                          // :addr, the mail addresses, one a line
	HeaderName                          // :name, the display names, one a line; where there is none, the comment
	HeaderFirst                         // :first, only the topmost field
	HeaderLast                          // :last, only the lowest field
	HeaderHost                          // :host, the host name of each field
	HeaderDomain                        // :domain, its registered domain
	HeaderIP                            // :ip, the first IP address of each field
	HeaderRevIP                         // :revip, the same with its parts in reverse order
)

// HeaderText returns what header rules are matched against: all fields of that name, one behind the other, each of them
// cut at MaxFieldValue. Names do not distinguish case. It returns false where there is nothing of the kind. Pseudo
// headers are ALL and MESSAGEID, in just these letters, for MessageID is a field like any other, ToCc and EnvelopeFrom. The last
// is always there, for a null sender is one, too. Which names are hosts, and what their domains are, rules may say with
// HeaderTextBy.
func (m *Message) HeaderText(name string, mod HeaderMod) (string, bool) {
	return m.HeaderTextBy(&noRules, name, mod)
}

// HeaderTextBy is HeaderText where rule files say what top-level domains there are.
func (m *Message) HeaderTextBy(rules *URIRules, name string, mod HeaderMod) (string, bool) {
	if !m.names().mayHave(name) {
		return "", false
	}
	return m.derived.headers.get(mod.key(rules, name), func() (string, bool) {
		return mod.textOf(rules, m.headerLines(name, mod))
	})
}

// nameSet says of most names that no field has them. Rules look at some 200 fields, of which a message has 20.
type nameSet [4]uint64

func (m *Message) names() *nameSet {
	return m.derived.names.get(func() *nameSet {
		names := new(nameSet)
		for _, pseudo := range [...]string{"ALL", "MESSAGEID", "ToCc", "EnvelopeFrom"} {
			names.add(pseudo)
		}
		for _, field := range m.stamped() {
			names.add(field.Name)
		}
		return names
	})
}

func (n *nameSet) add(name string) {
	word, bit := nameBit(name)
	n[word] |= bit
}

func (n *nameSet) mayHave(name string) bool {
	word, bit := nameBit(name)
	return n[word]&bit != 0
}

// nameBit is one of 256, by a name's length, beginning, middle and end, in either case.
func nameBit(name string) (word int, bit uint64) {
	if name == "" {
		return 0, 1
	}
	const either = 0x20
	sum := uint32(len(name)) + uint32(name[0]|either)*7 + uint32(name[len(name)/2]|either)*31 + uint32(name[len(name)-1]|either)*127
	return int(sum >> 6 & 3), 1 << (sum & 63)
}

var noRules URIRules // the public suffix list alone

// textOf makes one text of what rules want to see of these lines.
func (mod HeaderMod) textOf(rules *URIRules, lines []string) (string, bool) {
	if len(lines) > 0 && mod&HeaderFirst != 0 {
		lines = lines[:1]
	} else if len(lines) > 0 && mod&HeaderLast != 0 {
		lines = lines[len(lines)-1:]
	}
	lines, separator := mod.pick(rules, lines), ""
	if mod&(HeaderAddr|HeaderName|HeaderHost|HeaderDomain|HeaderIP|HeaderRevIP) != 0 {
		separator = "\n"
	}
	return strings.Join(lines, separator), len(lines) > 0
}

// headerTexts keeps what was asked for: many rules look at the same few fields.
type headerTexts struct {
	mu    sync.Mutex
	texts map[headerKey]headerText
}

type headerKey struct {
	rules *URIRules // nil where they do not matter
	name  string
	mod   HeaderMod
}

func (mod HeaderMod) key(rules *URIRules, name string) headerKey {
	if mod&(HeaderHost|HeaderDomain) == 0 {
		rules = nil
	}
	return headerKey{rules, name, mod}
}

type headerText struct {
	text  string
	found bool
}

func (t *headerTexts) get(key headerKey, build func() (string, bool)) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	text, known := t.texts[key]
	if !known {
		text.text, text.found = build()
		if t.texts == nil {
			t.texts = make(map[headerKey]headerText)
		}
		t.texts[key] = text
	}
	return text.text, text.found
}

// headerLines returns the fields of that name, or what a pseudo header stands for. What addresses and names are read
// from comes raw, for they must be told apart before they are decoded; but from a pseudo header it does not, as in
// SpamAssassin.
func (m *Message) headerLines(name string, mod HeaderMod) []string {
	raw := mod&HeaderRaw != 0
	switch name {
	case "ALL":
		return m.allHeaders(raw)
	case "MESSAGEID": // list software moves the real one elsewhere
		return m.pseudo(raw, "X-Message-Id", "Resent-Message-Id", "X-Original-Message-ID", "Message-Id")
	}
	switch {
	case strings.EqualFold(name, "ToCc"):
		return m.pseudo(raw, "To", "Cc")
	case strings.EqualFold(name, "EnvelopeFrom"):
		return []string{m.Sender}
	default:
		return m.fields(mod&(HeaderRaw|HeaderAddr|HeaderName) != 0, name)
	}
}

// pseudo is fields, for a pseudo header: raw, each is unfolded.
func (m *Message) pseudo(raw bool, names ...string) []string {
	lines := m.fields(raw, names...)
	if raw {
		for i, line := range lines {
			lines[i] = unfoldRaw(line)
		}
	}
	return lines
}

// unfoldRaw makes one blank of each line end with the white space behind it, but the last.
func unfoldRaw(line string) string {
	if strings.IndexByte(line, '\n') == len(line)-1 {
		return line
	}
	var out strings.Builder
	for {
		before, behind, found := strings.Cut(line, "\n")
		rest := strings.TrimLeft(behind, whiteSpace)
		if !found || len(rest) == len(behind) {
			out.WriteString(before)
			if found {
				out.WriteByte('\n')
			}
			if !found || rest == "" {
				return out.String()
			}
		} else {
			out.WriteString(strings.TrimSuffix(before, "\r") + " ")
		}
		line = rest
	}
}

// fields returns the fields of the first name, then those of the next. Each ends with "\n".
func (m *Message) fields(raw bool, names ...string) []string {
	var lines []string
	for _, name := range names {
		for _, f := range m.stamped() {
			if len(f.Name) == len(name) && strings.EqualFold(f.Name, name) && !isOfFilters(name) {
				line := f.text(raw) + "\n"
				if raw {
					line = clip(line, MaxFieldValue)
				}
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// isOfFilters tells of the fields that a filter before us may have added. Rules see them only in ALL:raw, or a sender
// could forge our own verdict.
func isOfFilters(name string) bool {
	return len(name) > 7 && strings.EqualFold(name[:7], "X-Spam-")
}

func (f Field) text(raw bool) string {
	value := clip(f.Value, MaxFieldValue)
	if raw {
		return value
	}
	return decodeField(f.Name, value)
}

// clip cuts s to at most n octets.
func clip(s string, n int) string {
	if len(s) > n {
		return s[:n]
	}
	return s
}

// allHeaders returns every field as a line, raw as it stood.
func (m *Message) allHeaders(raw bool) []string {
	if raw {
		return m.allRaw()
	}
	lines, _ := m.allDecoded()
	return lines
}

// allRaw returns every field as it stood.
func (m *Message) allRaw() []string {
	if m.source != nil && m.Stored {
		return rawFields(m.source.text[:m.source.end])
	}
	header := m.stamped()
	lines := make([]string, len(header))
	for i, f := range header {
		lines[i] = f.Name + ":" + f.Value + "\n"
	}
	return lines
}

// rawFields returns the fields of a header in a file. What stands on top and begins with a blank is none.
func rawFields(header []byte) []string {
	var lines []string
	for len(header) > 0 {
		field, rest := cutField(header)
		if field[0] != ' ' && field[0] != '\t' && len(field) > 1 && field[len(field)-1] == '\n' {
			lines = append(lines, string(field))
		}
		header = rest
	}
	return lines
}

// allDecoded returns every field as "Name: value\n", up to MaxAllHeaders, and whether that cut some off. SpamAssassin
// counts the fields of one name together, so that those that come later in the header may be in when others are not.
func (m *Message) allDecoded() (lines []string, cut bool) {
	fields := slices.DeleteFunc(slices.Clone(m.stamped()), func(f Field) bool { return isOfFilters(f.Name) })
	lines = make([]string, len(fields))
	size := 0
	for i, f := range fields {
		lines[i] = clip(f.Name, MaxFieldName) + ": " + f.text(false) + "\n"
		size += len(lines[i])
	}
	if size <= MaxAllHeaders {
		return lines, false
	}
	return cutLines(fields, lines), true
}

// cutLines leaves of the lines those that MaxAllHeaders allows, the fields of one name one after the other.
func cutLines(h Header, lines []string) []string {
	kept, size := make([]bool, len(lines)), 0
	seen := make(map[string]bool)
	byName := make(map[string][]int)
	for i, f := range h {
		key := strings.ToLower(f.Name)
		byName[key] = append(byName[key], i)
	}
	full := false
	for _, f := range h {
		key := strings.ToLower(f.Name)
		if full || seen[key] {
			continue
		}
		seen[key] = true
		for _, i := range byName[key] {
			if size += len(lines[i]); size > MaxAllHeaders {
				full = true
				break
			}
			kept[i] = true
		}
	}
	left := lines[:0]
	for i, line := range lines {
		if kept[i] {
			left = append(left, line)
		}
	}
	return left
}

// pick takes out of each line what the modifiers ask for.
func (mod HeaderMod) pick(rules *URIRules, lines []string) []string {
	switch {
	case mod&HeaderAddr != 0:
		lines = pickEach(lines, addressesIn)
	case mod&HeaderName != 0:
		raw := mod&HeaderRaw != 0
		lines = pickEach(lines, func(line string) []string { return namesIn(line, raw) })
	}
	switch {
	case mod&(HeaderHost|HeaderDomain) != 0:
		return pickEach(lines, func(line string) []string { return orNothing(mod.hostIn(rules, line)) })
	case mod&(HeaderIP|HeaderRevIP) != 0:
		reverse := mod&HeaderRevIP != 0
		return pickEach(lines, func(line string) []string { return orNothing(addrIn(line, reverse)) })
	}
	return lines
}

func pickEach(lines []string, pick func(string) []string) []string {
	var picked []string
	for _, line := range lines {
		picked = append(picked, pick(line)...)
	}
	return picked
}

func orNothing(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func addressesIn(value string) []string {
	var found []string
	for _, a := range parseAddresses(value) {
		if a.addr != "" {
			found = append(found, a.addr)
		}
	}
	return found
}

func namesIn(value string, raw bool) []string {
	var found []string
	for _, a := range parseAddresses(value) {
		name := a.name
		if name == "" {
			continue
		}
		if !raw {
			name = foldName(decodeName(name))
		}
		found = append(found, name)
	}
	return found
}

// decodeName decodes a display name, which was taken out of a field before that was decoded.
func decodeName(name string) string {
	if strings.IndexByte(name, '\n') >= 0 {
		name = strings.ReplaceAll(name, "\n\t", "\n ")
		name = unfolder.Replace(name)
	}
	if !isASCII(name) {
		name = decodeText([]byte(name), "utf-8")
	}
	if strings.Contains(name, "=?") {
		return decodeWords(name)
	}
	return name
}

// foldName makes one blank of each run of white space, and takes a name out of single quotes.
func foldName(name string) string {
	folded := strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || '\t' <= r && r <= '\r' }), " ")
	if folded == "" {
		return name
	}
	if n := len(folded); n > 1 && folded[0] == '\'' && folded[n-1] == '\'' {
		return folded[1 : n-1]
	}
	return folded
}
