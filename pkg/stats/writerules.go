package stats

import (
	"encoding/csv"
	"encoding/json"
	"io"
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

// WriteRulesJSON writes reports as one array. Field names are those of RuleReport.
func WriteRulesJSON(w io.Writer, reports []*RuleReport) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(reports)
}

// WriteRulesCSV writes reports with one figure a line, in the columns of WriteCSV. The last day a rule hit is a line, too,
// as 20161214: values are numbers.
func WriteRulesCSV(w io.Writer, reports []*RuleReport) error {
	c := csv.NewWriter(w)
	c.Write([]string{"from", "to", "section", "name", "figure", "value"})
	for _, r := range reports {
		for i := range r.Rules {
			row := &r.Rules[i]
			for _, column := range ruleColumns {
				c.Write([]string{r.From, r.To, "rule", row.Name, column.name, strconv.FormatInt(column.of(row), 10)})
			}
			c.Write([]string{r.From, r.To, "rule", row.Name, "last_hit", strings.ReplaceAll(row.LastHit, "-", "")})
		}
	}
	c.Flush()
	return c.Error()
}

// WriteRulesTable writes reports for people to read: a row for each rule.
func WriteRulesTable(w io.Writer, reports []*RuleReport) error {
	var b strings.Builder
	for i, r := range reports {
		if i > 0 {
			b.WriteString("\n\n")
		}
		title := Report{From: r.From, To: r.To, Days: r.Days, Zone: r.Zone}
		b.WriteString(title.title() + "\n\n")
		if len(r.Rules) == 0 {
			b.WriteString("no rule hit\n")
			continue
		}
		b.WriteString(r.table() + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *RuleReport) table() string {
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
	return render(body, header)
}
