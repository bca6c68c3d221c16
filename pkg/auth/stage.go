package auth

import (
	"context"
	"errors"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// A Stage says what the sender's identity is worth. It is immutable and serves any number of messages at a time.
type Stage struct {
	checker *Checker
	symbols []symbol // those that no rule defines, with the scores in force
}

var _ filter.Stage = (*Stage)(nil)

// NewStage returns the stage of a Checker. A symbol that defined is true of is left to whoever defines it, so that
// nothing counts twice; defined may be nil.
func NewStage(c *Checker, defined func(symbol string) bool) *Stage {
	s := &Stage{checker: c}
	for _, symbol := range symbols {
		if defined != nil && defined(symbol.name) {
			continue
		}
		for _, set := range c.config.Scores {
			if set.Symbol == symbol.name {
				symbol.score = set.Score
			}
		}
		s.symbols = append(s.symbols, symbol)
	}
	return s
}

// Name is "auth".
func (s *Stage) Name() string { return "auth" }

// Phase is Content: signatures are about all of the message.
func (s *Stage) Phase() filter.Phase { return filter.Content }

// source is what the stage's one Result is named in the account.
const source = "identity"

// errUnknown is the Err where the time was over before it was known who sent the message.
var errUnknown = errors.New("it was not found out in time who sent the message")

// Check finds out who sent the message and says what that is worth.
func (s *Stage) Check(ctx context.Context, m *message.Message) []filter.Result {
	r := filter.Result{Source: source, Kind: filter.Rules}
	if !s.checker.asks() {
		return []filter.Result{r}
	}
	start := time.Now()
	f := facts{m: m, id: s.checker.Identity(ctx, m)}
	r.Asked, r.Took = 1, time.Since(start)
	if f.id == nil {
		r.Err = errUnknown
		return []filter.Result{r}
	}
	for i := range s.symbols {
		symbol := &s.symbols[i]
		if detail, hit := symbol.found(&f); hit {
			r.Hits = append(r.Hits, filter.Hit{Symbol: symbol.name, Score: symbol.score, Detail: detail})
		}
	}
	return []filter.Result{r}
}
