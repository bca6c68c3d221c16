package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"winnow/pkg/rules"
)

func newRulesShow() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show NAME [FOLDER...]",
		Short: "Print all that is known of a rule",
		Long: `Print a rule's definition as it is written and where, its pattern with the tags replaced, its scores (without and with
network, then both with Bayes; the one in force is marked), flags and description, which rules it is made of and which
are made of it, and what it costs to run. The exit code is 1 when there is no such rule.`,
		Example: `  winnow rules show ADVANCE_FEE_4
  winnow rules show FUZZY_VPILL /usr/share/spamassassin
  winnow rules show --json ADVANCE_FEE_4 | jq .needed_by`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			set, _, _, err := loadRules(c, args[1:])
			if err != nil {
				return err
			}
			shown := set.Show(args[0])
			if shown == nil {
				return fmt.Errorf("there is no rule %s%s", args[0], nearestRule(set, args[0]))
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), shown)
			}
			return printRule(c.OutOrStdout(), shown)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// maxShownPattern is how many octets of an expanded pattern are printed; JSON has all of them.
const maxShownPattern = 2_000

func printRule(out io.Writer, shown *rules.Shown) error {
	t := newTable(shown.Name, fmt.Sprintf("%s, %s:%d", shown.Type, shown.File, shown.Line))
	optional := func(name, value string) {
		if value != "" {
			t.row("  "+name, value)
		}
	}
	optional("describes", shown.Describe)
	optional("definition", shown.Definition)
	expansion := shown.Expansion
	if n := len(expansion); n > maxShownPattern {
		expansion = fmt.Sprintf("%s ... (%d octets in all)", expansion[:maxShownPattern], n)
	}
	optional("expansion", expansion)
	if !strings.HasPrefix(shown.Name, "__") { // a subrule adds no points
		optional("score", scores(shown))
	}
	optional("flags", strings.Join(shown.Flags, " "))
	if shown.Priority != 0 {
		optional("priority", strconv.Itoa(shown.Priority))
	}
	optional("depends on", strings.Join(shown.DependsOn, " "))
	optional("needed by", strings.Join(shown.NeededBy, " "))
	optional("cost", shown.Cost)
	optional("not run", shown.Off)
	if shown.Grade != rules.Usable {
		optional(shown.Grade.String(), shown.Reason)
	}
	return t.print(out)
}

// scores writes the score in force, and all four where they differ, with the one in force in brackets.
func scores(shown *rules.Shown) string {
	if shown.Scores == [4]float64{shown.Score, shown.Score, shown.Score, shown.Score} {
		return points(shown.Score)
	}
	words := make([]string, len(shown.Scores))
	for i, score := range shown.Scores {
		words[i] = points(score)
		if i == shown.ScoreSet {
			words[i] = "[" + words[i] + "]"
		}
	}
	return strings.Join(words, " ")
}

func points(score float64) string { return strconv.FormatFloat(score, 'f', -1, 64) }
