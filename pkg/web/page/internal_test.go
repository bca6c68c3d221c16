package page

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"winnow/pkg/stats"
	"winnow/pkg/web"
)

func TestHarmless(t *testing.T) {
	for _, test := range []struct {
		text string
		most int
		want string
	}{
		{"Grüße", 10, "Grüße"},
		{"שלום", 10, "שלום"},
		{"one two", 3, "one…"},
		{"a\u202Eb\u2066c\u200Bd\x00e\nf", 20, "a?b?c?d?e?f"},
		{"a" + strings.Repeat("\u0301", 9) + "b", 20, "a" + strings.Repeat("\u0301", maxMarks) + "b"},
		{"\xff\xfe", 10, "\uFFFD\uFFFD"},
		{"", 10, ""},
	} {
		if got := harmless(test.text, test.most); got != test.want {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
	}
}

func TestNiceTop(t *testing.T) {
	for n, want := range map[int64]int64{0: 1, 1: 1, 2: 2, 3: 4, 9: 10, 10: 10, 11: 20, 99: 100, 34_000: 40_000, 61: 80, math.MaxInt64: math.MaxInt64} {
		if got := niceTop(n); got != want {
			t.Errorf("%d: got %d, want %d", n, got, want)
		}
	}
}

func TestDayWords(t *testing.T) {
	for _, test := range [][3]string{
		{"2016-12-14", "2016-12-14", "Wednesday, 14 December 2016"}, {"2016-12-01", "2016-12-14", "1 – 14 December 2016"},
		{"2016-11-30", "2016-12-14", "30 November – 14 December 2016"}, {"2015-12-31", "2016-01-01", "31 December 2015 – 1 January 2016"},
	} {
		if got := dayWords(test[0], test[1]); got != test[2] {
			t.Errorf("%s to %s: got %s", test[0], test[1], got)
		}
	}
	for hour, want := range map[string]string{"2016-12-14T09Z": "2016-12-14 09:00", "2016-10-30T02+02:00": "2016-10-30 02:00 +02:00", "odd": "odd"} {
		if got := hourWords(hour); got != want {
			t.Errorf("%s: got %s", hour, got)
		}
	}
}

type aSource struct{ Source }

func (aSource) Version() string { return "1.2.3" }

func (aSource) Now() time.Time { return time.Date(2016, 12, 14, 17, 30, 0, 0, time.UTC) }

func TestChooser(t *testing.T) {
	for _, test := range []struct{ question, from, to, before, behind string }{
		{"", "2016-12-14", "2016-12-14", "/x?day=2016-12-13", ""},
		{"day=yesterday", "2016-12-13", "2016-12-13", "/x?day=2016-12-12", "/x?day=2016-12-14"},
		{"from=2016-12-01&to=2016-12-07", "2016-12-01", "2016-12-07", "/x?from=2016-11-24&to=2016-11-30", "/x?from=2016-12-08&to=2016-12-14"},
		{"from=2016-12-08&to=2016-12-12", "2016-12-08", "2016-12-12", "/x?from=2016-12-03&to=2016-12-07", "/x?from=2016-12-13&to=2016-12-14"},
	} {
		q, err := url.ParseQuery(test.question)
		if err != nil {
			t.Fatal(err)
		}
		days, c, err := (&Pages{source: aSource{}}).choose("/x", q, 1)
		if err != nil || days != (web.Days{From: test.from, To: test.to}) || c.Before != test.before || c.Behind != test.behind {
			t.Errorf("%q: got %+v, %q, %q, %v", test.question, days, c.Before, c.Behind, err)
		}
	}
}

// Whatever the figures are, the picture stays in its frame, labels do not cover each other, and what is more than nothing shows.
func TestFlowFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := func(name string) int64 {
			return rapid.Int64Range(0, 1<<rapid.IntRange(0, 40).Draw(t, name)).Draw(t, name)
		}
		r := &stats.Report{}
		r.Connections.Accepted = n("accepted")
		r.Connections.Total = r.Connections.Accepted
		for i := range rapid.IntRange(0, 12).Draw(t, "lists") {
			count := n("refusals")
			r.Connections.Refused = append(r.Connections.Refused, stats.Refusal{List: "l", Title: fmt.Sprint("list ", i), Count: count})
			r.Connections.Total += count
		}
		m := &r.Messages
		m.Whitelisted, m.Blacklisted, m.TooLarge, m.NotEnabled, m.Scanned = n("white"), n("black"), n("large"), n("not"), n("scanned")
		m.Total = m.Whitelisted + m.Blacklisted + m.TooLarge + m.NotEnabled + m.Scanned
		m.Caught = rapid.Int64Range(0, m.Scanned).Draw(t, "caught")
		m.Delivered = m.Total - m.Blacklisted - m.Caught
		f := newFlow(r)
		for _, node := range f.Nodes {
			y, h := number(t, node.Y), number(t, node.H)
			if h <= 0 || y < flowTop-0.1 || y+h > flowTop+flowHeight+0.2 {
				t.Errorf("a node from %g, %g high, is not in the frame", y, h)
			}
		}
		last := map[string]float64{}
		for _, label := range f.Labels {
			y := number(t, label.Y)
			if before, ok := last[label.X]; ok && y-before < 30 {
				t.Errorf("labels at %g and %g cover each other", before, y)
			}
			last[label.X] = y
			if y < flowTop-8 || number(t, label.Y2) > 380 {
				t.Errorf("%s at %g is not in the picture", label.Name, y)
			}
		}
		for _, ribbon := range f.Ribbons {
			if strings.Contains(ribbon.Path, "NaN") || strings.Contains(ribbon.Path, "Inf") {
				t.Errorf("a ribbon goes %s", ribbon.Path)
			}
		}
	})
}

