package stats_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/stats"
	"winnow/pkg/store"
	"winnow/pkg/store/storetest"
)

// aClock is set by hand.
type aClock struct{ at time.Time }

func (c *aClock) now() time.Time { return c.at }

// zones are some whose clocks are set in ways of their own: by an hour, by half of one, at midnight, and never.
var zones = []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "America/Sao_Paulo", "Asia/Kathmandu"}

// setDays are days on which some of these clocks are set, and one on which none is.
var setDays = []string{
	"2016-03-27", "2016-10-30", "2016-03-13", "2016-11-06", "2016-04-03", "2016-10-02", "2016-10-15", "2016-10-16", "2016-02-20", "2016-02-21", "2016-12-14",
}

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestHoursAddUp counts at random times around days on which clocks are set: the hours of each day add up to the day.
func TestHoursAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.SampledFrom(zones).Draw(rt, "zone")
		zone := location(t, name)
		day := rapid.SampledFrom(setDays).Draw(rt, "day")
		noon, err := time.ParseInLocation("2006-01-02 15", day+" 12", zone)
		if err != nil {
			t.Fatal(err)
		}
		clock := &aClock{}
		s := store.NewMemory(store.Options{Now: storetest.NewClock().Now})
		c := config("")
		c.TimeZone = name
		r := newRecorder(t, c, s, stats.Options{Now: clock.now})
		for range rapid.IntRange(1, 30).Draw(rt, "verdicts") {
			clock.at = noon.Add(time.Duration(rapid.IntRange(-20*60, 20*60).Draw(rt, "minutes from noon")) * time.Minute)
			v := drawVerdict(rt, filter.Content)
			r.Connection(message.Client{}, v, rapid.Bool().Draw(rt, "refused"))
			r.Message(&message.Message{}, v)
			if rapid.Bool().Draw(rt, "flush") {
				flush(t, r)
			}
		}
		flush(t, r)
		q := stats.Query{Days: []string{stats.Before(day, 1)[0], day}, PerDay: true, Zone: name}
		byHour, err := stats.ReadHours(t.Context(), s, q, "")
		if err != nil {
			t.Fatal(err)
		}
		for i, of := range read(t, s, q) {
			checkHours(rt, of, byHour[i])
		}
	})
}

// checkHours adds hours up, figure by figure.
func checkHours(t *rapid.T, day *stats.Report, of *stats.HourReport) {
	sum := map[string]int64{}
	add := func(to map[string]int64, section string, rows []stats.Row) {
		for _, r := range rows {
			name := section + " " + r.Kind + " " + r.Name
			for figure, n := range map[string]int64{
				"asked": r.Asked, "cached": r.Cached, "hits": r.Hits, "unique": r.Unique, "decisive": r.Decisive, "doubtful": r.Doubtful,
				"errors": r.Errors, "refused": r.Refused, "refusals": r.Refusals, "answers": r.Latency.Answers,
			} {
				to[name+" "+figure] += n
			}
		}
	}
	funnel := func(to map[string]int64, c *stats.Connections, m *stats.Messages, errors int64) {
		to["connections"] += c.Total
		to["accepted"] += c.Accepted
		to["messages"] += m.Total
		to["caught"] += m.Caught
		to["delivered"] += m.Delivered
		to["errors"] += errors
	}
	for i := range of.Hours {
		h := &of.Hours[i]
		add(sum, "source", h.Sources)
		funnel(sum, &h.Connections, &h.Messages, h.Errors)
	}
	want := map[string]int64{}
	add(want, "source", day.Sources)
	funnel(want, &day.Connections, &day.Messages, day.Errors)
	for name, n := range want {
		if sum[name] != n {
			t.Errorf("%s (%s): %s: the hours add up to %d, the day has %d", day.From, day.Zone, name, sum[name], n)
		}
	}
	if of.Unhoured != (stats.Rest{}) {
		t.Errorf("%s: in no hour: %+v", day.From, of.Unhoured)
	}
}

