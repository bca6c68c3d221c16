package stats

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"winnow/pkg/filter"
)

// Each content rule has counters of its own besides those of all rules together:
//
//	rule:ADVANCE_FEE_5:caught              messages it hit that were caught
//	rule:ADVANCE_FEE_5:delivered           messages it hit that were not
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
	ruleFigures
)

var ruleFigureNames = [ruleFigures]string{"caught", "delivered", "observed_caught", "observed_delivered"}

type ruleCounts [ruleFigures]int64

func (c *ruleCounts) add(other *ruleCounts) {
	for i := range c {
		c[i] += other[i]
	}
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
	for i := range v.Reports {
		for j := range v.Reports[i].Results {
			result := &v.Reports[i].Results[j]
			if result.Kind != filter.Rules && v.Reports[i].Stage != RulesName { // hits of rules over a list's zone are the list's
				continue
			}
			for k := range result.Hits {
				if hit := &result.Hits[k]; hit.Observe {
					t.rule(hit.Symbol, observedOf)
				} else {
					t.rule(hit.Symbol, of)
				}
			}
		}
	}
}

func (t *tally) rule(name string, f ruleFigure) {
	counts := t.byRule[name]
	if counts == nil {
		if name == "" {
			return
		}
		if len(t.byRule) >= maxRuleNames || !validCounter(rulePrefix+name+":"+ruleFigureNames[ruleObservedDelivered]) {
			t.totals[uncounted]++
			return
		}
		counts = new(ruleCounts)
		t.byRule[name] = counts
	}
	counts[f]++
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
	Rules []RuleRow `json:"rules"` // by hits, most first; also those that hit only on days before
}

// A RuleRow is one rule's.
type RuleRow struct {
	Name              string `json:"name"`
	Hits              int64  `json:"hits"` // messages: Caught + Delivered
	Caught            int64  `json:"caught"`
	Delivered         int64  `json:"delivered"`
	Observed          int64  `json:"observed"` // messages it hit while it was only observed
	ObservedCaught    int64  `json:"observed_caught"`
	ObservedDelivered int64  `json:"observed_delivered"`
	LastHit           string `json:"last_hit"` // the last day it hit, observed or not, up to the end of the report
}

// ReadRules reads the account of the rules back. The last day a rule hit is looked for as far back as days are kept:
// history days before the first that is reported on.
func ReadRules(ctx context.Context, s Store, q Query, history []string) ([]*RuleReport, error) {
	if len(q.Days) == 0 {
		return nil, fmt.Errorf("account: no day to report on")
	}
	last := map[string]string{}
	for chunk := range slices.Chunk(history, historyStep) {
		byDay, err := s.Counters(ctx, chunk)
		if err != nil {
			return nil, fmt.Errorf("account: %w", err)
		}
		for _, day := range chunk {
			noteRules(last, day, rulesOf(byDay[day]))
		}
	}
	byDay, err := s.Counters(ctx, q.Days)
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	var reports []*RuleReport
	sum := map[string]*ruleCounts{}
	for _, day := range q.Days {
		rules := rulesOf(byDay[day])
		noteRules(last, day, rules)
		if q.PerDay {
			reports = append(reports, newRuleReport(Span{day, day, 1, q.zone()}, rules, last))
			continue
		}
		for name, counts := range rules {
			if sum[name] == nil {
				sum[name] = new(ruleCounts)
			}
			sum[name].add(counts)
		}
	}
	if !q.PerDay {
		reports = append(reports, newRuleReport(q.span(), sum, last))
	}
	return reports, nil
}

// historyStep is how many days of counters are held at a time while the last hits are looked for.
const historyStep = 31

// rulesOf picks the rules out of a day's counters.
func rulesOf(counters map[string]int64) map[string]*ruleCounts {
	rules := map[string]*ruleCounts{}
	for name, n := range counters {
		if rule, f, ok := parseRuleCounter(name); ok {
			if rules[rule] == nil {
				rules[rule] = new(ruleCounts)
			}
			rules[rule][f] += n
		}
	}
	return rules
}

func noteRules(last map[string]string, day string, rules map[string]*ruleCounts) {
	for name := range rules {
		last[name] = day
	}
}

func newRuleReport(of Span, rules map[string]*ruleCounts, last map[string]string) *RuleReport {
	r := &RuleReport{Span: of, Rules: []RuleRow{}}
	for _, name := range slices.Sorted(maps.Keys(last)) {
		c := rules[name]
		if c == nil {
			c = new(ruleCounts)
		}
		r.Rules = append(r.Rules, RuleRow{
			Name: name, Hits: c[ruleCaught] + c[ruleDelivered], Caught: c[ruleCaught], Delivered: c[ruleDelivered],
			Observed: c[ruleObservedCaught] + c[ruleObservedDelivered], ObservedCaught: c[ruleObservedCaught],
			ObservedDelivered: c[ruleObservedDelivered], LastHit: last[name],
		})
	}
	slices.SortStableFunc(r.Rules, func(a, b RuleRow) int {
		return cmp.Or(cmp.Compare(b.Hits, a.Hits), cmp.Compare(b.Observed, a.Observed))
	})
	return r
}
