package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"winnow/pkg/stats"
)

// A table is rows of words under a header, aligned.
type table struct{ rows [][]string }

func newTable(header ...string) *table { return &table{rows: [][]string{header}} }

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// print writes the table. What stands in a cell may come from a mail: control characters do not reach the terminal, and some
// letters are two columns wide there, or none. What stands last in a row needs no room behind it.
func (t *table) print(out io.Writer) error {
	var widths []int
	for n, row := range t.rows {
		for len(row) > 0 && row[len(row)-1] == "" {
			row = row[:len(row)-1]
		}
		t.rows[n] = row
		for i := range row {
			row[i] = stats.Printable(row[i])
			if i < len(row)-1 {
				widths = append(widths, make([]int, max(0, i+1-len(widths)))...)
				widths[i] = max(widths[i], text.StringWidth(row[i]))
			}
		}
	}
	for _, row := range t.rows {
		var b strings.Builder
		for i, cell := range row {
			b.WriteString(cell)
			if i < len(row)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]+2-text.StringWidth(cell)))
			}
		}
		if _, err := fmt.Fprintln(out, b.String()); err != nil {
			return err
		}
	}
	return nil
}
