package whitelist_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"winnow/pkg/whitelist"
)

var errRefused = errors.New("connection refused")

// While the store is away, what is learned waits; when it is back, everything arrives.
func TestLearnedWaitsForTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.store.Fail(errRefused)
		for i := range 100 {
			b.Learn(outgoing(fmt.Sprintf("u%d@our.example", i), "friend@example.org", "other@example.org"), accepted)
		}
		synctest.Wait()
		time.Sleep(10 * time.Minute)
		if got := b.Learned(); got.Waiting != 200 || got.Written != 0 || got.Dropped != 0 || got.Failed == 0 {
			t.Errorf("while it is away: got %+v, want 200 waiting", got)
		}
		if got, most := b.store.Calls(), 3*(1+10*60/5); got > most {
			t.Errorf("the store was tried %d times in ten minutes, want at most %d", got, most)
		}
		b.store.Fail(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := b.Learned(); got.Waiting != 0 || got.Written != 200 || got.Dropped != 0 {
			t.Errorf("when it is back: got %+v, want 200 written", got)
		}
		if got := b.symbols("other@example.org", "u99@our.example"); got != known {
			t.Errorf("got %q, want %q", got, known)
		}
	})
}

// What finds no room is dropped and counted; what is learned again needs no more room.
func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(_ *bench, c *whitelist.Config, _ *whitelist.Options) { c.AutoWhitelist.Queue = 3 })
		b.store.Fail(errRefused)
		for range 2 {
			for i := range 5 {
				b.Learn(outgoing("user@our.example", fmt.Sprintf("r%d@example.org", i)), accepted)
			}
		}
		if got := b.Learned(); got.Waiting != 3 || got.Dropped != 4 {
			t.Errorf("got %+v, want 3 waiting and 4 dropped", got)
		}
	})
}

func TestCloseWritesWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.store.Fail(errRefused)
		for i := range 20 {
			b.Learn(outgoing(fmt.Sprintf("u%d@our.example", i), "friend@example.org"), accepted)
		}
		synctest.Wait() // the store counts as away now
		b.store.Fail(nil)
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if got := b.Learned(); got.Waiting != 0 || got.Written != 20 || got.Dropped != 0 {
			t.Errorf("got %+v, want 20 written", got)
		}
		b.Learn(outgoing("late@our.example", "friend@example.org"), accepted)
		if got := b.Learned(); got.Waiting != 0 || got.Dropped != 1 {
			t.Errorf("after Close: got %+v, want 1 dropped", got)
		}
		if err := b.Close(); err != nil {
			t.Errorf("a second Close: %v", err)
		}
	})
}

// Close ends also when the store does not, and says what was lost.
func TestCloseTellsWhatIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.store.Hang(true)
		for i := range 20 {
			b.Learn(outgoing(fmt.Sprintf("u%d@our.example", i), "friend@example.org"), accepted)
		}
		start := time.Now()
		err := b.Close()
		if err == nil || !strings.Contains(err.Error(), "20 learned pairs") || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want 20 lost", err)
		}
		if took, most := time.Since(start), 11*time.Second; took > most {
			t.Errorf("took %v, want at most %v", took, most)
		}
		if got := b.Learned(); got.Waiting != 0 || got.Dropped != 20 {
			t.Errorf("got %+v, want 20 dropped", got)
		}
	})
}

// One user's lessons that cannot be stored keep neither the others' back nor questions.
func TestBadLessons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.store.FailFor("bad@our.example", errRefused)
		for i := range 30 {
			b.Learn(outgoing("bad@our.example", fmt.Sprintf("r%d@example.org", i)), accepted)
			b.Learn(outgoing("user@our.example", fmt.Sprintf("r%d@example.org", i)), accepted)
			b.advance(time.Minute)
		}
		time.Sleep(time.Hour)
		if got := b.Learned(); got.Waiting != 30 || got.Written != 30 || got.Failed == 0 {
			t.Errorf("got %+v, want 30 written and 30 waiting", got)
		}
		if r := b.ask("r7@example.org", "user@our.example")[0]; len(r.Hits) != 1 || r.Cached != 0 || r.Err != nil {
			t.Errorf("got %+v, want a hit from the store", r)
		}
	})
}

// Learning, asking, forgetting and reloading at a time.
func TestConcurrently(t *testing.T) {
	b := newBench(t, func(b *bench, c *whitelist.Config, _ *whitelist.Options) {
		c.Whitelist = b.file("white", "example.net\n")
		b.store.AddMember("filtered", "our.example")
		c.Enabled = "set:filtered"
	})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			user := fmt.Sprintf("u%d@our.example", i)
			for range 200 {
				b.Learn(outgoing(user, "friend@example.org"), accepted)
				if got := b.symbols("friend@example.org", user); got != known {
					t.Errorf("got %q, want %q", got, known)
				}
				if _, err := b.Book().Forget(context.Background(), user, "friend@example.org"); err != nil {
					t.Error(err)
				}
				if got := b.symbols("friend@example.org", user); got != "" {
					t.Errorf("forgotten: got %q, want no hit", got)
				}
				if err := b.Reload(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}
