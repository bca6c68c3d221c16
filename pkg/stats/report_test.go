package stats_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/stats"
	"winnow/pkg/store"
	"winnow/pkg/store/storetest"
)

// sampleLists are the lists of the sample day, as an operator has them configured.
var sampleLists = []stats.List{
	{Name: "zen", Title: "Zen"}, {Name: "ivmsip", Title: "ivmSIP"}, {Name: "uribl", Title: "URIBL"}, {Name: "ivmsip24", Title: "ivmSIP24"},
	{Name: "ivmuri", Title: "ivmURI"}, {Name: "barracuda", Title: "Barracuda"}, {Name: "instantrbl", Title: "InstantRBL"},
	{Name: "psky", Title: "Protected Sky"},
}

// sampleDay is the day that this project is modelled on, 2016-12-14, by what is known of it.
var sampleDay = map[string]int64{
	"connections": 6_680_134, "list:zen:refusals": 5_403_727, "list:ivmsip:refusals": 236_211, "accepted": 1_040_196,
	"messages": 1_008_901, "whitelisted": 138_055, "blacklisted": 3_513, "too_large": 6_960, "not_enabled": 131_480, "scanned": 728_893,
	"caught": 113_439, "delivered": 891_949,
	"list:zen:unique": 2_062, "list:uribl:unique": 8_137, "list:ivmsip24:unique": 2_029, "list:ivmuri:unique": 10_194,
	"list:barracuda:unique": 9_109, "list:instantrbl:unique": 8_442, "list:psky:unique": 5_468, "rules:rules:unique": 32_007,
}

// fullDay has something of everything.
var fullDay = map[string]int64{
	"connections": 1000, "list:zen:refusals": 600, "list:zen:refusals_alone": 450, "list:gone:refusals": 5, "refused_by_error": 3, "accepted": 392, "own": 12,
	"messages": 350, "whitelisted": 50, "blacklisted": 10, "too_large": 5, "not_enabled": 35, "scanned": 250, "caught": 40, "delivered": 300, "outbound": 77,
	"action:accept": 300, "action:tag": 25, "action:defer": 1, "action:reject": 24, "errors": 9, "failed:uribl": 2, "failed:rules": 1, "uncounted": 4,
	"list:zen:asked": 1000, "list:zen:cached": 700, "list:zen:hits": 620, "list:zen:unique": 12, "list:zen:decisive": 15, "list:zen:doubtful": 1, "list:zen:doubtful_of": 40,
	"list:zen:timed": 300, "list:zen:took_us": 3_030_000, "list:zen:within_5ms": 200, "list:zen:within_10ms": 84, "list:zen:within_50ms": 10, "list:zen:longer": 6,
	"list:new:observed": 30, "list:new:observed_unique": 4, "list:new:errors": 5, "list:dnswl:favours": 8, "list:dnswl:refused": 3,
	"list:a:b:bogus": 1, "list:a:b:unknown": 2, "rules:rules:asked": 250, "rules:rules:hits": 20, "entry:auto-whitelist:asked": 350, "entry:auto-whitelist:hits": 50,
	"what later versions count": 1, "list:zen:what they count": 1, "list": 1, "other:zen:hits": 1,
}

