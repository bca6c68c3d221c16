package milter_test

import (
	"context"
	"encoding/hex"
	"errors"
	"net"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/filter/filtertest"
	"winnow/pkg/message"
	"winnow/pkg/milter"
	"winnow/pkg/milter/miltertest"
)

// greet brings a connection to where messages begin.
func greet(t testing.TB, c *miltertest.Client, address string) {
	t.Helper()
	if err := c.Negotiate(miltertest.Postfix); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Connect("client.example", '4', address); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Helo("client.example"); err != nil {
		t.Fatal(err)
	}
}

func deliver(t testing.TB, c *miltertest.Client, m *miltertest.Mail) miltertest.Outcome {
	t.Helper()
	o, err := c.Deliver(m)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

var small = &miltertest.Mail{
	QueueID: "4F2", Sender: "a@example.org", Recipients: []string{"b@example.net"},
	Header: [][2]string{{"From", " a@example.org"}, {"Subject", " hello"}}, Body: []byte("Hello\r\n"),
}

// Frames that lie end the session, are told once, and leave the next session alone.
func TestLies(t *testing.T) {
	for _, tt := range []struct {
		name, hex string
		want      string // in the log
	}{
		{"no length", "00000000", "a frame of 0 octets"},
		{"over the limit", "00100001 42", "a frame of 1048577 octets"},
		{"all the length there is", "ffffffff 42", "a frame of 4294967295 octets"},
		{"unknown command", "00000001 7a", `unknown command 'z'`},
		{"field with one string", "00000003 4c 41 00", "1 strings"},
		{"field without name", "00000004 4c 00 41 00", "empty name"},
		{"odd macros", "00000004 44 4d 69 00", "no pairs"},
		{"macros for nothing", "00000001 44", "no command"},
		{"second offer", "0000000d 4f 00000006 000001ff 001fffff", "out of order"},
		{"second client", "00000004 43 41 00 55", "out of order"},
		{"recipient without end", "00000002 52 3c", "0 strings"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, nil)
			c := s.dial()
			greet(t, c, "192.0.2.1")
			if _, err := c.Mail("<a@example.org>"); err != nil {
				t.Fatal(err)
			}
			if r, err := c.Rcpt("<b@example.net>"); err != nil || r.Code != 'c' {
				t.Fatal(r, err)
			}
			raw, err := hex.DecodeString(strings.ReplaceAll(tt.hex, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Raw(raw); err != nil {
				t.Fatal(err)
			}
			if err := c.AwaitClose(); err != nil {
				t.Error(err)
			}
			next := s.dial()
			greet(t, next, "192.0.2.2")
			if o := deliver(t, next, small); o.Reply.Code != 'a' {
				t.Errorf("the next session is told %v", o.Reply)
			}
			if err := next.Quit(); err != nil {
				t.Error(err)
			}
			if told := s.stop(); len(told) != 4 {
				t.Errorf("told %q, want two messages and two connections", told)
			}
			warned := s.logged.FilterMessageSnippet("session ended before its time").All()
			if len(warned) != 1 || !strings.Contains(warned[0].ContextMap()["error"].(string), tt.want) {
				t.Errorf("logged %v, want one line with %q", warned, tt.want)
			}
		})
	}
}

// Each copy of a field of ours that is to be removed costs the MTA a search through the message: who sends thousands is
// refused, and counts as nobody who sent a message.
func TestTooManyCopies(t *testing.T) {
	copies := func(n int) *miltertest.Mail {
		m := *small
		for i := range n {
			m.Header = append(m.Header, [2]string{[]string{"x-spam-FLAG", "X-Spam-Level"}[i%2], " NO"})
		}
		return &m
	}
	s := start(t, nil)
	c := s.dial()
	greet(t, c, "192.0.2.1")
	if o := deliver(t, c, copies(50)); o.Reply.Code != 'a' {
		t.Errorf("50 copies: got %v, want them removed", o.Reply)
	}
	if o := deliver(t, c, copies(51)); o.Reply.Text() != "550 5.7.1 [id-2] Too many header fields by names that only this host may use" {
		t.Errorf("51 copies: got %v, want a refusal", o.Reply)
	}
	if err := c.Quit(); err != nil {
		t.Error(err)
	}
	if told := s.stop(); len(told) != 3 || !strings.Contains(told[1], "class=none") {
		t.Errorf("told %q, want no class for the second message", told)
	}
}

// The same goes for fields in our name; those of others may be as many as they are.
func TestTooManyClaims(t *testing.T) {
	claims := func(id string, n int) *miltertest.Mail {
		m := *small
		for range n {
			m.Header = append(m.Header, [2]string{"Authentication-Results", " " + id + "; none"})
		}
		return &m
	}
	s := start(t, func(c *milter.Config, d *milter.Deps) {
		c.AuthservID = "mx.our.example"
		d.Auth = func() milter.Identifier { return miltertest.Identifier{} }
	})
	c := s.dial()
	greet(t, c, "192.0.2.1")
	if o := deliver(t, c, claims("mx.other.example", 2500)); o.Reply.Code != 'a' {
		t.Errorf("other hosts': got %v, want them left alone", o.Reply)
	}
	if o := deliver(t, c, claims("mx.our.example", 50)); o.Reply.Code != 'a' {
		t.Errorf("50 of ours: got %v, want them removed", o.Reply)
	}
	if o := deliver(t, c, claims("mx.our.example", 51)); o.Reply.Text() != "550 5.7.1 [id-3] Too many header fields by names that only this host may use" {
		t.Errorf("51 of ours: got %v, want a refusal", o.Reply)
	}
	// behind as much of a header as is kept
	m := claims("mx.other.example", 2500)
	m.Header = append(m.Header, [2]string{"Authentication-Results", " mx.our.example; none"})
	removed := func(r miltertest.Reply) bool { return r.String() == "m 2501 Authentication-Results:" }
	if o := deliver(t, c, m); !slices.ContainsFunc(o.Changes, removed) {
		t.Errorf("behind 2500 others: got %v, want it removed", o.Changes)
	}
}

// A peer that stalls is given up, wherever it does.
func TestStalls(t *testing.T) {
	for _, tt := range []struct {
		name string
		say  func(c *miltertest.Client) error
		want string
	}{
		{"says nothing", func(*miltertest.Client) error { return nil }, "nothing came"},
		{"half an offer", func(c *miltertest.Client) error { return c.Raw([]byte{0, 0, 0, 13, 'O', 0}) }, "read_timeout"},
		{"half a length", func(c *miltertest.Client) error {
			return errors.Join(c.Negotiate(miltertest.Postfix), c.Raw([]byte{0, 0}))
		}, "read_timeout"},
		{"half a body", func(c *miltertest.Client) error {
			return errors.Join(c.Negotiate(miltertest.Postfix), c.Raw([]byte("\x00\x00\x40\x00Babc")))
		}, "read_timeout"},
		{"no command", func(c *miltertest.Client) error { return c.Negotiate(miltertest.Postfix) }, "nothing came"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, func(c *milter.Config, _ *milter.Deps) {
				c.ReadTimeout, c.IdleTimeout = 500*time.Millisecond, 600*time.Millisecond
			})
			c := s.dial()
			if err := tt.say(c); err != nil {
				t.Fatal(err)
			}
			if err := c.AwaitClose(); err != nil {
				t.Error(err)
			}
			s.stop()
			warned := s.logged.FilterMessageSnippet("session ended before its time").All()
			if len(warned) != 1 || !strings.Contains(warned[0].ContextMap()["error"].(string), tt.want) {
				t.Errorf("logged %v, want one line with %q", warned, tt.want)
			}
		})
	}
}

