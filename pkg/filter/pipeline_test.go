package filter_test

import (
	"context"
	"errors"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/filter"
	"winnow/pkg/filter/filtertest"
	"winnow/pkg/message"
)

var stranger = message.Client{Addr: netip.MustParseAddr("192.0.2.1"), Helo: "client.example"}

// run takes a message through all phases.
func run(p *filter.Pipeline, m *message.Message, recipients ...string) *filter.Verdict {
	return p.Check(context.Background(), m, recipients)
}

func pipeline(c filter.Config, stages ...filter.Stage) *filter.Pipeline {
	return filter.NewPipeline(stages, c.Limits, filter.NewPolicy(c))
}

func listed(action filter.Action, score float64) *filtertest.Stage {
	return filtertest.List("dnsbl", filter.Connect, "zen", filter.Hit{Symbol: "ZEN_XBL", Score: score, Action: action})
}

func points(score float64) *filtertest.Stage {
	return filtertest.Rules(filter.Hit{Symbol: "POINTS", Score: score})
}

// standings makes "white@…" whitelisted, "black@…" blacklisted and "off@…" not enabled.
func standings() *filtertest.Stage {
	return &filtertest.Stage{Named: "whitelist", At: filter.Envelope, Answer: func(_ context.Context, m *message.Message) []filter.Result {
		local, _, _ := strings.Cut(m.Recipient, "@")
		standing := map[string]filter.Standing{"white": filter.Whitelisted, "black": filter.Blacklisted, "postmaster": filter.Blacklisted, "off": filter.NotEnabled}[local]
		if standing == filter.Scan {
			return []filter.Result{{Source: "whitelist", Kind: filter.Entry, Asked: 1}}
		}
		hit := filter.Hit{Symbol: strings.ToUpper(local), Standing: standing}
		return []filter.Result{{Source: "whitelist", Kind: filter.Entry, Asked: 1, Hits: []filter.Hit{hit}}}
	}}
}

func TestContentThresholds(t *testing.T) {
	all := filter.DefaultConfig()
	all.Quarantine, all.Defer, all.Discard = 8, 10, 20
	tests := []struct {
		name   string
		config filter.Config
		score  float64
		want   filter.Action
	}{
		{"nothing", filter.DefaultConfig(), 0, filter.Accept},
		{"below tag", filter.DefaultConfig(), 4.9, filter.Accept},
		{"tag", filter.DefaultConfig(), 5, filter.Tag},
		{"off are skipped", filter.DefaultConfig(), 14.9, filter.Tag},
		{"reject", filter.DefaultConfig(), 15, filter.Reject},
		{"quarantine", all, 8, filter.Quarantine},
		{"defer", all, 10, filter.Defer},
		{"discard", all, 20, filter.Discard},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := run(pipeline(test.config, points(test.score)), &message.Message{Client: stranger}, "a@example.org")
			if v.Action != test.want || v.Caught != (test.want >= filter.Tag) || v.Class != filter.ClassScanned {
				t.Errorf("got %v, caught %v, class %v, want %v", v.Action, v.Caught, v.Class, test.want)
			}
		})
	}
}

// Decimal scores have no exact binary form: three times 1.7 less 0.1 is 5 to an operator.
func TestTotalReachesThresholdInDecimals(t *testing.T) {
	hits := []filter.Hit{{Score: 1.7}, {Score: 1.7}, {Score: 1.7}, {Score: -0.1}}
	v := run(pipeline(filter.DefaultConfig(), filtertest.Rules(hits...)), &message.Message{Client: stranger}, "a@example.org")
	if v.Action != filter.Tag || math.Abs(v.Total-5) > 1e-9 {
		t.Errorf("got %v at %v, want tag at 5", v.Action, v.Total)
	}
}