func number(t *rapid.T, text string) float64 {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRulesArePaged(t *testing.T) {
	var rules []stats.RuleRow
	for i := range 250 {
		rules = append(rules, stats.RuleRow{Name: fmt.Sprintf("RULE_%03d", i), Hits: int64(250 - i), Delivered: int64(i % 3)})
	}
	for _, test := range []struct {
		question, first string
		rows, pages     int
	}{
		{"", "RULE_000", 100, 3}, {"page=3", "RULE_200", 50, 3}, {"page=99", "RULE_200", 50, 3}, {"page=-1", "RULE_000", 100, 3}, {"page=x", "RULE_000", 100, 3},
		{"q=rule_24", "RULE_240", 10, 1}, {"q=nothing", "", 0, 1}, {"sort=name", "RULE_000", 100, 3}, {"sort=share", "RULE_248", 100, 3}, {"sort=odd", "RULE_000", 100, 3},
	} {
		q, err := url.ParseQuery(test.question)
		if err != nil {
			t.Fatal(err)
		}
		b := newRules(rules, q, "day=today")
		first := ""
		if len(b.Rows) > 0 {
			first = b.Rows[0].Name
		}
		if first != test.first || len(b.Rows) != test.rows || b.Pages != test.pages {
			t.Errorf("%q: got %s first of %d rows on %d pages", test.question, first, len(b.Rows), b.Pages)
		}
	}
}

// A site may have more sources than a matrix can show: those that hit most are there, in their order.
func TestMatrixIsBounded(t *testing.T) {
	s := &stats.Sets{Unit: "messages", ToldApart: 1}
	for i := range 100 {
		s.Sources = append(s.Sources, stats.SetSource{Name: fmt.Sprint(i), Hits: int64(i)})
		s.Overlap = append(s.Overlap, make([]int64, 100))
	}
	h := newHalf("caught", "Caught", s)
	if len(h.Rows) != maxMatrix || h.Hidden != 40 || h.Rows[0].Name != "40" || h.Rows[59].Name != "99" || len(h.Rows[0].Cells) != maxMatrix {
		t.Errorf("got %d rows from %s, %d hidden", len(h.Rows), h.Rows[0].Name, h.Hidden)
	}
}

// What does not balance, and what is not well, is said on top; one remedy is said once.
func TestWarnings(t *testing.T) {
	r := &stats.Report{Connections: stats.Connections{Total: 2, Accepted: 1}, Uncounted: 3, Unrecorded: 1, Uncopied: 1, Unfinished: 2, Failed: []stats.Count{{Name: "uribl", Count: 2}}}
	r.Budgets = []stats.Budget{{Title: "A", Allowed: 10, Sent: 9, Forecast: 9, Percent: 90, Warn: true}, {Title: "B", Allowed: 10, Sent: 9, Forecast: 9, Percent: 90, Warn: true}, {Title: "C"}}
	got := fmt.Sprintf("%q", warnings(r, []Health{{Title: "Zen", State: "down", Why: "no answer"}, {Title: "URIBL", State: "ok"}}))
	for _, want := range []string{"does not balance: connections = refused + accepted: 2 against 1", "Zen is down", "stage uribl", "3 figures", "1 decision", "1 copy of a message could not be kept", "killed 2 times"} {
		if !strings.Contains(strings.ToLower(got), strings.ToLower(want)) {
			t.Errorf("%q is not in %s", want, got)
		}
	}
	if strings.Count(got, "subscribe") != 1 || strings.Contains(got, "URIBL is") || strings.Contains(got, "budget of C") {
		t.Errorf("got %s", got)
	}
}

// Who comes when too many are looking gets a page, not what a program reads.
func TestBusy(t *testing.T) {
	w := httptest.NewRecorder()
	New(aSource{}).Busy(w, httptest.NewRequest(http.MethodGet, "/lists", nil))
	if text := w.Body.String(); w.Code != http.StatusServiceUnavailable || !strings.Contains(text, "<h1><bdi>Too much is asked") || !strings.Contains(text, "Load this page again") {
		t.Errorf("got %d %s", w.Code, text)
	}
}
