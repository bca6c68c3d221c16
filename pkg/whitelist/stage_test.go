package whitelist_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/whitelist"
	"winnow/pkg/whitelist/whitelisttest"
)

// sampleDay is when the clock of these tests begins.
var sampleDay = time.Date(2016, 12, 14, 9, 30, 0, 0, time.UTC)

// A clock stands still until it is turned.
type clock struct{ nanos atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.nanos.Load()).UTC() }
func (c *clock) set(t time.Time)         { c.nanos.Store(t.UnixNano()) }
func (c *clock) advance(d time.Duration) { c.nanos.Add(int64(d)) }

// A bench is a stage with all around it that a test wants to turn.
type bench struct {
	*whitelist.Stage
	clock
	t     *testing.T
	dir   string
	store *whitelisttest.Store
	auth  *whitelisttest.Identifier // SPF passes for everybody where a test does not say otherwise
}

// newBench starts a stage; configure, which may be nil, changes its configuration.
func newBench(t *testing.T, configure func(b *bench, c *whitelist.Config, o *whitelist.Options)) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir()}
	b.set(sampleDay)
	b.store = whitelisttest.New(b.now)
	c := whitelist.DefaultConfig()
	c.CheckEvery = 0
	b.auth = &whitelisttest.Identifier{}
	o := whitelist.Options{Store: b.store, Now: b.now, Auth: b.auth.Use()}
	if configure != nil {
		configure(b, &c, &o)
	}
	if faults := c.Validate(); faults != nil {
		t.Fatal(faults)
	}
	stage, err := whitelist.New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stage.Close() })
	b.Stage = stage
	return b
}

