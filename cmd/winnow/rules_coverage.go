package main

import (
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/spf13/cobra"

	"winnow/pkg/rules"
)

func newRulesCoverage() *cobra.Command {
	var asJSON, all bool
	c := &cobra.Command{
		Use:   "coverage [FOLDER...]",
		Short: "Say which rules work here, which do not, and what is lost with them",
		Long: `Count the rules that are usable; silent, because what they ask is not asked here and so they never hit; partly usable,
because they name a rule that is silent or lost; left out by a condition such as ifplugin; and lost, with the points that
are lost with them. Below stand those that are not usable and give points, with the reason; --all names subrules, too.`,
		Example: `  winnow rules coverage /usr/share/spamassassin
  winnow rules coverage --json /etc/winnow/rules | jq '.rules[] | select(.grade == "lost")'`,
		RunE: func(c *cobra.Command, args []string) error {
			set, _, _, err := loadRules(c, args)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), set.Coverage())
			}
			return printCoverage(c.OutOrStdout(), set.Coverage(), all)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVar(&all, "all", false, "name subrules, too")
	return c
}

func printCoverage(out io.Writer, coverage *rules.Coverage, all bool) error {
	t := newTable("TYPE", "RULES", "USABLE", "SILENT", "PARTLY", "LEFT OUT", "LOST", "POINTS LOST")
	for _, c := range coverage.Types {
		t.row(c.Type, strconv.Itoa(c.Rules), strconv.Itoa(c.Usable), strconv.Itoa(c.Silent), strconv.Itoa(c.Partly),
			strconv.Itoa(c.LeftOut), strconv.Itoa(c.Lost), points(math.Round(c.LostScore*1000)/1000))
	}
	if err := t.print(out); err != nil {
		return err
	}
	t = newTable("RULE", "TYPE", "POINTS", "HERE", "REASON", "WHERE")
	for _, r := range coverage.Rules {
		if all || r.Score != 0 {
			t.row(r.Name, r.Type, points(r.Score), r.Grade.String(), r.Reason, fmt.Sprintf("%s:%d", r.File, r.Line))
		}
	}
	if len(t.rows) == 1 {
		return nil
	}
	if _, err := fmt.Fprintln(out); err != nil {
		return err
	}
	return t.print(out)
}
