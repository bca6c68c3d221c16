package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"winnow/pkg/auth"
	"winnow/pkg/dns"
	"winnow/pkg/dnslist"
	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/rules"
	"winnow/pkg/web"
	shipped "winnow/rules"
)

// checks is what a reload replaces, as one: a connection works with the same lists, rules and policy from its first
// recipient to its last, whatever is reloaded meanwhile.
type checks struct {
	config   *Config
	site     *message.Site
	lists    *dnslist.Set
	rules    *rules.Set
	auth     *auth.Checker
	faults   []rules.Fault // of the rules that were left out
	since    time.Time     // when they were loaded
	stages   []filter.Stage
	inForce  filter.InForce // of them, and of the networks
	policy   *filter.Policy
	pipeline *filter.Pipeline

	stopWatch context.CancelFunc // ends the watch over the lists' health
	watching  sync.WaitGroup
}

// load builds the checks of a configuration and puts them in force. Faults in rule files cost the rules they are in.
func (a *App) load(c *Config) error {
	next, err := a.build(c)
	if err != nil {
		return err
	}
	for _, f := range next.faults {
		a.log.Warn("rule left out", zap.Stringer("fault", f))
	}
	a.enforce(next)
	return nil
}

// enforce puts checks in force.
func (a *App) enforce(next *checks) {
	a.guard.Use(next.lists)
	a.current.Store(next)
	if t := a.trail.Load(); t != nil {
		t.InForce(next.inForce)
	}
}

// build makes checks of a configuration. What is wrong with rules is noted in them; every other fault is the error.
func (a *App) build(c *Config) (*checks, error) {
	if missing := c.Rules.Missing(); len(missing) > 0 {
		for i := range missing {
			missing[i] = c.file.Fault("rules", missing[i])
		}
		return nil, errors.Join(missing...)
	}
	set, faults := a.loadRules(c)
	faults = slices.DeleteFunc(faults, func(f rules.Fault) bool { return f.Severity != rules.Broken })
	checker := a.newChecker(c)
	lists, err := a.loadLists(c, set.Zones(), checker.Identity)
	if err != nil {
		return nil, err
	}
	next := &checks{config: c, site: c.Networks.Site(), lists: lists, rules: set, auth: checker, faults: faults, since: a.now()}
	set.Connect(a.network(lists, checker))
	identity := auth.NewStage(next.auth, set.Defines)
	next.stages = stages(lists, a.known, identity, rules.NewStage(set))
	next.inForce = inForce(next.stages, &c.Networks)
	next.policy = filter.NewPolicy(c.Policy).Under(next.inForce.Key())
	next.pipeline = filter.NewPipeline(next.stages, c.Policy.Limits, next.policy)
	return next, nil
}

func (a *App) newChecker(c *Config) *auth.Checker {
	if a.options.Local {
		return auth.NewChecker(c.Auth, nil, a.now)
	}
	return auth.NewChecker(c.Auth, a.resolver, a.now)
}

// loadRules loads the rules, and says so where a file takes another threshold for granted than the one in force.
func (a *App) loadRules(c *Config) (*rules.Set, []rules.Fault) {
	with := *c
	with.Rules.Network = c.Rules.Network && !a.options.Local
	set, faults := with.LoadRules()
	for _, f := range set.Threshold(c.Policy.Tag) {
		a.log.Warn("rules expect another threshold", zap.Stringer("fault", f))
	}
	return set, faults
}

// LoadRules loads the rules, with the operator's networks where they name none.
func (c *Config) LoadRules() (*rules.Set, []rules.Fault) {
	set, faults := rules.Load(c.Rules.Open(shipped.Files), c.Rules)
	set.Settings().Networks().Assume(c.Networks.Site())
	set.GoesBy(c.Networks.words())
	return set, faults
}

// loadLists loads the lists; zones are those that rules ask, identity tells who signed a message.
func (a *App) loadLists(c *Config, zones []string, identity func(context.Context, *message.Message) *message.Identity) (*dnslist.Set, error) {
	lists, faults := c.Lists.Lists(shippedFile("lists.yaml"))
	skip, more := c.Lists.Skip(shippedFile("skip_domains.txt"))
	if faults = append(faults, more...); len(faults) > 0 {
		return nil, errors.Join(c.place("lists", faults)...)
	}
	o := dnslist.Options{
		Resolver: a.resolver,
		Fresh:    a.client,
		Own:      c.Networks.ours(),
		Skip:     skip,
		Zones:    zones,
		Identity: identity,
		Now:      a.now,
		OnChange: a.reportList,
	}
	if a.options.Local {
		o.Resolver, o.Fresh = nobody{}, nobody{}
	}
	if old := a.current.Load(); old != nil {
		o.Previous = old.lists
	}
	return dnslist.New(lists, c.Lists, o), nil
}

