package stats_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/stats"
	"winnow/pkg/store"
	"winnow/pkg/store/storetest"
)

// messages counts n delivered messages.
func messages(r *stats.Recorder, n int) {
	v := &filter.Verdict{Class: filter.ClassScanned, Action: filter.Accept}
	for range n {
		r.Message(&message.Message{}, v)
	}
}

func newFlaky() *storetest.Flaky {
	return &storetest.Flaky{Store: store.NewMemory(store.Options{Now: storetest.NewClock().Now})}
}

func wantMessages(t *testing.T, s stats.Store, want int64) {
	t.Helper()
	if got := counters(t, s, today)["messages"]; got != want {
		t.Errorf("messages: got %d, want %d", got, want)
	}
}

func flush(t *testing.T, r *stats.Recorder) {
	t.Helper()
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// flushFails flushes to a store that does not confirm.
func flushFails(t *testing.T, r *stats.Recorder) {
	t.Helper()
	if err := r.Flush(t.Context()); !errors.Is(err, store.ErrAway) {
		t.Fatalf("flush: got %v, want away", err)
	}
}

// crash returns a copy of a state directory as it is at this moment: what a start after a crash would find.
func crash(t *testing.T, dir string) string {
	t.Helper()
	image := t.TempDir()
	if err := os.CopyFS(image, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return image
}

// TestFlush flushes, and nothing is left behind in the journal.
func TestFlush(t *testing.T) {
	s, dir := newFlaky(), t.TempDir()
	r := newRecorder(t, config(dir), s, stats.Options{})
	for range 3 {
		messages(r, 2)
		flush(t, r)
	}
	flush(t, r)
	wantMessages(t, s, 6)
	if got := s.Tried(); got != 3 {
		t.Errorf("got %d batches, want 3: nothing counted is nothing to send", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "stats.journal")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the journal is still there: %v", err)
	}
}

// TestByTheClock leaves flushing to the recorder.
// TestLocalStore has a store on the local disk journalled only when it did not take what it was given, and until the journal
// is well again, too.
func TestLocalStore(t *testing.T) {
	var l troubles
	s, dir := newFlaky(), t.TempDir()
	r := newRecorder(t, config(dir), s, stats.Options{Local: true, Trouble: l.note})
	journal := filepath.Join(dir, "stats.journal")
	inTheWay := filepath.Join(journal+".new", "x")
	messages(r, 1)
	if err := os.MkdirAll(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	flush(t, r) // nothing is journalled, so nothing fails
	l.want(t)
	s.Turn(storetest.Away)
	messages(r, 10)
	flushFails(t, r)
	l.want(t, "store", "journal")
	s.Turn(storetest.Well)
	messages(r, 100)
	flush(t, r)
	wantMessages(t, s, 111)
	if err := os.RemoveAll(journal + ".new"); err != nil {
		t.Fatal(err)
	}
	messages(r, 1)
	flush(t, r)
	l.want(t, "store", "journal", "store well", "journal well")

	s.Turn(storetest.Lossy)
	messages(r, 10)
	flushFails(t, r)
	s.Turn(storetest.Well)
	flush(t, newRecorder(t, config(crash(t, dir)), s, stats.Options{Local: true}))
	flush(t, r)
	wantMessages(t, s, 122)
	if _, err := os.Stat(journal); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a journal is left: %v", err)
	}
}

func TestByTheClock(t *testing.T) {
	s := newFlaky()
	c := config(t.TempDir())
	c.FlushEvery = time.Millisecond
	r := newRecorder(t, c, s, stats.Options{})
	messages(r, 3)
	for end := time.Now().Add(30 * time.Second); counters(t, s, today)["messages"] != 3; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never flushed")
		}
	}
	messages(r, 4)
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantMessages(t, s, 7)
}

// TestAway counts while the store is away: batches wait, one in doubt and one behind it, also over a restart.
func TestAway(t *testing.T) {
	s, dir := newFlaky(), t.TempDir()
	r := newRecorder(t, config(dir), s, stats.Options{})
	s.Turn(storetest.Away)
	for range 5 {
		messages(r, 1)
		flushFails(t, r)
	}
	wantMessages(t, s, 0)
	image := crash(t, dir)
	s.Turn(storetest.Well)
	flush(t, r)
	wantMessages(t, s, 5)
	if got := s.Tried(); got != 7 {
		t.Errorf("got %d batches, want 5 tried in vain and 2", got)
	}
	messages(newRecorder(t, config(image), s, stats.Options{}), 1)
	wantMessages(t, s, 5)
}