func TestConnect(t *testing.T) {
	accept := filtertest.List("dnsbl", filter.Connect, "dnswl", filter.Hit{Symbol: "DNSWL", Action: filter.Accept})
	observed := filtertest.List("dnsbl", filter.Connect, "zen", filter.Hit{Symbol: "ZEN", Action: filter.Reject, Observe: true})
	own := stranger
	own.Own = true
	tests := []struct {
		name   string
		client message.Client
		stages []filter.Stage
		want   filter.Action
		source string
	}{
		{"not listed", stranger, nil, filter.Accept, ""},
		{"listed", stranger, []filter.Stage{listed(filter.Reject, 0)}, filter.Reject, "zen"},
		{"points only", stranger, []filter.Stage{listed(filter.None, 4)}, filter.Accept, ""},
		{"observed", stranger, []filter.Stage{observed}, filter.Accept, ""},
		{"the first demand counts", stranger, []filter.Stage{listed(filter.Defer, 0), listed(filter.Reject, 0)}, filter.Defer, "zen"},
		{"spoken for", stranger, []filter.Stage{listed(filter.Reject, 0), accept}, filter.Accept, "dnswl"},
		{"own network", own, []filter.Stage{listed(filter.Reject, 0)}, filter.Accept, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := pipeline(filter.DefaultConfig(), test.stages...).Connect(context.Background(), test.client)
			var source string
			if v.Decider != nil {
				source = v.Decider.Source
			}
			if v.Action != test.want || source != test.source {
				t.Errorf("got %v by %q, want %v by %q", v.Action, source, test.want, test.source)
			}
		})
	}
}

func TestRecipients(t *testing.T) {
	rescue := filter.DefaultConfig()
	rescue.WhitelistRescues = true
	tests := []struct {
		name       string
		config     filter.Config
		stages     []filter.Stage
		recipients string
		accepted   string
		class      filter.Class
		action     filter.Action
		weakened   filter.Action
	}{
		{"scanned", filter.DefaultConfig(), []filter.Stage{points(16)}, "a", "a", filter.ClassScanned, filter.Reject, filter.None},
		{"whitelisted", filter.DefaultConfig(), []filter.Stage{points(16)}, "white", "white", filter.ClassWhitelisted, filter.Accept, filter.None},
		{"not enabled", filter.DefaultConfig(), []filter.Stage{points(16)}, "off", "off", filter.ClassNotEnabled, filter.Accept, filter.None},
		{"blacklisted", filter.DefaultConfig(), []filter.Stage{points(0)}, "black", "", filter.ClassBlacklisted, filter.Reject, filter.None},
		{"blacklisted, then a good one", filter.DefaultConfig(), []filter.Stage{points(16)}, "black a", "a", filter.ClassScanned, filter.Reject, filter.None},
		{"blacklisted and whitelisted", filter.DefaultConfig(), []filter.Stage{points(16)}, "black white", "white", filter.ClassWhitelisted, filter.Accept, filter.None},
		{"scanned and whitelisted: the lenient one decides", filter.DefaultConfig(), []filter.Stage{points(16)}, "a white", "a white", filter.ClassScanned, filter.Tag, filter.Reject},
		{"scanned and not enabled", filter.DefaultConfig(), []filter.Stage{points(16)}, "a off", "a off", filter.ClassScanned, filter.Tag, filter.Reject},
		{"scanned and blacklisted", filter.DefaultConfig(), []filter.Stage{points(6)}, "a black", "a", filter.ClassScanned, filter.Tag, filter.None},
		{"whitelisted and not enabled", filter.DefaultConfig(), nil, "white off", "white off", filter.ClassNotEnabled, filter.Accept, filter.None},
		{"all four", filter.DefaultConfig(), []filter.Stage{points(16)}, "a white off black", "a white off", filter.ClassScanned, filter.Tag, filter.Reject},
		{"postmaster is never refused", filter.DefaultConfig(), []filter.Stage{points(16), listed(filter.Reject, 0)}, "postmaster", "postmaster", filter.ClassScanned, filter.Tag, filter.Reject},
		{"refused connection", filter.DefaultConfig(), []filter.Stage{listed(filter.Reject, 0)}, "a white off black", "", filter.NoMessage, filter.Reject, filter.None},
		{"rescued", rescue, []filter.Stage{listed(filter.Reject, 0)}, "a white", "white", filter.ClassWhitelisted, filter.Accept, filter.None},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := &message.Message{Client: stranger, Sender: "s@example.net"}
			var recipients []string
			for _, r := range strings.Fields(test.recipients) {
				recipients = append(recipients, r+"@our.example")
			}
			v := run(pipeline(test.config, append(test.stages, standings())...), m, recipients...)
			accepted := strings.ReplaceAll(strings.Join(m.Recipients, " "), "@our.example", "")
			if accepted != test.accepted || v.Class != test.class || v.Action != test.action || v.Weakened != test.weakened {
				t.Errorf("accepted %q, class %v, action %v, weakened %v; want %q, %v, %v, %v",
					accepted, v.Class, v.Action, v.Weakened, test.accepted, test.class, test.action, test.weakened)
			}
		})
	}
}

