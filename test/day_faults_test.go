package test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"winnow/pkg/app"
	"winnow/pkg/rig"
	"winnow/pkg/stats"
	"winnow/test/daytest"
)

// During the sample day the disk is full, and a node is killed: the report balances, and what could not be recorded is
// itself counted. What Redis does to it is in faults_store_test.go.

// Nothing can be written to state_dir, and the store is away: counts wait in memory. Records of decisions are lost, and
// counted.
func TestDiskIsFull(t *testing.T) {
	t.Parallel()
	resolver := newLists(t, daytest.Zones()).Addr()
	t.Run("from the start, and Redis is dead", func(t *testing.T) {
		t.Parallel()
		s := newStoreTest(t, resolver)
		mend := breakStateDir(t, s.config)
		s.redis.Kill()
		s.serve(t)
		s.play(t, nil)
		s.awaitTroubleWith(t, stats.WithStore, stats.WithJournal)
		mend()
		s.play(t, func() error { return s.redis.Start(t.Context()) })
		s.checkRecords(t, 1)
	})
	t.Run("in the middle, with the store on it", func(t *testing.T) {
		t.Parallel()
		s := newStoreTest(t, resolver)
		disk := mountSmall(t)
		s.config.Store, s.config.StateDir = "", filepath.Join(disk, "state")
		s.serve(t)
		s.play(t, nil)
		until(t, "the trail of the first day", func() error {
			n, err := s.recorded()
			return errors.Join(err, missing(n == s.records(), "%d of %d", n, s.records()))
		})
		ballast := filepath.Join(disk, "ballast")
		s.play(t, func() error { return fillDisk(ballast) })
		s.play(t, nil)
		s.awaitTroubleWith(t) // the store may find room in its own file, and needs no journal then
		must(t, os.Remove(ballast))
		s.play(t, nil)
		s.checkRecords(t, 2)
	})
}

// breakStateDir has writing to files of the trail and of the journal fail, as on a full disk, until it is mended.
func breakStateDir(t *testing.T, c *app.Config) (mend func()) {
	t.Helper()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	lines := filepath.Join(c.StateDir, "trail", daytest.Today+".jsonl")
	journal := filepath.Join(c.StateDir, "stats.journal.new")
	must(t, os.MkdirAll(filepath.Dir(lines), 0o700))
	must(t, os.Symlink("/dev/full", lines))
	must(t, os.MkdirAll(filepath.Join(journal, "in the way"), 0o700))
	return func() {
		must(t, os.Remove(lines))
		must(t, os.RemoveAll(journal))
	}
}

// mountSmall is a disk that little is needed to fill, beyond what the trail leaves to others. It takes root.
func mountSmall(t *testing.T) string {
	t.Helper()
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=112m"); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return disk
}

// fillDisk writes until no octet more finds room.
func fillDisk(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err = f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("the disk is not full: %w", err)
	}
	return nil
}

// awaitTroubleWith waits until the log has told once of each, and of the trail.
func (s *storeTest) awaitTroubleWith(t *testing.T, with ...string) {
	t.Helper()
	until(t, "the log telling of all that fails", func() error {
		told := map[any]int{}
		for _, line := range s.log.FilterMessageSnippet("cannot be written").All() {
			told[line.ContextMap()["to"]]++
		}
		for _, one := range with {
			if told[one] != 1 {
				return fmt.Errorf("%v, want one of each of %v", told, with)
			}
		}
		trail := s.log.FilterMessageSnippet("decisions are not recorded").Len()
		return missing(trail == 1, "of the trail it told %d times", trail)
	})
}

// records is how many lines the trail is to have of what was played.
func (s *storeTest) records() (all int) {
	for _, plan := range s.played {
		all += plan.Records()
	}
	return all
}

// recorded is how many it has.
func (s *storeTest) recorded() (int, error) {
	lines, err := os.ReadFile(filepath.Join(s.config.StateDir, "trail", daytest.Today+".jsonl"))
	return bytes.Count(lines, []byte("\n")), err
}

