package whitelist_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/whitelist"
)

// sent returns an outbound message with an id.
func sent(from, id string, to ...string) *message.Message {
	m := outgoing(from, to...)
	m.Header = message.Header{field("Message-ID", " <"+id+">")}
	return m
}

// A correspondent who answers what was sent to him is proven by that, unless his domain disowns the message; from others
// an answer is worth some points.
func TestReplies(t *testing.T) {
	const (
		friend, other = "friend@example.org", "other@example.com"
		yes           = "AUTO_WHITELISTED REPLY_TO_OURS"
		points        = "REPLY_TO_OURS"
		held          = "AUTO_WHITELISTED_HELD=" + friend
	)
	ours := field("In-Reply-To", " <M1@our.example>")
	tests := []struct {
		name     string
		from     string
		fields   []message.Field
		identity string
		to       string
		want     string
	}{
		{"answers", friend, []message.Field{ours}, "", "", held + " | " + yes},
		{"answers late", friend, []message.Field{ours}, "late", "", held + " | " + yes},
		{"answers, with a broken signature", friend, []message.Field{ours}, "spf~:example.org dkim!:example.org", "", held + " | " + yes},
		{"answers, disowned by spf", friend, []message.Field{ours}, "spf!:example.org", "", held + " | [AUTO_WHITELISTED_FORGED]=" + friend + " [REPLY_TO_OURS]"},
		{"answers, disowned by dmarc", friend, []message.Field{ours}, "dmarc!:example.org", "", held + " | [AUTO_WHITELISTED_FORGED]=" + friend + " [REPLY_TO_OURS]"},
		{"answers what was sent to another", friend, []message.Field{field("In-Reply-To", "<M2@our.example>")}, "", "", held + " | [AUTO_WHITELISTED_UNPROVEN]=" + friend + " REPLY_TO_OURS"},
		{"answers another user's", friend, []message.Field{ours}, "", "colleague@our.example", " | "},
		{"a stranger answers", "a@else.example", []message.Field{ours}, "", "", " | " + points},
		{"a stranger answers, disowned", "a@else.example", []message.Field{ours}, "dmarc!:else.example", "", " | [REPLY_TO_OURS]"},
		{"to a tag of the user's", "a@else.example", []message.Field{ours}, "", "User+x@our.example", " | " + points},
		{"in a thread", "a@else.example", []message.Field{field("References", "<a@b>\n <M1@our.example>\n\t<c@d>")}, "", "", " | " + points},
		{"with a phrase", "a@else.example", []message.Field{field("In-Reply-To", "Your message of Monday <M1@our.example> (urgent)")}, "", "", " | " + points},
		{"with a fold in the id", "a@else.example", []message.Field{field("In-Reply-To", "<M1@\n our.example>")}, "", "", " | " + points},
		{"an id in another case is another", "a@else.example", []message.Field{field("In-Reply-To", "<m1@our.example>")}, "", "", " | "},
		{"nothing of ours", "a@else.example", []message.Field{field("In-Reply-To", "<M3@our.example>")}, "", "", " | "},
		{"no id", "a@else.example", []message.Field{field("In-Reply-To", "M1@our.example")}, "", "", " | "},
		{"behind more ids than are looked at", "a@else.example", []message.Field{field("References", "<M1@our.example> "+manyIDs(10))}, "", "", " | "},
		{"the last of them", "a@else.example", []message.Field{field("References", "<M1@our.example> "+manyIDs(9))}, "", "", " | " + points},
		{"In-Reply-To behind a long thread", "a@else.example", []message.Field{field("References", manyIDs(500)), ours}, "", "", " | " + points},
	}
	for _, stored := range []bool{false, true} {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s, stored %v", tt.name, stored), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBench(t, nil)
					b.store.Hang(!stored)
					b.auth.Of = func(*message.Message) *message.Identity { return identity(tt.identity) }
					b.Learn(sent("user@our.example", "M1@our.example", friend, other), accepted)
					b.Learn(sent("user@our.example", "M2@our.example", other), accepted)
					if stored {
						synctest.Wait()
					}
					got := b.story(whole(tt.from, tt.from, orElse(tt.to, "user@our.example"), tt.fields...))
					if !stored { // what waits for the store is known, and what the store would know is not
						got = strings.ReplaceAll(got, " error", "")
						got = strings.ReplaceAll(got, "error", "")
					}
					if want := tt.want; strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
						t.Errorf("got  %s\nwant %s", got, want)
					}
					b.store.Hang(false)
				})
			})
		}
	}
}