// TestRestartAway starts again and again while the store is away.
func TestRestartAway(t *testing.T) {
	s, dir := newFlaky(), t.TempDir()
	s.Turn(storetest.Away)
	const starts = 40 // more than batches are kept apart
	for range starts {
		r := newRecorder(t, config(dir), s, stats.Options{})
		messages(r, 1)
		flushFails(t, r)
		messages(r, 2)
		flushFails(t, r)
		dir = crash(t, dir)
	}
	s.Turn(storetest.Well)
	r := newRecorder(t, config(dir), s, stats.Options{})
	before := s.Tried()
	flush(t, r)
	wantMessages(t, s, 3*starts)
	if got := s.Tried() - before; got > 17 {
		t.Errorf("got %d batches, want a bounded number", got)
	}
}

// TestLostAnswers has the store take batches and not say so, with crashes at that very moment.
func TestLostAnswers(t *testing.T) {
	s, dir := newFlaky(), t.TempDir()
	for round := range int64(5) {
		r := newRecorder(t, config(dir), s, stats.Options{})
		s.Turn(storetest.Lossy)
		messages(r, 1)
		flushFails(t, r) // taken
		messages(r, 10)
		flushFails(t, r) // the first again; the second waits
		wantMessages(t, s, 11*round+1)
		dir = crash(t, dir)
		s.Turn(storetest.Well)
		next := newRecorder(t, config(dir), s, stats.Options{})
		flush(t, next)
		wantMessages(t, s, 11*(round+1))
		flush(t, r) // the crashed one, were it still alive: says nothing new
		wantMessages(t, s, 11*(round+1))
		dir = crash(t, dir)
	}
}

// TestCopiedState runs two services on copies of one directory, as cloned machines do: both count.
func TestCopiedState(t *testing.T) {
	s, dir := newFlaky(), t.TempDir()
	r := newRecorder(t, config(dir), s, stats.Options{})
	messages(r, 1)
	flush(t, r)
	clone := newRecorder(t, config(crash(t, dir)), s, stats.Options{})
	for range 3 {
		messages(r, 10)
		flush(t, r)
		messages(clone, 100)
		flush(t, clone)
	}
	wantMessages(t, s, 331)
}

// troubles collects what a recorder is in trouble with.
type troubles struct {
	mu  sync.Mutex
	all []string
}

func (l *troubles) note(with string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		with += " well"
	}
	l.all = append(l.all, with)
}

func (l *troubles) want(t *testing.T, want ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Equal(l.all, want) {
		t.Errorf("troubles: got %q, want %q", l.all, want)
	}
}

// TestTrouble tells of trouble once when it begins and once when it ends.
func TestTrouble(t *testing.T) {
	var l troubles
	s, dir := newFlaky(), t.TempDir()
	r := newRecorder(t, config(dir), s, stats.Options{Trouble: l.note})
	for range 2 {
		s.Turn(storetest.Away)
		messages(r, 1)
		flushFails(t, r)
		flushFails(t, r)
		s.Turn(storetest.Well)
		flush(t, r)
		flush(t, r)
	}
	l.want(t, "store", "store well", "store", "store well")
}

// TestNeverWaits counts while a flush hangs in the store.
func TestNeverWaits(t *testing.T) {
	s := newFlaky()
	r := newRecorder(t, config(t.TempDir()), s, stats.Options{})
	s.Turn(storetest.Hung)
	ctx, cancel := context.WithCancel(t.Context())
	messages(r, 1)
	hung := make(chan error)
	go func() { hung <- r.Flush(ctx) }()
	for s.Tried() == 0 {
		time.Sleep(time.Millisecond)
	}
	messages(r, 1000)
	cancel()
	if err := <-hung; !errors.Is(err, context.Canceled) {
		t.Errorf("the flush that hung: got %v", err)
	}
	s.Turn(storetest.Well)
	flush(t, r)
	wantMessages(t, s, 1001)
}

// TestClose ends in time although the store hangs, says what is left, and the next start has it.
func TestClose(t *testing.T) {
	s, dir := newFlaky(), t.TempDir()
	c := config(dir)
	c.FlushEvery = time.Millisecond
	r := newRecorder(t, c, s, stats.Options{})
	s.Turn(storetest.Hung)
	messages(r, 3)
	for s.Tried() == 0 {
		time.Sleep(time.Millisecond)
	}
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := r.Close(soon); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "wait in "+dir) {
		t.Errorf("close: got %v, want that time was up and where the counts are", err)
	}
	if err := r.Close(t.Context()); err != nil {
		t.Errorf("closing again: %v", err)
	}
	s.Turn(storetest.Well)
	flush(t, newRecorder(t, config(dir), s, stats.Options{}))
	wantMessages(t, s, 3)
}

