package test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"winnow/pkg/app"
	"winnow/pkg/rig"
	"winnow/pkg/stats"
	"winnow/test/daytest"
)

// ours is a client of the site's own.
var ours = netip.MustParseAddr("127.0.0.1")

// redisState is what a Redis says of itself.
type redisState struct {
	memory, peak int64 // octets
	keys         int64
	calls        map[string]int64 // by command, also of those within a script
	day          int64            // octets of the account of the days
	counters     int64            // of them
}

// readRedis asks; a Redis that is not there says nothing.
func readRedis(t testing.TB, redis *rig.Redis, days ...string) redisState {
	t.Helper()
	if redis == nil {
		return redisState{}
	}
	do := func(args ...string) string {
		t.Helper()
		answer, err := redis.Do(t.Context(), args...)
		must(t, err)
		return answer
	}
	number := func(text string) int64 {
		n, err := strconv.ParseInt(cmp.Or(text, "0"), 10, 64)
		must(t, err)
		return n
	}
	s := redisState{calls: map[string]int64{}, keys: number(do("DBSIZE"))}
	for line := range strings.Lines(do("INFO", "memory") + do("INFO", "commandstats")) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch command, ok := strings.CutPrefix(name, "cmdstat_"); {
		case name == "used_memory":
			s.memory = number(value)
		case name == "used_memory_peak":
			s.peak = number(value)
		case ok:
			value, _, _ = strings.Cut(strings.TrimPrefix(value, "calls="), ",")
			s.calls[command] = number(value)
		}
	}
	for _, day := range days {
		key := "winnow:{stats}:day:" + day
		s.day += number(do("MEMORY", "USAGE", key, "SAMPLES", "0"))
		s.counters += number(do("HLEN", key))
	}
	return s
}

// folderSizes is how many octets each file has, the trail's together.
func folderSizes(t testing.TB, dir string) map[string]int64 {
	t.Helper()
	sizes := map[string]int64{}
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		name, _, _ = strings.Cut(name, string(filepath.Separator))
		sizes[name] += info.Size()
		return nil
	}))
	return sizes
}

// measured is what a day took.
type measured struct {
	plan          *daytest.Plan
	began         time.Time
	took          time.Duration
	usage         *syscall.Rusage // of winnow
	state         map[string]int64
	before, redis redisState
	missing       int64 // connections and messages decided while an answer was missing
}

func measure(t testing.TB, redis *rig.Redis, plan *daytest.Plan) *measured {
	t.Helper()
	return &measured{plan: plan, before: readRedis(t, redis), began: time.Now()}
}

// play plays the day and shows how far it is. Who interrupts it has everything stopped that runs for it.
func (m *measured) play(t testing.TB, player *daytest.Player) {
	t.Helper()
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	var shown sync.WaitGroup
	end := make(chan struct{})
	shown.Go(func() { showProgress(player, m.plan, m.began, end) })
	err := player.Play(func(yield func(daytest.Visit) bool) {
		for v := range m.plan.Visits(seed) {
			if ctx.Err() != nil || !yield(v) {
				return
			}
		}
	})
	m.took = time.Since(m.began)
	close(end)
	shown.Wait()
	must(t, errors.Join(err, ctx.Err()))
}

// end looks at what the day left behind.
func (m *measured) end(t testing.TB, redis *rig.Redis, c *app.Config, days ...string) {
	t.Helper()
	m.redis, m.state = readRedis(t, redis, days...), folderSizes(t, c.StateDir)
}

// showProgress prints each twentieth of the day, until end.
func showProgress(p *daytest.Player, plan *daytest.Plan, began time.Time, end <-chan struct{}) {
	all, next := plan.Connections(), 1
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	lastAt, lastPlayed := began, int64(0)
	fmt.Printf("%s connections, %d at a time\n", grouped(int64(all)), p.AtATime)
	for {
		select {
		case <-end:
			return
		case now := <-ticker.C:
			played := p.Played()
			if played*20 < int64(next*all) {
				continue
			}
			next = int(played*20/int64(all)) + 1
			rate := float64(played-lastPlayed) / now.Sub(lastAt).Seconds()
			fmt.Printf("%3d %%  %9s  %6.0f a second\n", played*100/int64(all), grouped(played), rate)
			lastAt, lastPlayed = now, played
		}
	}
}

// holdToPlan compares the account with the plan. On a busy machine an answer of the store may be late, which the account tells. By
// itself that is no fault here: where it had an effect, another figure is not the plan's.
func (m *measured) holdToPlan(t *testing.T, report *stats.Report, sets *stats.SetReport) {
	t.Helper()
	m.missing, report.Errors = report.Errors, 0
	holdToPlan(t, m.plan, report, sets)
}

func (m *measured) print(w io.Writer) {
	const mib = 1 << 20
	connections, seconds := m.plan.Connections(), m.took.Seconds()
	messages := daytest.Report(m.plan).Messages.Total
	processor := time.Duration(m.usage.Utime.Nano() + m.usage.Stime.Nano())
	line := func(what, format string, args ...any) {
		fmt.Fprintf(w, "%12s  %s\n", fmt.Sprintf(format, args...), what)
	}
	line("connections", "%s", grouped(int64(connections)))
	line("messages", "%s", grouped(messages))
	line("decided while an answer was missing", "%s", grouped(m.missing))
	line("elapsed", "%v", m.took.Round(time.Second))
	line("connections a second", "%.0f", float64(connections)/seconds)
	line("messages a second", "%.0f", float64(messages)/seconds)
	line("CPU-ms of winnow a connection", "%.3f", processor.Seconds()*1000/float64(connections))
	line("MiB, peak resident set of winnow", "%.0f", float64(m.usage.Maxrss)*1024/mib)
	if m.redis.memory > 0 {
		line("MiB, Redis at the end", "%.1f", float64(m.redis.memory)/mib)
		line("MiB, Redis at its peak", "%.1f", float64(m.redis.peak)/mib)
		line("keys in Redis", "%s", grouped(m.redis.keys))
		line("octets in Redis, the day's account", "%s", grouped(m.redis.day))
		line("counters in it", "%s", grouped(m.redis.counters))
	}
	for _, name := range slices.Sorted(maps.Keys(m.state)) {
		line("MiB, "+name+" in state_dir", "%.1f", float64(m.state[name])/mib)
	}
	for _, command := range slices.Sorted(maps.Keys(m.redis.calls)) {
		if n := m.redis.calls[command] - m.before.calls[command]; n > 0 {
			line("a second, "+command+" in Redis", "%.1f", float64(n)/seconds)
		}
	}
}

// grouped writes a number as people read it.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
