package app

import (
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// A list of which much is asked is warned of once a day, and shows beside its state.
func TestBudgets(t *testing.T) {
	core, logs := observer.New(zapcore.WarnLevel)
	now := time.Date(2016, 12, 14, 6, 0, 0, 0, time.UTC)
	c := quietConfig(t)
	a := newApp(t, &c, Options{Log: zap.New(core), Now: func() time.Time { return now }})
	lists := a.countedLists()
	var name string
	for _, l := range lists {
		if l.Budget == 300_000 {
			name = l.Name
		}
	}
	if name == "" {
		t.Fatalf("no shipped list has a budget of 300,000: %+v", lists)
	}
	count := func(seq uint64, day string, sent int64) {
		t.Helper()
		deltas := map[string]map[string]int64{day: {"list:" + name + ":asked": sent + 50, "list:" + name + ":cached": 50}}
		if err := a.Store().Apply(t.Context(), "n", seq, deltas, 48*time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	warned := map[string]string{}
	warn := func(want int) {
		t.Helper()
		a.warnOfBudgets(t.Context(), warned)
		if logs.Len() != want {
			t.Errorf("%v: got %d warnings, want %d: %v", now, logs.Len(), want, logs.All())
		}
	}
	count(1, "2016-12-14", 59_000) // makes 236,000 by midnight: 78.67 %
	warn(0)
	count(2, "2016-12-14", 2_000)
	warn(1)
	warn(1)
	now = now.AddDate(0, 0, 1)
	warn(1)
	count(3, "2016-12-15", 70_000)
	warn(2)
	fields := logs.All()[0].ContextMap()
	if fields["list"] != name || fields["sent"] != int64(61_000) || fields["forecast"] != int64(244_000) || fields["budget"] != int64(300_000) {
		t.Errorf("got %v", fields)
	}
	shown := 0
	for _, s := range a.WithBudgets(t.Context(), a.Lists().States()) {
		if s.List == name && s.Budget != nil && s.Budget.Sent == 70_000 && s.Budget.Warn {
			shown++
		}
	}
	if shown != 1 {
		t.Errorf("%s does not show its budget beside its state", name)
	}
}
