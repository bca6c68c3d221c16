package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/cobra"

	"winnow/pkg/app"
	"winnow/pkg/rules"
	"winnow/pkg/stats"
)

func newRulesExplain() *cobra.Command {
	var asJSON, local bool
	var from envelope
	c := &cobra.Command{
		Use:   "explain FILE NAME [FOLDER...]",
		Short: "Say why a rule hits a mail, or does not",
		Long: `Say what a rule looked at in a mail and what it found there, with the match in >>> <<<; of a meta rule, what each of
its parts came to, down to the rules that look at the mail; of an eval rule, what was asked and answered; and why a rule
that cannot hit is not run. A rule that asks the network asks it here, too. FILE is a mail, - standard input. The exit code
is 1 when there is no such rule.`,
		Example: `  winnow rules explain mail.eml ADVANCE_FEE_4
  winnow rules explain --local mail.eml HTML_IMAGE_ONLY_08 /usr/share/spamassassin
  winnow rules explain --json mail.eml ADVANCE_FEE_4 | jq .value`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			e, err := explain(c, &from, local, args)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), e)
			}
			return printExplanation(c.OutOrStdout(), e)
		},
	}
	flags := c.Flags()
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	flags.BoolVar(&local, "local", false, "with the scores and rules of a filter that asks no DNS")
	flags.StringVar(&from.client, "client", "", "address of the client that sent it (default: by the Received fields)")
	flags.StringVar(&from.helo, "helo", "", "what the client called itself")
	flags.StringVar(&from.sender, "sender", "", "envelope sender, <> for none (default: as the mail tells)")
	return c
}

func explain(c *cobra.Command, from *envelope, local bool, args []string) (*rules.Explanation, error) {
	client, err := from.parse()
	if err != nil {
		return nil, err
	}
	config, err := loadConfig(c)
	if err != nil {
		return nil, err
	}
	config.Rules.Network = config.Rules.Network && !local
	set, err := rulesOf(config, args[2:])
	if err != nil {
		return nil, err
	}
	if set.Asks(args[1]) {
		a, err := app.New(c.Context(), config, app.Options{ReadOnly: true, Local: local})
		if err != nil {
			return nil, err
		}
		defer a.Close()
		set = a.Rules()
	}
	s := &scanner{site: config.Networks.Site(), envelope: from, client: client, networks: set.Settings().Networks(), stdin: c.InOrStdin(), keep: config.Milter.MaxBody}
	m, err := s.message(args[0])
	if err != nil {
		return nil, err
	}
	e := set.Explain(c.Context(), m, args[1])
	if e == nil {
		return nil, fmt.Errorf("there is no rule %s%s", args[1], nearestRule(set, args[1]))
	}
	return e, nil
}

// nearestRule names the rule that was probably meant.
func nearestRule(set *rules.Set, name string) string {
	best, at := 4, ""
	for _, rule := range set.Rules() {
		if d := levenshtein.ComputeDistance(strings.ToUpper(name), rule.Name); d < best {
			best, at = d, rule.Name
		}
	}
	if at == "" {
		return ""
	}
	return "; did you mean " + at + "?"
}

func printExplanation(out io.Writer, e *rules.Explanation) error {
	var b strings.Builder
	found := "miss"
	if e.Value != 0 {
		found = "hit"
		switch {
		case strings.HasPrefix(e.What, "__"):
		case e.Rule.Observe:
			found += fmt.Sprintf(", %g points that do not count: its file is only observed", e.Rule.Score)
		case e.Rule.Cap > 0:
			found += fmt.Sprintf(", %g points; those of its file end at %g", e.Rule.Score, e.Rule.Cap)
		default:
			found += fmt.Sprintf(", %g points", e.Rule.Score)
		}
	}
	fmt.Fprintf(&b, "%s: %s\n", e.What, found)
	fmt.Fprintf(&b, "  %s, %s:%d\n", e.Rule.Type, e.Rule.File, e.Rule.Line)
	if e.Rule.Describe != "" {
		fmt.Fprintf(&b, "  %s\n", stats.Printable(e.Rule.Describe))
	}
	explainFindings(&b, e, "  ")
	for _, part := range e.Parts {
		explainPart(&b, part, "  ")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// explainPart writes a part of a meta, and what it stands on indented below it.
func explainPart(b *strings.Builder, e *rules.Explanation, indent string) {
	fmt.Fprintf(b, "%s%s = %s", indent, e.What, strconv.FormatFloat(e.Value, 'g', 6, 64))
	if e.Why == rules.ToldBefore {
		b.WriteString(", " + e.Why + "\n")
		return
	}
	b.WriteByte('\n')
	explainFindings(b, e, indent+"    ")
	for _, part := range e.Parts {
		explainPart(b, part, indent+"  ")
	}
	if e.NotShown > 0 {
		fmt.Fprintf(b, "%s  (%d more are not shown)\n", indent, e.NotShown)
	}
}

func explainFindings(b *strings.Builder, e *rules.Explanation, indent string) {
	for _, m := range e.Matches {
		fmt.Fprintf(b, "%s%s: %s>>>%s<<<%s\n", indent, strings.TrimSuffix(stats.Printable(m.Where), ":"), stats.Printable(m.Before), stats.Printable(m.Text), stats.Printable(m.After))
	}
	if e.Why != "" {
		fmt.Fprintf(b, "%s%s\n", indent, stats.Printable(e.Why))
	}
}
