package stats

import (
	"maps"
	"slices"
	"unicode/utf8"
)

// deltas are counters to be added: day or hour -> counter -> amount.
type deltas map[string]map[string]int64

// Bounds of what may wait for a store that is away. A site with 20 lists has some 500 counters a day, some hundreds for
// sets of lists, and two for each of the rules that hit, so a store may be away for two months before anything goes. The
// hours of longer than two days are not worth the room: a report tells what is in no hour.
const (
	maxDays     = 64
	maxHours    = 48
	maxCounters = 1<<12 + 3*maxRuleNames + 2*maxClaimed + int(setKinds)*(maxSets+1) + maxCodes*maxCodeLists // of one day
	maxCounter  = 512                                                                                       // octets of a counter's name: what stores take
)

// counterOver is where amounts go for which there is no room.
var counterOver = totalNames[uncounted]

// add adds counters of a day or an hour. Of too many days the oldest go, and of too many counters those that come last; how
// much is counted as uncounted. So is what has a name that no store would take, which would hold up all behind it.
func (d deltas) add(span string, counters map[string]int64) {
	if len(counters) == 0 {
		return
	}
	known := d[span]
	if known == nil {
		known = make(map[string]int64, len(counters))
		d[span] = known
		defer d.bound()
	}
	for name, n := range counters {
		if _, ok := known[name]; !ok && (len(known) >= maxCounters || !validCounter(name)) && name != counterOver {
			name, n = counterOver, 1
		}
		known[name] += n
	}
}

// bound drops a day where there are too many, and notes how many figures that were, on the day that is then the oldest. An
// hour is dropped without a note: its day has its figures.
func (d deltas) bound() {
	var days, hours []string
	for _, span := range slices.Sorted(maps.Keys(d)) {
		if isHour(span) {
			hours = append(hours, span)
		} else {
			days = append(days, span)
		}
	}
	if len(hours) > maxHours {
		delete(d, hours[0])
	}
	if len(days) <= maxDays {
		return
	}
	lost := int64(len(d[days[0]]))
	if before, ok := d[days[0]][counterOver]; ok {
		lost += before - 1
	}
	delete(d, days[0])
	d[days[1]][counterOver] += lost
}

// validCounter tells whether every store takes a counter's name, and the journal keeps it as it is.
func validCounter(name string) bool {
	for i := range len(name) {
		if name[i] < ' ' || name[i] == 0x7f {
			return false
		}
	}
	return name != "" && len(name) <= maxCounter && utf8.ValidString(name)
}

// merge adds all of other.
func (d deltas) merge(other deltas) {
	for _, day := range slices.Sorted(maps.Keys(other)) {
		d.add(day, other[day])
	}
}
