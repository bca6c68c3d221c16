package stats

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"winnow/pkg/filter"
)

// Each content rule has counters of its own besides those of all rules together:
//
//	rule:ADVANCE_FEE_5:caught              messages it hit that were caught
//	rule:ADVANCE_FEE_5:delivered           messages it hit that were not
//	rule:ADVANCE_FEE_5:share               what its points were of all points against these messages, in 1/10,000, added up
//	rule:TRIAL:observed_caught             the same while it is only observed
//	rule:TRIAL:observed_delivered
//
// Its hits are both together. A rule that asks a DNS list has its own, though its points are that list's merit. Only rules that can add points show in a verdict, so only they are counted.

const rulePrefix = "rule:"

// maxRuleNames bounds the rules of one tally. They come from rule files, never from a mail; SpamAssassin's stock rules and
// the largest known channel have 3,500 with points, of which a day sees some hundreds.
const maxRuleNames = 5_000

// A ruleFigure is one of a rule's counters.
type ruleFigure int

const (
	ruleCaught ruleFigure = iota
	ruleDelivered
	ruleObservedCaught
	ruleObservedDelivered
	ruleShare
	ruleFigures
)

var ruleFigureNames = [ruleFigures]string{"caught", "delivered", "observed_caught", "observed_delivered", "share"}

// wholeShare is all points against a message, in the unit of shares.
const wholeShare = 10_000

type ruleCounts [ruleFigures]int64

// A ruleSum is a rule's counters of one day or several, and how many of the hits its shares are of: those of days on which
// shares were counted.
type ruleSum struct {
	ruleCounts
	shared int64
}

func (c *ruleCounts) hits() int64 { return c[ruleCaught] + c[ruleDelivered] }

func (s *ruleSum) add(day *ruleSum) {
	for i := range s.ruleCounts {
		s.ruleCounts[i] += day.ruleCounts[i]
	}
	s.shared += day.shared
}

// meanShare is what the rule's points were of all points against the messages it hit, on average, in percent.
func (s *ruleSum) meanShare() float64 {
	if s.shared <= 0 {
		return 0
	}
	return hundredths(100 * float64(s.ruleCounts[ruleShare]) / wholeShare / float64(s.shared))
}

// ruleHits counts the rules that hit a message whose class is scanned.
func (t *tally) ruleHits(v *filter.Verdict) {
	if v.Class != filter.ClassScanned {
		return
	}
	of, observedOf := ruleDelivered, ruleObservedDelivered
	if v.Caught {
		of, observedOf = ruleCaught, ruleObservedCaught
	}
	against := pointsAgainst(v)
	for i := range v.Reports {
		for j := range v.Reports[i].Results {
			result := &v.Reports[i].Results[j]
			if result.Kind != filter.Rules && v.Reports[i].Stage != RulesName { // hits of rules over a list's zone are the list's
				continue
			}
			for k := range result.Hits {
				hit := &result.Hits[k]
				counts := t.rule(hit.Symbol)
				switch {
				case counts == nil:
				case hit.Observe:
					counts[observedOf]++
				default:
					counts[of]++
					if hit.Score > 0 { // 1 at least, so that it shows that shares were counted
						counts[ruleShare] += max(1, int64(math.Round(wholeShare*hit.Score/against)))
					}
				}
			}
		}
	}
}

// pointsAgainst is what all hits against a message add up to. It is more than the total where others speak for it.
func pointsAgainst(v *filter.Verdict) (sum float64) {
	v.Each(func(_ *filter.Report, _ *filter.Result, hit *filter.Hit) {
		if !hit.Observe && hit.Score > 0 {
			sum += hit.Score
		}
	})
	return sum
}

// rule returns a rule's counters, nil where there is no room for them.
func (t *tally) rule(name string) *ruleCounts {
	counts := t.byRule[name]
	if counts == nil {
		if name == "" {
			return nil
		}
		if len(t.byRule) >= maxRuleNames || !validCounter(rulePrefix+name+":"+ruleFigureNames[ruleObservedDelivered]) {
			t.totals[uncounted]++
			return nil
		}
		counts = new(ruleCounts)
		t.byRule[name] = counts
	}
	return counts
}

// ruleCounters adds what was counted of rules to counters by name.
func (t *tally) ruleCounters(into map[string]int64) {
	for name, counts := range t.byRule {
		for f, n := range counts {
			if n != 0 {
				into[rulePrefix+name+":"+ruleFigureNames[f]] += n
			}
		}
	}
}

// parseRuleCounter reads the name of a rule's counter.
func parseRuleCounter(name string) (rule string, f ruleFigure, ok bool) {
	rest, found := strings.CutPrefix(name, rulePrefix)
	i := strings.LastIndexByte(rest, ':')
	if !found || i < 0 {
		return "", 0, false
	}
	f = ruleFigure(slices.Index(ruleFigureNames[:], rest[i+1:]))
	return rest[:i], f, f >= 0
}

// A RuleReport is the account of each content rule, for one day or several together.
type RuleReport struct {
	Span
	Rules  []RuleRow `json:"rules"`  // by hits, most first; also those that hit only on days before
	Silent []string  `json:"silent"` // rules that can add points and have no hit on any day that is kept
}

