package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"winnow/pkg/app"
	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/trail"
)

// scanFlags is how scan is called.
type scanFlags struct {
	envelope  envelope
	local     bool
	asJSON    bool
	rules     []string
	filesFrom string
	jobs      int
	subrules  bool
	why       bool
	freshTags bool
}

func newScan() *cobra.Command {
	var f scanFlags
	c := &cobra.Command{
		Use:   "scan [FILE|FOLDER...]",
		Short: "Say what would become of mail, and why",
		Long: `Take each file through the same pipeline as serve, and print what would become of it. Folders are read whole; without
a file, or with -, the mail is read from standard input. A leading mbox "From " line is skipped. Nothing is counted,
learned or sent. The exit code is 1 when any mail is not accepted as it is, or could not be read.

Without --client, the client is the host that handed the mail to the first of the trusted networks, by its Received
fields; or the relay of networks.relays or .trusted that it came over. With --client, a hop from there is taken to come on
top of them, as it would in serve.

Who sent it is told with the evidence: SPF of the sender and of HELO, each DKIM signature, ARC, DMARC.

With --json, one object a line for each mail: file, action, class, total, threshold, reason,
hits[{symbol, score, source, stage, detail}], errors[],
identity{spf, helo, dkim[], arc, dmarc}, which is null with --local.`,
		Example: `  winnow scan mail.eml
  winnow scan --client 192.0.2.1 --helo mx.example.net --sender a@example.net --recipient b@our.example mail.eml
  winnow scan --local --json corpus/ | jq -r 'select(.action != "accept") | .file'
  winnow scan --local --rules ./my-rules < mail.eml`,
		RunE: func(c *cobra.Command, args []string) error { return scan(c, &f, args) },
	}
	flags := c.Flags()
	flags.StringVar(&f.envelope.client, "client", "", "address of the client that sent it (default: by the Received fields)")
	flags.StringVar(&f.envelope.helo, "helo", "", "what the client called itself")
	flags.StringVar(&f.envelope.sender, "sender", "", "envelope sender, <> for none (default: as Received and Return-Path tell, else the author)")
	flags.StringSliceVar(&f.envelope.recipients, "recipient", nil, "envelope recipients (default: Delivered-To, else To)")
	flags.BoolVar(&f.local, "local", false, "ask no DNS")
	flags.BoolVar(&f.asJSON, "json", false, "print JSON, one object a line")
	flags.StringSliceVar(&f.rules, "rules", nil, "folders of rules in place of the configured ones")
	flags.StringVar(&f.filesFrom, "files-from", "", "read the names of files from this file, one a line; - is standard input")
	flags.BoolVar(&f.why, "why", false, "print all that led to it, in order, as `winnow why` does of mail that came in")
	flags.BoolVar(&f.subrules, "subrules", false, "print the subrules (__NAME) that hit, too")
	flags.BoolVar(&f.freshTags, "fresh-tags", false, "complete patterns with %{NAME} for each mail, as serve does; without, with the first mail's, as SpamAssassin does")
	flags.IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "how many mails to scan at a time")
	return c
}

func scan(c *cobra.Command, f *scanFlags, args []string) error {
	client, err := f.envelope.parse()
	if err != nil {
		return err
	}
	config, err := loadConfig(c)
	if err != nil {
		return err
	}
	if err := useFolders(config, f.rules); err != nil {
		return err
	}
	config.Rules.FreshTags = f.freshTags
	log := app.NewLog(app.LogConfig{Level: config.Log.Level, Format: "console"}, c.ErrOrStderr())
	a, err := app.New(c.Context(), config, app.Options{ReadOnly: true, Local: f.local, Log: log})
	if err != nil {
		return err
	}
	files, err := filesToScan(f.filesFrom, args, c.InOrStdin())
	if err != nil {
		return errors.Join(err, a.Close())
	}
	s := &scanner{
		app: a, envelope: &f.envelope, client: client, networks: a.Rules().Settings().Networks(), site: a.Site(),
		stdin: c.InOrStdin(), keep: config.Milter.MaxBody, local: f.local, subrules: f.subrules, why: f.why,
	}
	if f.jobs < 1 {
		return usagef("--jobs %d: scan at least one mail at a time", f.jobs)
	}
	err = s.all(c.Context(), files, f.jobs, newPrinter(c.OutOrStdout(), c.ErrOrStderr(), f.asJSON, len(files)))
	return errors.Join(err, a.Close())
}

// A scanner takes files through the pipeline.
type scanner struct {
	app      *app.App
	envelope *envelope
	client   message.Client
	networks *message.Networks // whose Received fields rules believe
	site     *message.Site     // the operator's
	stdin    io.Reader
	keep     int64
	local    bool // no DNS is asked
	subrules bool
	why      bool
}

// A finding is what became of one file. Its JSON is the format that `winnow scan --json` promises.
type finding struct {
	File      string        `json:"file"`
	Action    filter.Action `json:"action"`
	Class     filter.Class  `json:"class"`
	Total     float64       `json:"total"`
	Threshold float64       `json:"threshold"`
	Reason    string        `json:"reason"`
	Hits      []foundHit    `json:"hits"`
	Errors    []string      `json:"errors"`
	// Identity is who sent it; null where that was not asked.
	Identity *message.Identity `json:"identity"`

	record *trail.Record // nil where it is not to be told in full
}

