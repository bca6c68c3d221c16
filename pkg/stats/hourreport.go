package stats

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"winnow/pkg/filter"
)

// An HourReport is the funnel and the sources hour by hour, or one source. Hours are kept for two weeks.
type HourReport struct {
	Span
	List     string `json:"list"`     // the one source that it is about; "" for all
	Title    string `json:"title"`    // what a reader knows that as
	Unhoured Rest   `json:"unhoured"` // what these days have, and none of the hours
	Hours    []Hour `json:"hours"`    // 24 a day, 23 or 25 where clocks are set, of today those that have begun
}

// Rest is what was counted before hours were, in hours that are no longer kept, or in such as a store that was away for longer
// than two days was not told of: see maxHours.
type Rest struct {
	Connections int64 `json:"connections"`
	Messages    int64 `json:"messages"`
}

// An Hour is the account of one hour.
type Hour struct {
	Hour        string      `json:"hour"` // 2016-12-14T09+01:00: with what the clock is ahead of UTC
	Connections Connections `json:"connections"`
	Messages    Messages    `json:"messages"`
	Errors      int64       `json:"errors"` // connections and messages decided while an answer was missing
	Sources     []Row       `json:"sources"`
}

// MaxHourDays bounds the days of an HourReport: as many as there are hours of, and today.
const MaxHourDays = 15

// ErrHourDays is what the error of ReadHours wraps where it is asked about too many days.
var ErrHourDays = errors.New("too many days")

// ReadHours reads back the hours of days; of one source where a name is given.
func ReadHours(ctx context.Context, s Store, q Query, name string) ([]*HourReport, error) {
	if len(q.Days) > MaxHourDays {
		return nil, fmt.Errorf("%d days by hour: %w: hours are kept for two weeks, ask for %d days or fewer", len(q.Days), ErrHourDays, MaxHourDays)
	}
	spans, err := readSpans(ctx, s, q)
	if err != nil {
		return nil, err
	}
	zone := q.Now.Location()
	if q.Now.IsZero() {
		if zone, err = time.LoadLocation(q.zone()); err != nil {
			return nil, fmt.Errorf("account: %w", err)
		}
	}
	of, title, known := source{}, "", true
	if name != "" {
		of, title, known = q.sourceOf(name)
	}
	days := q.Days
	var reports []*HourReport
	for _, span := range spans {
		r := &HourReport{Span: span.Span, List: name, Title: title, Hours: []Hour{}}
		if err := r.read(ctx, s, q, days[:span.Days], zone); err != nil {
			return nil, err
		}
		days = days[span.Days:]
		r.Unhoured = r.rest(span.counters)
		known = known || rowOf(of, span.counters) != row{}
		r.narrow(of)
		reports = append(reports, r)
	}
	if !known {
		return nil, fmt.Errorf("%q: %w", name, ErrNoSuchList)
	}
	return reports, nil
}

// read reads the hours of days that have begun.
func (r *HourReport) read(ctx context.Context, s Store, q Query, days []string, zone *time.Location) error {
	var names []string
	for _, day := range days {
		for _, hour := range hoursOf(day, zone) {
			if at, err := time.Parse(hourFormat, hour); err == nil && !q.Now.IsZero() && at.After(q.Now) {
				break
			}
			names = append(names, hour)
		}
	}
	byHour, err := s.Counters(ctx, names)
	if err != nil {
		return fmt.Errorf("account: %w", err)
	}
	for _, hour := range names {
		of := newReport(Query{Lists: q.Lists}, counted{Span{From: hour, To: hour}, byHour[hour]})
		r.Hours = append(r.Hours, Hour{hour, of.Connections, of.Messages, of.Errors, of.Sources})
	}
	return nil
}

// rest is what the days have more than their hours.
func (r *HourReport) rest(ofDays map[string]int64) Rest {
	rest := Rest{ofDays[totalNames[connections]], ofDays[totalNames[messages]]}
	for i := range r.Hours {
		rest.Connections -= r.Hours[i].Connections.Total
		rest.Messages -= r.Hours[i].Messages.Total
	}
	return Rest{max(0, rest.Connections), max(0, rest.Messages)}
}

// narrow leaves one source in each hour.
func (r *HourReport) narrow(of source) {
	if r.List == "" {
		return
	}
	for i := range r.Hours {
		h := &r.Hours[i]
		if at := h.at(of); at >= 0 {
			h.Sources = h.Sources[at : at+1]
		} else {
			h.Sources = []Row{newRow(of, r.Title, new(row))}
		}
	}
}

// at finds a source.
func (h *Hour) at(of source) int {
	return slices.IndexFunc(h.Sources, func(r Row) bool { return r.Name == of.name && r.Kind == kindNames[of.kind] })
}

