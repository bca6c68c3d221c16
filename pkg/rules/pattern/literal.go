package pattern

import (
	"cmp"
	"slices"
	"strings"
)

// Which literals are worth looking for.
const (
	minLiteral  = 3   // octets; what is shorter is in every text
	maxLiteral  = 24  // octets; more tells no more
	maxLiterals = 200 // alternatives
	maxNeeds    = 6   // that are kept of a piece of pattern
)

// A need is texts of which every match has one, folded, and how far from its beginning.
type need struct {
	texts       []string
	least, most int // octets between the beginnings of match and text; most may be unbounded
}

// shifted is the need of what stands behind something else.
func (n need) shifted(least, most int) need {
	return need{n.texts, n.least + least, plus(n.most, most)}
}

// A literals is what is known of the texts that a piece of pattern matches.
type literals struct {
	exact []string // all of them, folded; nil where there are many
	needs []need
}

var nothing = []string{""}

// needOf returns the literals by which to look for a match of the tree; none are known if it has no texts. The idea is
// that of ripgrep's and RE2's prefilters. It is valid because folding works octet by octet, so that a literal that matched
// in any case is there in the folded text. Of all runs of known octets it takes the one that is rarest in mail. Knowing how
// far from the match's beginning it can be, one need only try there.
func needOf(tree *node) need {
	known := literalsOf(tree)
	best, least := need{}, 1.0
	for _, n := range append(known.needs, need{known.exact, 0, 0}) {
		if starts := n.starts(); starts < least {
			best, least = n, starts
		}
	}
	return best
}

// literalsOf is called with measured trees.
func literalsOf(n *node) literals {
	if n.literals == nil {
		known := findLiterals(n)
		n.literals = &known
	}
	return *n.literals
}

func findLiterals(n *node) literals {
	switch n.op {
	case opOctet:
		return literals{exact: octetTexts(n.set)}
	case opConcat:
		return concatTexts(n.subs)
	case opAlternate:
		return alternateTexts(n.subs)
	case opGroup, opAtomic:
		return literalsOf(n.subs[0])
	case opRepeat:
		return repeatTexts(n)
	case opNever, opBackRef:
		return literals{}
	}
	return literals{exact: nothing} // an assertion takes no octet
}

func octetTexts(s set) []string {
	n := 0
	for b := range s.all {
		if c := fold(b); c == b || !s.has(c) {
			n++
		}
	}
	if n == 0 || n > maxLiterals {
		return nil
	}
	all := make([]string, 0, n)
	for b := range s.all {
		if c := fold(b); c == b || !s.has(c) {
			all = append(all, octets[c:int(c)+1])
		}
	}
	return all
}

// octets is every octet once, for texts of one.
var octets = func() string {
	var all [256]byte
	for b := range all {
		all[b] = byte(b)
	}
	return string(all[:])
}()

func repeatTexts(n *node) literals {
	sub := literalsOf(n.subs[0])
	switch {
	case n.max == 0:
		return literals{exact: nothing}
	case n.min == 0 && n.max == 1:
		return literals{exact: join(sub.exact, nothing)}
	case n.min == 0:
		return literals{}
	case n.min == n.max && n.min <= maxLiteral:
		power := nothing
		for range n.min {
			power = cross(power, sub.exact)
		}
		if power != nil {
			return literals{power, sub.needs}
		}
	}
	return literals{needs: few(append(sub.needs, need{sub.exact, 0, 0}))}
}

// A series is a run of known octets within a sequence.
type series struct {
	texts       []string
	least, most int // where it begins
}

func (s *series) need() need { return need{s.texts, s.least, s.most} }

