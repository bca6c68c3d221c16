package stats_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/stats"
)

// TestWorkedExample counts the ten connections of the worked example in docs/statistics.md, in their order. The manual derives each
// figure from them.
func TestWorkedExample(t *testing.T) {
	zen, ivm := demands("zen", filter.Reject), demands("ivmsip", filter.Reject)
	cold := func(r filter.Result, ms time.Duration) filter.Result { r.Took = ms * time.Millisecond; return r }
	warm := func(r filter.Result) filter.Result { r.Cached = r.Asked; return r }
	broken := func(name string, err error, ms time.Duration) filter.Result {
		return cold(filter.Result{Source: name, Kind: filter.List, Asked: 1, Err: err}, ms)
	}
	quiet := func(connect ...filter.Result) []filter.Result {
		for _, name := range []string{"zen", "ivmsip"}[len(connect):] {
			connect = append(connect, warm(list(name, 0)))
		}
		return connect
	}
	content := func(uribl, trial filter.Result, points float64) []filter.Result {
		return []filter.Result{uribl, watched(trial), rules(points)}
	}
	day := []mail{
		{connect: []filter.Result{cold(zen, 4), cold(ivm, 8)}},
		{connect: quiet(warm(zen))},
		{connect: quiet(cold(zen, 15)), recipients: []filter.Standing{filter.Whitelisted}},
		{connect: quiet(), content: content(cold(list("uribl", 3), 4), cold(list("trial", 0), 1), 2.5)},
		{connect: quiet(), content: content(warm(list("uribl", 3)), cold(list("trial", 0), 1), 6)},
		{connect: quiet(), content: content(cold(list("uribl", 0), 3), cold(list("trial", 4), 1), 1)},
		{connect: quiet(), content: content(broken("uribl", errors.New("timeout"), 2000), cold(list("trial", 4), 1), 6)},
		{connect: quiet(), recipients: []filter.Standing{filter.Scan, filter.Whitelisted}, content: content(cold(list("uribl", 3), 9), cold(list("trial", 0), 1), 0)},
		{connect: quiet(), content: content(broken("uribl", filter.ErrRefused, 5), cold(list("trial", 0), 1), 0)},
		{connect: quiet(), content: content(cold(list("uribl", 0), 6), cold(list("trial", 0), 1), -1)},
	}
	counters := counted(t, func(r *stats.Recorder) {
		for _, m := range day {
			m.record(t, r)
		}
	})
	checkBalance(t, counters)
	for name := range counters { // what the pipeline took here is no example
		if strings.HasPrefix(name, "rules:") || strings.HasPrefix(name, "entry:") {
			if len(without(map[string]int64{name: 1})) == 0 {
				delete(counters, name)
			}
		}
	}
	lists := []stats.List{{Name: "zen", Title: "Zen"}, {Name: "ivmsip", Title: "ivmSIP"}, {Name: "uribl", Title: "URIBL"}, {Name: "trial", Title: "a trial"}}
	reports, err := stats.Read(t.Context(), storeOf(t, map[string]map[string]int64{today: counters}), stats.Query{Days: []string{today}, Lists: lists})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := stats.NewForms(reports...).WriteTable(&text); err != nil {
		t.Fatal(err)
	}
	golden(t, "worked.txt", text.Bytes())
}
