package whitelist

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"
)

// A learner takes lessons to the store. Nobody waits for it: what is learned is held in memory, where look-ups see it at
// once, until one goroutine has it written; while the store is away it waits there.
type learner struct {
	remember func(ctx context.Context, l lesson) error
	most     int // pairs that may wait

	wake chan struct{}
	stop chan struct{}
	done chan struct{}

	writing sync.Mutex // held while a lesson is written, so that forgetting does not come between

	mu      sync.RWMutex
	pending map[pair]learned
	closed  bool
	counts  Counts
}

// A pair is a local user and a remote address that he wrote to, or the digest of the id of a message that he sent.
type pair struct{ local, remote, id string }

// learned is when a pair was learned, in Unix seconds, and what is noted of a message.
type learned struct {
	at   int64
	note string
}

// Counts is what became of the pairs that were learned.
type Counts struct {
	Written int64 // to the store
	Failed  int64 // attempts to write; the pairs wait for another
	Dropped int64 // lost, because too many waited or because winnow stopped while the store was away
	Waiting int
}

const (
	retryPause    = 5 * time.Second // until the store is tried again
	flushPatience = 3               // lessons that fail in a row until it is the store that fails
	writeLimit    = time.Second     // for one lesson: an embedded store waits for its disk
	closeLimit    = 5 * time.Second // for all that waits when winnow stops
)

// newLearner starts a learner, which lives until Close.
func newLearner(most int, remember func(ctx context.Context, l lesson) error) *learner {
	l := &learner{
		remember: remember,
		most:     most,
		wake:     make(chan struct{}, 1),
		stop:     make(chan struct{}),
		done:     make(chan struct{}),
		pending:  make(map[pair]learned),
	}
	go l.run()
	return l
}

// learn takes a lesson, or drops what there is no room for. It never waits for the store.
func (l *learner) learn(what lesson) {
	if len(what.remotes) == 0 {
		return
	}
	l.mu.Lock()
	for _, p := range what.pairs() {
		if _, waits := l.pending[p]; l.closed || !waits && len(l.pending) >= l.most {
			l.counts.Dropped++
			continue
		}
		l.pending[p] = learned{at: what.at}
		if p.id != "" {
			l.pending[p] = learned{what.at, what.note}
		}
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default: // it is awake
	}
}

// lookUp returns when a pair was learned, while it is not in the store yet.
func (l *learner) lookUp(p pair) (at time.Time, found bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	known, found := l.pending[p]
	return time.Unix(known.at, 0), found
}

// note returns what was noted of a message that is not in the store yet.
func (l *learner) note(p pair) (note string, found bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	known, found := l.pending[p]
	return known.note, found
}

// forget drops a pair that waits and then takes it out of the store, with no lesson written in between.
func (l *learner) forget(p pair, fromStore func() error) (waited bool, err error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	_, waited = l.pending[p]
	delete(l.pending, p)
	l.mu.Unlock()
	return waited, fromStore()
}

// current returns the counts so far.
func (l *learner) current() Counts {
	l.mu.RLock()
	defer l.mu.RUnlock()
	c := l.counts
	c.Waiting = len(l.pending)
	return c
}

// run writes whenever there is something to write, and pauses when that fails.
func (l *learner) run() {
	defer close(l.done)
	wake, retry := l.wake, (<-chan time.Time)(nil)
	for {
		select {
		case <-l.stop:
			return
		case <-wake:
		case <-retry:
		}
		wake, retry = l.wake, nil
		if l.flush(context.Background(), flushPatience) != nil {
			wake, retry = nil, time.After(retryPause)
		}
	}
}

// flush writes what waits, in no order, and gives up after some failures in a row: then it is the store that fails, not
// a lesson. Some other lesson comes first the next time.
func (l *learner) flush(ctx context.Context, patience int) (failed error) {
	inRow := 0
	for _, what := range l.lessons() {
		err := l.write(ctx, what)
		if err == nil {
			inRow = 0
			continue
		}
		failed = err
		if inRow++; inRow == patience || ctx.Err() != nil {
			break
		}
	}
	return failed
}

// write writes one lesson, but for what was forgotten or learned anew since it was put together.
func (l *learner) write(ctx context.Context, what lesson) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.RLock()
	what.remotes = slices.DeleteFunc(what.remotes, func(remote string) bool {
		return l.pending[pair{local: what.local, remote: remote}].at != what.at
	})
	gone := what.id != "" && l.pending[pair{local: what.local, id: what.id}].at != what.at
	l.mu.RUnlock()
	if gone || len(what.pairs()) == 0 {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	err := l.remember(limited, what)
	l.written(what, err)
	return err
}

// lessons returns what waits, one lesson for each user and time, and one for each message that was sent.
func (l *learner) lessons() []lesson {
	l.mu.RLock()
	defer l.mu.RUnlock()
	type when struct {
		local string
		at    int64
	}
	groups := make(map[when][]string)
	var all []lesson
	for p, known := range l.pending {
		if p.id != "" {
			all = append(all, lesson{local: p.local, id: p.id, note: known.note, at: known.at})
			continue
		}
		w := when{p.local, known.at}
		groups[w] = append(groups[w], p.remote)
	}
	for w, remotes := range groups {
		all = append(all, lesson{local: w.local, remotes: remotes, at: w.at})
	}
	return all
}

// written notes how it went with one lesson. What was learned anew meanwhile waits on.
func (l *learner) written(what lesson, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.counts.Failed++
		return
	}
	for _, p := range what.pairs() {
		l.counts.Written++
		if l.pending[p].at == what.at {
			delete(l.pending, p)
		}
	}
}

// close writes what waits, with all the patience that the time allows, and tells how much was lost.
func (l *learner) close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	close(l.stop)
	<-l.done
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	err := l.flush(ctx, math.MaxInt)

	l.mu.Lock()
	defer l.mu.Unlock()
	lost := len(l.pending)
	l.counts.Dropped += int64(lost)
	clear(l.pending)
	if lost > 0 {
		return fmt.Errorf("auto-whitelist: %d learned pairs could not be stored: %w", lost, err)
	}
	return nil
}
