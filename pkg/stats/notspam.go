package stats

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"winnow/pkg/filter"
)

// That a message was no spam is often known only when somebody says so, days later. Then all that hit it is doubtful about it, on
// the day that it came, as if a whitelist had wanted it. A message is counted once: its id stays with the day's counters.

// notSpamPrefix is followed by the id of a message that was reported.
const notSpamPrefix = "not-spam:"

// maxNotSpam bounds the reports about the messages of a day. They are made by hand.
const maxNotSpam = 10_000

// A Doubt is what a report has changed.
type Doubt struct {
	Day     string   `json:"day"`     // that has the figures
	Before  bool     `json:"before"`  // it was reported before, and nothing is changed
	Sources []string `json:"sources"` // that have one more doubtful hit
}

// ErrManyReports is the error of a report beyond the limit.
var ErrManyReports = fmt.Errorf("more than %d messages of that day were reported as not spam", maxNotSpam)

// NotSpam counts that a message which was decided at a time, under an id of its own, was reported as not spam.
func (r *Recorder) NotSpam(ctx context.Context, id string, at time.Time, v *filter.Verdict) (*Doubt, error) {
	name := notSpamPrefix + id
	if id == "" || !validCounter(name) {
		return nil, fmt.Errorf("account: %.40q is no id of a message", id)
	}
	doubt, err := r.doubt(ctx, name, at, v)
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	if !doubt.Before {
		_ = r.Flush(ctx) // who needs to know was told; it waits in the journal
	}
	return doubt, nil
}

// doubt adds to the day's counters, not to its hour's, which may be kept no longer.
func (r *Recorder) doubt(ctx context.Context, name string, at time.Time, v *filter.Verdict) (*Doubt, error) {
	day := at.In(r.calendar.zone).Format(time.DateOnly)
	r.flushing.Lock() // what is counted goes on
	defer r.flushing.Unlock()
	ctx, cancel := context.WithTimeout(ctx, applyLimit)
	defer cancel()
	stored, err := r.store.Counters(ctx, []string{day})
	if err != nil {
		return nil, err
	}
	known := []map[string]int64{stored[day]}
	for _, b := range r.waiting() {
		known = append(known, b.Deltas[day])
	}
	reports := 0
	for _, counters := range known {
		if counters[name] > 0 {
			return &Doubt{Day: day, Before: true}, nil
		}
		for counter := range counters {
			if strings.HasPrefix(counter, notSpamPrefix) {
				reports++
			}
		}
	}
	if reports >= maxNotSpam {
		return nil, ErrManyReports
	}
	t := newTally(newToday(day))
	sources := t.notSpam(v)
	counters := map[string]int64{name: 1}
	t.counters(counters)
	r.since.add(totalsOf(counters))
	r.rest.add(day, counters)
	r.written = false
	return &Doubt{Day: day, Sources: sources}, nil
}

// notSpam counts the doubt about all that hit a message, but for what was in doubt about it already, and returns what that is.
func (t *tally) notSpam(v *filter.Verdict) (sources []string) {
	t.totals[notSpam]++
	all, codes := t.allEvidence(v)
	judge(v, all)
	for i := range all {
		e := &all[i]
		if e.kind == filter.Entry || e.doubtful || !e.hit && !e.observed {
			continue
		}
		e.count(doubtful, true)
		e.count(weighed, !e.weighed)
		sources = append(sources, e.name)
		for k := range codes {
			if c := &codes[k]; c.sourceCounts == e.sourceCounts && (c.counts || c.shadow) {
				c.codeRow.count(codeDoubtful, true)
				c.codeRow.count(codeWeighed, !e.weighed)
			}
		}
	}
	slices.Sort(sources)
	return sources
}

// allEvidence gathers what was said of a message and of its connection.
func (t *tally) allEvidence(v *filter.Verdict) ([]evidence, []codeEvidence) {
	t.ofMessage = t.find(t.ofMessage, v.Reports)
	all := gather(nil, v.Reports, t.ofMessage)
	codes := t.gatherCodes(nil, v.Reports, t.ofMessage)
	if v.Connection != nil {
		t.ofConnection = t.find(t.ofConnection, v.Connection.Reports)
		all = gather(all, v.Connection.Reports, t.ofConnection)
		codes = t.gatherCodes(codes, v.Connection.Reports, t.ofConnection)
	}
	return all, codes
}
