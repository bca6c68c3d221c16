package stats_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/stats"
	"winnow/pkg/store"
	"winnow/pkg/store/storetest"
)

func readSets(t testing.TB, s stats.Store, lists []stats.List, days ...string) *stats.SetReport {
	t.Helper()
	reports, err := stats.ReadSets(t.Context(), s, stats.Query{Days: days, Lists: lists})
	if err != nil {
		t.Fatal(err)
	}
	return reports[0]
}

// TestSets counts each caught message and each refused connection under the sources that hit it.
func TestSets(t *testing.T) {
	got := counted(t, func(r *stats.Recorder) {
		mail{content: []filter.Result{list("uribl", 3), list("dbl", 3), rules(1)}}.record(t, r)
		mail{content: []filter.Result{list("dbl", 3), list("uribl", 3), rules(6)}}.record(t, r)
		mail{content: []filter.Result{list("dbl", 6), list("quiet", 0), watched(list("trial", 3))}}.record(t, r)
		mail{content: []filter.Result{list("dbl", 1)}}.record(t, r) // is not caught
		mail{connect: []filter.Result{demands("zen", filter.Reject), demands("ivmsip", filter.Reject)}}.record(t, r)
		mail{connect: []filter.Result{demands("zen", filter.Reject), list("psky", 1)}}.record(t, r)
		mail{connect: []filter.Result{demands("zen", filter.Reject)}, exempt: true, content: []filter.Result{rules(6)}}.record(t, r) // not refused, and caught
	})
	want := map[string]int64{
		"caught_by:dbl,uribl": 1, "caught_by:dbl,rules:rules,uribl": 1, "caught_by:dbl": 1, "refused_by:ivmsip,zen": 1, "refused_by:zen": 2,
		"caught_by:rules:rules,zen": 1,
	}
	for name := range got {
		if !strings.HasPrefix(name, "caught_by:") && !strings.HasPrefix(name, "refused_by:") {
			delete(got, name)
		}
	}
	wantCounters(t, got, want)
}

// TestSetsBound has more sets than are told apart, in several flushes.
func TestSetsBound(t *testing.T) {
	s := newFlaky()
	r := newRecorder(t, config(""), s, stats.Options{})
	const many = 1 << 12
	for n := range many {
		recordSet(r, n)
		if n == many/2 {
			flush(t, r)
		}
	}
	flush(t, r)
	got := readSets(t, s, nil, today).Caught
	if len(got.Sets) != 2000 || got.ToldApart != 2000 || got.Others != many-2000 || got.Total != many || got.ByNone != 1 || got.Before != 0 {
		t.Errorf("got %d sets, %d told apart, %d others of %d", len(got.Sets), got.ToldApart, got.Others, got.Total)
	}
}

// recordSet counts a caught message that the lists hit whose bits are set in n.
func recordSet(r *stats.Recorder, n int) {
	v := &filter.Verdict{Class: filter.ClassScanned, Caught: true, Threshold: 5, Reports: []filter.Report{{Stage: "s", Phase: filter.Content}}}
	for bit := range bits.Len(uint(n)) {
		if n>>bit&1 != 0 {
			v.Reports[0].Results = append(v.Reports[0].Results, list(fmt.Sprintf("list%d", bit), 5))
		}
	}
	r.Message(&message.Message{}, v)
}

