package storetest

import (
	"context"
	"errors"
	"sync"
	"time"

	"winnow/pkg/store"
)

// A Mode is how a Flaky store takes batches.
type Mode int

const (
	Well  Mode = iota
	Away       // it does not take them
	Lossy      // it takes them and says that it did not, as when the answer is lost
	Hung       // it does not answer before the caller's time is up
)

// A Flaky is a store that takes batches of counters as it is told to.
type Flaky struct {
	store.Store

	mu    sync.Mutex
	mode  Mode
	tried int
}

// Turn sets how batches are taken from now on.
func (f *Flaky) Turn(to Mode) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mode = to
}

// Tried tells how many batches were handed in.
func (f *Flaky) Tried() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tried
}

func (f *Flaky) try() Mode {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tried++
	return f.mode
}

// Apply does as the mode says.
func (f *Flaky) Apply(ctx context.Context, node string, seq uint64, deltas map[string]map[string]int64, retention time.Duration) error {
	switch f.try() {
	case Away:
		return store.ErrAway
	case Hung:
		<-ctx.Done()
		return ctx.Err()
	case Lossy:
		return errors.Join(store.ErrAway, f.Store.Apply(ctx, node, seq, deltas, retention))
	}
	return f.Store.Apply(ctx, node, seq, deltas, retention)
}
