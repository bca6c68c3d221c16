package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"winnow/pkg/app"
	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/rig"
	"winnow/pkg/stats"
	samples "winnow/test"
)

func newDemo() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Watch the filter at work: a private Postfix, DNS lists and sample mails",
		Long: `Start rbldnsd with sample zones, winnow with its defaults, and a private Postfix, all on loopback ports and in a
temporary folder; send the sample mails through SMTP, each from its own client's address; print what Postfix replies and
what winnow's verdict is, then the day's report. Then stop it all and leave nothing behind.

It needs root, because Postfix does, and the packages postfix and rbldnsd; "make demo" installs them. It touches no
Postfix, no mail and no winnow that you run.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if missing := rig.Missing(rig.PostfixProgram, rig.RbldnsdProgram); missing != nil {
				return errors.New(strings.Join(missing, "; "))
			}
			signal.Ignore(syscall.SIGPIPE) // or `winnow demo | head` would end it before it has cleaned up
			d := &demo{out: c.OutOrStdout(), verdicts: make(chan *filter.Verdict, len(samples.Mails()))}
			return d.run(c.Context())
		},
	}
}

// A demo is one show.
type demo struct {
	out     io.Writer
	rig     *rig.Rig
	app     *app.App
	service *app.Service
	postfix *rig.Postfix

	verdicts chan *filter.Verdict // one for each sample, in their order
}

// demoLimit is how long the show may take.
const demoLimit = 2 * time.Minute

func (d *demo) run(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, demoLimit)
	defer cancel()
	if d.rig, err = rig.New(""); err != nil {
		return err
	}
	d.rig.Progress = d.out
	defer func() { err = errors.Join(err, d.rig.Close()) }()
	dir, err := os.MkdirTemp("", "winnow-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := d.start(ctx, dir); err != nil {
		return errors.Join(err, d.stop())
	}
	if err := d.play(ctx); err != nil {
		return errors.Join(err, d.stop())
	}
	if err := d.stopService(); err != nil { // all of the day is in the store now
		return errors.Join(err, d.stop())
	}
	return errors.Join(d.report(ctx), d.stop())
}

// start brings up the lists, winnow and Postfix.
func (d *demo) start(ctx context.Context, dir string) error {
	zones, err := rig.ReadZones(samples.Zones())
	if err != nil {
		return err
	}
	lists, err := d.rig.Rbldnsd(ctx, zones)
	if err != nil {
		return err
	}
	config, err := demoConfig(dir, lists.Addr())
	if err != nil {
		return err
	}
	log := app.NewLog(app.LogConfig{Level: zap.WarnLevel, Format: "console"}, d.out)
	if d.app, err = app.New(ctx, config, app.Options{Version: version, Log: log, Observe: d.observe}); err != nil {
		return err
	}
	if d.service, err = d.app.Start(ctx); err != nil {
		return err
	}
	listens := d.service.Addrs()[0].String()
	fmt.Fprintf(d.out, "winnow listens on %s\n", listens)
	mailbox, err := d.rig.Mailbox()
	if err != nil {
		return err
	}
	d.postfix, err = d.rig.Postfix(ctx, rig.PostfixConfig{
		Milters: []string{"inet:" + listens},
		Mailbox: mailbox.Addr(),
		Domains: []string{samples.Domain},
	})
	return err
}

// demoConfig is the default, but for where the DNS is, the lists that need a subscription, and the samples' whitelists.
func demoConfig(dir, resolver string) (*app.Config, error) {
	config := app.DefaultConfig()
	config.StateDir = filepath.Join(dir, "state")
	config.Milter.Listen = []string{"inet:127.0.0.1:0"}
	config.DNS.Servers = []string{resolver}
	config.Lists.Enable = []string{"ivmsip", "ivmsip24", "ivmuri", "barracuda", "psky"}
	config.Whitelist.LocalDomains = []string{samples.Domain}
	file := func(name string) string {
		return filepath.Join(dir, name)
	}
	for _, name := range []string{"whitelist", "blacklist", "enabled"} {
		if err := os.WriteFile(file(name), samples.Text(name), 0o600); err != nil {
			return nil, err
		}
	}
	config.Whitelist.Whitelist, config.Whitelist.Blacklist = file("whitelist"), file("blacklist")
	config.Whitelist.Enabled = "file:" + file("enabled")
	return &config, nil
}

// observe takes the verdict on a sample.
func (d *demo) observe(_ *message.Message, v *filter.Verdict) { d.verdicts <- v }

// verdict waits for the next one: of a mail that was refused it comes when Postfix has said good-bye.
func (d *demo) verdict(ctx context.Context) (*filter.Verdict, error) {
	select {
	case v := <-d.verdicts:
		return v, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("no verdict: %w", ctx.Err())
	}
}

// play sends the samples and prints what became of each.
func (d *demo) play(ctx context.Context) error {
	fmt.Fprintln(d.out)
	surprises := 0
	for _, s := range samples.Mails() {
		transcript, err := rig.Send(ctx, d.postfix.Addr(), rig.Mail{
			Client: rig.Client{Addr: s.Client, Name: s.ClientName, Helo: s.Helo, Login: s.Login},
			Sender: s.Sender, Recipients: s.Recipients, Data: s.Message,
		})
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		reply := transcript.Final()
		fmt.Fprintf(d.out, "%s\n  from    <%s> at %s, to %s\n  reply   %s\n",
			stats.Printable(s.Title), stats.Printable(s.Sender), s.Client, stats.Printable(strings.Join(s.Recipients, ", ")), stats.Printable(reply.String()))
		v, err := d.verdict(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		fmt.Fprintf(d.out, "  verdict %s: %s\n", verdictWord(v), stats.Printable(v.Reason))
		if reply.Code != s.Expect.Code {
			surprises++
			fmt.Fprintf(d.out, "  EXPECTED %d (%s)\n", s.Expect.Code, s.Expect.Reason)
		}
	}
	if surprises > 0 {
		return fmt.Errorf("%d of the samples did not end as expected", surprises)
	}
	return nil
}

// verdictWord says what was decided, and about what.
func verdictWord(v *filter.Verdict) string {
	if v.Class == filter.NoMessage {
		return v.Action.String() + " (client)"
	}
	return fmt.Sprintf("%s (%s)", v.Action, v.Class)
}

func (d *demo) report(ctx context.Context) error {
	q, err := d.app.Query("today", "today", false)
	if err != nil {
		return err
	}
	reports, err := stats.Read(ctx, d.app.Store(), q)
	if err != nil {
		return err
	}
	fmt.Fprintln(d.out)
	if err := stats.NewForms(reports...).WriteTable(d.out); err != nil {
		return err
	}
	fmt.Fprintln(d.out)
	return nil
}

func (d *demo) stopService() error {
	if d.service == nil {
		return nil
	}
	s := d.service
	d.service = nil
	return s.Stop()
}

func (d *demo) stop() error {
	err := d.stopService()
	if d.app != nil {
		err = errors.Join(err, d.app.Close())
	}
	return err
}
