package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"winnow/pkg/app"
	"winnow/pkg/stats"
	"winnow/pkg/trail"
)

// whyFlags is how why is called.
type whyFlags struct {
	since, until string
	limit        int
	asJSON       bool
	sample       bool
}

// defaultSince is how far back why looks where nobody says.
const defaultSince = "7d"

func newWhy() *cobra.Command {
	var f whyFlags
	c := &cobra.Command{
		Use:   "why WORD...",
		Short: "Say why a message or a client was refused, or was not",
		Long: `Find what was decided about a message or a client, and print it in plain words: what decided, what would have become of
it without, and what the sender can do; then all that led to it, in order: each list with what it answered and how old
that answer was, each rule with its score, what was proven of the sender.

WORD is one of:
  the id in brackets from the reply or the log     w7k2-9fqx
  Postfix's queue id                               4FqXyz1234z9Yk
  a Message-ID                                     '<1@sender.example.net>'
  the address of a client, or its network          192.0.2.4, 192.0.2.0/24
  a mail address, the sender's or the recipient's  bob@example.net; <> is the null sender
Of several words all must fit; of two mail addresses the first is the sender's. Where several records fit, they are
listed, the newest first: call it again with an id.

It reads the trail (docs/why.md): of this host's winnow and, where trail.stream is set, of all nodes. Records appear a second
after the decision. The exit code is 1 where nothing is found.

Where a copy of the message was kept (trail.keep_samples), it is said, and --sample prints that copy, as it came, and nothing
else: not to a terminal, for it may hold anything.

With --json, one object a line for each record, the newest first: record (the format is in docs/why.md), alternatives[],
explanation{title, decided[], without[], sender[], facts[], steps[]}.`,
		Example: `  winnow why w7k2-9fqx
  winnow why 192.0.2.4 --since 2h
  winnow why bob@example.net alice@our.example --since 30d
  winnow why 198.51.100.0/24 --since 2026-11-01 --until 2026-11-08
  winnow why w7k2-9fqx --sample > mail.eml
  winnow why '<1@sender.example.net>' --json | jq '.record.reports'`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return why(c, &f, args) },
	}
	flags := c.Flags()
	flags.StringVar(&f.since, "since", defaultSince, "from when on: 90m, 36h, 7d, 2026-11-26, \"2026-11-26 14:30\", or all")
	flags.StringVar(&f.until, "until", "", "up to when, written likewise; a day is taken whole (default: now)")
	flags.IntVar(&f.limit, "limit", trail.DefaultLimit, "how many records at most")
	flags.BoolVar(&f.asJSON, "json", false, "print JSON, one object a line")
	flags.BoolVar(&f.sample, "sample", false, "print the copy that was kept of the message")
	c.MarkFlagsMutuallyExclusive("json", "sample")
	return c
}

func why(c *cobra.Command, f *whyFlags, words []string) error {
	config, err := loadConfig(c)
	if err != nil {
		return err
	}
	zone, err := config.Stats.Location()
	if err != nil {
		return err
	}
	if f.limit < 1 {
		return usagef("--limit %d: print at least one record", f.limit)
	}
	q := trail.Query{Words: words, Limit: f.limit}
	span, err := parseSpan([2]string{"--since", "--until"}, f.since, f.until, time.Now().In(zone))
	if err != nil {
		return err
	}
	q.Since, q.Until = span.Since, span.Until
	results, err := searchTrail(c.Context(), config, q)
	if err != nil {
		return err
	}
	for _, note := range results.Notes {
		fmt.Fprintln(c.ErrOrStderr(), "winnow:", stats.Printable(note))
	}
	if len(results.Records) == 0 {
		fmt.Fprintln(c.ErrOrStderr(), "winnow:", nothingFound(config, results, &q, f))
		return errFound
	}
	if f.sample {
		return printSample(c, config, results.Records)
	}
	if err := printWhy(c.OutOrStdout(), results, zone, f.asJSON); err != nil || f.asJSON || len(results.Records) != 1 {
		return err
	}
	if app.HasSample(config, results.Records[0]) {
		_, err = fmt.Fprintln(c.OutOrStdout(), "\nA copy of the message is kept: --sample prints it.")
	}
	return err
}

