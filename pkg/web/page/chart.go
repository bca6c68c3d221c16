package page

import (
	"fmt"
	"math"

	"winnow/pkg/stats"
)

// A chart is figures over time as bars, each of one or several parts, the first at the foot.
type chart struct {
	ID, Title, Words string
	Legend           []legend
	Bars             []chartBar
	Ticks            []string // at the side, from the top
	Marks            []string // below, from the left
	Width            int      // of the picture, whose height is 100
}

type legend struct{ Name, Class string }

type chartBar struct {
	X, W  string
	Parts []chartPart
	Tip   string
}

type chartPart struct{ Y, H, Class string }

// A point is one place on the time axis.
type point struct {
	name   string
	values []int64 // for each part
}

const barRoom = 10 // units of a bar and the gap behind it

// newChart draws points. unit is what is counted, in the plural.
func newChart(id, title, unit string, parts []legend, points []point) *chart {
	c := &chart{ID: id, Title: title, Legend: parts, Width: barRoom * len(points)}
	most := int64(0)
	for _, p := range points {
		most = max(most, sum(p.values))
	}
	top := niceTop(most)
	c.Ticks = []string{stats.Number(top), stats.Number(top / 2), "0"}
	if top%2 == 1 {
		c.Ticks = []string{stats.Number(top), "0"}
	}
	for i, p := range points {
		b := chartBar{X: units(float64(barRoom*i) + 1.2), W: units(barRoom - 2.4), Tip: p.name}
		foot := 100.0
		for j, n := range p.values {
			b.Tip += fmt.Sprintf("; %s %s", parts[j].Name, stats.Number(n))
			if n <= 0 {
				continue
			}
			height := max(0.6, 100*float64(n)/float64(top))
			foot -= height
			b.Parts = append(b.Parts, chartPart{Y: units(max(0, foot)), H: units(height), Class: parts[j].Class})
		}
		c.Bars = append(c.Bars, b)
	}
	if len(points) > 0 {
		c.Marks = marks(points)
		c.Words = fmt.Sprintf("%s, from %s to %s; at most %s %s. The table below has each figure.",
			title, points[0].name, points[len(points)-1].name, stats.Number(most), unit)
	}
	return c
}

func marks(points []point) []string {
	switch n := len(points); {
	case n == 1:
		return []string{points[0].name}
	case n < 5:
		return []string{points[0].name, points[n-1].name}
	default:
		return []string{points[0].name, points[n/2].name, points[n-1].name}
	}
}

func sum(all []int64) (n int64) {
	for _, v := range all {
		n += v
	}
	return n
}

// niceTop is the next round number, for the upper end of an axis.
func niceTop(n int64) int64 {
	for step := int64(1); step <= math.MaxInt64/10; step *= 10 {
		for _, round := range []int64{1, 2, 4, 6, 8} {
			if n <= round*step {
				return round * step
			}
		}
	}
	return n // there is none
}
