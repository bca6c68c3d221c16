package trail

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// A Stream keeps the newest records of all nodes together; see pkg/store.
type Stream interface {
	// AppendTrail adds records, and drops the oldest of more than about most.
	AppendTrail(ctx context.Context, records [][]byte, most int64) error
	// TrimTrail drops the records that were added before a time. Where it is not done and there is no error, it is to be tried again:
	// that the stream is away is told by whoever adds to it.
	TrimTrail(ctx context.Context, before time.Time) (done bool, err error)
	// TrailBefore returns up to n records from before a place on, the newest first, and the place of the last of them; "" is
	// the end. None are left where it returns no place.
	TrailBefore(ctx context.Context, before string, n int64) (records [][]byte, place string, err error)
}

// Options are what a Trail is given beside its configuration.
type Options struct {
	StateDir string           // winnow's state_dir
	Zone     *time.Location   // whose days they are; UTC where nil
	Now      func() time.Time // time.Now where nil
	Stream   Stream           // nil: none
	// Trouble is told when something begins to fail, and with a nil error when it is well again: once each.
	Trouble func(with string, err error)
	// Lost is told how many records could not be written since it was told last, and LostCopies how many copies of messages.
	Lost, LostCopies func(n int64)
}

// What trouble is with.
const (
	WithFile   = "trail"
	WithKeep   = "past days of the trail"
	WithStream = "trail's stream"
	WithQueue  = "trail's queue"
	WithSample = "copies of messages"
)

// A Trail writes records. What is told is taken down at once and never waits; a goroutine writes it, about a second later,
// and another one looks after past days. What finds no room, in memory or on disk, is lost and counted.
type Trail struct {
	config  Config
	options Options
	maker   maker
	now     func() time.Time

	mu      sync.Mutex // of what telling touches
	waiting []note
	weight  int // of all that waits
	lost    atomic.Int64
	dropped atomic.Bool // some found no room in the queue since the last flush
	wake    chan struct{}

	flushing sync.Mutex // of what follows
	spare    []note
	file     *dayFile
	failing  map[string]bool

	keeper  *keeper
	samples *sampler
	life    context.Context // of flushes by the clock
	end     context.CancelFunc
	stop    chan struct{}
	tasks   sync.WaitGroup
	closing sync.Once
}

const (
	flushEvery = time.Second
	// maxWaiting bounds what waits to be written, in notes, and the reports, results and hits that they hold on to: some 30 MB.
	maxWaiting = 1 << 17
	// hasty is from where on the writer does not wait for its second.
	hasty = maxWaiting / 8
)

// Dir is where the trail of a state_dir is.
func Dir(stateDir string) string { return filepath.Join(stateDir, "trail") }

// Open begins to write. The configuration must be valid. A folder that cannot be written is told to Trouble, and is tried again.
// Where the trail is off, or copies are, nothing is written any more, and what is there still ends with its days.
func Open(c Config, o Options) (*Trail, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Trouble == nil {
		o.Trouble = func(string, error) {}
	}
	if o.Lost == nil {
		o.Lost = func(int64) {}
	}
	if o.LostCopies == nil {
		o.LostCopies = func(int64) {}
	}
	t := &Trail{
		config: c, options: o, now: o.Now, wake: make(chan struct{}, 1), stop: make(chan struct{}), failing: map[string]bool{},
		maker: maker{subject: c.Subject},
	}
	t.maker.node, _ = os.Hostname() // a host without a name has records without one
	if c.Enabled && (c.Privacy == Hashed || c.Subject == HashSubject) {
		if err := os.MkdirAll(o.StateDir, 0o700); err != nil {
			return nil, fmt.Errorf("trail: %w", err)
		}
		key, err := makeKey(o.StateDir)
		if err != nil {
			return nil, fmt.Errorf("trail: %w", err)
		}
		t.maker.veil = veil{key: key, hashed: c.Privacy == Hashed}
	}
	t.life, t.end = context.WithCancel(context.Background())
	t.keeper = newKeeper(c, o)
	t.file = &dayFile{dir: Dir(o.StateDir), keeper: t.keeper, part: maxPart}
	t.samples = newSampler(c.KeepSamples, o, func(err error) { o.Trouble(WithSample, err) })
	t.tasks.Go(t.run)
	t.tasks.Go(t.keeper.run)
	return t, nil
}

// Message takes down a message, or a transaction that never became one.
func (t *Trail) Message(m *message.Message, v *filter.Verdict) {
	if !t.config.Enabled {
		return
	}
	t.samples.offer(m, v)
	t.take(t.config.noteMessage(m, v))
}