func TestTooLarge(t *testing.T) {
	c := filter.DefaultConfig()
	m := &message.Message{Client: stranger, Size: c.MaxSize + 1}
	v := run(pipeline(c, points(16), standings()), m, "a@example.org")
	if v.Class != filter.ClassTooLarge || v.Action != filter.Accept {
		t.Errorf("got %v, %v, want too large, accept", v.Class, v.Action)
	}
	m = &message.Message{Client: stranger, Size: c.MaxSize + 1}
	if v := run(pipeline(c, points(16), standings()), m, "white@example.org"); v.Class != filter.ClassWhitelisted {
		t.Errorf("large but whitelisted: got %v, want whitelisted", v.Class)
	}
}

func TestOutboundIsNotAsked(t *testing.T) {
	var asked int
	count := &filtertest.Stage{Named: "any", At: filter.Content, Answer: func(context.Context, *message.Message) []filter.Result { asked++; return nil }}
	for _, m := range []*message.Message{
		{Client: stranger, User: "alice"},
		{Client: message.Client{Addr: stranger.Addr, Own: true}},
	} {
		v := run(pipeline(filter.DefaultConfig(), count, standings()), m, "black@example.org")
		if v.Class != filter.ClassOutbound || v.Action != filter.Accept || asked != 0 {
			t.Errorf("got %v, %v, %d asked, want outbound, accept, 0", v.Class, v.Action, asked)
		}
	}
}

// An authenticated client may well sit in a listed dial-up range.
func TestAuthenticatedUserOfListedClient(t *testing.T) {
	m := &message.Message{Client: stranger, User: "alice"}
	v := run(pipeline(filter.DefaultConfig(), listed(filter.Reject, 0)), m, "friend@example.org")
	if v.Class != filter.ClassOutbound || v.Action != filter.Accept {
		t.Errorf("got %v, %v, want outbound, accept", v.Class, v.Action)
	}
}

