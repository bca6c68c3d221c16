package stats_test

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/filter"
	"winnow/pkg/stats"
	"winnow/pkg/store"
	"winnow/pkg/store/storetest"
)

// rule is the answer of a file of rules in which those of the given names hit.
func rule(file string, points float64, names ...string) filter.Result {
	result := filter.Result{Source: file, Kind: filter.Rules, Asked: 1}
	for _, name := range names {
		result.Hits = append(result.Hits, filter.Hit{Symbol: name, Score: points})
	}
	return result
}

// ruleCounters are the counters of single rules.
func ruleCounters(all map[string]int64) map[string]int64 {
	kept := map[string]int64{}
	for name, n := range all {
		if strings.HasPrefix(name, "rule:") {
			kept[name] = n
		}
	}
	return kept
}

func TestRulesAreCounted(t *testing.T) {
	got := counted(t, func(r *stats.Recorder) {
		mail{content: []filter.Result{rule("a.cf", 3, "ONE", "TWO"), list("zen", 0)}}.record(t, r)                             // caught
		mail{content: []filter.Result{rule("a.cf", 2, "ONE"), rule("b.cf", -0.1, "NICE")}}.record(t, r)                        // delivered
		mail{content: []filter.Result{rule("a.cf", 2, "ONE"), list("zen", 9)}}.record(t, r)                                    // caught by a list
		mail{content: []filter.Result{watched(rule("new.cf", 9, "TRIAL")), rule("a.cf", 9, "TWO")}}.record(t, r)               // caught
		mail{content: []filter.Result{watched(rule("new.cf", 9, "TRIAL"))}}.record(t, r)                                       // delivered
		mail{content: []filter.Result{rule("a.cf", 3, "ONE")}, own: true}.record(t, r)                                         // goes out
		mail{content: []filter.Result{rule("a.cf", 3, "ONE")}, recipients: []filter.Standing{filter.Whitelisted}}.record(t, r) // not scanned
		mail{content: []filter.Result{rule("a.cf", 3, "", "no\nname", strings.Repeat("X", 600))}}.record(t, r)
	})
	// ONE had 3 of 6 points, 2 of 2 and 2 of 11, TWO 3 of 6 and 9 of 9: what speaks for a message, and what is only observed,
	// is in no whole.
	wantCounters(t, ruleCounters(got), parse(t, `rule:ONE:caught=2 rule:ONE:delivered=1 rule:TWO:caught=2 rule:NICE:delivered=1
		rule:ONE:share=16818 rule:TWO:share=15000 rule:TRIAL:observed_caught=1 rule:TRIAL:observed_delivered=1`))
	if got["uncounted"] != 2 {
		t.Errorf("got %d uncounted, want 2: names that no store takes", got["uncounted"])
	}
}

// TestRuleNamesAreBounded keeps memory what it is, whatever names rules have.
func TestRuleNamesAreBounded(t *testing.T) {
	const most, more = 5_000, 10
	got := counted(t, func(r *stats.Recorder) {
		v := &filter.Verdict{Class: filter.ClassScanned, Reports: []filter.Report{{Results: []filter.Result{{Kind: filter.Rules}}}}}
		for i := range most + more {
			v.Reports[0].Results[0].Hits = []filter.Hit{{Symbol: fmt.Sprintf("RULE_%d", i), Score: 1}}
			r.Message(nil, v)
		}
	})
	if kept := len(ruleCounters(got)) / 2; kept != most || got["uncounted"] != more {
		t.Errorf("kept %d names, %d uncounted, want %d and %d", kept, got["uncounted"], most, more)
	}
}

// ruleDays are some days of three rules; the oldest is long before the others.
var ruleDays = map[string]map[string]int64{
	"2016-10-01": {"rule:OLD:delivered": 7},
	"2016-12-12": {"rule:ONE:caught": 5, "rule:ONE:delivered": 1, "rule:TRIAL:observed_delivered": 3}, // before shares were counted
	"2016-12-13": {"rule:ONE:caught": 1200, "rule:ONE:share": 3_001_200, "rule:TWO:delivered": 30, "rule:TWO:share": 150_000, "list:zen:hits": 4, "messages": 2000},
	"2016-12-14": {"rule:TWO:caught": 1, "rule:TWO:share": 10_000, "rule:A:B:caught": 1, "rule:ONE:what later versions count": 1, "rule:": 1, "rule:ONE": 1},
}

