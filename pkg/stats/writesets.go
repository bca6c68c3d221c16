package stats

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
)

// shownSets is how many of the sets the table shows; the other forms have all.
const shownSets = 12

func (r *SetReport) lines() []datedLine {
	return dated(r.Span, append(r.Caught.lines("caught"), r.Refused.lines("refused")...))
}

func (s *Sets) lines(section string) (all []line) {
	add := func(part, name, figure string, value float64) {
		all = append(all, line{section + part, name, figure, value})
	}
	add("_sets", "", "total", float64(s.Total))
	add("_sets", "", "told_apart", float64(s.ToldApart))
	add("_sets", "", "others", float64(s.Others))
	add("_sets", "", "before", float64(s.Before))
	add("_sets", "", "by_none", float64(s.ByNone))
	for i, of := range s.Sources {
		add("_by", of.Name, "hits", float64(of.Hits))
		add("_by", of.Name, "alone", float64(of.Alone))
		for j := i + 1; j < len(s.Sources); j++ {
			add("_overlap", of.Name+","+s.Sources[j].Name, "hits", float64(s.Overlap[i][j]))
		}
	}
	for i, step := range s.Order {
		add("_order", step.Source, "place", float64(i+1))
		add("_order", step.Source, "adds", float64(step.Adds))
		add("_order", step.Source, "share", step.Share)
	}
	for _, set := range s.Sets {
		add("_set", strings.Join(set.Sources, ","), s.Unit, float64(set.Count))
	}
	return all
}

func (r *SetReport) text() string {
	text := "caught messages, by the sources that hit them\n" + r.Caught.text()
	if len(r.Caught.Silent) > 0 {
		text += "\nin no caught message: " + strings.Join(r.Caught.Silent, ", ") + "\n"
	}
	return text + "\nrefused connections, by the lists that wanted it\n" + r.Refused.text()
}

func (s *Sets) text() string {
	var b strings.Builder
	if s.Total == 0 {
		return "none\n"
	}
	b.WriteString(s.remarks() + "\n")
	b.WriteString(s.matrix() + "\n\n")
	rows := make([]table.Row, len(s.Order))
	for i, step := range s.Order {
		rows[i] = table.Row{step.Title, number(float64(step.Adds)), number(float64(step.Kept)), percents(step.Share)}
	}
	b.WriteString(render(rows, table.Row{"each adds to those above", s.Unit, "together", ""}) + "\n\n")
	b.WriteString(s.setTable(s.Sets))
	return b.String()
}

// remarks tells what the figures are of.
func (s *Sets) remarks() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", s.Unit, number(float64(s.Total)))
	for _, part := range []struct {
		n    int64
		what string
	}{
		{s.ByNone, "that no source hit on its own"}, {s.Others, "in sets beyond the bound, left out below"}, {s.Before, "counted before sets were, left out below"},
	} {
		if part.n > 0 {
			fmt.Fprintf(&b, "; %s %s", number(float64(part.n)), part.what)
		}
	}
	return b.String() + "\n"
}

// matrix shows how often each source hit, and with which others. Columns bear the numbers of rows, for titles are long.
func (s *Sets) matrix() string {
	header := table.Row{"source", s.Unit, "alone"}
	rows := make([]table.Row, len(s.Sources))
	for i, of := range s.Sources {
		header = append(header, fmt.Sprintf("with %d", i+1))
		rows[i] = table.Row{fmt.Sprintf("%2d %s", i+1, of.Title), number(float64(of.Hits)), number(float64(of.Alone))}
		for j, n := range s.Overlap[i] {
			if cell := number(float64(n)); i != j {
				rows[i] = append(rows[i], cell)
			} else {
				rows[i] = append(rows[i], "")
			}
		}
	}
	return render(rows, header)
}

// setTable shows the first of sets.
func (s *Sets) setTable(sets []Together) string { return setTable(s.Unit, s.ToldApart, sets) }

