package stats

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ruleColumns is the order of figures in CSV and table. Those of observed rules show where there are some.
var ruleColumns = []column[RuleRow]{
	{"hits", "hits", func(r *RuleRow) float64 { return float64(r.Hits) }, number, nil},
	{"caught", "caught", func(r *RuleRow) float64 { return float64(r.Caught) }, number, nil},
	{"delivered", "delivered", func(r *RuleRow) float64 { return float64(r.Delivered) }, number, nil},
	{"mean_share", "mean share", func(r *RuleRow) float64 { return r.MeanShare }, percents, func(r *RuleRow) bool { return r.MeanShare > 0 }},
	{"observed", "observed", func(r *RuleRow) float64 { return float64(r.Observed) }, number, nil},
	{"observed_caught", "obs. caught", func(r *RuleRow) float64 { return float64(r.ObservedCaught) }, number, nil},
	{"observed_delivered", "obs. delivered", func(r *RuleRow) float64 { return float64(r.ObservedDelivered) }, number, nil},
	{"last_hit", "last hit", func(r *RuleRow) float64 { return dayNumber(r.LastHit) }, numberedDay, nil},
}

// dayNumber writes a day as a number, for forms that have nothing else: 20161214.
func dayNumber(day string) float64 {
	n, err := strconv.Atoi(strings.ReplaceAll(day, "-", ""))
	if err != nil {
		return 0
	}
	return float64(n)
}

func numberedDay(n float64) string {
	day, err := time.Parse("20060102", strconv.Itoa(int(n)))
	if err != nil {
		return ""
	}
	return day.Format(time.DateOnly)
}

func (r *RuleReport) lines() []datedLine {
	var all []line
	for i := range r.Rules {
		all = append(all, figuresOf("rule", r.Rules[i].Name, &r.Rules[i], ruleColumns)...)
	}
	return dated(r.Span, all)
}

// shownNames is how many rules a remark names; JSON has all.
const shownNames = 10

// text is a row for each rule, and which of them are worth a look.
func (r *RuleReport) text() string {
	text := "no rule hit\n"
	if len(r.Rules) > 0 {
		rows := make([]labelled[RuleRow], len(r.Rules))
		for i := range r.Rules {
			rows[i] = labelled[RuleRow]{r.Rules[i].Name, &r.Rules[i]}
		}
		text = tableOf("rule", rows, ruleColumns, "hits", "caught", "delivered", "last_hit") + "\n"
	}
	var dangerous []string
	for i := range r.Rules {
		if r.Rules[i].Dangerous {
			dangerous = append(dangerous, r.Rules[i].Name)
		}
	}
	remark := func(what string, names []string) {
		if len(names) == 0 {
			return
		}
		text += fmt.Sprintf("\n%s: %s", what, strings.Join(names[:min(len(names), shownNames)], ", "))
		if more := len(names) - shownNames; more > 0 {
			text += fmt.Sprintf(" and %s more", number(float64(more)))
		}
		text += "\n"
	}
	remark("dangerous, most of what they hit was delivered and they have a large share of its points", dangerous)
	remark("dead, no hit on any day that is kept", r.Silent)
	return text
}
