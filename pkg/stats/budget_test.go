package stats_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"winnow/pkg/stats"
	"winnow/pkg/store"
)

// TestBudgets forecasts questions from those that went out so far. Only they count, not what the cache answered.
func TestBudgets(t *testing.T) {
	s := storeOf(t, map[string]map[string]int64{today: {
		"list:uribl:asked": 110_000, "list:uribl:cached": 10_000, "list:zen:asked": 290_000, "list:zen:cached": 45_000, "list:free:asked": 5,
	}})
	lists := []stats.List{{Name: "uribl", Title: "URIBL", Budget: 300_000}, {Name: "zen", Budget: 300_000}, {Name: "free"}, {Name: "quiet", Budget: 100}}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		now  time.Time
		want string
		warn string
	}{
		{"noon", time.Date(2016, 12, 14, 12, 0, 0, 0, time.UTC), "100,000 questions of 300,000, 200,000 by midnight (66.67 %)", "zen"},
		{"nine", time.Date(2016, 12, 14, 9, 0, 0, 0, time.UTC), "100,000 questions of 300,000, 266,667 by midnight (88.89 %)", "uribl zen"},
		{"too early", time.Date(2016, 12, 14, 0, 59, 0, 0, time.UTC), "100,000 questions of 300,000 (33.33 %)", "zen"},
		{"elsewhere", time.Date(2016, 12, 14, 12, 0, 0, 0, berlin), "100,000 questions of 300,000, 200,000 by midnight (66.67 %)", "zen"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := stats.ReadBudgets(t.Context(), s, lists, test.now)
			if err != nil || len(got) != 3 {
				t.Fatalf("got %v, %v", got, err)
			}
			var warn []string
			for _, b := range got {
				if b.Warn {
					warn = append(warn, b.List)
				}
			}
			if got[0].String() != test.want || strings.Join(warn, " ") != test.warn {
				t.Errorf("got %s, warned of %v; want %s, %s", &got[0], warn, test.want, test.warn)
			}
		})
	}
	t.Run("in the report", func(t *testing.T) {
		now := time.Date(2016, 12, 14, 9, 0, 0, 0, time.UTC)
		r := read(t, s, stats.Query{Days: []string{today}, Lists: lists, Now: now})[0]
		var text, asCSV strings.Builder
		if err := errors.Join(stats.NewForms(r).WriteTable(&text), stats.NewForms(r).WriteCSV(&asCSV)); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text.String(), "\nbudget of URIBL: 100,000 questions of 300,000, 266,667 by midnight (88.89 %)\n") || strings.Contains(text.String(), "quiet: 0") {
			t.Errorf("got %s", text.String())
		}
		if !strings.Contains(asCSV.String(), ",budget,uribl,forecast,266667\n") || !strings.Contains(asCSV.String(), ",budget,uribl,percent,88.89\n") {
			t.Errorf("got %s", asCSV.String())
		}
		over := read(t, s, stats.Query{Days: []string{today}, Lists: lists, Now: now.AddDate(0, 0, 1)})[0]
		if over.Budgets[0].Forecast != 100_000 {
			t.Errorf("a day that is over: got %+v", over.Budgets[0])
		}
		if sum := read(t, s, stats.Query{Days: []string{today, "2016-12-15"}, Lists: lists, Now: now})[0]; sum.Budgets != nil {
			t.Errorf("several days have no budget: got %+v", sum.Budgets)
		}
	})
	t.Run("away", func(t *testing.T) {
		if _, err := stats.ReadBudgets(t.Context(), awayStore{}, lists, time.Now()); !errors.Is(err, store.ErrAway) {
			t.Errorf("got %v, want away", err)
		}
	})
}

// TestInterval holds doubtful's interval to values of Wilson's formula, and to what must be so of any.
func TestInterval(t *testing.T) {
	row := func(n, of int64) stats.Row {
		s := storeOf(t, map[string]map[string]int64{today: {"list:zen:doubtful": n, "list:zen:doubtful_of": of}})
		return read(t, s, stats.Query{Days: []string{today}})[0].Sources[0]
	}
	for _, test := range []struct {
		n, of            int64
		share, low, high float64
	}{
		{0, 10, 0, 0, 27.75}, {0, 10_000, 0, 0, 0.04}, {1, 40, 2.5, 0.44, 12.88}, {250, 10_000, 2.5, 2.21, 2.82}, {10, 10, 100, 72.25, 100}, {5, 10, 50, 23.66, 76.34},
	} {
		if r := row(test.n, test.of); r.DoubtfulShare != test.share || r.DoubtfulLow != test.low || r.DoubtfulHigh != test.high {
			t.Errorf("%d of %d: got %v in %v to %v, want %v in %v to %v", test.n, test.of, r.DoubtfulShare, r.DoubtfulLow, r.DoubtfulHigh, test.share, test.low, test.high)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		of := rapid.Int64Range(1, 1e9).Draw(rt, "of")
		r := row(rapid.Int64Range(0, of).Draw(rt, "n"), of)
		if !(0 <= r.DoubtfulLow && r.DoubtfulLow <= r.DoubtfulShare && r.DoubtfulShare <= r.DoubtfulHigh && r.DoubtfulHigh <= 100) {
			rt.Errorf("got %+v", r)
		}
	})
}