// TestMidnight counts on both sides of it, in time zones that have it at another time.
func TestMidnight(t *testing.T) {
	clock := storetest.NewClock() // noon UTC
	for zone, want := range map[string]map[string]int64{
		"UTC":              {"2016-12-14": 12, "2016-12-15": 24, "2016-12-16": 12},
		"Europe/Berlin":    {"2016-12-14": 11, "2016-12-15": 24, "2016-12-16": 13},
		"Asia/Kolkata":     {"2016-12-14": 7, "2016-12-15": 24, "2016-12-16": 17},
		"Pacific/Auckland": {"2016-12-15": 23, "2016-12-16": 24, "2016-12-17": 1},
	} {
		s := newFlaky()
		c := config("")
		c.TimeZone = zone
		at := clock.Now()
		r := newRecorder(t, c, s, stats.Options{Now: func() time.Time { return at }})
		for range 48 {
			messages(r, 1)
			at = at.Add(time.Hour)
		}
		flush(t, r)
		got := map[string]int64{}
		for _, day := range []string{"2016-12-13", "2016-12-14", "2016-12-15", "2016-12-16", "2016-12-17", "2016-12-18"} {
			if n := counters(t, s, day)["messages"]; n > 0 {
				got[day] = n
			}
		}
		t.Run(zone, func(t *testing.T) { wantCounters(t, got, want) })
	}
}

// TestSideBySide counts in many goroutines while others flush.
func TestSideBySide(t *testing.T) {
	s := newFlaky()
	c := config(t.TempDir())
	c.FlushEvery = time.Millisecond
	r := newRecorder(t, c, s, stats.Options{})
	const sessions, each = 8, 500
	var wg sync.WaitGroup
	m := mail{connect: []filter.Result{list("zen", 3)}, content: []filter.Result{list("dbl", 3), rules(1)}}
	connection, v := m.verdicts(t)
	for i := range sessions {
		wg.Go(func() {
			for range each {
				r.Connection(message.Client{}, connection, false)
				r.Message(nil, v)
			}
			if i == 0 {
				s.Turn(storetest.Lossy)
			}
		})
	}
	wg.Wait()
	s.Turn(storetest.Well)
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := counters(t, s, today)
	checkBalance(t, got)
	for _, name := range []string{"connections", "messages", "caught", "list:zen:hits", "list:dbl:decisive"} {
		if got[name] != sessions*each {
			t.Errorf("%s: got %d, want %d", name, got[name], sessions*each)
		}
	}
}

// TestManySources names a source after each mail, as no stage should: what has no room is counted as uncounted, and so
// is what no store would take the name of, which would hold up all behind it.
func TestManySources(t *testing.T) {
	got := counted(t, func(r *stats.Recorder) {
		for i := range 5000 {
			m := mail{content: []filter.Result{list(strings.Repeat("x", i%700)+string(rune('a'+i%26)), 1)}}
			_, v := m.verdicts(t)
			r.Message(nil, v)
		}
		for _, name := range []string{"a\nb", "a\xffb", strings.Repeat("y", 600)} {
			m := mail{content: []filter.Result{list(name, 1)}}
			_, v := m.verdicts(t)
			r.Message(nil, v)
		}
	})
	if got["messages"] != 5003 || got["uncounted"] == 0 || len(got) > 1024*9 {
		t.Errorf("got %d messages, %d uncounted, %d counters", got["messages"], got["uncounted"], len(got))
	}
}

func TestConfig(t *testing.T) {
	c := stats.DefaultConfig()
	if faults := c.Validate(); len(faults) > 0 {
		t.Error(faults)
	}
	bad := stats.Config{TimeZone: "Mars/Olympus"}
	if faults := bad.Validate(); len(faults) != 3 {
		t.Errorf("got %d faults, want 3: %v", len(faults), faults)
	}
	if _, err := stats.NewRecorder(bad, newFlaky(), stats.Options{}); err == nil {
		t.Error("a recorder in an unknown time zone: got no error")
	}
}

// What the trail could not keep is counted, records and copies each for themselves.
func TestTrailLosses(t *testing.T) {
	got := counted(t, func(r *stats.Recorder) {
		r.Unrecorded(2)
		r.Uncopied(3)
		r.Uncopied(1)
	})
	if got["unrecorded"] != 2 || got["uncopied"] != 4 {
		t.Errorf("got %v", got)
	}
}
