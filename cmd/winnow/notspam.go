package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"winnow/pkg/app"
	"winnow/pkg/message"
	"winnow/pkg/stats"
	"winnow/pkg/trail"
	"winnow/pkg/web"
)

// notSpamFlags is how not-spam is called.
type notSpamFlags struct {
	mail   string
	asJSON bool
}

func newNotSpam() *cobra.Command {
	var f notSpamFlags
	c := &cobra.Command{
		Use:   "not-spam WORD... | --mail FILE",
		Short: "Report a message that was taken for spam and was none",
		Long: `Count a message as wanted, because somebody says so: a user who found it in the wrong folder, or a sender who called. Each list
that hit it, and the content rules where they did, have one more doubtful hit, on the day that it came: winnow stats shows what
part of a list's hits is such. Nothing else changes: the sender is not whitelisted, and no list is asked less.

WORD is what winnow why takes, such as the id in brackets from the reply or the log, or a Message-ID; one message must fit. --mail
takes the message itself, or "-" for standard input, finds it by its Message-ID, and reports it as it was last decided: for a
mailbox's "this is no spam" button.

It reads the trail (docs/why.md), so it knows what that keeps, and needs a running winnow, which counts. A message that was
reported before is not counted again. The exit code is 1 where no message, or several, are found.

With --json: id, day, before (it was reported before), sources[] that have one more doubtful hit.`,
		Example: `  winnow not-spam w7k2-9fqx
  winnow not-spam '<1@sender.example.net>'
  winnow not-spam bob@example.net alice@our.example
  winnow not-spam --mail - < mail.eml`,
		RunE: func(c *cobra.Command, args []string) error { return reportNotSpam(c, &f, args) },
	}
	c.Flags().StringVar(&f.mail, "mail", "", "the message as it is in the mailbox: a file, or - for standard input")
	c.Flags().BoolVar(&f.asJSON, "json", false, "print JSON")
	return c
}

// notSpamReport is what not-spam prints as JSON.
type notSpamReport struct {
	ID string `json:"id"`
	stats.Doubt
}

func reportNotSpam(c *cobra.Command, f *notSpamFlags, words []string) error {
	if (f.mail == "") == (len(words) == 0) {
		return usagef("name a message by its id, or give it with --mail")
	}
	config, err := loadConfig(c)
	if err != nil {
		return err
	}
	if f.mail != "" {
		if words, err = messageIDOf(c.InOrStdin(), f.mail); err != nil {
			return err
		}
	}
	record, err := findMessage(c, config, words, f.mail != "")
	if err != nil {
		return err
	}
	line, err := json.Marshal(record)
	if err != nil {
		return err
	}
	report := notSpamReport{ID: record.ID}
	switch err := web.NewClient(config.ControlSocket()).NotSpam(c.Context(), line, &report.Doubt); {
	case errors.Is(err, web.ErrNotRunning):
		return fmt.Errorf("%w: it is the one that counts; start it (systemctl start winnow) and report again", err)
	case err != nil:
		return err
	}
	return printNotSpam(c.OutOrStdout(), &report, f.asJSON)
}

// maxMailHeader is how many octets of a message are looked at for its Message-ID.
const maxMailHeader = 1 << 20

// messageIDOf returns the word by which the trail finds a message.
func messageIDOf(stdin io.Reader, name string) ([]string, error) {
	in := stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = file
	}
	m, err := message.Parse(io.LimitReader(in, maxMailHeader), maxMailHeader)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	id, _ := m.HeaderText("Message-ID", 0)
	if id = strings.Trim(strings.TrimSpace(id), "<>"); id == "" {
		return nil, fmt.Errorf("%s has no Message-ID: name it by the id that the log shows", name)
	}
	return []string{"<" + id + ">"}, nil
}

// findMessage returns the record of the one message that fits, or of the last that does.
func findMessage(c *cobra.Command, config *app.Config, words []string, last bool) (*trail.Record, error) {
	results, err := searchTrail(c.Context(), config, trail.Query{Words: words})
	if err != nil {
		return nil, err
	}
	for _, note := range results.Notes {
		fmt.Fprintln(c.ErrOrStderr(), "winnow:", stats.Printable(note))
	}
	var messages []*trail.Record
	for _, r := range results.Records {
		if r.Kind == trail.OfMessage {
			messages = append(messages, r)
		}
	}
	switch {
	case len(messages) == 0:
		fmt.Fprintln(c.ErrOrStderr(), "winnow:", nothingFound(config, results, &trail.Query{Words: words}, &whyFlags{}))
		return nil, errFound
	case len(messages) > 1 && !last:
		zone, err := config.Stats.Location()
		if err != nil {
			return nil, err
		}
		results.Records = messages
		if err := printWhy(c.ErrOrStderr(), results, zone, false); err != nil {
			return nil, err
		}
		fmt.Fprintf(c.ErrOrStderr(), "winnow: %d messages fit: name one by its id\n", len(messages))
		return nil, errFound
	case messages[0].Cut:
		return nil, fmt.Errorf("%s: its record was too long, and what hit it is not in it", messages[0].ID)
	}
	return messages[0], nil
}

func printNotSpam(w io.Writer, r *notSpamReport, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(r)
	}
	day := r.Day
	if t, err := time.Parse(time.DateOnly, r.Day); err == nil {
		day = t.Format("Monday 2006-01-02")
	}
	text := fmt.Sprintf("%s of %s: not spam", r.ID, day)
	switch {
	case r.Before:
		text += "; that was reported before, and nothing is counted again"
	case len(r.Sources) == 0:
		text += "; no list had hit it, and the content rules had not: no figure of theirs changes"
	default:
		text += "; one more doubtful hit of " + strings.Join(r.Sources, ", ")
	}
	_, err := fmt.Fprintln(w, text)
	return err
}
