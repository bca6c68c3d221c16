package test

import (
	"context"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/app"
	"winnow/pkg/auth"
	"winnow/pkg/dnslist"
	"winnow/pkg/rig"
	"winnow/pkg/stats"
	"winnow/pkg/store"
	"winnow/test/daytest"
)

// seed shuffles the sample day.
const seed = 20161214

// patient is the URL of a Redis that is given time: that a machine is busy with other tests is no fault of its.
func patient(redis *rig.Redis) store.URL { return store.URL(redis.URL() + "?timeout=5s") }

// TestSampleDay plays the plan through the milter socket, with lists that rbldnsd serves behind unbound: the report must
// say exactly what the plan does, whatever the store.
func TestSampleDay(t *testing.T) {
	needs(t, rig.RedisProgram)
	resolver := newLists(t, daytest.Zones()).Addr()
	redis, err := newRig(t).Redis(t.Context(), rig.RedisConfig{})
	must(t, err)
	plan := daytest.At(1000)
	t.Run("embedded", func(t *testing.T) {
		w, at := startDay(t, dayConfig(t, "", resolver))
		player := w.player()
		player.Clock = at
		w.playDay(t, plan, player)
	})
	t.Run("redis", func(t *testing.T) {
		w, at := startDay(t, dayConfig(t, patient(redis), resolver))
		player := w.player()
		player.Clock = at
		w.playDay(t, plan, player)
	})
	t.Run("without the socket", func(t *testing.T) {
		w, at := startDay(t, dayConfig(t, "", resolver))
		w.playDay(t, plan, w.directPlayer(at))
		w.holdHours(t, plan) // over the socket the last connections of an hour may be counted in the next
	})
}

// startDay starts winnow on the morning of the day, with what it was taught the day before. at tells it what time it is.
func startDay(t *testing.T, c *app.Config) (w *winnow, at func(time.Time)) {
	t.Helper()
	var clock atomic.Pointer[time.Time]
	at = func(now time.Time) { clock.Store(&now) }
	midnight, err := time.Parse(time.DateOnly, daytest.Today)
	must(t, err)
	at(midnight.Add(-12 * time.Hour))
	w = startWinnow(t, c, app.Options{Now: func() time.Time { return *clock.Load() }})
	must(t, w.connect("127.0.0.1", "mail.our.example", daytest.Before()))
	w.stop(t) // the day before is over, and what it taught is in the store
	at(midnight)
	w.start(t)
	return w, at
}

// playDay plays the day to its end, and holds the account to the plan.
func (w *winnow) playDay(t *testing.T, plan *daytest.Plan, player *daytest.Player) {
	t.Helper()
	must(t, player.Play(plan.Visits(seed)))
	w.stop(t)
	holdToPlan(t, plan, w.report(t, daytest.Today), w.sets(t, daytest.Today))
	if before := w.report(t, "2016-12-13"); before.Messages.Outbound != 1 || before.Messages.Total != 0 {
		t.Errorf("the day before: got %d outbound of %d, want 1 of 0", before.Messages.Outbound, before.Messages.Total)
	}
}

// holdToPlan compares the account of the day with the plan.
func holdToPlan(t *testing.T, plan *daytest.Plan, report *stats.Report, sets *stats.SetReport) {
	t.Helper()
	if diff := cmp.Diff(daytest.Report(plan), daytest.Plain(report)); diff != "" {
		t.Errorf("the day's report (-plan +got):\n%s", diff)
	}
	caught, refused := daytest.Sets(plan)
	if diff := cmp.Diff(caught, daytest.PlainSets(&sets.Caught)); diff != "" {
		t.Errorf("caught messages by who hit them (-plan +got):\n%s", diff)
	}
	if diff := cmp.Diff(refused, daytest.PlainSets(&sets.Refused)); diff != "" {
		t.Errorf("refused connections by who wanted it (-plan +got):\n%s", diff)
	}
}

// holdHours compares how many connections each hour of the account has with the plan.
func (w *winnow) holdHours(t *testing.T, plan *daytest.Plan) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	reports, err := stats.ReadHours(ctx, w.app.Store(), stats.Query{Days: []string{daytest.Today}}, "")
	must(t, err)
	var got [24]int
	for i := range reports[0].Hours {
		got[i] = int(reports[0].Hours[i].Connections.Total)
	}
	if want := plan.ByHour(seed); got != want {
		t.Errorf("connections by hour: got %v, want %v", got, want)
	}
}

// dayConfig is what the plan is played to, over a Unix socket.
func dayConfig(t testing.TB, url store.URL, resolver string) *app.Config {
	t.Helper()
	c := planConfig(t, resolver, planFiles{
		rules: daytest.Rules, whitelist: daytest.Whitelist, blacklist: daytest.Blacklist, enabled: daytest.Enabled,
	})
	c.Store = url
	c.Milter.Listen = []string{"unix:" + filepath.Join(filepath.Dir(c.StateDir), "milter.sock")}
	c.Policy.MaxSize = daytest.SizeLimit
	c.Whitelist.StoreLimit = time.Second // no answer is late in the plan: a machine that is busy is no fault of the store's
	return c
}

// planFiles are the texts of what operators write.
type planFiles struct{ rules, whitelist, blacklist, enabled string }

// planConfig asks the lists of the plan at resolver, and has files of its own.
func planConfig(t testing.TB, resolver string, files planFiles) *app.Config {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		writeFile(t, path, text)
		return path
	}
	must(t, os.Mkdir(filepath.Join(dir, "rules"), 0o700))
	write("rules/10_plan.cf", files.rules)

	c := app.DefaultConfig()
	c.StateDir = filepath.Join(dir, "state")
	c.Milter.Listen = []string{"inet:127.0.0.1:0"}
	c.DNS.Servers = []string{resolver}
	c.Lists.Enable = []string{"ivmsip", "ivmsip24", "barracuda", "instantrbl", "psky", "ivmuri"}
	c.Lists.Disable = []string{"spamcop", "dnswl", "dbl", "surbl"}
	c.Lists.Subscriptions = []dnslist.Subscription{{List: "instantrbl", Zone: "instant.our.example"}}
	c.Whitelist.Whitelist = write("whitelist", files.whitelist)
	c.Whitelist.Blacklist = write("blacklist", files.blacklist)
	c.Whitelist.Enabled = "file:" + write("enabled", files.enabled)
	c.Rules.Shipped, c.Rules.Folders = false, []string{filepath.Join(dir, "rules")}
	for _, symbol := range auth.Symbols() { // points come from where the plan says
		c.Auth.Scores = append(c.Auth.Scores, auth.Score{Symbol: symbol.Name})
	}
	return &c
}