func readRules(t *testing.T, s stats.Store, q stats.Query) []*stats.RuleReport {
	t.Helper()
	reports, err := stats.ReadRules(t.Context(), s, q, stats.Before(q.Days[0], 100))
	if err != nil {
		t.Fatal(err)
	}
	return reports
}

// TestReadRules reads the same account out of each store that needs no server; those that do hold counters alike, which
// the suite over all stores shows.
func TestReadRules(t *testing.T) {
	now := storetest.NewClock().Now
	embedded, err := store.OpenEmbedded(filepath.Join(t.TempDir(), "w.db"), store.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	defer embedded.Close()
	for _, s := range []stats.Store{store.NewMemory(store.Options{Now: now}), embedded} {
		if err := s.Apply(t.Context(), "n", 1, ruleDays, 400*24*time.Hour); err != nil {
			t.Fatal(err)
		}
		got := readRules(t, s, stats.Query{Days: []string{"2016-12-12", "2016-12-13", "2016-12-14"}, Rules: []string{"A:B", "DEAD", "OLD", "ONE"}})
		want := []*stats.RuleReport{{Span: stats.Span{From: "2016-12-12", To: "2016-12-14", Days: 3, Zone: "UTC"}, Rules: []stats.RuleRow{
			{Name: "ONE", Hits: 1206, Caught: 1205, Delivered: 1, MeanShare: 25.01, LastHit: "2016-12-13"},
			{Name: "TWO", Hits: 31, Caught: 1, Delivered: 30, MeanShare: 51.61, LastHit: "2016-12-14", Dangerous: true},
			{Name: "A:B", Hits: 1, Caught: 1, LastHit: "2016-12-14"},
			{Name: "TRIAL", Observed: 3, ObservedDelivered: 3, LastHit: "2016-12-12"},
			{Name: "OLD", LastHit: "2016-10-01"},
		}, Silent: []string{"DEAD"}}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%T: rules (-want +got):\n%s", s, diff)
		}
		for i, r := range readRules(t, s, stats.Query{Days: []string{"2016-12-13", "2016-12-14"}, PerDay: true}) {
			if got, want := r.Rules[0].Name+" "+r.From, []string{"ONE 2016-12-13", "A:B 2016-12-14"}[i]; got != want {
				t.Errorf("per day: got %s first, want %s", got, want)
			}
		}
	}
}

// TestRulesThatHitLaterAreNotDead asks about a day in the past, and about several one by one.
func TestRulesThatHitLaterAreNotDead(t *testing.T) {
	s := storeOf(t, ruleDays)
	now := time.Date(2016, 12, 14, 9, 0, 0, 0, time.UTC)
	for _, days := range [][]string{{"2016-12-12"}, {"2016-12-13", "2016-12-14"}, {"2016-12-15"}} {
		for _, r := range readRules(t, s, stats.Query{Days: days, PerDay: true, Now: now, Rules: []string{"A:B", "DEAD", "OLD", "TWO"}}) {
			if diff := cmp.Diff([]string{"DEAD"}, r.Silent); diff != "" {
				t.Errorf("%s: rules that never hit (-want +got):\n%s", r.From, diff)
			}
			for _, row := range r.Rules {
				if row.LastHit > r.From {
					t.Errorf("%s: %s hit last on %s, which is after the report", r.From, row.Name, row.LastHit)
				}
			}
		}
	}
}

func TestWriteRules(t *testing.T) {
	s := storeOf(t, ruleDays)
	for name, q := range map[string]stats.Query{
		"rules":       {Days: []string{"2016-12-12", "2016-12-13", "2016-12-14"}, Zone: "Europe/Berlin", Rules: []string{"DEAD", "GONE", "ONE"}},
		"rules-plain": {Days: []string{"2016-12-13"}},
	} {
		forms := stats.NewForms(readRules(t, s, q)...)
		for kind, write := range map[string]func(io.Writer) error{
			"txt": forms.WriteTable, "csv": forms.WriteCSV, "json": forms.WriteJSON,
		} {
			var out bytes.Buffer
			if err := write(&out); err != nil {
				t.Fatal(err)
			}
			golden(t, name+"."+kind, out.Bytes())
		}
	}
	empty := readRules(t, storeOf(t, nil), stats.Query{Days: []string{"2016-12-13"}})
	var out strings.Builder
	if err := stats.NewForms(empty...).WriteTable(&out); err != nil || !strings.Contains(out.String(), "no rule hit") {
		t.Errorf("got %q, %v", out.String(), err)
	}
}
