package whitelist

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// A Stage is the envelope stage: it says what is known of the sender for one recipient. It is safe for use by several
// goroutines.
type Stage struct {
	blacklist *file[*Set] // nil: not configured
	whitelist *file[*Set]
	auto      *auto
	enabled   *enabled

	auth       func() Identifier // nil: nobody can be asked, and nothing is proven
	delimiters string
	text       string // for who is blacklisted
	files      []keptFile
	report     func(FileState)
	book       *Book

	stop chan struct{} // ends the watch
	done sync.WaitGroup
	once sync.Once
}

var _ filter.Stage = (*Stage)(nil)

// Options is what a stage needs beside its configuration.
type Options struct {
	Store  Store             // nil: no auto-whitelist, and no sets
	Auth   func() Identifier // the one in force; nil: nothing is proven, so that only what demands no proof is whitelisted
	Now    func() time.Time  // nil: time.Now
	Report func(FileState)   // told whenever a changed file was read; nil: nobody is

	// Freemail is the domains that no whitelist may name; nil for none.
	Freemail *Freemail
}

// keptFile is a file of any kind.
type keptFile interface {
	check() error
	reload() FileState
	refresh() (FileState, bool)
	current() FileState
}

// New returns a stage that works by a valid configuration. Its error holds every fault of its files. Who gets a stage
// closes it.
func New(c Config, o Options) (*Stage, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Report == nil {
		o.Report = func(FileState) {}
	}
	s := &Stage{auth: o.Auth, delimiters: c.RecipientDelimiter, text: c.BlacklistText, report: o.Report, stop: make(chan struct{})}
	guard := newGuard()
	if err := errors.Join(s.openLists(&c, &o), s.openEnabled(&c, &o, guard)); err != nil {
		return nil, err
	}
	s.openAuto(&c, &o, guard)
	if c.CheckEvery > 0 && len(s.files) > 0 {
		s.done.Go(func() { s.watch(c.CheckEvery) })
	}
	return s, nil
}

func (s *Stage) openLists(c *Config, o *Options) error {
	open := func(path string, kind Kind) (*file[*Set], error) {
		if path == "" {
			return nil, nil
		}
		f, err := openFile(path, o.Now, kind.parseSet)
		s.files = append(s.files, f)
		return f, err
	}
	var black, white error
	s.blacklist, black = open(c.Blacklist, Blacklist())
	s.whitelist, white = open(c.Whitelist, Whitelist(o.Freemail))
	return errors.Join(black, white)
}

func (s *Stage) openEnabled(c *Config, o *Options, guard *guard) error {
	how, where, err := parseEnabled(c.Enabled)
	if err != nil || how == enabledAll {
		return err
	}
	s.enabled = &enabled{}
	switch how {
	case enabledFile:
		s.enabled.file, err = openFile(where, o.Now, parseRecipients)
		s.files = append(s.files, s.enabled.file)
	case enabledSet:
		if o.Store == nil {
			return errors.New("enabled: set:" + where + ": there is no store to hold the set; configure one")
		}
		*s.enabled = enabled{set: where, store: o.Store, guard: guard, limit: c.StoreLimit, known: newKnown()}
	}
	return err
}

func (s *Stage) openAuto(c *Config, o *Options, guard *guard) {
	if !c.AutoWhitelist.Enabled || o.Store == nil {
		return
	}
	s.auto = &auto{
		config: c.AutoWhitelist, delimiters: c.RecipientDelimiter, local: c.local(), ours: c.LocalDomains,
		store: o.Store, guard: guard, limit: c.StoreLimit, now: o.Now,
	}
	s.auto.learner = newLearner(c.AutoWhitelist.Queue, s.auto.remember)
	s.book = NewBook(*c, o.Store, o.Now)
	s.book.learner = s.auto.learner
}

// Name is "whitelist".
func (s *Stage) Name() string { return "whitelist" }

// Phase is Envelope: sender and recipient must be known.
func (s *Stage) Phase() filter.Phase { return filter.Envelope }

