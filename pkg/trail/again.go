package trail

import (
	"cmp"
	"slices"

	"winnow/pkg/filter"
)

// An Alternative is what would have become of a message without one thing that spoke against it, or for it.
type Alternative struct {
	Without  string        `json:"without"` // a source, or the symbol of a content rule
	Kind     filter.Kind   `json:"kind"`
	Points   float64       `json:"points"` // that it added
	Action   filter.Action `json:"action"`
	Class    filter.Class  `json:"class"`
	Total    float64       `json:"total"`
	Complete bool          `json:"complete"` // false: it would have gone on to be scanned, and nobody knows what that had found
	By       *Decider      `json:"by,omitempty"`
}

// A ground is one thing that had a say.
type ground struct {
	kind filter.Kind
	name string
}

// groundOf says to what a hit belongs: content rules stand each for itself, every other hit for its source.
func groundOf(result *filter.Result, hit *filter.Hit) ground {
	if result.Kind == filter.Rules {
		return ground{result.Kind, hit.Symbol}
	}
	return ground{result.Kind, result.Source}
}

// Alternatives tells, for each list, entry and rule that had a say, what would have been decided without it, by the policy that
// decided and the answers of then; only those without which something else would have been. The weightiest come first.
// It is nil where the record does not hold what that takes.
func (r *Record) Alternatives() []Alternative {
	policy := r.DecidedBy()
	if policy == nil || r.Cut {
		return nil
	}
	m, told := r.Restore()
	points := map[ground]float64{}
	var grounds []ground
	told.Each(func(_ *filter.Report, result *filter.Result, hit *filter.Hit) {
		if hit.Observe {
			return
		}
		g := groundOf(result, hit)
		if _, known := points[g]; !known {
			grounds = append(grounds, g)
		}
		points[g] += hit.Score
	})
	var all []Alternative
	for _, g := range grounds {
		without := told.Without(func(_ *filter.Report, result *filter.Result, hit *filter.Hit) bool { return groundOf(result, hit) == g })
		v, complete := without, true
		if r.Kind == OfConnection {
			v = policy.ConnectionAgain(m.Client, without)
		} else {
			v, complete = policy.Again(m, without)
		}
		if v.Action == told.Action && v.Class == told.Class && complete && sameRecipients(v, told) {
			continue
		}
		all = append(all, Alternative{g.name, g.kind, rounded(points[g]), v.Action, v.Class, rounded(v.Total), complete, decider(v.Decider)})
	}
	slices.SortStableFunc(all, func(a, b Alternative) int { return cmp.Compare(b.Points, a.Points) })
	return all
}

// sameRecipients tells whether the same recipients were refused.
func sameRecipients(a, b *filter.Verdict) bool {
	return slices.EqualFunc(a.Recipients, b.Recipients, func(a, b filter.Recipient) bool { return a.Action == b.Action })
}
