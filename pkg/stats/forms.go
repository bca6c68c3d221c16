package stats

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
)

// Forms writes reports of one kind in the three forms that all have the same figures.
type Forms[R any] struct {
	reports []R
	span    func(R) span
	lines   func(R) []datedLine
	text    func(R) string // without its title
}

// A datedLine is one figure, and of which days it is.
type datedLine struct {
	from, to string
	line
}

func dated(from, to string, lines []line) []datedLine {
	all := make([]datedLine, len(lines))
	for i, l := range lines {
		all[i] = datedLine{from, to, l}
	}
	return all
}

// SetForms writes which sources hit together.
func SetForms(reports []*SetReport) *Forms[*SetReport] {
	return &Forms[*SetReport]{
		reports: reports, text: (*SetReport).text,
		span:  func(r *SetReport) span { return span{from: r.From, to: r.To, days: r.Days, zone: r.Zone} },
		lines: func(r *SetReport) []datedLine { return dated(r.From, r.To, r.lines()) },
	}
}

// WithoutForms writes what would have been missed.
func WithoutForms(reports []*WithoutReport) *Forms[*WithoutReport] {
	return &Forms[*WithoutReport]{
		reports: reports, text: (*WithoutReport).text,
		span:  func(r *WithoutReport) span { return span{from: r.From, to: r.To, days: r.Days, zone: r.Zone} },
		lines: func(r *WithoutReport) []datedLine { return dated(r.From, r.To, r.lines()) },
	}
}

// KeepForms writes the fewest lists that keep a share.
func KeepForms(reports []*KeepReport) *Forms[*KeepReport] {
	return &Forms[*KeepReport]{
		reports: reports, text: (*KeepReport).text,
		span:  func(r *KeepReport) span { return span{from: r.From, to: r.To, days: r.Days, zone: r.Zone} },
		lines: func(r *KeepReport) []datedLine { return dated(r.From, r.To, r.lines()) },
	}
}

// ListForms writes one list over its days.
func ListForms(reports []*ListReport) *Forms[*ListReport] {
	return &Forms[*ListReport]{
		reports: reports, text: (*ListReport).text, lines: (*ListReport).lines,
		span: func(r *ListReport) span { return span{from: r.From, to: r.To, days: r.Days, zone: r.Zone} },
	}
}

// ComparisonForms writes two reports side by side.
func ComparisonForms(reports []*Comparison) *Forms[*Comparison] {
	return &Forms[*Comparison]{
		reports: reports, text: (*Comparison).text, lines: (*Comparison).lines,
		span: func(c *Comparison) span {
			return span{from: c.After.From, to: c.After.To, days: c.After.Days, zone: c.Zone}
		},
	}
}

// WriteJSON writes the reports as one array. Field names are those of their type.
func (f *Forms[R]) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(f.reports)
}

// WriteCSV writes the reports with one figure a line, in the columns of the function WriteCSV.
func (f *Forms[R]) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write([]string{"from", "to", "section", "name", "figure", "value"})
	for _, r := range f.reports {
		for _, l := range f.lines(r) {
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
		of := f.span(r)
		title := Report{From: of.from, To: of.to, Days: of.days, Zone: of.zone}
		b.WriteString(title.title() + "\n\n" + f.text(r))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