// printSample prints the copy of one message.
func printSample(c *cobra.Command, config *app.Config, records []*trail.Record) error {
	if len(records) > 1 {
		return usagef("--sample: %d records fit: name one by its id", len(records))
	}
	text, err := app.Sample(config, records[0])
	if err != nil {
		return err
	}
	if text == nil {
		fmt.Fprintln(c.ErrOrStderr(), "winnow: no copy is kept of it: trail.keep_samples says of which, and for how long")
		return errFound
	}
	if isTerminal(c.OutOrStdout()) {
		return usagef("--sample: a copy may hold anything, and is not printed to a terminal: write it to a file, or pipe it to less")
	}
	_, err = c.OutOrStdout().Write(text)
	return err
}

// searchTrail searches the files, and the stream of all nodes where there is one.
func searchTrail(ctx context.Context, config *app.Config, q trail.Query) (*trail.Results, error) {
	results, err := app.SearchTrail(ctx, config, q)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%w; the trail is winnow's own: sudo -u winnow winnow why ..., or as root", err)
	}
	return results, err
}

// nothingFound tells why there may be nothing, and what to do.
func nothingFound(config *app.Config, r *trail.Results, q *trail.Query, f *whyFlags) string {
	if r.Oldest == "" {
		if !config.Trail.Enabled {
			return "nothing is recorded: trail.enabled is false; the log has a line for each message (journalctl -u winnow --grep=ID)"
		}
		return fmt.Sprintf("nothing was ever recorded in %s: does winnow serve run with this configuration, and this state_dir?", trail.Dir(config.StateDir))
	}
	text := fmt.Sprintf("nothing is recorded about %s since %s", strings.Join(f.quoted(q.Words), " "), q.Since.Format("2006-01-02 15:04"))
	if q.Since.IsZero() {
		text = fmt.Sprintf("nothing is recorded about %s", strings.Join(f.quoted(q.Words), " "))
	}
	if !q.Since.IsZero() && r.Oldest < q.Since.Format(time.DateOnly) {
		text += "; --since all looks further back"
	}
	text += fmt.Sprintf("; records go back to %s (trail.retention_days: %d, trail.max_size)", r.Oldest, config.Trail.RetentionDays)
	if !config.Trail.Enabled {
		text += ", and nothing new is recorded: trail.enabled is false"
	}
	if n := config.Trail.RefusedOneIn; n > 1 {
		text += fmt.Sprintf("; of clients that were refused only one record in %d is kept (trail.refused_one_in)", n)
	}
	return text + "; `winnow stats` tells of records that could not be written"
}

func (f *whyFlags) quoted(words []string) []string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = fmt.Sprintf("%q", word)
	}
	return quoted
}

// parseSpan reads from when on and up to when somebody looks: "" is now, and of a day it is the end. flags are what they are called.
func parseSpan(flags [2]string, from, to string, now time.Time) (span trail.Span, err error) {
	if span.Since, err = parseMoment(from, now); err != nil {
		return span, usagef("%s: %w", flags[0], err)
	}
	if to == "" {
		return span, nil
	}
	if span.Until, err = parseMoment(to, now); err != nil {
		return span, usagef("%s: %w", flags[1], err)
	}
	if _, err := time.Parse(time.DateOnly, to); err == nil {
		span.Until = span.Until.AddDate(0, 0, 1).Add(-time.Millisecond)
	}
	if !span.Until.IsZero() && span.Until.Before(span.Since) {
		return span, usagef("%s %s is before %s %s", flags[1], to, flags[0], from)
	}
	return span, nil
}

// parseMoment reads a time, or how long ago it was.
func parseMoment(text string, now time.Time) (time.Time, error) {
	if text == "all" {
		return time.Time{}, nil
	}
	days := 0
	if n, err := fmt.Sscanf(text, "%dd", &days); n == 1 && err == nil && text == fmt.Sprintf("%dd", days) && days >= 0 && days < 10_000 {
		return now.AddDate(0, 0, -days), nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04", "2006-01-02 15:04:05", time.RFC3339} {
		if at, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: write 90m, 36h, 7d, 2026-11-26, \"2026-11-26 14:30\", or all", text)
}

// A foundRecord is one record; its JSON is what `winnow why --json` promises.
type foundRecord struct {
	Record       *trail.Record       `json:"record"`
	Alternatives []trail.Alternative `json:"alternatives"`
	Explanation  *trail.Explanation  `json:"explanation"`
}

func printWhy(out io.Writer, r *trail.Results, zone *time.Location, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(out)
		for _, record := range r.Records {
			if err := e.Encode(foundRecord{record, append([]trail.Alternative{}, record.Alternatives()...), record.Explain(zone)}); err != nil {
				return err
			}
		}
		return nil
	}
	if len(r.Records) == 1 {
		return printRecord(out, r.Records[0], zone)
	}
	return printChoice(out, r, zone)
}
