package rules

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"winnow/pkg/message"
)

// A Meter measures what rules cost on mail: the whole work on each message as the stage does it, and, on a second copy of
// it, each layer of the work by itself. It serves one goroutine.
type Meter struct {
	set    *Set
	needed []bool // by rule: the stage may run it
	clock  time.Duration

	total  []time.Duration
	layers [layerCount][]time.Duration
	rules  []ruleTime
}

// ruleTime is what one rule took over all messages, without what its text took to make.
type ruleTime struct{ sum, most time.Duration }

const (
	layerMIME = iota
	layerText
	layerURIs
	layerPass
	layerRegexes
	layerEvals
	layerMetas
	layerCount
)

var layerNames = [layerCount]string{
	"read and MIME", "HTML and text", "URIs", "literal pass", "regexes", "evals", "metas",
}

// NewMeter returns a meter of set.
func NewMeter(set *Set) *Meter {
	return &Meter{set: set, needed: set.needed(), clock: clockCost(), rules: make([]ruleTime, len(set.rules))}
}

// needed tells which rules the stage may run: those with points, short circuits, and what they stand on.
func (s *Set) needed() []bool {
	needed := make([]bool, len(s.rules))
	var mark func(i int)
	mark = func(i int) {
		rule := s.rules[i]
		if needed[i] || rule.off {
			return
		}
		needed[i] = true
		rule.below(mark)
	}
	for _, src := range s.sources {
		for _, i := range src.rules {
			mark(i)
		}
	}
	for _, i := range s.circuits.rules {
		mark(i)
	}
	return needed
}

// clockCost is what it takes to look at the clock, which is more than most rules take.
func clockCost() time.Duration {
	const looks = 1000
	least := time.Duration(math.MaxInt64)
	for range 5 {
		start := time.Now()
		for range looks {
			_ = time.Now()
		}
		least = min(least, time.Since(start)/looks)
	}
	return least
}

// Add measures a message. read reads it anew each time: what is derived from a message is kept with it.
func (c *Meter) Add(ctx context.Context, read func() (*message.Message, error)) error {
	start := time.Now()
	m, err := read()
	if err != nil {
		return err
	}
	for _, result := range c.set.check(ctx, m) {
		if result.Err != nil {
			return fmt.Errorf("%s: %w", result.Source, result.Err)
		}
	}
	c.total = append(c.total, time.Since(start))
	return c.byLayer(ctx, read)
}

func (c *Meter) byLayer(ctx context.Context, read func() (*message.Message, error)) error {
	var took [layerCount]time.Duration
	start := time.Now()
	lap := func(layer int) {
		now := time.Now()
		took[layer] += max(0, now.Sub(start)-c.clock)
		start = time.Now()
	}
	m, err := read()
	if err != nil {
		return err
	}
	m.Parts()
	lap(layerMIME)
	m.BodyLines()
	m.RawBody()
	m.Full()
	lap(layerText)
	r := c.set.begin(ctx, m)
	defer r.end()
	r.linkDetails()
	lap(layerURIs)
	for i, rules := range c.set.slots {
		if len(rules) > 0 {
			r.section(i)
		}
	}
	lap(layerPass)
	for i, rule := range c.set.rules {
		if !c.needed[i] || rule.expr != nil {
			continue
		}
		layer := layerRegexes
		if rule.call != nil {
			layer = layerEvals
		}
		start = time.Now()
		r.ask(i)
		c.took(i, max(0, time.Since(start)-c.clock), &took[layer])
	}
	start = time.Now()
	for _, src := range c.set.sources {
		for _, i := range src.rules {
			r.ask(i)
		}
	}
	lap(layerMetas)
	for layer := range took {
		c.layers[layer] = append(c.layers[layer], took[layer])
	}
	return nil
}

func (c *Meter) took(i int, d time.Duration, layer *time.Duration) {
	*layer += d
	c.rules[i].sum += d
	c.rules[i].most = max(c.rules[i].most, d)
}

// A Cost is what rules cost on some messages. Times are milliseconds a message.
type Cost struct {
	Messages int         `json:"messages"`
	Total    Spread      `json:"total"` // reading the message, and all the stage does
	Layers   []LayerCost `json:"layers"`
	Rules    []RuleCost  `json:"rules"` // the dearest
}

// A Spread says how a time is spread over messages.
type Spread struct {
	Mean float64 `json:"mean_ms"`
	P50  float64 `json:"p50_ms"`
	P95  float64 `json:"p95_ms"`
	Max  float64 `json:"max_ms"`
}

// A LayerCost is one layer's. The layers are measured one by one, which takes a little longer than all together.
type LayerCost struct {
	Name string `json:"name"`
	Spread
}

// A RuleCost is one rule's: what its pattern or function takes, without making the text ready, which it shares.
type RuleCost struct {
	Name string  `json:"name"`
	Type string  `json:"type"`
	Mean float64 `json:"mean_ms"`
	Max  float64 `json:"max_ms"`
	Part float64 `json:"part"` // of the time that all rules take
}

// Cost returns what was measured, with so many of the dearest rules.
func (c *Meter) Cost(dearest int) Cost {
	cost := Cost{Messages: len(c.total), Total: spread(c.total), Rules: []RuleCost{}}
	for layer, name := range layerNames {
		cost.Layers = append(cost.Layers, LayerCost{name, spread(c.layers[layer])})
	}
	order := make([]int, 0, len(c.rules))
	all := time.Duration(1)
	for i, r := range c.rules {
		if r.sum > 0 {
			order, all = append(order, i), all+r.sum
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(c.rules[b].sum, c.rules[a].sum), strings.Compare(c.set.rules[a].Name, c.set.rules[b].Name))
	})
	for _, i := range order[:min(dearest, len(order))] {
		r := c.rules[i]
		cost.Rules = append(cost.Rules, RuleCost{
			Name: c.set.rules[i].Name, Type: c.set.rules[i].kind(),
			Mean: millis(r.sum) / float64(len(c.total)), Max: millis(r.most), Part: float64(r.sum) / float64(all),
		})
	}
	return cost
}

func spread(times []time.Duration) Spread {
	if len(times) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(times))
	sum := time.Duration(0)
	for _, d := range sorted {
		sum += d
	}
	at := func(part float64) float64 { return millis(sorted[int(part*float64(len(sorted)-1))]) }
	return Spread{Mean: millis(sum) / float64(len(sorted)), P50: at(0.5), P95: at(0.95), Max: at(1)}
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
