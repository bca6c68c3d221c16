package test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap/zaptest/observer"

	"winnow/pkg/app"
	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/rig"
	"winnow/pkg/stats"
	"winnow/pkg/store"
	"winnow/test/daytest"
)

// Where the store fails, mail flows as ever, and in the end every count is in the account, once.

// shortDay is the sample day with a few of each of its connections, but for those that the auto-whitelist decides about:
// while the store is away it knows nobody.
func shortDay() *daytest.Plan { return daytest.At(60_000).WithoutFriends() }

// A storeTest is a winnow over a Redis that fails, and what was played so far.
type storeTest struct {
	*winnow
	redis  *rig.Redis
	config *app.Config
	log    *observer.ObservedLogs

	played   []*daytest.Plan
	observed atomic.Int64 // transactions
	short    atomic.Int64 // messages decided while an answer was missing
}

// newStoreTest prepares a Redis and a configuration; lists are where resolver finds them.
func newStoreTest(t *testing.T, resolver string) *storeTest {
	t.Helper()
	needs(t, rig.RedisProgram)
	s := &storeTest{}
	var err error
	s.redis, err = newRig(t).Redis(t.Context(), rig.RedisConfig{AppendOnly: true})
	must(t, err)
	s.config = dayConfig(t, store.URL(s.redis.URL()), resolver)
	s.config.Stats.FlushEvery = 100 * time.Millisecond
	return s
}

// serve starts winnow, on the day of the plan.
func (s *storeTest) serve(t *testing.T) {
	t.Helper()
	noon, err := time.Parse(time.DateTime, daytest.Today+" 12:00:00")
	must(t, err)
	o := app.Options{Now: func() time.Time { return noon }, Observe: s.observe}
	o.Log, s.log = observed(t)
	s.winnow = startWinnow(t, s.config, o)
}

func (s *storeTest) observe(_ *message.Message, v *filter.Verdict) {
	s.observed.Add(1)
	if len(v.Errors()) > 0 {
		s.short.Add(1)
	}
}

// play plays a short day. Somewhere in the middle of it, event happens.
func (s *storeTest) play(t *testing.T, event func() error) {
	t.Helper()
	plan := shortDay()
	before, failed := s.observed.Load(), make(chan error, 1)
	go func() { failed <- s.player().Play(plan.Visits(seed)) }()
	if event != nil {
		until(t, "traffic", func() error { return missing(s.observed.Load() > before+20, "there is none") })
		must(t, event())
	}
	must(t, <-failed)
	s.played = append(s.played, plan)
}

// awaitTrouble waits until the account could not be written, so that the outage is one for it.
func (s *storeTest) awaitTrouble(t *testing.T) {
	t.Helper()
	until(t, "the log telling of the store", func() error {
		return missing(s.log.FilterMessageSnippet("cannot be written").Len() > 0, "it does not")
	})
}

// check holds the account to what was played.
func (s *storeTest) check(t *testing.T) {
	t.Helper()
	if got := s.reported(t, s.want()); got != "" {
		t.Errorf("the account (-played +counted):\n%s", got)
	}
	if again := s.log.FilterMessageSnippet("cannot be written").Len(); again > 1 {
		t.Errorf("one outage was told of %d times", again)
	}
}

// want is what the account is to say of what was played.
func (s *storeTest) want() *stats.Report {
	want := daytest.Report(s.played...)
	want.Errors = s.short.Load()
	return want
}

// reported waits until all connections are in the account, and tells in what it is another than it is to be.
func (s *storeTest) reported(t *testing.T, want *stats.Report) string {
	t.Helper()
	var got *stats.Report
	until(t, "the store taking all counts", func() error { // of connections: what came over them was counted before
		if err := s.service.Recorder().Flush(t.Context()); err != nil {
			return err
		}
		got = daytest.Plain(s.report(t, daytest.Today))
		return missing(got.Connections.Total >= want.Connections.Total, "%d of %d", got.Connections.Total, want.Connections.Total)
	})
	return cmp.Diff(want, got)
}

func TestRedisFails(t *testing.T) {
	t.Parallel()
	resolver := newLists(t, daytest.Zones()).Addr()
	t.Run("dead at the start", func(t *testing.T) {
		t.Parallel()
		s := newStoreTest(t, resolver)
		s.redis.Kill()
		s.serve(t)
		s.play(t, nil)
		s.awaitTrouble(t)
		s.play(t, func() error { return s.redis.Start(t.Context()) })
		s.check(t)
	})
	t.Run("killed and started again", func(t *testing.T) {
		t.Parallel()
		s := newStoreTest(t, resolver)
		s.serve(t)
		s.play(t, nil)
		s.play(t, func() error { s.redis.Kill(); return nil })
		s.awaitTrouble(t)
		s.play(t, nil)
		s.play(t, func() error { return s.redis.Start(t.Context()) })
		s.check(t)
	})
	t.Run("hangs", func(t *testing.T) {
		t.Parallel()
		s := newStoreTest(t, resolver)
		s.serve(t)
		s.play(t, nil)
		s.play(t, s.redis.Pause)
		s.awaitTrouble(t)
		s.play(t, nil)
		s.play(t, s.redis.Resume)
		s.check(t)
	})
	t.Run("answers too late", func(t *testing.T) { // it does what it is told, and nobody hears that it did
		t.Parallel()
		s := newStoreTest(t, resolver)
		relay, err := newRig(t).Relay(s.redis.Addr())
		must(t, err)
		s.config.Store = store.URL("redis://" + relay.Addr() + "/0")
		late := func(delay time.Duration) func() error {
			return func() error { relay.SetDelay(delay); return nil }
		}
		s.serve(t)
		s.play(t, nil)
		s.play(t, late(3*store.DefaultTimeout))
		s.awaitTrouble(t)
		s.play(t, nil)
		s.play(t, late(0))
		s.check(t)
	})
	t.Run("dead at the end", func(t *testing.T) {
		t.Parallel()
		s := newStoreTest(t, resolver)
		s.serve(t)
		s.play(t, nil)
		s.redis.Kill()
		s.play(t, nil)
		service := s.service
		s.service = nil
		if err := service.Stop(); err == nil || !strings.Contains(err.Error(), "account") {
			t.Errorf("stopped with counts that the store did not take: got %v, want it said", err)
		}
		s.close(t)

		must(t, s.redis.Start(t.Context()))
		s.serve(t) // it finds them in the journal
		s.check(t)
		s.play(t, nil)
		s.check(t)
	})
}

// newLists starts a resolver with lists behind it.
func newLists(t testing.TB, zones []rig.Zone) *rig.Unbound {
	t.Helper()
	needs(t, rig.RbldnsdProgram, rig.UnboundProgram)
	r := newRig(t)
	rbldnsd, err := r.Rbldnsd(t.Context(), zones)
	must(t, err)
	unbound, err := r.Unbound(t.Context(), rig.UnboundConfig{Stubs: rbldnsd.Stubs()})
	must(t, err)
	return unbound
}
