package stats_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/stats"
	"winnow/pkg/store"
	"winnow/pkg/store/storetest"
)

// busy is a message that ten lists were asked about, one of them at its connection, and content rules.
func busy(b *testing.B) (connection, v *filter.Verdict) {
	m := mail{connect: []filter.Result{list("zen", 0), list("ivmsip", 0), list("barracuda", 2)}}
	for i := range 10 {
		result := list(fmt.Sprintf("list%d", i), float64(i%5))
		result.Took = time.Duration(i) * time.Millisecond
		m.content = append(m.content, result)
	}
	m.content = append(m.content, rules(2), rules(0), rules(1.5))
	return m.verdicts(b)
}

// Lists that nearly all hit are the worst case: each has return codes, and merit. Hours cost counting nothing: they are summed when
// counts are collected, which takes a flush 15 % longer.

func BenchmarkConnection(b *testing.B) {
	r := newRecorder(b, config(""), newFlaky(), stats.Options{Now: time.Now})
	connection, _ := busy(b)
	b.ReportAllocs()
	for b.Loop() {
		r.Connection(message.Client{}, connection, false)
	}
}

// BenchmarkRefusal counts refused connections, whose lists make a set.
func BenchmarkRefusal(b *testing.B) {
	r := newRecorder(b, config(""), newFlaky(), stats.Options{Now: time.Now})
	m := mail{connect: []filter.Result{demands("zen", filter.Reject), demands("ivmsip", filter.Reject), list("barracuda", 2)}}
	connection, _ := m.verdicts(b)
	b.ReportAllocs()
	for b.Loop() {
		r.Connection(message.Client{}, connection, true)
	}
}

// BenchmarkKeep finds the fewest of 20 lists in a day of as many sets as are told apart.
func BenchmarkKeep(b *testing.B) {
	day := map[string]int64{}
	for n := range 2000 {
		var names []string
		for bit := range 20 {
			if n*2654435761>>bit&3 == 3 {
				names = append(names, fmt.Sprintf("list%02d", bit))
			}
		}
		day["caught_by:"+strings.Join(names, ",")] += int64(n)
	}
	s := store.NewMemory(store.Options{})
	if err := s.Apply(b.Context(), "n", 1, map[string]map[string]int64{today: day}, time.Hour); err != nil {
		b.Fatal(err)
	}
	r := readSets(b, s, nil, today)
	b.ReportAllocs()
	for b.Loop() {
		r.Keep(99.5)
	}
}

func BenchmarkMessage(b *testing.B) {
	r := newRecorder(b, config(""), newFlaky(), stats.Options{Now: time.Now})
	_, v := busy(b)
	b.ReportAllocs()
	for b.Loop() {
		r.Message(nil, v)
	}
}

// BenchmarkMessageSideBySide has as many sessions as there are processors.
func BenchmarkMessageSideBySide(b *testing.B) {
	r := newRecorder(b, config(""), newFlaky(), stats.Options{Now: time.Now})
	_, v := busy(b)
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			r.Message(nil, v)
		}
	})
}

// BenchmarkFlush counts a message and hands it over: journal, store, journal.
func BenchmarkFlush(b *testing.B) {
	r := newRecorder(b, config(b.TempDir()), newFlaky(), stats.Options{Now: storetest.NewClock().Now})
	_, v := busy(b)
	b.ReportAllocs()
	for b.Loop() {
		r.Message(nil, v)
		if err := r.Flush(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
