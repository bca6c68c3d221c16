package stats

import (
	"slices"
	"strings"
	"time"

	"winnow/pkg/filter"
)

// Counters are named in the store as the report's parts are:
//
//	connections               a figure of the funnel
//	action:tag                messages by what became of them
//	failed:uribl              stages that failed as a whole, by stage
//	list:zen:hits             a figure of a list
//	rules:rules:hits          a figure of the content rules as a whole
//	entry:auto-whitelist:hits a figure of the entries that give recipients a standing
//	rule:GTUBE:caught         a figure of one content rule: see rules.go
//	not-spam:w7k2-9fqx        a message that was reported as not spam: see notspam.go
//	code:zen:127.0.0.4:hits   a figure of one return code of a list: see codes.go
//	claim:ann@example.org:forged  of one known sender whose name others bear: see forged.go
//	caught_by:dbl,uribl          messages by the set of sources that hit them: see sets.go
//
// A source's name may hold anything, colons too: the first part ends at the first colon, the last begins at the last.

// A total is a figure of the funnel.
type total int

const (
	connections   total = iota // from outside
	accepted                   // connections that no list refused
	refusedByNone              // connections refused because a stage failed (on_error: defer)
	own                        // connections from own networks: outside the funnel
	messages                   // that came in; each has one class
	whitelisted
	blacklisted
	tooLarge
	notEnabled
	scanned
	caught     // of those scanned
	delivered  // all but the blacklisted and the caught
	relayed    // messages that a relay handed on
	outbound   // messages that left by us: outside the funnel
	notSpam    // that were reported as not spam: see NotSpam
	incomplete // connections and messages decided while a source or stage could not answer
	uncounted  // figures of more sources or days than are kept: see maxRows, maxDays
	unrecorded // connections and messages that were counted, and that the trail has no record of: see Unrecorded
	uncopied   // messages of which a copy was to be kept, and could not: see Uncopied
	unfinished // times that a winnow ended without its last flush: see journal.begin
	totals
)

var totalNames = [totals]string{
	"connections", "accepted", "refused_by_error", "own", "messages", "whitelisted", "blacklisted", "too_large", "not_enabled",
	"scanned", "caught", "delivered", "relayed", "outbound", "not_spam", "errors", "uncounted", "unrecorded", "uncopied", "unfinished",
}

// classTotals tells where a class is counted.
var classTotals = map[filter.Class]total{
	filter.ClassWhitelisted: whitelisted,
	filter.ClassBlacklisted: blacklisted,
	filter.ClassTooLarge:    tooLarge,
	filter.ClassNotEnabled:  notEnabled,
	filter.ClassScanned:     scanned,
}

// A figure is one of a source's. Questions are counted singly; everything else once for each connection or message.
type figure int

const (
	asked          figure = iota // questions put to it; for the rules: messages
	cached                       // of those, answered by a cache
	hits                         // connections and messages it hit
	misses                       // those of which it had nothing; of lists alone
	favours                      // those that it spoke for
	observed                     // those it would have hit if it were not only observed
	errored                      // it could not answer
	refused                      // it declined to answer us
	bogus                        // it answered what no list answers
	unknown                      // it answered an undeclared code
	unique                       // messages caught that no other source hit
	observedUnique               // messages it would have hit, and nothing else did
	decisive                     // messages caught that would not have been without it
	doubtful                     // hits on mail that a recipient's whitelist wants
	weighed                      // hits of which doubtful are a part: on mail, by messages, at RCPT by transactions
	refusals                     // connections refused in its name
	refusalsAlone                // connections refused that no other source would have refused
	timed                        // answers whose time was taken: such as did not all come from a cache
	tookMicros                   // microseconds they took together
	firstBucket                  // of them, answered within each of bounds, longer ones at the end
	figures        = firstBucket + figure(len(bounds)) + 1
)

// bounds are the upper ends of the buckets of latency. The last is the limit of a phase.
var bounds = [...]time.Duration{
	1 * time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	1 * time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second,
}

var figureNames = func() (names [figures]string) {
	copy(names[:], []string{
		"asked", "cached", "hits", "misses", "favours", "observed", "errors", "refused", "bogus", "unknown", "unique", "observed_unique",
		"decisive", "doubtful", "doubtful_of", "refusals", "refusals_alone", "timed", "took_us",
	})
	for i, bound := range bounds {
		names[firstBucket+figure(i)] = "within_" + bound.String()
	}
	names[figures-1] = "longer"
	return names
}()

// figureOf finds a figure by its name.
var figureOf = func() map[string]figure {
	of := map[string]figure{}
	for f, name := range figureNames {
		of[name] = figure(f)
	}
	return of
}()

// kindNames are the first parts of source counters' names.
var kindNames = [...]string{filter.List: "list", filter.Rules: "rules", filter.Entry: "entry"}

// RulesName is the name under which all content rules are counted together.
const RulesName = "rules"

// A source is what figures are counted for.
type source struct {
	kind filter.Kind
	name string
}

// sourceOf says for whom a result is counted.
func sourceOf(r *filter.Result) source {
	switch r.Kind {
	case filter.List:
		return source{filter.List, r.Source}
	case filter.Rules:
		return source{filter.Rules, RulesName}
	}
	return source{filter.Entry, r.Source}
}

// counter returns the name of one of the source's counters.
func (s source) counter(f figure) string {
	return kindNames[s.kind] + ":" + s.name + ":" + figureNames[f]
}

// parseCounter reads a source counter's name.
func parseCounter(name string) (source, figure, bool) {
	kindName, rest, _ := strings.Cut(name, ":")
	i := strings.LastIndexByte(rest, ':')
	if i < 0 {
		return source{}, 0, false
	}
	f, ok := figureOf[rest[i+1:]]
	if !ok {
		return source{}, 0, false
	}
	kind := slices.Index(kindNames[:], kindName)
	return source{filter.Kind(kind), rest[:i]}, f, kind >= 0
}

const (
	actionPrefix = "action:"
	failedPrefix = "failed:"
)
