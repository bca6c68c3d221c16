package rules

import (
	"regexp"
	"slices"

	"winnow/pkg/rules/pattern"
)

// What a rule's pattern captures in a named group, (?<NAME>...), is a tag that patterns of other rules can use: see template.

// A capture is a group of a rule's pattern that sets a tag.
type capture struct {
	group int
	tag   string
}

var (
	tagName    = regexp.MustCompile(`^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$`)
	namedGroup = regexp.MustCompile(`\(\?P?[<'][A-Z]`)
)

// findCaptures finds the groups of the rule's pattern that set tags.
func (rule *Rule) findCaptures() {
	rule.captures = nil
	for i, name := range rule.pattern.Names() {
		if tagName.MatchString(name) {
			rule.captures = append(rule.captures, capture{i + 1, name})
		}
	}
}

// setters returns the rules that set each tag, the last to run first.
func (s *Set) setters() map[string][]int {
	setters := map[string][]int{}
	for i, rule := range s.rules {
		for _, c := range rule.captures {
			if of := setters[c.tag]; !rule.off && (len(of) == 0 || of[len(of)-1] != i) {
				setters[c.tag] = append(of, i)
			}
		}
	}
	for _, of := range setters {
		slices.SortFunc(of, func(a, b int) int { return before(s.rules[b], s.rules[a]) })
	}
	return setters
}

// Limits on what is captured.
const (
	maxTagValues = 100
	maxTagLength = 1_000
	maxSetters   = 1_000  // of one tag that a template asks: the last that run before it
	maxTagOctets = 10_000 // of all that one rule captures: a pattern is made of it
)

// capture counts the hits of a rule that sets tags, and keeps what they are.
func (r *run) capture(i int, rule *Rule, texts []string) int {
	hits, first, size := 0, pattern.Where{}, 0
	values := make([][]string, len(rule.captures))
	r.beginMatch()
	for t, text := range texts {
		r.machine.Each(rule.pattern, text, func(start, end int) bool {
			if hits == 0 {
				first = pattern.Where{Text: t, Start: start, End: end}
			}
			hits++
			for c := range rule.captures {
				value, _ := r.machine.Group(rule.captures[c].group)
				if value == "" || len(value) > maxTagLength || len(values[c]) >= maxTagValues || size+len(value) > maxTagOctets {
					continue
				}
				values[c], size = append(values[c], value), size+len(value)
			}
			return hits < rule.hitLimit()
		})
		if hits >= rule.hitLimit() {
			break
		}
	}
	if hits > 0 {
		r.setTags(i, rule, values)
	}
	return r.note(i, rule, texts, hits, first)
}

// setTags keeps the values of the tags that a rule sets. Groups of one name set one tag.
func (r *run) setTags(i int, rule *Rule, values [][]string) {
	if r.tags == nil {
		r.tags = map[int]map[string][]string{}
	}
	tags := map[string][]string{}
	for c := range rule.captures {
		name := rule.captures[c].tag
		tags[name] = append(tags[name], values[c]...)
	}
	r.tags[i] = tags
}
