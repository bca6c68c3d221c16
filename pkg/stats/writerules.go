package stats

import (
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
)

// ruleColumns is the order of figures in CSV and table. Those of observed rules show where there are some.
var ruleColumns = []struct {
	name, header string
	always       bool
	of           func(*RuleRow) int64
}{
	{"hits", "hits", true, func(r *RuleRow) int64 { return r.Hits }},
	{"caught", "caught", true, func(r *RuleRow) int64 { return r.Caught }},
	{"delivered", "delivered", true, func(r *RuleRow) int64 { return r.Delivered }},
	{"observed", "observed", false, func(r *RuleRow) int64 { return r.Observed }},
	{"observed_caught", "obs. caught", false, func(r *RuleRow) int64 { return r.ObservedCaught }},
	{"observed_delivered", "obs. delivered", false, func(r *RuleRow) int64 { return r.ObservedDelivered }},
}

// lines has the last day a rule hit as a number, too: 20161214.
func (r *RuleReport) lines() []datedLine {
	var all []line
	for i := range r.Rules {
		row := &r.Rules[i]
		for _, column := range ruleColumns {
			all = append(all, line{"rule", row.Name, column.name, float64(column.of(row))})
		}
		if day, err := strconv.Atoi(strings.ReplaceAll(row.LastHit, "-", "")); err == nil {
			all = append(all, line{"rule", row.Name, "last_hit", float64(day)})
		}
	}
	return dated(r.Span, all)
}

// text is a row for each rule.
func (r *RuleReport) text() string {
	if len(r.Rules) == 0 {
		return "no rule hit\n"
	}
	header := table.Row{"rule"}
	body := make([]table.Row, len(r.Rules))
	for i := range r.Rules {
		body[i] = table.Row{r.Rules[i].Name}
	}
	for _, column := range ruleColumns {
		shown := column.always
		for i := range r.Rules {
			shown = shown || column.of(&r.Rules[i]) != 0
		}
		if !shown {
			continue
		}
		header = append(header, column.header)
		for i := range r.Rules {
			body[i] = append(body[i], number(float64(column.of(&r.Rules[i]))))
		}
	}
	header = append(header, "last hit")
	for i := range r.Rules {
		body[i] = append(body[i], r.Rules[i].LastHit)
	}
	return render(body, header) + "\n"
}
