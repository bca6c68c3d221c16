package app

import (
	"context"
	"errors"
	"fmt"

	"winnow/pkg/stats"
	"winnow/pkg/web"
)

// Query is the question about days of the account, with the lists in the order and under the titles of the configuration.
// An error is a fault of the days.
func (a *App) Query(from, to string, perDay bool) (stats.Query, error) {
	account := a.current.Load().config.Stats
	zone, err := account.Location()
	if err != nil {
		return stats.Query{}, err
	}
	now := a.now().In(zone)
	days, err := stats.Days(from, to, now)
	return stats.Query{Days: days, PerDay: perDay, Now: now, Zone: zone.String(), Lists: a.countedLists()}, err
}

// RuleQuery is a Query about rules: with all that can add points, and the days before in which one may have hit last.
func (a *App) RuleQuery(q stats.Query) (of stats.Query, history []string) {
	if set := a.Rules(); set != nil {
		q.Rules = set.Scored()
	}
	return q, stats.Before(q.Days[0], a.current.Load().config.Stats.RetentionDays)
}

// countedLists is the lists that are on.
func (a *App) countedLists() []stats.List {
	var lists []stats.List
	for _, l := range a.Lists().Lists() {
		if !l.Enabled {
			continue
		}
		known := stats.List{Name: l.Name, Title: l.Title, Budget: int64(l.Budget)}
		for _, c := range l.Codes {
			known.Meanings = append(known.Meanings, stats.Meaning{Codes: c.Match, Symbol: c.Symbol})
		}
		lists = append(lists, known)
	}
	return lists
}

// maxDays bounds what one question over HTTP may be about.
const maxDays = 400

// question is one over HTTP about days; a fault of it is the asker's.
func (a *App) question(days web.Days) (stats.Query, error) {
	q, err := a.Query(days.From, days.To, days.PerDay)
	if err == nil && len(q.Days) > maxDays {
		err = fmt.Errorf("%d days are more than %d", len(q.Days), maxDays)
	}
	if err != nil {
		return q, fmt.Errorf("%w: %w", web.ErrQuestion, err)
	}
	return q, nil
}

// reports is the account of days, for API and pages alike.
func (a *App) reports(ctx context.Context, days web.Days) ([]*stats.Report, error) {
	q, err := a.question(days)
	if err != nil {
		return nil, err
	}
	return stats.Read(ctx, a.store, q)
}

// ruleReports is the account of each content rule.
func (a *App) ruleReports(ctx context.Context, days web.Days) ([]*stats.RuleReport, error) {
	q, err := a.question(days)
	if err != nil {
		return nil, err
	}
	q, history := a.RuleQuery(q)
	return stats.ReadRules(ctx, a.store, q, history)
}

// ruleDays is the account of each content rule on each of the days, and nothing of the days before.
func (a *App) ruleDays(ctx context.Context, days web.Days) ([]*stats.RuleReport, error) {
	days.PerDay = true
	q, err := a.question(days)
	if err != nil {
		return nil, err
	}
	return stats.ReadRules(ctx, a.store, q, nil)
}

// setReports is which sources hit together.
func (a *App) setReports(ctx context.Context, days web.Days) ([]*stats.SetReport, error) {
	q, err := a.question(days)
	if err != nil {
		return nil, err
	}
	return stats.ReadSets(ctx, a.store, q)
}

// listReport is what one list did.
func (a *App) listReport(ctx context.Context, list string, days web.Days) (*stats.ListReport, error) {
	q, err := a.question(days)
	if err != nil {
		return nil, err
	}
	report, err := stats.ReadList(ctx, a.store, q, list)
	return report, asked(err)
}

// hourReports is the account by hour, of one list or, where none is named, of all.
func (a *App) hourReports(ctx context.Context, list string, days web.Days) ([]*stats.HourReport, error) {
	q, err := a.question(days)
	if err != nil {
		return nil, err
	}
	reports, err := stats.ReadHours(ctx, a.store, q, list)
	return reports, asked(err)
}

// asked tells faults of the question from those of the store.
func asked(err error) error {
	if errors.Is(err, stats.ErrNoSuchList) || errors.Is(err, stats.ErrHourDays) {
		return fmt.Errorf("%w: %w", web.ErrQuestion, err)
	}
	return err
}
