package app

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"winnow/pkg/dnslist"
	"winnow/pkg/filter"
	"winnow/pkg/stats"
	"winnow/pkg/web"
	"winnow/pkg/web/page"
)

// accountState is whether the account is written, as the recorder last told.
type accountState struct{ storeFails, journalFails atomic.Bool }

func (s *accountState) note(with string, fails bool) {
	if with == stats.WithStore {
		s.storeFails.Store(fails)
	} else {
		s.journalFails.Store(fails)
	}
}

// openFront serves those who watch, where the configuration says so.
func (s *Service) openFront(c *Config) error {
	if c.Web.Listen == "" {
		return nil
	}
	credentials, err := c.Web.Credentials()
	if err != nil {
		return fmt.Errorf("web: %w", err)
	}
	if c.Web.Clear() {
		s.app.log.Warn("web.token crosses the network for everybody on the way to read: set web.tls_cert and web.tls_key")
	}
	errorLog, err := zap.NewStdLogAt(s.app.log, zap.DebugLevel) // any stranger can cause such lines
	if err != nil {
		return fmt.Errorf("web: %w", err)
	}
	s.front, err = web.ListenFront(c.Web, credentials, &view{s}, page.New(s.app.Pages()), errorLog)
	if err != nil {
		return err
	}
	s.app.front.Store(s.front)
	s.app.log.Info("watched", zap.Stringer("http", s.front.Addr()))
	return nil
}

// Watched is where those who watch are served, "" where they are not.
func (s *Service) Watched() string {
	if s.front == nil {
		return ""
	}
	return s.front.Addr().String()
}

// view is what they are shown.
type view struct{ service *Service }

var _ web.View = (*view)(nil)

// pingLimit is how long the store may take to say that it is there.
const pingLimit = 500 * time.Millisecond

// Parts tells how what winnow works with is.
func (v *view) Parts(ctx context.Context) []web.Part {
	a := v.service.app
	return []web.Part{v.milter(), rulesPart(a), storePart(ctx, a), resolverPart(a.Lists().States())}
}

func (v *view) milter() web.Part {
	if !v.service.milter.Serving() {
		return web.Part{Name: web.PartMilter, Why: "takes no more connections"}
	}
	return web.Part{Name: web.PartMilter, OK: true}
}

func rulesPart(a *App) web.Part {
	switch state := a.RuleState(); {
	case state.Refused != nil:
		return web.Part{Name: web.PartRules, Why: "the last reload was refused; what was in force before still is"}
	case state.Faults > 0:
		return web.Part{Name: web.PartRules, Why: fmt.Sprintf("%d faults cost rules: winnow rules lint", state.Faults)}
	}
	return web.Part{Name: web.PartRules, OK: true}
}

func storePart(ctx context.Context, a *App) web.Part {
	ctx, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	if a.store.Ping(ctx) != nil {
		return web.Part{Name: web.PartStore, Why: "does not answer"}
	}
	if a.account.storeFails.Load() {
		return web.Part{Name: web.PartStore, Why: "does not take the account"}
	}
	return web.Part{Name: web.PartStore, OK: true}
}

// resolverPart judges by the lists, which are asked and probed all the time: where not one answers, it is not the lists. Zones
// that only rules ask are not probed.
func resolverPart(states []dnslist.State) web.Part {
	on, down := 0, 0
	for i := range states {
		if states[i].OfRules {
			continue
		}
		switch states[i].Health {
		case dnslist.Off:
			continue
		case dnslist.Down:
			down++
		}
		on++
	}
	if on > 0 && down == on {
		return web.Part{Name: web.PartResolver, Why: "not one list is answered for"}
	}
	return web.Part{Name: web.PartResolver, OK: true}
}

// VersionInfo is which winnow runs.
type VersionInfo struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// Version tells which winnow runs.
func (v *view) Version(context.Context) (any, error) {
	return VersionInfo{cmp.Or(v.service.app.options.Version, "unknown"), runtime.Version(), runtime.GOOS, runtime.GOARCH}, nil
}

// Lists returns how each list is.
func (v *view) Lists(context.Context) (any, error) { return v.service.app.Lists().States(), nil }

