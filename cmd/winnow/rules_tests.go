package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"winnow/pkg/rules"
	"winnow/pkg/stats"
)

func newRulesTest() *cobra.Command {
	var verbose bool
	c := &cobra.Command{
		Use:   "test [FOLDER...]",
		Short: "Run the tests that rule files bring along",
		Long: `Run every "test NAME ok|fail text" line, and the archives of whole messages in tests/*.txtar beside the rules. The
exit code is 1 when a test fails or a rule file has a fault.`,
		Example: `  winnow rules test
  winnow rules test /etc/winnow/rules`,
		RunE: func(c *cobra.Command, args []string) error {
			set, faults, folders, err := loadRules(c, args)
			if err != nil {
				return err
			}
			results := set.RunTests()
			for _, f := range folders {
				more, err := runArchives(set, f)
				if err != nil {
					return err
				}
				results = append(results, more...)
			}
			return printTests(c.OutOrStdout(), results, rules.Worst(faults), verbose)
		},
	}
	c.Flags().BoolVarP(&verbose, "verbose", "v", false, "print tests that pass, too")
	return c
}

func runArchives(set *rules.Set, f rules.Folder) ([]rules.TestResult, error) {
	tests, err := fs.Sub(f.FS, "tests")
	if err != nil {
		return nil, err
	}
	if _, err := fs.Stat(tests, "."); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return set.RunArchives(filepath.Join(f.Name, "tests"), tests)
}

func printTests(out io.Writer, results []rules.TestResult, worst rules.Severity, verbose bool) error {
	passed, failed, skipped := 0, 0, 0
	for _, r := range results {
		switch {
		case r.Failure != "":
			failed++
		case r.Skipped != "":
			skipped++
		default:
			passed++
		}
		if r.Failure != "" || verbose {
			if _, err := fmt.Fprintln(out, stats.Printable(r.String())); err != nil {
				return err
			}
		}
	}
	if _, err := fmt.Fprintf(out, "%d tests passed, %d failed, %d not run\n", passed, failed, skipped); err != nil {
		return err
	}
	if worst == rules.Broken {
		_, err := fmt.Fprintln(out, "the files have faults: see winnow rules lint")
		return errors.Join(err, errFound)
	}
	if failed > 0 {
		return errFound
	}
	return nil
}
