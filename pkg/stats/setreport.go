package stats

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"winnow/pkg/filter"
)

// A SetReport is which sources hit together, for one day or several: all that is said of lists left out, and of the
// fewest that do, comes from it.
type SetReport struct {
	Span
	Caught  Sets `json:"caught"`  // by which sources a caught message was hit
	Refused Sets `json:"refused"` // by which lists a refused connection was wanted refused
}

// Sets is one of the two. Total = ToldApart + Others + Before.
type Sets struct {
	Unit      string      `json:"unit"`       // what is counted: messages or connections
	Total     int64       `json:"total"`      // all that were caught, or refused in a list's name
	ToldApart int64       `json:"told_apart"` // those whose set is known; every share is of these
	Others    int64       `json:"others"`     // those whose sets found no room
	Before    int64       `json:"before"`     // those that were counted before sets were
	ByNone    int64       `json:"by_none"`    // of those told apart, which no source hit on its own
	Sources   []SetSource `json:"sources"`    // the lists in the order of the report, the rest behind them
	Silent    []string    `json:"silent"`     // lists that are in no set
	Overlap   [][]int64   `json:"overlap"`    // [i][j]: hit by Sources i and j both; [i][i] is Hits of i
	Order     []Step      `json:"order"`      // in which sources earn their place
	Sets      []Together  `json:"sets"`       // most first
}

// A SetSource is one source that is in sets.
type SetSource struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Kind  string `json:"kind"`
	Hits  int64  `json:"hits"`  // with whomever
	Alone int64  `json:"alone"` // that nobody else hit
}

// Together is how often just these sources hit.
type Together struct {
	Sources []string `json:"sources"` // names
	Count   int64    `json:"count"`

	at []int // in Sets.Sources
}

// A Step is what one source adds to those before it.
type Step struct {
	Source string  `json:"source"`
	Title  string  `json:"title"`
	Adds   int64   `json:"adds"`
	Kept   int64   `json:"kept"`  // by it and those before it, with ByNone
	Share  float64 `json:"share"` // what Kept is of those told apart, in percent
}

// ReadSets reads back which sources hit together.
func ReadSets(ctx context.Context, s Store, q Query) ([]*SetReport, error) {
	spans, err := readSpans(ctx, s, q)
	if err != nil {
		return nil, err
	}
	var reports []*SetReport
	for _, span := range spans {
		r := &SetReport{Span: span.Span}
		r.Caught = newSets(q.Lists, span.counters, caughtBy)
		r.Refused = newSets(q.Lists, span.counters, refusedBy)
		r.Caught.Unit, r.Refused.Unit = "messages", "connections"
		reports = append(reports, r)
	}
	return reports, nil
}

// totalOf is what the sets of a kind add up to.
func totalOf(counters map[string]int64, kind setKind) (n int64) {
	if kind == caughtBy {
		return counters[totalNames[caught]]
	}
	for name, count := range counters {
		if _, f, ok := parseCounter(name); ok && f == refusals {
			n += count
		}
	}
	return n
}

func newSets(lists []List, counters map[string]int64, kind setKind) Sets {
	s := Sets{Sources: []SetSource{}, Silent: []string{}, Overlap: [][]int64{}, Order: []Step{}, Sets: []Together{}}
	members := map[string][]source{} // by counter
	seen := map[source]int{}
	for _, name := range slices.Sorted(maps.Keys(counters)) {
		k, of, others, ok := parseSetCounter(name)
		switch {
		case !ok || k != kind:
		case others:
			s.Others = counters[name]
		default:
			members[name] = of
			s.ToldApart += counters[name]
			for _, member := range of {
				seen[member] = -1
			}
		}
	}
	s.Total = max(totalOf(counters, kind), s.ToldApart+s.Others)
	s.Before = s.Total - s.ToldApart - s.Others
	s.addSources(lists, seen)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		s.add(members[name], seen, counters[name])
	}
	slices.SortStableFunc(s.Sets, func(a, b Together) int { return cmp.Compare(b.Count, a.Count) })
	s.count()
	s.Order = s.order()
	return s
}

