package whitelist_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/filter"
	"winnow/pkg/whitelist"
)

const known = "AUTO_WHITELISTED"

// Who a user has written to is known, to that user, under that address.
func TestAutoWhitelist(t *testing.T) {
	tests := []struct {
		name              string
		from, to          string // of the outbound message
		sender, recipient string // of the inbound one
		delimiter         string
		domains           []string
		want              string
	}{
		{name: "known", from: "user@our.example", to: "friend@example.org", sender: "friend@example.org", recipient: "user@our.example", want: known},
		{name: "in any case", from: "User@Our.Example", to: "Friend@Example.org", sender: "FRIEND@example.ORG", recipient: "uSER@our.example", want: known},
		{name: "any script", from: "user@our.example", to: "friend@b\u00fccher.example", sender: "friend@xn--bcher-kva.example", recipient: "user@our.example", want: known},
		{name: "unknown to another user", from: "user@our.example", to: "friend@example.org", sender: "friend@example.org", recipient: "other@our.example"},
		{name: "another of the domain is unknown", from: "user@our.example", to: "friend@example.org", sender: "other@example.org", recipient: "user@our.example"},
		{name: "written with a tag of ours", from: "user+shop@our.example", to: "friend@example.org", sender: "friend@example.org", recipient: "user@our.example", want: known},
		{name: "answered to a tag of ours", from: "user@our.example", to: "friend@example.org", sender: "friend@example.org", recipient: "user+shop@our.example", want: known},
		{name: "a tag that is none", from: "user@our.example", to: "friend@example.org", sender: "friend@example.org", recipient: "user-shop@our.example"},
		{name: "another delimiter", delimiter: "-", from: "user@our.example", to: "friend@example.org", sender: "friend@example.org", recipient: "user-shop@our.example", want: known},
		{name: "their tag is theirs", from: "user@our.example", to: "friend+x@example.org", sender: "friend@example.org", recipient: "user@our.example"},
		{name: "their tag stays", from: "user@our.example", to: "friend+x@example.org", sender: "friend+x@example.org", recipient: "user@our.example", want: known},
		{name: "they sign", from: "user@our.example", to: "friend@example.org", sender: "prvs=4711abcdef=friend@example.org", recipient: "user@our.example", want: known},
		{name: "we sign", from: "prvs=4711abcdef=user@our.example", to: "friend@example.org", sender: "friend@example.org", recipient: "user@our.example", want: known},
		{name: "forwarders speak for themselves", from: "user@our.example", to: "friend@example.org", sender: "SRS0=ab=cd=example.org=friend@fwd.example", recipient: "user@our.example"},
		{name: "null sender", from: "user@our.example", to: "friend@example.org", sender: "", recipient: "user@our.example"},
		{name: "ourselves", from: "user@our.example", to: "user@our.example", sender: "user@our.example", recipient: "user@our.example"},
		{name: "our own domain", from: "user@our.example", to: "boss@our.example", sender: "boss@our.example", recipient: "user@our.example"},
		{name: "another domain of ours", domains: []string{"our.example", ".ours.example"}, from: "user@our.example", to: "boss@hq.ours.example", sender: "boss@hq.ours.example", recipient: "user@our.example"},
		{name: "another domain, not told", from: "user@our.example", to: "boss@hq.ours.example", sender: "boss@hq.ours.example", recipient: "user@our.example", want: known},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, func(_ *bench, c *whitelist.Config, _ *whitelist.Options) {
				c.LocalDomains = tt.domains
				if tt.delimiter != "" {
					c.RecipientDelimiter = tt.delimiter
				}
			})
			b.Learn(outgoing(tt.from, tt.to), accepted)
			if got := b.symbols(tt.sender, tt.recipient); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A sender that claims to be ours is not even looked up, whatever the store holds.
func TestOwnDomainsAreNeverKnown(t *testing.T) {
	b := newBench(t, func(b *bench, c *whitelist.Config, _ *whitelist.Options) {
		c.LocalDomains = []string{"our.example", "ours.example"}
	})
	senders := []string{"boss@our.example", "boss@ours.example", "bounces+1@example.org", "", "nodomain"}
	if err := b.store.Remember(context.Background(), "user@our.example", senders, b.now(), time.Hour, 100); err != nil {
		t.Fatal(err)
	}
	calls := b.store.Calls()
	for _, sender := range senders {
		got := b.ask(sender, "user@our.example")
		want := []filter.Result{{Source: "auto-whitelist", Kind: filter.Entry}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", sender, diff)
		}
	}
	if got := b.store.Calls() - calls; got != 0 {
		t.Errorf("the store was asked %d times, want 0", got)
	}
}

// What is learned holds at once, before the store has it, and then from the store.
func TestFreshLearningIsSeenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.store.Hang(true)
		b.Learn(outgoing("user@our.example", "friend@example.org"), accepted)
		r := b.ask("friend@example.org", "user@our.example")[0]
		if len(r.Hits) != 1 || r.Cached != 1 || r.Err != nil {
			t.Errorf("while it waits: got %+v, want a hit from memory", r)
		}
		b.store.Hang(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		r = b.ask("friend@example.org", "user@our.example")[0]
		if len(r.Hits) != 1 || r.Cached != 0 || r.Err != nil {
			t.Errorf("once it is stored: got %+v, want a hit from the store", r)
		}
	})
}