// TestSetsOfSources that cannot be told: names that part members, and more sources than there is room for.
func TestSetsOfSources(t *testing.T) {
	s := newFlaky()
	r := newRecorder(t, config(""), s, stats.Options{})
	hit := func(names ...string) {
		v := &filter.Verdict{Class: filter.ClassScanned, Caught: true, Threshold: 5, Reports: []filter.Report{{Stage: "s", Phase: filter.Content}}}
		for _, name := range names {
			v.Reports[0].Results = append(v.Reports[0].Results, list(name, 5))
		}
		r.Message(&message.Message{}, v)
	}
	hit("a,b")
	hit("rules:rules")
	hit("*")
	hit("", "zen")
	for n := range 130 {
		hit(fmt.Sprintf("list%d", n))
	}
	var long []string
	for n := range 30 {
		long = append(long, fmt.Sprintf("list%d", n))
	}
	hit(append(long, "list100", strings.Repeat("x", 300))...) // 129th source
	flush(t, r)
	got := readSets(t, s, nil, today).Caught
	if got.Others != 4+2+1 || got.ToldApart != 128 {
		t.Errorf("got %d others and %d told apart, want 7 and 128", got.Others, got.ToldApart)
	}
}

// TestSetsDay begins anew with the day.
func TestSetsDay(t *testing.T) {
	clock := storetest.NewClock()
	s := store.NewMemory(store.Options{Now: clock.Now})
	r := newRecorder(t, config(""), s, stats.Options{Now: clock.Now})
	mail{content: []filter.Result{list("dbl", 6)}}.record(t, r)
	clock.Advance(24 * 60 * 60 * 1e9)
	mail{content: []filter.Result{list("uribl", 6)}}.record(t, r)
	flush(t, r)
	both := readSets(t, s, nil, "2016-12-14", "2016-12-15").Caught
	first := readSets(t, s, nil, "2016-12-14").Caught
	if len(both.Sets) != 2 || len(first.Sets) != 1 || first.Sets[0].Sources[0] != "dbl" {
		t.Errorf("got %+v, first %+v", both.Sets, first.Sets)
	}
}

// setDay has three lists that overlap, rules, and what is not told apart.
var setDay = map[string]int64{
	"caught": 1000, "caught_by:dbl": 100, "caught_by:uribl": 20, "caught_by:surbl": 5, "caught_by:dbl,uribl": 300, "caught_by:surbl,uribl": 45,
	"caught_by:dbl,surbl,uribl": 200, "caught_by:rules:rules": 250, "caught_by:dbl,rules:rules": 30, "caught_by:": 10, "caught_by:*": 15,
	"list:zen:refusals": 700, "list:ivmsip:refusals": 90, "refused_by:zen": 400, "refused_by:ivmsip,zen": 300, "refused_by:ivmsip": 90,
}

var setLists = []stats.List{{Name: "zen", Title: "Zen"}, {Name: "dbl", Title: "DBL"}, {Name: "uribl", Title: "URIBL"}, {Name: "quiet"}}

