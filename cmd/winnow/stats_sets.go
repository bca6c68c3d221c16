package main

import (
	"io"
	"slices"

	"github.com/spf13/cobra"

	"winnow/pkg/app"
	"winnow/pkg/stats"
)

// printSets prints what follows from which lists hit together.
func printSets(c *cobra.Command, a *app.App, q stats.Query, f *statsFlags) error {
	q.Lists = enabledLists(a)
	sets, err := stats.ReadSets(c.Context(), a.Store(), q)
	if err != nil {
		return err
	}
	switch {
	case f.overlap:
		return writeForms(c.OutOrStdout(), stats.SetForms(sets), f)
	case len(f.without) > 0:
		return printWithout(c.OutOrStdout(), sets, f)
	}
	var reports []*stats.KeepReport
	for _, r := range sets {
		reports = append(reports, r.Keep(f.keep))
	}
	return writeForms(c.OutOrStdout(), stats.KeepForms(reports), f)
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
	return writeForms(out, stats.WithoutForms(reports), f)
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
