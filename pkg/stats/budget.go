package stats

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"time"

	"winnow/pkg/filter"
)

// A Budget is how much of the questions that a list's terms allow a day are used up. Only questions that went out count:
// what winnow's cache answered cost nothing. The sum is over all nodes that share the store.
type Budget struct {
	List     string  `json:"list"`
	Title    string  `json:"title"`
	Day      string  `json:"day"`
	Allowed  int64   `json:"allowed"`  // questions a day
	Sent     int64   `json:"sent"`     // questions that day
	Forecast int64   `json:"forecast"` // what Sent comes to by midnight if the day goes on as it did; Sent where that is too early to say
	Percent  float64 `json:"percent"`  // what Forecast is of Allowed
	Warn     bool    `json:"warn"`     // Percent is 80 or more: a list begins to refuse without a word
}

const (
	budgetWarning = 80        // percent
	earliest      = time.Hour // of a day, before which there is no forecast: a night's first minutes say nothing
)

// ReadBudgets reads back how much of each list's budget is used up on the day of a time, which is in the zone whose days
// are counted. Lists without a budget have none.
func ReadBudgets(ctx context.Context, s Store, lists []List, now time.Time) ([]Budget, error) {
	day := now.Format(time.DateOnly)
	byDay, err := s.Counters(ctx, []string{day})
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	return budgets(lists, byDay[day], day, now), nil
}

// budgets are those of one day. A day that is not that of now is over.
func budgets(lists []List, counters map[string]int64, day string, now time.Time) (all []Budget) {
	for _, l := range lists {
		if l.Budget <= 0 {
			continue
		}
		of := source{filter.List, l.Name}
		b := Budget{List: l.Name, Title: l.title(), Day: day, Allowed: l.Budget}
		b.Sent = max(0, counters[of.counter(asked)]-counters[of.counter(cached)])
		b.Forecast = forecast(b.Sent, day, now)
		b.Percent = hundredths(100 * float64(b.Forecast) / float64(b.Allowed))
		b.Warn = b.Percent >= budgetWarning
		all = append(all, b)
	}
	return all
}

// forecast is what n comes to by midnight.
func forecast(n int64, day string, now time.Time) int64 {
	if now.IsZero() || now.Format(time.DateOnly) != day {
		return n
	}
	y, m, d := now.Date()
	from, to := time.Date(y, m, d, 0, 0, 0, 0, now.Location()), time.Date(y, m, d+1, 0, 0, 0, 0, now.Location())
	passed := now.Sub(from)
	if passed < earliest {
		return n
	}
	return int64(math.Round(float64(n) * float64(to.Sub(from)) / float64(passed)))
}

// String tells it in a line.
func (b *Budget) String() string {
	text := fmt.Sprintf("%s questions of %s", number(float64(b.Sent)), number(float64(b.Allowed)))
	if b.Forecast != b.Sent {
		text += fmt.Sprintf(", %s by midnight", number(float64(b.Forecast)))
	}
	return text + fmt.Sprintf(" (%s)", percents(b.Percent))
}

// title is what a reader knows a list as.
func (l *List) title() string { return cmp.Or(l.Title, l.Name) }