// TestSetReport reads overlap, order and loss out of sets that can be added up by hand.
func TestSetReport(t *testing.T) {
	r := readSets(t, storeOf(t, map[string]map[string]int64{today: setDay}), setLists, today)
	c := r.Caught
	if c.Total != 1000 || c.ToldApart != 960 || c.Others != 15 || c.Before != 25 || c.ByNone != 10 {
		t.Errorf("caught: got %+v", c)
	}
	want := []stats.SetSource{
		{Name: "dbl", Title: "DBL", Kind: "list", Hits: 630, Alone: 100}, {Name: "uribl", Title: "URIBL", Kind: "list", Hits: 565, Alone: 20},
		{Name: "surbl", Title: "surbl", Kind: "list", Hits: 250, Alone: 5}, {Name: "rules", Title: "content rules", Kind: "rules", Hits: 280, Alone: 250},
	}
	if !slices.Equal(c.Sources, want) {
		t.Errorf("sources: got %+v", c.Sources)
	}
	if got := fmt.Sprint(c.Overlap); got != "[[630 500 200 30] [500 565 245 0] [200 245 250 0] [30 0 0 280]]" {
		t.Errorf("overlap: got %v", got)
	}
	if got := fmt.Sprint(c.Order); got != "[{rules content rules 280 290 30.21} {dbl DBL 600 890 92.71} {uribl URIBL 65 955 99.48} {surbl surbl 5 960 100}]" {
		t.Errorf("order: got %v", got)
	}
	if got := fmt.Sprint(c.Silent); got != "[zen quiet]" {
		t.Errorf("silent: got %v", got)
	}
	loss := r.Without([]string{"uribl", "surbl", "ivmsip"})
	if loss.Caught.Missed != 70 || loss.Caught.Share != 7.29 || len(loss.Caught.Sets) != 3 || loss.Refused.Missed != 90 {
		t.Errorf("without uribl and surbl: got %+v", loss)
	}
	if got := c.Without([]string{"uribl"}).Missed + c.Without([]string{"surbl"}).Missed; got != 25 {
		t.Errorf("one by one: got %d, want 25: each has some 45 only with the other", got)
	}
	keep := r.Keep(99)
	if got := fmt.Sprint(keep.Caught.Lists, keep.Caught.Dropped, keep.Caught.Kept, keep.Caught.Exact, keep.Spare); got != "[dbl uribl] [surbl] 955 true [surbl quiet]" {
		t.Errorf("keep 99 %%: got %s", got)
	}
	if got := fmt.Sprint(keep.Refused.Lists, keep.Refused.Kept, keep.Refused.ToldApart); got != "[zen ivmsip] 790 790" {
		t.Errorf("keep 99 %% of refusals: got %s", got)
	}
	if got := r.Keep(100).Caught.Dropped; len(got) != 0 {
		t.Errorf("keep all: dropped %v", got)
	}
	if got := r.Keep(0).Caught.Lists; len(got) != 0 {
		t.Errorf("keep nothing: kept %v", got)
	}
}

// TestSetForms writes each form.
func TestSetForms(t *testing.T) {
	s := storeOf(t, map[string]map[string]int64{today: setDay})
	reports, err := stats.ReadSets(t.Context(), s, stats.Query{Days: []string{today, "2016-12-15"}, Lists: setLists, PerDay: true})
	if err != nil {
		t.Fatal(err)
	}
	var without []*stats.WithoutReport
	var keep []*stats.KeepReport
	for _, r := range reports {
		without, keep = append(without, r.Without([]string{"uribl", "surbl"})), append(keep, r.Keep(99.5))
	}
	var text, asJSON, asCSV bytes.Buffer
	err = errors.Join(
		stats.NewForms(reports...).WriteTable(&text), stats.NewForms(reports...).WriteJSON(&asJSON), stats.NewForms(reports...).WriteCSV(&asCSV),
		stats.NewForms(without...).WriteTable(&text), stats.NewForms(without...).WriteJSON(&asJSON), stats.NewForms(without...).WriteCSV(&asCSV),
		stats.NewForms(keep...).WriteTable(&text), stats.NewForms(keep...).WriteJSON(&asJSON), stats.NewForms(keep...).WriteCSV(&asCSV),
	)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "sets.txt", text.Bytes())
	golden(t, "sets.json", asJSON.Bytes())
	golden(t, "sets.csv", asCSV.Bytes())
}

// TestSetExample writes what the manual shows.
func TestSetExample(t *testing.T) {
	day := maps.Clone(setDay)
	day["caught"] = 975
	lists := []stats.List{{Name: "zen", Title: "Zen"}, {Name: "ivmsip", Title: "ivmSIP"}, {Name: "dbl", Title: "DBL"}, {Name: "uribl", Title: "URIBL"}, {Name: "surbl", Title: "SURBL"}, {Name: "psky"}}
	r := readSets(t, storeOf(t, map[string]map[string]int64{today: day}), lists, today)
	var overlap, without, keep bytes.Buffer
	err := errors.Join(
		stats.NewForms(r).WriteTable(&overlap),
		stats.NewForms(r.Without([]string{"uribl", "surbl"})).WriteTable(&without),
		stats.NewForms(r.Keep(99)).WriteTable(&keep),
	)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "overlap.txt", overlap.Bytes())
	golden(t, "without.txt", without.Bytes())
	golden(t, "keep.txt", keep.Bytes())
}

