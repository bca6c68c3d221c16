package pattern

import (
	"cmp"
	"math/bits"
	"slices"
)

// Which literals are worth looking for. A set of them says nothing when any is very short, and costs a search for each.
const (
	minLiteral  = 3  // octets; what is shorter is in every text
	maxLiteral  = 24 // octets; more tells no more
	maxLiterals = 48 // alternatives in a set
	maxSets     = 3  // sets; more tell little more
)

// texts is the folded texts that a piece of pattern can match, where there are few. nil means that they are not known, or
// many.
type texts []string

var nothing = texts{""}

// required returns sets of literals: every match has one out of each. The idea is that of ripgrep's and RE2's
// prefilters. It is valid because folding works octet by octet, so that a literal that matched in any case is there in the
// folded text. Of all runs of known octets in a pattern it takes the few that promise to be rarest for the fewest
// searches. On the shipped rules and an ordinary newsletter it spares most runs of the engine (see BenchmarkMessage).
func required(tree *node) [][]string {
	exact, needed := literals(tree)
	if exact != nil {
		needed = append(needed, exact)
	}
	slices.SortStableFunc(needed, func(a, b texts) int { return cmp.Compare(worth(b), worth(a)) })
	var sets [][]string
	for _, t := range needed {
		if shortest(t) < minLiteral || len(sets) == maxSets {
			continue
		}
		var set []string
		for _, text := range t {
			set = append(set, octets(text[:min(len(text), maxLiteral)]))
		}
		set = thin(set)
		if !slices.ContainsFunc(sets, func(s []string) bool { return implies(s, set) }) {
			sets = append(sets, set)
		}
	}
	return sets
}

// implies tells whether a text with one of a has one of b, too.
func implies(a, b []string) bool {
	for _, text := range a {
		if !containsAny(text, b) {
			return false
		}
	}
	return true
}

// literals returns the texts that n matches, if they are few, and sets of texts out of each of which every match contains
// one.
func literals(n *node) (exact texts, needed []texts) {
	switch n.op {
	case opOctet:
		return octetTexts(n.set), nil
	case opConcat:
		return concatTexts(n.subs)
	case opAlternate:
		return alternateTexts(n.subs)
	case opGroup, opAtomic:
		return literals(n.subs[0])
	case opRepeat:
		return repeatTexts(n)
	case opNever, opBackRef:
		return nil, nil
	}
	return nothing, nil // an assertion takes no octet
}

func octetTexts(s set) texts {
	var all texts
	s.ranges(func(from, to byte) {
		for b := int(from); b <= int(to) && len(all) <= maxLiterals; b++ {
			if text := string([]byte{fold(byte(b))}); !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	})
	if len(all) > maxLiterals {
		return nil
	}
	return all
}

func repeatTexts(n *node) (exact texts, needed []texts) {
	exact, needed = literals(n.subs[0])
	switch {
	case n.min == 0 && n.max == 1:
		return join(exact, nothing), nil
	case n.min == 0:
		return nil, nil
	case n.min == n.max && n.min <= maxLiteral:
		power := nothing
		for range n.min {
			power = cross(power, exact)
		}
		if power != nil {
			return power, needed
		}
	}
	return nil, append(needed, exact)
}

// concatTexts multiplies what its pieces match, and starts anew where that becomes unknown or too many. A run of pieces that
// are certain to the letter is a set of its own beside the run with all its alternatives.
func concatTexts(subs []*node) (exact texts, needed []texts) {
	run, certain, whole := nothing, nothing, true
	for _, sub := range subs {
		text, inside := literals(sub)
		needed = append(needed, inside...)
		if longer := cross(certain, text); len(longer) == 1 {
			certain = longer
		} else {
			needed = append(needed, certain)
			certain = nothing
		}
		if longer := cross(run, text); longer != nil {
			run = longer
			continue
		}
		needed = append(needed, run)
		run, whole = text, false
		if text == nil {
			run = nothing
		}
	}
	needed = append(needed, certain)
	if whole {
		return run, few(needed)
	}
	return nil, few(append(needed, run))
}

// alternateTexts unites what the branches match. Of what each branch needs, the best set goes into a common one.
func alternateTexts(subs []*node) (exact texts, needed []texts) {
	var common texts
	for i, sub := range subs {
		text, inside := literals(sub)
		best := text
		for _, t := range inside {
			if worth(t) > worth(best) {
				best = t
			}
		}
		if i == 0 {
			exact, common = text, best
		} else {
			exact, common = join(exact, text), unite(common, best)
		}
	}
	if common == nil {
		return exact, nil
	}
	return exact, []texts{common}
}

// few keeps the best of many sets.
func few(sets []texts) []texts {
	sets = slices.DeleteFunc(sets, func(t texts) bool { return shortest(t) == 0 })
	slices.SortStableFunc(sets, func(a, b texts) int { return cmp.Compare(worth(b), worth(a)) })
	return sets[:min(len(sets), 2*maxSets)]
}

// cross is every text of a followed by every one of b.
func cross(a, b texts) texts {
	if a == nil || b == nil || len(a)*len(b) > maxLiterals || longest(a)+longest(b) > 2*maxLiteral {
		return nil
	}
	all := make(texts, 0, len(a)*len(b))
	for _, head := range a {
		for _, tail := range b {
			all = append(all, head+tail)
		}
	}
	return all
}

// join is the texts of both.
func join(a, b texts) texts {
	if a == nil || b == nil || len(a)+len(b) > maxLiterals {
		return nil
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// unite is texts of which anything has one that has a text of a or of b. Too many are cut shorter, which makes some of
// them equal.
func unite(a, b texts) texts {
	if a == nil || b == nil {
		return nil
	}
	all := thin(slices.Concat(a, b))
	for length := 2 * minLiteral; len(all) > maxLiterals && length >= minLiteral; length-- {
		for i := range all {
			all[i] = all[i][:min(len(all[i]), length)]
		}
		all = thin(all)
	}
	if len(all) > maxLiterals {
		return nil
	}
	return all
}

// thin leaves out each text that has another one in it: where it is, that is, too.
func thin(all []string) []string {
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(len(a)-len(b), cmp.Compare(a, b)) })
	kept := all[:0]
	for _, text := range all {
		if !containsAny(text, kept) {
			kept = append(kept, text)
		}
	}
	return kept
}

// worth weighs how rare the texts are against how many searches they cost.
func worth(t texts) int { return 2*min(shortest(t), 8) - bits.Len(uint(len(t))) }

func longest(t texts) int {
	n := 0
	for _, text := range t {
		n = max(n, len(text))
	}
	return n
}

// shortest is the length of the shortest text; that of unknown ones is 0.
func shortest(t texts) int {
	if len(t) == 0 {
		return 0
	}
	n := len(t[0])
	for _, text := range t {
		n = min(n, len(text))
	}
	return n
}
