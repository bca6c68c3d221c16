package stats

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
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
	add("faults", "", "unfinished", r.Unfinished)
	for _, b := range r.Budgets {
		add("budget", b.List, "allowed", b.Allowed)
		add("budget", b.List, "sent", b.Sent)
		add("budget", b.List, "forecast", b.Forecast)
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
	} {
		add("messages", "", f.name, f.n)
	}
	return all
}

func rowFigures(rows []Row) (all []line) {
	for i := range rows {
		for _, column := range rowColumns {
			all = append(all, line{rows[i].Kind, rows[i].Name, column.name, column.of(&rows[i])})
		}
	}
	return all
}

// A column is one figure of a row.
type column struct {
	name   string // in CSV
	header string // in the table; "" is not shown there
	of     func(*Row) float64
	format func(float64) string
}

// cell is what the table shows of a row: nothing where there is nothing that a share could be of.
func (c *column) cell(r *Row) string {
	if strings.HasPrefix(c.name, "doubtful_") && r.DoubtfulOf == 0 {
		return ""
	}
	return c.format(c.of(r))
}

// rowColumns is the order of figures in CSV and table.
var rowColumns = []column{
	{"refusals", "refusals", func(r *Row) float64 { return float64(r.Refusals) }, number},
	{"refusals_alone", "alone", func(r *Row) float64 { return float64(r.RefusalsAlone) }, number},
	{"asked", "asked", func(r *Row) float64 { return float64(r.Asked) }, number},
	{"cached", "cached", func(r *Row) float64 { return float64(r.Cached) }, number},
	{"hits", "hits", func(r *Row) float64 { return float64(r.Hits) }, number},
	{"favours", "favours", func(r *Row) float64 { return float64(r.Favours) }, number},
	{"unique", "unique", func(r *Row) float64 { return float64(r.Unique) }, number},
	{"decisive", "decisive", func(r *Row) float64 { return float64(r.Decisive) }, number},
	{"doubtful", "doubtful", func(r *Row) float64 { return float64(r.Doubtful) }, number},
	{"doubtful_of", "", func(r *Row) float64 { return float64(r.DoubtfulOf) }, number},
	{"doubtful_share", "doubt", func(r *Row) float64 { return r.DoubtfulShare }, percents},
	{"doubtful_low", "at least", func(r *Row) float64 { return r.DoubtfulLow }, percents},
	{"doubtful_high", "at most", func(r *Row) float64 { return r.DoubtfulHigh }, percents},
	{"observed", "observed", func(r *Row) float64 { return float64(r.Observed) }, number},
	{"observed_unique", "obs. unique", func(r *Row) float64 { return float64(r.ObservedUnique) }, number},
	{"errors", "errors", func(r *Row) float64 { return float64(r.Errors) }, number},
	{"refused", "refused us", func(r *Row) float64 { return float64(r.Refused) }, number},
	{"bogus", "bogus", func(r *Row) float64 { return float64(r.Bogus) }, number},
	{"unknown", "unknown", func(r *Row) float64 { return float64(r.Unknown) }, number},
	{"answers", "", func(r *Row) float64 { return float64(r.Latency.Answers) }, number},
	{"mean_ms", "mean", func(r *Row) float64 { return r.Latency.MeanMS }, millis},
	{"p50_ms", "50 %", func(r *Row) float64 { return r.Latency.P50MS }, millis},
	{"p95_ms", "95 %", func(r *Row) float64 { return r.Latency.P95MS }, millis},
}

// text is the funnel, then a row for each source.
func (r *Report) text() string {
	var b strings.Builder
	b.WriteString(render(r.funnel(), nil) + "\n")
	b.WriteString(r.remarks())
	b.WriteString("\n" + rowTable("source", titled(r.Sources), shownOfSource...) + "\n")
	b.WriteString(r.budgetLines())
	if len(r.Entries) > 0 {
		b.WriteString("\n" + rowTable("entries", titled(r.Entries), "asked", "hits", "errors") + "\n")
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

// remarks tells, a line each, what is not in the funnel and what went wrong.
func (r *Report) remarks() string {
	var b strings.Builder
	remark := func(what string, n int64) {
		if n != 0 {
			fmt.Fprintf(&b, "%s: %s\n", what, number(float64(n)))
		}
	}
	b.WriteString("\n")
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
	remark("connections from own networks (not in the funnel)", r.Connections.Own)
	remark("connections and messages decided while an answer was missing", r.Errors)
	for _, f := range r.Failed {
		remark("stage "+f.Name+" failed as a whole", f.Count)
	}
	remark("figures that found no room, the account is short of them", r.Uncounted)
	remark("decisions that the trail could not record, `winnow why` does not know them", r.Unrecorded)
	remark("times that winnow was killed, and lost what it had counted since its last flush (stats.flush_every)", r.Unfinished)
	if b.Len() == 1 {
		return ""
	}
	return b.String()
}

// A labelled is a row under the name that it has in a table.
type labelled struct {
	label string
	*Row
}

// titled has rows under their titles.
func titled(rows []Row) []labelled {
	all := make([]labelled, len(rows))
	for i := range rows {
		all[i] = labelled{rows[i].Title, &rows[i]}
	}
	return all
}

// rowTable shows rows with the columns that are always shown and those that have something to show.
func rowTable(what string, rows []labelled, always ...string) string {
	header, body := table.Row{what}, make([]table.Row, len(rows))
	for i := range rows {
		body[i] = table.Row{rows[i].label}
	}
	for _, c := range rowColumns {
		some := slices.Contains(always, c.name) || slices.ContainsFunc(rows, func(r labelled) bool { return c.of(r.Row) != 0 })
		if c.header == "" || !some {
			continue
		}
		header = append(header, c.header)
		for i := range rows {
			body[i] = append(body[i], c.cell(rows[i].Row))
		}
	}
	return render(body, header)
}

// shownOfSource are the columns that are shown of lists also where they hold nothing.
var shownOfSource = []string{"asked", "cached", "hits", "unique", "decisive", "doubtful", "errors"}

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
