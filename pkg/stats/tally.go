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
	codes   toldCodes
}

func newToday(day string) *today { return &today{day, newClaimed(), newTold(), toldCodes{}} }

// A tally is what was counted of one hour since the last flush. It is where a verdict becomes counters.
type tally struct {
	*today
	totals  [totals]int64
	actions [filter.Discard + 1]int64
	rows    [len(kindNames)]map[string]*row // by kind
	failed  map[string]int64
	byRule  map[string]*ruleCounts
	byCode  map[code]*codeCounts
	claims  map[string]*claimCounts
	sets    map[string]int64 // by counter: see sets.go
	scrap   row              // takes what is not kept: of too many sources, or of one whose name no store takes
}

type row [figures]int64

func newTally(of *today) *tally {
	t := &tally{
		today: of, failed: map[string]int64{}, byRule: map[string]*ruleCounts{}, byCode: map[code]*codeCounts{},
		claims: map[string]*claimCounts{}, sets: map[string]int64{},
	}
	for kind := range t.rows {
		t.rows[kind] = map[string]*row{}
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
	var room [roomFor]evidence
	all := gather(room[:0], v.Reports)
	settle(v, all)
	t.reports(v.Reports, all)
	t.hits(all)
	t.connectionCodes(v, all)
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
	demanding, first := 0, source{filter.List, decider}
	for i := range all {
		if all[i].wantsRefusal() {
			demanding++
		}
		if all[i].name == decider {
			first = all[i].source
		}
	}
	r := t.row(first)
	if r == &t.scrap {
		t.totals[refusedByNone]++ // so that the funnel balances
		return
	}
	r[refusals]++
	r.count(refusalsAlone, demanding == 1)
	t.countSet(refusedBy, all)
}

// message counts a message, or a transaction that never became one, and what was asked about it. What was asked about
// its connection is counted already.
func (t *tally) message(v *filter.Verdict) {
	if v.Class == filter.ClassOutbound {
		t.totals[outbound]++
		return
	}
	var room, more [roomFor]evidence
	said := gather(room[:0], v.Reports)
	settle(v, said)
	t.reports(v.Reports, said)
	t.hits(said)
	all := said
	if v.Connection != nil {
		all = gather(gather(more[:0], v.Connection.Reports), v.Reports)
	}
	judge(v, all)
	t.credit(all)
	t.messageCodes(v, said, all)
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

// row returns a source's row.
func (t *tally) row(s source) *row {
	rows := t.rows[s.kind]
	r := rows[s.name]
	if r == nil {
		if len(rows) >= maxRows || !validCounter(s.counter(observedUnique)) {
			t.totals[uncounted]++
			return &t.scrap
		}
		r = new(row)
		rows[s.name] = r
	}
	return r
}

// reports counts what sources were asked and how they answered, hits apart, which are in said.
func (t *tally) reports(reports []filter.Report, said []evidence) {
	missing, byRules, rulesTook := false, false, time.Duration(0)
	var failed []source // that are counted: a list may be asked by its own stage and by rules
	var room [2 * roomFor]source
	silent := room[:0] // lists that had nothing in one result
	for i := range reports {
		report := &reports[i]
		if report.Err != nil {
			missing = true
			t.stageFailed(report.Stage)
		}
		for j := range report.Results {
			result := &report.Results[j]
			if result.Kind == filter.Rules { // their stage's time is also that of the lists which they wait for
				byRules, rulesTook = true, rulesTook+result.Took
			}
			from := sourceOf(result)
			r := t.row(from)
			r.answered(result)
			if result.Err == nil {
				if result.Kind == filter.List && result.Asked > 0 && !slices.Contains(silent, from) {
					silent = append(silent, from)
				}
				continue
			}
			missing = true
			if result.Kind != filter.List || !slices.Contains(failed, from) {
				r[failure(result.Err)]++
				failed = append(failed, from)
			}
		}
	}
	for _, from := range silent {
		if !slices.Contains(failed, from) && of(said, from) == nil {
			t.row(from)[misses]++
		}
	}
	if byRules { // all files of rules look at a message together
		r := t.row(source{filter.Rules, RulesName})
		r[asked]++
		r.took(rulesTook)
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
	bucket, _ := slices.BinarySearch(bounds[:], d)
	r[firstBucket+figure(bucket)]++
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
	for kind, rows := range t.rows {
		for name, r := range rows {
			r.counters(source{filter.Kind(kind), name}, into)
		}
	}
	t.ruleCounters(into)
	t.codeCounters(into)
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
