// Package storetest holds every store to one suite, and has what tests of a store need: a clock to set, a real
// redis-server of one's own, and a wire to it that stalls, breaks and loses answers.
package storetest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/store"
)

// Start is what a Clock shows first.
var Start = time.Date(2016, 12, 14, 12, 0, 0, 0, time.UTC)

// A Clock shows the time it is set to.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// NewClock returns a clock that shows Start.
func NewClock() *Clock { return &Clock{at: Start} }

// Now is what a store is given for its clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Advance sets the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// A Subject is a kind of store.
type Subject struct {
	// Open returns an empty store with that clock; the subject sees to its end.
	Open func(t *testing.T, clock *Clock) store.Store
	// Advance lets time pass for what the store has expire by a clock of its own; nil where there is no such thing, or
	// it cannot be set.
	Advance func(d time.Duration)
	// NoAnswers says that DNS answers are not kept.
	NoAnswers bool
	// ForeignDays says that days and DNS answers expire by a clock that cannot be set: that they do is not tested here.
	ForeignDays bool
}

const (
	day  = 24 * time.Hour
	ttl  = 180 * day
	kept = 400 * day
)

// suite is one subject under test, with the clock of its store.
type suite struct {
	*testing.T
	store.Store
	Subject
	clock *Clock
	ctx   context.Context
}

// Run holds a kind of store to what store.Store promises.
func Run(t *testing.T, subject Subject) {
	tests := []struct {
		name string
		run  func(*suite)
	}{
		{"answers", (*suite).answers},
		{"answers expire", (*suite).answersExpire},
		{"correspondents", (*suite).correspondents},
		{"correspondents expire", (*suite).correspondentsExpire},
		{"correspondents are refreshed", (*suite).refreshed},
		{"the oldest correspondents go", (*suite).oldestGo},
		{"correspondents are forgotten", (*suite).forgotten},
		{"sent messages", (*suite).sent},
		{"sent messages expire", (*suite).sentExpire},
		{"names that are none", (*suite).badNames},
		{"many locals", (*suite).manyLocals},
		{"sets", (*suite).sets},
		{"counters add up", (*suite).counters},
		{"a batch counts once", (*suite).once},
		{"a batch counts whole or not", (*suite).whole},
		{"days expire", (*suite).daysExpire},
		{"hours expire before days", (*suite).hoursExpire},
		{"bad batches", (*suite).badBatches},
		{"large batch", (*suite).largeBatch},
		{"side by side", (*suite).sideBySide},
		{"context", (*suite).context},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			clock := NewClock()
			test.run(&suite{t, subject.Open(t, clock), subject, clock, t.Context()})
		})
	}
}

// advance lets time pass.
func (s *suite) advance(d time.Duration) {
	s.clock.Advance(d)
	if s.Subject.Advance != nil {
		s.Subject.Advance(d)
	}
}

// must ends the test on an error.
func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *suite) remember(local string, remotes ...string) {
	s.Helper()
	s.must(s.Remember(s.ctx, local, remotes, s.clock.Now(), ttl, 100))
}

func (s *suite) wantRemotes(local string, want map[string]time.Time) {
	s.Helper()
	got, err := s.Correspondents(s.ctx, local)
	s.must(err)
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("correspondents of %s (-want +got):\n%s", local, diff)
	}
}

func (s *suite) wantWritten(local, remote string, want bool) {
	s.Helper()
	at, got, err := s.LastWritten(s.ctx, local, remote)
	s.must(err)
	if got != want || at.IsZero() == want {
		s.Errorf("last written %s -> %s: got %v %v, want %v", local, remote, at, got, want)
	}
}

func (s *suite) wantLocals(want ...string) {
	s.Helper()
	got, err := s.Locals(s.ctx)
	s.must(err)
	if !slices.Equal(got, want) {
		s.Errorf("locals: got %q, want %q", got, want)
	}
}

func (s *suite) wantCounters(want map[string]map[string]int64, days ...string) {
	s.Helper()
	got, err := s.Counters(s.ctx, days)
	s.must(err)
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("counters (-want +got):\n%s", diff)
	}
}

func (s *suite) context() {
	s.must(s.Ping(s.ctx))
	over, cancel := context.WithCancel(s.ctx)
	cancel()
	_, _, err := s.LastWritten(over, "ann@example.org", "bob@example.net")
	_, err2 := s.Counters(over, []string{"2016-12-14"})
	for _, err := range []error{err, err2, s.Ping(over)} {
		if err == nil {
			s.Error("a context that is over: got no error")
		}
	}
	for range 10 { // a caller who gives up says nothing about the store
		_, _ = s.IsMember(over, "enabled", "a@example.org")
	}
	s.must(s.Ping(s.ctx))
}