// file writes a file and returns its path.
func (b *bench) file(name, text string) string {
	b.t.Helper()
	path := filepath.Join(b.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	return path
}

// ask returns the results about an incoming message.
func (b *bench) ask(sender, recipient string) []filter.Result {
	results := b.Check(context.Background(), incoming(sender, recipient))
	for i := range results {
		results[i].Took = 0
	}
	return results
}

// symbols returns what hit.
func (b *bench) symbols(sender, recipient string) string {
	var all []string
	for _, r := range b.ask(sender, recipient) {
		for _, h := range r.Hits {
			all = append(all, h.Symbol)
		}
	}
	return strings.Join(all, " ")
}

func incoming(sender, recipient string) *message.Message {
	return &message.Message{
		Client: message.Client{Addr: netip.MustParseAddr("192.0.2.77")},
		Sender: sender, Recipient: recipient, Recipients: []string{recipient},
	}
}

func outgoing(sender string, recipients ...string) *message.Message {
	return &message.Message{User: "user", Sender: sender, Recipients: recipients}
}

var accepted = &filter.Verdict{Action: filter.Accept, Class: filter.ClassOutbound}

// Every source that is configured answers, in the order in which the policy listens to them.
func TestCheckAnswersInOrder(t *testing.T) { synctest.Test(t, testCheckAnswersInOrder) }

func testCheckAnswersInOrder(t *testing.T) {
	b := newBench(t, func(b *bench, c *whitelist.Config, _ *whitelist.Options) {
		c.Blacklist = b.file("black", "friend@example.org # no\n")
		c.Whitelist = b.file("white", "\n.example.org to:our.example\n")
		c.Enabled = "none"
	})
	b.Learn(outgoing("user@our.example", "friend@example.org"), accepted)
	synctest.Wait() // until it is in the store

	got := b.ask("Friend@example.org", "user+x@our.example")
	want := []filter.Result{
		{Source: "blacklist", Kind: filter.Entry, Asked: 1, Hits: []filter.Hit{{
			Symbol: "BLACKLISTED", Standing: filter.Blacklisted, Detail: b.dir + "/black:1: friend@example.org",
			Text: "[{id}] Sender or client is on this site's blacklist; if that is wrong, write to postmaster@our.example and quote the id",
		}}},
		{Source: "whitelist", Kind: filter.Entry, Asked: 1, Hits: []filter.Hit{{
			Symbol: "WHITELISTED", Standing: filter.Whitelisted, Claim: ".example.org", Detail: b.dir + "/white:2: .example.org to:our.example; proven by spf of example.org",
		}}},
		{Source: "auto-whitelist", Kind: filter.Entry, Asked: 1, Hits: []filter.Hit{{
			Symbol: "AUTO_WHITELISTED", Standing: filter.Whitelisted, Claim: "friend@example.org", Detail: "user@our.example wrote to friend@example.org on 2016-12-14 09:30 UTC; proven by spf of example.org",
		}}},
		{Source: "enabled", Kind: filter.Entry, Asked: 1, Hits: []filter.Hit{{
			Symbol: "NOT_ENABLED", Standing: filter.NotEnabled, Detail: "enabled: none",
		}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

// The policy makes of them what the mission wants.
func TestStandings(t *testing.T) {
	b := newBench(t, func(b *bench, c *whitelist.Config, _ *whitelist.Options) {
		c.Blacklist = b.file("black", "foe.example\nboth.example\n")
		c.Whitelist = b.file("white", "friend.example\nboth.example\n")
		c.Enabled = "file:" + b.file("enabled", "our.example\n!off@our.example\n")
	})
	pipeline := filter.NewPipeline([]filter.Stage{b.Stage}, filter.DefaultLimits, filter.NewPolicy(filter.DefaultConfig()))
	tests := []struct {
		sender, recipient string
		standing          filter.Standing
		action            filter.Action
	}{
		{"a@else.example", "user@our.example", filter.Scan, filter.Accept},
		{"a@friend.example", "user@our.example", filter.Whitelisted, filter.Accept},
		{"a@foe.example", "user@our.example", filter.Blacklisted, filter.Reject},
		{"a@both.example", "user@our.example", filter.Blacklisted, filter.Reject},
		{"a@foe.example", "Postmaster@our.example", filter.Scan, filter.Accept},
		{"a@else.example", "off@our.example", filter.NotEnabled, filter.Accept},
		{"a@friend.example", "off@our.example", filter.Whitelisted, filter.Accept},
		{"a@foe.example", "off@our.example", filter.Blacklisted, filter.Reject},
	}
	for _, tt := range tests {
		v := filter.NewVerdict("id", nil)
		got := pipeline.Recipient(context.Background(), incoming(tt.sender, tt.recipient), v)
		if got.Standing != tt.standing || got.Action != tt.action {
			t.Errorf("%s to %s: got %v, %v, want %v, %v", tt.sender, tt.recipient, got.Standing, got.Action, tt.standing, tt.action)
		}
	}
}

func TestNothingConfiguredAnswersNothing(t *testing.T) {
	b := newBench(t, func(_ *bench, _ *whitelist.Config, o *whitelist.Options) { o.Store = nil })
	if got := b.ask("friend@example.org", "user@our.example"); len(got) != 0 {
		t.Errorf("got %v, want no results", got)
	}
	b.Learn(outgoing("user@our.example", "friend@example.org"), accepted)
	if got, want := b.Learned(), (whitelist.Counts{}); got != want {
		t.Errorf("Learned: got %+v, want %+v", got, want)
	}
	if got := b.Book(); got != nil {
		t.Errorf("Book: got %v, want none", got)
	}
}

// What a client makes up does not come back to it.
func TestBlacklistText(t *testing.T) {
	b := newBench(t, func(b *bench, c *whitelist.Config, _ *whitelist.Options) {
		c.Blacklist = b.file("black", "foe.example\n")
		c.BlacklistText = "{ip} {domain} {id}"
	})
	tests := []struct{ recipient, want string }{
		{"user@B\u00fccher.example", "192.0.2.77 xn--bcher-kva.example {id}"},
		{"user@\r\n250 ok", "192.0.2.77 the recipient's domain {id}"},
		{"postmaster", "192.0.2.77 the recipient's domain {id}"},
	}
	for _, tt := range tests {
		got := b.ask("a@foe.example", tt.recipient)[0].Hits[0].Text
		if got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.recipient, got, tt.want)
		}
	}
}

func TestFaultsAtStart(t *testing.T) {
	c := whitelist.DefaultConfig()
	c.Blacklist = "testdata/bad/octets"
	c.Whitelist = "testdata/absent"
	c.Enabled = "file:/nonexistent/enabled"
	stage, err := whitelist.New(c, whitelist.Options{Store: whitelisttest.New(nil)})
	if err == nil {
		stage.Close()
		t.Fatal("got no error")
	}
	for _, want := range []string{"testdata/bad/octets:2: ", "testdata/bad/octets:3: ", "testdata/absent: ", "/nonexistent/enabled: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	c = whitelist.DefaultConfig()
	c.Enabled = "set:filtered"
	if _, err := whitelist.New(c, whitelist.Options{}); err == nil {
		t.Error("a set without a store: got no error")
	}
}

func TestEnabled(t *testing.T) {
	const on, off = "", "NOT_ENABLED"
	fromFile := func(b *bench) string {
		return "file:" + b.file("enabled", "our.example\n!off@our.example\non@other.example # alone\n.tree.example\n!.no.tree.example\n!tag+x@our.example\n")
	}
	fromSet := func(b *bench) string {
		b.store.AddMember("filtered", "our.example", "on@other.example", "")
		return "set:filtered"
	}
	tests := []struct {
		name      string
		enabled   func(b *bench) string
		recipient string
		want      string
	}{
		{"all", func(*bench) string { return "all" }, "user@our.example", on},
		{"none", func(*bench) string { return "none" }, "user@our.example", off},
		{"file: domain", fromFile, "User@Our.Example", on},
		{"file: all but one", fromFile, "off@our.example", off},
		{"file: all but one, with a tag", fromFile, "off+x@our.example", off},
		{"file: all but one tag", fromFile, "tag+x@our.example", off},
		{"file: not without the tag", fromFile, "tag@our.example", on},
		{"file: one", fromFile, "on@other.example", on},
		{"file: not the others", fromFile, "user@other.example", off},
		{"file: tree", fromFile, "user@a.b.tree.example", on},
		{"file: all but a smaller tree", fromFile, "user@a.no.tree.example", off},
		{"set: domain", fromSet, "User@Our.Example", on},
		{"set: one", fromSet, "ON+x@other.example", on},
		{"set: not the others", fromSet, "user@other.example", off},
		{"set: no domain", fromSet, "postmaster", off},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, func(b *bench, c *whitelist.Config, _ *whitelist.Options) { c.Enabled = tt.enabled(b) })
			if got := b.symbols("a@example.org", tt.recipient); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// While the store is away its last answer holds; who is unknown passes unfiltered, and every question counts as an error.
func TestEnabledWhileStoreIsAway(t *testing.T) {
	b := newBench(t, func(b *bench, c *whitelist.Config, _ *whitelist.Options) {
		c.Enabled = "set:filtered"
		c.AutoWhitelist.Enabled = false
		b.store.AddMember("filtered", "on@our.example")
	})
	for _, recipient := range []string{"on@our.example", "off@our.example", "late@our.example"} {
		b.ask("a@example.org", recipient)
	}
	b.store.AddMember("filtered", "late@our.example")
	b.ask("a@example.org", "late@our.example")
	away := errors.New("connection refused")
	b.store.Fail(away)
	tests := []struct{ recipient, want string }{
		{"on@our.example", ""},
		{"late@our.example", ""},
		{"off@our.example", "was not in set filtered when the store last answered"},
		{"new@our.example", "the store cannot say whether it is in set filtered"},
	}
	for _, tt := range tests {
		r := b.ask("a@example.org", tt.recipient)[0]
		if !errors.Is(r.Err, away) {
			t.Errorf("%s: got error %v, want %v", tt.recipient, r.Err, away)
		}
		got := ""
		if len(r.Hits) > 0 {
			got = r.Hits[0].Detail
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.recipient, got, tt.want)
		}
	}
}

func field(name, value string) message.Field { return message.Field{Name: name, Value: value} }
