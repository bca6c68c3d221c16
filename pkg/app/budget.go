package app

import (
	"context"
	"time"

	"go.uber.org/zap"

	"winnow/pkg/dnslist"
	"winnow/pkg/stats"
)

const (
	budgetEvery = 10 * time.Minute // how often budgets are looked at
	budgetLimit = time.Second      // for the store to answer
)

// A ListState is how a list is, and how much of its budget is used up today.
type ListState struct {
	dnslist.State
	Budget *stats.Budget `json:"budget,omitempty"` // of enabled lists whose terms allow so many questions
}

// Budgets is how much of each enabled list's budget is used up today.
func (a *App) Budgets(ctx context.Context) ([]stats.Budget, error) {
	zone, err := a.current.Load().config.Stats.Location()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, budgetLimit)
	defer cancel()
	return stats.ReadBudgets(ctx, a.store, a.countedLists(), a.now().In(zone))
}

// WithBudgets puts each list's budget beside its state. Where the account cannot be read there is none.
func (a *App) WithBudgets(ctx context.Context, states []dnslist.State) []ListState {
	budgets, _ := a.Budgets(ctx) // that the store is away is told elsewhere
	all := make([]ListState, len(states))
	for i, state := range states {
		all[i].State = state
		for j := range budgets {
			if budgets[j].List == state.List {
				all[i].Budget = &budgets[j]
			}
		}
	}
	return all
}

// watchBudgets warns of lists that may soon refuse, until ctx ends.
func (a *App) watchBudgets(ctx context.Context) {
	warned := map[string]string{}
	tick := time.NewTicker(budgetEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			a.warnOfBudgets(ctx, warned)
		}
	}
}

// warnOfBudgets logs each list whose budget is nearly used up, once a day. warned is on which day a list was told of.
func (a *App) warnOfBudgets(ctx context.Context, warned map[string]string) {
	budgets, err := a.Budgets(ctx)
	if err != nil {
		return // the account tells that the store is away
	}
	for i := range budgets {
		b := &budgets[i]
		if b.Warn && warned[b.List] != b.Day {
			warned[b.List] = b.Day
			a.log.Warn("a list's terms allow not many more questions today; it may refuse: see its terms, or subscribe",
				zap.String("list", b.List), zap.Int64("sent", b.Sent), zap.Int64("forecast", b.Forecast), zap.Int64("budget", b.Allowed))
		}
	}
}
