package stats

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
)

func (r *Report) lines() []datedLine { return dated(r.Span, r.figures()) }

func (r *Report) figures() []line {
	all := funnelFigures(&r.Connections, &r.Messages)
	add := func(section, name, figure string, n int64) {
		all = append(all, line{section, name, figure, float64(n)})
	}
	for _, a := range r.Actions {
		add("actions", "", a.Name, a.Count)
	}
	add("faults", "", "errors", r.Errors)
	for _, f := range r.Failed {
		add("faults", f.Name, "failed", f.Count)
	}
	add("faults", "", "uncounted", r.Uncounted)
	add("faults", "", "unrecorded", r.Unrecorded)
	add("faults", "", "uncopied", r.Uncopied)
	add("faults", "", "unfinished", r.Unfinished)
	for _, b := range r.Budgets {
		add("budget", b.List, "allowed", b.Allowed)
		add("budget", b.List, "sent", b.Sent)
		add("budget", b.List, "forecast", b.Forecast)
		all = append(all, line{"budget", b.List, "percent", b.Percent})
	}
	return append(append(all, rowFigures(r.Sources)...), rowFigures(r.Entries)...)
}

func funnelFigures(c *Connections, m *Messages) (all []line) {
	add := func(section, name, figure string, n int64) {
		all = append(all, line{section, name, figure, float64(n)})
	}
	add("connections", "", "total", c.Total)
	for _, refusal := range c.Refused {
		add("connections", refusal.List, "refused", refusal.Count)
	}
	add("connections", "", "refused_by_error", c.RefusedByError)
	add("connections", "", "accepted", c.Accepted)
	add("connections", "", "own", c.Own)
	for _, f := range []struct {
		name string
		n    int64
	}{
		{"total", m.Total}, {"whitelisted", m.Whitelisted}, {"blacklisted", m.Blacklisted}, {"too_large", m.TooLarge},
		{"not_enabled", m.NotEnabled}, {"scanned", m.Scanned}, {"caught", m.Caught}, {"delivered", m.Delivered}, {"relayed", m.Relayed}, {"outbound", m.Outbound},
		{"not_spam", m.NotSpam},
	} {
		add("messages", "", f.name, f.n)
	}
	return all
}

func rowFigures(rows []Row) (all []line) {
	for i := range rows {
		all = append(all, figuresOf(rows[i].Kind, rows[i].Name, &rows[i], rowColumns)...)
	}
	return all
}

// rowColumns is the order of figures in CSV and table.
var rowColumns = []column[Row]{
	{"refusals", "refusals", func(r *Row) float64 { return float64(r.Refusals) }, number, nil},
	{"refusals_alone", "alone", func(r *Row) float64 { return float64(r.RefusalsAlone) }, number, nil},
	{"asked", "asked", func(r *Row) float64 { return float64(r.Asked) }, number, nil},
	{"cached", "cached", func(r *Row) float64 { return float64(r.Cached) }, number, nil},
	{"hits", "hits", func(r *Row) float64 { return float64(r.Hits) }, number, nil},
	{"misses", "misses", func(r *Row) float64 { return float64(r.Misses) }, number, nil},
	{"favours", "favours", func(r *Row) float64 { return float64(r.Favours) }, number, nil},
	{"unique", "unique", func(r *Row) float64 { return float64(r.Unique) }, number, nil},
	{"decisive", "decisive", func(r *Row) float64 { return float64(r.Decisive) }, number, nil},
	{"doubtful", "doubtful", func(r *Row) float64 { return float64(r.Doubtful) }, number, nil},
	{"doubtful_of", "", func(r *Row) float64 { return float64(r.DoubtfulOf) }, number, nil},
	{"doubtful_share", "doubt", func(r *Row) float64 { return r.DoubtfulShare }, percents, (*Row).isWeighed},
	{"doubtful_low", "at least", func(r *Row) float64 { return r.DoubtfulLow }, percents, (*Row).isWeighed},
	{"doubtful_high", "at most", func(r *Row) float64 { return r.DoubtfulHigh }, percents, (*Row).isWeighed},
	{"observed", "observed", func(r *Row) float64 { return float64(r.Observed) }, number, nil},
	{"observed_unique", "obs. unique", func(r *Row) float64 { return float64(r.ObservedUnique) }, number, nil},
	{"errors", "errors", func(r *Row) float64 { return float64(r.Errors) }, number, nil},
	{"refused", "refused us", func(r *Row) float64 { return float64(r.Refused) }, number, nil},
	{"bogus", "bogus", func(r *Row) float64 { return float64(r.Bogus) }, number, nil},
	{"unknown", "unknown", func(r *Row) float64 { return float64(r.Unknown) }, number, nil},
	{"answers", "", func(r *Row) float64 { return float64(r.Latency.Answers) }, number, nil},
	{"mean_ms", "mean", func(r *Row) float64 { return r.Latency.MeanMS }, millis, (*Row).isTimed},
	{"p50_ms", "50 %", func(r *Row) float64 { return r.Latency.P50MS }, millis, (*Row).isTimed},
	{"p95_ms", "95 %", func(r *Row) float64 { return r.Latency.P95MS }, millis, (*Row).isTimed},
}

