package rules

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// A Stage matches a set against messages. Each rule file is a source of its own.
type Stage struct{ set *Set }

var _ filter.Stage = (*Stage)(nil)

// NewStage returns the stage that runs set.
func NewStage(set *Set) *Stage { return &Stage{set} }

// Name returns "rules".
func (s *Stage) Name() string { return "rules" }

// Phase returns when the stage runs: rules look at the whole message.
func (s *Stage) Phase() filter.Phase { return filter.Content }

// Check returns one result for each file that has rules with a score, in the order of the files. When ctx ends, the files
// that were not finished have an Err beside the hits that were found.
func (s *Stage) Check(ctx context.Context, m *message.Message) []filter.Result {
	return s.set.check(ctx, m)
}

func (s *Set) check(ctx context.Context, f facts) []filter.Result {
	r := s.begin(ctx, f)
	defer r.end()
	r.fresh = s.freshTags
	if ctx.Err() != nil {
		r.over = true
	}
	r.mark = time.Now()
	if s.asksNetwork() && !r.over {
		r.askAll()
	}
	r.closeCircuit() // counts for the first file, as it must count for one
	results := make([]filter.Result, len(s.sources))
	if r.answers != nil && !r.over {
		r.runLocal(results)
	}
	for i := range s.sources {
		earlier := results[i].Took
		results[i] = r.source(&s.sources[i])
		results[i].Took = earlier + r.lap()
	}
	return append(results, r.zoneResults()...)
}

// lap returns how long it is since the last one, without the time in which the run waited for answers: that is the lists'.
func (r *run) lap() time.Duration {
	now := time.Now()
	took := now.Sub(r.mark) - r.waited
	r.mark, r.waited = now, 0
	return took
}

// source asks the scored rules of one file.
func (r *run) source(src *source) filter.Result {
	result := filter.Result{Source: src.name, Kind: filter.Rules, Asked: 1}
	var zones []string // of the hits
	for n, i := range src.rules {
		v := r.try(i)
		if r.over {
			result.Err = fmt.Errorf("%d of %d rules were not run: %w", len(src.rules)-n, len(src.rules), cmp.Or(r.why, context.Cause(r.ctx)))
			break
		}
		if v != 0 {
			rule := r.set.rules[i]
			zone := r.zoneOf(i)
			result.Hits = append(result.Hits, filter.Hit{Symbol: rule.Name, Score: rule.points(v), Detail: r.detail(i), Observe: src.observe || r.observed(zone)})
			zones = append(zones, zone)
		}
	}
	if r.closed && r.set.rules[r.closedBy].source == src.file {
		result.Hits = append(result.Hits, r.circuitHit())
	}
	if err := r.takeFailures(); err != nil {
		result.Err = errors.Join(err, result.Err)
	}
	src.bound(&result)
	result.Hits = r.moveToZones(result.Hits, zones)
	return result
}

// Subrules returns the subrules that hit, file by file, for whoever writes rules: those included that no meta asks for. A
// subrule adds no points.
func (s *Set) Subrules(ctx context.Context, m *message.Message) []filter.Result {
	r := s.begin(ctx, m)
	defer r.end()
	r.fresh = s.freshTags
	r.closeCircuit()
	var results []filter.Result
	last := -1 // the file of the last result: rules stand in the order of their files
	for i, rule := range s.rules {
		if !subrule(rule.Name) || r.try(i) == 0 {
			continue
		}
		if rule.source != last {
			results, last = append(results, filter.Result{Source: path.Base(rule.File), Kind: filter.Rules, Asked: 1}), rule.source
		}
		result := &results[len(results)-1]
		result.Hits = append(result.Hits, filter.Hit{Symbol: rule.Name, Detail: r.detail(i)})
	}
	return results
}

// points is what a rule that came to v adds: as in SpamAssassin, one with tflags multiple adds its score for each match.
func (rule *Rule) points(v float64) float64 {
	if rule.Flags.Multiple && rule.expr == nil && rule.call == nil {
		return rule.Score * v
	}
	return rule.Score
}
