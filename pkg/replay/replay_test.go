package replay

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"winnow/pkg/auth"
	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/rules"
	"winnow/pkg/trail"
)

// Whatever comes: decided again by the same configuration nothing changes, and nothing is in doubt.
func TestUnchangedChangesNothing(t *testing.T) {
	kept := newStore(t)
	rapid.Check(t, func(rt *rapid.T) {
		dir := tempDir(rt)
		p := drawPlan(rt, plainPlan(), 0)
		s := build(t, dir, &p, kept)
		defer s.close(t)
		d := newDecider(s.checks(s))
		for range 5 {
			l := drawLetter(rt)
			m, told := s.take(&l, "w7k2-9fqx")
			if c, f, why := d.find(recorded(t, m, told)); f.sort != "" || f.unclear || len(c.doubts) > 0 || why != "" {
				rt.Fatalf("%+v: %s %s, then %+v, now %+v, doubts %+v", l, f.sort, why, f.then, f.now, c.doubts)
			}
		}
	})
}

// What is said to be known is so: another configuration decides on the same mail what the replay says that it would. What
// it cannot know it says.
func TestReplayTellsTheTruth(t *testing.T) {
	kept := newStore(t)
	changed, unknown, all := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		dir, other := tempDir(rt), tempDir(rt)
		before := drawPlan(rt, plainPlan(), 0)
		after := drawPlan(rt, before, 1)
		then, now := build(t, dir, &before, kept), build(t, other, &after, kept)
		defer then.close(t)
		defer now.close(t)
		checks := now.checks(then)
		var l letter
		if rapid.Bool().Draw(rt, "with copies") {
			checks.Sample = func(*trail.Record) (*message.Message, error) { return l.message("w7k2-9fqx"), nil }
		}
		d := newDecider(checks)
		for range 5 {
			l = drawLetter(rt)
			m, told := then.take(&l, "w7k2-9fqx")
			r := recorded(t, m, told)
			_, real := now.take(&l, "w7k2-9fqx")
			c, f, _ := d.find(r)
			all++
			switch f.sort {
			case NotKnown:
				unknown++
			case "":
			default:
				changed++
			}
			agrees(rt, &l, f, c, real)
		}
	})
	t.Logf("of %d messages %d would change, of %d it is not known", all, changed, unknown)
	if changed < all/50 || unknown > all*3/4 {
		t.Errorf("of %d messages %d change, of %d it is not known: that shows little", all, changed, unknown)
	}
}

// agrees compares what is said to be known with what another configuration really decides.
func agrees(t *rapid.T, l *letter, f *finding, c *matter, real *filter.Verdict) {
	want := outcomeOf(c.record, real, true)
	wrong := func(what string) {
		t.Errorf("%s: %+v\nthen   %+v\nreplay %+v\nreal   %+v \nreasons: then %s, replay %s, real %s", what, *l, f.then, f.now, want, c.past.Told.Reason, c.first.verdict.Reason, real.Reason)
	}
	if f.then.connection && f.unknown.Connections == 0 && f.now.refused != want.refused {
		wrong("connection")
	}
	if f.unknown.Recipients == 0 && f.unseen.Recipients == 0 {
		for i := range want.recipients {
			if want.recipients[i] != f.now.recipients[i] {
				wrong("recipients")
			}
		}
	}
	if f.unknown.Messages > 0 || f.unclear || !f.then.isMessage() {
		return
	}
	if f.now.class != want.class || f.now.action != want.action || f.now.caught != want.caught {
		wrong("message")
	}
}

// drawPlan changes a plan: mostly a little.
func drawPlan(t *rapid.T, p plan, least int) plan {
	for range rapid.IntRange(least, 4).Draw(t, "changes") {
		change := rapid.SampledFrom(planChanges).Draw(t, "change")
		change(t, &p)
	}
	return p
}

