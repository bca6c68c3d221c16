package stats

import (
	"context"
	"errors"
	"fmt"
)

// A ListReport is one list over its days. The content rules have one, too, under RulesName.
type ListReport struct {
	Span
	Name  string `json:"name"`
	Title string `json:"title"`
	Kind  string `json:"kind"`
	Codes
	Sum   Row      `json:"sum"`    // of all days
	ByDay []DayRow `json:"by_day"` // oldest first, days without a figure too
}

// A DayRow is the figures of one day.
type DayRow struct {
	Day string `json:"day"`
	Row
}

// ErrNoSuchList is what the error of ReadList wraps where nothing is known under a name.
var ErrNoSuchList = errors.New("no such list")

// ReadList reads back what one list did on each of the days.
func ReadList(ctx context.Context, s Store, q Query, name string) (*ListReport, error) {
	q.PerDay = true
	spans, err := readSpans(ctx, s, q)
	if err != nil {
		return nil, err
	}
	of, title, known := q.sourceOf(name)
	r := &ListReport{Span: q.span(), Name: name, Title: title, Kind: kindNames[of.kind]}
	var sum row
	codes := map[string]*codeCounts{}
	for _, span := range spans {
		addCodes(codes, name, span.counters)
		figures := rowOf(of, span.counters)
		for f := range sum {
			sum[f] += figures[f]
		}
		r.ByDay = append(r.ByDay, DayRow{span.From, newRow(of, r.Title, &figures)})
	}
	if sum == (row{}) && !known {
		return nil, fmt.Errorf("%q: %w", name, ErrNoSuchList)
	}
	r.Sum = newRow(of, r.Title, &sum)
	r.Codes = newCodes(codes, sum[hits], q.meanings(name))
	return r, nil
}

// rowOf finds the figures of one source.
func rowOf(of source, counters map[string]int64) (r row) {
	for f := range r {
		r[f] = counters[of.counter(figure(f))]
	}
	return r
}

func (r *ListReport) lines() (all []datedLine) {
	for i := range r.ByDay {
		day := &r.ByDay[i]
		all = append(all, dated(Span{From: day.Day, To: day.Day}, rowFigures([]Row{day.Row}))...)
	}
	return append(all, dated(r.Span, r.Codes.lines(r.Name))...)
}

func (r *ListReport) text() string {
	var rows []labelled[Row]
	for i := range r.ByDay {
		rows = append(rows, labelled[Row]{r.ByDay[i].Day, &r.ByDay[i].Row})
	}
	if len(rows) > 1 {
		rows = append(rows, labelled[Row]{"together", &r.Sum})
	}
	return r.Title + "\n\n" + tableOf("day", rows, rowColumns, shownOfSource...) + "\n" + r.Codes.text()
}
