package rules

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"winnow/pkg/filter"
)

// Hits are recorded, and what a rule looks at is not. So a message can be decided again by other scores, and without a rule;
// what a rule says that is new, or is another now, is not known, unless a copy of the message was kept.

var _ filter.Replayer = (*Stage)(nil)

// What stands before a name in filter.InForce.
const (
	ruleInForce     = "rule "          // what it is
	scoreInForce    = "points of rule" // of one that counts each match: by it the matches are counted
	circuitsInForce = "short circuits"
)

// InForce names the rules that can add points, with what tells them from others of the same name.
func (s *Stage) InForce() filter.InForce { return s.set.inForce().all }

// prints is what tells rules apart, found once for a set that serves.
type prints struct {
	all  filter.InForce
	once sync.Once

	mu    sync.Mutex
	diffs map[string]*difference // from what was in force, by its key
}

// GoesBy says what functions of rules go by beside their files, such as the operator's networks, in words that differ where that
// does. It is for once, before the set serves.
func (s *Set) GoesBy(words string) { fmt.Fprintln(s.said, words) }

func (s *Set) inForce() *prints {
	s.prints.once.Do(func() {
		f := printer{set: s, settings: hex.EncodeToString(s.said.Sum(nil)[:8]), known: make([]string, len(s.rules))}
		s.prints.diffs = map[string]*difference{}
		s.prints.all = filter.InForce{}
		for i := range s.sources {
			for _, n := range s.sources[i].rules {
				rule := s.rules[n]
				print := f.print(n)
				if print == "" {
					continue
				}
				s.prints.all[ruleInForce+rule.Name] = print
				if rule.countsMatches() {
					s.prints.all[scoreInForce+rule.Name] = fmt.Sprint(rule.Score)
				}
			}
		}
		if circuits := f.circuits(); circuits != "" {
			s.prints.all[circuitsInForce] = circuits
		}
	})
	return &s.prints
}

// countsMatches tells whether the rule adds its score for each match: see points.
func (rule *Rule) countsMatches() bool {
	return rule.Flags.Multiple && rule.expr == nil && rule.call == nil
}

// A printer makes the prints of a set's rules.
type printer struct {
	set      *Set
	settings string
	known    []string
}

// beingMade stands for the print of a rule that names itself by others.
const beingMade = "-"

// print returns a rule's print: of its definition and of all that it names. It is "" where the rule is off: then it is as good
// as not there.
func (f *printer) print(i int) string {
	rule := f.set.rules[i]
	if f.known[i] != "" {
		return f.known[i]
	}
	if rule.off || rule.broken || rule.silent() != "" {
		return ""
	}
	f.known[i] = beingMade
	h := sha256.New()
	fmt.Fprintf(h, "%s %q %q %+v %d\n", rule.kind(), rule.text, rule.regex.text(), rule.Flags, rule.Priority)
	if rule.call != nil || rule.question != nil || rule.Type == URIDetail || strings.HasPrefix(strings.ToLower(rule.header.name), "x-spam-") {
		fmt.Fprintln(h, f.settings)
	}
	rule.below(func(below int) { fmt.Fprintln(h, f.set.rules[below].Name, f.print(below)) })
	f.known[i] = hex.EncodeToString(h.Sum(nil)[:8])
	return f.known[i]
}