// TestMedian reads half and nearly all out of the same steps.
func TestMedian(t *testing.T) {
	r := read(t, storeOf(t, map[string]map[string]int64{today: fullDay}), stats.Query{Days: []string{today}, Lists: []stats.List{{Name: "zen"}}})[0].Sources[0]
	if r.Latency.P50MS != 5 || r.Latency.P95MS != 50 {
		t.Errorf("got %+v, want half within 5 ms and 95 %% within 50", r.Latency)
	}
}

// TestListReport follows one list over days.
func TestListReport(t *testing.T) {
	s := storeOf(t, map[string]map[string]int64{today: fullDay, "2016-12-16": {"list:zen:hits": 5, "list:zen:doubtful": 1, "list:zen:doubtful_of": 10, "rules:rules:hits": 3}})
	q := stats.Query{Days: []string{"2016-12-14", "2016-12-15", "2016-12-16"}, Lists: []stats.List{{Name: "zen", Title: "Zen"}}}
	r, err := stats.ReadList(t.Context(), s, q, "zen")
	if err != nil {
		t.Fatal(err)
	}
	if len(r.ByDay) != 3 || r.ByDay[1].Hits != 0 || r.ByDay[2].Hits != 5 || r.Sum.Hits != 625 || r.Sum.Doubtful != 2 || r.Sum.DoubtfulOf != 50 || r.Sum.DoubtfulShare != 4 || r.Title != "Zen" {
		t.Errorf("got %+v", r)
	}
	var text, asJSON, asCSV strings.Builder
	forms := stats.NewForms(r)
	if err := errors.Join(forms.WriteTable(&text), forms.WriteJSON(&asJSON), forms.WriteCSV(&asCSV)); err != nil {
		t.Fatal(err)
	}
	golden(t, "list.txt", []byte(text.String()))
	if !strings.Contains(asCSV.String(), "2016-12-16,2016-12-16,list,zen,hits,5\n") || !strings.Contains(asJSON.String(), `"day": "2016-12-15"`) {
		t.Errorf("got %s\n%s", asCSV.String(), asJSON.String())
	}
	if rules, err := stats.ReadList(t.Context(), s, q, "rules"); err != nil || rules.Sum.Hits != 23 || rules.Kind != "rules" {
		t.Errorf("rules: got %+v, %v", rules, err)
	}
	if gone, err := stats.ReadList(t.Context(), s, q, "gone"); err != nil || gone.Sum.Refusals != 5 {
		t.Errorf("a list of yesterday's configuration: got %+v, %v", gone, err)
	}
	if _, err := stats.ReadList(t.Context(), s, q, "nolist"); !errors.Is(err, stats.ErrNoSuchList) {
		t.Errorf("got %v, want no such list", err)
	}
}

// TestCompare puts days side by side, by day where there are not as many.
func TestCompare(t *testing.T) {
	s := storeOf(t, map[string]map[string]int64{
		today: fullDay, "2016-12-15": {"connections": 1500, "list:zen:refusals": 900, "list:psky:hits": 7, "accepted": 600, "messages": 700, "scanned": 700, "delivered": 700},
	})
	one := read(t, s, stats.Query{Days: []string{today}})[0]
	other := read(t, s, stats.Query{Days: []string{"2016-12-15"}})[0]
	two := read(t, s, stats.Query{Days: []string{today, "2016-12-15"}})[0]
	c := stats.Compare(one, other)
	found := 0
	for _, f := range c.Figures {
		switch {
		case f.Section == "connections" && f.Figure == "total" && f.Before == 1000 && f.After == 1500,
			f.Name == "gone" && f.Figure == "refusals" && f.Before == 5 && f.After == 0,
			f.Name == "psky" && f.Figure == "hits" && f.Before == 0 && f.After == 7:
			found++
		}
	}
	if found != 3 {
		t.Errorf("found %d of 3 figures in %+v", found, c.Figures)
	}
	var text, asJSON, asCSV strings.Builder
	forms := stats.NewForms(c, stats.Compare(two, one))
	if err := errors.Join(forms.WriteTable(&text), forms.WriteJSON(&asJSON), forms.WriteCSV(&asCSV)); err != nil {
		t.Fatal(err)
	}
	golden(t, "compare.txt", []byte(text.String()))
	for _, want := range []string{"2016-12-14,2016-12-14,connections,,total,1000\n", "2016-12-15,2016-12-15,connections,,total,1500\n"} {
		if !strings.Contains(asCSV.String(), want) {
			t.Errorf("CSV has no %s", want)
		}
	}
	if !strings.Contains(asJSON.String(), `"before": 1000`) {
		t.Errorf("got %s", asJSON.String())
	}
}

// TestBytes tells what a day of sets takes in the store's own measure, octets of names and amounts.
func TestBytes(t *testing.T) {
	day := counted(t, func(r *stats.Recorder) {
		for n := range 1 << 9 { // nine lists that are independent of each other: no site has as many sets
			recordSet(r, n)
		}
	})
	sets, octets := 0, 0
	for name := range day {
		if strings.HasPrefix(name, "caught_by:") {
			sets, octets = sets+1, octets+len(name)+8
		}
	}
	if sets != 512 || octets/sets > 64 {
		t.Errorf("%d sets take %d octets", sets, octets)
	}
}

// awayStore is one that cannot be reached.
type awayStore struct{ stats.Store }

func (awayStore) Counters(context.Context, []string) (map[string]map[string]int64, error) {
	return nil, store.ErrAway
}
