package main

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"winnow/pkg/rules"
	"winnow/pkg/stats"
)

func newRulesLint() *cobra.Command {
	var asJSON, quiet, verbose bool
	c := &cobra.Command{
		Use:   "lint [FOLDER...]",
		Short: "Print everything that is wrong with rule files",
		Long: `Print every fault, warning and ignored line with file and line. A fault costs the rule that it is in; the exit code
is 1 when there is one. Warnings and ignored lines leave it at 0. Of ignored lines that are alike, the first of a file
stands for all, unless --verbose is given.`,
		Example: `  winnow rules lint
  winnow rules lint /etc/winnow/rules`,
		RunE: func(c *cobra.Command, args []string) error {
			set, faults, _, err := loadRules(c, args)
			if err != nil {
				return err
			}
			faults = append(faults, set.Lint()...)
			if config, err := loadConfig(c); err == nil {
				faults = append(faults, set.Threshold(config.Policy.Tag)...)
			}
			return printFaults(c.OutOrStdout(), set, faults, lintOptions{asJSON, quiet, verbose})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVarP(&quiet, "quiet", "q", false, "print faults only")
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "print every ignored line")
	return c
}

// lintOptions is how faults are printed.
type lintOptions struct{ json, quiet, verbose bool }

func printFaults(out io.Writer, set *rules.Set, faults []rules.Fault, options lintOptions) error {
	count := map[rules.Severity]int{}
	for _, f := range faults {
		count[f.Severity]++
	}
	if options.quiet {
		faults = slices.DeleteFunc(faults, func(f rules.Fault) bool { return f.Severity != rules.Broken })
	}
	found := error(nil)
	if count[rules.Broken] > 0 {
		found = errFound
	}
	if options.json {
		return errors.Join(printJSON(out, append([]rules.Fault{}, faults...)), found)
	}
	if !options.verbose {
		faults = condense(faults)
	}
	for _, f := range faults {
		if _, err := fmt.Fprintln(out, stats.Printable(f.String())); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "%d rules, %d of them give points; %d faults, %d warnings, %d lines ignored\n",
		len(set.Rules()), set.Running(), count[rules.Broken], count[rules.Warning], count[rules.Ignored])
	return errors.Join(err, found)
}

// condense puts the ignored lines of a file that are alike into the first of them.
func condense(faults []rules.Fault) []rules.Fault {
	type alike struct{ file, what string }
	first, more := map[alike]int{}, map[int]int{}
	var kept []rules.Fault
	for _, f := range faults {
		if f.Severity == rules.Ignored {
			key := alike{f.File, f.What}
			if i, found := first[key]; found {
				more[i]++
				continue
			}
			first[key] = len(kept)
		}
		kept = append(kept, f)
	}
	for i, n := range more {
		kept[i].What += fmt.Sprintf(" (and %d more lines like it)", n)
	}
	return kept
}
