package daytest

import (
	"slices"
	"strings"
)

// A Plan is the day at a scale.
type Plan struct {
	Kinds []Kind
}

// At returns the day at 1:scale. The connections of all kinds are apportioned to as many as there are then (the method of the
// largest remainder), part by part of the funnel from its mouth on, so that each part is as near to its share as whole numbers
// can be. Each kind has one connection at least: a small day has everything that the large one has.
func At(scale int) *Plan {
	p := &Plan{Kinds: slices.Clone(whole)}
	total := p.Connections()
	all := make([]*Kind, len(p.Kinds))
	for i := range p.Kinds {
		all[i] = &p.Kinds[i]
	}
	share(max(len(all), (total+scale/2)/scale), all, 0)
	return p
}

// WithoutFriends returns the plan less its kinds that need what was learned the day before (see Before): where the store is away
// nobody is known.
func (p *Plan) WithoutFriends() *Plan {
	return &Plan{Kinds: slices.DeleteFunc(slices.Clone(p.Kinds), func(k Kind) bool { return k.sender == friend })}
}

// Messages returns the plan less its connections over which no message comes.
func (p *Plan) Messages() *Plan {
	return &Plan{Kinds: slices.DeleteFunc(slices.Clone(p.Kinds), func(k Kind) bool { return k.class == "" })}
}

// Connections is how many the plan has.
func (p *Plan) Connections() (n int) {
	for i := range p.Kinds {
		n += p.Kinds[i].Connections
	}
	return n
}

// Records is how many lines the day has in the trail: one for each transaction, and for each connection without one.
func (p *Plan) Records() (n int) {
	for i := range p.Kinds {
		n += p.Kinds[i].Connections * max(1, p.Kinds[i].Messages)
	}
	return n
}

// share gives so many connections to kinds that are in the same part of the funnel, down to depth.
func share(total int, kinds []*Kind, depth int) {
	parts := partsOf(kinds, depth)
	weights, least := make([]int, len(parts)), make([]int, len(parts))
	for i, part := range parts {
		least[i] = len(part)
		for _, k := range part {
			weights[i] += k.Connections
		}
	}
	for i, n := range apportion(total, weights, least) {
		if len(parts[i]) == 1 {
			parts[i][0].Connections = n
		} else {
			share(n, parts[i], depth+1)
		}
	}
}

// partsOf parts kinds by what stands at depth of the path of each. Those whose path ends before are each a part of their own.
func partsOf(kinds []*Kind, depth int) (parts [][]*Kind) {
	at := map[string]int{}
	for _, k := range kinds {
		path := strings.Split(k.of, "/")
		if depth >= len(path) {
			parts = append(parts, []*Kind{k})
			continue
		}
		i, known := at[path[depth]]
		if !known {
			i = len(parts)
			at[path[depth]] = i
			parts = append(parts, nil)
		}
		parts[i] = append(parts[i], k)
	}
	return parts
}

// apportion parts total by weights, each part getting its least at least. The sum of all least must not be above total.
func apportion(total int, weights, least []int) []int {
	got := make([]int, len(weights))
	settled := make([]bool, len(weights)) // with its least, for its share would be below
	for {
		left, weight := total, 0
		for i := range weights {
			if settled[i] {
				left -= least[i]
			} else {
				weight += weights[i]
			}
		}
		again := false
		for i, w := range weights {
			if !settled[i] && left*w < least[i]*weight {
				got[i], settled[i], again = least[i], true, true
			}
		}
		if !again {
			largestRemainder(left, weight, weights, settled, got)
			return got
		}
	}
}

// largestRemainder parts left among those that are not settled: each gets its share, rounded down, and what is left over
// goes one by one to those who lost most by that.
func largestRemainder(left, weight int, weights []int, settled []bool, got []int) {
	var open []int
	over := left
	for i, w := range weights {
		if !settled[i] {
			got[i] = left * w / weight
			over -= got[i]
			open = append(open, i)
		}
	}
	slices.SortStableFunc(open, func(a, b int) int { return left*weights[b]%weight - left*weights[a]%weight })
	for _, i := range open[:over] {
		got[i]++
	}
}