// circuits is the print of the short circuits, "" where there are none.
func (f *printer) circuits() string {
	if len(f.set.circuits.rules) == 0 {
		return ""
	}
	h := sha256.New()
	fmt.Fprintln(h, f.set.circuits.spam, f.set.circuits.ham)
	for _, i := range f.set.circuits.rules {
		fmt.Fprintln(h, f.set.rules[i].Name, f.set.rules[i].Score, f.set.rules[i].circuit, f.print(i))
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// A difference is what a set has that is not known of messages on which another was run.
type difference struct {
	same    map[string]bool // rules that are what they were
	unknown []int           // those that can add points and are not
	doubts  []filter.Doubt  // what those could add, file by file
}

// from returns what the set differs in from what was in force.
func (s *Set) from(past *filter.Past) *difference {
	p := s.inForce()
	p.mu.Lock()
	defer p.mu.Unlock()
	key := past.Key
	circuits := past.InForce[circuitsInForce] == p.all[circuitsInForce]
	if d := p.diffs[key]; d != nil {
		return d
	}
	d := &difference{same: map[string]bool{}}
	for i := range s.sources {
		src := &s.sources[i]
		var unknown []int
		for _, n := range src.rules {
			name := ruleInForce + s.rules[n].Name
			switch print := p.all[name]; {
			case print == "":
			case circuits && past.InForce[name] == print:
				d.same[s.rules[n].Name] = true
			default:
				unknown = append(unknown, n)
			}
		}
		d.unknown = append(d.unknown, unknown...)
		if doubt, any := s.doubt(src, unknown); any {
			d.doubts = append(d.doubts, doubt)
		}
	}
	if len(p.diffs) < maxDifferences {
		p.diffs[key] = d
	}
	return d
}

// maxDifferences is how many sets are compared with at most without starting anew for each message.
const maxDifferences = 1000

// maxDoubted is how many rules a doubt names.
const maxDoubted = 5

// doubt is what rules of a file could add. What is only observed adds nothing.
func (s *Set) doubt(src *source, unknown []int) (filter.Doubt, bool) {
	d := filter.Doubt{Source: src.name, Kind: filter.Rules}
	var worst, best float64
	var names []string
	for _, n := range unknown {
		rule := s.rules[n]
		points := rule.Score
		if rule.countsMatches() {
			points *= float64(rule.hitLimit())
		}
		if points > 0 {
			worst += points
		} else {
			best += points
		}
		if len(names) < maxDoubted {
			names = append(names, rule.Name)
		}
	}
	if len(unknown) == 0 || src.observe {
		return d, false
	}
	if src.cap > 0 {
		worst = min(worst, src.cap)
	}
	d.Why = "rules that are new or others now were not run: " + strings.Join(names, ", ")
	if more := len(unknown) - len(names); more > 0 {
		d.Why += fmt.Sprintf(" and %d more", more)
	}
	symbol := path.Base(src.name)
	if worst > 0 {
		d.Worst = []filter.Hit{{Symbol: symbol, Score: worst}}
	}
	if best < 0 {
		d.Best = []filter.Hit{{Symbol: symbol, Score: best}}
	}
	return d, true
}

// Again gives the hits of then the scores of now.
func (s *Stage) Again(past *filter.Past, told *filter.Report) ([]filter.Result, []filter.Doubt) {
	d := s.set.from(past)
	results := slices.Clone(told.Results)
	for i := range results {
		result := &results[i]
		hits := result.Hits
		result.Hits = nil
		for _, hit := range hits {
			if hit, known := s.set.again(past, d, result, hit); known {
				result.Hits = append(result.Hits, hit)
			}
		}
	}
	if !past.Whole || len(d.unknown) == 0 {
		return s.set.boundAgain(results), d.doubts
	}
	more, doubts := s.set.runUnknown(past, d)
	return s.set.boundAgain(append(results, more...)), doubts
}

// again gives one hit its score of now; it is false where the rule is gone, or another.
func (s *Set) again(past *filter.Past, d *difference, in *filter.Result, hit filter.Hit) (filter.Hit, bool) {
	switch hit.Symbol {
	case capSymbol:
		return hit, false // it is found anew
	case circuitSymbol:
		return hit, past.InForce[circuitsInForce] == s.inForce().all[circuitsInForce]
	}
	rule := s.Rule(hit.Symbol)
	if rule == nil || !d.same[rule.Name] {
		return hit, false
	}
	score := rule.Score
	if rule.countsMatches() {
		var then float64
		_, _ = fmt.Sscan(past.InForce[scoreInForce+rule.Name], &then) // of one that is the same it is there
		if then != 0 {
			score = rule.Score * math.Round(hit.Score/then)
		}
	}
	hit.Score = score
	src := s.sourceOf(rule)
	hit.Observe = src != nil && src.observe || in.Kind == filter.List && s.observedZone(in.Source)
	return hit, true
}

// observedZone tells whether hits of rules over a zone add no points: see observed.
func (s *Set) observedZone(zone string) bool {
	return s.zonePoints != BothPoints && s.scores != nil && s.scores(zone)
}

// Scores tells the set which of the lists that rules ask give points of their own. It is for once, before the set decides
// again.
func (s *Set) Scores(scores func(list string) bool) { s.scores = scores }

func (s *Set) sourceOf(rule *Rule) *source {
	for i := range s.sources {
		if s.sources[i].file == rule.source {
			return &s.sources[i]
		}
	}
	return nil
}

// boundAgain has the points of files end at their caps: see bound. Hits that count for zones are their file's, too.
func (s *Set) boundAgain(results []filter.Result) []filter.Result {
	for i := range s.sources {
		src := &s.sources[i]
		if src.cap == 0 || src.observe {
			continue
		}
		all := filter.Result{Source: src.name, Kind: filter.Rules}
		for _, result := range results {
			for _, hit := range result.Hits {
				if rule := s.Rule(hit.Symbol); rule != nil && rule.source == src.file || rule == nil && result.Source == src.name {
					all.Hits = append(all.Hits, hit)
				}
			}
		}
		n := len(all.Hits)
		if src.bound(&all); len(all.Hits) > n {
			results = append(results, filter.Result{Source: src.name, Kind: filter.Rules, Asked: 1, Hits: all.Hits[n:]})
		}
	}
	return results
}

// runUnknown runs the rules that are not known on the whole message. Those that ask the network stay in doubt: of their
// questions there are no answers.
func (s *Set) runUnknown(past *filter.Past, d *difference) ([]filter.Result, []filter.Doubt) {
	if past.InForce[circuitsInForce] != s.inForce().all[circuitsInForce] {
		return nil, d.doubts // which rules run at all may depend on answers
	}
	ctx, cancel := context.WithTimeout(context.Background(), againLimit)
	defer cancel()
	r := s.begin(ctx, past.Message)
	defer r.end()
	r.fresh = s.freshTags
	var results []filter.Result
	var doubts []filter.Doubt
	for i := range s.sources {
		src := &s.sources[i]
		result := filter.Result{Source: src.name, Kind: filter.Rules, Asked: 1}
		var left []int
		for _, n := range src.rules {
			rule := s.rules[n]
			if !slices.Contains(d.unknown, n) {
				continue
			}
			if rule.waits || r.over {
				left = append(left, n)
				continue
			}
			if v := r.try(n); v != 0 && !r.over {
				result.Hits = append(result.Hits, filter.Hit{Symbol: rule.Name, Score: rule.points(v), Detail: r.detail(n), Observe: src.observe})
			} else if r.over {
				left = append(left, n)
			}
		}
		if len(result.Hits) > 0 {
			results = append(results, result)
		}
		if doubt, any := s.doubt(src, left); any {
			doubts = append(doubts, doubt)
		}
	}
	return results, doubts
}

// againLimit is how long the rules may look at one message that was kept.
const againLimit = 10 * time.Second