// concatTexts multiplies what its pieces match, and starts anew where that becomes unknown or too many. A run of pieces that
// are certain to the letter is a need of its own beside the run with all its alternatives.
func concatTexts(subs []*node) literals {
	run, certain := series{texts: nothing}, series{texts: nothing}
	var needs []need
	whole := true
	least, most := 0, 0
	for _, sub := range subs {
		inner := literalsOf(sub)
		for _, n := range inner.needs {
			needs = append(needs, n.shifted(least, most))
		}
		after, afterMost := least+sub.least, plus(most, sub.most)
		if longer := cross(certain.texts, inner.exact); len(longer) == 1 {
			certain.texts = longer
		} else {
			needs = append(needs, certain.need())
			certain = series{nothing, after, afterMost}
		}
		if longer := cross(run.texts, inner.exact); longer != nil {
			run.texts = longer
		} else {
			needs = append(needs, run.need())
			whole = false
			if run = (series{inner.exact, least, most}); inner.exact == nil {
				run = series{nothing, after, afterMost}
			}
		}
		least, most = after, afterMost
	}
	needs = append(needs, certain.need())
	if whole {
		return literals{run.texts, few(needs)}
	}
	return literals{nil, few(append(needs, run.need()))}
}

// alternateTexts unites what the branches match. Of what each branch needs, the best goes into a common need.
func alternateTexts(subs []*node) literals {
	var all literals
	var common need
	for i, sub := range subs {
		inner := literalsOf(sub)
		best := need{inner.exact, 0, 0}
		for _, n := range inner.needs {
			if n.starts() < best.starts() {
				best = n
			}
		}
		if i == 0 {
			all.exact, common = inner.exact, best
		} else {
			all.exact, common = join(all.exact, inner.exact), unite(common, best)
		}
	}
	if common.texts != nil {
		all.needs = []need{common}
	}
	return all
}

// few keeps the best of many needs.
func few(needs []need) []need {
	needs = slices.DeleteFunc(needs, func(n need) bool { return shortest(n.texts) == 0 })
	if len(needs) > maxNeeds {
		slices.SortStableFunc(needs, func(a, b need) int { return cmp.Compare(a.starts(), b.starts()) })
		needs = needs[:maxNeeds]
	}
	return needs
}

// cross is every text of a followed by every one of b.
func cross(a, b []string) []string {
	if a == nil || b == nil || len(a)*len(b) > maxLiterals || longest(a)+longest(b) > 2*maxLiteral {
		return nil
	}
	if len(b) == 1 && b[0] == "" {
		return a
	}
	all := make([]string, 0, len(a)*len(b))
	for _, head := range a {
		for _, tail := range b {
			all = append(all, head+tail)
		}
	}
	return all
}

// join is the texts of both; none are known where they would be too many.
func join(a, b []string) []string {
	if a == nil || b == nil || len(a)+len(b) > maxLiterals {
		return nil
	}
	return union(a, b)
}

// unite is a need that holds where a or b does. Too many texts are cut shorter, which makes some of them equal.
func unite(a, b need) need {
	if a.texts == nil || b.texts == nil {
		return need{}
	}
	all := union(a.texts, b.texts)
	for length := 8; len(all) > maxLiterals && length >= minLiteral; length-- {
		for i := range all {
			all[i] = all[i][:min(len(all[i]), length)]
		}
		slices.Sort(all)
		all = slices.Compact(all)
	}
	if len(all) > maxLiterals {
		return need{}
	}
	most := max(a.most, b.most)
	if a.most == unbounded || b.most == unbounded {
		most = unbounded
	}
	return need{all, min(a.least, b.least), most}
}

// union is the texts of both, however many, each once.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// thin leaves out each text that begins with another one: where it is, that is, too, at the same place.
func thin(all []string) []string {
	all = slices.Clone(all)
	slices.Sort(all)
	kept := all[:0]
	for _, text := range all {
		if len(kept) == 0 || !strings.HasPrefix(text, kept[len(kept)-1]) {
			kept = append(kept, text)
		}
	}
	return kept
}

func longest(texts []string) int {
	n := 0
	for _, text := range texts {
		n = max(n, len(text))
	}
	return n
}

// shortest is the length of the shortest text; that of unknown ones is 0.
func shortest(texts []string) int {
	if len(texts) == 0 {
		return 0
	}
	n := len(texts[0])
	for _, text := range texts {
		n = min(n, len(text))
	}
	return n
}
