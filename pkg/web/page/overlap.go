package page

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"winnow/pkg/stats"
)

const (
	maxMatrix = 60   // sources of a matrix: those that hit most
	maxSets   = 25   // sets of sources
	usualKeep = 99.5 // percent
	maxNames  = 100  // lists left out at once
)

type overlapBody struct {
	Halves  []overlapHalf
	Names   []pick // the lists that may be left out
	Without *stats.WithoutReport
	Keep    *stats.KeepReport
	KeepAt  string
	Query   [][2]string // the days, for forms
}

// A pick is a list with a box to check.
type pick struct {
	Name, Title string
	Checked     bool
}

// An overlapHalf is one of both kinds of sets.
type overlapHalf struct {
	ID, Title, Unit string
	Sets            *stats.Sets
	Columns         []stats.SetSource
	Rows            []matrixRow
	Hidden          int // sources without a row
	Together        []stats.Together
	More            int // sets that are not shown
}

type matrixRow struct {
	stats.SetSource
	Cells []matrixCell
}

// A matrixCell is how many of what the row hit the column hit, too.
type matrixCell struct {
	N     int64
	Share string // of what the row hit
	Heat  int    // 0 to 10
	Self  bool
	Tip   string
}

func (p *Pages) overlap(r *http.Request) (shown, error) {
	s := shown{template: "overlap", frame: frame{Title: "Overlap", Here: "overlap"}}
	q, days, err := p.dated(r, &s, 1, "without...", "keep")
	if err != nil {
		return s, err
	}
	c := s.frame.Chooser
	s.frame.API = "/api/v1/sets?" + c.Query()
	s.frame.Lead = c.Words() + ". Which sources hit the same messages, and what would have been missed without some."
	sets, err := p.source.Sets(r.Context(), days)
	if err != nil {
		return s, err
	}
	body := newOverlap(sets[0])
	body.Query = [][2]string{{"from", c.From}, {"to", c.To}}
	s.body = body
	return s, body.ask(sets[0], q["without"], q.Get("keep"))
}

// ask fills in what follows from leaving lists out.
func (b *overlapBody) ask(sets *stats.SetReport, without []string, keep string) error {
	for i := range b.Names {
		b.Names[i].Checked = slices.Contains(without, b.Names[i].Name)
	}
	if len(without) > maxNames {
		return &problem{http.StatusBadRequest, "These are too many lists", fmt.Sprintf("Leave out up to %d at once.", maxNames)}
	}
	for _, name := range without {
		if !sets.Caught.Knows(name) && !sets.Refused.Knows(name) {
			return &problem{http.StatusBadRequest, "There is no such list", fmt.Sprintf("No enabled list is named %.40q, and none was counted under it. Choose from the page Overlap.", name)}
		}
	}
	if len(without) > 0 {
		b.Without = sets.Without(without)
	}
	if b.KeepAt = keep; keep == "" {
		b.KeepAt = strconv.FormatFloat(usualKeep, 'f', -1, 64)
		return nil
	}
	percent, err := strconv.ParseFloat(strings.TrimSpace(keep), 64)
	if err != nil || !(percent > 0 && percent <= 100) {
		return &problem{http.StatusBadRequest, "This share cannot be kept", "Write how much of the catch is to be kept, in percent: above 0 and up to 100."}
	}
	b.Keep = sets.Keep(percent)
	return nil
}

func newOverlap(r *stats.SetReport) *overlapBody {
	b := &overlapBody{Halves: []overlapHalf{
		newHalf("caught", "Caught messages", &r.Caught), newHalf("refused", "Refused connections", &r.Refused),
	}}
	for _, half := range []*stats.Sets{&r.Caught, &r.Refused} {
		for _, source := range half.Sources {
			known := slices.ContainsFunc(b.Names, func(p pick) bool { return p.Name == source.Name })
			if source.Kind == "list" && !known && len(b.Names) < maxNames {
				b.Names = append(b.Names, pick{Name: source.Name, Title: source.Title})
			}
		}
	}
	return b
}

func newHalf(id, title string, s *stats.Sets) overlapHalf {
	h := overlapHalf{ID: id, Title: title, Unit: s.Unit, Sets: s}
	h.Together = s.Sets[:min(len(s.Sets), maxSets)]
	h.More = len(s.Sets) - len(h.Together)
	at := make([]int, len(s.Sources))
	for i := range at {
		at[i] = i
	}
	if len(at) > maxMatrix {
		slices.SortStableFunc(at, func(a, b int) int { return cmp.Compare(s.Sources[b].Hits, s.Sources[a].Hits) })
		at = at[:maxMatrix]
		slices.Sort(at)
		h.Hidden = len(s.Sources) - len(at)
	}
	for _, i := range at {
		h.Columns = append(h.Columns, s.Sources[i])
		row := matrixRow{SetSource: s.Sources[i]}
		for _, j := range at {
			n, of := s.Overlap[i][j], s.Sources[i].Hits
			cell := matrixCell{N: n, Share: wholePercent(n, of), Self: i == j}
			if of > 0 {
				cell.Heat = int(10 * n / of)
			}
			cell.Tip = fmt.Sprintf("%s that %s hit, %s hit, too", plural(n, strings.TrimSuffix(s.Unit, "s"), s.Unit), s.Sources[i].Title, s.Sources[j].Title)
			row.Cells = append(row.Cells, cell)
		}
		h.Rows = append(h.Rows, row)
	}
	return h
}

// wholePercent is short enough for a matrix.
func wholePercent(n, of int64) string {
	switch {
	case n == 0 || of == 0:
		return "–"
	case 100*n < of:
		return "<1"
	}
	return strconv.FormatInt(100*n/of, 10)
}
