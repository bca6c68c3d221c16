package stats

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// A Store is where the account is kept; see pkg/store.
type Store interface {
	// Apply adds deltas (day "2016-12-14" or hour "2016-12-14T09+01:00" -> counter -> amount) exactly once: a seq that is
	// not above the last one applied for that node changes nothing. Hours may be kept for less than retention.
	Apply(ctx context.Context, node string, seq uint64, deltas map[string]map[string]int64, retention time.Duration) error
	// Counters returns the counters of those of the days and hours that have any.
	Counters(ctx context.Context, spans []string) (map[string]map[string]int64, error)
}

// A Recorder counts verdicts. Counting takes a lock and some additions and never waits for anything else; a goroutine
// hands the sums to the store, in batches:
//
//   - A batch gets a number and is written to the journal, then it is sent, then it leaves the journal. A store on the
//     local disk (Options.Local) is as near as the journal: there a batch is journalled only when the store did not take it.
//   - A batch that was sent and not confirmed is in doubt: it is sent again, unchanged, until it is. What is counted
//     meanwhile adds up behind it, in memory and in the journal, under the next number.
//   - A start takes up the batches of the journal as they are, then goes on under a node name of its own. A directory
//     that was copied or restored, with its old numbers, can so never have a batch mistaken for an earlier one.
//
// So a crash loses what was counted since the last flush, and nothing is ever counted twice.
type Recorder struct {
	store     Store
	local     bool
	every     time.Duration
	retention time.Duration
	now       func() time.Time
	trouble   func(with string, err error)

	mu       sync.Mutex // of what counting touches
	calendar calendar
	tallies  map[string]*tally // by hour
	current  *tally            // of the hour that it is
	today    *today
	stages   stageTimes

	flushing sync.Mutex // of what follows
	journal  *journal   // nil where there is none
	node     string
	seq      uint64  // the last number that was given
	pending  []batch // to be sent, the first perhaps in doubt; only a restart makes it more than one
	rest     deltas  // what is to be sent behind them
	written  bool    // the journal holds pending and rest
	failing  map[string]bool
	since    since

	ctx     context.Context // of the flushes by the clock: Close ends it when its own time is up
	cancel  context.CancelFunc
	stop    chan struct{}
	stopped chan struct{}
	closing sync.Once
}

// What trouble is with.
const (
	WithStore   = "store"
	WithJournal = "journal"
)

// Options are what a Recorder is given beside its configuration.
type Options struct {
	Now func() time.Time // the clock that says which day it is; time.Now where nil
	// Local says that the store is a file of this machine, and has on disk what it took: the journal first would be no safer.
	Local bool
	// Trouble is told when the store or the journal begins to fail, and with a nil error when it is well again: once
	// each, however often it is tried. Flushing waits for it, counting does not.
	Trouble func(with string, err error)
}

const (
	// maxPending bounds the batches that restarts with the store away leave behind. Beyond it the youngest become one:
	// they were most likely never sent.
	maxPending = 16
	// applyLimit is how long the store may take for one batch. A store should have a shorter limit of its own.
	applyLimit = 10 * time.Second
)

// NewRecorder takes up what an earlier one left in the journal, and starts to flush. The configuration must be valid.
// Without a journal, because it cannot be written or another process has it, Trouble is told and counting goes on.
func NewRecorder(c Config, s Store, o Options) (*Recorder, error) {
	zone, err := c.Location()
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	var id [8]byte
	if _, err := rand.Read(id[:]); err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	r := &Recorder{
		store: s, local: o.Local, every: c.FlushEvery, retention: c.retention(), now: o.Now, trouble: o.Trouble,
		calendar: calendar{zone: zone}, tallies: map[string]*tally{},
		node: hex.EncodeToString(id[:]), rest: deltas{}, written: true, failing: map[string]bool{}, since: since{counts: map[string]int64{}},
		stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	if r.now == nil {
		r.now = time.Now
	}
	if r.trouble == nil {
		r.trouble = func(string, error) {}
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	if c.StateDir != "" {
		r.resume(c.StateDir)
	}
	go r.run()
	return r, nil
}

// resume takes up the journal.
func (r *Recorder) resume(dir string) {
	j, waiting, fault, err := openJournal(dir)
	if fault = errors.Join(fault, err); fault != nil {
		r.trouble(WithJournal, fault)
		r.failing[WithJournal] = err != nil
	}
	r.journal = j
	if j != nil && j.begin() {
		r.tally().totals[unfinished]++
	}
	if len(waiting) > maxPending {
		r.seq++
		last := batch{r.node, r.seq, deltas{}}
		for _, b := range waiting[maxPending-1:] {
			last.Deltas.merge(b.Deltas)
		}
		waiting, r.written = append(waiting[:maxPending-1], last), false
	}
	r.pending = waiting
}

// Connection counts a connection: what its lists said, and whether its recipients were refused.
func (r *Recorder) Connection(c message.Client, v *filter.Verdict, refused bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tally().connection(c, v, refused)
	if v != nil {
		r.stages.add(v.Reports)
	}
}

// Message counts a message, or a transaction that never became one.
func (r *Recorder) Message(_ *message.Message, v *filter.Verdict) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tally().message(v)
	r.stages.add(v.Reports)
}

// Unrecorded counts records that the trail could not write.
func (r *Recorder) Unrecorded(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tally().totals[unrecorded] += n
}

// Uncopied counts messages of which a copy was to be kept (trail.keep_samples), and could not.
func (r *Recorder) Uncopied(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tally().totals[uncopied] += n
}

// tally returns the one of the hour that it is. It is emptied with each flush, so that by hour costs counting nothing: what
// an hour has is added to its day when it is collected.
func (r *Recorder) tally() *tally {
	c := &r.calendar
	if !c.find(r.now()) && r.current != nil {
		return r.current
	}
	if r.today == nil || r.today.day != c.day {
		r.today = newToday(c.day)
	}
	if r.tallies[c.hour] == nil {
		r.tallies[c.hour] = newTally(r.today)
	}
	r.current = r.tallies[c.hour]
	return r.current
}

// run flushes about once a second, until Close.
func (r *Recorder) run() {
	defer close(r.stopped)
	ticker := time.NewTicker(r.every)
	defer ticker.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-ticker.C:
			_ = r.Flush(r.ctx) // who needs to know was told
		}
	}
}