// addSources puts sources in order: lists as configured, other lists by name, what is no list last.
func (s *Sets) addSources(lists []List, seen map[source]int) {
	titles := map[source]string{{filter.Rules, RulesName}: "content rules"}
	rest := maps.Clone(seen)
	add := func(of source) {
		seen[of] = len(s.Sources)
		s.Sources = append(s.Sources, SetSource{Name: of.name, Title: cmp.Or(titles[of], of.name), Kind: kindNames[of.kind]})
		delete(rest, of)
	}
	for _, l := range lists {
		of := source{filter.List, l.Name}
		titles[of] = l.Title
		if _, is := rest[of]; is {
			add(of)
		} else if _, twice := seen[of]; !twice {
			s.Silent = append(s.Silent, l.Name)
		}
	}
	for _, of := range slices.SortedFunc(maps.Keys(rest), bySource) {
		add(of)
	}
}

func bySource(a, b source) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), strings.Compare(a.name, b.name))
}

func (s *Sets) add(members []source, at map[source]int, n int64) {
	set := Together{Sources: []string{}, Count: n}
	for _, member := range members {
		set.at = append(set.at, at[member])
	}
	slices.Sort(set.at)
	set.at = slices.Compact(set.at)
	for _, i := range set.at {
		set.Sources = append(set.Sources, s.Sources[i].Name)
	}
	if len(set.at) == 0 {
		s.ByNone = n
	}
	s.Sets = append(s.Sets, set)
}

// count fills in what each source hit, alone and with each other.
func (s *Sets) count() {
	for range s.Sources {
		s.Overlap = append(s.Overlap, make([]int64, len(s.Sources)))
	}
	for _, set := range s.Sets {
		for _, i := range set.at {
			for _, j := range set.at {
				s.Overlap[i][j] += set.Count
			}
		}
		if len(set.at) == 1 {
			s.Sources[set.at[0]].Alone = set.Count
		}
	}
	for i := range s.Sources {
		s.Sources[i].Hits = s.Overlap[i][i]
	}
}

// Knows tells whether a source is in a set, or could have been. The content rules are there on every day.
func (s *Sets) Knows(name string) bool {
	return name == RulesName || slices.Contains(s.Silent, name) || slices.ContainsFunc(s.Sources, func(of SetSource) bool { return of.Name == name })
}

// A Loss is what would be missed without some sources: what only they hit.
type Loss struct {
	Unit      string     `json:"unit"`
	ToldApart int64      `json:"told_apart"` // of how many this is said
	Missed    int64      `json:"missed"`
	Share     float64    `json:"share"` // what Missed is of those told apart, in percent
	Sets      []Together `json:"sets"`  // of Missed, who hit them; most first
}

// Without tells what would be missed without the sources of these names.
func (s *Sets) Without(names []string) Loss {
	loss := Loss{Unit: s.Unit, ToldApart: s.ToldApart, Sets: []Together{}}
	for _, set := range s.Sets {
		if len(set.at) > 0 && !slices.ContainsFunc(set.Sources, func(name string) bool { return !slices.Contains(names, name) }) {
			loss.Missed += set.Count
			loss.Sets = append(loss.Sets, set)
		}
	}
	loss.Share = share(loss.Missed, s.ToldApart)
	return loss
}

// A WithoutReport is what would have been missed without some sources.
type WithoutReport struct {
	Span
	Without []string `json:"without"`
	Caught  Loss     `json:"caught"`
	Refused Loss     `json:"refused"`
}

// Without tells what would have been missed without the sources of these names.
func (r *SetReport) Without(names []string) *WithoutReport {
	return &WithoutReport{
		Span: r.Span, Without: names,
		Caught: r.Caught.Without(names), Refused: r.Refused.Without(names),
	}
}

// share is what part of a whole n is, in percent, to a hundredth.
func share(n, of int64) float64 {
	if of <= 0 {
		return 0
	}
	return hundredths(100 * float64(n) / float64(of))
}
