package rules

import (
	"cmp"
	"fmt"
	"hash"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"winnow/pkg/dns"
	"winnow/pkg/message"
	"winnow/pkg/rules/eval"
	"winnow/pkg/rules/pattern"
)

// A Set is the rules of some folders, ready to run. It is immutable and serves any number of messages at a time; a
// reload loads a new one.
type Set struct {
	rules     []*Rule // in the order of files and lines
	byName    map[string]int
	sources   []source
	sections  []sectionKey
	finders   []*pattern.Finder // by section, of the patterns of rules that are on
	slots     [][]int           // by section and pattern of the finder: the rule
	initial   []state           // by rule: what is known before a message is seen
	gists     []gist            // by rule
	bounded   []atomic.Int64    // by rule: how often it was given up
	failed    []atomic.Int64    // by rule: how often it panicked
	stray     []Fault           // what is said of rules that do not exist
	lost      []*Rule           // definitions that made no rule, in the order of files and lines
	required  required
	settings  *eval.Settings
	circuits  circuits
	freshTags bool
	scoreSet  int // which of four scores is in force

	network    *Network
	zonePoints ZonePoints
	zones      []string // that rules ask, sorted
	asking     []int    // rules that put questions
	blockers   []int    // rules of a dns_block_rule
	identifies bool     // some rule wants to know who sent the message

	runs sync.Pool // of *run, for their memory

	said   hash.Hash              // what the rule files say beside rules
	scores func(list string) bool // see Scores
	prints prints
}

// A source is one rule file that has rules with a score.
type source struct {
	name  string
	file  int   // by index among all files
	rules []int // those that can add points, in order
	local []int // those of them that do not wait for the network

	observe bool    // they add none for now
	cap     float64 // what they add up to at most; 0 is no bound
}

// A sectionKey is a text that rules are matched against: a layer of the message, or one field of its header.
type sectionKey struct {
	kind Type
	name string // of the field, as the rule writes it: MessageID is a field, MESSAGEID a pseudo header
	mod  message.HeaderMod
}

// Rules returns the rules, in the order of files and lines. They are shared: nobody may write to them.
func (s *Set) Rules() []*Rule { return s.rules }

// Rule returns the rule of that name, nil where there is none.
func (s *Set) Rule(name string) *Rule {
	if i, found := s.byName[name]; found {
		return s.rules[i]
	}
	return nil
}

// Defines tells whether a rule of that name runs here, also where its score of 0 has it rest: then that was somebody's wish.
func (s *Set) Defines(name string) bool {
	rule := s.Rule(name)
	return rule != nil && !rule.broken && rule.silent() == "" && (!rule.Flags.Net || s.scoreSet&1 != 0)
}

// Settings returns what the rule files say beside rules, such as whose networks are trusted. They are shared: nobody may
// write to them.
func (s *Set) Settings() *eval.Settings { return s.settings }

// Running returns how many rules can add points.
func (s *Set) Running() int {
	n := 0
	for i := range s.sources {
		if src := &s.sources[i]; !src.observe {
			n += len(src.rules)
		}
	}
	return n
}

// Scored returns the names of the rules that can add points, or could were they not only observed, sorted.
func (s *Set) Scored() []string {
	var names []string
	for i := range s.sources {
		for _, n := range s.sources[i].rules {
			names = append(names, s.rules[n].Name)
		}
	}
	slices.Sort(names)
	return names
}

// compile puts together what the files say.
func (p *parser) compile() *Set {
	b, scoreSet, faults := p.book, p.config.scoreSet(), &p.faults
	s := &Set{byName: make(map[string]int, len(b.rules)), settings: p.settings, scoreSet: scoreSet, circuits: p.circuits, freshTags: p.config.FreshTags, zonePoints: p.config.Zones, said: p.said}
	for _, name := range b.order {
		s.rules = append(s.rules, b.rules[name].rule)
	}
	slices.SortStableFunc(s.rules, func(a, b *Rule) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.Line, b.Line))
	})
	for i, rule := range s.rules {
		s.byName[rule.Name] = i
		rule.apply(b.notes[rule.Name], b.rules[rule.Name].folder, scoreSet)
	}
	s.stray = strayNotes(b)
	s.keepLost(b, scoreSet)
	p.replaceTags(s)
	s.bindCalls(p.plugins, faults)
	s.bindQuestions()
	linker := linker{globs: map[string][]int{}, rules: s.rules, byName: s.byName, local: scoreSet&1 == 0, faults: faults}
	linker.link()
	s.linkTags(faults)
	s.linkNetwork(faults)
	s.linkCircuits()
	s.assignSections(faults)
	s.makeFinders()
	s.assignSources(p.sources)
	s.foresee()
	s.runs.New = func() any { return newRun(s) }
	return s
}