// TestKeepOfNothing does not call lists needless of which nobody knows.
func TestKeepOfNothing(t *testing.T) {
	var out strings.Builder
	sets := readSets(t, storeOf(t, nil), []stats.List{{Name: "zen"}}, "2016-12-14")
	if err := stats.NewForms(sets.Keep(99)).WriteTable(&out); err != nil || strings.Contains(out.String(), "zen") {
		t.Errorf("got %q, %v", out.String(), err)
	}
	if !sets.Caught.Knows(stats.RulesName) {
		t.Error("the content rules are not known on a day without hits")
	}
}

// TestKeepIsFewest tries every choice of lists by itself.
func TestKeepIsFewest(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		lists := rapid.IntRange(1, 7).Draw(rt, "lists")
		day, hits := map[string]int64{}, map[int]int64{}
		for range rapid.IntRange(1, 20).Draw(rt, "sets") {
			set, n := rapid.IntRange(0, 1<<(lists+1)-1).Draw(rt, "set"), int64(rapid.IntRange(1, 50).Draw(rt, "n"))
			var names []string
			for i := range lists + 1 {
				switch {
				case set>>i&1 == 0:
				case i == lists:
					names = append(names, "rules:rules")
				default:
					names = append(names, fmt.Sprintf("list%d", i))
				}
			}
			slices.Sort(names)
			day["caught_by:"+strings.Join(names, ",")] += n
			day["caught"] += n
			hits[set] += n
		}
		percent := float64(rapid.IntRange(0, 1000).Draw(rt, "percent")) / 10
		got := readSets(t, storeOf(t, map[string]map[string]int64{today: day}), nil, today).Caught.Keep(percent)
		fewest, most := lists+1, int64(0)
		for choice := range 1 << lists {
			var kept int64
			for set, n := range hits {
				if set == 0 || set>>lists != 0 || set&choice != 0 {
					kept += n
				}
			}
			if float64(kept)*100 >= float64(day["caught"])*percent-1e-6 {
				size := bits.OnesCount(uint(choice))
				if size < fewest || size == fewest && kept > most {
					fewest, most = size, kept
				}
			}
		}
		if !got.Exact || len(got.Lists) != fewest || got.Kept != most {
			rt.Errorf("got %+v, want %d lists that keep %d", got, fewest, most)
		}
	})
}

// TestKeepOfMany says that it did not try every choice.
func TestKeepOfMany(t *testing.T) {
	day := map[string]int64{}
	for i := range 40 {
		day[fmt.Sprintf("caught_by:list%02d,list%02d", i, (i+1)%40)] = 10
	}
	sets := readSets(t, storeOf(t, map[string]map[string]int64{today: day}), nil, today).Caught
	for _, test := range []struct {
		percent        float64
		fewest, enough int
	}{{100, 20, 27}, {90, 18, 25}, {0, 0, 0}} {
		got := sets.Keep(test.percent)
		if got.Exact || float64(got.Kept) < 4*test.percent || len(got.Lists) < test.fewest || len(got.Lists) > test.enough {
			t.Errorf("%v %%: got %+v", test.percent, got)
		}
		if loss := sets.Without(got.Dropped).Missed; loss != 400-got.Kept {
			t.Errorf("%v %%: %d are missed without %v, but %d kept", test.percent, loss, got.Dropped, got.Kept)
		}
	}
}