// sourceOf finds what a name stands for: a list, or the content rules as a whole. A list that is not known may have been
// counted when it was.
func (q *Query) sourceOf(name string) (of source, title string, known bool) {
	for _, l := range q.Lists {
		if l.Name == name {
			return source{filter.List, name}, l.title(), true
		}
	}
	if name == RulesName {
		return source{filter.Rules, RulesName}, "content rules", true
	}
	return source{filter.List, name}, name, false
}

// meanings are what a list's codes stand for.
func (q *Query) meanings(list string) []Meaning {
	for i := range q.Lists {
		if q.Lists[i].Name == list {
			return q.Lists[i].Meanings
		}
	}
	return nil
}

func (r *HourReport) lines() (all []datedLine) {
	for i := range r.Hours {
		h := &r.Hours[i]
		of := Span{From: h.Hour, To: h.Hour}
		if r.List == "" {
			all = append(all, dated(of, funnelFigures(&h.Connections, &h.Messages))...)
			all = append(all, datedLine{of.From, of.To, line{"faults", "", "errors", float64(h.Errors)}})
		}
		all = append(all, dated(of, rowFigures(h.Sources))...)
	}
	rest := []line{{"unhoured", "", "connections", float64(r.Unhoured.Connections)}, {"unhoured", "", "messages", float64(r.Unhoured.Messages)}}
	return append(all, dated(r.Span, rest)...)
}

func (r *HourReport) text() string {
	var b strings.Builder
	labels := r.labels()
	if r.List != "" {
		rows := make([]labelled[Row], len(r.Hours))
		for i := range r.Hours {
			rows[i] = labelled[Row]{labels[i], &r.Hours[i].Sources[0]}
		}
		b.WriteString(r.Title + "\n\n" + tableOf("hour", rows, rowColumns, shownOfSource...) + "\n")
	} else {
		b.WriteString(r.funnel(labels) + "\n" + r.failures(labels))
	}
	if r.Unhoured != (Rest{}) {
		fmt.Fprintf(&b, "\nin no hour: %s connections, %s messages (counted before hours were, in hours no longer kept, or while the store was away for days)\n",
			number(float64(r.Unhoured.Connections)), number(float64(r.Unhoured.Messages)))
	}
	return b.String()
}

// labels name the hours to a reader: the day where there are several, and what the clock is ahead of UTC where the day has
// two of that number.
func (r *HourReport) labels() []string {
	times := map[string]int{}
	for i := range r.Hours {
		times[r.Hours[i].Hour[:len("2016-12-14T09")]]++
	}
	labels := make([]string, len(r.Hours))
	for i := range r.Hours {
		day, hour, _ := strings.Cut(r.Hours[i].Hour, "T")
		labels[i] = hour[:2] + ":00"
		if times[day+"T"+hour[:2]] > 1 {
			labels[i] += " " + hour[2:]
		}
		if r.From != r.To {
			labels[i] = day + " " + labels[i]
		}
	}
	return labels
}

func (r *HourReport) funnel(labels []string) string {
	rows := make([]table.Row, len(r.Hours))
	for i := range r.Hours {
		c, m := &r.Hours[i].Connections, &r.Hours[i].Messages
		rows[i] = table.Row{labels[i]}
		for _, n := range []int64{
			c.Total, c.Total - c.Accepted - c.RefusedByError, c.RefusedByError, c.Accepted, m.Total, m.Scanned, m.Caught, m.Delivered, r.Hours[i].Errors,
		} {
			rows[i] = append(rows[i], number(float64(n)))
		}
	}
	return render(rows, table.Row{"hour", "connections", "refused", "by error", "accepted", "messages", "scanned", "caught", "delivered", "incomplete"})
}

// failures shows when lists did not answer: only those that did not, only hours that have some.
func (r *HourReport) failures(labels []string) string {
	var lists []source
	header := table.Row{"hour"}
	for i := range r.Hours {
		for _, row := range r.Hours[i].Sources {
			of := source{filter.List, row.Name}
			if row.Kind == kindNames[filter.List] && row.failures() > 0 && !slices.Contains(lists, of) {
				lists, header = append(lists, of), append(header, row.Title)
			}
		}
	}
	var rows []table.Row
	for i := range r.Hours {
		cells, all := table.Row{labels[i]}, int64(0)
		for _, of := range lists {
			n := int64(0)
			if at := r.Hours[i].at(of); at >= 0 {
				n = r.Hours[i].Sources[at].failures()
			}
			cells, all = append(cells, number(float64(n))), all+n
		}
		if all > 0 {
			rows = append(rows, cells)
		}
	}
	if len(rows) == 0 {
		return ""
	}
	return "\nlists that could not answer or declined to: connections and messages\n\n" + render(rows, header) + "\n"
}

// failures is of how many connections and messages it said nothing that could be used.
func (r *Row) failures() int64 { return r.Errors + r.Refused + r.Bogus }