// A peer that does not read its answers is given up too.
func TestStallsReading(t *testing.T) {
	s := start(t, func(c *milter.Config, _ *milter.Deps) { c.WriteTimeout = 500 * time.Millisecond })
	near, far := net.Pipe() // has no room for what is not read
	s.ServeConn(far)
	c := miltertest.NewClient(near)
	greet(t, c, "192.0.2.1")
	if _, err := c.Mail("<a@example.org>"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Send('R', []byte("<b@example.net>\x00")), c.Flush()); err != nil {
		t.Fatal(err)
	}
	if told := s.stop(); len(told) != 2 {
		t.Errorf("told %q, want a message and a connection", told)
	}
	if n := s.logged.FilterMessageSnippet("session ended before its time").Len(); n != 1 {
		t.Errorf("%d lines logged, want 1", n)
	}
}

// The real pipeline: CONNECT and MAIL are not held up by a slow list; the first RCPT waits for it.
func TestPipelineAnswersAtRecipient(t *testing.T) {
	answer := make(chan struct{})
	slow := &filtertest.Stage{Named: "dnsbl", At: filter.Connect, Answer: func(context.Context, *message.Message) []filter.Result {
		<-answer
		return []filter.Result{{Source: "zen", Asked: 1, Hits: []filter.Hit{{
			Symbol: "ZEN_XBL", Action: filter.Reject, Text: "Client host [192.0.2.9] listed by Spamhaus ZEN (XBL); see https://check.example/192.0.2.9",
		}}}}
	}}
	policy := filter.DefaultConfig()
	pipeline := filter.NewPipeline([]filter.Stage{slow}, policy.Limits, filter.NewPolicy(policy))
	s := start(t, func(_ *milter.Config, d *milter.Deps) { d.Filter = func() milter.Filter { return pipeline } })
	c := s.dial()
	greet(t, c, "192.0.2.9")
	if _, err := c.Mail("<a@example.org>"); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	close(answer)
	r, err := c.Rcpt("<b@example.net>")
	if err != nil {
		t.Fatal(err)
	}
	const want = "550 5.7.1 [id-1] Client host [192.0.2.9] listed by Spamhaus ZEN (XBL); see https://check.example/192.0.2.9"
	if r.Code != 'y' || r.Text() != want {
		t.Errorf("got %c %q, want y %q", r.Code, r.Text(), want)
	}
	if r, err := c.Rcpt("<postmaster@example.net>"); err != nil || r.Code != 'c' {
		t.Errorf("postmaster: got %v, %v", r, err)
	}
	if err := c.Quit(); err != nil {
		t.Error(err)
	}
	told := s.stop()
	if len(told) != 2 || !strings.HasSuffix(told[1], "action=reject refused=false") {
		t.Errorf("told %q", told)
	}
}

