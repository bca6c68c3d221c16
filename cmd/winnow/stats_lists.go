package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"winnow/pkg/app"
	"winnow/pkg/stats"
)

// printSets prints what follows from which lists hit together.
func printSets(c *cobra.Command, a *app.App, q stats.Query, f *statsFlags) error {
	sets, err := stats.ReadSets(c.Context(), a.Store(), q)
	if err != nil {
		return err
	}
	switch {
	case f.overlap:
		return writeForms(c.OutOrStdout(), stats.NewForms(sets...), f)
	case len(f.without) > 0:
		return printWithout(c.OutOrStdout(), sets, f)
	}
	var reports []*stats.KeepReport
	for _, r := range sets {
		reports = append(reports, r.Keep(f.keep))
	}
	return writeForms(c.OutOrStdout(), stats.NewForms(reports...), f)
}

func printWithout(out io.Writer, sets []*stats.SetReport, f *statsFlags) error {
	for _, name := range f.without {
		if !slices.ContainsFunc(sets, func(r *stats.SetReport) bool { return r.Caught.Knows(name) || r.Refused.Knows(name) }) {
			return usagef("--without %s: no enabled list has this name, and none was counted under it; winnow lists names them", name)
		}
	}
	var reports []*stats.WithoutReport
	for _, r := range sets {
		reports = append(reports, r.Without(f.without))
	}
	return writeForms(out, stats.NewForms(reports...), f)
}

// printList prints one list day by day.
func printList(c *cobra.Command, a *app.App, q stats.Query, f *statsFlags) error {
	report, err := stats.ReadList(c.Context(), a.Store(), q, f.list)
	if err != nil {
		return listFault(err, f)
	}
	return writeForms(c.OutOrStdout(), stats.NewForms(report), f)
}

// printHours prints hour by hour.
func printHours(c *cobra.Command, a *app.App, q stats.Query, f *statsFlags) error {
	reports, err := stats.ReadHours(c.Context(), a.Store(), q, f.list)
	if err != nil {
		return listFault(err, f)
	}
	return writeForms(c.OutOrStdout(), stats.NewForms(reports...), f)
}

// listFault says what is wrong with a question about a list, where the question is at fault.
func listFault(err error, f *statsFlags) error {
	switch {
	case errors.Is(err, stats.ErrNoSuchList):
		return usagef("--list %s: no enabled list has this name, and none was counted under it on these days; winnow lists names them", f.list)
	case errors.Is(err, stats.ErrHourDays):
		return usageError{fmt.Errorf("--hours: %w", err)}
	}
	return err
}

// printComparison prints the days beside others.
func printComparison(c *cobra.Command, a *app.App, q stats.Query, f *statsFlags) error {
	if f.perDay {
		return usagef("--per-day and --against: choose one")
	}
	from, to, several := strings.Cut(f.against, "..")
	if !several {
		to = from
	}
	other, err := a.Query(from, to, false)
	if err != nil {
		return usageError{fmt.Errorf("--against: %w", err)}
	}
	after, err := stats.Read(c.Context(), a.Store(), q)
	if err != nil {
		return err
	}
	before, err := stats.Read(c.Context(), a.Store(), other)
	if err != nil {
		return err
	}
	return writeForms(c.OutOrStdout(), stats.NewForms(stats.Compare(before[0], after[0])), f)
}

// forms is a kind of report in all its forms.
type forms interface {
	WriteTable(io.Writer) error
	WriteJSON(io.Writer) error
	WriteCSV(io.Writer) error
}

func writeForms(out io.Writer, reports forms, f *statsFlags) error {
	switch {
	case f.asJSON:
		return reports.WriteJSON(out)
	case f.asCSV:
		return reports.WriteCSV(out)
	}
	return reports.WriteTable(out)
}
