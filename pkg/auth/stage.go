package auth

import (
	"context"
	"errors"
	"strings"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// A Stage says what the sender's identity is worth. It is immutable and serves any number of messages at a time.
type Stage struct {
	checker *Checker
	symbols []symbol                 // with the scores in force
	demands map[string]filter.Action // what a symbol demands beyond its score
}

var _ filter.Stage = (*Stage)(nil)

// NewStage returns the stage of a Checker. A symbol that defined is true of is left to whoever defines it, so that
// nothing counts twice; defined may be nil.
func NewStage(c *Checker, defined func(symbol string) bool) *Stage {
	s := &Stage{checker: c, demands: map[string]filter.Action{
		dmarcReject:     filter.Action(c.config.DMARC.Reject),
		dmarcQuarantine: filter.Action(c.config.DMARC.Quarantine),
	}}
	for _, symbol := range symbols {
		if defined != nil && (defined(symbol.name) || symbol.stock != "" && defined(symbol.stock)) {
			if s.demands[symbol.name] == filter.None {
				continue
			}
			symbol.score = 0
		} else {
			symbol.score = c.config.score(&symbol)
		}
		s.symbols = append(s.symbols, symbol)
	}
	return s
}

// score is what a symbol is worth.
func (c *Config) score(of *symbol) float64 {
	for _, set := range c.Scores {
		if set.Symbol == of.name {
			return set.Score
		}
	}
	return of.score
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
	f := facts{m: m, names: namesOf(m)}
	beside(
		func() { f.id = s.checker.Identity(ctx, m) },
		func() { f.hosts = s.checker.hosts(ctx, f.names) },
	)
	r.Asked, r.Took = 1, time.Since(start)
	if f.id == nil {
		r.Err = errUnknown
		return []filter.Result{r}
	}
	for i := range s.symbols {
		symbol := &s.symbols[i]
		if detail, hit := symbol.found(&f); hit {
			r.Hits = append(r.Hits, s.hit(symbol, detail, f.id))
		}
	}
	return []filter.Result{r}
}

func (s *Stage) hit(symbol *symbol, detail string, id *message.Identity) filter.Hit {
	h := filter.Hit{Symbol: symbol.name, Score: symbol.score, Detail: detail}
	if h.Action = s.demands[symbol.name]; h.Action >= filter.Defer {
		h.Text = strings.ReplaceAll(dmarcText, "{author}", id.DMARC.Author)
	}
	return h
}

// dmarcText is what the sender of disowned mail is told: whose wish it is that it is refused, and what to do.
const dmarcText = "[{id}] {author} asks to refuse mail that is not proven to be its own (DMARC): neither SPF nor a DKIM signature of that domain passes; " +
	"if it is, send it over the domain's own servers, or have its postmaster sign it"