// The real pipeline over a whole message, with points from a list and from rules.
func TestPipelineTags(t *testing.T) {
	policy := filter.DefaultConfig()
	stages := []filter.Stage{
		filtertest.List("dnsbl", filter.Connect, "zen"),
		filtertest.List("uribl", filter.Content, "uribl", filter.Hit{Symbol: "URIBL_BLACK", Score: 3.25}),
		filtertest.Rules(filter.Hit{Symbol: "ADVANCE_FEE_5", Score: 2.5}, filter.Hit{Symbol: "SEEN", Score: 9, Observe: true}),
	}
	pipeline := filter.NewPipeline(stages, policy.Limits, filter.NewPolicy(policy))
	s := start(t, func(_ *milter.Config, d *milter.Deps) { d.Filter = func() milter.Filter { return pipeline } })
	c := s.dial()
	greet(t, c, "192.0.2.1")
	o := deliver(t, c, small)
	want := []string{
		"h X-Spam-Flag: YES",
		`h X-Spam-Status: Yes, score=5.75 required=5.0 class=scanned tests=URIBL_BLACK,\n\tADVANCE_FEE_5`,
		"h X-Spam-Level: *****",
		"h X-Spam-Score: 5.75",
	}
	for i, change := range o.Changes {
		if i >= len(want) || change.String() != want[i] {
			t.Errorf("change %d: got %s", i, change)
		}
	}
	if len(o.Changes) != len(want) || o.Reply.Code != 'a' {
		t.Errorf("got %d changes and %v", len(o.Changes), o.Reply)
	}
}

// held is a filter whose connect verdict comes when the test wants.
type held struct {
	miltertest.Filter
	asked, answer chan struct{}
	ctx           atomic.Pointer[context.Context]
}

func (h *held) Connect(ctx context.Context, c message.Client) *filter.Verdict {
	h.ctx.Store(&ctx)
	close(h.asked)
	<-h.answer
	return h.Filter.Connect(ctx, c)
}

