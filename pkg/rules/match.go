package rules

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"winnow/pkg/message"
	"winnow/pkg/rules/pattern"
)

// facts is what rules are matched against. *message.Message has them; they are derived when they are first asked for.
type facts interface {
	BodyLines() []string
	RawBody() []string
	Full() []byte
	URIDetails(rules *message.URIRules) []message.URIDetail
	HeaderTextBy(rules *message.URIRules, name string, mod message.HeaderMod) (string, bool)
	Entities() []*message.Part
	RelayText(rules *message.URIRules, name string, mod message.HeaderMod, networks *message.Networks) (string, bool)
}

var _ facts = (*message.Message)(nil)

// leaf counts the hits of a rule that looks at the message.
func (r *run) leaf(i int, rule *Rule) float64 {
	const often = 16 // patterns between two looks at the clock: few enough to stop in time, most take under a microsecond
	if r.asked++; r.asked%often == 0 && r.ctx.Err() != nil {
		r.over = true
	}
	if r.over {
		return 0
	}
	r.running = i
	switch {
	case rule.plan != nil:
		return r.answered(i)
	case rule.call != nil:
		return r.call(rule)
	case rule.question != nil:
		return 0
	case rule.Type == MIMEHeader:
		return r.mimeHeader(i, rule)
	case rule.Type == URIDetail:
		return r.uriDetail(i, rule)
	}
	s := r.section(rule.section)
	switch r.state[i] {
	case missed:
		return 0
	case hit:
		return r.values[i]
	}
	if rule.header.exists {
		return oneIf(s.present)
	}
	if rule.template != nil {
		return r.template(i, rule, r.textsOf(rule, s))
	}
	hits := r.hits(i, rule, s)
	if rule.header.not {
		return oneIf(hits == 0)
	}
	return float64(hits)
}

// textsOf returns the texts of a section as a rule sees them.
func (r *run) textsOf(rule *Rule, s *section) []string {
	switch {
	case rule.Type == Header && !s.present:
		return []string{rule.header.unset}
	case rule.Flags.NoSubject && rule.Type == Body && len(s.texts) > 0:
		return s.texts[1:]
	}
	return s.texts
}

// hits counts the matches of a rule in its section, where the pattern may match by what the pass over the section found.
func (r *run) hits(i int, rule *Rule, s *section) int {
	first := 0
	if rule.Flags.NoSubject && rule.Type == Body {
		first = 1
	}
	switch {
	case rule.Type == Header && !s.present && !rule.unsetHits:
		return 0
	case rule.Type == Header && !s.present:
		s.single[0] = rule.header.unset
		return r.hitsIn(i, rule, s.single[:])
	case !s.spots.May(rule.slot):
		return 0
	case rule.captures != nil:
		return r.capture(i, rule, r.textsOf(rule, s))
	}
	r.beginMatch()
	hits, where := s.spots.Count(&r.machine, rule.slot, first, rule.hitLimit())
	return r.note(i, rule, s.texts, hits, where)
}

// hitsIn counts the matches of a rule in texts that were not looked through before.
func (r *run) hitsIn(i int, rule *Rule, texts []string) int {
	if rule.captures != nil {
		return r.capture(i, rule, texts)
	}
	r.beginMatch()
	hits, where := pattern.CountIn(&r.machine, rule.pattern, texts, 0, rule.hitLimit())
	return r.note(i, rule, texts, hits, where)
}

// hitLimit is how many matches of a rule count: one, unless all do.
func (rule *Rule) hitLimit() int {
	switch {
	case !rule.Flags.Multiple || rule.header.not:
		return 1
	case rule.Flags.MaxHits == 0:
		return maxHits
	}
	return rule.Flags.MaxHits
}

// beginMatch readies the machine for a rule. Where patterns have taken what all rules together may take of a message, each
// of the others gets as much as patterns usually take.
func (r *run) beginMatch() {
	steps := 0
	if r.steps <= 0 {
		steps = fewSteps
	}
	r.machine.Begin(r.ctx, steps)
}

// endMatch counts what the machine took, and a rule that was given up.
func (r *run) endMatch(i int) {
	r.spend()
	if r.machine.Bounded() {
		r.set.bounded[i].Add(1)
	}
}

// spend counts what the machine took.
func (r *run) spend() {
	r.steps -= r.machine.Spent()
	if r.machine.Stopped() {
		r.over = true
	}
}

// note ends a match and keeps what it found as evidence, where somebody will see it. A rule that was given up has no more
// hits than were found by then; one that hits where nothing matches (!~) does not, for what was not looked at may match.
func (r *run) note(i int, rule *Rule, texts []string, hits int, where pattern.Where) int {
	r.endMatch(i)
	if hits == 0 && rule.header.not && r.machine.Bounded() {
		return 1
	}
	if hits > 0 && r.evidence[i] == "" && !subrule(rule.Name) && !rule.header.not {
		r.evidence[i] = rule.where() + " " + excerpt(texts[where.Text][where.Start:where.End], maxDetail)
	}
	return hits
}

// where names the text that a rule looks at.
func (rule *Rule) where() string {
	if rule.Type == Header || rule.Type == MIMEHeader {
		return rule.header.name + ":"
	}
	return rule.Type.String() + ":"
}

// detail says why a rule hit.
func (r *run) detail(i int) string {
	rule := r.set.rules[i]
	switch {
	case r.evidence[i] != "":
		return r.evidence[i]
	case rule.Type == Meta:
		return r.metaDetail(rule)
	case rule.call != nil:
		return strings.Trim(excerpt(rule.call.String(), maxDetail), `"`)
	case rule.header.exists:
		return rule.where() + " is there"
	case rule.header.not:
		return rule.where() + " does not match"
	}
	return rule.where()
}

// metaDetail names the rules that a meta found true.
func (r *run) metaDetail(rule *Rule) string {
	var found []string
	size := 0
	rule.expr.eachRule(func(i int) {
		name := r.set.rules[i].Name
		if r.state[i] == hit && size+len(name) <= maxDetail && !slices.Contains(found, name) {
			found, size = append(found, name), size+len(name)
		}
	})
	return strings.Join(found, ", ")
}

// plainExcerpt is an excerpt without quotes around it.
func plainExcerpt(text string, n int) string { return strings.Trim(excerpt(text, n), `"`) }

// excerpt quotes a piece of text for the log, in at most a little more than n octets: what is not printable is escaped,
// and what is cut off shows as an ellipsis.
func excerpt(text string, n int) string {
	more := ""
	if len(text) > n {
		for n > 0 && !utf8.RuneStart(text[n]) {
			n--
		}
		text, more = text[:n], "..."
	}
	return strconv.Quote(text) + more
}