func storeOf(t *testing.T, days map[string]map[string]int64) stats.Store {
	t.Helper()
	s := store.NewMemory(store.Options{Now: storetest.NewClock().Now})
	if err := s.Apply(t.Context(), "n", 1, days, 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t *testing.T, s stats.Store, q stats.Query) []*stats.Report {
	t.Helper()
	reports, err := stats.Read(t.Context(), s, q)
	if err != nil {
		t.Fatal(err)
	}
	return reports
}

// golden compares what is written with a file; -update writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// TestGolden writes reports in every form. sample-day.txt is the sample day.
func TestGolden(t *testing.T) {
	second := map[string]int64{"connections": 10, "accepted": 10, "messages": 10, "scanned": 10, "delivered": 10, "action:accept": 10, "list:zen:asked": 10}
	s := storeOf(t, map[string]map[string]int64{"2016-12-14": sampleDay, "2016-12-15": fullDay, "2016-12-16": second})
	some := []stats.List{{Name: "zen", Title: "Zen"}, {Name: "quiet", Title: "Quiet one"}, {Name: "new"}, {Name: "dnswl"}}
	for _, test := range []struct {
		name  string
		query stats.Query
	}{
		{"sample-day", stats.Query{Days: []string{"2016-12-14"}, Lists: sampleLists}},
		{"full-day", stats.Query{Days: []string{"2016-12-15"}, Lists: some, Zone: "Europe/Berlin"}},
		{"empty-day", stats.Query{Days: []string{"2016-12-17"}, Lists: some}},
		{"sum", stats.Query{Days: []string{"2016-12-15", "2016-12-16", "2016-12-17"}, Lists: some}},
		{"per-day", stats.Query{Days: []string{"2016-12-16", "2016-12-17"}, PerDay: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			forms := stats.NewForms(read(t, s, test.query)...)
			var text, asJSON, asCSV bytes.Buffer
			if err := errors.Join(forms.WriteTable(&text), forms.WriteJSON(&asJSON), forms.WriteCSV(&asCSV)); err != nil {
				t.Fatal(err)
			}
			golden(t, test.name+".txt", text.Bytes())
			golden(t, test.name+".json", asJSON.Bytes())
			golden(t, test.name+".csv", asCSV.Bytes())
		})
	}
}

// TestFormsAgree finds the figures of JSON and CSV to be the same.
func TestFormsAgree(t *testing.T) {
	forms := stats.NewForms(read(t, storeOf(t, map[string]map[string]int64{today: fullDay}), stats.Query{Days: []string{today}})...)
	var asJSON, asCSV bytes.Buffer
	if err := errors.Join(forms.WriteJSON(&asJSON), forms.WriteCSV(&asCSV)); err != nil {
		t.Fatal(err)
	}
	var back []struct{ Sources, Entries []map[string]any }
	if err := json.Unmarshal(asJSON.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&asCSV).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, row := range append(back[0].Sources, back[0].Entries...) {
		latency := row["latency"].(map[string]any)
		for _, l := range lines {
			if l[2] != row["kind"] || l[3] != row["name"] {
				continue
			}
			want, ok := row[l[4]]
			if !ok {
				want = latency[l[4]]
			}
			if got, err := strconv.ParseFloat(l[5], 64); err != nil || got != want {
				t.Errorf("%q: got %v, want %v", l, got, want)
			}
			compared++
		}
	}
	if compared != 7*24 {
		t.Errorf("compared %d figures, want 24 of each of 7 sources", compared)
	}
}

// failing is a writer whose disk is full.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWriteErrors(t *testing.T) {
	forms := stats.NewForms(read(t, storeOf(t, map[string]map[string]int64{today: fullDay}), stats.Query{Days: []string{today}})...)
	for i, err := range []error{forms.WriteTable(failing{}), forms.WriteJSON(failing{}), forms.WriteCSV(failing{})} {
		if err == nil {
			t.Errorf("writer %d: got no error", i)
		}
	}
	if _, err := stats.Read(t.Context(), newFlaky(), stats.Query{}); err == nil {
		t.Error("a report on no day: got no error")
	}
}