// What was asked about a client counts although it is gone: it is neither given up nor forgotten.
func TestVerdictOutlivesClient(t *testing.T) {
	h := &held{asked: make(chan struct{}), answer: make(chan struct{})}
	s := start(t, func(_ *milter.Config, d *milter.Deps) { d.Filter = func() milter.Filter { return h } })
	c := s.dial()
	greet(t, c, "203.0.113.1")
	if err := c.Quit(); err != nil { // the server has closed its end
		t.Fatal(err)
	}
	<-h.asked
	if err := (*h.ctx.Load()).Err(); err != nil {
		t.Errorf("the question is given up: %v", err)
	}
	if told := s.account.Lines(); len(told) != 0 {
		t.Errorf("told %q before the verdict is there", told)
	}
	close(h.answer)
	if told := s.stop(); len(told) != 1 || !strings.HasSuffix(told[0], "action=reject refused=true") {
		t.Errorf("told %q", told)
	}
}

// A connection keeps the filter it began with; the next one has the new one.
func TestReload(t *testing.T) {
	var strict atomic.Bool
	s := start(t, func(_ *milter.Config, d *milter.Deps) {
		d.Filter = func() milter.Filter {
			policy := filter.DefaultConfig()
			var stages []filter.Stage
			if strict.Load() {
				stages = append(stages, filtertest.Rules(filter.Hit{Symbol: "STRICT", Score: 20}))
			}
			return filter.NewPipeline(stages, policy.Limits, filter.NewPolicy(policy))
		}
	})
	old := s.dial()
	greet(t, old, "192.0.2.1")
	if o := deliver(t, old, small); o.Reply.Code != 'a' {
		t.Errorf("before: got %v", o.Reply)
	}
	strict.Store(true)
	young := s.dial()
	greet(t, young, "192.0.2.1")
	if o := deliver(t, old, small); o.Reply.Code != 'a' {
		t.Errorf("the connection under way: got %v", o.Reply)
	}
	if o := deliver(t, young, small); o.Reply.Code != 'y' {
		t.Errorf("the new connection: got %v", o.Reply)
	}
}

// What is kept of a large message is bounded in fact, not only in what the message says.
func TestMemory(t *testing.T) {
	const limit = 4 << 20
	many := make([][2]string, 60_000)
	for i := range many {
		many[i] = [2]string{"X-Filler-" + strconv.Itoa(i), " " + strings.Repeat("x", 100)}
	}
	body, header := *small, *small
	body.Body = make([]byte, 60_000_000)
	header.Header = many
	for name, m := range map[string]*miltertest.Mail{"body": &body, "header": &header} {
		var base, most runtime.MemStats
		s := start(t, func(_ *milter.Config, d *milter.Deps) {
			d.Account.(*miltertest.Account).OnMessage = func(*message.Message, *filter.Verdict) {
				runtime.GC()
				runtime.ReadMemStats(&most)
			}
		})
		c := s.dial()
		greet(t, c, "192.0.2.1")
		runtime.GC()
		runtime.ReadMemStats(&base)
		deliver(t, c, m)
		s.stop()
		if grown := int64(most.HeapAlloc) - int64(base.HeapAlloc); grown > limit {
			t.Errorf("the heap grew by %d octets over a message with a large %s, want at most %d", grown, name, limit)
		}
	}
}

// What the operator should change on the MTA's side is said once, not with each message.
func TestSaidOnce(t *testing.T) {
	s := start(t, nil)
	c := s.dial()
	if err := c.Negotiate(miltertest.Offer{Version: 2}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Connect("client.example", '4', "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	m := *small
	m.QueueID, m.Header = "", [][2]string{{"Subject", " quarantine"}}
	for range 3 {
		if o := deliver(t, c, &m); o.Reply.Code != 'a' {
			t.Errorf("got %v", o.Reply)
		}
	}
	s.stop()
	for _, about := range []string{"cannot hold messages", "tells no queue ids"} {
		if n := s.logged.FilterMessageSnippet(about).Len(); n != 1 {
			t.Errorf("%q is said %d times", about, n)
		}
	}
}
