package app

import (
	"context"

	"go.uber.org/zap"

	"winnow/pkg/stats"
	"winnow/pkg/store"
	"winnow/pkg/trail"
)

// openTrail begins to record decisions, where that is on, and looks after what is recorded, also where it is off by now. What
// cannot be recorded is counted.
func (a *App) openTrail(c *Config, account *stats.Recorder) (*trail.Trail, error) {
	zone, err := c.Stats.Location()
	if err != nil {
		return nil, err
	}
	stream, _ := a.store.(trail.Stream) // Redis is one
	return trail.Open(c.Trail, trail.Options{
		StateDir: c.StateDir, Zone: zone, Now: a.now, Stream: stream, Trouble: a.reportTrail,
		Lost: account.Unrecorded, LostCopies: account.Uncopied,
	})
}

// reportTrail logs that something about the trail fails, or is well again: once each. Mail is not concerned.
func (a *App) reportTrail(with string, err error) {
	if err != nil {
		a.log.Error("decisions are not recorded as they should be; mail is not concerned", zap.String("with", with), zap.Error(err))
		return
	}
	a.log.Info("decisions are recorded again", zap.String("with", with))
}

// Sample returns the copy that was kept of a message (trail.keep_samples), as it came; nil where there is none.
func Sample(c *Config, r *trail.Record) ([]byte, error) {
	zone, err := c.Stats.Location()
	if err != nil {
		return nil, err
	}
	text, _, err := trail.ReadSample(trail.Dir(c.StateDir), zone, r)
	return text, err
}

// HasSample tells whether there is a copy of a message.
func HasSample(c *Config, r *trail.Record) bool {
	zone, err := c.Stats.Location()
	return err == nil && trail.HasSample(trail.Dir(c.StateDir), zone, r)
}

// SearchTrail looks for decisions that a winnow with this configuration recorded and, where several share a stream, that any
// of them did. It takes no App: a configuration whose lists or rules are broken is no reason not to know.
func SearchTrail(ctx context.Context, c *Config, q trail.Query) (*trail.Results, error) {
	zone, err := c.Stats.Location()
	if err != nil {
		return nil, err
	}
	if c.Trail.Stream > 0 {
		shared, err := store.Open(ctx, string(c.StoreURL()), store.Options{ReadOnly: true})
		if err != nil {
			return nil, err
		}
		defer shared.Close()
		q.Stream, _ = shared.(trail.Stream)
	}
	return trail.Search(ctx, c.StateDir, zone, q)
}
