package test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/app"
	"winnow/pkg/auth"
	"winnow/pkg/dnslist"
	"winnow/pkg/milter/miltertest"
	"winnow/pkg/rig"
	"winnow/pkg/stats"
	"winnow/pkg/store"
)

// TestSampleDay plays the plan through the milter socket, with lists that rbldnsd serves behind unbound: the report must
// say exactly what the plan does, whatever the store.
func TestSampleDay(t *testing.T) {
	needs(t, rig.RbldnsdProgram, rig.UnboundProgram, rig.RedisProgram)
	r := newRig(t)
	ctx := t.Context()
	rbldnsd, err := r.Rbldnsd(ctx, dayZones)
	must(t, err)
	unbound, err := r.Unbound(ctx, rig.UnboundConfig{Stubs: rbldnsd.Stubs()})
	must(t, err)
	redis, err := r.Redis(ctx, rig.RedisConfig{})
	must(t, err)
	for _, url := range []store.URL{"", store.URL(redis.URL())} {
		name, _, _ := strings.Cut(string(url), ":")
		if name == "" {
			name = "embedded"
		}
		t.Run(name, func(t *testing.T) { playDay(t, url, unbound.Addr()) })
	}
}

func playDay(t *testing.T, url store.URL, resolver string) {
	var clock atomic.Pointer[time.Time]
	at := func(s string) {
		now, err := time.Parse(time.DateTime, s)
		must(t, err)
		clock.Store(&now)
	}
	at("2016-12-13 12:00:00")
	c := dayConfig(t, url, resolver)
	c.Whitelist.StoreLimit = time.Second // a machine that is busy with other tests is no fault of the store's
	w := startWinnow(t, c, app.Options{Now: func() time.Time { return *clock.Load() }})

	// The day before, Alice wrote to a friend.
	must(t, w.connect("127.0.0.1", "mail.our.example", &miltertest.Mail{
		Sender: "alice@our.example", Recipients: []string{"friend@example.net"}, Header: [][2]string{{"From", " alice@our.example"}}, QueueID: "Q",
	}))
	w.stop(t) // the day before is over, and what it taught is in the store
	w.start(t)

	at(today + " 12:00:00")
	must(t, playBatches(w, day))
	w.stop(t)

	got := w.report(t, today)
	want := expected(day)
	if diff := cmp.Diff(want, plain(got)); diff != "" {
		t.Errorf("the day's report (-plan +got):\n%s", diff)
	}
	caught, refused := expectedSets(day)
	sets := w.sets(t, today)
	if diff := cmp.Diff(caught, plainSets(&sets.Caught)); diff != "" {
		t.Errorf("caught messages by who hit them (-plan +got):\n%s", diff)
	}
	if diff := cmp.Diff(refused, plainSets(&sets.Refused)); diff != "" {
		t.Errorf("refused connections by who wanted it (-plan +got):\n%s", diff)
	}
	if before := w.report(t, "2016-12-13"); before.Messages.Outbound != 1 || before.Messages.Total != 0 {
		t.Errorf("the day before: got %d outbound of %d, want 1 of 0", before.Messages.Outbound, before.Messages.Total)
	}
}

// plain leaves out what depends on the clock and the cache, and the words that are for people.
func plain(r *stats.Report) *stats.Report {
	p := *r
	p.Entries = []stats.Row{}
	p.Sources = append([]stats.Row{}, r.Sources...)
	for i := range p.Sources {
		row := &p.Sources[i]
		row.Cached, row.Latency = 0, stats.Latency{}
		row.DoubtfulShare, row.DoubtfulLow, row.DoubtfulHigh = 0, 0, 0 // which follow from the two figures before them
		if row.Kind == "list" {
			row.Title = ""
		}
	}
	p.Connections.Refused = append([]stats.Refusal{}, r.Connections.Refused...)
	for i := range p.Connections.Refused {
		p.Connections.Refused[i].Title = ""
	}
	return &p
}

// plainSets is how often each set of sources hit.
func plainSets(s *stats.Sets) map[string]int64 {
	sets := map[string]int64{}
	for _, set := range s.Sets {
		names := append([]string{}, set.Sources...)
		slices.Sort(names)
		sets[strings.Join(names, ",")] = set.Count
	}
	return sets
}

// expectedSets adds batches up to the sets that they must end with.
func expectedSets(day []batch) (caught, refused map[string]int64) {
	caught, refused = map[string]int64{}, map[string]int64{}
	for i := range day {
		b := &day[i]
		by, into, n := b.caughtBy, caught, int64(b.connections*b.messages)
		if b.refused != "" {
			by, into, n = b.hits, refused, int64(b.connections)
		} else if !b.caught {
			continue
		}
		names := append([]string{}, by...)
		slices.Sort(names)
		into[strings.Join(names, ",")] += n
	}
	return caught, refused
}

// playBatches plays all connections, some at a time.
func playBatches(w *winnow, day []batch) error {
	const atATime = 16
	type job struct {
		b *batch
		n int
	}
	jobs := make(chan job)
	failed := make(chan error, atATime)
	var workers sync.WaitGroup
	for range atATime {
		workers.Go(func() {
			for j := range jobs {
				var mails []*miltertest.Mail
				for range j.b.messages {
					mails = append(mails, j.b.mail(j.n))
				}
				if err := w.connect(j.b.addr(j.n).String(), "client.example.org", mails...); err != nil {
					select {
					case failed <- fmt.Errorf("%+v: %w", *j.b, err):
					default:
					}
				}
			}
		})
	}
	for i := range day {
		for n := range day[i].connections {
			jobs <- job{&day[i], n}
		}
	}
	close(jobs)
	workers.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

func dayConfig(t *testing.T, url store.URL, resolver string) *app.Config {
	t.Helper()
	c := planConfig(t, resolver, planFiles{
		rules: dayRules, whitelist: "partner.example.net\n", blacklist: "pest@example.com\n", enabled: "our.example\n",
	})
	c.Store = url
	c.Milter.Listen = []string{"unix:" + filepath.Join(filepath.Dir(c.StateDir), "milter.sock")}
	c.Policy.MaxSize = sizeLimit
	c.Whitelist.StoreLimit = time.Second // no answer is late in the plan, however busy the machine is
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
