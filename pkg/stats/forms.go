package stats

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Forms writes reports of one kind, whichever, in the three forms that all have the same figures: a table for people to
// read, JSON, and CSV.
type Forms[R form] struct{ reports []R }

// A form is a report that can be written. The days of its figures need not be those it is on: a report on one list has
// a figure for each day.
type form interface {
	span() Span         // its days
	lines() []datedLine // each figure, in the order of CSV
	text() string       // what the table shows below the title
}

// A line is one figure.
type line struct {
	section, name, figure string
	value                 float64
}

// A datedLine is one figure, and of which days it is.
type datedLine struct {
	from, to string
	line
}

// dated has figures be of the days of a report.
func dated(of Span, lines []line) []datedLine {
	all := make([]datedLine, len(lines))
	for i, l := range lines {
		all[i] = datedLine{of.From, of.To, l}
	}
	return all
}

// NewForms is how reports are written: *Report, *RuleReport, *SetReport and all others of this package.
func NewForms[R form](reports ...R) *Forms[R] { return &Forms[R]{reports} }

// WriteJSON writes the reports as one array. Field names and units are those of their type.
func (f *Forms[R]) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(f.reports)
}

// WriteCSV writes the reports with one figure a line, which is what spreadsheets pivot and databases load: the days, what
// the figure is of, its name, its value, which is always a number.
func (f *Forms[R]) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write([]string{"from", "to", "section", "name", "figure", "value"})
	for _, r := range f.reports {
		for _, l := range r.lines() {
			c.Write([]string{l.from, l.to, l.section, l.name, l.figure, strconv.FormatFloat(l.value, 'f', -1, 64)})
		}
	}
	c.Flush()
	return c.Error()
}

// WriteTable writes the reports for people to read.
func (f *Forms[R]) WriteTable(w io.Writer) error {
	var b strings.Builder
	for i, r := range f.reports {
		if i > 0 {
			b.WriteString("\n\n")
		}
		b.WriteString(r.span().title() + "\n\n" + r.text())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// A Span is the days that a report is on.
type Span struct {
	From string `json:"from"` // the first day
	To   string `json:"to"`   // the last
	Days int    `json:"days"`
	Zone string `json:"time_zone"` // whose days they are
}

func (s Span) span() Span { return s }

// title names the days and whose they are.
func (s Span) title() string {
	if s.From != s.To {
		return fmt.Sprintf("%s to %s, %d days (%s)", s.From, s.To, s.Days, s.Zone)
	}
	if day, err := time.Parse(time.DateOnly, s.From); err == nil {
		return fmt.Sprintf("%s %s (%s)", day.Weekday(), s.From, s.Zone)
	}
	return s.From
}
