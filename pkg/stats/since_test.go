package stats_test

import (
	"fmt"
	"testing"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/stats"
	"winnow/pkg/store/storetest"
)

func total(h stats.Histogram) (n int64) {
	for _, count := range h.Counts {
		n += count
	}
	return n
}

// What is watched goes on over flushes and days, with the store away, and has no counters of single rules and senders.
func TestSince(t *testing.T) {
	s := newFlaky()
	now := time.Date(2016, 12, 14, 23, 59, 0, 0, time.UTC)
	r := newRecorder(t, config(""), s, stats.Options{Now: func() time.Time { return now }})
	lists := []stats.List{{Name: "zen"}, {Name: "idle", Title: "Idle"}}
	_, v := mail{connect: []filter.Result{list("zen", 0)}, content: []filter.Result{list("zen", 6), rules(1)}}.verdicts(t)
	for i := range v.Reports {
		v.Reports[i].Took = 3 * time.Millisecond
	}
	const rounds = 3
	for range rounds {
		r.Message(&message.Message{}, v)
		flush(t, r)
		now = now.Add(time.Hour)
	}
	s.Turn(storetest.Away)
	r.Message(&message.Message{}, v)
	flushFails(t, r)
	got := r.Since(lists)
	if n := got.Report.Messages.Total; n != rounds+1 {
		t.Errorf("messages: got %d, want %d", n, rounds+1)
	}
	if source := got.Report.Sources[1]; source.Title != "Idle" || source.Asked != 0 {
		t.Errorf("got %+v, want the list that nobody asked, in its place", source)
	}
	runs := int64(len(v.Reports)) * (rounds + 1)
	var seen int64
	for stage, h := range got.Stages {
		if total(h) != h.Counts[3] || h.Bounds[3] != 5*time.Millisecond {
			t.Errorf("%s: got %v, want all within 5ms", stage, h)
		}
		seen += total(h)
	}
	if seen != runs {
		t.Errorf("stages: got %d runs, want %d", seen, runs)
	}
	if h := got.Lists["zen"]; total(h) != got.Report.Sources[0].Latency.Answers || len(h.Counts) != len(h.Bounds)+1 {
		t.Errorf("zen: got %v, want %d answers", h, got.Report.Sources[0].Latency.Answers)
	}
	if total(got.Rules) != rounds+1 {
		t.Errorf("rules: got %v, want %d messages", got.Rules, rounds+1)
	}
}

// Stages come from the pipeline; should they not, memory stays what it is.
func TestSinceIsBounded(t *testing.T) {
	r := newRecorder(t, config(""), newFlaky(), stats.Options{})
	for i := range 1000 {
		r.Message(&message.Message{}, &filter.Verdict{Reports: []filter.Report{{Stage: fmt.Sprint(i)}}})
	}
	if n := len(r.Since(nil).Stages); n != 64 {
		t.Errorf("got %d stages, want 64", n)
	}
}
