package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/replay"
)

// A replayPrinter writes a report for people.
type replayPrinter struct {
	out    io.Writer
	report *replay.Report
	zone   *time.Location
	failed error
}

func (p *replayPrinter) say(format string, args ...any) {
	if p.failed == nil {
		_, p.failed = fmt.Fprintf(p.out, format, args...)
	}
}

// section prints a table below a heading, if it has rows.
func (p *replayPrinter) section(heading string, t *table) {
	if len(t.rows) > 1 && p.failed == nil {
		p.say("\n%s\n\n", heading)
		p.failed = errors.Join(p.failed, t.print(p.out))
	}
}

func (p *replayPrinter) print() error {
	r := p.report
	p.say("%s to %s (%s): decided again were %s connections without a message, and %s messages or attempts at one.\n",
		r.Days[0], r.Days[len(r.Days)-1], p.zone, grouped(r.Records.Connections), grouped(r.Records.Messages))
	if r.Records.Unread > 0 {
		p.say("%s lines could not be read.\n", grouped(r.Records.Unread))
	}
	if r.Sampled > 0 {
		p.say("%s of these records stand for others, too, that were not kept (trail.refused_one_in): figures are scaled, and are estimates.\n", grouped(r.Sampled))
	}
	if r.Copies > 0 {
		p.say("Of %s messages a copy was kept, on which new rules were run.\n", grouped(r.Copies))
	}
	p.funnel()
	p.changes()
	p.classes()
	p.sources()
	p.reasons("Why it is not known", r.Reasons)
	p.reasons("Taken as it was then", r.Assumed)
	p.records()
	return p.failed
}

func (p *replayPrinter) funnel() {
	then, now := &p.report.Then, &p.report.Now
	t := newTable(append([]string{""}, heads("THEN", "NOW")...)...)
	row := func(name string, a, b int64, always bool) {
		if always || a != 0 || b != 0 {
			t.row(name, right(a), right(b))
		}
	}
	lists := map[string]bool{}
	for _, refused := range []map[string]int64{then.Connections.Refused, now.Connections.Refused} {
		for list := range refused {
			lists[list] = true
		}
	}
	row("connections", then.Connections.Total, now.Connections.Total, true)
	for _, list := range slices.SortedFunc(maps.Keys(lists), func(a, b string) int {
		return cmp.Or(cmp.Compare(then.Connections.Refused[b], then.Connections.Refused[a]), cmp.Compare(a, b))
	}) {
		row("  refused by "+list, then.Connections.Refused[list], now.Connections.Refused[list], true)
	}
	row("  refused otherwise", then.Connections.RefusedOtherwise, now.Connections.RefusedOtherwise, false)
	row("  let in", then.Connections.Accepted, now.Connections.Accepted, true)
	row("  not known", then.Connections.Unknown, now.Connections.Unknown, false)
	a, b := &then.Messages, &now.Messages
	row("messages", a.Total, b.Total, true)
	row("  whitelisted", a.Whitelisted, b.Whitelisted, true)
	row("  blacklisted", a.Blacklisted, b.Blacklisted, true)
	row("  too large", a.TooLarge, b.TooLarge, true)
	row("  not enabled", a.NotEnabled, b.NotEnabled, true)
	row("  scanned", a.Scanned, b.Scanned, true)
	row("    caught", a.Caught, b.Caught, true)
	row("    not caught", a.NotCaught, b.NotCaught, true)
	row("    not known", a.CatchUnknown, b.CatchUnknown, false)
	row("delivered, not caught", a.Delivered, b.Delivered, true)
	row("messages or none, not known", a.Unknown, b.Unknown, false)
	p.section("The funnel", t)
}

func (p *replayPrinter) changes() {
	r := p.report
	t := newTable(append([]string{""}, heads("CONNECTIONS", "RECIPIENTS", "MESSAGES")...)...)
	row := func(name string, u replay.Units) {
		t.row(name, right(u.Connections), right(u.Recipients), right(u.Messages))
	}
	row("newly refused", r.NewlyRefused)
	row("newly passed", r.NewlyPassed)
	if r.Unseen != (replay.Units{}) {
		row("  of these never sent: what their mail would have met is not known", r.Unseen)
	}
	t.row("newly tagged, held or discarded", "", "", right(r.Tagged))
	t.row("newly delivered as it is", "", "", right(r.Untagged))
	t.row("another action: held in place of tagged, and the like", "", "", right(r.Otherwise))
	row("not known, and in no other line", r.Unknown)
	p.section("What would change", t)
	if r.Found == 0 {
		p.say("\nNothing would change.\n")
	}
}

func (p *replayPrinter) classes() {
	t := newTable(append([]string{"THEN", "NOW"}, heads("MESSAGES")...)...)
	name := func(c filter.Class) string {
		if c == filter.NoMessage {
			return "no message"
		}
		return c.String()
	}
	for _, c := range p.report.Classes {
		t.row(name(c.Then), name(c.Now), right(c.Messages))
	}
	p.section("Messages of another class", t)
}

func (p *replayPrinter) sources() {
	t := newTable(append([]string{"SOURCE", "KIND", ""}, heads("CONNECTIONS", "RECIPIENTS", "MESSAGES")...)...)
	row := func(s *replay.Source, what string, u replay.Units) {
		if u != (replay.Units{}) {
			t.row(s.Name, s.Kind, what, right(u.Connections), right(u.Recipients), right(u.Messages))
		}
	}
	for i := range p.report.Sources {
		s := &p.report.Sources[i]
		row(s, "newly refused", s.Refused)
		row(s, "newly passed", s.Passed)
		row(s, "newly tagged", replay.Units{Messages: s.Tagged})
		row(s, "newly untagged", replay.Units{Messages: s.Untag})
		row(s, "another action", replay.Units{Messages: s.Other})
	}
	p.section("What does it (a record counts for each that has a part in it)", t)
}

func (p *replayPrinter) reasons(heading string, reasons []replay.Reason) {
	t := newTable(append(append([]string{"SOURCE"}, heads("CONNECTIONS", "RECIPIENTS", "MESSAGES")...), "WHY")...)
	for _, r := range reasons {
		t.row(cmp.Or(r.Source, "-"), right(r.Connections), right(r.Recipients), right(r.Messages), r.Why)
	}
	p.section(heading, t)
}

func (p *replayPrinter) records() {
	t := newTable("CHANGE", "TIME", "ID", "CLIENT", "SENDER", "THEN", "NOW", "BY")
	for _, c := range p.report.Changes {
		sender := "<" + c.Sender + ">"
		if c.Kind == "connection" {
			sender = ""
		}
		t.row(c.Sort, c.Time.In(p.zone).Format(time.DateTime), cmp.Or(c.ID, "-"), c.Client, sender, fate(&c.Then), fate(&c.Now), strings.Join(c.By, ", "))
	}
	p.section(fmt.Sprintf("The records: the first of each sort, of %s in all; see winnow why ID", grouped(p.report.Found)), t)
}

// fate tells in short what becomes of a record.
func fate(f *replay.Fate) string {
	if f.Total == 0 {
		return f.Action.String()
	}
	return fmt.Sprintf("%s %g", f.Action, f.Total)
}

// figureWidth is that of a column of figures, under a heading that is right-aligned, too.
const figureWidth = 11

// right writes a figure for a column of figures.
func right(n int64) string { return fmt.Sprintf("%*s", figureWidth, grouped(n)) }

// heads are the headings of columns of figures.
func heads(names ...string) []string {
	for i := range names {
		names[i] = fmt.Sprintf("%*s", figureWidth, names[i])
	}
	return names
}

// grouped writes a number in groups of three digits.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