func manyIDs(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "<x%d@else.example>\n ", i)
	}
	return b.String()
}

func TestRepliesExpireAndAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const day = 24 * time.Hour
		b := newBench(t, func(_ *bench, c *whitelist.Config, _ *whitelist.Options) {
			c.AutoWhitelist.Replies.ExpireDays, c.AutoWhitelist.Replies.PerUser, c.AutoWhitelist.Replies.Score = 7, 2, -1.5
		})
		for i := range 3 {
			b.advance(time.Hour)
			b.Learn(sent("user@our.example", fmt.Sprint("m", i, "@our.example"), "friend@example.org"), accepted)
			synctest.Wait()
		}
		answers := func(id string) float64 {
			m := whole("a@else.example", "a@else.example", "user@our.example", field("In-Reply-To", "<"+id+">"))
			score := 0.0
			for _, r := range b.Proof().Check(context.Background(), m) {
				for _, h := range r.Hits {
					score += h.Score
				}
			}
			return score
		}
		for id, want := range map[string]float64{"m0@our.example": 0, "m1@our.example": -1.5, "m2@our.example": -1.5} {
			if got := answers(id); got != want {
				t.Errorf("%s: got %g, want %g", id, got, want)
			}
		}
		b.advance(7*day - time.Hour)
		if got := answers("m1@our.example") + answers("m2@our.example"); got != -1.5 {
			t.Errorf("when the first is seven days old: got %g, want -1.5", got)
		}
		b.advance(time.Hour)
		if got := answers("m2@our.example"); got != 0 {
			t.Errorf("seven days on: got %g, want 0", got)
		}
	})
}

// What teaches no correspondent teaches no id.
func TestWhatTeachesNoID(t *testing.T) {
	automatic := sent("user@our.example", "auto@our.example", "friend@example.org")
	automatic.Header = append(automatic.Header, field("Auto-Submitted", "auto-replied"))
	twice := sent("user@our.example", "a@our.example", "friend@example.org")
	twice.Header = append(twice.Header, field("Message-Id", "<b@our.example>"))
	tests := []struct {
		name    string
		message *message.Message
		verdict *filter.Verdict
		id      string
	}{
		{"inbound", whole("a@else.example", "a@else.example", "friend@example.org", field("Message-ID", "<in@our.example>")), accepted, "in@our.example"},
		{"automatic", automatic, accepted, "auto@our.example"},
		{"refused", sent("user@our.example", "refused@our.example", "friend@example.org"), &filter.Verdict{Action: filter.Reject, Class: filter.ClassOutbound}, "refused@our.example"},
		{"among ourselves", sent("user@our.example", "inner@our.example", "boss@our.example"), accepted, "inner@our.example"},
		{"two ids", twice, accepted, "a@our.example"},
		{"off", sent("user@our.example", "off@our.example", "friend@example.org"), accepted, "off@our.example"},
	}
	for _, tt := range tests {
		b := newBench(t, func(_ *bench, c *whitelist.Config, _ *whitelist.Options) {
			c.AutoWhitelist.Replies.Enabled = tt.name != "off"
		})
		b.Learn(tt.message, tt.verdict)
		if got := b.story(whole("x@else.example", "x@else.example", "user@our.example", field("In-Reply-To", "<"+tt.id+">"))); got != " | " {
			t.Errorf("%s: got %q, want nothing", tt.name, got)
		}
	}
}
