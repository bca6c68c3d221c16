package rules

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"winnow/pkg/message"
)

// mimeSyntax is what stands behind the name of a mimeheader rule.
var mimeSyntax = regexp.MustCompile(`^([^:\s]+?)(?::(raw)?)?\s*([=!]~)\s*(.+)$`)

// parseMIMEHeader reads a rule on a field of each MIME part, the message itself being the first.
func parseMIMEHeader(rule *Rule, test string) error {
	parts := mimeSyntax.FindStringSubmatch(test)
	if parts == nil {
		return &problem{"not a test of a header field", "write: mimeheader NAME Field =~ /pattern/"}
	}
	rule.header = headerTest{name: parts[1], not: parts[3] == "!~"}
	if parts[2] != "" {
		rule.header.mod = message.HeaderRaw
	}
	text := parts[4]
	if unset := unsetSyntax.FindStringSubmatchIndex(text); unset != nil {
		rule.header.unset = text[unset[2]:unset[3]]
		text = text[:unset[0]]
	}
	return parsePattern(rule, text)
}

var rangeSyntax = regexp.MustCompile(`^(\d{1,4})?(-)?(\d{1,4})?$`)

// maxPartRange is the last part that a mimeheader rule looks at, where it does not say so itself.
const maxPartRange = 1000

// partRange reads which parts a mimeheader rule is for. It returns false where it cannot.
func (f *Flags) partRange(value string) bool {
	parts := rangeSyntax.FindStringSubmatch(value)
	if parts == nil || parts[1] == "" && parts[3] == "" || parts[2] == "" && parts[1] != "" && parts[3] != "" {
		return false
	}
	f.First, _ = strconv.Atoi(parts[1])
	f.Last, _ = strconv.Atoi(parts[3])
	if parts[2] == "" {
		f.Last = f.First
	}
	return true
}

// absent stands in the texts of a section for the field of a part that has none.
const absent = "\x00absent"

// mimeTexts returns the last field of that name of every part, and absent for those that have none.
func mimeTexts(parts []*message.Part, name string, mod message.HeaderMod) []string {
	texts := make([]string, 0, len(parts))
	for _, part := range parts {
		text, found := part.FieldText(name, mod)
		if !found {
			text = absent
		}
		texts = append(texts, text)
	}
	return texts
}

// mimeHeader counts the hits of a mimeheader rule: those in the first part that has any. As in SpamAssassin, one that is
// to hit where the pattern does not match always hits, for it counts what does not match.
func (r *run) mimeHeader(i int, rule *Rule) float64 {
	if rule.header.not {
		return 1
	}
	s := r.section(rule.section)
	if rule.header.unset == "" && !rule.Flags.Concat && !s.spots.May(rule.slot) {
		return 0
	}
	first, last := max(rule.Flags.First, 1), rule.Flags.Last
	if last == 0 {
		last = maxPartRange
	}
	if first > len(s.texts) || first > last {
		return 0
	}
	texts := rule.fields(s.texts[first-1 : min(last, len(s.texts))])
	if rule.Flags.Concat {
		texts = concat(texts)
	}
	for t := range texts {
		if hits := r.hitsIn(i, rule, texts[t:t+1]); hits > 0 || r.over || r.machine.Bounded() {
			return float64(hits)
		}
	}
	return 0
}

// fields puts what the rule wants to see in place of fields that are not there.
func (rule *Rule) fields(texts []string) []string {
	if !slices.Contains(texts, absent) {
		return texts
	}
	fields := slices.Clone(texts)
	for i, text := range fields {
		if text == absent {
			if fields[i] = rule.header.unset; rule.header.mod == message.HeaderRaw {
				fields[i] = ""
			}
		}
	}
	return fields
}

// concat makes one text of all, each of which ends its line.
func concat(texts []string) []string {
	var all strings.Builder
	for _, text := range texts {
		all.WriteString(text)
		if !strings.HasSuffix(text, "\n") {
			all.WriteByte('\n')
		}
	}
	return []string{all.String()}
}