// Connection takes down a connection that no message tells of. Those from own networks, which nobody was asked about,
// tell nothing.
func (t *Trail) Connection(c message.Client, v *filter.Verdict) {
	if t.config.Enabled && v != nil && v.Messages == 0 && !c.Own {
		t.take(noteConnection(c, v))
	}
}

// sampled tells whether a record is kept, and has it say how many it stands for.
func (t *Trail) sampled(n *note) bool {
	if t.config.RefusedOneIn <= 1 || !n.refusedForClient() {
		return true
	}
	n.standsFor = t.config.RefusedOneIn
	return rand.Int64N(t.config.RefusedOneIn) == 0
}

func (t *Trail) take(n note) {
	if !t.sampled(&n) {
		return
	}
	weight := n.weight()
	t.mu.Lock()
	full := t.weight+weight > maxWaiting
	if !full {
		n.at = t.now() // behind the lock, so that records stand in the order of time
		t.waiting = append(t.waiting, n)
		t.weight += weight
	}
	hurry := full || t.weight >= hasty
	t.mu.Unlock()
	if full {
		t.lost.Add(1)
		t.dropped.Store(true)
	}
	if hurry {
		select {
		case t.wake <- struct{}{}:
		default:
		}
	}
}

// run writes about once a second, until Close.
func (t *Trail) run() {
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-t.stop:
			return
		case <-t.wake:
		case <-ticker.C:
		}
		t.Flush(t.life)
	}
}

// Flush writes what waits. ctx bounds what the stream may take.
func (t *Trail) Flush(ctx context.Context) {
	t.flushing.Lock()
	defer t.flushing.Unlock()
	t.mu.Lock()
	notes := t.waiting
	t.waiting, t.weight = t.spare[:0], 0
	now := t.now() // whatever is told from here on is of this time or later
	t.mu.Unlock()

	var stream [][]byte
	for i := range notes {
		line := t.maker.record(&notes[i]).line()
		t.written(t.file.add(dayOf(notes[i].at, t.options.Zone), line))
		if t.options.Stream != nil && t.config.Stream > 0 {
			stream = append(stream, line[:len(line)-1])
		}
	}
	t.written(t.file.begin(dayOf(now, t.options.Zone)))
	t.written(t.file.flush())
	t.append(ctx, stream)
	clear(notes) // lets go of the verdicts
	t.spare = notes[:0]
	if cap(notes) > hasty {
		t.spare = nil
	}
	var full error
	if t.dropped.Swap(false) {
		full = errors.New("records come faster than they can be written: some are lost, and counted")
	}
	t.tell(WithQueue, full)
	if n := t.lost.Swap(0); n > 0 {
		t.options.Lost(n)
	}
	if n := t.samples.lost.Swap(0); n > 0 {
		t.options.LostCopies(n)
	}
}

// written notes how writing to the file went. nil where nothing had to be written says nothing.
func (t *Trail) written(wrote bool, lost int64, err error) {
	t.lost.Add(lost)
	if wrote || err != nil {
		t.tell(WithFile, err)
	}
}

// maxAppend is how many records go to the stream in one step.
const maxAppend = 500

func (t *Trail) append(ctx context.Context, records [][]byte) {
	for len(records) > 0 {
		n := min(len(records), maxAppend)
		err := t.options.Stream.AppendTrail(ctx, records[:n], t.config.Stream)
		t.tell(WithStream, err)
		if err != nil {
			return // the files have them
		}
		records = records[n:]
	}
}

// tell tells of trouble when it begins and when it ends.
func (t *Trail) tell(with string, err error) {
	if failing := err != nil; failing != t.failing[with] {
		t.failing[with] = failing
		t.options.Trouble(with, err)
	}
}

// Close writes what waits and ends the Trail, no later than ctx but for what a disk takes. Nothing may be told afterwards.
func (t *Trail) Close(ctx context.Context) (err error) {
	t.closing.Do(func() {
		close(t.stop)
		t.keeper.close()
		t.samples.close(ctx)
		release := context.AfterFunc(ctx, t.end)
		t.tasks.Wait()
		release()
		t.end()
		t.Flush(ctx)
		t.flushing.Lock()
		defer t.flushing.Unlock()
		err = t.file.close()
		t.keeper.conclude()
	})
	return err
}

// dayOf names the day of a time.
func dayOf(at time.Time, zone *time.Location) string { return at.In(zone).Format(time.DateOnly) }