// A correspondent is known for the configured days after the last message to it; what it sends itself changes nothing.
func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(_ *bench, c *whitelist.Config, _ *whitelist.Options) { c.AutoWhitelist.ExpireDays = 180 })
		const day = 24 * time.Hour
		write := func() {
			b.Learn(outgoing("user@our.example", "friend@example.org"), accepted)
			synctest.Wait()
		}
		steps := []struct {
			name string
			do   func()
			want string
		}{
			{"just written", write, known},
			{"179 days on", func() { b.advance(179 * day) }, known},
			{"written again", write, known},
			{"again 179 days on", func() { b.advance(179 * day) }, known},
			{"only they wrote", func() { b.advance(day - time.Second) }, known},
			{"180 days on", func() { b.advance(time.Second) }, ""},
			{"written anew", write, known},
		}
		for _, step := range steps {
			step.do()
			if got := b.symbols("friend@example.org", "user@our.example"); got != step.want {
				t.Errorf("%s: got %q, want %q", step.name, got, step.want)
			}
		}
	})
}

// An operator who shortens the time does not have to wait for what is stored to expire.
func TestShortenedExpiry(t *testing.T) {
	b := newBench(t, func(_ *bench, c *whitelist.Config, _ *whitelist.Options) { c.AutoWhitelist.ExpireDays = 7 })
	written := b.now().AddDate(0, 0, -7)
	if err := b.store.Remember(context.Background(), "user@our.example", []string{"friend@example.org"}, written, 4320*time.Hour, 100); err != nil {
		t.Fatal(err)
	}
	if got := b.symbols("friend@example.org", "user@our.example"); got != "" {
		t.Errorf("got %q, want no hit", got)
	}
	all, err := b.Book().Correspondents(context.Background(), "user@our.example")
	if err != nil || len(all) != 0 {
		t.Errorf("Correspondents: got %v, %v, want none", all, err)
	}
}

func TestPerUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(_ *bench, c *whitelist.Config, _ *whitelist.Options) { c.AutoWhitelist.PerUser = 2 })
		for _, friend := range []string{"one", "two", "one", "three"} {
			b.advance(time.Hour)
			b.Learn(outgoing("user@our.example", friend+"@example.org"), accepted)
			synctest.Wait()
		}
		for friend, want := range map[string]string{"one": known, "two": "", "three": known} {
			if got := b.symbols(friend+"@example.org", "user@our.example"); got != want {
				t.Errorf("%s: got %q, want %q", friend, got, want)
			}
		}
	})
}

// A store that fails is a miss that is counted.
func TestStoreErrorIsAMiss(t *testing.T) {
	b := newBench(t, nil)
	refused := errors.New("connection refused")
	b.store.Fail(refused)
	r := b.ask("friend@example.org", "user@our.example")[0]
	if len(r.Hits) != 0 || !errors.Is(r.Err, refused) || !strings.HasPrefix(r.Err.Error(), "store: ") || r.Asked != 1 {
		t.Errorf("got %+v, want a miss with the error", r)
	}
}

// A store that hangs costs each question its limit, until it counts as away; then nothing. Later one question tries it
// again.
func TestDeadStoreCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.store.Hang(true)
		ask := func() (filter.Result, time.Duration) {
			start := time.Now()
			r := b.Check(context.Background(), incoming("friend@example.org", "user@our.example"))[0]
			return r, time.Since(start)
		}
		limit := whitelist.DefaultConfig().StoreLimit
		for i := range 5 {
			if r, took := ask(); !errors.Is(r.Err, context.DeadlineExceeded) || took != limit {
				t.Errorf("question %d: got %v after %v, want the deadline after %v", i, r.Err, took, limit)
			}
		}
		if r, took := ask(); !errors.Is(r.Err, whitelist.ErrAway) || took != 0 || b.store.Calls() != 5 {
			t.Errorf("got %v after %v and %d calls, want %v at once and 5 calls", r.Err, took, b.store.Calls(), whitelist.ErrAway)
		}
		time.Sleep(6 * time.Second)
		if r, took := ask(); !errors.Is(r.Err, context.DeadlineExceeded) || took != limit {
			t.Errorf("the trial: got %v after %v, want the deadline after %v", r.Err, took, limit)
		}
		if r, _ := ask(); !errors.Is(r.Err, whitelist.ErrAway) {
			t.Errorf("after the trial: got %v, want %v", r.Err, whitelist.ErrAway)
		}
		b.store.Hang(false)
		time.Sleep(6 * time.Second)
		for range 2 {
			if r, _ := ask(); r.Err != nil {
				t.Errorf("it is back: got %v, want no error", r.Err)
			}
		}
	})
}

// A session that ends is no fault of the store's.
func TestEndedSessionsDoNotCountAgainstTheStore(t *testing.T) {
	b := newBench(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b.store.Hang(true)
	for range 20 {
		r := b.Check(ctx, incoming("friend@example.org", "user@our.example"))[0]
		if !errors.Is(r.Err, context.Canceled) {
			t.Fatalf("got %v, want %v", r.Err, context.Canceled)
		}
	}
	b.store.Hang(false)
	if r := b.ask("friend@example.org", "user@our.example")[0]; r.Err != nil {
		t.Errorf("got %v, want no error", r.Err)
	}
}
