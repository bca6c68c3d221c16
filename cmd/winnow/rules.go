package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"winnow/pkg/app"
	"winnow/pkg/rules"
	shipped "winnow/rules"
)

func newRules() *cobra.Command {
	c := &cobra.Command{
		Use:   "rules",
		Short: "Check and test content rules",
		Long: `Check and test rule files in SpamAssassin's language: those that the configuration names, or the folders on the
command line in their place.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newRulesLint(), newRulesTest(), newRulesExplain())
	return c
}

func newRulesLint() *cobra.Command {
	var asJSON, quiet bool
	c := &cobra.Command{
		Use:   "lint [FOLDER...]",
		Short: "Print everything that is wrong with rule files",
		Long: `Print every fault, warning and ignored line with file and line. A fault costs the rule that it is in; the exit code
is 1 when there is one. Warnings and ignored lines leave it at 0.`,
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
			return printFaults(c.OutOrStdout(), set, faults, asJSON, quiet)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVarP(&quiet, "quiet", "q", false, "print faults only")
	return c
}

func printFaults(out io.Writer, set *rules.Set, faults []rules.Fault, asJSON, quiet bool) error {
	count := map[rules.Severity]int{}
	for _, f := range faults {
		count[f.Severity]++
	}
	if quiet {
		faults = slices.DeleteFunc(faults, func(f rules.Fault) bool { return f.Severity != rules.Broken })
	}
	found := error(nil)
	if count[rules.Broken] > 0 {
		found = errFound
	}
	if asJSON {
		return errors.Join(printJSON(out, append([]rules.Fault{}, faults...)), found)
	}
	for _, f := range faults {
		if _, err := fmt.Fprintln(out, printable(f.String())); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "%d rules, %d of them give points; %d faults, %d warnings, %d lines ignored\n",
		len(set.Rules()), set.Running(), count[rules.Broken], count[rules.Warning], count[rules.Ignored])
	return errors.Join(err, found)
}

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
			if _, err := fmt.Fprintln(out, printable(r.String())); err != nil {
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

// loadRules loads the folders named on the command line, or those of the configuration.
func loadRules(c *cobra.Command, dirs []string) (*rules.Set, []rules.Fault, []rules.Folder, error) {
	config, err := loadConfig(c)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := useFolders(config, dirs); err != nil {
		return nil, nil, nil, err
	}
	folders := config.Rules.Open(shipped.Files)
	set, faults := rules.Load(folders, config.Rules)
	return set, faults, folders, nil
}

// rulesOf loads the rules of the folders, or of the configuration, whose faults lint tells.
func rulesOf(config *app.Config, dirs []string) (*rules.Set, error) {
	if err := useFolders(config, dirs); err != nil {
		return nil, err
	}
	set, _ := rules.Load(config.Rules.Open(shipped.Files), config.Rules)
	return set, nil
}

// useFolders has the rules of folders that were named on the command line, if any were, in place of the configured ones,
// and as they are: what is configured about files and scores was meant for others.
func useFolders(config *app.Config, dirs []string) error {
	for _, dir := range dirs {
		if _, err := os.Stat(dir); err != nil {
			return usageError{err}
		}
	}
	if len(dirs) > 0 {
		config.Rules.Shipped, config.Rules.Folders, config.Rules.Overrides, config.Rules.Files = false, dirs, "", nil
	}
	return nil
}
