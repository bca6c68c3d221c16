package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"winnow/pkg/rules"
	"winnow/pkg/web"
)

func newRulesStatus() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Show how the rules of the running winnow are",
		Long: `Show the files of rules that the running winnow has in force, and the rules that it had to give up on a message, because
their pattern took too many steps, or because they panicked, of which the log has more: such a rule counts as a miss there.
A reload that was refused is told, too: then the rules from before it are in force. The exit code is 1 when there is any of
this, or faults.`,
		Example: `  winnow rules status
  winnow rules status --json | jq '.bounded[].rule'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			config, err := loadConfig(c)
			if err != nil {
				return err
			}
			var state rules.State
			if err := web.NewClient(config.ControlSocket()).Rules(c.Context(), &state); err != nil {
				return err
			}
			found := error(nil)
			if state.Faults > 0 || len(state.Bounded)+len(state.Failed) > 0 || state.Refused != nil {
				found = errFound
			}
			if asJSON {
				return errors.Join(printJSON(c.OutOrStdout(), state), found)
			}
			return errors.Join(printRuleState(c.OutOrStdout(), &state), found)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func printRuleState(out io.Writer, state *rules.State) error {
	_, err := fmt.Fprintf(out, "%d rules since %s, %d of them give points; %d faults\n\n",
		state.Rules, state.Since.Local().Format(time.DateTime), state.Running, state.Faults)
	if err == nil && state.Refused != nil {
		_, err = fmt.Fprintf(out, "The reload of %s was refused:\n%s\n\n", state.Refused.At.Local().Format(time.DateTime), state.Refused.Why)
	}
	if err != nil {
		return err
	}
	files := newTable("FILE", "RULES", "POINTS")
	for _, f := range state.Files {
		points := "all"
		switch {
		case f.Observe:
			points = "none: observed"
		case f.Cap > 0:
			points = fmt.Sprintf("at most %g", f.Cap)
		}
		files.row(f.Name, strconv.Itoa(f.Rules), points)
	}
	return errors.Join(files.print(out), printCounts(out, "GIVEN UP", state.Bounded), printCounts(out, "PANICKED", state.Failed))
}

// printCounts prints how often what happened to rules, if it did.
func printCounts(out io.Writer, what string, counts []rules.RuleCount) error {
	if len(counts) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(out); err != nil {
		return err
	}
	table := newTable(what, "TIMES", "WHERE")
	for _, b := range counts {
		table.row(b.Rule, strconv.FormatInt(b.Times, 10), fmt.Sprintf("%s:%d", b.File, b.Line))
	}
	return table.print(out)
}