// A RuleRow is one rule's.
type RuleRow struct {
	Name              string  `json:"name"`
	Hits              int64   `json:"hits"` // messages: Caught + Delivered
	Caught            int64   `json:"caught"`
	Delivered         int64   `json:"delivered"`
	MeanShare         float64 `json:"mean_share"` // of all points against the messages it hit, in percent; 0 where it has none against them
	Observed          int64   `json:"observed"`   // messages it hit while it was only observed
	ObservedCaught    int64   `json:"observed_caught"`
	ObservedDelivered int64   `json:"observed_delivered"`
	LastHit           string  `json:"last_hit"`  // the last day it hit, observed or not, up to the end of the report
	Dangerous         bool    `json:"dangerous"` // most of what it hit was delivered, and it has a large share: see isDangerous
}

// What makes a rule dangerous: much of what it is against is delivered, and little more would have it caught.
const (
	dangerousHits  = 20 // of fewer nobody can tell
	dangerousShare = 25 // percent of the points, on average
)

func (r *RuleRow) isDangerous() bool {
	return r.Hits >= dangerousHits && r.Delivered > r.Caught && r.MeanShare >= dangerousShare
}

// ReadRules reads the account of the rules back. The last day a rule hit is looked for as far back as days are kept:
// history days before the first that is reported on. A rule that hit only later is not dead.
func ReadRules(ctx context.Context, s Store, q Query, history []string) ([]*RuleReport, error) {
	if len(q.Days) == 0 {
		return nil, fmt.Errorf("account: no day to report on")
	}
	last, err := lastHits(ctx, s, history)
	if err != nil {
		return nil, err
	}
	later, err := lastHits(ctx, s, q.laterDays(len(history)))
	if err != nil {
		return nil, err
	}
	byDay, err := s.Counters(ctx, q.Days)
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	var reports []*RuleReport
	sum := map[string]*ruleSum{}
	for _, day := range q.Days {
		rules := rulesOf(byDay[day])
		noteRules(last, day, rules)
		if q.PerDay {
			reports = append(reports, newRuleReport(Span{day, day, 1, q.zone()}, rules, last))
			continue
		}
		for name, counts := range rules {
			if sum[name] == nil {
				sum[name] = new(ruleSum)
			}
			sum[name].add(counts)
		}
	}
	if !q.PerDay {
		reports = append(reports, newRuleReport(q.span(), sum, last))
	}
	silent := slices.DeleteFunc(slices.Clone(q.Rules), func(name string) bool { return last[name] != "" || later[name] != "" })
	for _, r := range reports {
		r.Silent = append(r.Silent, silent...)
	}
	return reports, nil
}

// lastHits finds the last of some days on which each rule hit.
func lastHits(ctx context.Context, s Store, days []string) (last map[string]string, err error) {
	last = map[string]string{}
	for chunk := range slices.Chunk(days, historyStep) {
		byDay, err := s.Counters(ctx, chunk)
		if err != nil {
			return nil, fmt.Errorf("account: %w", err)
		}
		for _, day := range chunk {
			noteRules(last, day, rulesOf(byDay[day]))
		}
	}
	return last, nil
}

// laterDays are those behind the days of a query, of the n before today and today, where it asks which rules never hit.
func (q *Query) laterDays(n int) []string {
	if len(q.Rules) == 0 || q.Now.IsZero() {
		return nil
	}
	today := q.Now.Format(time.DateOnly)
	return slices.DeleteFunc(append(Before(today, n), today), func(day string) bool { return day <= q.Days[len(q.Days)-1] })
}

// historyStep is how many days of counters are held at a time while the last hits are looked for.
const historyStep = 31

// rulesOf picks the rules out of a day's counters.
func rulesOf(counters map[string]int64) map[string]*ruleSum {
	rules := map[string]*ruleSum{}
	for name, n := range counters {
		if rule, f, ok := parseRuleCounter(name); ok {
			if rules[rule] == nil {
				rules[rule] = new(ruleSum)
			}
			rules[rule].ruleCounts[f] += n
		}
	}
	for _, r := range rules {
		if r.ruleCounts[ruleShare] > 0 {
			r.shared = r.hits()
		}
	}
	return rules
}

func noteRules(last map[string]string, day string, rules map[string]*ruleSum) {
	for name := range rules {
		last[name] = day
	}
}

func newRuleReport(of Span, rules map[string]*ruleSum, last map[string]string) *RuleReport {
	r := &RuleReport{Span: of, Rules: []RuleRow{}, Silent: []string{}}
	for _, name := range slices.Sorted(maps.Keys(last)) {
		sum := rules[name]
		if sum == nil {
			sum = new(ruleSum)
		}
		c := &sum.ruleCounts
		row := RuleRow{
			Name: name, Hits: c.hits(), Caught: c[ruleCaught], Delivered: c[ruleDelivered], MeanShare: sum.meanShare(),
			Observed: c[ruleObservedCaught] + c[ruleObservedDelivered], ObservedCaught: c[ruleObservedCaught],
			ObservedDelivered: c[ruleObservedDelivered], LastHit: last[name],
		}
		row.Dangerous = row.isDangerous()
		r.Rules = append(r.Rules, row)
	}
	slices.SortStableFunc(r.Rules, func(a, b RuleRow) int {
		return cmp.Or(cmp.Compare(b.Hits, a.Hits), cmp.Compare(b.Observed, a.Observed))
	})
	return r
}
