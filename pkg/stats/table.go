package stats

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// A column is one figure of rows of a kind, in the table and in CSV.
type column[R any] struct {
	name   string // in CSV
	header string // in the table; "" is not shown there
	of     func(*R) float64
	format func(float64) string
	known  func(*R) bool // whether there is anything that it could be said of; nil is always
}

// A labelled is a row under the name that it has in a table.
type labelled[R any] struct {
	label string
	row   *R
}

// tableOf shows rows with the columns that are always shown and those that have something to show: a figure, or a 0 that is
// known, such as the share that none of some hits is.
func tableOf[R any](what string, rows []labelled[R], columns []column[R], always ...string) string {
	header, body := table.Row{what}, make([]table.Row, len(rows))
	for i := range rows {
		body[i] = table.Row{rows[i].label}
	}
	for _, c := range columns {
		some := slices.Contains(always, c.name) || slices.ContainsFunc(rows, func(r labelled[R]) bool { return c.of(r.row) != 0 || c.known != nil && c.known(r.row) })
		if c.header == "" || !some {
			continue
		}
		header = append(header, c.header)
		for i := range rows {
			cell := ""
			if c.known == nil || c.known(rows[i].row) {
				cell = c.format(c.of(rows[i].row))
			}
			body[i] = append(body[i], cell)
		}
	}
	return render(body, header)
}

// figuresOf is a row figure by figure.
func figuresOf[R any](section, name string, row *R, columns []column[R]) []line {
	all := make([]line, len(columns))
	for i, c := range columns {
		all[i] = line{section, name, c.name, c.of(row)}
	}
	return all
}

// render aligns rows: the first column left, numbers right.
func render(rows []table.Row, header table.Row) string {
	t := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Format.Header = text.FormatDefault
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	columns := len(header)
	if header != nil {
		t.AppendHeader(header)
	}
	for _, r := range rows {
		columns = max(columns, len(r))
	}
	var configs []table.ColumnConfig
	for n := 2; n <= columns; n++ {
		configs = append(configs, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(configs)
	t.AppendRows(rows)
	return t.Render()
}

// number writes a whole number with its thousands parted: 6,680,134.
func number(f float64) string {
	s := strconv.FormatInt(int64(f), 10)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

func millis(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) + " ms" }

func percents(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) + " %" }

// percent writes what part of a whole n is, nothing where there is no whole.
func percent(n, of int64) string {
	if of == 0 {
		return ""
	}
	return strconv.FormatFloat(100*float64(n)/float64(of), 'f', 1, 64) + " %"
}

// Printable keeps the control characters of a text that may come from a mail from the terminal.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