// TestHoursOfADay names the hours of days on which clocks are set: together they last as long as the day.
func TestHoursOfADay(t *testing.T) {
	for _, test := range []struct {
		zone, day string
		hours     int
		has       string // in this order
	}{
		{"UTC", "2016-12-14", 24, "2016-12-14T00Z 2016-12-14T23Z"},
		{"Europe/Berlin", "2016-12-14", 24, "2016-12-14T00+01:00 2016-12-14T23+01:00"},
		{"Europe/Berlin", "2016-03-27", 23, "2016-03-27T01+01:00 2016-03-27T03+02:00"},
		{"Europe/Berlin", "2016-10-30", 25, "2016-10-30T02+02:00 2016-10-30T02+01:00 2016-10-30T03+01:00"},
		{"Australia/Lord_Howe", "2016-10-02", 24, "2016-10-02T01+10:30 2016-10-02T02+11:00"}, // 23.5 hours
		{"Australia/Lord_Howe", "2016-04-03", 25, "2016-04-03T01+11:00 2016-04-03T01+10:30"}, // 24.5 hours
		{"America/Havana", "2016-11-06", 25, "2016-11-06T00-04:00 2016-11-06T00-05:00"},
		{"America/Sao_Paulo", "2016-10-16", 23, "2016-10-16T01-02:00 2016-10-16T02-02:00"}, // without midnight
		{"America/Sao_Paulo", "2016-02-20", 25, "2016-02-20T23-02:00 2016-02-20T23-03:00"},
		{"Asia/Kathmandu", "2016-12-14", 24, "2016-12-14T00+05:45 2016-12-14T23+05:45"},
	} {
		s := store.NewMemory(store.Options{})
		reports, err := stats.ReadHours(t.Context(), s, stats.Query{Days: []string{test.day}, Zone: test.zone}, "")
		if err != nil {
			t.Fatal(err)
		}
		var hours []string
		for _, h := range reports[0].Hours {
			hours = append(hours, h.Hour)
		}
		if len(hours) != test.hours {
			t.Errorf("%s in %s: got %d hours, want %d: %q", test.day, test.zone, len(hours), test.hours, hours)
		}
		after := -1
		for _, want := range strings.Fields(test.has) {
			if at := slices.Index(hours, want); at <= after {
				t.Errorf("%s in %s: %s is at %d in %q", test.day, test.zone, want, at, hours)
			} else {
				after = at
			}
		}
	}
}

// hourDays are the hours of an outage, as they are in the store.
var hourDays = map[string]map[string]int64{
	"2016-12-14": {
		"connections": 1000, "list:zen:refusals": 600, "accepted": 400, "messages": 420, "scanned": 400, "whitelisted": 20, "caught": 80, "delivered": 340, "errors": 122,
		"list:zen:asked": 1000, "list:zen:hits": 610, "list:uribl:asked": 900, "list:uribl:hits": 70, "list:uribl:errors": 122, "list:uribl:unique": 9,
		"list:uribl:timed": 500, "list:uribl:took_us": 9_000_000, "list:uribl:within_10ms": 480, "list:uribl:within_5s": 20,
	},
	"2016-12-14T08Z": {
		"connections": 500, "list:zen:refusals": 300, "accepted": 200, "messages": 210, "scanned": 200, "whitelisted": 10, "caught": 50, "delivered": 160,
		"list:zen:asked": 500, "list:zen:hits": 305, "list:uribl:asked": 450, "list:uribl:hits": 60, "list:uribl:unique": 9,
		"list:uribl:timed": 400, "list:uribl:took_us": 2_000_000, "list:uribl:within_10ms": 400,
	},
	"2016-12-14T09Z": {
		"connections": 400, "list:zen:refusals": 240, "accepted": 160, "messages": 170, "scanned": 160, "whitelisted": 10, "caught": 20, "delivered": 150, "errors": 120,
		"list:zen:asked": 400, "list:zen:hits": 245, "list:uribl:asked": 360, "list:uribl:errors": 120,
		"list:uribl:timed": 20, "list:uribl:took_us": 6_000_000, "list:uribl:within_5s": 20,
	},
	"2016-12-14T10Z": {
		"connections": 90, "list:zen:refusals": 54, "accepted": 36, "messages": 36, "scanned": 36, "caught": 9, "delivered": 27, "errors": 2,
		"list:zen:asked": 90, "list:zen:hits": 54, "list:uribl:asked": 81, "list:uribl:hits": 9, "list:uribl:errors": 2,
		"list:uribl:timed": 72, "list:uribl:took_us": 1_000_000, "list:uribl:within_10ms": 72,
	},
}

