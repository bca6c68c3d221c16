package dns

import (
	"context"
	"fmt"
	"sync"
	"time"

	"winnow/pkg/stack"
)

const (
	// flightLimit is how long a question may be under way, whatever the Resolver that is asked does. A Client ends it
	// earlier: after two attempts.
	flightLimit = 30 * time.Second
)

// A flight is one question under way, and those who wait for it.
type flight struct {
	done   chan struct{} // closed when the rest is set
	answer Answer
	err    error
}

// flights sees to it that a question that several callers have at the same moment is put once. A flight belongs to none
// of its callers: each may leave, and it goes on. It belongs to flights, whose close waits for it; this is what
// x/sync/singleflight does not offer.
type flights struct {
	ctx    context.Context // of all flights
	cancel context.CancelFunc
	wait   sync.WaitGroup

	mu     sync.Mutex
	under  map[Question]*flight
	closed bool
}

func newFlights() *flights {
	ctx, cancel := context.WithCancel(context.Background())
	return &flights{ctx: ctx, cancel: cancel, under: make(map[Question]*flight)}
}

// join returns the flight of a question that is under way, or starts one, in which find is called.
func (f *flights) join(q Question, find func(context.Context, Question) (Answer, error)) (_ *flight, joined bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, false, ErrClosed
	}
	if under, ok := f.under[q]; ok {
		return under, true, nil
	}
	started := &flight{done: make(chan struct{})}
	f.under[q] = started
	f.wait.Go(func() {
		stack.Reserve()
		defer f.land(q, started)
		ctx, cancel := context.WithTimeout(f.ctx, flightLimit)
		defer cancel()
		started.answer, started.err = find(ctx, q)
	})
	return started, false, nil
}

// land hands the outcome of a flight to those who wait. A panic is one too: what a server sent must not end the process.
func (f *flights) land(q Question, landed *flight) {
	if fault := recover(); fault != nil {
		landed.answer, landed.err = Answer{}, fmt.Errorf("%w: reading it failed: %v", ErrMalformed, fault)
	}
	f.mu.Lock()
	delete(f.under, q)
	f.mu.Unlock()
	close(landed.done)
}

// close ends all flights, waits for them, and lets none start again.
func (f *flights) close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.cancel()
	f.wait.Wait()
}