// apply gives the rule what is said of it. Tests that stand in an earlier folder are about the rule that it replaced.
func (rule *Rule) apply(n *notes, folder, scoreSet int) {
	if n == nil {
		n = &notes{}
	}
	rule.Describe, rule.Flags, rule.Priority, rule.circuit = n.describe, n.flags, n.priority, n.circuit
	for _, test := range n.tests {
		if test.folder >= folder {
			rule.tests = append(rule.tests, test)
		}
	}
	for i := range rule.scores {
		rule.scores[i] = defaultScore(rule.Name, n.flags)
	}
	if n.scores != nil {
		rule.scores = *n.scores
	}
	rule.Score = rule.scores[scoreSet]
	rule.off = rule.Score == 0 || rule.call != nil && (rule.Flags.Net && scoreSet&1 == 0 || rule.Flags.Learn && scoreSet&2 == 0)
}

// unusable takes the rule out of the set for good: it counts as 0.
func (rule *Rule) unusable(why string) {
	rule.off, rule.broken, rule.why = true, true, dns.HideKeys(why)
}

// keepLost keeps what made no rule, with the score that it would have.
func (s *Set) keepLost(b *book, scoreSet int) {
	for name, rule := range b.lost {
		if b.rules[name] == nil {
			rule.apply(b.notes[name], 0, scoreSet)
			s.lost = append(s.lost, rule)
		}
	}
	slices.SortFunc(s.lost, func(a, b *Rule) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Name, b.Name))
	})
}

// strayNotes tells of what is said of rules that do not exist. That is common where a set of rules comes in parts, so it
// is kept for Lint.
func strayNotes(b *book) []Fault {
	var stray []Fault
	for name, n := range b.notes {
		if b.rules[name] == nil && b.lost[name] == nil {
			stray = append(stray, Fault{File: n.at.file, Line: n.at.line, Rule: name, What: "there is no such rule", Remedy: "is the name right?", Severity: Warning})
		}
	}
	slices.SortFunc(stray, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Rule, b.Rule))
	})
	return stray
}

// assignSections tells each rule which text it is matched against. Rules on the same text share it.
func (s *Set) assignSections(faults *ledger) {
	known := map[sectionKey]int{}
	for _, rule := range s.rules {
		if rule.pattern == nil && !rule.header.exists {
			continue
		}
		key := sectionKey{kind: rule.Type}
		if rule.Type == Header || rule.Type == MIMEHeader {
			key.name, key.mod = rule.header.name, rule.header.mod
			if notMade(strings.ToLower(key.name)) {
				faults.add(place{rule.File, rule.Line}, Warning, rule.Name, fmt.Sprintf("the pseudo header %s is not made here: the rule sees nothing", rule.header.name), "")
			}
		}
		i, found := known[key]
		if !found {
			i = len(s.sections)
			known[key] = i
			s.sections = append(s.sections, key)
		}
		rule.section = i
	}
}

// makeFinders prepares, for each section, one pass over its text for all its rules.
func (s *Set) makeFinders() {
	patterns := make([][]*pattern.Pattern, len(s.sections))
	s.slots = make([][]int, len(s.sections))
	for i, rule := range s.rules {
		if rule.pattern != nil && rule.template == nil && !rule.off {
			rule.unsetHits = rule.Type == Header && rule.pattern.Match(rule.header.unset)
			rule.slot = len(patterns[rule.section])
			patterns[rule.section] = append(patterns[rule.section], rule.pattern)
			s.slots[rule.section] = append(s.slots[rule.section], i)
		}
	}
	for _, of := range patterns {
		s.finders = append(s.finders, pattern.NewFinder(of))
	}
	s.bounded, s.failed = make([]atomic.Int64, len(s.rules)), make([]atomic.Int64, len(s.rules))
}

// Bounded returns how often each rule was given up since the set was loaded, because its pattern took too many steps on a
// message. Rules that never were are left out.
func (s *Set) Bounded() map[string]int64 { return s.counted(s.bounded) }

// Failed returns how often each rule panicked since the set was loaded. Rules that never did are left out.
func (s *Set) Failed() map[string]int64 { return s.counted(s.failed) }

func (s *Set) counted(by []atomic.Int64) map[string]int64 {
	counts := map[string]int64{}
	for i := range by {
		if n := by[i].Load(); n > 0 {
			counts[s.rules[i].Name] = n
		}
	}
	return counts
}

// notMade tells whether a field is one that SpamAssassin's plugins derive from lookups.
func notMade(name string) bool {
	switch name {
	case "x-relay-countries", "x-asn":
		return true
	}
	return false
}

// assignSources lists, for each file, the rules that can add points. A short circuit adds its own, whatever the rule is.
func (s *Set) assignSources(files []string) {
	byFile, local := make([][]int, len(files)), make([][]int, len(files))
	circuits := make([]bool, len(files))
	for _, i := range s.circuits.rules {
		circuits[s.rules[i].source] = true
	}
	for i, rule := range s.rules {
		if !rule.off && !subrule(rule.Name) {
			byFile[rule.source] = append(byFile[rule.source], i)
			if !rule.waits {
				local[rule.source] = append(local[rule.source], i)
			}
		}
	}
	for i, rules := range byFile {
		if len(rules) > 0 || circuits[i] {
			s.sources = append(s.sources, source{name: files[i], file: i, rules: rules, local: local[i]})
		}
	}
}
