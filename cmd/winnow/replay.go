package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"winnow/pkg/app"
	"winnow/pkg/replay"
	"winnow/pkg/stats"
	"winnow/pkg/trail"
)

// replayFlags is how replay is called.
type replayFlags struct {
	from, to string
	running  string
	trail    string
	rules    []string
	most     int
	asJSON   bool
}

func newReplay() *cobra.Command {
	var f replayFlags
	c := &cobra.Command{
		Use:   "replay",
		Short: "Say what other settings would have made of recorded mail",
		Long: `Decide what was recorded again, by the configuration that --config names: other lists, codes and scores, thresholds,
whitelists, rules, what is off or only observed. Nothing is asked, counted or sent. It prints the funnel of then and of
now side by side; how many connections, recipients and messages would have been refused, passed or tagged that were not,
and the reverse; which list or rule does it; and the records that it is about, to look at with winnow why.

It takes the answers and hits of then. What was not asked has no answer: where a new list, a new or changed rule, or mail
that was never sent could make a difference, the outcome is not known, and is counted as that and as nothing else. A
rule whose score changes, or that is gone, needs no message: its hits are recorded. For new rules, winnow looks at copies
of messages where such were kept (trail.keep_samples). docs/replay.md tells what can be known, and how.

The trail that is read is the running winnow's: of --running, else of the file that winnow serve reads, else of --config
itself. With --json the report is one object; docs/replay.md describes it. The exit code is 0 also where much would
change.`,
		Example: `  winnow replay --config new.yaml                                 the last seven days
  winnow replay --config new.yaml --from 2026-11-20 --to 2026-11-22
  winnow replay --config new.yaml --from 2h --most 100
  winnow replay --from 1d --rules ./my-rules                      as now, with these rules in place of the configured ones
  winnow replay --config new.yaml --trail /backup/trail --json | jq .newly_refused`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runReplay(c, &f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.from, "from", "7d", "from when on: 2026-11-26, \"2026-11-26 14:30\", 90m, 36h, 7d, or all")
	flags.StringVar(&f.to, "to", "", "up to when, written likewise; a day is taken whole (default: now)")
	flags.StringVar(&f.running, "running", "", "configuration file of the winnow that recorded (default "+defaultConfig+" where there is one, else --config)")
	flags.StringVar(&f.trail, "trail", "", "folder of the trail, in place of the one that belongs to --running")
	flags.StringSliceVar(&f.rules, "rules", nil, "folders of rules in place of the configured ones")
	flags.IntVar(&f.most, "most", replay.DefaultMost, "how many records of each sort are named")
	flags.BoolVar(&f.asJSON, "json", false, "print JSON")
	return c
}

func runReplay(c *cobra.Command, f *replayFlags) error {
	config, err := loadConfig(c)
	if err != nil {
		return err
	}
	if err := useFolders(config, f.rules); err != nil {
		return err
	}
	q, err := f.request(config, time.Now())
	if err != nil {
		return err
	}
	log := app.NewLog(app.LogConfig{Level: config.Log.Level, Format: "console"}, c.ErrOrStderr())
	a, err := app.New(c.Context(), config, app.Options{ReadOnly: true, Log: log})
	if err != nil {
		return err
	}
	bar := newOctetProgress("deciding again", c.OutOrStdout(), c.ErrOrStderr())
	q.Progress = bar.set
	report, err := a.Replay(c.Context(), *q)
	bar.end()
	if err = errors.Join(err, a.Close()); err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("%w; the trail is winnow's own: sudo -u winnow winnow replay ..., or as root", err)
		}
		return err
	}
	for _, note := range report.Notes {
		fmt.Fprintln(c.ErrOrStderr(), "winnow:", stats.Printable(note))
	}
	if report.Records == (replay.Records{}) {
		fmt.Fprintf(c.ErrOrStderr(), "winnow: nothing is recorded in %s for that time; --from all takes everything, --running and --trail say where to look\n", q.Dir)
		return errFound
	}
	return printReplay(c.OutOrStdout(), report, q, f.asJSON)
}

// request makes of the words what is to be decided again.
func (f *replayFlags) request(config *app.Config, now time.Time) (*replay.Request, error) {
	running, err := f.runningConfig(config)
	if err != nil {
		return nil, err
	}
	if f.most < 1 {
		return nil, usagef("--most %d: name at least one record", f.most)
	}
	q := &replay.Request{Dir: f.trail, Most: f.most}
	if q.Dir == "" {
		q.Dir = trail.Dir(running.StateDir)
	}
	if q.Zone, err = running.Stats.Location(); err != nil {
		return nil, err
	}
	q.Span, err = parseSpan([2]string{"--from", "--to"}, f.from, f.to, now.In(q.Zone))
	return q, err
}

// runningConfig is the configuration of the winnow that recorded.
func (f *replayFlags) runningConfig(config *app.Config) (*app.Config, error) {
	if f.running != "" {
		return app.LoadConfig(f.running)
	}
	if _, err := os.Stat(defaultConfig); err != nil {
		return config, nil
	}
	return app.LoadConfig(defaultConfig)
}

// newOctetProgress shows how much of a known size is done.
func newOctetProgress(what string, out, messages io.Writer) progress {
	if !isTerminal(messages) || isTerminal(out) {
		return progress{}
	}
	return progress{progressbar.NewOptions64(1, progressbar.OptionSetWriter(messages), progressbar.OptionShowBytes(true),
		progressbar.OptionSetDescription(what), progressbar.OptionClearOnFinish())}
}

// set tells how far it is.
func (p progress) set(done, of int64) {
	if p.bar != nil && of > 0 {
		p.bar.ChangeMax64(of)
		_ = p.bar.Set64(min(done, of)) // a bar that cannot be drawn is no reason to stop
	}
}

func printReplay(out io.Writer, r *replay.Report, q *replay.Request, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	p := replayPrinter{out: out, report: r, zone: q.Zone}
	return p.print()
}