func TestStageFailure(t *testing.T) {
	wait := filter.DefaultConfig()
	wait.OnError = filter.Defer
	wait.Limits.Content = time.Millisecond
	flow := wait
	flow.OnError = filter.Accept
	panics := &filtertest.Stage{Named: "broken", At: filter.Content, Answer: func(context.Context, *message.Message) []filter.Result { panic("boom") }}
	release := make(chan struct{})
	defer close(release)
	hangs := &filtertest.Stage{Named: "stuck", At: filter.Content, Answer: func(context.Context, *message.Message) []filter.Result { <-release; return nil }}
	listError := &filtertest.Stage{Named: "uribl", At: filter.Content, Answer: func(context.Context, *message.Message) []filter.Result {
		return []filter.Result{{Source: "uribl", Err: errors.New("timeout")}}
	}}
	tests := []struct {
		name   string
		config filter.Config
		stage  filter.Stage
		want   filter.Action
		err    string
	}{
		{"panic, mail flows", flow, panics, filter.Tag, "broken: panic: boom"},
		{"panic, mail waits", wait, panics, filter.Defer, "broken: panic: boom"},
		{"stuck, mail flows", flow, hangs, filter.Tag, "stuck: did not return within 1ms"},
		{"stuck, mail waits", wait, hangs, filter.Defer, "stuck: did not return within 1ms"},
		{"a dead list fails no stage", wait, listError, filter.Tag, "uribl uribl: timeout"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := run(pipeline(test.config, test.stage, points(5)), &message.Message{Client: stranger}, "a@example.org")
			got := strings.Join(v.Errors(), "|")
			if v.Action != test.want || !strings.HasPrefix(got, test.err) {
				t.Errorf("got %v, %q, want %v, %q…", v.Action, got, test.want, test.err)
			}
			if deferred := v.Action == filter.Defer; deferred != (v.Class == filter.NoMessage) || deferred && v.Caught {
				t.Errorf("got class %v, caught %v: what comes again counts when it comes", v.Class, v.Caught)
			}
		})
	}
}

// on_error: defer puts off whom the failure is about, and nobody who is never refused.
func TestFailureHoldsUpNoOthers(t *testing.T) {
	wait := filter.DefaultConfig()
	wait.OnError = filter.Defer
	panicsFor := func(at filter.Phase, local string) *filtertest.Stage {
		return &filtertest.Stage{Named: "broken", At: at, Answer: func(_ context.Context, m *message.Message) []filter.Result {
			if strings.HasPrefix(m.Recipient, local) {
				panic("boom")
			}
			return nil
		}}
	}
	tests := []struct {
		name       string
		stage      filter.Stage
		recipients []string
		accepted   int
		want       filter.Action
	}{
		{"one recipient's failure is not the others'", panicsFor(filter.Envelope, "b@"), []string{"a@our.example", "b@our.example"}, 1, filter.Accept},
		{"a recipient whom nobody else waits for", panicsFor(filter.Envelope, "a@"), []string{"a@our.example"}, 0, filter.Defer},
		{"postmaster gets mail that could not be scanned", panicsFor(filter.Content, ""), []string{"postmaster@our.example"}, 1, filter.Accept},
		{"so does whoever knows the sender", panicsFor(filter.Content, ""), []string{"white@our.example", "a@our.example"}, 2, filter.Accept},
		{"and nobody else", panicsFor(filter.Content, ""), []string{"a@our.example"}, 1, filter.Defer},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := &message.Message{Client: stranger}
			v := run(pipeline(wait, test.stage, standings()), m, test.recipients...)
			if v.Action != test.want || len(m.Recipients) != test.accepted {
				t.Errorf("got %v for %v, want %v for %d", v.Action, m.Recipients, test.want, test.accepted)
			}
		})
	}
}

// What comes when all room is taken waits for it, and counts as failed where none gets free in time.
func TestScansAtATime(t *testing.T) {
	c := filter.DefaultConfig()
	c.Limits.Scans = 1
	entered, release := make(chan struct{}), make(chan struct{})
	p := pipeline(c, &filtertest.Stage{Named: "slow", At: filter.Content, Answer: func(context.Context, *message.Message) []filter.Result {
		entered <- struct{}{}
		<-release
		return nil
	}})
	first := make(chan *filter.Verdict)
	go func() { first <- run(p, &message.Message{Client: stranger}, "a@example.org") }()
	<-entered

	gone, leave := context.WithCancel(context.Background())
	leave()
	v := p.Check(gone, &message.Message{Client: stranger}, []string{"a@example.org"})
	if want := "content: no room: limits.scans is 1"; !cmp.Equal(v.Errors(), []string{want}) {
		t.Errorf("got %q, want %q", v.Errors(), want)
	}

	go func() { first <- run(p, &message.Message{Client: stranger}, "a@example.org") }()
	release <- struct{}{}
	<-entered // the second, in the first one's room
	release <- struct{}{}
	for range 2 {
		if v := <-first; v.Errors() != nil {
			t.Errorf("got %q, want none", v.Errors())
		}
	}
}

