// Package filtertest has stages that answer what a test tells them to.
package filtertest

import (
	"context"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// A Stage answers with what its function returns.
type Stage struct {
	Named  string
	At     filter.Phase
	Answer func(context.Context, *message.Message) []filter.Result
}

var _ filter.Stage = (*Stage)(nil)

// Name returns the name it was given.
func (s *Stage) Name() string { return s.Named }

// Phase returns the phase it was given.
func (s *Stage) Phase() filter.Phase { return s.At }

// Check returns what the function does.
func (s *Stage) Check(ctx context.Context, m *message.Message) []filter.Result {
	return s.Answer(ctx, m)
}

// List returns a stage with one list that was asked once and hits with hits; none is a miss.
func List(stage string, at filter.Phase, list string, hits ...filter.Hit) *Stage {
	return answer(stage, at, filter.Result{Source: list, Kind: filter.List, Asked: 1, Hits: hits})
}

// Rules returns a stage of content rules that hits with hits.
func Rules(hits ...filter.Hit) *Stage {
	return answer("rules", filter.Content, filter.Result{Source: "test.cf", Kind: filter.Rules, Asked: 1, Hits: hits})
}

func answer(stage string, at filter.Phase, result filter.Result) *Stage {
	return &Stage{Named: stage, At: at, Answer: func(context.Context, *message.Message) []filter.Result {
		return []filter.Result{result}
	}}
}
