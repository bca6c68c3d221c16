package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"go.uber.org/zap"

	"winnow/pkg/milter"
	"winnow/pkg/rules"
	"winnow/pkg/stats"
	"winnow/pkg/store"
	"winnow/pkg/trail"
	"winnow/pkg/web"
)

// What a stop may take: all of it stays below systemd's TimeoutStopSec of 60 s.
const (
	drainLimit = 30 * time.Second // sessions, after the order to stop
	lookLimit  = 2 * time.Second  // whoever only looks: each of two listeners
	closeLimit = 5 * time.Second  // what is to be kept, each part
)

// A Service is an App that serves.
type Service struct {
	app      *App
	recorder *stats.Recorder
	trail    *trail.Trail
	milter   *milter.Server
	control  *web.Server
	front    *web.Front // nil: nobody watches

	life  context.Context // of what runs beside the sessions
	end   context.CancelFunc
	tasks sync.WaitGroup
}

// Start opens the account and the sockets. What connects is served from here on until Stop.
func (a *App) Start(ctx context.Context) (*Service, error) {
	c := a.current.Load().config
	s := &Service{app: a}
	s.life, s.end = context.WithCancel(context.WithoutCancel(ctx))
	if err := s.open(c); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	s.tasks.Go(func() { s.milter.Serve(s.life) })
	s.tasks.Go(func() { watchdog(s.life, s.alive) })
	s.tasks.Go(func() { a.watchBudgets(s.life) })
	a.watch(s.life)
	for _, addr := range s.milter.Addrs() {
		a.log.Info("serving", zap.String("version", a.options.Version), zap.String("milter", addr.Network()+":"+addr.String()), zap.Stringer("store", a.store))
	}
	notifyReady()
	return s, nil
}

func (s *Service) open(c *Config) (err error) {
	a := s.app
	account := c.Stats
	account.StateDir = c.StateDir
	_, local := a.store.(*store.Embedded)
	options := stats.Options{Now: a.now, Local: local, Trouble: a.reportAccount}
	if s.recorder, err = stats.NewRecorder(account, a.store, options); err != nil {
		return err
	}
	if s.trail, err = a.openTrail(c, s.recorder); err != nil {
		return err
	}
	a.trail.Store(s.trail)
	s.trail.InForce(a.current.Load().inForce)
	s.milter, err = milter.New(c.Milter, milter.Deps{
		Filter:  func() milter.Filter { return a.Pipeline() },
		Account: &ledger{log: a.log, recorder: s.recorder, trail: s.trail, known: a.known, observe: a.options.Observe},
		Auth:    func() milter.Identifier { return a.Auth() },
		Site:    a.Site,
		Log:     a.log,
		Now:     a.now,
	})
	if err != nil {
		return err
	}
	if s.control, err = web.Listen(c.ControlSocket(), &desk{a, s.recorder}); err != nil {
		return err
	}
	return s.openFront(c)
}

// Addrs is where the milter listens.
func (s *Service) Addrs() []net.Addr { return s.milter.Addrs() }

// Recorder is the account's door.
func (s *Service) Recorder() *stats.Recorder { return s.recorder }

// alive asks ourselves through the control socket: whoever answers there in time is no process that hangs.
func (s *Service) alive(ctx context.Context) error {
	var state rules.State // which takes no store: that one is away is no reason to be killed
	return web.NewClient(s.app.current.Load().config.ControlSocket()).Rules(ctx, &state)
}

// Stop takes no more connections, lets sessions end, and flushes what is to be kept. The App is still open after it.
func (s *Service) Stop() error {
	notify(daemon.SdNotifyStopping)
	var errs []error
	limited := func(limit time.Duration, stop func(context.Context) error) {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		errs = append(errs, stop(ctx))
	}
	if s.milter != nil {
		limited(drainLimit, s.milter.Shutdown)
	}
	s.end()
	s.tasks.Wait()
	if learned := s.app.known.Learned(); learned.Dropped > 0 {
		s.app.log.Warn("correspondents were lost because the store was away for too long", zap.Int64("pairs", learned.Dropped))
	}
	s.app.unwatch()
	if s.front != nil { // last of what listens for mail's sake: who balances load saw until now that we stop
		s.app.front.Store(nil)
		limited(lookLimit, s.front.Close)
	}
	if s.control != nil {
		limited(lookLimit, s.control.Close)
	}
	if s.trail != nil {
		s.app.trail.Store(nil)
		limited(closeLimit, s.trail.Close) // before the account, which counts what is lost
	}
	if s.recorder != nil {
		limited(closeLimit, s.recorder.Close)
	}
	return errors.Join(errs...)
}

// reportAccount logs that the account's store or journal fails, or does again what it should: once each.
func (a *App) reportAccount(with string, err error) {
	a.account.note(with, err != nil)
	if err != nil {
		a.log.Error("the account cannot be written; counts wait", zap.String("to", with), zap.Error(err))
		return
	}
	a.log.Info("the account is written again", zap.String("to", with))
}

// watch probes the lists in force until unwatch, or until others take their place.
func (a *App) watch(ctx context.Context) {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	a.life = ctx
	a.current.Load().watch(ctx)
}

func (a *App) unwatch() {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	a.life = nil
	a.current.Load().unwatch()
}

func (c *checks) watch(ctx context.Context) {
	ctx, c.stopWatch = context.WithCancel(ctx)
	c.watching.Go(func() { c.lists.Watch(ctx) })
}

func (c *checks) unwatch() {
	if c.stopWatch != nil {
		c.stopWatch()
		c.watching.Wait()
	}
}

// moveWatch goes on with the health of the lists that took the place of others.
func (a *App) moveWatch(old, next *checks) {
	if a.life == nil {
		return // not serving
	}
	old.unwatch()
	next.watch(a.life)
}

// desk is what the control socket asks.
type desk struct {
	app      *App
	recorder *stats.Recorder
}

var _ web.Desk = (*desk)(nil)

// Lists returns how each list is.
func (d *desk) Lists(ctx context.Context) (any, error) {
	return d.app.WithBudgets(ctx, d.app.Lists().States()), nil
}

// Rules returns how the content rules are.
func (d *desk) Rules(context.Context) (any, error) { return d.app.RuleState(), nil }

// NotSpam counts that the message of a record was reported as not spam.
func (d *desk) NotSpam(ctx context.Context, line []byte) (any, error) {
	record, err := trail.Parse(line)
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	_, v := record.Restore()
	return d.recorder.NotSpam(ctx, record.ID, record.Time, v)
}

// Forget takes back what the auto-whitelist learned.
func (d *desk) Forget(ctx context.Context, local, remote string) (bool, error) {
	found, err := d.app.Book().Forget(ctx, local, remote)
	if err != nil {
		return false, fmt.Errorf("auto-whitelist: %w", err)
	}
	return found, nil
}