func TestReportsKeepTheOrderOfStages(t *testing.T) {
	first := make(chan struct{})
	slow := &filtertest.Stage{Named: "slow", At: filter.Content, Answer: func(context.Context, *message.Message) []filter.Result { <-first; return nil }}
	quick := &filtertest.Stage{Named: "quick", At: filter.Content, Answer: func(context.Context, *message.Message) []filter.Result { close(first); return nil }}
	v := run(pipeline(filter.DefaultConfig(), slow, quick), &message.Message{Client: stranger}, "a@example.org")
	var got []string
	for _, r := range v.Reports {
		got = append(got, r.Stage)
	}
	if want := []string{"slow", "quick"}; !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A hit may demand more than its points reach, and a connection's points count for its messages.
func TestDemandsAndConnectionPoints(t *testing.T) {
	phish := filtertest.List("uribl", filter.Content, "dbl", filter.Hit{Symbol: "DBL_PHISH", Score: 1, Action: filter.Reject, Text: "no"})
	v := run(pipeline(filter.DefaultConfig(), listed(filter.None, 4), phish), &message.Message{Client: stranger}, "a@example.org")
	if v.Action != filter.Reject || v.Total != 5 || v.Decider == nil || v.Decider.Source != "dbl" {
		t.Errorf("got %v at %v by %+v, want reject at 5 by dbl", v.Action, v.Total, v.Decider)
	}
}

func TestObservedHitsHaveNoEffect(t *testing.T) {
	v := run(pipeline(filter.DefaultConfig(), filtertest.Rules(filter.Hit{Symbol: "X", Score: 99, Action: filter.Reject, Observe: true})),
		&message.Message{Client: stranger}, "a@example.org")
	if v.Action != filter.Accept || v.Total != 0 || v.Caught {
		t.Errorf("got %v at %v, want accept at 0", v.Action, v.Total)
	}
}

func TestAbandonedIsNoMessage(t *testing.T) {
	p := pipeline(filter.DefaultConfig(), standings())
	m := &message.Message{Client: stranger, Recipient: "a@our.example"}
	v := filter.NewVerdict("id", p.Connect(context.Background(), m.Client))
	p.Recipient(context.Background(), m, v)
	p.End(v)
	if v.Class != filter.NoMessage {
		t.Errorf("got %v, want none", v.Class)
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*filter.Config)
		want   string
	}{
		{"default", func(*filter.Config) {}, ""},
		{"no tag", func(c *filter.Config) { c.Tag = 0 }, "tag: must be above 0"},
		{"order", func(c *filter.Config) { c.Reject = 3 }, "reject: 3 is below tag at 5"},
		{"on_error", func(c *filter.Config) { c.OnError = filter.Reject }, "on_error: must be accept or defer, not reject"},
		{"size", func(c *filter.Config) { c.MaxSize = 0 }, "max_size: must be above 0"},
		{"patience", func(c *filter.Config) { c.Limits.Connect = 29 * time.Second }, "limits: connect and envelope together"},
		{"no scans", func(c *filter.Config) { c.Limits.Scans = 0 }, "limits.scans: must be at least 1"},
		{"no limit", func(c *filter.Config) { c.Limits.Content = 0 }, "limits.content: must be above 0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := filter.DefaultConfig()
			test.change(&c)
			got := errors.Join(c.Validate()...)
			if (test.want == "") != (got == nil) || got != nil && !strings.HasPrefix(got.Error(), test.want) {
				t.Errorf("got %v, want %q", got, test.want)
			}
		})
	}
}

func BenchmarkPipeline(b *testing.B) {
	p := pipeline(filter.DefaultConfig(), listed(filter.None, 1), standings(), points(2), points(3))
	b.ReportAllocs()
	for b.Loop() {
		run(p, &message.Message{Client: stranger}, "a@example.org")
	}
}
