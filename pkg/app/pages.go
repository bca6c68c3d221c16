package app

import (
	"context"
	"strconv"
	"strings"
	"time"

	"winnow/pkg/auth"
	"winnow/pkg/stats"
	"winnow/pkg/trail"
	"winnow/pkg/web"
	"winnow/pkg/web/page"
)

// pages is what the pages in a browser are made of: the same questions as those of the API.
type pages struct{ app *App }

var _ page.Source = (*pages)(nil)

// Pages is what pages and mailed reports are made of.
func (a *App) Pages() page.Source { return &pages{a} }

func (p *pages) Report(ctx context.Context, days web.Days) ([]*stats.Report, error) {
	return p.app.reports(ctx, days)
}

func (p *pages) RuleReport(ctx context.Context, days web.Days) ([]*stats.RuleReport, error) {
	return p.app.ruleReports(ctx, days)
}

func (p *pages) RuleDays(ctx context.Context, days web.Days) ([]*stats.RuleReport, error) {
	return p.app.ruleDays(ctx, days)
}

func (p *pages) Sets(ctx context.Context, days web.Days) ([]*stats.SetReport, error) {
	return p.app.setReports(ctx, days)
}

func (p *pages) List(ctx context.Context, days web.Days, name string) (*stats.ListReport, error) {
	return p.app.listReport(ctx, name, days)
}

func (p *pages) Hours(ctx context.Context, days web.Days, list string) ([]*stats.HourReport, error) {
	return p.app.hourReports(ctx, list, days)
}

// Health tells how each list is.
func (p *pages) Health() []page.Health {
	zone := p.Now().Location()
	var all []page.Health
	for _, s := range p.app.Lists().States() {
		all = append(all, page.Health{List: s.List, Title: s.Title, Zone: s.Zone, State: string(s.Health), Why: s.Why, Since: s.Since.In(zone)})
	}
	return all
}

// Rule tells of a content rule in force.
func (p *pages) Rule(name string) *page.Rule {
	r := p.app.Rules().Show(name)
	if r == nil {
		return nil
	}
	return &page.Rule{
		Type: r.Type, File: r.File, Line: r.Line, Definition: r.Definition, Describe: r.Describe, Off: r.Off, Cost: r.Cost,
		Score: strconv.FormatFloat(r.Score, 'f', -1, 64), Flags: strings.Join(r.Flags, " "), DependsOn: r.DependsOn, NeededBy: r.NeededBy,
	}
}

// Searches tells whether messages may be looked for.
func (p *pages) Searches() bool { return p.app.current.Load().config.Web.Messages }

// Search looks for decisions of this winnow and, where several share a stream, of all.
func (p *pages) Search(ctx context.Context, q trail.Query) (*trail.Results, error) {
	c := p.app.current.Load().config
	if c.Trail.Stream > 0 {
		q.Stream, _ = p.app.store.(trail.Stream)
	}
	return trail.Search(ctx, c.StateDir, p.Now().Location(), q)
}

// Explain tells a decision as winnow why does.
func (p *pages) Explain(r *trail.Record) (*trail.Explanation, []string) {
	return r.Explain(p.Now().Location()), auth.Lines(r.Identity)
}

// HasCopy tells whether a copy of a message is kept.
func (p *pages) HasCopy(r *trail.Record) bool { return HasSample(p.app.current.Load().config, r) }

// RefusedOneIn is of how many clients that were refused one is recorded.
func (p *pages) RefusedOneIn() int64 { return p.app.current.Load().config.Trail.RefusedOneIn }

// Now is the time in the zone whose days are counted.
func (p *pages) Now() time.Time {
	zone, err := p.app.current.Load().config.Stats.Location()
	if err != nil { // a configuration in force has one
		zone = time.UTC
	}
	return p.app.now().In(zone)
}

func (p *pages) Version() string { return p.app.options.Version }
