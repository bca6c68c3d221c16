package storetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"winnow/pkg/store"
)

// Deltas is a batch of counters as Apply takes it.
type Deltas = map[string]map[string]int64

func (s *suite) apply(node string, seq uint64, deltas Deltas) {
	s.Helper()
	s.must(s.Apply(s.ctx, node, seq, deltas, kept))
}

func (s *suite) counters() {
	s.wantCounters(Deltas{}, "2016-12-14")
	s.apply("n1", 1, Deltas{"2016-12-14": {"messages": 2, "list:zen:hits": 1}, "2016-12-15": {"messages": 1}})
	s.apply("n1", 2, Deltas{"2016-12-14": {"messages": 3, "list:{x} ü:hits": 7}})
	s.apply("n2", 1, Deltas{"2016-12-14": {"messages": 1 << 40}})
	s.apply("n2", 2, nil)
	s.apply("n1", 3, Deltas{"2016-12-14": {"caught_by:": 1, "caught_by:*": 2, "caught_by:dbl,rules:rules": 3}})
	s.apply("n2", 3, Deltas{"2016-12-14": {"caught_by:*": 2, "caught_by:dbl,rules:rules": 4}})
	s.wantCounters(Deltas{
		"2016-12-14": {
			"messages": 5 + 1<<40, "list:zen:hits": 1, "list:{x} ü:hits": 7, "caught_by:": 1, "caught_by:*": 4, "caught_by:dbl,rules:rules": 7,
		},
		"2016-12-15": {"messages": 1},
	}, "2016-12-13", "2016-12-14", "2016-12-15", "nonsense")
	s.wantCounters(Deltas{"2016-12-15": {"messages": 1}}, "2016-12-15", "2016-12-15")
	s.wantCounters(Deltas{})
}

func (s *suite) once() {
	batch := Deltas{"2016-12-14": {"messages": 1}}
	for _, seq := range []uint64{5, 5, 4, 1, 6, 6, 10, 9, 7} {
		s.apply("n1", seq, batch)
	}
	s.wantCounters(Deltas{"2016-12-14": {"messages": 3}}, "2016-12-14")
	const exact = 1 << 53 // where doubles stop to tell numbers apart
	for _, seq := range []uint64{exact, exact + 1, exact + 1, exact, 99} {
		s.apply("n1", seq, batch)
	}
	s.wantCounters(Deltas{"2016-12-14": {"messages": 5}}, "2016-12-14")
}

func (s *suite) whole() {
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	batch := Deltas{"2016-12-14": {"a": 1, "b": 1}, "2016-12-15": {"c": 1}}
	if err := s.Apply(ctx, "n1", 1, batch, kept); err == nil {
		s.Error("apply with a context that is over: got no error")
	}
	s.apply("n1", 1, batch)
	s.wantCounters(batch, "2016-12-14", "2016-12-15")
}

func (s *suite) daysExpire() {
	if s.ForeignDays {
		s.Skip("not by a clock of ours")
	}
	s.apply("n1", 1, Deltas{"2016-12-14": {"messages": 1}, "2016-12-15": {"messages": 1}})
	s.advance(kept / 2)
	s.apply("n1", 2, Deltas{"2016-12-15": {"messages": 1}})
	s.advance(kept / 2)
	s.wantCounters(Deltas{"2016-12-15": {"messages": 2}}, "2016-12-14", "2016-12-15")
	s.apply("n1", 2, Deltas{"2016-12-14": {"messages": 9}}) // not yet forgotten
	s.wantCounters(Deltas{"2016-12-15": {"messages": 2}}, "2016-12-14", "2016-12-15")
	s.advance(kept)
	s.wantCounters(Deltas{}, "2016-12-14", "2016-12-15")
	s.apply("n1", 3, Deltas{"2016-12-14": {"other": 1}})
	s.wantCounters(Deltas{"2016-12-14": {"other": 1}}, "2016-12-14")
}

