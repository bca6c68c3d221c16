package stats

import (
	"slices"
	"strings"

	"winnow/pkg/filter"
)

// Which sources hit a caught message together, and which wanted a connection refused together, is counted as a set:
//
//	caught_by:dbl,uribl,rules:rules    messages caught that these hit, and nothing else
//	caught_by:                         messages caught that nothing hit on its own, such as by points of a few rules
//	refused_by:ivmsip,zen              connections refused that these wanted refused
//	refused_by:*                       those whose sets found no room
//
// Every caught message and every connection that a list refused has one set, so the sets of a day add up to them, and
// those of several nodes to those of the site. The members are sorted. A list stands by its name; what is no list, with
// its kind before it. The set of a single member counts what that member has as unique, or refused alone.

// A setKind is what sets are counted of.
type setKind int

const (
	caughtBy setKind = iota
	refusedBy
	setKinds
)

var setPrefixes = [setKinds]string{"caught_by:", "refused_by:"}

// setOthers is the set of all that are not told apart. It is no source's name.
const setOthers = "*"

const (
	// maxSets bounds the sets of each kind that one winnow tells apart in a day. Who sends mail chooses among what lists
	// say of him; ten lists that are independent of each other could make 1,024 sets, but a site with 20 sees some hundreds.
	maxSets = 2000
	// maxSetSources bounds the sources that sets are made of, in a day.
	maxSetSources = 128
)

// A memberSet holds one bit for each source.
type memberSet [maxSetSources / 64]uint64

// told is which sets were told apart today. Counting finds a set by its bits, without making its name anew.
type told struct {
	bits  map[source]int
	known []source // by bit
	names [setKinds]map[memberSet]string
}

func newTold() *told {
	t := &told{bits: map[source]int{}}
	for kind := range t.names {
		t.names[kind] = map[memberSet]string{}
	}
	return t
}

// put adds a source to a set. It cannot where there are too many sources, or its name would not be found in the set's.
func (t *told) put(set *memberSet, c *sourceCounts) bool {
	if c.bit < 0 && !t.find(c) {
		return false
	}
	set[c.bit/64] |= 1 << (c.bit % 64)
	return true
}

// find finds the bit of a source.
func (t *told) find(c *sourceCounts) bool {
	bit, ok := t.bits[c.source]
	if !ok {
		if bit = len(t.known); bit >= maxSetSources || !validMember(c.source) {
			return false
		}
		t.bits[c.source], t.known = bit, append(t.known, c.source)
	}
	c.bit = bit
	return true
}

// counter returns under which name a set is counted.
func (t *told) counter(kind setKind, set memberSet) string {
	name, ok := t.names[kind][set]
	if ok {
		return name
	}
	if len(t.names[kind]) >= maxSets {
		return setPrefixes[kind] + setOthers
	}
	var members []string
	for bit, s := range t.known {
		if set[bit/64]>>(bit%64)&1 != 0 {
			members = append(members, s.member())
		}
	}
	slices.Sort(members)
	if name = setPrefixes[kind] + strings.Join(members, ","); !validCounter(name) {
		name = setPrefixes[kind] + setOthers
	}
	t.names[kind][set] = name
	return name
}

// member is how a source is named in a set.
func (s source) member() string {
	if s.kind == filter.List {
		return s.name
	}
	return kindNames[s.kind] + ":" + s.name
}

// parseMember reads a source's name in a set.
func parseMember(text string) source {
	kindName, name, found := strings.Cut(text, ":")
	if kind := slices.Index(kindNames[:], kindName); found && kind >= 0 {
		return source{filter.Kind(kind), name}
	}
	return source{filter.List, text}
}

func validMember(s source) bool {
	return s.name != "" && s.name != setOthers && !strings.ContainsAny(s.name, ",:") && validCounter(s.name)
}

// countSet counts the sources that hit a caught message, or those that wanted a connection refused.
func (t *tally) countSet(kind setKind, all []evidence) {
	var set memberSet
	for i := range all {
		is := all[i].hitsContent()
		if kind == refusedBy {
			is = all[i].wantsRefusal()
		}
		if is && !t.told.put(&set, all[i].sourceCounts) {
			t.sets[setPrefixes[kind]+setOthers]++
			return
		}
	}
	t.sets[t.told.counter(kind, set)]++
}

// hitsContent tells whether a source is among those that hit a message: see judge.
func (e *evidence) hitsContent() bool { return e.hit && e.kind != filter.Entry }

// wantsRefusal tells whether a source demands that a connection is refused.
func (e *evidence) wantsRefusal() bool { return e.demand >= filter.Defer }

// setCounters adds what was counted of sets to counters by name.
func (t *tally) setCounters(into map[string]int64) {
	for name, n := range t.sets {
		into[name] += n
	}
}

// parseSetCounter reads the name of a set's counter.
func parseSetCounter(name string) (kind setKind, members []source, others, ok bool) {
	for kind, prefix := range setPrefixes {
		rest, found := strings.CutPrefix(name, prefix)
		switch {
		case !found:
			continue
		case rest == setOthers:
			return setKind(kind), nil, true, true
		case rest == "":
			return setKind(kind), nil, false, true
		}
		for member := range strings.SplitSeq(rest, ",") {
			members = append(members, parseMember(member))
		}
		return setKind(kind), members, false, true
	}
	return 0, nil, false, false
}
