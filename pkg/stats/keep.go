package stats

import (
	"math"
	"math/bits"
	"slices"

	"winnow/pkg/filter"
)

// maxExact is up to how many lists the fewest that keep a share are found exactly: every choice of them is weighed, for 20
// a million in some 50 ms and 8 MB. Lists that hit nothing, and those that no choice can do without, do not count here.
const maxExact = 20

// A KeepReport is the fewest lists that would have kept a share of the catch.
type KeepReport struct {
	Span
	Keep    float64  `json:"keep"` // the share that was asked for, in percent
	Caught  Kept     `json:"caught"`
	Refused Kept     `json:"refused"`
	Spare   []string `json:"spare"` // lists that neither needs
}

// Kept is a choice of lists. What is no list stays: rules cost no questions.
type Kept struct {
	Unit      string   `json:"unit"`
	ToldApart int64    `json:"told_apart"` // of how many this is said
	Kept      int64    `json:"kept"`
	Share     float64  `json:"share"`   // what Kept is of those told apart, in percent
	Exact     bool     `json:"exact"`   // no choice of fewer lists keeps the share; else there may be one
	Lists     []string `json:"lists"`   // names, in the order of the report
	Dropped   []string `json:"dropped"` // lists that hit and can go, together
}

// Keep finds the fewest lists that would have kept a share of the catch, in percent.
func (r *SetReport) Keep(percent float64) *KeepReport {
	k := &KeepReport{
		Span: r.Span, Keep: percent,
		Caught: r.Caught.Keep(percent), Refused: r.Refused.Keep(percent), Spare: []string{},
	}
	for _, name := range slices.Concat(k.Caught.Dropped, k.Refused.Dropped, r.Caught.Silent) {
		if !slices.Contains(k.Caught.Lists, name) && !slices.Contains(k.Refused.Lists, name) && !slices.Contains(k.Spare, name) {
			k.Spare = append(k.Spare, name)
		}
	}
	return k
}

// Keep finds the fewest lists that keep a share of what is told apart, in percent. Among choices of equally many it is
// the one that keeps most, then the one that drops lists that stand late.
func (s *Sets) Keep(percent float64) Kept {
	allowed := int64(math.Floor(float64(s.ToldApart)*(100-percent)/100 + 1e-9))
	needed, open := s.needed(allowed)
	k := Kept{Unit: s.Unit, ToldApart: s.ToldApart, Exact: len(open) <= maxExact, Lists: []string{}, Dropped: []string{}}
	var dropped []int
	if k.Exact {
		dropped = s.drop(needed, open, allowed)
	} else {
		dropped = s.dropGreedily(open, allowed)
	}
	for i, of := range s.Sources {
		switch {
		case of.Kind != kindNames[filter.List]:
		case slices.Contains(dropped, i):
			k.Dropped = append(k.Dropped, of.Name)
		default:
			k.Lists = append(k.Lists, of.Name)
		}
	}
	k.Kept = s.ToldApart - s.lost(dropped)
	k.Share = share(k.Kept, s.ToldApart)
	return k
}

// needed parts the lists into those that no choice can do without, because they alone hit more than may be lost, and the
// rest. What is no list is needed, too.
func (s *Sets) needed(allowed int64) (needed map[int]bool, open []int) {
	needed = map[int]bool{}
	for i, of := range s.Sources {
		if of.Kind != kindNames[filter.List] || of.Alone > allowed {
			needed[i] = true
		} else {
			open = append(open, i)
		}
	}
	return needed, open
}

// lost is what only dropped sources hit.
func (s *Sets) lost(dropped []int) (n int64) {
	for _, set := range s.Sets {
		if len(set.at) > 0 && !slices.ContainsFunc(set.at, func(i int) bool { return !slices.Contains(dropped, i) }) {
			n += set.Count
		}
	}
	return n
}