// place puts the line of the configuration before those faults that are about a setting and not about another file.
func (c *Config) place(section string, faults []error) []error {
	placed := make([]error, len(faults))
	for i, fault := range faults {
		placed[i] = fault
		if !errors.As(fault, new(*dnslist.Fault)) && !errors.As(fault, new(*fs.PathError)) {
			placed[i] = c.file.Fault(section, fault)
		}
	}
	return placed
}

// nobody is a DNS in which nothing is listed: for those who ask no DNS.
type nobody struct{}

func (nobody) Resolve(context.Context, dns.Question) (dns.Answer, error) {
	return dns.Answer{NXDomain: true}, nil
}

// reportList logs that a list's health changed: once for each change, however many mails see it.
func (a *App) reportList(was dnslist.Health, now dnslist.State) {
	fields := []zap.Field{
		zap.String("list", now.List), zap.String("zone", now.Zone),
		zap.String("was", string(was)), zap.String("health", string(now.Health)),
	}
	switch now.Health {
	case dnslist.OK:
		a.log.Info("list is well", fields...)
	case dnslist.Off, dnslist.Unprobed:
		a.log.Info("list changed", fields...)
	default:
		a.log.Warn("list is not well", append(fields, zap.String("why", now.Why))...)
	}
}

// Reload puts new lists, rules, whitelists and policy in force, all or nothing. A fault keeps the old ones. Settings
// that only a restart changes are named in the log.
func (a *App) Reload() error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	notifyReloading()
	defer notifyReady()
	err := a.reload()
	a.refused.Store(nil)
	if err != nil {
		a.refused.Store(&rules.Refusal{At: a.now(), Why: err.Error()})
	}
	return err
}

func (a *App) reload() error {
	old := a.current.Load()
	read := old.config
	if a.options.ReadConfig != nil {
		var err error
		if read, err = a.options.ReadConfig(); err != nil {
			return fmt.Errorf("not reloaded, the old settings stay in force: %w", err)
		}
	}
	c := old.config.reloaded(read)
	if err := c.validate(c.file); err != nil {
		return fmt.Errorf("not reloaded, for some of it takes a restart, and this does not go with the rest: %w", err)
	}
	next, err := a.build(c)
	if err == nil {
		err = newFaults(old.faults, next.faults)
	}
	front, renewed := a.front.Load(), (*web.Credentials)(nil)
	if err == nil && front != nil {
		renewed, err = c.Web.Credentials()
	}
	if err == nil {
		err = a.known.Reload()
	}
	if err != nil {
		return fmt.Errorf("not reloaded, the old lists and rules stay in force: %w", err)
	}
	for _, section := range differing(c, read) {
		a.log.Warn("changed in the configuration; takes a restart to come into force", zap.String("section", section))
	}
	a.enforce(next)
	if front != nil {
		front.Use(renewed)
	}
	a.moveWatch(old, next)
	a.log.Info("reloaded", zap.Int("lists", len(next.lists.Lists())), zap.Int("rules", next.rules.Running()))
	return nil
}

// newFaults returns the faults that the rules in force do not have. Those they have cost nothing more: a site whose rules
// came with some must be able to change the others.
func newFaults(old, now []rules.Fault) error {
	known := map[rules.Fault]bool{}
	for _, f := range old {
		f.Line = 0 // a line may have moved
		known[f] = true
	}
	var errs []error
	for _, f := range now {
		moved := f
		moved.Line = 0
		if !known[moved] {
			errs = append(errs, f)
		}
	}
	return errors.Join(errs...)
}

// reloaded returns the settings in force after a reload that read others: what it does not look at takes a restart.
func (c *Config) reloaded(read *Config) *Config {
	now := *c
	now.Policy, now.Lists, now.Auth, now.Rules, now.Networks, now.file = read.Policy, read.Lists, read.Auth, read.Rules, read.Networks, read.file
	return &now
}

// differing names the sections that two configurations do not share.
func differing(c, d *Config) []string {
	var sections []string
	one, other := reflect.ValueOf(c).Elem(), reflect.ValueOf(d).Elem()
	for i := range one.NumField() {
		name, _, _ := strings.Cut(one.Type().Field(i).Tag.Get("yaml"), ",")
		if name != "" && !reflect.DeepEqual(one.Field(i).Interface(), other.Field(i).Interface()) {
			sections = append(sections, name)
		}
	}
	return sections
}
