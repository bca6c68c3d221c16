package test

import (
	"flag"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/app"
	"winnow/pkg/rig"
	"winnow/pkg/stats"
	"winnow/pkg/store"
	"winnow/test/daytest"
)

var (
	dayScale = flag.Int("scale", 0, "play the sample day at 1:scale to a winnow of its own, and measure; 1 is all of it")
	dayRate  = flag.Float64("rate", 0, "with -scale: play only what becomes a message, so many connections a second")
	dayConns = flag.Int("connections", 16, "with -scale: connections at a time")
)

// TestWholeDay is a measurement, and the largest test: `make sample-day SCALE=1`. It plays the sample day to winnow as it runs at a
// site, a process of its own with Redis, and lists served by rbldnsd behind unbound. `winnow stats` must print the plan, number
// for number.
func TestWholeDay(t *testing.T) {
	if *dayScale < 1 {
		t.Skip("-scale says at what scale to play the day: see make sample-day")
	}
	plan := daytest.At(*dayScale)
	if *dayRate > 0 {
		plan = plan.Messages()
	}
	r := newRig(t)
	needs(t, rig.RedisProgram)
	redis, err := r.Redis(t.Context(), rig.RedisConfig{Lines: []string{"appendonly yes", "appendfsync everysec"}})
	must(t, err)
	c := wholeDayConfig(t, store.URL(redis.URL()))
	d := startDaemon(t, writeConf(t, confDir(c), c))
	network, address := d.addr(t)
	player := &daytest.Player{Network: network, Address: address, AtATime: *dayConns, Rate: *dayRate, Timeout: time.Minute}
	must(t, player.Connect(ours, "mail.our.example", daytest.Before()))

	before := readRedis(t, redis)
	began, end := time.Now(), make(chan struct{})
	go showProgress(player, plan, began, end)
	err = player.Play(plan.Visits(seed))
	close(end)
	took := time.Since(began)
	must(t, err)
	d.terminate(t)
	after := readRedis(t, redis)

	fmt.Println(d.command(t, "stats", "--from", startedOn(began), "--to", "today").stdout)
	holdToPlan(t, d, plan, startedOn(began))
	m := measured{
		plan: plan, took: took, usage: d.cmd.ProcessState.SysUsage().(*syscall.Rusage),
		state: folderSizes(t, c.StateDir), redis: after, before: before,
	}
	m.print(os.Stdout)
}

func startedOn(at time.Time) string { return at.UTC().Format(time.DateOnly) }

// wholeDayConfig waits longer than a site would: on a machine that plays the MTA, the lists and the store as well, what is slow
// is not broken.
func wholeDayConfig(t testing.TB, url store.URL) *app.Config {
	t.Helper()
	c := dayConfig(t, url, newLists(t, daytest.Zones()).Addr())
	c.DNS.Timeout = 5 * time.Second
	c.Lists.Timeout = 12 * time.Second
	c.Policy.Limits.Connect, c.Policy.Limits.Content = 14*time.Second, 25*time.Second
	c.Policy.Limits.Envelope = 10 * time.Second
	return c
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

// holdToPlan compares the account with the plan.
func holdToPlan(t *testing.T, d *daemon, plan *daytest.Plan, from string) {
	t.Helper()
	var reports []*stats.Report
	d.read(t, &reports, "stats", "--from", from, "--to", "today")
	got, want := daytest.Plain(reports[0]), daytest.Report(plan)
	want.Span = got.Span
	want.Connections.Own, want.Messages.Outbound = 1, 1 // see daytest.Before
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the account is not the plan (-plan +account):\n%s", diff)
	}
	var sets []*stats.SetReport
	d.read(t, &sets, "stats", "--overlap", "--from", from, "--to", "today")
	caught, refused := daytest.Sets(plan)
	if diff := cmp.Diff(caught, daytest.PlainSets(&sets[0].Caught)); diff != "" {
		t.Errorf("caught messages by who hit them (-plan +account):\n%s", diff)
	}
	if diff := cmp.Diff(refused, daytest.PlainSets(&sets[0].Refused)); diff != "" {
		t.Errorf("refused connections by who wanted it (-plan +account):\n%s", diff)
	}
}
