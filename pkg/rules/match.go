package rules

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"winnow/pkg/message"
	"winnow/pkg/rules/eval"
	"winnow/pkg/rules/pattern"
)

// facts is what rules are matched against. *message.Message has them; they are derived when they are first asked for.
type facts interface {
	BodyLines() []string
	RawBody() []string
	Full() []byte
	URIDetails(rules *message.URIRules) []message.URIDetail
	HeaderText(name string, mod message.HeaderMod) (string, bool)
	Entities() []*message.Part
	RelayText(name string, mod message.HeaderMod, networks *message.Networks) (string, bool)
}

var _ facts = (*message.Message)(nil)

// A run is one message against a set. What a rule found is calculated when it is first asked for, and kept: scored rules
// are asked in order, metas ask the rules that they name, and a subrule that nobody asks for is never run.
type run struct {
	set      *Set
	ctx      context.Context
	facts    facts
	calls    *eval.Facts // for eval functions, made for the first of them
	values   []float64   // by rule: how often it hit, or what a meta came to
	known    []bool      // by rule
	evidence []string    // by rule, of scored ones that hit: what matched
	sections []section
	value    func(int) float64 // ask, bound once
	asked    int               // patterns run
	over     bool              // ctx has ended: what is not known by now stays so
}

// A section is a text of the message, made ready.
type section struct {
	made    bool
	present bool // of a field: there is one
	texts   []pattern.Text
	index   pattern.Index // of all texts
}

func newRun(s *Set) *run {
	r := &run{
		set:      s,
		values:   make([]float64, len(s.rules)),
		known:    make([]bool, len(s.rules)),
		evidence: make([]string, len(s.rules)),
		sections: make([]section, len(s.sections)),
	}
	r.value = r.ask
	return r
}

// begin returns a run for a message; end gives its memory back.
func (s *Set) begin(ctx context.Context, f facts) *run {
	r := s.runs.Get().(*run)
	r.ctx, r.facts = ctx, f
	return r
}

func (r *run) end() {
	clear(r.known)
	clear(r.evidence)
	for i := range r.sections {
		r.sections[i].forget()
	}
	r.ctx, r.facts, r.calls, r.asked, r.over = nil, nil, nil, 0, false
	r.set.runs.Put(r)
}

// ask returns what a rule came to: 0 is a miss.
func (r *run) ask(i int) float64 {
	rule := r.set.rules[i]
	if rule.off {
		return 0
	}
	if r.known[i] {
		return r.values[i]
	}
	var v float64
	if rule.Type == Meta {
		v = r.meta(rule)
	} else {
		v = r.leaf(i, rule)
	}
	if r.over {
		return 0
	}
	r.known[i], r.values[i] = true, v
	return v
}

// meta calculates a meta rule. A hit is worth its value to other metas, and a negative one counts as 1.
func (r *run) meta(rule *Rule) float64 {
	switch v, ok := rule.expr.value(r.value); {
	case !ok || v == 0:
		return 0
	case v < 0:
		return 1
	default:
		return v
	}
}

// leaf counts the hits of a rule that looks at the message.
func (r *run) leaf(i int, rule *Rule) float64 {
	const often = 16 // patterns between two looks at the clock: few enough to stop in time, most take under a microsecond
	if r.asked++; r.asked%often == 0 && r.ctx.Err() != nil {
		r.over = true
	}
	if r.over {
		return 0
	}
	switch {
	case rule.call != nil:
		return r.call(rule)
	case rule.Type == MIMEHeader:
		return r.mimeHeader(i, rule)
	case rule.Type == URIDetail:
		return r.uriDetail(rule)
	case rule.Type == AskDNS:
		return 0
	}
	s := r.section(rule)
	if rule.header.exists {
		return oneIf(s.present)
	}
	texts, may := s.texts, false
	switch {
	case rule.Type == Header && !s.present:
		texts, may = []pattern.Text{pattern.NewText(rule.header.unset)}, true
	case !rule.pattern.MayIn(&s.index):
	case rule.Flags.NoSubject && rule.Type == Body && len(texts) > 0:
		texts, may = texts[1:], true
	default:
		may = true
	}
	hits := 0
	if may {
		hits = r.hits(i, rule, texts)
	}
	if rule.header.not {
		return oneIf(hits == 0)
	}
	return float64(hits)
}

// hits counts the matches of a rule in texts; one is enough unless every match counts. What matched is kept as evidence
// where somebody will see it.
func (r *run) hits(i int, rule *Rule, texts []pattern.Text) int {
	most := 1
	if rule.Flags.Multiple && !rule.header.not {
		if most = rule.Flags.MaxHits; most == 0 {
			most = maxHits
		}
	}
	hits := 0
	for t := range texts {
		if t%64 == 63 && r.ctx.Err() != nil {
			r.over = true
			return 0
		}
		text := &texts[t]
		if len(texts) > 1 && !rule.pattern.May(text) {
			continue
		}
		switch {
		case most > 1:
			hits += rule.pattern.Count(text, most-hits)
		case rule.pattern.Match(text):
			hits++
		}
		if hits > 0 && r.evidence[i] == "" && !subrule(rule.Name) && !rule.header.not {
			start, end, _ := rule.pattern.Find(text)
			r.evidence[i] = rule.where() + " " + excerpt(text.Raw()[start:end], maxDetail)
		}
		if hits >= most {
			break
		}
	}
	return hits
}

// section returns the text that a rule is matched against.
func (r *run) section(rule *Rule) *section {
	s := &r.sections[rule.section]
	if s.made {
		return s
	}
	s.made = true
	var all string
	switch key := r.set.sections[rule.section]; key.kind {
	case Header:
		var text string
		if text, s.present = r.header(rule.header.name, key.mod); s.present {
			s.texts, all = pattern.NewTexts([]string{text})
		}
	case MIMEHeader:
		s.texts, all = pattern.NewTexts(mimeTexts(r.facts.Entities(), key.name, key.mod))
	case Body:
		s.texts, all = pattern.NewTexts(r.facts.BodyLines())
	case RawBody:
		s.texts, all = pattern.NewTexts(r.facts.RawBody())
	case Full:
		s.texts, all = pattern.NewTexts([]string{string(r.facts.Full())})
	case URI:
		s.texts, all = pattern.NewTexts(uriTexts(r.facts.URIDetails(r.set.settings.URIRules())))
	}
	s.index.Reset(all)
	return s
}

// forget drops the message, and keeps memory for the next one.
func (s *section) forget() {
	s.index.Reset("")
	*s = section{index: s.index}
}

// header returns a field, or what a pseudo header stands for.
func (r *run) header(name string, mod message.HeaderMod) (string, bool) {
	if message.IsRelayHeader(name) {
		return r.facts.RelayText(name, mod, r.set.settings.Networks())
	}
	return r.facts.HeaderText(name, mod)
}

// uriTexts returns every spelling of the URIs, none twice.
func uriTexts(uris []message.URIDetail) []string {
	texts := make([]string, 0, 2*len(uris))
	seen := make(map[string]bool, 2*len(uris))
	for i := range uris {
		for _, text := range uris[i].Cleaned {
			if text != "" && !seen[text] {
				seen[text] = true
				texts = append(texts, text)
			}
		}
	}
	return texts
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
	rule.expr.each(func(e *expr) {
		for _, i := range e.rules {
			name := r.set.rules[i].Name
			if r.known[i] && r.values[i] != 0 && size+len(name) <= maxDetail && !slices.Contains(found, name) {
				found, size = append(found, name), size+len(name)
			}
		}
	})
	return strings.Join(found, ", ")
}

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
