package page

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"winnow/pkg/stats"
	"winnow/pkg/web"
)

// maxLists bounds the rows of a table of lists; an operator has some 20, and 60 where he tries many.
const maxLists = 500

// A listRow is one list, or the content rules, among others.
type listRow struct {
	stats.Row
	Link   string
	Health *Health
	Budget *stats.Budget
}

// Doubt is how many of its hits were on mail that somebody wants.
func (r *listRow) Doubt(top float64) doubt {
	return doubt{r.Doubtful, r.DoubtfulOf, r.DoubtfulShare, r.DoubtfulLow, r.DoubtfulHigh, top}
}

// CachedShare is what part of its questions winnow's cache answered.
func (r *listRow) CachedShare() string { return stats.PercentOf(r.Cached, r.Asked) }

func listLink(name, query string) string {
	link := "/lists/" + url.PathEscape(name)
	if query != "" {
		link += "?" + query
	}
	return link
}

// rank is the sources by unique hits, then by refusals and hits.
func rank(r *stats.Report, health []Health) (rows []listRow) {
	for _, source := range r.Sources {
		row := listRow{Row: source, Link: listLink(source.Name, "")}
		for i := range health {
			if source.Kind == "list" && health[i].List == source.Name {
				row.Health = &health[i]
			}
		}
		for i := range r.Budgets {
			if source.Kind == "list" && r.Budgets[i].List == source.Name {
				row.Budget = &r.Budgets[i]
			}
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b listRow) int {
		return cmp.Or(cmp.Compare(b.Unique, a.Unique), cmp.Compare(b.Refusals, a.Refusals), cmp.Compare(b.Hits, a.Hits))
	})
	return rows[:min(len(rows), maxLists)]
}

type listsBody struct {
	Report   *stats.Report
	Rows     []listRow
	Most     int64
	DoubtTop float64 // percent
	Entries  []stats.Row
	Linked   bool // rows lead to the pages of lists
}

func (p *Pages) lists(r *http.Request) (shown, error) {
	s := shown{template: "lists", frame: frame{Title: "Lists", Here: "lists"}}
	_, days, err := p.dated(r, &s, 1)
	if err != nil {
		return s, err
	}
	c := s.frame.Chooser
	s.frame.API = "/api/v1/report?" + c.Query()
	s.frame.Lead = c.Words() + ". By unique hits: caught messages that no other source hit."
	reports, err := p.source.Report(r.Context(), days)
	if err != nil {
		return s, err
	}
	s.body = newLists(reports[0], p.source.Health(), true)
	return s, nil
}

func newLists(r *stats.Report, health []Health, linked bool) *listsBody {
	b := &listsBody{Report: r, Rows: rank(r, health), Entries: r.Entries[:min(len(r.Entries), maxLists)], Linked: linked}
	most := 0.0
	for i := range b.Rows {
		most = max(most, b.Rows[i].DoubtfulHigh)
	}
	b.DoubtTop = doubtTop(most)
	if len(b.Rows) > 0 {
		b.Most = b.Rows[0].Unique
	}
	return b
}

// listDays is how many days a list's and a rule's page show where nobody says.
const listDays = 30

type listBody struct {
	Report *stats.ListReport
	Health *Health
	Charts []*chart
	Codes  *codesBody // of all the days; nil where none are known
	Hours  []listHour // of the last of the days, where hours are kept of them
	ByHour *chart
}

// A listHour is what a list did in an hour.
type listHour struct {
	Hour string
	stats.Row
}

// hourDays is of how many days a list's page shows the hours.
const hourDays = 2

func (p *Pages) list(r *http.Request) (shown, error) {
	name := r.PathValue("name")
	s := shown{template: "list", frame: frame{Title: harmless(name, maxCell), Here: "lists"}}
	_, days, err := p.dated(r, &s, listDays)
	if err != nil {
		return s, err
	}
	c := s.frame.Chooser
	report, err := p.source.List(r.Context(), days, name)
	if err != nil {
		return s, err
	}
	s.frame.Title, s.frame.Lead = report.Title, c.Words()
	s.frame.API = "/api/v1/lists/report?" + url.Values{"list": {name}, "from": {c.From}, "to": {c.To}}.Encode()
	b := &listBody{Report: report, Codes: newCodes(report.Codes)}
	for _, h := range p.source.Health() {
		if h.List == name && report.Kind == "list" {
			b.Health = &h
		}
	}
	b.Charts = listCharts(report)
	if err := p.hours(r.Context(), b, c.To); err != nil {
		return s, err
	}
	s.body = b
	return s, nil
}

// hours adds the hours of the last days up to one. Of days long gone there are none.
func (p *Pages) hours(ctx context.Context, b *listBody, last string) error {
	first := stats.Before(last, hourDays-1)[0]
	reports, err := p.source.Hours(ctx, web.Days{From: max(first, b.Report.From), To: last}, b.Report.Name)
	if err != nil {
		return err
	}
	var points []point
	var something int64
	for i := range reports[0].Hours {
		h := &reports[0].Hours[i]
		var row stats.Row
		if len(h.Sources) > 0 {
			row = h.Sources[0]
		}
		something += row.Asked + row.Hits
		b.Hours = append(b.Hours, listHour{hourWords(h.Hour), row})
		points = append(points, point{hourWords(h.Hour), []int64{row.Unique, max(0, row.Hits-row.Unique), row.Errors}})
	}
	if something == 0 {
		b.Hours = nil
		return nil
	}
	b.ByHour = newChart("hours", "Hits and errors by hour", "hits and errors", []legend{{"unique", "c1"}, {"others had it too", "c2"}, {"errors", "c3"}}, points)
	return nil
}

// hourWords writes an hour as people do. What the clock is ahead of UTC stays, for where clocks are set an hour comes twice.
func hourWords(hour string) string {
	day, rest, found := strings.Cut(hour, "T")
	if !found || len(rest) < 2 {
		return hour
	}
	return strings.TrimSpace(day + " " + rest[:2] + ":00 " + strings.TrimSuffix(rest[2:], "Z"))
}

// listCharts shows what a list hit, and what it was asked.
func listCharts(r *stats.ListReport) []*chart {
	var hits, asked []point
	for i := range r.ByDay {
		d := &r.ByDay[i]
		hits = append(hits, point{d.Day, []int64{d.Unique, max(0, d.Hits-d.Unique)}})
		asked = append(asked, point{d.Day, []int64{max(0, d.Asked-d.Cached), d.Cached}})
	}
	return []*chart{
		newChart("hits", "Hits", "hits", []legend{{"unique", "c1"}, {"others had it too", "c2"}}, hits),
		newChart("asked", "Questions", "questions", []legend{{"sent", "c1"}, {"answered by the cache", "c2"}}, asked),
	}
}

// SinceWords tells since when a list is as it is.
func (h *Health) SinceWords() string {
	if h.Since.IsZero() {
		return ""
	}
	return fmt.Sprintf("since %s", h.Since.Format("2006-01-02 15:04"))
}
