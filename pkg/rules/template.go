package rules

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"winnow/pkg/rules/pattern"
)

// A pattern may use tags, %{NAME}, which other rules set by what they capture, or which are facts of the mail. A rule that
// uses a tag is not run where no rule that runs before it has set the tag.

// A template is a pattern that uses tags. It is complete, and compiled, only when there is a message.
type template struct {
	tags []tagUse
	sure bool // what a match holds is a value of the one tag that there is
	kept atomic.Pointer[pattern.Pattern]
}

// A tagUse is a tag in a template, and where its value comes from.
type tagUse struct {
	name string // also "HEADER(From)"
	from []int  // rules that set it before the template is run, the last one first
}

// setters are the rules that set the template's tags.
func (t *template) setters() []int {
	var all []int
	for _, tag := range t.tags {
		all = append(all, tag.from...)
	}
	return all
}

var tagSyntax = regexp.MustCompile(`%\{([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*(?:\([^)}]*\))?)\}`)

// eachTag calls f for every use of a tag in a pattern, and returns the pattern with what f returns in its place. Behind a
// backslash it is none.
func eachTag(source string, f func(name string) string) string {
	if !strings.Contains(source, "%{") {
		return source
	}
	var b strings.Builder
	last := 0
	for _, at := range tagSyntax.FindAllStringSubmatchIndex(source, -1) {
		if at[0] > 0 && source[at[0]-1] == '\\' {
			continue
		}
		b.WriteString(source[last:at[0]])
		b.WriteString(f(source[at[2]:at[3]]))
		last = at[1]
	}
	return b.String() + source[last:]
}

// compileTemplate compiles a pattern that uses tags, with anything in their place, so that its faults show.
func (rule *Rule) compileTemplate() error {
	rule.template = nil
	var names []string
	stand := eachTag(rule.regex.text(), func(name string) string {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		return `(?:[\x00-\xff]+)`
	})
	p, err := compilePattern(stand, rule.regex.flags)
	if err != nil {
		return err
	}
	t := &template{sure: len(names) == 1 && rule.needsTag()}
	for _, name := range names {
		t.tags = append(t.tags, tagUse{name: name})
	}
	rule.pattern, rule.template = p, t
	return nil
}

// needsTag tells whether whatever the template matches holds the tag's value: what a rare text in its place comes to.
func (rule *Rule) needsTag() bool {
	const rare = "qzxjkvqwzjxq"
	sure, err := pattern.Holds(eachTag(rule.regex.text(), func(string) string { return rare }), rule.regex.flags, rare)
	return sure && err == nil
}

// linkTags gives templates the rules that set their tags.
func (s *Set) linkTags(faults *ledger) {
	setters := s.setters()
	for _, rule := range s.rules {
		if rule.template == nil {
			continue
		}
		for t := range rule.template.tags {
			tag := &rule.template.tags[t]
			all := setters[tag.name]
			first, _ := slices.BinarySearchFunc(all, rule, func(i int, rule *Rule) int {
				if before(s.rules[i], rule) < 0 {
					return 1
				}
				return -1
			})
			tag.from = all[first:min(len(all), first+maxSetters)]
			if len(tag.from) == 0 && !commonTag(tag.name) {
				rule.off, rule.why = true, fmt.Sprintf("no rule that runs before it sets %%{%s}", tag.name)
				faults.add(place{rule.File, rule.Line}, Warning, rule.Name, rule.why+": it is not run", "name a group (?<"+tag.name+">...) in another rule")
			}
		}
	}
}

// tagValues returns the values of a tag that a template uses, none twice.
func (r *run) tagValues(tag *tagUse) []string {
	for _, i := range tag.from {
		if r.ask(i) == 0 {
			continue
		}
		values := slices.Clone(r.tags[i][tag.name])
		slices.Sort(values)
		return slices.Compact(values)
	}
	return r.commonTag(tag.name)
}

// compileSteps is how many steps of patterns it is worth to compile an octet of one.
const compileSteps = 50

// fill makes the pattern of a template for this message. run is false where a tag is not set: the rule is not run then. The
// pattern is nil where no text has a value that every match must have.
func (r *run) fill(rule *Rule, texts []string) (p *pattern.Pattern, run bool) {
	values := map[string]string{}
	fresh := r.fresh || rule.Type == Full
	compiles := fresh || rule.template.kept.Load() == nil
	for t := range rule.template.tags {
		tag := &rule.template.tags[t]
		all := r.tagValues(tag)
		switch {
		case len(all) == 0:
			return nil, false
		case compiles && r.steps <= 0: // that takes more than what each pattern gets then
			r.set.bounded[r.set.byName[rule.Name]].Add(1)
			return nil, false
		case fresh && rule.template.sure && !r.mayFill(rule, texts, all):
			return nil, true
		}
		quoted := make([]string, len(all))
		for v, value := range all {
			quoted[v] = quote(value)
		}
		values[tag.name] = "(?:" + strings.Join(quoted, "|") + ")"
	}
	size := 0
	source := eachTag(rule.regex.text(), func(name string) string {
		if size += len(values[name]); size > pattern.MaxLength {
			return ""
		}
		return values[name]
	})
	if size > pattern.MaxLength {
		return nil, false
	}
	if compiles {
		r.steps -= len(source) * compileSteps
	}
	if fresh {
		p, err := pattern.Compile(source, rule.regex.flags)
		return p, err == nil
	}
	return rule.template.first(source, rule.regex.flags, texts), true
}

// first returns the pattern of the first message that the rule was run on, which this message makes if there was none.
// SpamAssassin compiles such a pattern once for the life of a process, so that its verdicts on other mail come out
// without these rules all but always. Config.FreshTags does without.
func (t *template) first(source, flags string, texts []string) *pattern.Pattern {
	if p := t.kept.Load(); p != nil || len(texts) == 0 {
		return p
	}
	p, err := pattern.Compile(source, flags)
	if err != nil {
		return nil
	}
	t.kept.CompareAndSwap(nil, p)
	return t.kept.Load()
}

// template counts the hits of a rule that uses tags.
func (r *run) template(i int, rule *Rule, texts []string) float64 {
	p, run := r.fill(rule, texts)
	if r.over {
		return 0
	}
	r.running = i
	hits := 0
	if p != nil {
		filled := *rule
		filled.pattern = p
		hits = r.hitsIn(i, &filled, texts)
	}
	if rule.header.not {
		return oneIf(run && hits == 0)
	}
	return float64(hits)
}

// quote makes a pattern that matches a text as it stands.
func quote(text string) string {
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case isWord(c):
			b.WriteByte(c)
		case c > ' ' && c < 0x7f:
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return b.String()
}

// mayFill tells whether a text has one of the values in it, in any case, and matches the pattern with anything in the tag's
// place. It spares nearly all messages the making of a pattern.
func (r *run) mayFill(rule *Rule, texts, values []string) bool {
	const octets = 8 // that are looked through in a step
	r.beginMatch()
	defer r.spend()
	folded := make([][]byte, len(values))
	for i, value := range values {
		folded[i] = pattern.AppendFolded(nil, value)
	}
	var buf []byte
	for _, text := range texts {
		if r.ctx.Err() != nil {
			r.over = true
			return false
		}
		r.steps -= len(text) * (1 + len(values)) / octets
		buf = pattern.AppendFolded(buf[:0], text)
		has := func(value []byte) bool { return bytes.Contains(buf, value) }
		if slices.ContainsFunc(folded, has) && r.machine.Match(rule.pattern, text) {
			return true
		}
	}
	return r.machine.Bounded() // it may
}