// drop finds the most of the open lists that can go. lost[choice] is what is lost where the lists of choice go: first
// what just these hit, then, list by list, with what each choice without that list loses (the sum over subsets).
func (s *Sets) drop(needed map[int]bool, open []int, allowed int64) (dropped []int) {
	lost := make([]int64, 1<<len(open))
	for _, set := range s.Sets {
		if len(set.at) == 0 || slices.ContainsFunc(set.at, func(i int) bool { return needed[i] }) {
			continue
		}
		choice := 0
		for _, i := range set.at {
			choice |= 1 << slices.Index(open, i)
		}
		lost[choice] += set.Count
	}
	for bit := range open {
		for choice := range lost {
			if choice>>bit&1 != 0 {
				lost[choice] += lost[choice&^(1<<bit)]
			}
		}
	}
	best := 0
	for choice, n := range lost {
		more := bits.OnesCount(uint(choice)) - bits.OnesCount(uint(best))
		if n <= allowed && (more > 0 || more == 0 && n <= lost[best]) {
			best = choice
		}
	}
	for bit, i := range open {
		if best>>bit&1 != 0 {
			dropped = append(dropped, i)
		}
	}
	return dropped
}

// dropGreedily drops, one after the other, the list with which least is lost, while that may be. Of each set it keeps how
// many members are left: what a list costs is the sets in which it is the last.
func (s *Sets) dropGreedily(open []int, allowed int64) (dropped []int) {
	gone := make([]bool, len(s.Sources))
	left := make([]int, len(s.Sets))
	for n, set := range s.Sets {
		left[n] = len(set.at)
	}
	for len(open) > 0 {
		costs := make([]int64, len(s.Sources))
		for n, set := range s.Sets {
			if left[n] == 1 {
				last := slices.IndexFunc(set.at, func(i int) bool { return !gone[i] })
				costs[set.at[last]] += set.Count
			}
		}
		best := len(open) - 1 // the last of equals
		for at := best - 1; at >= 0; at-- {
			if costs[open[at]] < costs[open[best]] {
				best = at
			}
		}
		out := open[best]
		if allowed -= costs[out]; allowed < 0 {
			break
		}
		gone[out], dropped = true, append(dropped, out)
		for n, set := range s.Sets {
			if slices.Contains(set.at, out) {
				left[n]--
			}
		}
		open = slices.Delete(open, best, best+1)
	}
	return dropped
}

// order finds in which order sources earn their place: what is no list is there anyway, then comes, each time, the list
// that adds most to what those before it hit.
func (s *Sets) order() []Step {
	steps := []Step{}
	covered := make([]bool, len(s.Sets))
	kept := s.ByNone
	left := make([]int, len(s.Sources))
	for i := range left {
		left[i] = i
	}
	for len(left) > 0 {
		adds := s.adds(covered)
		best := slices.MaxFunc(left, func(a, b int) int { // the first of equals
			return cmpSteps(s.Sources[a].Kind != kindNames[filter.List], s.Sources[b].Kind != kindNames[filter.List], adds[a], adds[b])
		})
		kept += adds[best]
		of := s.Sources[best]
		steps = append(steps, Step{of.Name, of.Title, adds[best], kept, share(kept, s.ToldApart)})
		for n, set := range s.Sets {
			covered[n] = covered[n] || slices.Contains(set.at, best)
		}
		left = slices.DeleteFunc(left, func(i int) bool { return i == best })
	}
	return steps
}

// adds is what each source hits of the sets that are not covered.
func (s *Sets) adds(covered []bool) []int64 {
	adds := make([]int64, len(s.Sources))
	for n, set := range s.Sets {
		if covered[n] {
			continue
		}
		for _, i := range set.at {
			adds[i] += set.Count
		}
	}
	return adds
}

// cmpSteps puts what is there anyway before what adds more.
func cmpSteps(aFixed, bFixed bool, a, b int64) int {
	switch {
	case aFixed != bFixed && aFixed:
		return 1
	case aFixed != bFixed:
		return -1
	case a != b && a > b:
		return 1
	case a != b:
		return -1
	}
	return 0
}