func (r *Row) isWeighed() bool { return r.DoubtfulOf > 0 }

func (r *Row) isTimed() bool { return r.Latency.Answers > 0 }

// text is the funnel, then a row for each source.
func (r *Report) text() string {
	var b strings.Builder
	b.WriteString(render(r.funnel(), nil) + "\n")
	b.WriteString("\n" + r.remarks())
	b.WriteString("\n" + tableOf("source", titled(r.Sources), rowColumns, shownOfSource...) + "\n" + units)
	b.WriteString(r.budgetLines())
	if len(r.Entries) > 0 {
		b.WriteString("\n" + tableOf("entries", titled(r.Entries), rowColumns, "asked", "hits", "errors") + "\n" + entryUnits)
	}
	return b.String()
}

// budgetLines tells of lists of which so much is asked that they may soon refuse.
func (r *Report) budgetLines() string {
	var b strings.Builder
	for i := range r.Budgets {
		if budget := &r.Budgets[i]; budget.Warn {
			fmt.Fprintf(&b, "\nbudget of %s: %s\n", budget.Title, budget)
		}
	}
	return b.String()
}

func (r *Report) funnel() []table.Row {
	var all []table.Row
	add := func(label string, n, of int64) {
		all = append(all, table.Row{label, number(float64(n)), percent(n, of)})
	}
	c, m := &r.Connections, &r.Messages
	add("connections", c.Total, c.Total)
	for _, refusal := range c.Refused {
		add("  refused by "+refusal.Title, refusal.Count, c.Total)
	}
	if c.RefusedByError > 0 {
		add("  refused by an error", c.RefusedByError, c.Total)
	}
	add("  accepted", c.Accepted, c.Total)
	all = append(all, table.Row{"", "", ""})
	add("messages", m.Total, m.Total)
	add("  whitelisted", m.Whitelisted, m.Total)
	add("  blacklisted", m.Blacklisted, m.Total)
	add("  too large", m.TooLarge, m.Total)
	add("  not enabled", m.NotEnabled, m.Total)
	add("  scanned", m.Scanned, m.Total)
	add("caught", m.Caught, m.Total)
	add("delivered", m.Delivered, m.Total)
	return all
}

// units tells what the table of sources counts.
const units = "in connections: refusals, alone; in questions: asked, cached; in messages: unique, decisive, the content rules;\n" +
	"all others in connections where a list is asked about these, else in messages\n"

// entryUnits tells what the table of entries counts.
const entryUnits = "in messages: hits, observed; all others in questions, one or more for each recipient\n"

// remarks tells, a line each, whether the funnel balances, what is not in it and what went wrong.
func (r *Report) remarks() string {
	var b strings.Builder
	remark := func(what string, n int64) {
		if n != 0 {
			fmt.Fprintf(&b, "%s: %s\n", what, number(float64(n)))
		}
	}
	if r.isEmpty() {
		b.WriteString("nothing was counted on these days: no mail came, winnow did not run, or they are no longer kept (stats.retention_days)\n")
	} else if r.Balanced {
		b.WriteString("the funnel balances: the parts of connections and of messages add up\n")
	}
	for _, wrong := range r.imbalances() {
		fmt.Fprintf(&b, "THE FUNNEL DOES NOT BALANCE: %s\n", wrong)
	}
	var actions []string
	for _, a := range r.Actions {
		if a.Count != 0 {
			actions = append(actions, a.Name+" "+number(float64(a.Count)))
		}
	}
	if len(actions) > 0 {
		b.WriteString("actions: " + strings.Join(actions, ", ") + "\n")
	}
	remark("messages that relays handed on", r.Messages.Relayed)
	remark("outbound messages (not in the funnel)", r.Messages.Outbound)
	remark("messages that were reported as not spam (winnow not-spam)", r.Messages.NotSpam)
	remark("connections from own networks (not in the funnel)", r.Connections.Own)
	remark("connections and messages decided while an answer was missing", r.Errors)
	for _, f := range r.Failed {
		remark("stage "+f.Name+" failed as a whole", f.Count)
	}
	remark("figures that found no room, the account is short of them", r.Uncounted)
	remark("decisions that the trail could not record, `winnow why` does not know them", r.Unrecorded)
	remark("copies of messages that could not be kept (trail.keep_samples)", r.Uncopied)
	remark("times that winnow was killed, and lost what it had counted since its last flush (stats.flush_every)", r.Unfinished)
	return b.String()
}

// isEmpty tells whether there is nothing in the funnel, or beside it. A day that nobody counted must not pass for a quiet one.
func (r *Report) isEmpty() bool {
	c, m := &r.Connections, &r.Messages
	return c.Total+c.Own+m.Total+m.Outbound == 0
}

// titled has rows under their titles.
func titled(rows []Row) []labelled[Row] {
	all := make([]labelled[Row], len(rows))
	for i := range rows {
		all[i] = labelled[Row]{rows[i].Title, &rows[i]}
	}
	return all
}

// shownOfSource are the columns that are shown of lists also where they hold nothing.
var shownOfSource = []string{"asked", "cached", "hits", "unique", "decisive", "doubtful", "errors"}