// Flush hands everything counted so far to the store. On an error it waits in the journal for the next flush.
func (r *Recorder) Flush(ctx context.Context) error {
	r.flushing.Lock()
	defer r.flushing.Unlock()
	r.collect()
	for {
		if len(r.pending) == 0 && len(r.rest) > 0 {
			r.seq++
			r.pending, r.rest = []batch{{r.node, r.seq, r.rest}}, deltas{}
		}
		journalFirst := !r.local || r.failing[WithStore] || r.failing[WithJournal]
		if journalFirst || len(r.pending) == 0 {
			r.save()
		}
		if len(r.pending) == 0 {
			return nil
		}
		if err := r.apply(ctx, r.pending[0]); err != nil {
			if !journalFirst {
				r.save()
			}
			return fmt.Errorf("account: %w", err)
		}
		r.pending = r.pending[1:]
	}
}

// collect moves what was counted behind the batches that wait.
func (r *Recorder) collect() {
	r.mu.Lock()
	tallies := r.tallies
	r.tallies, r.current = make(map[string]*tally, 1), nil
	r.mu.Unlock()
	for hour, t := range tallies {
		counters := map[string]int64{}
		t.counters(counters)
		ofHour := totalsOf(counters)
		r.since.add(ofHour)
		r.rest.add(t.day, counters)
		r.rest.add(hour, ofHour)
		r.written = false
	}
}

// save has the journal hold all that waits. What adds up behind a batch in doubt stands there under the number that it
// will be sent with, so that even an old journal, left by a disk that failed later, holds nothing that could be counted
// twice. A batch that was confirmed may stay in it until the next save: the store knows its number.
func (r *Recorder) save() {
	if r.journal == nil {
		return
	}
	all := r.waiting()
	if len(all) == 0 {
		r.journal.clear()
		r.written = true
		return
	}
	if r.written {
		return
	}
	err := r.journal.write(all)
	r.written = err == nil
	if err != nil {
		err = fmt.Errorf("%w: counts are kept in memory only, a crash would lose them", err)
	}
	r.tell(WithJournal, err)
}

// waiting returns the batches that wait.
func (r *Recorder) waiting() []batch {
	if len(r.rest) == 0 {
		return r.pending
	}
	return append(r.pending[:len(r.pending):len(r.pending)], batch{r.node, r.seq + 1, r.rest})
}

func (r *Recorder) apply(ctx context.Context, b batch) error {
	ctx, cancel := context.WithTimeout(ctx, applyLimit)
	defer cancel()
	err := r.store.Apply(ctx, b.Node, b.Seq, b.Deltas, r.retention)
	r.tell(WithStore, err)
	return err
}

// tell tells of trouble when it begins and when it ends.
func (r *Recorder) tell(with string, err error) {
	if failing := err != nil; failing != r.failing[with] {
		r.failing[with] = failing
		r.trouble(with, err)
	}
}

// Close ends the Recorder with a last flush, as long as ctx lets it. An error says what becomes of counts that the store
// did not take. Nothing may be counted afterwards.
func (r *Recorder) Close(ctx context.Context) (err error) {
	r.closing.Do(func() {
		close(r.stop)
		select {
		case <-r.stopped:
		case <-ctx.Done():
			r.cancel() // the flush under way too
			<-r.stopped
		}
		r.cancel()
		err = r.left(r.Flush(ctx))
		if r.journal == nil {
			return
		}
		if err == nil || errors.Is(err, ErrWaiting) {
			err = errors.Join(err, r.journal.end())
		}
		err = errors.Join(err, r.journal.close())
	})
	return err
}

// ErrWaiting is what the error of Close wraps where the store took not everything, and nothing is lost all the same.
var ErrWaiting = errors.New("the counts wait")

// left adds to the error of the last flush what becomes of the counts.
func (r *Recorder) left(err error) error {
	r.flushing.Lock()
	defer r.flushing.Unlock()
	switch {
	case err == nil:
		return nil
	case r.journal != nil && r.written:
		return fmt.Errorf("%w; %w in %s for the next start", err, ErrWaiting, r.journal.path())
	}
	return fmt.Errorf("%w; the counts since then are lost, for there is no journal", err)
}
