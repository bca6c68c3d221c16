package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"winnow/pkg/message"
	"winnow/pkg/rules"
)

func newRulesCost() *cobra.Command {
	var asJSON, local bool
	var filesFrom string
	var folders []string
	var most int
	c := &cobra.Command{
		Use:   "cost [FILE|FOLDER...]",
		Short: "Measure what rules cost on mail",
		Long: `Measure the content rules on mails: how long a message takes from reading it to its hits, the layers of that work, and
the dearest rules, with their part of what all rules take. The layers are measured one by one, and come to a little more
than all together. Mails are named as for scan, and measured one at a time; do it on a machine that is idle.`,
		Example: `  winnow rules cost ~/Maildir/cur
  winnow rules cost --local --rules /usr/share/spamassassin --files-from list`,
		RunE: func(c *cobra.Command, args []string) error {
			if most < 0 {
				return usagef("--most %d: print no fewer than 0 rules", most)
			}
			config, err := loadConfig(c)
			if err != nil {
				return err
			}
			config.Rules.Network = config.Rules.Network && !local
			set, err := rulesOf(config, folders)
			if err != nil {
				return err
			}
			files, err := filesToScan(filesFrom, args, c.InOrStdin())
			if err != nil {
				return err
			}
			cost, failed := measure(c, set, files, config.Milter.MaxBody, most)
			if asJSON {
				return errors.Join(printJSON(c.OutOrStdout(), cost), failed)
			}
			return errors.Join(printCost(c.OutOrStdout(), &cost), failed)
		},
	}
	flags := c.Flags()
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	flags.BoolVar(&local, "local", false, "with the scores and rules of a filter that asks no DNS")
	flags.StringSliceVar(&folders, "rules", nil, "folders of rules in place of the configured ones")
	flags.StringVar(&filesFrom, "files-from", "", "read the names of files from this file, one a line; - is standard input")
	flags.IntVar(&most, "most", 10, "how many of the dearest rules to print")
	return c
}

// measure takes each file through the rules. A file that cannot be read is told of, and left out.
func measure(c *cobra.Command, set *rules.Set, files []string, keep int64, most int) (rules.Cost, error) {
	meter := rules.NewMeter(set)
	progress := newProgress("measuring", c.OutOrStdout(), c.ErrOrStderr(), len(files))
	var failed error
	for _, file := range files {
		s := &scanner{stdin: c.InOrStdin(), keep: keep}
		err := meter.Add(c.Context(), func() (*message.Message, error) { return s.read(file) })
		if c.Context().Err() != nil {
			failed = errors.Join(failed, c.Context().Err())
			break
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", filepath.Base(file), err))
		}
		progress.step()
	}
	progress.end()
	return meter.Cost(most), failed
}

func printCost(out io.Writer, cost *rules.Cost) error {
	if _, err := fmt.Fprintf(out, "%d messages, ms a message\n\n", cost.Messages); err != nil {
		return err
	}
	row := func(t *table, name string, s rules.Spread) {
		t.row(name, ms(s.Mean), ms(s.P50), ms(s.P95), ms(s.Max))
	}
	layers := newTable("LAYER", "MEAN", "P50", "P95", "MAX")
	for _, l := range cost.Layers {
		row(layers, l.Name, l.Spread)
	}
	row(layers, "all together", cost.Total)
	if err := layers.print(out); err != nil || len(cost.Rules) == 0 {
		return err
	}
	if _, err := fmt.Fprintln(out); err != nil {
		return err
	}
	dearest := newTable("DEAREST RULES", "TYPE", "MEAN", "MAX", "PART")
	for _, r := range cost.Rules {
		dearest.row(r.Name, r.Type, ms(r.Mean), ms(r.Max), fmt.Sprintf("%.1f %%", 100*r.Part))
	}
	return dearest.print(out)
}

func ms(f float64) string { return fmt.Sprintf("%.4f", f) }
