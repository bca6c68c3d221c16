package auth

import (
	"fmt"
	"slices"

	"winnow/pkg/filter"
)

// What is said of a message is recorded as hits, whatever they are worth: so it can be judged again by other scores.

var _ filter.Replayer = (*Stage)(nil)

// symbolInForce stands in filter.InForce before a symbol that the stage said, and did not leave to a rule.
const symbolInForce = "identity symbol "

// InForce names the symbols that the stage says, and how it finds out what they tell.
func (s *Stage) InForce() filter.InForce {
	f := filter.InForce{filter.IdentityInForce: s.checker.words()}
	for i := range s.symbols {
		f[symbolInForce+s.symbols[i].name] = "said"
	}
	return f
}

// words tells checkers apart that may find different things.
func (c *Checker) words() string {
	return fmt.Sprintf("asks %v, world /%d /%d, signatures %d, sealers %q", c.asks(), c.config.WorldIPv4, c.config.WorldIPv6, c.config.MaxSignatures, c.config.ARC.TrustedSealers)
}

// Again gives what was said of the message the scores and demands of now.
func (s *Stage) Again(past *filter.Past, told *filter.Report) ([]filter.Result, []filter.Doubt) {
	var doubts []filter.Doubt
	same := past.InForce[filter.IdentityInForce] == s.checker.words()
	if !same {
		doubts = append(doubts, s.doubt("who sent it was found out by other settings then", func(*symbol) bool { return true }))
	} else if unsaid := func(of *symbol) bool { return past.InForce[symbolInForce+of.name] == "" }; slices.ContainsFunc(s.symbols, func(of symbol) bool { return unsaid(&of) }) {
		doubts = append(doubts, s.doubt("symbols that are said now were left to rules then", unsaid))
	}
	results := slices.Clone(told.Results)
	for i := range results {
		hits := results[i].Hits
		results[i].Hits = nil
		for _, hit := range hits {
			at := slices.IndexFunc(s.symbols, func(of symbol) bool { return of.name == hit.Symbol })
			if !same || at < 0 {
				continue
			}
			now := filter.Hit{Symbol: hit.Symbol, Score: s.symbols[at].score, Action: s.demands[hit.Symbol], Detail: hit.Detail, Text: hit.Text}
			results[i].Hits = append(results[i].Hits, now)
		}
	}
	return results, doubts
}

// doubt is what symbols could add.
func (s *Stage) doubt(why string, of func(*symbol) bool) filter.Doubt {
	d := filter.Doubt{Source: source, Kind: filter.Rules, Why: why}
	for i := range s.symbols {
		symbol := &s.symbols[i]
		if !of(symbol) {
			continue
		}
		hit := filter.Hit{Symbol: symbol.name, Score: symbol.score, Action: s.demands[symbol.name]}
		switch {
		case hit.Counts():
			d.Worst = append(d.Worst, hit)
		case hit.Score < 0:
			d.Best = append(d.Best, hit)
		}
	}
	return d
}