// TestSetsAddUp holds sets to the other counters, over traffic at random that two nodes share and one sees alone.
func TestSetsAddUp(t *testing.T) {
	names := []string{"zen", "dbl", "uribl", "psky"}
	rapid.Check(t, func(rt *rapid.T) {
		var all []mail
		for range rapid.IntRange(0, 15).Draw(rt, "mails") {
			m := mail{exempt: rapid.Bool().Draw(rt, "exempt"), content: []filter.Result{rules(float64(rapid.IntRange(-1, 8).Draw(rt, "rules")))}}
			for _, name := range names {
				if points := rapid.IntRange(-3, 6).Draw(rt, name); points > 0 {
					m.content = append(m.content, list(name, float64(points)))
				}
				if rapid.IntRange(0, 3).Draw(rt, "demand") == 0 {
					m.connect = append(m.connect, demands(name, filter.Reject))
				}
			}
			all = append(all, m)
		}
		one := store.NewMemory(store.Options{Now: storetest.NewClock().Now})
		two := store.NewMemory(store.Options{Now: storetest.NewClock().Now})
		single := newRecorder(t, config(""), one, stats.Options{})
		nodes := []*stats.Recorder{newRecorder(t, config(""), two, stats.Options{}), newRecorder(t, config(""), two, stats.Options{})}
		alive := map[string]int64{} // caught messages by list, counted here by what judge says a hit is
		for i, m := range all {
			m.record(t, single)
			m.record(t, nodes[i%2])
			_, v := m.verdicts(t)
			if v.Class == filter.ClassScanned && v.Caught {
				for _, name := range names {
					if slices.ContainsFunc(slices.Concat(m.connect, m.content), func(r filter.Result) bool { return r.Source == name }) {
						alive[name]++
					}
				}
			}
		}
		flush(t, single)
		flush(t, nodes[0])
		flush(t, nodes[1])
		if diff := cmp.Diff(without(counters(t, one, today)), without(counters(t, two, today))); diff != "" {
			rt.Errorf("one node, and two (-one +two):\n%s", diff)
		}
		checkSets(rt, counters(t, one, today))
		r := readSets(t, one, nil, today)
		for _, of := range r.Caught.Sources {
			if of.Kind == "list" && of.Hits != alive[of.Name] {
				rt.Errorf("%s: sets say %d caught messages, the mails %d", of.Name, of.Hits, alive[of.Name])
			}
		}
		if got := share(r.Caught.Order); got != r.Caught.ToldApart {
			rt.Errorf("in order they keep %d of %d", got, r.Caught.ToldApart)
		}
	})
}

// share is what all sources keep together.
func share(order []stats.Step) int64 {
	if len(order) == 0 {
		return 0
	}
	return order[len(order)-1].Kept
}

// checkSets holds sets to what is always so between them and the other counters.
func checkSets(t interface{ Errorf(string, ...any) }, c map[string]int64) {
	var caught, refused, refusals int64
	for name, n := range c {
		if members, ok := strings.CutPrefix(name, "caught_by:"); ok {
			caught += n
			if members != "" && members != "*" && !strings.Contains(members, ",") {
				row := "list:" + members
				if strings.HasPrefix(members, "rules:") {
					row = members
				}
				if c[row+":unique"] != n {
					t.Errorf("%s is %d, unique %d", name, n, c[row+":unique"])
				}
			}
		}
		if strings.HasPrefix(name, "refused_by:") {
			refused += n
		}
		if source, ok := strings.CutSuffix(name, ":refusals"); ok {
			refusals += n
			if source = strings.TrimPrefix(source, "list:"); c["refused_by:"+source] != c["list:"+source+":refusals_alone"] {
				t.Errorf("refused by %s alone: sets say %d, its row %d", source, c["refused_by:"+source], c["list:"+source+":refusals_alone"])
			}
		}
		if source, ok := strings.CutSuffix(name, ":unique"); ok && !strings.HasPrefix(name, "code:") {
			source = strings.TrimPrefix(source, "list:")
			if c["caught_by:"+source] != n {
				t.Errorf("%s is %d, its set %d", name, n, c["caught_by:"+source])
			}
		}
	}
	if caught != c["caught"] || refused != refusals {
		t.Errorf("sets add up to %d caught and %d refused, want %d and %d", caught, refused, c["caught"], refusals)
	}
}