// TestHourExample writes what the manual shows.
func TestHourExample(t *testing.T) {
	s := storeOf(t, hourDays)
	lists := []stats.List{{Name: "zen", Title: "Zen"}, {Name: "uribl", Title: "URIBL"}}
	q := stats.Query{Days: []string{today}, Lists: lists, Now: time.Date(2016, 12, 14, 10, 40, 0, 0, time.UTC)}
	for name, list := range map[string]string{"hours": "", "hours-list": "uribl"} {
		reports, err := stats.ReadHours(t.Context(), s, q, list)
		if err != nil {
			t.Fatal(err)
		}
		if got := reports[0]; len(got.Hours) != 11 || got.Unhoured != (stats.Rest{Connections: 10, Messages: 4}) {
			t.Errorf("got %d hours, and %+v in none", len(got.Hours), got.Unhoured)
		}
		var text, asCSV, asJSON strings.Builder
		forms := stats.NewForms(reports...)
		if err := errors.Join(forms.WriteTable(&text), forms.WriteCSV(&asCSV), forms.WriteJSON(&asJSON)); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".txt", []byte(text.String()))
		for _, want := range []string{
			"2016-12-14T09Z,2016-12-14T09Z,list,uribl,errors,120\n", "2016-12-14,2016-12-14,unhoured,,connections,10\n",
		} {
			if !strings.Contains(asCSV.String(), want) {
				t.Errorf("CSV has no %s", want)
			}
		}
		if all := strings.Contains(asCSV.String(), "list,zen,"); all != (list == "") {
			t.Errorf("CSV of %q: lines of zen: %v", list, all)
		}
		if !strings.Contains(asJSON.String(), `"hour": "2016-12-14T09Z"`) {
			t.Errorf("JSON: got %s", asJSON.String())
		}
	}
}

// TestHourQuestions asks what has no answer, or a part of one.
func TestHourQuestions(t *testing.T) {
	s := storeOf(t, hourDays)
	q := stats.Query{Days: []string{today}}
	if _, err := stats.ReadHours(t.Context(), s, q, "nolist"); !errors.Is(err, stats.ErrNoSuchList) {
		t.Errorf("got %v, want no such list", err)
	}
	if reports, err := stats.ReadHours(t.Context(), s, q, "uribl"); err != nil || reports[0].Hours[3].Sources[0].Name != "uribl" || reports[0].Hours[9].Sources[0].Errors != 120 {
		t.Errorf("a list of yesterday's configuration: got %+v, %v", reports, err)
	}
	q.Days = stats.Before(today, stats.MaxHourDays+1)
	if _, err := stats.ReadHours(t.Context(), s, q, ""); !errors.Is(err, stats.ErrHourDays) {
		t.Errorf("got %v, want too many days", err)
	}
	q = stats.Query{Days: []string{"2016-12-13", today}, Zone: "Europe/Berlin"}
	reports, err := stats.ReadHours(t.Context(), s, q, "")
	if err != nil || len(reports) != 1 || len(reports[0].Hours) != 48 {
		t.Errorf("two days: got %+v, %v", reports, err)
	}
	var text strings.Builder
	q.Days = []string{"2016-10-30"}
	reports, err = stats.ReadHours(t.Context(), s, q, "rules")
	if err := errors.Join(err, stats.NewForms(reports...).WriteTable(&text)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "02:00 +02:00") || !strings.Contains(text.String(), "02:00 +01:00") || strings.Contains(text.String(), "03:00 +") {
		t.Errorf("the day when clocks go back: got %s", text.String())
	}
	if _, err := stats.ReadHours(t.Context(), awayStore{}, q, ""); !errors.Is(err, store.ErrAway) {
		t.Errorf("got %v, want the store to be away", err)
	}
}

// TestHoursWait keeps the hours of two days for a store that is away; the days lose nothing.
func TestHoursWait(t *testing.T) {
	clock := &aClock{at: time.Date(2016, 12, 10, 0, 30, 0, 0, time.UTC)}
	s := newFlaky()
	s.Turn(storetest.Away)
	r := newRecorder(t, config(t.TempDir()), s, stats.Options{Now: clock.now})
	_, v := mail{content: []filter.Result{list("zen", 5)}}.verdicts(t)
	const hours = 4 * 24
	for range hours {
		r.Message(&message.Message{}, v)
		_ = r.Flush(t.Context())
		clock.at = clock.at.Add(time.Hour)
	}
	s.Turn(storetest.Well)
	flush(t, r)
	q := stats.Query{Days: []string{"2016-12-10", "2016-12-11", "2016-12-12", "2016-12-13"}}
	if got := read(t, s, q)[0].Messages.Total; got != hours {
		t.Errorf("got %d messages, want %d", got, hours)
	}
	reports, err := stats.ReadHours(t.Context(), s, q, "")
	if err != nil {
		t.Fatal(err)
	}
	last, first := reports[0].Hours[hours-1], reports[0].Hours[1]
	if last.Messages.Total != 1 || first.Messages.Total != 0 || reports[0].Unhoured.Messages < hours/3 || reports[0].Unhoured.Messages > hours/2 {
		t.Errorf("got %d in the last hour, %d in the second, %d in none", last.Messages.Total, first.Messages.Total, reports[0].Unhoured.Messages)
	}
	for _, h := range reports[0].Hours { // the bound is told of nowhere else
		if n := counters(t, s, h.Hour)["uncounted"]; n != 0 {
			t.Error(fmt.Sprint(h.Hour, ": uncounted ", n))
		}
	}
}