var planChanges = []func(*rapid.T, *plan){
	func(t *rapid.T, p *plan) { p.policy.Tag = rapid.SampledFrom([]float64{3, 4, 5, 6}).Draw(t, "tag") },
	func(t *rapid.T, p *plan) {
		p.policy.Reject = rapid.SampledFrom([]float64{12, 15, 18}).Draw(t, "reject")
	},
	func(t *rapid.T, p *plan) { p.policy.WhitelistRescues = !p.policy.WhitelistRescues },
	func(t *rapid.T, p *plan) {
		p.policy.MaxSize = 1 << 29 * int64(rapid.SampledFrom([]int{1, 4}).Draw(t, "size"))
	},
	func(t *rapid.T, p *plan) { p.policy.OnError = filter.Defer },
	func(t *rapid.T, p *plan) { p.policy.Exempt = []string{"bob"} },
	func(t *rapid.T, p *plan) { p.lists = edited(p.lists, "score: 4,", "score: 1,") },
	func(t *rapid.T, p *plan) {
		p.lists = edited(p.lists, "symbol: ALPHA_SOFT, score: 2}", "symbol: ALPHA_SOFT, score: 2, action: reject}")
	},
	func(t *rapid.T, p *plan) {
		p.lists = edited(p.lists, "symbol: ALPHA, score", "symbol: ALPHA, observe: yes, score")
	},
	func(t *rapid.T, p *plan) { p.lists = edited(p.lists, "127.0.0.3", "127.0.0.77") },
	func(t *rapid.T, p *plan) { p.lists = edited(p.lists, "action: defer", "action: reject") },
	func(t *rapid.T, p *plan) { p.lists = edited(p.lists, "ipv6_action: none", "ipv6_action: reject") },
	func(t *rapid.T, p *plan) { p.lists = edited(p.lists, "score: 6, action: reject", "score: 6") },
	func(t *rapid.T, p *plan) {
		p.lists = edited(p.lists, "ask: [helo, sender, author]", "ask: [sender]")
	},
	func(t *rapid.T, p *plan) { p.lists = edited(p.lists, "zone: gamma.example", "zone: other.example") },
	func(t *rapid.T, p *plan) {
		name := rapid.SampledFrom([]string{"alpha", "beta", "good", "gamma", "names", "links"}).Draw(t, "list")
		p.lists = edited(p.lists, "name: "+name+",", "name: "+name+", enabled: no,")
	},
	func(t *rapid.T, p *plan) {
		name := rapid.SampledFrom([]string{"alpha", "good", "gamma", "links"}).Draw(t, "observed list")
		p.lists = edited(p.lists, "name: "+name+",", "name: "+name+", observe: yes,")
	},
	func(t *rapid.T, p *plan) { p.rules = edited(p.rules, "score    TWO 2.5", "score    TWO 7") },
	func(t *rapid.T, p *plan) { p.rules = edited(p.rules, "score    ONE 1\n", "score    ONE 0\n") },
	func(t *rapid.T, p *plan) { p.rules = edited(p.rules, "score    MANY 1.5", "score    MANY 3") },
	func(t *rapid.T, p *plan) { p.rules = edited(p.rules, "maxhits=4", "maxhits=2") },
	func(t *rapid.T, p *plan) { p.rules = edited(p.rules, "score    BOTH 6", "score    BOTH 16") },
	func(t *rapid.T, p *plan) { p.rules = edited(p.rules, `/\bbeta\b/`, `/\bplain\b/`) },
	func(t *rapid.T, p *plan) { p.rules = edited(p.rules, "EITHER -1", "EITHER 0.5") },
	func(t *rapid.T, p *plan) { p.rules = edited(p.rules, "body     NEW /plain/\nscore    NEW 1\n", "") },
	func(t *rapid.T, p *plan) {
		p.rules = edited(p.rules, "\nbody     ONE", "\nbody     NEW /plain/\nscore    NEW 1\nbody     ONE")
	},
	func(t *rapid.T, p *plan) { p.files = []rules.FileConfig{{Name: "test.cf", Cap: 3}} },
	func(t *rapid.T, p *plan) { p.files = []rules.FileConfig{{Name: "test.cf", Observe: true}} },
	func(t *rapid.T, p *plan) { p.files = nil },
	func(t *rapid.T, p *plan) { p.white = rapid.SampledFrom(whites).Draw(t, "white") },
	func(t *rapid.T, p *plan) {
		p.black = rapid.SampledFrom([]string{"", "pest@sender.example\n", "192.0.2.5\n", "stranger.example to:alice@our.example\n"}).Draw(t, "black")
	},
	func(t *rapid.T, p *plan) {
		p.enabled = rapid.SampledFrom([]string{"", "our.example\n", "bob@our.example\n"}).Draw(t, "enabled")
	},
	func(t *rapid.T, p *plan) { p.auto = !p.auto },
	func(t *rapid.T, p *plan) { p.auth.Scores = append(p.auth.Scores[:0:0], authScore(t)) },
	func(t *rapid.T, p *plan) { p.auth.WorldIPv4 = rapid.SampledFrom([]int{8, 32}).Draw(t, "world") },
}

var whites = []string{"", plainWhite, "friend@sender.example auth:spf\n", "sender.example auth:dkim\n", "sender.example auth:none to:bob@our.example\n", "192.0.2.5\n.example\n", "<> auth:none to:alice@our.example\n"}

func authScore(t *rapid.T) auth.Score {
	return auth.Score{Symbol: rapid.SampledFrom([]string{"SPF_FAIL", "SPF_PASS", "NO_DNS_FOR_FROM"}).Draw(t, "symbol"), Score: rapid.SampledFrom([]float64{-2, 0, 3}).Draw(t, "points")}
}

// edited changes a text where that is still as it was.
func edited(text, old, with string) string {
	if strings.Contains(text, with) && with != "" {
		return text
	}
	return strings.Replace(text, old, with, 1)
}

