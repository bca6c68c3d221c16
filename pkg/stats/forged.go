package stats

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"winnow/pkg/filter"
)

// A message that claims to come from a sender whom a recipient knows, and is not proven to, is counted for whom it claims
// to be: somebody knows whom your users write to.
//
//	claim:ann@example.org:forged      messages that the sender's domain disowns
//	claim:ann@example.org:unproven    messages of which nothing proves that she sent them, and nothing that she did not
//
// Entries of the whitelist file are counted under what stands in the file.

const claimPrefix = "claim:"

// maxClaimed bounds the senders that one winnow tells apart in a day. There are as many as a site has correspondents, and
// who forges chooses among them; what is claimed of further ones is counted under claimOthers.
const maxClaimed = 1000

// claimOthers is no sender's name: it has neither an at sign nor a dot.
const claimOthers = "others"

type claimFigure int

const (
	claimForged claimFigure = iota
	claimUnproven
	claimFigures
)

var claimFigureNames = [claimFigures]string{"forged", "unproven"}

type claimCounts [claimFigures]int64

// claimed is who was told apart today.
type claimed struct{ names map[string]bool }

func newClaimed() *claimed { return &claimed{map[string]bool{}} }

// name returns under which name a sender is counted.
func (c *claimed) name(who string) string {
	switch {
	case c.names[who]:
		return who
	case len(c.names) >= maxClaimed, !validCounter(claimPrefix + who + ":" + claimFigureNames[claimUnproven]):
		return claimOthers
	}
	c.names[who] = true
	return who
}

// countClaims counts what a message claims and nothing proves, once for each whom it claims to be.
func (t *tally) countClaims(v *filter.Verdict) {
	var claims map[string]claimFigure // most messages claim nothing
	var proven map[string]bool
	for i := range v.Reports {
		report := &v.Reports[i]
		for j := range report.Results {
			for k := range report.Results[j].Hits {
				hit := &report.Results[j].Hits[k]
				switch {
				case hit.Claim == "":
					continue
				case hit.Standing == filter.Whitelisted:
					if proven == nil {
						proven = map[string]bool{}
					}
					proven[hit.Claim] = true
					continue
				case hit.Standing == filter.Held && !refusedWhileHeld(v, report.Recipient):
					continue // it was settled in the end, or no message came
				}
				if claims == nil {
					claims = map[string]claimFigure{}
				}
				if was, known := claims[hit.Claim]; !known || was == claimUnproven {
					claims[hit.Claim] = claimUnproven
					if hit.Forged {
						claims[hit.Claim] = claimForged
					}
				}
			}
		}
	}
	for who, f := range claims {
		if !proven[who] {
			t.claim(who, f)
		}
	}
}

// refusedWhileHeld tells whether a recipient was refused, because the client is listed, before anything could be proven.
func refusedWhileHeld(v *filter.Verdict, recipient string) bool {
	return slices.ContainsFunc(v.Recipients, func(r filter.Recipient) bool {
		return r.Address == recipient && r.Standing == filter.Held && r.Refused()
	})
}

func (t *tally) claim(who string, f claimFigure) {
	name := t.claimed.name(who)
	if t.claims[name] == nil {
		t.claims[name] = new(claimCounts)
	}
	t.claims[name][f]++
}

// claimCounters adds what was counted of claims to counters by name.
func (t *tally) claimCounters(into map[string]int64) {
	for name, counts := range t.claims {
		for f, n := range counts {
			if n != 0 {
				into[claimPrefix+name+":"+claimFigureNames[f]] += n
			}
		}
	}
}

// parseClaimCounter reads the name of a claim's counter.
func parseClaimCounter(name string) (who string, f claimFigure, ok bool) {
	rest, found := strings.CutPrefix(name, claimPrefix)
	i := strings.LastIndexByte(rest, ':')
	if !found || i < 0 {
		return "", 0, false
	}
	f = claimFigure(slices.Index(claimFigureNames[:], rest[i+1:]))
	return rest[:i], f, f >= 0
}

// A ForgedReport is whom messages claimed to come from without proof, for one day or several together.
type ForgedReport struct {
	Span
	Senders []ForgedRow `json:"senders"` // those forged most first
}

// A ForgedRow is what was claimed of one known sender.
type ForgedRow struct {
	Sender   string `json:"sender"`   // an address, or an entry of the whitelist; "others" for those above the bound of a day
	Forged   int64  `json:"forged"`   // messages that its domain disowns
	Unproven int64  `json:"unproven"` // messages that nothing proves
}

// ReadForged reads back what was claimed.
func ReadForged(ctx context.Context, s Store, q Query) ([]*ForgedReport, error) {
	spans, err := readSpans(ctx, s, q)
	if err != nil {
		return nil, err
	}
	var reports []*ForgedReport
	for _, span := range spans {
		claims := map[string]*claimCounts{}
		for name, n := range span.counters {
			if who, f, ok := parseClaimCounter(name); ok {
				if claims[who] == nil {
					claims[who] = new(claimCounts)
				}
				claims[who][f] += n
			}
		}
		reports = append(reports, newForgedReport(span, claims))
	}
	return reports, nil
}

func newForgedReport(of counted, claims map[string]*claimCounts) *ForgedReport {
	r := &ForgedReport{Span: of.Span, Senders: []ForgedRow{}}
	for _, who := range slices.Sorted(maps.Keys(claims)) {
		c := claims[who]
		r.Senders = append(r.Senders, ForgedRow{who, c[claimForged], c[claimUnproven]})
	}
	slices.SortStableFunc(r.Senders, func(a, b ForgedRow) int {
		return cmp.Or(cmp.Compare(b.Forged, a.Forged), cmp.Compare(b.Unproven, a.Unproven))
	})
	return r
}
