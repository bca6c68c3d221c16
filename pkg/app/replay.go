package app

import (
	"bytes"
	"context"
	"maps"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
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

// InForce is what records of this configuration's decisions name as having been in force.
func (a *App) InForce() filter.InForce { return a.current.Load().inForce }

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
		Sample: func(r *trail.Record) (*message.Message, error) {
			return sampleOf(q.Dir, q.Zone, r, c.config.Milter.MaxBody)
		},
	}, q)
}

// sampleOf returns the copy that was kept of a message, nil where there is none.
func sampleOf(dir string, zone *time.Location, r *trail.Record, limit int64) (*message.Message, error) {
	text, receiver, err := trail.ReadSample(dir, zone, r)
	if text == nil || err != nil {
		return nil, err
	}
	m, err := message.Parse(bytes.NewReader(text), limit)
	if err != nil {
		return nil, err
	}
	m.Stored, m.Receiver = false, receiver
	return m, nil
}