func tempDir(t *rapid.T) string {
	dir, err := os.MkdirTemp("", "replay")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// A whole span is read, decided and added up: messages, connections, records that stand for others, and what cannot be
// decided again. With hashed addresses nothing changes either.
func TestRun(t *testing.T) {
	p := plainPlan()
	s := build(t, t.TempDir(), &p, newStore(t))
	defer s.close(t)
	for _, privacy := range []trail.Privacy{trail.Clear, trail.Hashed} {
		dir := t.TempDir()
		c := trail.DefaultConfig()
		c.Privacy, c.RefusedOneIn = privacy, 4
		kept, err := trail.Open(c, trail.Options{StateDir: dir, Now: func() time.Time { return noon }})
		if err != nil {
			t.Fatal(err)
		}
		kept.InForce(s.inForce)
		letters := 0
		for _, client := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.8"} {
			for range 50 {
				l := letter{client: client, sender: "x@stranger.example", from: "x@stranger.example", body: "two", recipients: []string{"alice@our.example"}}
				m, v := s.take(&l, fmt.Sprintf("aaaa-%04d", letters))
				kept.Message(m, v)
				kept.Connection(m.Client, s.pipeline.Connect(t.Context(), m.Client)) // over which no message is begun
				letters++
			}
		}
		if err := kept.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		checks := s.checks(nil)
		checks.Then = func(key string) (filter.InForce, error) { return trail.ReadInForce(trail.Dir(dir), key) }
		progress := int64(0)
		r, err := Run(t.Context(), checks, Request{Dir: trail.Dir(dir), Zone: time.UTC, Progress: func(done, _ int64) { progress = done }})
		if err != nil || r.Found != 0 || r.Sampled == 0 || progress == 0 || len(r.Notes) > 0 {
			t.Errorf("%s: %+v, %v", privacy, r, err)
		}
		if sum := r.Records.Messages; sum < 120 || sum > 300 || r.Then.Messages.Scanned != 100 { // 100 and the estimate of another 100
			t.Errorf("%s: %+v", privacy, r)
		}
		balances(t, &r.Then)
		balances(t, &r.Now)

		// Without alpha 192.0.2.2 is let in; 192.0.2.3 is still refused, by beta.
		changed := p
		changed.lists = edited(p.lists, "name: alpha,", "name: alpha, enabled: no,")
		other := build(t, t.TempDir(), &changed, newStore(t))
		checks = other.checks(s)
		r, err = Run(t.Context(), checks, Request{Dir: trail.Dir(dir), Zone: time.UTC, Most: 3})
		if err != nil || r.NewlyPassed.Connections == 0 || r.NewlyPassed != r.Unseen || r.Unknown.any() || r.NewlyRefused.any() || len(r.Changes) > 3 {
			t.Errorf("%s, a list off: %+v, %v", privacy, r, err)
		}
		if len(r.Sources) != 1 || r.Sources[0].Name != "alpha" || r.Sources[0].Passed != r.NewlyPassed {
			t.Errorf("%s: %+v", privacy, r.Sources)
		}
		balances(t, &r.Now)
		other.close(t)
	}
}

// Of a record that does not say what was in force only that is known which hangs on nothing that may have been other.
func TestUnknownThen(t *testing.T) {
	p := plainPlan()
	s := build(t, t.TempDir(), &p, newStore(t))
	defer s.close(t)
	d := newDecider(s.checks(nil))
	for client, want := range map[string]string{"192.0.2.1": NotKnown, "192.0.2.2": ""} { // the second is refused for its client
		l := letter{client: client, sender: "x@stranger.example", from: "x@stranger.example", body: "two", recipients: []string{"alice@our.example"}}
		m, told := s.take(&l, "w7k2-9fqx")
		sum := newTally(1)
		sum.take(d, recorded(t, m, told))
		r := sum.report()
		if got := strings.Join(sortsOf(r), " "); got != want || want != "" && (len(r.Reasons) != 1 || !strings.Contains(r.Reasons[0].Why, "nobody knows any more")) {
			t.Errorf("%s: got %q, %+v", client, got, r.Reasons)
		}
		balances(t, &r.Now)
	}
}

func sortsOf(r *Report) (sorts []string) {
	for _, c := range r.Changes {
		sorts = append(sorts, c.Sort)
	}
	return sorts
}

// balances adds a funnel up.
func balances(t *testing.T, f *Funnel) {
	t.Helper()
	c, m := &f.Connections, &f.Messages
	sum := c.RefusedOtherwise + c.Accepted + c.Unknown
	for _, n := range c.Refused {
		sum += n
	}
	if sum != c.Total || m.Whitelisted+m.Blacklisted+m.TooLarge+m.NotEnabled+m.Scanned != m.Total || m.Caught+m.NotCaught+m.CatchUnknown != m.Scanned {
		t.Errorf("does not balance: %+v", f)
	}
}

// BenchmarkDecide decides the record of a usual message again.
func BenchmarkDecide(b *testing.B) {
	p := plainPlan()
	s := build(b, b.TempDir(), &p, newStore(b))
	defer s.close(b)
	l := letter{client: "192.0.2.1", sender: "x@stranger.example", from: "x@stranger.example", body: "two many http://black.example/x", recipients: []string{"alice@our.example"}}
	m, v := s.take(&l, "w7k2-9fqx")
	r, d := recorded(b, m, v), newDecider(s.checks(s))
	b.ReportAllocs()
	for b.Loop() {
		d.find(r)
	}
}