// Check answers for m.Recipient with a Result for each source that is configured, the most important first. All are
// asked, also behind a hit: the account wants to know what each would have said.
func (s *Stage) Check(ctx context.Context, m *message.Message) []filter.Result {
	sender, recipient := senderAddress(m.Sender), recipientAddress(m.Recipient, s.delimiters)
	w := s.atRecipient(ctx, m)
	results := make([]filter.Result, 0, 4)
	if s.blacklist != nil {
		results = append(results, s.black(m, sender, recipient))
	}
	if s.whitelist != nil {
		results = append(results, s.white(m, w, sender, recipient))
	}
	if s.auto != nil {
		results = append(results, s.auto.check(ctx, w, sender, recipient))
	}
	if s.enabled != nil {
		results = append(results, s.enabled.check(ctx, recipient))
	}
	return results
}

func (s *Stage) black(m *message.Message, sender, recipient address) filter.Result {
	r := filter.Result{Source: "blacklist", Kind: filter.Entry, Asked: 1}
	if e := s.blacklist.get().match(m.Client.Addr, sender, recipient); e != nil {
		text := strings.NewReplacer("{ip}", ipText(m.Client), "{domain}", domainText(recipient)).Replace(s.text)
		r.Hits = []filter.Hit{{Symbol: "BLACKLISTED", Standing: filter.Blacklisted, Detail: e.where(), Text: text}}
	}
	return r
}

// white answers for the whitelist file. A wider entry that is proven, or needs no proof, counts before a narrower one that
// waits for it.
func (s *Stage) white(m *message.Message, w *witness, sender, recipient address) filter.Result {
	r := filter.Result{Source: "whitelist", Kind: filter.Entry, Asked: 1}
	set := s.whitelist.get()
	for e := range set.bySender(sender, recipient) {
		if e.demand() == demandNone {
			r.Hits = []filter.Hit{{Symbol: whitelisted, Standing: filter.Whitelisted, Detail: e.where()}}
			return r
		}
		c := e.claim(sender.domain)
		if hit := c.atRecipient(w); hit.Standing == filter.Whitelisted || r.Hits == nil {
			r.Hits = []filter.Hit{hit}
		}
		if r.Hits[0].Standing == filter.Whitelisted {
			return r
		}
	}
	for e := range set.byClient(m.Origin().Addr, recipient) { // not yet known of what a relay of ours hands on
		r.Hits = []filter.Hit{{Symbol: whitelisted, Standing: filter.Whitelisted, Detail: e.where()}}
		break
	}
	return r
}

// ipText and domainText are what may stand in a reply: nothing that a client made up.
func ipText(c message.Client) string {
	if !c.Addr.IsValid() {
		return "unknown"
	}
	return c.Addr.String()
}

func domainText(a address) string {
	if domain, ok := message.HostASCII(a.domain); ok {
		return domain
	}
	return "the recipient's domain"
}

// Learn notes whom the sender of an outbound message has written to. It is called when all is decided about the message,
// and returns at once.
func (s *Stage) Learn(m *message.Message, v *filter.Verdict) {
	if s.auto != nil {
		s.auto.learner.learn(s.auto.lesson(m, v))
	}
}

// Learned returns what became of what was learned.
func (s *Stage) Learned() Counts {
	if s.auto == nil {
		return Counts{}
	}
	return s.auto.learner.current()
}

// Book returns the operator's view of the auto-whitelist, nil where there is none.
func (s *Stage) Book() *Book { return s.book }

// Reload reads all files anew. Faults in one keep what was in force of all; the error tells them all.
func (s *Stage) Reload() error {
	var faults []error
	for _, f := range s.files {
		faults = append(faults, f.check())
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	for _, f := range s.files {
		faults = append(faults, f.reload().Err)
	}
	return errors.Join(faults...)
}

// Files returns how it stands with every file.
func (s *Stage) Files() []FileState {
	var all []FileState
	for _, f := range s.files {
		all = append(all, f.current())
	}
	return all
}

// watch looks for changed files until the stage is closed.
func (s *Stage) watch(every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-ticker.C:
			s.refresh()
		}
	}
}

func (s *Stage) refresh() {
	for _, f := range s.files {
		if state, changed := f.refresh(); changed {
			s.report(state)
		}
	}
}

// Close ends the watch and writes what was learned. Its error tells what could not be written.
func (s *Stage) Close() (err error) {
	s.once.Do(func() {
		close(s.stop)
		s.done.Wait()
		if s.auto != nil {
			err = s.auto.learner.close()
		}
	})
	return err
}
