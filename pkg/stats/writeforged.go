package stats

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
)

// WriteForgedJSON writes reports as one array. Field names are those of ForgedReport.
func WriteForgedJSON(w io.Writer, reports []*ForgedReport) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(reports)
}

// WriteForgedCSV writes reports with one figure a line, in the columns of WriteCSV.
func WriteForgedCSV(w io.Writer, reports []*ForgedReport) error {
	c := csv.NewWriter(w)
	c.Write([]string{"from", "to", "section", "name", "figure", "value"})
	for _, r := range reports {
		for _, row := range r.Senders {
			c.Write([]string{r.From, r.To, "claim", row.Sender, claimFigureNames[claimForged], strconv.FormatInt(row.Forged, 10)})
			c.Write([]string{r.From, r.To, "claim", row.Sender, claimFigureNames[claimUnproven], strconv.FormatInt(row.Unproven, 10)})
		}
	}
	c.Flush()
	return c.Error()
}

// WriteForgedTable writes reports for people to read: a row for each sender.
func WriteForgedTable(w io.Writer, reports []*ForgedReport) error {
	var b strings.Builder
	for i, r := range reports {
		if i > 0 {
			b.WriteString("\n\n")
		}
		title := Report{From: r.From, To: r.To, Days: r.Days, Zone: r.Zone}
		b.WriteString(title.title() + "\n\n")
		if len(r.Senders) == 0 {
			b.WriteString("nobody whom your users know was impersonated\n")
			continue
		}
		rows := make([]table.Row, len(r.Senders))
		for i, row := range r.Senders {
			rows[i] = table.Row{row.Sender, number(float64(row.Forged)), number(float64(row.Unproven))}
		}
		b.WriteString(render(rows, table.Row{"claims to be", "forged", "unproven"}) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
