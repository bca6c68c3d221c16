package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"winnow/pkg/auth"
	"winnow/pkg/stats"
	"winnow/pkg/trail"
)

// printRecord tells one record: plain words first, then all of it in order.
func printRecord(out io.Writer, r *trail.Record, zone *time.Location) error {
	e := r.Explain(zone)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", stats.Printable(e.Title))
	section := func(title string, lines []string) {
		if len(lines) == 0 {
			return
		}
		fmt.Fprintf(&b, "\n%s\n", title)
		for _, line := range lines {
			fmt.Fprintf(&b, "  %s\n", stats.Printable(line))
		}
	}
	section("What decided", e.Decided)
	section("What would have been else", e.Without)
	section("What the sender can do", e.Sender)
	section("Who sent it", auth.Lines(r.Identity))
	b.WriteString("\nThe message\n")
	if _, err := io.WriteString(out, b.String()); err != nil {
		return err
	}
	facts := &table{}
	for _, f := range e.Facts {
		facts.row("  "+f[0], f[1])
	}
	if err := facts.print(out); err != nil {
		return err
	}
	return printSteps(out, e.Steps)
}

// printSteps tells what each stage was asked and what it said, in order.
func printSteps(out io.Writer, steps []trail.Step) error {
	if len(steps) == 0 {
		return nil
	}
	if _, err := fmt.Fprint(out, "\nHow it went\n"); err != nil {
		return err
	}
	t := &table{}
	for _, s := range steps {
		t.row("  " + s.Title)
		for _, row := range s.Rows {
			source := "    " + row.Source
			if row.Source == "" { // a hit of the source above
				row.Said = "  " + row.Said
			}
			t.row(source, row.Said, row.Score, row.Does, row.Fresh, row.Detail)
		}
	}
	return t.print(out)
}

// printChoice lists records, to choose one.
func printChoice(out io.Writer, r *trail.Results, zone *time.Location) error {
	t := newTable("TIME", "ID", "CLIENT", "SENDER", "RECIPIENTS", "ACTION", "REASON")
	for _, record := range r.Records {
		t.row(record.Time.In(zone).Format("2006-01-02 15:04:05"), record.ID, record.Client.Addr, short("<"+record.Sender+">", 40),
			short(recipientsOf(record), 40), record.Action.String(), short(record.Reason, 70))
	}
	if err := t.print(out); err != nil {
		return err
	}
	more := ""
	if r.More {
		more = fmt.Sprintf(" These are the newest %d; there are older ones: --limit, --until.", len(r.Records))
	}
	_, err := fmt.Fprintf(out, "\n`winnow why ID` tells all about one.%s\n", more)
	return err
}

func recipientsOf(r *trail.Record) string {
	switch n := len(r.Recipients); n {
	case 0:
		return ""
	case 1:
		return r.Recipients[0].Address
	default:
		return fmt.Sprintf("%s and %d more", r.Recipients[0].Address, n-1)
	}
}

// short cuts a text to so many characters.
func short(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
