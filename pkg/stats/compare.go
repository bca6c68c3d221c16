package stats

import (
	"fmt"
	"math"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
)

// A Comparison is two reports side by side, figure by figure.
type Comparison struct {
	Zone    string   `json:"time_zone"`
	Before  Period   `json:"before"`
	After   Period   `json:"after"`
	Figures []Change `json:"figures"`

	before, after *Report
}

// A Period is the days of a report.
type Period struct {
	From string `json:"from"`
	To   string `json:"to"`
	Days int    `json:"days"`
}

// A Change is one figure of both, under the section, name and figure that CSV has. Where the periods have not the same
// number of days, compare figures by day.
type Change struct {
	Section string  `json:"section"`
	Name    string  `json:"name"`
	Figure  string  `json:"figure"`
	Before  float64 `json:"before"`
	After   float64 `json:"after"`
}

// Compare puts two reports side by side. What only one has is 0 in the other.
func Compare(before, after *Report) *Comparison {
	c := &Comparison{
		Zone: after.Zone, Before: Period{before.From, before.To, before.Days}, After: Period{after.From, after.To, after.Days},
		Figures: []Change{}, before: before, after: after,
	}
	at := map[Change]int{}
	find := func(l line) *Change {
		key := Change{Section: l.section, Name: l.name, Figure: l.figure}
		i, known := at[key]
		if !known {
			i = len(c.Figures)
			at[key] = i
			c.Figures = append(c.Figures, key)
		}
		return &c.Figures[i]
	}
	for _, l := range after.figures() {
		find(l).After = l.value
	}
	for _, l := range before.figures() {
		find(l).Before = l.value
	}
	return c
}

func (c *Comparison) span() Span { return c.after.Span }

func (c *Comparison) lines() []datedLine { return append(c.before.lines(), c.after.lines()...) }

func (c *Comparison) text() string {
	text := fmt.Sprintf("against %s", c.before.title())
	if !c.sameDays() {
		text += "; figures are those of a day on average"
	}
	return text + "\n\n" + c.funnel() + "\n\n" + c.sources() + "\n"
}

func (c *Comparison) sameDays() bool { return c.Before.Days == c.After.Days }

// cells are a figure of both periods, and what changed.
func (c *Comparison) cells(before, after int64) []any {
	b, a := float64(before), float64(after)
	if !c.sameDays() {
		b, a = b/float64(max(c.Before.Days, 1)), a/float64(max(c.After.Days, 1))
	}
	change := ""
	switch {
	case b == a:
	case b == 0:
		change = "new"
	default:
		change = fmt.Sprintf("%+.1f %%", 100*(a-b)/b)
	}
	return []any{number(math.Round(b)), number(math.Round(a)), change}
}

func (c *Comparison) funnel() string {
	var rows []table.Row
	add := func(label string, before, after int64) {
		rows = append(rows, append(table.Row{label}, c.cells(before, after)...))
	}
	b, a := c.before, c.after
	add("connections", b.Connections.Total, a.Connections.Total)
	for _, refusal := range withBoth(a.Connections.Refused, b.Connections.Refused) {
		add("  refused by "+refusal.Title, refusedIn(b, refusal.List), refusedIn(a, refusal.List))
	}
	if b.Connections.RefusedByError+a.Connections.RefusedByError > 0 {
		add("  refused by an error", b.Connections.RefusedByError, a.Connections.RefusedByError)
	}
	add("  accepted", b.Connections.Accepted, a.Connections.Accepted)
	add("messages", b.Messages.Total, a.Messages.Total)
	add("  whitelisted", b.Messages.Whitelisted, a.Messages.Whitelisted)
	add("  blacklisted", b.Messages.Blacklisted, a.Messages.Blacklisted)
	add("  too large", b.Messages.TooLarge, a.Messages.TooLarge)
	add("  not enabled", b.Messages.NotEnabled, a.Messages.NotEnabled)
	add("  scanned", b.Messages.Scanned, a.Messages.Scanned)
	add("caught", b.Messages.Caught, a.Messages.Caught)
	add("delivered", b.Messages.Delivered, a.Messages.Delivered)
	return render(rows, table.Row{"", "before", "now", "change"})
}

// withBoth is the refusals of one period, and of the other those that it lacks.
func withBoth(one, other []Refusal) []Refusal {
	all := slices.Clone(one)
	for _, r := range other {
		if !slices.ContainsFunc(all, func(known Refusal) bool { return known.List == r.List }) {
			all = append(all, r)
		}
	}
	return all
}

func refusedIn(r *Report, list string) int64 {
	for _, refusal := range r.Connections.Refused {
		if refusal.List == list {
			return refusal.Count
		}
	}
	return 0
}

// sources shows what each source did in both periods.
func (c *Comparison) sources() string {
	find := func(rows []Row, of *Row) *Row {
		for i := range rows {
			if rows[i].Name == of.Name && rows[i].Kind == of.Kind {
				return &rows[i]
			}
		}
		return &Row{}
	}
	var rows []table.Row
	add := func(of, before, after *Row) {
		cells := table.Row{of.Title}
		for _, figure := range []func(*Row) int64{
			func(r *Row) int64 { return r.Refusals }, func(r *Row) int64 { return r.Hits },
			func(r *Row) int64 { return r.Unique }, func(r *Row) int64 { return r.Doubtful },
		} {
			cells = append(cells, c.cells(figure(before), figure(after))...)
		}
		rows = append(rows, cells)
	}
	for i := range c.after.Sources {
		of := &c.after.Sources[i]
		add(of, find(c.before.Sources, of), of)
	}
	for i := range c.before.Sources {
		if of := &c.before.Sources[i]; find(c.after.Sources, of).Name == "" {
			add(of, of, &Row{})
		}
	}
	return render(rows, table.Row{"source", "refusals", "now", "", "hits", "now", "", "unique", "now", "", "doubtful", "now", ""})
}