// hoursExpire has the hours of a day go before it, also those that are of the same number and not of the same time.
func (s *suite) hoursExpire() {
	batch := Deltas{"2016-10-30": {"messages": 3}, "2016-10-30T02+02:00": {"messages": 1}, "2016-10-30T02+01:00": {"messages": 2}}
	all := []string{"2016-10-30", "2016-10-30T02+02:00", "2016-10-30T02+01:00", "2016-10-30T02Z"}
	s.apply("n1", 1, batch)
	s.wantCounters(batch, all...)
	if s.ForeignDays {
		s.Skip("the rest not by a clock of ours")
	}
	s.advance(store.HourRetention - day)
	s.apply("n1", 2, Deltas{"2016-10-30T02+01:00": {"messages": 2}})
	s.advance(day)
	s.wantCounters(Deltas{"2016-10-30": {"messages": 3}, "2016-10-30T02+01:00": {"messages": 4}}, all...)
	s.must(s.Apply(s.ctx, "n1", 3, Deltas{"2016-10-30T03+01:00": {"messages": 1}}, 2*day)) // days go before hours would
	s.advance(2 * day)
	s.wantCounters(Deltas{}, "2016-10-30T03+01:00")
}

func (s *suite) badBatches() {
	good := Deltas{"2016-12-14": {"messages": 1}}
	for name, err := range map[string]error{
		"no node":        s.Apply(s.ctx, "", 1, good, kept),
		"node with line": s.Apply(s.ctx, "a\nb", 1, good, kept),
		"seq 0":          s.Apply(s.ctx, "n1", 0, good, kept),
		"no retention":   s.Apply(s.ctx, "n1", 1, good, 0),
		"no day":         s.Apply(s.ctx, "n1", 1, Deltas{"2016-12-14": {"a": 1}, "yesterday": {"a": 1}}, kept),
		"no hour":        s.Apply(s.ctx, "n1", 1, Deltas{"2016-12-14T25Z": {"a": 1}}, kept),
		"an hour's part": s.Apply(s.ctx, "n1", 1, Deltas{"2016-12-14T09:30Z": {"a": 1}}, kept),
		"no counter":     s.Apply(s.ctx, "n1", 1, Deltas{"2016-12-14": {"a": 1, "": 1}}, kept),
		"long counter":   s.Apply(s.ctx, "n1", 1, Deltas{"2016-12-14": {strings.Repeat("a", store.MaxCounter+1): 1}}, kept),
	} {
		if err == nil {
			s.Errorf("%s: got no error", name)
		}
	}
	s.wantCounters(Deltas{}, "2016-12-14", "yesterday")
	s.apply("n1", 1, good) // none of them used up the number
	s.wantCounters(good, "2016-12-14")
}

// largeBatch is what waits after a long time away.
func (s *suite) largeBatch() {
	batch, days := Deltas{}, []string(nil)
	for d := range 40 {
		counters := map[string]int64{}
		for c := range 500 {
			counters[fmt.Sprintf("list:list%03d:hits", c)] = int64(c*d) + 1
		}
		date := Start.AddDate(0, 0, d).Format(store.DayFormat)
		batch[date], days = counters, append(days, date)
	}
	s.apply("n1", 1, batch)
	s.wantCounters(batch, days...)
}

// sideBySide has nodes send at the same time, each batch by several hands, as after lost answers.
func (s *suite) sideBySide() {
	const nodes, batches, hands = 4, 15, 3
	var wg sync.WaitGroup
	for n := range nodes {
		node := fmt.Sprintf("node%d", n)
		wg.Go(func() {
			for seq := range uint64(batches) {
				var same sync.WaitGroup
				for range hands {
					same.Go(func() {
						if err := s.Apply(s.ctx, node, seq+1, Deltas{"2016-12-14": {"messages": 1, node: 1}}, kept); err != nil {
							s.Error(err)
						}
					})
				}
				same.Go(func() {
					if err := s.Remember(s.ctx, "ann@example.org", []string{fmt.Sprint(node, "-", seq, "@example.net")}, Start, ttl, 1000); err != nil {
						s.Error(err)
					}
				})
				same.Wait()
			}
		})
	}
	wg.Wait()
	want := map[string]int64{"messages": nodes * batches}
	for n := range nodes {
		want[fmt.Sprintf("node%d", n)] = batches
	}
	s.wantCounters(Deltas{"2016-12-14": want}, "2016-12-14")
	got, err := s.Correspondents(s.ctx, "ann@example.org")
	s.must(err)
	if len(got) != nodes*batches {
		s.Errorf("got %d correspondents, want %d: %q", len(got), nodes*batches, slices.Sorted(maps.Keys(got)))
	}
}
