// Package app puts winnow together: it reads the configuration of all sections, builds the parts in their order, starts
// and stops what listens, and changes lists, rules and whitelists under a running service.
//
// An App is the daemon as a library: New builds it, Start has it serve, Stop drains it, Reload changes what the operator
// tunes, Close lets go of the rest. Commands that only look (scan, lists query) build one and never start it; the tests
// use the same door.
package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"winnow/pkg/auth"
	"winnow/pkg/dns"
	"winnow/pkg/dnslist"
	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/rules"
	"winnow/pkg/store"
	"winnow/pkg/trail"
	"winnow/pkg/web"
	"winnow/pkg/whitelist"
	shipped "winnow/rules"
)

// Options is what an App works with besides its configuration.
type Options struct {
	Version    string
	Log        *zap.Logger                             // nil: nothing is logged
	Now        func() time.Time                        // nil: time.Now
	Local      bool                                    // ask no DNS: lists answer nothing
	ReadOnly   bool                                    // beside a running winnow: look at the embedded store, write nothing
	ReadConfig func() (*Config, error)                 // how Reload reads the configuration anew; nil keeps the one New got
	Observe    func(*message.Message, *filter.Verdict) // told of every transaction after it was accounted for; nil: nobody
}

// An App is everything that a configuration describes.
type App struct {
	options Options
	log     *zap.Logger
	now     func() time.Time

	store    store.Store
	unused   bool // there was no store to look at
	client   *dns.Client
	guard    *dnslist.Guard
	resolver *dns.CachedResolver
	known    *whitelist.Stage

	reloading sync.Mutex                    // held by who changes current or life
	refused   atomic.Pointer[rules.Refusal] // the last reload, nil where it was not refused
	current   atomic.Pointer[checks]
	front     atomic.Pointer[web.Front]   // while a Service is watched
	trail     atomic.Pointer[trail.Trail] // while a Service records
	account   accountState
	life      context.Context // while a Service runs: of the watch over the lists
}

// New builds an App. What cannot be reached (Redis, a resolver) is no error; a fault in a file that an operator writes is.
func New(ctx context.Context, c *Config, o Options) (*App, error) {
	a := &App{options: o, log: o.Log, now: o.Now}
	if a.log == nil {
		a.log = zap.NewNop()
	}
	if a.now == nil {
		a.now = time.Now
	}
	if err := a.open(ctx, c); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context, c *Config) error {
	if err := a.openStore(ctx, c); err != nil {
		return err
	}
	if err := a.openResolver(c); err != nil {
		return err
	}
	known, err := whitelist.New(c.Whitelist, whitelist.Options{
		Store: a.store, Now: a.now, Report: a.reportFile, Freemail: Freemail(),
		Auth: func() whitelist.Identifier { return a.Auth() },
	})
	if err != nil {
		return err
	}
	a.known = known
	return a.load(c)
}

func (a *App) openStore(ctx context.Context, c *Config) error {
	if !a.options.ReadOnly {
		if err := os.MkdirAll(c.StateDir, 0o700); err != nil {
			return fmt.Errorf("state_dir: %w; name a folder that winnow may write to", err)
		}
	}
	o := store.Options{ReadOnly: a.options.ReadOnly, Now: a.now}
	opened, err := store.Open(ctx, string(c.StoreURL()), o)
	embedded := strings.HasPrefix(string(c.StoreURL()), "embedded:") // the file that is missing is no password's
	if a.options.ReadOnly && embedded && errors.Is(err, fs.ErrNotExist) {
		a.unused, opened, err = true, store.NewMemory(o), nil
	}
	if err != nil {
		return err
	}
	a.store = opened
	return nil
}

func (a *App) openResolver(c *Config) error {
	client, err := dns.New(c.DNS)
	if err != nil {
		return fmt.Errorf("dns: %w", err)
	}
	a.client = client
	a.guard = dnslist.NewGuard(client)
	a.resolver = dns.NewCache(a.guard, a.store, c.DNS.Cache)
	return nil
}

// reportFile logs that a file of the whitelist stage changed.
func (a *App) reportFile(f whitelist.FileState) {
	if f.Err != nil {
		a.log.Error("file not taken over, the old entries stay in force", zap.String("file", f.Path), zap.Error(f.Err))
		return
	}
	a.log.Info("file loaded", zap.String("file", f.Path), zap.Int("entries", f.Entries))
}

// Pipeline is the pipeline in force.
func (a *App) Pipeline() *filter.Pipeline { return a.current.Load().pipeline }

// Lists is the lists in force.
func (a *App) Lists() *dnslist.Set { return a.current.Load().lists }

// Rules is the content rules in force.
func (a *App) Rules() *rules.Set { return a.current.Load().rules }

// Auth finds out who sent a message, by the settings in force.
func (a *App) Auth() *auth.Checker { return a.current.Load().auth }

// RuleState is how the content rules in force are.
func (a *App) RuleState() rules.State {
	c := a.current.Load()
	state := c.rules.State(len(c.faults), c.since)
	state.Refused = a.refused.Load()
	return state
}

// Store is what outlives the process.
func (a *App) Store() store.Store { return a.store }

// Unused tells that winnow never ran with this store, so that there is nothing to look at.
func (a *App) Unused() bool { return a.unused }

// Book is the operator's view of the auto-whitelist, also where it is off and only what was learned before is left.
func (a *App) Book() *whitelist.Book {
	if book := a.known.Book(); book != nil {
		return book
	}
	return whitelist.NewBook(a.current.Load().config.Whitelist, a.store, a.now)
}

// Site is the operator's networks in force.
func (a *App) Site() *message.Site { return a.current.Load().site }

// Close lets go of what New opened.
func (a *App) Close() error {
	var errs []error
	if a.known != nil {
		errs = append(errs, a.known.Close())
	}
	if a.resolver != nil {
		errs = append(errs, a.resolver.Close())
	}
	if a.client != nil {
		errs = append(errs, a.client.Close())
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	return errors.Join(errs...)
}

// Freemail is the domains in which anybody can have an address, as they come with winnow.
func Freemail() *whitelist.Freemail {
	const name = "freemail_domains.txt"
	f, err := whitelist.ParseFreemail(name, shippedFile(name))
	if err != nil {
		panic(err) // the program was built with a broken one
	}
	return f
}

// shippedFile returns a file that comes with winnow; it is part of the program.
func shippedFile(name string) []byte {
	data, err := shipped.Files.ReadFile(name)
	if err != nil {
		panic(err) // the program was built without it
	}
	return data
}