// checkRecords holds account and trail to what was played: in each is all, or the account says how much is missing in the
// trail, which is some, and no more than was played in the days that the disk was full.
func (s *storeTest) checkRecords(t *testing.T, full int) {
	t.Helper()
	want, all, recorded := s.want(), s.records(), 0
	until(t, "the trail", func() error {
		if err := s.service.Recorder().Flush(t.Context()); err != nil {
			return err
		}
		var err error
		recorded, err = s.recorded()
		got := s.report(t, daytest.Today).Unrecorded
		return errors.Join(err, missing(recorded+int(got) == all, "%d records and %d missing of %d", recorded, got, all))
	})
	want.Unrecorded = int64(all - recorded)
	if got := s.reported(t, want); got != "" {
		t.Errorf("the account (-played +counted):\n%s", got)
	}
	if most := full * shortDay().Records(); want.Unrecorded < 1 || want.Unrecorded > int64(most) {
		t.Errorf("%d records are missing, want some, %d at most", want.Unrecorded, most)
	}
}

// player plays to the daemon.
func (d *daemon) player(t testing.TB) *daytest.Player {
	t.Helper()
	network, address := d.addr(t)
	return &daytest.Player{Network: network, Address: address, AtATime: 8}
}

// and plays to two daemons in turns.
func (d *daemon) and(t testing.TB, other *daemon) *daytest.Player {
	t.Helper()
	both, second, n := d.player(t), other.player(t), atomic.Int64{}
	both.Way = func(v *daytest.Visit) error {
		if n.Add(1)%2 == 0 {
			return second.Visit(v)
		}
		return both.Visit(v)
	}
	return both
}

// One of two nodes that share a Redis is killed in the middle of the day and started again. What it had flushed is in the
// account, no more than what was under way is beyond what it acknowledged, and all that both count afterwards is added. The
// account balances, and says that a node did not come to its end.
func TestNodeKilledDuringTheDay(t *testing.T) {
	t.Parallel()
	needs(t, rig.RedisProgram)
	redis, err := newRig(t).Redis(t.Context(), rig.RedisConfig{AppendOnly: true})
	must(t, err)
	resolver := newLists(t, daytest.Zones()).Addr()
	node := func() *daemon {
		c := dayConfig(t, patient(redis), resolver)
		c.Stats.FlushEvery = 100 * time.Millisecond
		return startDaemon(t, writeConf(t, confDir(c), c))
	}
	here, there := node(), node()
	plan := daytest.At(30_000).WithoutFriends()
	third := int64(plan.Connections())

	// A first day over both.
	must(t, here.and(t, there).Play(plan.Visits(seed)))
	until(t, "the account of the first day", func() error {
		got := here.report(t).Connections.Total
		return missing(got == third, "%d of %d connections", got, third)
	})

	// Of a second one, there are so many connections when it is killed. Those that it did not acknowledge come again later.
	var acknowledged, again []daytest.Visit
	var mu sync.Mutex
	over := there.player(t)
	over.Way = func(v *daytest.Visit) error {
		err := over.Visit(v)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			again = append(again, *v)
			return nil
		}
		if acknowledged = append(acknowledged, *v); int64(len(acknowledged)) == third/2 {
			return there.cmd.Process.Kill()
		}
		return nil
	}
	must(t, over.Play(plan.Visits(seed+1)))
	<-there.end
	there = startDaemon(t, there.conf)
	var kept int64
	until(t, "the node telling that it was killed", func() error {
		r := here.report(t)
		kept = r.Connections.Total - third
		return missing(r.Unfinished == 1, "%d", r.Unfinished)
	})
	if most := int64(len(acknowledged) + over.AtATime); kept < 0 || kept > most {
		t.Errorf("%d connections were kept, want from 0 to %d", kept, most)
	}
	t.Logf("%d of %d connections that were acknowledged are in the account", kept, len(acknowledged))

	// What comes again, and a third day over both, are added to it.
	must(t, there.player(t).Play(slices.Values(again)))
	must(t, here.and(t, there).Play(plan.Visits(seed+2)))
	there.terminate(t)
	here.terminate(t)
	r := here.report(t)
	balances(t, r)
	if want := third + kept + int64(len(again)) + third; r.Connections.Total != want || r.Unfinished != 1 || r.Unrecorded != 0 {
		t.Errorf("%d connections, unfinished %d, unrecorded %d; want %d, 1 and 0", r.Connections.Total, r.Unfinished, r.Unrecorded, want)
	}
}
