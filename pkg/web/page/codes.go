package page

import (
	"cmp"
	"slices"

	"winnow/pkg/stats"
)

// maxCodes bounds the rows of a table of return codes. Each winnow tells 32 of a list apart in a day, so there may be more of
// many days.
const maxCodes = 100

// A codesBody is what the return codes of a list did.
type codesBody struct {
	stats.Codes
	Rows     []codeRow // the first by hits
	More     int       // codes that are not shown
	DoubtTop float64   // percent
	Favours  bool      // some speak for mail
	Observed bool
	Rest     bool // a row is of what is not told apart
}

type codeRow struct{ stats.CodeRow }

// Doubt is how many of its hits were on mail that somebody wants.
func (r *codeRow) Doubt(top float64) doubt {
	return doubt{r.Doubtful, r.DoubtfulOf, r.DoubtfulShare, r.DoubtfulLow, r.DoubtfulHigh, top}
}

// newCodes shows the codes by hits; nil where none are known.
func newCodes(c stats.Codes) *codesBody {
	if len(c.Codes) == 0 {
		return nil
	}
	b := &codesBody{Codes: c}
	most := 0.0
	for _, row := range c.Codes {
		b.Rows = append(b.Rows, codeRow{row})
		b.Favours, b.Observed = b.Favours || row.Favours > 0, b.Observed || row.Observed > 0
		most = max(most, row.DoubtfulHigh)
	}
	slices.SortStableFunc(b.Rows, func(x, y codeRow) int { return cmp.Compare(y.Hits, x.Hits) })
	b.More = max(0, len(b.Rows)-maxCodes)
	b.Rows, b.DoubtTop = b.Rows[:len(b.Rows)-b.More], doubtTop(most)
	b.Rest = slices.ContainsFunc(b.Rows, func(r codeRow) bool { return r.IsRest() })
	return b
}
