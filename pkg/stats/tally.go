package stats

import (
	"errors"
	"slices"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// maxRows bounds the sources of each kind, and the stages, of one tally. They come from the configuration and are some
// dozen; should something name sources after what a mail says, the account says "uncounted" and memory stays what it is.
const maxRows = 1024

// A today is what is told apart in a day, which is bounded by day, not by flush.
type today struct {
	day     string
	claimed *claimed
	told    *told
	toldCodes
}

func newToday(day string) *today { return &today{day, newClaimed(), newTold(), toldCodes{}} }

// A tally is what was counted of one hour since the last flush. It is where a verdict becomes counters.
type tally struct {
	*today
	totals  [totals]int64
	actions [filter.Discard + 1]int64
	sources [len(kindNames)]map[string]*sourceCounts // by kind
	failed  map[string]int64
	byRule  map[string]*ruleCounts
	claims  map[string]*claimCounts
	sets    map[string]int64 // by counter: see sets.go

	// What one verdict takes, kept for the next.
	ofConnection, ofMessage []*sourceCounts // whose each result is, in their order
	evidence                []evidence
	codeEvidence            []codeEvidence
	silent, failing         []*sourceCounts
}

type row [figures]int64

func newTally(of *today) *tally {
	t := &tally{
		today: of, failed: map[string]int64{}, byRule: map[string]*ruleCounts{},
		claims: map[string]*claimCounts{}, sets: map[string]int64{},
	}
	for kind := range t.sources {
		t.sources[kind] = map[string]*sourceCounts{}
	}
	return t
}

// connection counts a connection and what was asked about it.
func (t *tally) connection(c message.Client, v *filter.Verdict, refused bool) {
	if c.Own {
		t.totals[own]++
		return
	}
	t.totals[connections]++
	if v == nil {
		v = &filter.Verdict{}
	}
	t.ofConnection = t.find(t.ofConnection, v.Reports)
	all := gather(t.evidence[:0], v.Reports, t.ofConnection)
	t.evidence = all
	settle(v, all)
	t.reports(v.Reports, t.ofConnection, all)
	countHits(all)
	t.codeEvidence = t.codeHits(all, v.Reports, t.ofConnection)
	switch {
	case !refused:
		t.totals[accepted]++
	case v.Decider == nil || !v.Refused():
		t.totals[refusedByNone]++
	default:
		t.refusal(v.Decider.Source, all)
	}
}

// refusal credits the source in whose name a connection was refused, and the one without which it would not have been.
func (t *tally) refusal(decider string, all []evidence) {
	demanding, first := 0, (*sourceCounts)(nil)
	for i := range all {
		if all[i].wantsRefusal() {
			demanding++
		}
		if all[i].name == decider {
			first = all[i].sourceCounts
		}
	}
	if first == nil {
		first = t.source(source{filter.List, decider})
	}
	if !first.kept {
		t.totals[refusedByNone]++ // so that the funnel balances
		return
	}
	first.row[refusals]++
	first.count(refusalsAlone, demanding == 1)
	t.countSet(refusedBy, all)
}

// message counts a message, or a transaction that never became one, and what was asked about it. What was asked about
// its connection is counted already.
func (t *tally) message(v *filter.Verdict) {
	if v.Class == filter.ClassOutbound {
		t.totals[outbound]++
		return
	}
	t.ofMessage = t.find(t.ofMessage, v.Reports)
	all := gather(t.evidence[:0], v.Reports, t.ofMessage)
	settle(v, all)
	t.reports(v.Reports, t.ofMessage, all)
	countHits(all)
	codes := t.codeHits(all, v.Reports, t.ofMessage)
	if v.Connection != nil {
		t.ofConnection = t.find(t.ofConnection, v.Connection.Reports)
		all = gather(all, v.Connection.Reports, t.ofConnection)
		if hasLists(all) {
			codes = t.gatherCodes(codes, v.Connection.Reports, t.ofConnection)
		}
	}
	t.evidence, t.codeEvidence = all, codes
	judge(v, all)
	credit(all)
	creditCodes(v, all, codes)
	t.countClaims(v)
	if v.Class == filter.NoMessage {
		return
	}
	t.ruleHits(v)
	t.totals[messages]++
	if v.Relayed {
		t.totals[relayed]++
	}
	if class, ok := classTotals[v.Class]; ok { // every class has one: a test says so
		t.totals[class]++
	}
	t.actions[max(v.Action, filter.Accept)]++
	switch {
	case isCaught(v):
		t.totals[caught]++
		t.countSet(caughtBy, all)
	case v.Class != filter.ClassBlacklisted:
		t.totals[delivered]++
	}
}

// isCaught tells whether the content stages found a message to be spam. Only what is scanned can be caught.
func isCaught(v *filter.Verdict) bool { return v.Caught && v.Class == filter.ClassScanned }

// A sourceCounts is what was counted of one source.
type sourceCounts struct {
	source
	kept    bool  // not with too many sources, or where no store takes the name: then it is thrown away with the verdict
	at      int32 // where the evidence of it may be, see about
	row           // what every answer counts comes first, beside what every answer looks at: that is one line of a cold cache
	codes   []*codeRow
	several codeCounts // of connections and messages that it hit by several codes
	bit     int        // in a set, see told; negative where that is not known yet
}

// source returns what is counted of a source.
func (t *tally) source(s source) *sourceCounts {
	known := t.sources[s.kind]
	if c := known[s.name]; c != nil {
		return c
	}
	c := &sourceCounts{source: s, bit: -1}
	if c.kept = len(known) < maxRows && validCounter(s.counter(observedUnique)); c.kept {
		known[s.name] = c
		return c
	}
	t.totals[uncounted]++
	return c
}

// find finds whose each result is, in their order. The configuration decides in which order sources are asked, so what is
// in one place is mostly what was there last time: last is that, and is overwritten.
func (t *tally) find(last []*sourceCounts, reports []filter.Report) []*sourceCounts {
	found := last[:0]
	for i := range reports {
		for j := range reports[i].Results {
			s := sourceOf(&reports[i].Results[j])
			if n := len(found); n < len(last) && last[n].source == s && last[n].kept {
				found = append(found, last[n])
			} else {
				found = append(found, t.source(s))
			}
		}
	}
	return found
}

// reports counts what sources were asked and how they answered, hits apart, which are in said. Whose each result is is in from.
func (t *tally) reports(reports []filter.Report, from []*sourceCounts, said []evidence) {
	missing, byRules, rulesTook := false, false, time.Duration(0)
	failing := t.failing[:0] // that are counted: a list may be asked by its own stage and by rules
	silent := t.silent[:0]   // lists that had nothing in one result
	for i := range reports {
		report := &reports[i]
		if report.Err != nil {
			missing = true
			t.stageFailed(report.Stage)
		}
		for j := range report.Results {
			result, c := &report.Results[j], from[0]
			from = from[1:]
			if result.Kind == filter.Rules { // their stage's time is also that of the lists which they wait for
				byRules, rulesTook = true, rulesTook+result.Took
			}
			c.answered(result)
			if result.Err == nil {
				if result.Kind == filter.List && result.Asked > 0 && c.saidIn(said) == nil && !slices.Contains(silent, c) {
					silent = append(silent, c)
				}
				continue
			}
			missing = true
			if result.Kind != filter.List || !slices.Contains(failing, c) {
				c.row[failure(result.Err)]++
				failing = append(failing, c)
			}
		}
	}
	for _, c := range silent {
		c.count(misses, !slices.Contains(failing, c))
	}
	t.silent, t.failing = silent, failing
	if byRules { // all files of rules look at a message together
		c := t.source(source{filter.Rules, RulesName})
		c.row[asked]++
		c.took(rulesTook)
	}
	if missing {
		t.totals[incomplete]++
	}
}

func (t *tally) stageFailed(stage string) {
	if _, known := t.failed[stage]; known || len(t.failed) < maxRows {
		t.failed[stage]++
	}
}

// answered counts one result, hits and failures apart.
func (r *row) answered(result *filter.Result) {
	if result.Kind != filter.Rules {
		r[asked] += int64(result.Asked)
		r[cached] += int64(result.Cached)
		if result.Asked > result.Cached { // what a cache says at once would hide how slow the rest is
			r.took(result.Took)
		}
	}
}

// failure says which figure an error belongs to.
func failure(err error) figure {
	switch {
	case errors.Is(err, filter.ErrRefused):
		return refused
	case errors.Is(err, filter.ErrBogus):
		return bogus
	case errors.Is(err, filter.ErrUnknown):
		return unknown
	}
	return errored
}

func (r *row) took(d time.Duration) {
	r[timed]++
	r[tookMicros] += d.Microseconds()
	bucket := firstBucket
	for _, bound := range bounds { // most answers are in the first few
		if d <= bound {
			break
		}
		bucket++
	}
	r[bucket]++
}

// counters adds the tally to counters by name.
func (t *tally) counters(into map[string]int64) {
	add := func(name string, n int64) {
		if n != 0 {
			into[name] += n
		}
	}
	for i, n := range t.totals {
		add(totalNames[i], n)
	}
	for action, n := range t.actions {
		add(actionPrefix+filter.Action(action).String(), n)
	}
	for stage, n := range t.failed {
		add(failedPrefix+stage, n)
	}
	for _, known := range t.sources {
		for _, c := range known {
			c.row.counters(c.source, into)
			c.codeCounters(into)
		}
	}
	t.ruleCounters(into)
	t.claimCounters(into)
	t.setCounters(into)
}

func (r *row) counters(s source, into map[string]int64) {
	for f, n := range r {
		if n != 0 {
			into[s.counter(figure(f))] += n
		}
	}
}