// TestSampleDay counts the sample day at 1:1000 through the pipeline, and reads the plan back. Small figures are rounded
// so that they stay consistent.
func TestSampleDay(t *testing.T) {
	reject := func(name string) []filter.Result { return []filter.Result{demands(name, filter.Reject)} }
	day := []struct {
		n    int
		mail mail
	}{
		{5404, mail{connect: reject("zen")}},
		{236, mail{connect: append([]filter.Result{list("zen", 0)}, reject("ivmsip")...)}},
		{138, mail{recipients: []filter.Standing{filter.Whitelisted}}},
		{4, mail{recipients: []filter.Standing{filter.Blacklisted}}},
		{7, mail{size: 1 << 20}},
		{131, mail{recipients: []filter.Standing{filter.NotEnabled}}},
		{2, mail{content: []filter.Result{list("zen", 5), list("uribl", 0), rules(1)}}},
		{8, mail{content: []filter.Result{list("uribl", 4), rules(2)}}},
		{2, mail{content: []filter.Result{list("ivmsip24", 4), rules(2)}}},
		{10, mail{content: []filter.Result{list("ivmuri", 7), rules(0)}}},
		{9, mail{content: []filter.Result{list("barracuda", 3), rules(4)}}},
		{8, mail{content: []filter.Result{list("instantrbl", 5), rules(4)}}},
		{6, mail{content: []filter.Result{list("psky", 5), rules(-0.5), rules(1)}}},
		{32, mail{content: []filter.Result{list("zen", 0), rules(4), rules(4)}}},
		{36, mail{content: []filter.Result{list("zen", 5), list("uribl", 5), list("barracuda", 5), rules(9)}}},
		{616, mail{content: []filter.Result{list("zen", 0), list("psky", 1), rules(1)}}},
		{31, mail{ends: true}},
	}
	s := newFlaky()
	r := newRecorder(t, config(t.TempDir()), s, stats.Options{})
	for _, part := range day {
		connection, v := part.mail.verdicts(t)
		for range part.n {
			r.Connection(message.Client{}, connection, connection.Refused())
			r.Message(&message.Message{}, v)
		}
		flush(t, r)
	}
	checkBalance(t, counters(t, s, today))
	report := read(t, s, stats.Query{Days: []string{today}, Lists: sampleLists})[0]
	want := stats.Messages{
		Total: 1009, Whitelisted: 138, Blacklisted: 4, TooLarge: 7, NotEnabled: 131, Scanned: 729, Caught: 113, Delivered: 892,
	}
	if diff := cmp.Diff(want, report.Messages); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	wantConnections := stats.Connections{Total: 6680, Accepted: 1040, Refused: []stats.Refusal{
		{List: "zen", Title: "Zen", Count: 5404, Alone: 5404}, {List: "ivmsip", Title: "ivmSIP", Count: 236, Alone: 236},
	}}
	if diff := cmp.Diff(wantConnections, report.Connections); diff != "" {
		t.Errorf("connections (-want +got):\n%s", diff)
	}
	got := ""
	for _, row := range report.Sources {
		got += fmt.Sprintf("%s %d, ", row.Title, row.Unique)
	}
	wantUnique := "Zen 2, ivmSIP 0, URIBL 8, ivmSIP24 2, ivmURI 10, Barracuda 9, InstantRBL 8, Protected Sky 6, content rules 32, "
	if got != wantUnique {
		t.Errorf("unique: got %s, want %s", got, wantUnique)
	}
}

func TestDays(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2016, 3, 27, 23, 30, 0, 0, time.UTC).In(berlin) // 28 March there, the day after clocks went forward
	for _, test := range []struct {
		from, to string
		want     string
	}{
		{"today", "today", "[2016-03-28]"},
		{"yesterday", "today", "[2016-03-27 2016-03-28]"},
		{"2016-02-28", "2016-03-01", "[2016-02-28 2016-02-29 2016-03-01]"},
		{"today", "yesterday", ""},
		{"2016-02-30", "today", ""},
		{"", "today", ""},
		{"today", "14.12.2016", ""},
		{"0001-01-01", "today", ""},
	} {
		got, err := stats.Days(test.from, test.to, now)
		if (err != nil) != (test.want == "") || err == nil && fmt.Sprint(got) != test.want {
			t.Errorf("%s to %s: got %v, %v, want %s", test.from, test.to, got, err, test.want)
		}
	}
}

// TestNoDoubtIsShown has a list with hits on mail of which none was wanted: that its share is 0 is worth as much as the interval says.
func TestNoDoubtIsShown(t *testing.T) {
	s := storeOf(t, map[string]map[string]int64{today: {"list:zen:hits": 40, "list:zen:doubtful_of": 40}})
	reports, err := stats.Read(t.Context(), s, stats.Query{Days: []string{today}})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := stats.NewForms(reports...).WriteTable(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"doubtful   doubt  at least  at most", "0  0.00 %    0.00 %   8.76 %"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}
