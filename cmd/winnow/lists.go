package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"winnow/pkg/app"
	"winnow/pkg/dnslist"
	"winnow/pkg/filter"
	"winnow/pkg/stats"
	"winnow/pkg/web"
)

func newLists() *cobra.Command {
	var asJSON bool
	lists := &cobra.Command{
		Use:   "lists",
		Short: "Show how each DNS list is",
		Long: `Show each list, its zone and its health. The running winnow tells; where none runs, the lists are probed now with
their own test entries (RFC 5782). The exit code is 1 when an enabled list refuses, is broken or is down.

  ok             its test entries are as they must be
  suspect-empty  its test entry is missing: it may have lost its data, or does not answer you
  refused        it declines to answer: a public resolver, over its limit, not registered
  broken         it lists what it must not: nothing it says counts
  down           it does not answer
  unprobed       nothing is known yet
  off            not enabled

Behind the lists of the configuration stand the zones that only rules ask. Nobody probes them: they are unprobed until they
have rested.

TODAY is how many questions went out today of those that the list's terms allow (budget), and what that comes to by
midnight; from 80 % on it is marked with !, for beyond its budget a list begins to refuse.`,
		Example: `  winnow lists
  winnow lists --json | jq '.[] | select(.health != "ok")'
  winnow lists query 192.0.2.1`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			states, err := listStates(c)
			if err != nil {
				return err
			}
			return printStates(c.OutOrStdout(), states, asJSON)
		},
	}
	lists.PersistentFlags().BoolVar(&asJSON, "json", false, "print JSON")
	lists.AddCommand(newListsQuery(&asJSON))
	return lists
}

// listStates asks the running winnow, or the lists themselves.
func listStates(c *cobra.Command) ([]app.ListState, error) {
	config, err := loadConfig(c)
	if err != nil {
		return nil, err
	}
	var told []app.ListState
	err = web.NewClient(config.ControlSocket()).Lists(c.Context(), &told)
	if !errors.Is(err, web.ErrNotRunning) {
		return told, err
	}
	a, err := app.New(c.Context(), config, app.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	states := a.Lists().Probe(c.Context())
	if slices.ContainsFunc(states, func(s dnslist.State) bool { return s.Health == dnslist.Unprobed && !s.OfRules }) {
		states = a.Lists().Probe(c.Context()) // one probe without an answer is no news, but two are
	}
	told = a.WithBudgets(c.Context(), states)
	return told, a.Close()
}

func printStates(out io.Writer, states []app.ListState, asJSON bool) error {
	found := error(nil)
	t := newTable("LIST", "TITLE", "ZONE", "HEALTH", "SINCE", "TODAY", "WHY")
	for _, s := range states {
		switch s.Health {
		case dnslist.Refusing, dnslist.Broken, dnslist.Down:
			found = errFound
		}
		since := ""
		if !s.Since.IsZero() {
			since = s.Since.Local().Format(time.DateTime)
		}
		title := s.Title
		if s.OfRules {
			title = "asked by rules"
		}
		t.row(s.List, title, s.Zone, string(s.Health), since, questions(s.Budget), s.Why)
	}
	if asJSON {
		return errors.Join(printJSON(out, states), found)
	}
	return errors.Join(t.print(out), found)
}

// questions tells how much of a budget is used up; what nears its end is marked.
func questions(b *stats.Budget) string {
	if b == nil {
		return ""
	}
	text := b.String()
	if b.Warn {
		text += " !"
	}
	return text
}

func newListsQuery(asJSON *bool) *cobra.Command {
	return &cobra.Command{
		Use:   "query ADDRESS|DOMAIN|USER@DOMAIN|LINK",
		Short: "Ask every enabled list about an address, a domain, a mail address or a link",
		Long: `Ask every enabled list that takes such things about an address, a domain, a mail address and its domain, or a link
and its host, the DNS itself and no cache. Lists of hashes are asked for the hash.
The exit code is 1 when a list that would act or give points has it, or when one does not answer.`,
		Example: `  winnow lists query 192.0.2.1
  winnow lists query 2001:db8::1
  winnow lists query info@example.com
  winnow lists query https://bit.do/e3s49
  winnow lists query example.com --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			config, err := loadConfig(c)
			if err != nil {
				return err
			}
			a, err := app.New(c.Context(), config, app.Options{ReadOnly: true})
			if err != nil {
				return err
			}
			rows, err := a.Lists().Query(c.Context(), args[0])
			if err != nil { // of what was asked about; lists that do not answer are rows
				return errors.Join(usageError{err}, a.Close())
			}
			if err := a.Close(); err != nil {
				return err
			}
			return printRows(c.OutOrStdout(), rows, *asJSON)
		},
	}
}

func printRows(out io.Writer, rows []dnslist.Row, asJSON bool) error {
	found := error(nil)
	t := newTable("LIST", "ASKED", "OUTCOME", "ANSWER", "SYMBOL", "SCORE", "ACTION", "MS")
	for _, r := range rows {
		ms := fmt.Sprintf("%.1f", float64(r.Took)/float64(time.Millisecond))
		if r.Error != "" {
			found = errFound
		}
		if len(r.Hits) == 0 {
			t.row(r.List, r.Asked, outcome(r), addresses(r), "", "", "", ms)
		}
		for _, h := range r.Hits {
			if !h.Observe && (h.Score > 0 || h.Action > filter.Accept) {
				found = errFound
			}
			t.row(r.List, r.Asked, outcome(r), h.Code.String(), h.Symbol, fmt.Sprintf("%g", h.Score), h.Action.String(), ms)
		}
	}
	if asJSON {
		return errors.Join(printJSON(out, rows), found)
	}
	return errors.Join(t.print(out), found)
}

func outcome(r dnslist.Row) string {
	if r.Error != "" {
		return fmt.Sprintf("%s: %s", r.Outcome, r.Error)
	}
	return fmt.Sprint(r.Outcome)
}

func addresses(r dnslist.Row) string {
	all := make([]string, len(r.Answer))
	for i, a := range r.Answer {
		all[i] = a.String()
	}
	return strings.Join(all, " ")
}

func printJSON(out io.Writer, value any) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(value)
}
