package app

import (
	"context"
	"maps"

	"winnow/pkg/filter"
	"winnow/pkg/replay"
	"winnow/pkg/trail"
)

// inForce is what records name as having been in force.
func inForce(stages []filter.Stage, networks *Networks) filter.InForce {
	all := filter.InForce{filter.NetworksInForce: networks.words()}
	for _, s := range stages {
		if r, ok := s.(filter.Replayer); ok {
			maps.Copy(all, r.InForce())
		}
	}
	return all
}

// Replay decides recorded traffic again by what is configured here. It asks nobody.
func (a *App) Replay(ctx context.Context, q replay.Request) (*replay.Report, error) {
	c := a.current.Load()
	c.rules.Scores(c.lists.Scores)
	zone, err := c.config.Stats.Location()
	if err != nil {
		return nil, err
	}
	if q.Zone == nil {
		q.Zone = zone
	}
	return replay.Run(ctx, &replay.Checks{
		Stages: c.stages, Policy: c.policy, InForce: c.inForce, Site: c.site,
		Then: func(key string) (filter.InForce, error) { return trail.ReadInForce(q.Dir, key) },
	}, q)
}
