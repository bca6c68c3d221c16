package stats

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"winnow/pkg/filter"
)

// Totals is what a Recorder counted since it was made, whatever day that was: for those who watch a running winnow. It is
// as old as the last flush began.
type Totals struct {
	Report *Report              // From, To and Days say nothing here
	Lists  map[string]Histogram // how long lists took, by name: answers that a cache did not have
	Rules  Histogram            // how long the content rules took for a message
	Stages map[string]Histogram // how long each stage took, each time it ran
}

// A Histogram is how long something took, and how often.
type Histogram struct {
	Bounds []time.Duration // upper ends of the buckets, rising
	Counts []int64         // of each bucket, and of what took longer than all of them
	Sum    time.Duration
}

// since adds up what was counted since the start. Counting adds to stages, under the Recorder's lock; the rest is taken from
// what is collected for the store, so that it costs the way of a mail nothing.
type since struct {
	mu     sync.Mutex
	counts map[string]int64
}

// add takes what was collected.
func (s *since) add(counters map[string]int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, n := range counters {
		s.counts[name] += n
	}
}

// totalsOf leaves out what there is too much of to be watched, or to be kept by hour: counters of single rules, senders,
// sets and return codes.
func totalsOf(counters map[string]int64) map[string]int64 {
	few := make(map[string]int64, len(counters))
	for name, n := range counters {
		if isTotal(name) {
			few[name] = n
		}
	}
	return few
}

// isTotal tells whether a counter is one of those that there are few of: of the funnel, of sources, of stages.
func isTotal(name string) bool {
	if !strings.Contains(name, ":") {
		return slices.Contains(totalNames[:], name)
	}
	if strings.HasPrefix(name, actionPrefix) || strings.HasPrefix(name, failedPrefix) {
		return true
	}
	_, _, ok := parseCounter(name)
	return ok
}

// stageBounds are the upper ends of the buckets of what stages take: the content rules some milliseconds, whoever asks the
// DNS as long as that takes, at most the limit of a phase.
var stageBounds = [...]time.Duration{
	100 * time.Microsecond, 500 * time.Microsecond, 1 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 500 * time.Millisecond, 1 * time.Second, 5 * time.Second, 10 * time.Second,
}

// stageTimes is what each stage took, since the start. Stages are few: those of the pipeline.
type stageTimes struct{ of []stageTime }

type stageTime struct {
	stage  string
	sum    time.Duration
	counts [len(stageBounds) + 1]int64
}

// maxStages bounds the stages that are kept apart; a pipeline has some eight.
const maxStages = 64

func (s *stageTimes) add(reports []filter.Report) {
	for i := range reports {
		if t := s.find(reports[i].Stage); t != nil {
			t.sum += reports[i].Took
			t.counts[stageBucket(reports[i].Took)]++
		}
	}
}

// find looks through all: they are few, and their names are one string each, so that comparing them is comparing pointers.
func (s *stageTimes) find(stage string) *stageTime {
	for i := range s.of {
		if s.of[i].stage == stage {
			return &s.of[i]
		}
	}
	if len(s.of) >= maxStages {
		return nil
	}
	s.of = append(s.of, stageTime{stage: stage})
	return &s.of[len(s.of)-1]
}

func stageBucket(took time.Duration) int {
	for i, bound := range stageBounds {
		if took <= bound {
			return i
		}
	}
	return len(stageBounds)
}

func (s *stageTimes) histograms() map[string]Histogram {
	all := make(map[string]Histogram, len(s.of))
	for i := range s.of {
		t := &s.of[i]
		all[t.stage] = Histogram{Bounds: stageBounds[:], Counts: slices.Clone(t.counts[:]), Sum: t.sum}
	}
	return all
}

// Since returns what was counted since the Recorder was made, with lists in that order and under those titles.
func (r *Recorder) Since(lists []List) Totals {
	r.mu.Lock()
	stages := r.stages.histograms()
	r.mu.Unlock()
	r.since.mu.Lock()
	counts := maps.Clone(r.since.counts)
	r.since.mu.Unlock()
	t := Totals{Report: newReport(Query{Lists: lists}, counted{counters: counts}), Lists: map[string]Histogram{}, Stages: stages}
	for i := range t.Report.Sources {
		switch s := &t.Report.Sources[i]; s.Kind {
		case kindNames[filter.List]:
			t.Lists[s.Name] = latencies(source{filter.List, s.Name}, counts)
		case kindNames[filter.Rules]:
			t.Rules = latencies(source{filter.Rules, s.Name}, counts)
		}
	}
	return t
}

// latencies reads a source's buckets.
func latencies(s source, counters map[string]int64) Histogram {
	h := Histogram{Bounds: bounds[:], Sum: time.Duration(counters[s.counter(tookMicros)]) * time.Microsecond}
	for f := firstBucket; f < figures; f++ {
		h.Counts = append(h.Counts, counters[s.counter(f)])
	}
	return h
}
