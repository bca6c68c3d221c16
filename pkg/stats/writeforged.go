package stats

import "github.com/jedib0t/go-pretty/v6/table"

func (r *ForgedReport) lines() []datedLine {
	var all []line
	for _, row := range r.Senders {
		all = append(all,
			line{"claim", row.Sender, claimFigureNames[claimForged], float64(row.Forged)},
			line{"claim", row.Sender, claimFigureNames[claimUnproven], float64(row.Unproven)})
	}
	return dated(r.Span, all)
}

// text is a row for each sender.
func (r *ForgedReport) text() string {
	if len(r.Senders) == 0 {
		return "nobody whom your users know was impersonated\n"
	}
	rows := make([]table.Row, len(r.Senders))
	for i, row := range r.Senders {
		rows[i] = table.Row{Printable(row.Sender), number(float64(row.Forged)), number(float64(row.Unproven))}
	}
	return render(rows, table.Row{"claims to be", "forged", "unproven"}) + "\n"
}
