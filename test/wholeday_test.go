package test

import (
	"flag"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"winnow/pkg/app"
	"winnow/pkg/rig"
	"winnow/pkg/stats"
	"winnow/pkg/store"
	"winnow/test/daytest"
)

var (
	dayScale = flag.Int("scale", 0, "play the sample day at 1:scale to a winnow of its own, and measure; 1 is all of it")
	dayRate  = flag.Float64("rate", 0, "with -scale: play only what becomes a message, so many connections a second")
	dayRedis = flag.Bool("redis", true, "with -scale: keep the account in a Redis, not in the embedded store, which nothing is late for")
	dayConns = flag.Int("connections", 16, "with -scale: connections at a time")
)

// TestWholeDay is a measurement, and the largest test: `make sample-day SCALE=1`. It plays the sample day to winnow as it runs at a
// site, a process of its own with Redis, and lists served by rbldnsd behind unbound. `winnow stats` must print the plan, number
// for number.
func TestWholeDay(t *testing.T) {
	plan := wantedDay(t)
	c, redis := wholeDayConfig(t)
	d := startDaemon(t, writeConf(t, confDir(c), c))
	network, address := d.addr(t)
	player := &daytest.Player{Network: network, Address: address, AtATime: *dayConns, Rate: *dayRate, Timeout: time.Minute}
	must(t, player.Connect(ours, "mail.our.example", daytest.Before()))

	m := measure(t, redis, plan)
	m.play(t, player)
	d.terminate(t)
	from := m.began.UTC().Format(time.DateOnly)
	m.end(t, redis, c, from)
	m.usage = d.cmd.ProcessState.SysUsage().(*syscall.Rusage)

	fmt.Println(d.command(t, "stats", "--from", from, "--to", "today").stdout)
	report, sets := d.today(t, from)
	m.holdToPlan(t, report, sets)
	m.print(os.Stdout)
}

// wantedDay is the plan that was asked for.
func wantedDay(t *testing.T) *daytest.Plan {
	t.Helper()
	if *dayScale < 1 {
		t.Skip("-scale says at what scale to play the day: see make sample-day")
	}
	plan := daytest.At(*dayScale)
	if *dayRate > 0 {
		plan = plan.Messages()
	}
	return plan
}

// wholeDayConfig has a Redis, where one is wanted, run as one is that keeps an account. It waits longer than a site would: on a
// machine that plays the MTA, the lists and the store as well, what is slow is not broken.
func wholeDayConfig(t testing.TB) (c *app.Config, redis *rig.Redis) {
	t.Helper()
	var url store.URL
	if *dayRedis {
		needs(t, rig.RedisProgram)
		var err error
		redis, err = newRig(t).Redis(t.Context(), rig.RedisConfig{Lines: []string{"appendonly yes", "appendfsync everysec"}})
		must(t, err)
		url = patient(redis)
	}
	c = dayConfig(t, url, newLists(t, daytest.Zones()).Addr())
	c.DNS.Timeout = 5 * time.Second
	c.Lists.Timeout = 12 * time.Second
	c.Policy.Limits.Connect, c.Policy.Limits.Content = 14*time.Second, 25*time.Second
	c.Policy.Limits.Envelope = 10 * time.Second
	return c, redis
}

// today is what `winnow stats` says of the days since from, as of the day of the plan.
func (d *daemon) today(t testing.TB, from string) (*stats.Report, *stats.SetReport) {
	t.Helper()
	var reports []*stats.Report
	d.read(t, &reports, "stats", "--from", from, "--to", "today")
	var sets []*stats.SetReport
	d.read(t, &sets, "stats", "--overlap", "--from", from, "--to", "today")
	r := reports[0]
	r.Span = daytest.Report().Span
	r.Connections.Own-- // what was sent the day before was sent today
	r.Messages.Outbound--
	return r, sets[0]
}