// Rules returns how the content rules are.
func (v *view) Rules(context.Context) (any, error) { return v.service.app.RuleState(), nil }

// Report returns the account of days, as winnow stats --json has it.
func (v *view) Report(ctx context.Context, days web.Days) (any, error) {
	return v.service.app.reports(ctx, days)
}

// RuleReport returns the account of each rule, as winnow stats --rules --json has it.
func (v *view) RuleReport(ctx context.Context, days web.Days) (any, error) {
	return v.service.app.ruleReports(ctx, days)
}

// Sets returns which sources hit together, as winnow stats --overlap --json has it.
func (v *view) Sets(ctx context.Context, days web.Days) (any, error) {
	return v.service.app.setReports(ctx, days)
}

// ListReport returns what one list did, as winnow stats --list has it.
func (v *view) ListReport(ctx context.Context, list string, days web.Days) (any, error) {
	report, err := v.service.app.listReport(ctx, list, days)
	return []*stats.ListReport{report}, err
}

// Hours returns the account by hour, as winnow stats --hours has it.
func (v *view) Hours(ctx context.Context, list string, days web.Days) (any, error) {
	return v.service.app.hourReports(ctx, list, days)
}

// Figures are what is counted since the start, and how things are now.
func (v *view) Figures(ctx context.Context) *web.Figures {
	a, s := v.service.app, v.service
	totals := s.recorder.Since(a.countedLists())
	c, learned := a.current.Load().config, a.known.Learned()
	f := &web.Figures{
		Version:     cmp.Or(a.options.Version, "unknown"),
		Parts:       v.Parts(ctx),
		Sessions:    s.milter.Sessions(),
		MaxSessions: c.Milter.MaxConnections,
		Scans:       a.Pipeline().Scans(),
		MaxScans:    c.Policy.Limits.Scans,
		Stages:      histograms(totals.Stages),
		RulesTook:   web.Histogram(totals.Rules),
		Rules:       ruleFigures(a),
		DNS:         dnsFigures(a.resolver.Stats()),
		Account: web.AccountFigures{
			StoreOK: !a.account.storeFails.Load(), JournalOK: !a.account.journalFails.Load(), Uncounted: totals.Report.Uncounted, Unrecorded: totals.Report.Unrecorded, Uncopied: totals.Report.Uncopied,
		},
		Learned: web.LearnedFigures{Written: learned.Written, Failed: learned.Failed, Dropped: learned.Dropped, Waiting: learned.Waiting},
	}
	countMail(f, totals.Report)
	for stage := range f.Stages { // a counter that begins with its first failure would hide it from rate()
		f.StageFailures[stage] += 0
	}
	f.Lists, f.RuleHits = sourceFigures(totals, a.Lists().States(), a.countedLists())
	return f
}

func histograms(all map[string]stats.Histogram) map[string]web.Histogram {
	same := make(map[string]web.Histogram, len(all))
	for name, h := range all {
		same[name] = web.Histogram(h)
	}
	return same
}

// countMail says what became of connections and messages.
func countMail(f *web.Figures, r *stats.Report) {
	f.Connections = map[string]int64{
		"accepted": r.Connections.Accepted, "error": r.Connections.RefusedByError, "own": r.Connections.Own,
		"refused": r.Connections.Total - r.Connections.Accepted - r.Connections.RefusedByError,
	}
	m := &r.Messages
	f.Messages = map[string]int64{}
	for class, n := range map[filter.Class]int64{
		filter.ClassWhitelisted: m.Whitelisted, filter.ClassBlacklisted: m.Blacklisted, filter.ClassTooLarge: m.TooLarge,
		filter.ClassNotEnabled: m.NotEnabled, filter.ClassScanned: m.Scanned,
	} {
		f.Messages[class.String()] = n
	}
	f.Actions = counted(r.Actions)
	f.StageFailures = counted(r.Failed)
	f.Caught, f.Delivered, f.Relayed, f.Outbound, f.Incomplete = m.Caught, m.Delivered, m.Relayed, m.Outbound, r.Errors
}

func counted(all []stats.Count) map[string]int64 {
	by := map[string]int64{}
	for _, c := range all {
		by[c.Name] = c.Count
	}
	return by
}