type foundHit struct {
	Symbol  string  `json:"symbol"`
	Score   float64 `json:"score"`
	Source  string  `json:"source"`
	Stage   string  `json:"stage"`
	Detail  string  `json:"detail"`
	Observe bool    `json:"observe,omitempty"`
}

// all scans the files, some at a time, and has each printed in the order they were named in. It ends early when ctx does,
// without waiting for a file that does not come, such as a terminal that nobody types at.
func (s *scanner) all(ctx context.Context, files []string, jobs int, p *printer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var found error
	for result := range s.start(ctx, files, jobs) {
		var f finding
		select {
		case f = <-result:
		case <-ctx.Done():
		}
		if ctx.Err() != nil { // what was found may have been cut short
			break
		}
		if f.Action != filter.Accept {
			found = errFound
		}
		if err := p.print(&f); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		found = context.Cause(ctx)
	}
	return errors.Join(found, p.end())
}

// start scans files until ctx ends, and yields for each in turn where its finding will be.
func (s *scanner) start(ctx context.Context, files []string, jobs int) <-chan chan finding {
	slots := make(chan struct{}, max(1, jobs))
	order := make(chan chan finding, cap(slots))
	go func() {
		defer close(order)
		for _, file := range files {
			result := make(chan finding, 1)
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			go func() {
				result <- s.file(ctx, file)
				<-slots
			}()
			select {
			case order <- result:
			case <-ctx.Done():
				return
			}
		}
	}()
	return order
}

// file scans one file.
func (s *scanner) file(ctx context.Context, name string) finding {
	m, err := s.message(name)
	if err != nil {
		return finding{File: name, Reason: "could not be read", Hits: []foundHit{}, Errors: []string{err.Error()}}
	}
	recipients := s.envelope.fill(m, s.networks)
	v := s.app.Pipeline().Check(ctx, m, recipients)
	f := newFinding(name, v)
	f.Identity = s.identity(ctx, m)
	if s.why {
		f.record = trail.NewRecord(m, v, time.Now())
	}
	if s.subrules {
		for _, result := range s.app.Rules().Subrules(ctx, m) {
			f.add(rulesStage, &result)
		}
	}
	return f
}

// identity returns who sent the message, nil where no DNS is asked. Where the stages wanted to know it is known by now.
func (s *scanner) identity(ctx context.Context, m *message.Message) *message.Identity {
	if s.local {
		return nil
	}
	id := s.app.Auth().Identity(ctx, m)
	if id != nil && id.DKIM == nil { // JSON tells an empty list from none
		with := *id
		with.DKIM = []message.Signature{}
		return &with
	}
	return id
}

// message reads one file, with the client that the command line names.
func (s *scanner) message(name string) (*message.Message, error) {
	m, err := s.read(name)
	if err != nil {
		return nil, err
	}
	m.Client, m.Site = s.client, s.site
	m.Stored = !s.client.Addr.IsValid()
	if s.envelope.sender != "" {
		m.Sender, m.SenderKnown = strings.Trim(s.envelope.sender, "<>"), true
	}
	if hop, found := m.FirstClient(s.networks); found && m.Stored {
		m.Client.Addr, m.Client.Name = hop.Addr, hop.Name
		m.Client.Helo = cmp.Or(m.Client.Helo, hop.Helo)
	}
	s.site.Mark(&m.Client)
	m.Client.Own = false // what is scanned came in, wherever this is called from
	return m, nil
}

func (s *scanner) read(name string) (*message.Message, error) {
	if name == "-" {
		return message.Parse(s.stdin, s.keep)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return message.Parse(f, s.keep)
}

func newFinding(file string, v *filter.Verdict) finding {
	f := finding{
		File: file, Action: v.Action, Class: v.Class, Reason: v.Reason,
		Total: rounded(v.Total), Threshold: v.Threshold,
		Hits: []foundHit{}, Errors: append([]string{}, v.Errors()...),
	}
	for _, report := range v.AllReports() {
		for i := range report.Results {
			f.add(report.Stage, &report.Results[i])
		}
	}
	return f
}

// rulesStage is the stage whose hits rules are.
const rulesStage = "rules"

func (f *finding) add(stage string, result *filter.Result) {
	for _, hit := range result.Hits {
		f.Hits = append(f.Hits, foundHit{hit.Symbol, hit.Score, result.Source, stage, hit.Detail, hit.Observe})
	}
}

// filesToScan lists what was named: folders whole, standard input where nothing was.
func filesToScan(filesFrom string, args []string, stdin io.Reader) ([]string, error) {
	names := args
	if filesFrom != "" {
		listed, err := readNames(filesFrom, stdin)
		if err != nil {
			return nil, err
		}
		names = append(names, listed...)
	}
	if len(names) == 0 && filesFrom == "" {
		return []string{"-"}, nil
	}
	var files []string
	for _, name := range names {
		info, err := os.Stat(name)
		switch {
		case name == "-", err != nil: // what cannot be read is told of where it is scanned: the others are not lost
		case info.IsDir():
			inside, err := filesIn(name)
			if err != nil {
				return nil, err
			}
			files = append(files, inside...)
			continue
		}
		files = append(files, name)
	}
	return files, nil
}

func readNames(from string, stdin io.Reader) ([]string, error) {
	in := stdin
	if from != "-" {
		f, err := os.Open(from)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	var names []string
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if name := strings.TrimSpace(lines.Text()); name != "" {
			names = append(names, name)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	return names, nil
}
