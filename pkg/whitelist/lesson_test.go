package whitelist_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/whitelist"
)

// What a message teaches, and what it must not.
func TestLearn(t *testing.T) {
	with := func(name, value string) func(*message.Message, *filter.Verdict) {
		return func(m *message.Message, _ *filter.Verdict) {
			m.Header = message.Header{field("From", " user@our.example"), field(name, value)}
		}
	}
	recipients := func(n int) func(*message.Message, *filter.Verdict) {
		return func(m *message.Message, _ *filter.Verdict) {
			for i := range n - 1 {
				m.Recipients = append(m.Recipients, fmt.Sprintf("r%d@example.net", i))
			}
		}
	}
	action := func(a filter.Action) func(*message.Message, *filter.Verdict) {
		return func(_ *message.Message, v *filter.Verdict) { v.Action = a }
	}
	sender := func(s string) func(*message.Message, *filter.Verdict) {
		return func(m *message.Message, _ *filter.Verdict) { m.Sender = s }
	}
	tests := []struct {
		name string
		set  func(m *message.Message, v *filter.Verdict)
		want bool
	}{
		{"a person writes", func(*message.Message, *filter.Verdict) {}, true},
		{"from our own network", func(m *message.Message, _ *filter.Verdict) { m.User, m.Client.Own = "", true }, true},
		{"from outside", func(m *message.Message, _ *filter.Verdict) { m.User = "" }, false},
		{"tagged", action(filter.Tag), true},
		{"held", action(filter.Quarantine), false},
		{"deferred", action(filter.Defer), false},
		{"refused", action(filter.Reject), false},
		{"thrown away", action(filter.Discard), false},
		{"never finished", action(filter.None), false},
		{"null sender", sender(""), false},
		{"sender without a domain", sender("root"), false},
		{"sender in a foreign domain", sender("user@else.example"), false},
		{"forwarded by us", sender("SRS0=ab=cd=example.net=other@our.example"), false},
		{"sent by our list manager", sender("list-bounces+friend=example.org@our.example"), false},
		{"50 recipients", recipients(50), true},
		{"51 recipients", recipients(51), false},
		{"automatic", with("Auto-Submitted", " auto-replied (vacation)"), false},
		{"automatic, said badly", with("auto-submitted", ""), false},
		{"not automatic", with("Auto-Submitted", "\r\n No; x=y"), true},
		{"precedence bulk", with("Precedence", " Bulk"), false},
		{"precedence list", with("Precedence", " list (x)"), false},
		{"precedence junk", with("Precedence", "junk"), false},
		{"precedence first-class", with("Precedence", " first-class"), true},
		{"wants no automatic answers", with("X-Auto-Response-Suppress", " DR, OOF,AutoReply"), false},
		{"wants no answers at all", with("X-Auto-Response-Suppress", " All"), false},
		{"wants no receipts", with("X-Auto-Response-Suppress", " DR, RN, NRN"), true},
		{"list mail", with("List-Id", " <list.our.example>"), false},
		{"newsletter", with("list-unsubscribe", " <mailto:off@our.example>"), false},
		{"no list's field", with("Listing", " x"), true},
		{"read receipt", with("Content-Type", " multipart/report; report-type=disposition-notification"), false},
		{"other type", with("Content-Type", " multipart/mixed; boundary=x"), true},
		{"old autoresponder", with("X-Autoreply", " yes"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, func(_ *bench, c *whitelist.Config, _ *whitelist.Options) { c.LocalDomains = []string{"our.example"} })
			m := outgoing("user@our.example", "friend@example.org")
			v := &filter.Verdict{Action: filter.Accept}
			tt.set(m, v)
			b.Learn(m, v)
			if got := b.symbols("friend@example.org", "user@our.example") == known; got != tt.want {
				t.Errorf("got learned %v, want %v", got, tt.want)
			}
			if !tt.want {
				if got := b.Learned(); got != (whitelist.Counts{}) {
					t.Errorf("something else was learned: %+v", got)
				}
			}
		})
	}
}

func TestLearnWithoutAVerdict(t *testing.T) {
	b := newBench(t, nil)
	b.Learn(outgoing("user@our.example", "friend@example.org"), nil)
	if got := b.Learned(); got != (whitelist.Counts{}) {
		t.Errorf("got %+v, want nothing learned", got)
	}
}

// Of the recipients only those teach who can answer, each once.
func TestWhoIsLearned(t *testing.T) {
	b := newBench(t, func(_ *bench, c *whitelist.Config, _ *whitelist.Options) {
		c.LocalDomains = []string{"our.example", ".ours.example"}
	})
	b.Learn(outgoing("User+x@our.example",
		"Friend@Example.org", "friend@example.org", "other+tag@example.net", "boss@our.example", "a@b.ours.example",
		"SRS0=ab=cd=example.net=x@fwd.example", "prvs=4711abcdef=signed@example.org", "btv1==0817==signed@example.org",
		"list-bounces@example.org", "list+user=our.example@example.org", "local", "",
	), accepted)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	all, err := b.store.Correspondents(context.Background(), "user@our.example")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for remote := range all {
		got = append(got, remote)
	}
	slices.Sort(got)
	if want := []string{"friend@example.org", "other+tag@example.net"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if users, err := b.store.Locals(context.Background()); err != nil || !slices.Equal(users, []string{"user@our.example"}) {
		t.Errorf("local users: got %q, %v, want only user@our.example", users, err)
	}
}
