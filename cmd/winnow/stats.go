package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"winnow/pkg/app"
	"winnow/pkg/stats"
	"winnow/pkg/web"
)

// statsFlags is how stats is called.
type statsFlags struct {
	day, from, to string
	perDay        bool
	hours         bool
	rules         bool
	forged        bool
	overlap       bool
	without       []string
	keep          float64
	list          string
	against       string
	asJSON, asCSV bool
	html          string
}

func newStats() *cobra.Command {
	var f statsFlags
	c := &cobra.Command{
		Use:   "stats",
		Short: "Print the account of a day: the funnel, then each list and the content rules; or each rule",
		Long: `Print what became of connections and messages, then for each list and for the content rules: how often it was asked and
hit, which hits nobody else had (unique), which decided (decisive), and which were on wanted mail (doubtful). What each
figure means is in docs/statistics.md. Days are those of stats.time_zone; today's figures are up to a second old.

With --rules, print each content rule that ever hit instead, by hits: on how many messages, how many of those were caught
and how many delivered, what its points were of all points against them (mean share), and the last day it hit. Rules that are
only observed have columns of their own. Below stand rules that look dangerous, and those that never hit.

With --overlap, print which lists hit the same messages, and in which order each adds most to the others; with --without,
what nobody else would have noticed without some lists, all of them left out at once; with --keep, the fewest lists that
would have kept so much of the catch. They tell of caught messages and of refused connections.

With --list, print one list day by day, and what each of its return codes did; with --hours, too, hour by hour. --hours alone
prints the funnel hour by hour, and when lists did not answer. Hours are kept for two weeks. With --against, print the days
beside other days, and what changed.

With --forged, print instead whom messages claimed to come from and were not proven to: correspondents of your users, and
entries of the whitelist. Forged are those that the sender's domain disowns.

With --html, write the funnel as a picture, lists, overlap and rules of the days as one file that can be mailed: it needs
nothing else and runs nothing (docs/web.md).`,
		Example: `  winnow stats
  winnow stats --day yesterday
  winnow stats --from 2016-12-01 --to 2016-12-31 --csv >december.csv
  winnow stats --from 2016-12-01 --to 2016-12-07 --per-day --json
  winnow stats --overlap --from 2016-12-01 --to 2016-12-31
  winnow stats --without zen,uribl --day yesterday
  winnow stats --keep 99.5 --from 2016-12-01 --to 2016-12-31
  winnow stats --list uribl --from 2016-12-01 --to 2016-12-31
  winnow stats --hours
  winnow stats --hours --list zen --day yesterday
  winnow stats --day yesterday --against 2016-12-07
  winnow stats --from 2016-12-01 --to 2016-12-31 --against 2016-11-01..2016-11-30
  winnow stats --rules --from 2016-12-01 --to 2016-12-31
  winnow stats --forged --from 2016-12-01 --to 2016-12-31 --json
  winnow stats --html yesterday.html --day yesterday`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return printStats(c, &f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.day, "day", "today", "the day: 2016-12-14, today or yesterday")
	flags.StringVar(&f.from, "from", "", "the first of several days")
	flags.StringVar(&f.to, "to", "today", "the last of several days")
	flags.BoolVar(&f.perDay, "per-day", false, "several days one by one, not added up")
	flags.BoolVar(&f.rules, "rules", false, "each content rule, in place of the funnel and the lists")
	flags.BoolVar(&f.forged, "forged", false, "whom messages impersonated, in place of the funnel and the lists")
	flags.BoolVar(&f.overlap, "overlap", false, "which lists hit together, and what each adds to the others")
	flags.StringSliceVar(&f.without, "without", nil, "what would be missed without these lists: zen,uribl")
	flags.Float64Var(&f.keep, "keep", 0, "the fewest lists that keep so much of the catch, in percent: 99.5")
	flags.StringVar(&f.list, "list", "", "one list over the days; rules for the content rules")
	flags.BoolVar(&f.hours, "hours", false, "hour by hour; with --list of one list")
	flags.StringVar(&f.against, "against", "", "compare with other days: 2016-11-14, yesterday, 2016-11-01..2016-11-30")
	flags.BoolVar(&f.asJSON, "json", false, "print JSON")
	flags.StringVar(&f.html, "html", "", "write all of it as one HTML file that can be mailed, mode 0600; - writes it out")
	flags.BoolVar(&f.asCSV, "csv", false, "print CSV, one figure a line")
	return c
}

func printStats(c *cobra.Command, f *statsFlags) error {
	if f.asJSON && f.asCSV {
		return usagef("--json and --csv: choose one")
	}
	if f.html != "" && (f.asJSON || f.asCSV || f.perDay) {
		return usagef("--html is one report of all days; --json, --csv and --per-day go without it")
	}
	if chosen := f.chosen(c); len(chosen) > 1 {
		return usagef("%s: choose one", strings.Join(chosen, " and "))
	}
	for _, name := range []string{"from", "without", "list", "against", "html"} {
		if flag := c.Flags().Lookup(name); flag.Changed && strings.Trim(flag.Value.String(), "[]") == "" {
			return usagef("--%s: write what it is about", name)
		}
	}
	for i := range f.without {
		f.without[i] = strings.TrimSpace(f.without[i])
	}
	if c.Flags().Changed("keep") && !(f.keep > 0 && f.keep <= 100) {
		return usagef("--keep %g: write how much is to be kept, in percent, above 0 and up to 100", f.keep)
	}
	if f.from == "" && c.Flags().Changed("to") {
		return usagef("--to is the last of several days: write the first, too, with --from")
	}
	if f.from != "" && c.Flags().Changed("day") {
		return usagef("--day is one day, --from and --to are several: choose one")
	}
	config, err := loadConfig(c)
	if err != nil {
		return err
	}
	from, to := f.from, f.to
	if from == "" {
		from, to = f.day, f.day
	}
	a, err := app.New(c.Context(), config, app.Options{ReadOnly: true, Version: version})
	if err != nil {
		return err
	}
	if a.Unused() {
		fmt.Fprintf(c.ErrOrStderr(), "winnow: nothing was ever counted in %s\n", config.StoreURL())
	}
	q, err := a.Query(from, to, f.perDay)
	if err != nil {
		return errors.Join(usageError{err}, a.Close())
	}
	if f.html != "" {
		return errors.Join(writeHTML(c, a, web.Days{From: from, To: to}, f.html), a.Close())
	}
	return errors.Join(printAccount(c, a, q, f), a.Close())
}

// printAccount prints what is asked for.
func printAccount(c *cobra.Command, a *app.App, q stats.Query, f *statsFlags) error {
	switch {
	case f.overlap || len(f.without) > 0 || f.keep > 0:
		return printSets(c, a, q, f)
	case f.hours:
		return printHours(c, a, q, f)
	case f.list != "":
		return printList(c, a, q, f)
	case f.against != "":
		return printComparison(c, a, q, f)
	case f.rules:
		return printRuleStats(c, a, q, f)
	case f.forged:
		return printForged(c, a.Store(), q, f)
	}
	reports, err := stats.Read(c.Context(), a.Store(), q)
	if err != nil {
		return err
	}
	return writeForms(c.OutOrStdout(), stats.NewForms(reports...), f)
}

// chosen names the flags that ask for something in place of the funnel. The hours may be those of a list.
func (f *statsFlags) chosen(c *cobra.Command) (names []string) {
	for _, name := range []string{"rules", "forged", "overlap", "without", "keep", "list", "hours", "against", "html"} {
		if c.Flags().Changed(name) && !(name == "list" && f.hours) {
			names = append(names, "--"+name)
		}
	}
	return names
}

// printForged prints whom messages impersonated.
func printForged(c *cobra.Command, s stats.Store, q stats.Query, f *statsFlags) error {
	reports, err := stats.ReadForged(c.Context(), s, q)
	if err != nil {
		return err
	}
	return writeForms(c.OutOrStdout(), stats.NewForms(reports...), f)
}

// printRuleStats prints the account of each rule.
func printRuleStats(c *cobra.Command, a *app.App, q stats.Query, f *statsFlags) error {
	q, history := a.RuleQuery(q)
	reports, err := stats.ReadRules(c.Context(), a.Store(), q, history)
	if err != nil {
		return err
	}
	return writeForms(c.OutOrStdout(), stats.NewForms(reports...), f)
}
