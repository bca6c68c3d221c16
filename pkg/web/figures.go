package web

import "time"

// Figures is what /metrics shows, as it is at one moment. What was counted, was counted since the start. Names in it come
// from the configuration and from rule files, never from a mail, and each map has few of them: they become labels.
type Figures struct {
	Version string

	Connections map[string]int64 // by what became of them
	Messages    map[string]int64 // by class; together all messages that came in
	Actions     map[string]int64 // the same, by action
	Caught      int64
	Delivered   int64
	Relayed     int64
	Outbound    int64
	Incomplete  int64 // connections and messages decided while an answer was missing

	Stages        map[string]Histogram // what each run of a stage took
	StageFailures map[string]int64

	Lists     []ListFigures
	RuleHits  Hits
	RulesTook Histogram
	Rules     RuleFigures

	Sessions, MaxSessions int
	Scans, MaxScans       int

	DNS     DNSFigures
	Parts   []Part
	Account AccountFigures
	Learned LearnedFigures
}

// ListFigures are those of one list.
type ListFigures struct {
	Name     string // as the configuration has it
	Health   string // "" where it is no list of the configuration
	Asked    int64
	Cached   int64
	Failures map[string]int64 // by reason
	Refusals int64            // connections refused in its name
	Hits     Hits
	Took     Histogram
}

// Hits are what a source hit.
type Hits struct{ All, Unique, Decisive, Doubtful int64 }

// RuleFigures are those of the content rules.
type RuleFigures struct {
	Loaded, Running, Faults int
	Since                   time.Time
	ReloadRefused           bool             // the last reload kept what was in force
	GivenUp                 map[string]int64 // since then, by rule: its pattern took too long
	Panicked                map[string]int64
}

// DNSFigures are those of the resolver.
type DNSFigures struct {
	Questions, Sent, Retries, TCP uint64
	Answered                      map[string]uint64 // without asking the DNS, by who had the answer
	Failures                      map[string]uint64 // of attempts, by reason
	SharedErrors, SharedDropped   uint64            // of the cache in the store
}

// AccountFigures tell how the account is kept.
type AccountFigures struct {
	StoreOK, JournalOK bool  // the last write to it went well
	Uncounted          int64 // figures that found no room
	Unrecorded         int64 // records that the trail could not write
	Uncopied           int64 // copies of messages that it could not keep
}

// LearnedFigures tell what became of the pairs that the auto-whitelist learned.
type LearnedFigures struct {
	Written, Failed, Dropped int64
	Waiting                  int
}

// A Histogram is how long something took, and how often.
type Histogram struct {
	Bounds []time.Duration // upper ends of the buckets, rising
	Counts []int64         // of each bucket, and of what took longer than all of them
	Sum    time.Duration
}

// cumulative returns the histogram as Prometheus has it: each bucket with all below it.
func (h *Histogram) cumulative() (count uint64, buckets map[float64]uint64) {
	buckets = make(map[float64]uint64, len(h.Bounds))
	for i, n := range h.Counts {
		count += uint64(n)
		if i < len(h.Bounds) {
			buckets[h.Bounds[i].Seconds()] = count
		}
	}
	return count, buckets
}

// maxRuleLabels bounds the rules that have a figure of their own; all others share the label "*". Rules are thousands, and
// of those that were ever given up only the worst are worth a look here: winnow rules status has all.
const maxRuleLabels = 20
