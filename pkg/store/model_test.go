package store_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"winnow/pkg/store"
	"winnow/pkg/store/storetest"
)

// TestStoresAgree does the same to all stores, at random, and asks all of them the same.
func TestStoresAgree(t *testing.T) {
	t.Parallel()
	mini := miniredis.RunT(t)
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		clock := storetest.NewClock()
		mini.FlushAll()
		n++
		redis, err := store.Open(t.Context(), "redis://"+mini.Addr(), relaxed(clock))
		if err != nil {
			rt.Fatal(err)
		}
		defer redis.Close()
		file, err := store.OpenEmbedded(filepath.Join(dir, fmt.Sprint(n, ".db")), store.Options{Now: clock.Now})
		if err != nil {
			rt.Fatal(err)
		}
		defer file.Close()
		m := &machine{clock: clock, mini: mini, stores: []store.Store{store.NewMemory(store.Options{Now: clock.Now}), file, redis}}
		rt.Repeat(map[string]func(*rapid.T){
			"advance":  m.advance,
			"remember": m.remember,
			"forget":   m.forget,
			"apply":    m.apply,
			"":         m.agree,
		})
	})
}

type machine struct {
	clock  *storetest.Clock
	mini   *miniredis.Miniredis
	stores []store.Store // the first is the measure
	tick   time.Duration
}

var (
	locals  = rapid.SampledFrom([]string{"a@example.org", "a@example.or", "b@example.org", "}{@example.org"})
	remotes = rapid.SampledFrom([]string{"r@example.net", "s@example.net", "t@example.net", "u@example.net", ""})
	days    = []string{"2016-12-14", "2016-12-15", "2016-12-14T09Z", "2016-12-14T09+01:00"}
)

func (m *machine) advance(t *rapid.T) {
	d := time.Duration(rapid.IntRange(1, 90).Draw(t, "minutes")) * time.Minute
	if rapid.IntRange(0, 5).Draw(t, "days, too") == 0 {
		d += time.Duration(rapid.IntRange(1, 15).Draw(t, "days")) * 24 * time.Hour // hours are kept for 14
	}
	m.clock.Advance(d)
	m.mini.FastForward(d)
}

// remember gives each contact a millisecond of its own: of those at the same time, stores may drop any.
func (m *machine) remember(t *rapid.T) {
	m.tick += time.Millisecond
	at := m.clock.Now().Add(m.tick - time.Duration(rapid.IntRange(0, 90).Draw(t, "minutes ago"))*time.Minute)
	local, remote := locals.Draw(t, "local"), remotes.Draw(t, "remote")
	ttl := time.Duration(rapid.IntRange(1, 120).Draw(t, "ttl")) * time.Minute
	most := rapid.IntRange(1, 3).Draw(t, "most")
	m.same(t, func(s store.Store) (any, error) {
		return nil, s.Remember(t.Context(), local, []string{remote}, at, ttl, most)
	})
}

func (m *machine) forget(t *rapid.T) {
	local, remote := locals.Draw(t, "local"), remotes.Draw(t, "remote")
	m.same(t, func(s store.Store) (any, error) { return s.Forget(t.Context(), local, remote) })
}

func (m *machine) apply(t *rapid.T) {
	node := rapid.SampledFrom([]string{"n1", "n2"}).Draw(t, "node")
	seq := rapid.Uint64Range(1, 8).Draw(t, "seq")
	retention := time.Duration(rapid.SampledFrom([]int{30, 60, 120, 13 * 24 * 60, 20 * 24 * 60}).Draw(t, "retention")) * time.Minute
	counters := rapid.MapOf(rapid.SampledFrom([]string{"a", "b"}), rapid.Int64Range(-5, 5))
	deltas := rapid.MapOf(rapid.SampledFrom(days), counters).Draw(t, "deltas")
	m.same(t, func(s store.Store) (any, error) { return nil, s.Apply(t.Context(), node, seq, deltas, retention) })
}

func (m *machine) agree(t *rapid.T) {
	m.same(t, func(s store.Store) (any, error) { return s.Locals(t.Context()) })
	m.same(t, func(s store.Store) (any, error) { return s.Counters(t.Context(), days) })
	for _, local := range []string{"a@example.org", "a@example.or", "b@example.org"} {
		m.same(t, func(s store.Store) (any, error) { return s.Correspondents(t.Context(), local) })
		m.same(t, func(s store.Store) (any, error) {
			at, found, err := s.LastWritten(t.Context(), local, "r@example.net")
			return fmt.Sprint(at, found), err
		})
	}
}

// same does one thing to all stores and compares what they say.
func (m *machine) same(t *rapid.T, do func(store.Store) (any, error)) {
	want, err := do(m.stores[0])
	for _, s := range m.stores[1:] {
		got, err2 := do(s)
		if (err == nil) != (err2 == nil) {
			t.Errorf("%s: got error %v, want %v", s, err2, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-%s +it):\n%s", s, m.stores[0], diff)
		}
	}
}