func setTable(unit string, of int64, sets []Together) string {
	rows := make([]table.Row, 0, shownSets)
	for _, set := range sets[:min(len(sets), shownSets)] {
		names := strings.Join(set.Sources, " + ")
		if names == "" {
			names = "(none)"
		}
		rows = append(rows, table.Row{names, number(float64(set.Count)), percents(share(set.Count, of))})
	}
	text := render(rows, table.Row{"just these together", unit, ""}) + "\n"
	if more := len(sets) - len(rows); more > 0 {
		text += fmt.Sprintf("and %d more sets\n", more)
	}
	return text
}

func (r *WithoutReport) lines() []datedLine {
	names := strings.Join(r.Without, ",")
	return dated(r.Span, append(r.Caught.lines("caught_without", names), r.Refused.lines("refused_without", names)...))
}

func (l *Loss) lines(section, names string) []line {
	all := []line{
		{section, names, "told_apart", float64(l.ToldApart)}, {section, names, "missed", float64(l.Missed)}, {section, names, "share", l.Share},
	}
	for _, set := range l.Sets {
		all = append(all, line{section + "_set", strings.Join(set.Sources, ","), l.Unit, float64(set.Count)})
	}
	return all
}

func (r *WithoutReport) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "without %s\n\n", strings.Join(r.Without, ", "))
	for _, part := range []struct {
		what string
		loss *Loss
	}{{"caught messages that nothing else hit", &r.Caught}, {"refused connections that no other list wanted refused", &r.Refused}} {
		l := part.loss
		fmt.Fprintf(&b, "%s: %s of %s (%s)\n", part.what, number(float64(l.Missed)), number(float64(l.ToldApart)), percents(l.Share))
		if len(l.Sets) > 0 {
			b.WriteString("\n" + setTable(l.Unit, l.ToldApart, l.Sets) + "\n")
		}
	}
	return b.String()
}

func (r *KeepReport) lines() []datedLine {
	return dated(r.Span, append(r.Caught.lines("caught_keep"), r.Refused.lines("refused_keep")...))
}

func (k *Kept) lines(section string) []line {
	exact := 0.0
	if k.Exact {
		exact = 1
	}
	all := []line{
		{section, "", "told_apart", float64(k.ToldApart)}, {section, "", "kept", float64(k.Kept)}, {section, "", "share", k.Share}, {section, "", "exact", exact},
	}
	for _, name := range k.Lists {
		all = append(all, line{section, name, "needed", 1})
	}
	for _, name := range k.Dropped {
		all = append(all, line{section, name, "needed", 0})
	}
	return all
}

func (r *KeepReport) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the fewest lists that keep %s %% (content rules stay)\n\n", strconv.FormatFloat(r.Keep, 'f', -1, 64))
	for _, part := range []struct {
		what string
		kept *Kept
	}{{"of caught messages", &r.Caught}, {"of refused connections", &r.Refused}} {
		k := part.kept
		if k.ToldApart == 0 {
			fmt.Fprintf(&b, "%s: there are none\n\n", part.what)
			continue
		}
		fmt.Fprintf(&b, "%s: %s of %s (%s)\n", part.what, number(float64(k.Kept)), number(float64(k.ToldApart)), percents(k.Share))
		fmt.Fprintf(&b, "  keep %d: %s\n  drop %d: %s\n", len(k.Lists), words(k.Lists), len(k.Dropped), words(k.Dropped))
		if !k.Exact {
			b.WriteString("  there are too many lists to try every choice: fewer may do\n")
		}
		b.WriteString("\n")
	}
	if r.Caught.ToldApart+r.Refused.ToldApart == 0 {
		return strings.TrimSuffix(b.String(), "\n") // of nothing no list is needed, which says nothing of lists
	}
	fmt.Fprintf(&b, "needed for neither: %s\n", words(r.Spare))
	return b.String()
}

func words(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
