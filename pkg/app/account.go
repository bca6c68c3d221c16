package app

import (
	"winnow/pkg/stats"
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

// History is the days before a query's in which a rule may have hit last.
func (a *App) History(q stats.Query) []string {
	return stats.Before(q.Days[0], a.current.Load().config.Stats.RetentionDays)
}

// countedLists is the lists that are on.
func (a *App) countedLists() []stats.List {
	var lists []stats.List
	for _, l := range a.Lists().Lists() {
		if l.Enabled {
			lists = append(lists, stats.List{Name: l.Name, Title: l.Title, Budget: int64(l.Budget)})
		}
	}
	return lists
}
