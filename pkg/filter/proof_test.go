package filter_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/filter"
	"winnow/pkg/filter/filtertest"
	"winnow/pkg/message"
)

// claims holds "friend@…", "forger@…" and "gone@…" at RCPT, "off-friend@…" and "off-forger@…" though they have not enabled
// filtering. Of those the friends are proven in the end; that of gone is never known. "late@…" is found by its author only.
func claims() []filter.Stage {
	envelope := &filtertest.Stage{Named: "whitelist", At: filter.Envelope, Answer: func(_ context.Context, m *message.Message) []filter.Result {
		local, _, _ := strings.Cut(m.Recipient, "@")
		r := filter.Result{Source: "auto-whitelist", Kind: filter.Entry, Asked: 1}
		switch local {
		case "friend", "forger", "gone", "off-friend", "off-forger", "friend2":
			r.Hits = []filter.Hit{{Symbol: "HELD", Standing: filter.Held, Claim: "x@example.net"}}
		}
		off := filter.Result{Source: "enabled", Kind: filter.Entry, Asked: 1}
		if strings.HasPrefix(local, "off-") {
			off.Hits = []filter.Hit{{Symbol: "NOT_ENABLED", Standing: filter.NotEnabled}}
		}
		return []filter.Result{r, off}
	}}
	proof := &filtertest.Stage{Named: "whitelist", At: filter.Proof, Answer: func(_ context.Context, m *message.Message) []filter.Result {
		local, _, _ := strings.Cut(m.Recipient, "@")
		r := filter.Result{Source: "auto-whitelist", Kind: filter.Entry, Asked: 1}
		switch local {
		case "friend", "friend2", "off-friend", "late":
			r.Hits = []filter.Hit{{Symbol: "PROVEN", Standing: filter.Whitelisted}}
		case "forger", "off-forger":
			r.Hits = []filter.Hit{{Symbol: "FORGED", Observe: true, Claim: "x@example.net", Forged: true}}
		case "gone":
			r.Err = errors.New("timeout")
		case "replied", "replied2":
			r.Hits = []filter.Hit{{Symbol: "REPLY", Score: -2}}
		}
		return []filter.Result{r}
	}}
	return []filter.Stage{envelope, proof}
}

// What is held at RCPT is settled at the end, and the most lenient recipient decides.
func TestHeldRecipients(t *testing.T) {
	plain := filter.DefaultConfig()
	rescues := plain
	rescues.WhitelistRescues = true
	zen := listed(filter.Reject, 0)
	tests := []struct {
		name       string
		config     filter.Config
		stages     []filter.Stage
		recipients string
		accepted   string // at RCPT
		class      filter.Class
		action     filter.Action
		weakened   filter.Action
		standings  string
	}{
		{"proven passes", plain, []filter.Stage{points(16)}, "friend", "friend", filter.ClassWhitelisted, filter.Accept, filter.None, "whitelisted"},
		{"unproven is scanned", plain, []filter.Stage{points(16)}, "forger", "forger", filter.ClassScanned, filter.Reject, filter.None, "scan"},
		{"known by the author only", plain, []filter.Stage{points(16)}, "late", "late", filter.ClassWhitelisted, filter.Accept, filter.None, "whitelisted"},
		{"proven beside unproven", plain, []filter.Stage{points(16)}, "friend forger", "friend forger", filter.ClassScanned, filter.Tag, filter.Reject, "whitelisted scan"},
		{"unproven and not enabled", plain, []filter.Stage{points(16)}, "off-forger", "off-forger", filter.ClassNotEnabled, filter.Accept, filter.None, "not enabled"},
		{"proven and not enabled", plain, []filter.Stage{points(16)}, "off-friend", "off-friend", filter.ClassWhitelisted, filter.Accept, filter.None, "whitelisted"},
		{"a blacklist does not wait", plain, nil, "black", "", filter.ClassBlacklisted, filter.Reject, filter.None, "blacklisted"},

		{"a listed client is refused at once", plain, []filter.Stage{zen}, "friend forger", "", filter.NoMessage, filter.Reject, filter.None, "held held"},
		{"rescued by proof", rescues, []filter.Stage{zen, points(16)}, "friend", "friend", filter.ClassWhitelisted, filter.Accept, filter.None, "whitelisted"},
		{"refused for want of proof", rescues, []filter.Stage{zen}, "forger", "forger", filter.NoMessage, filter.Reject, filter.None, "scan"},
		{"put off where proof was not to be had", rescues, []filter.Stage{zen}, "gone", "gone", filter.NoMessage, filter.Defer, filter.None, "scan"},
		{"refused to all for want of proof", rescues, []filter.Stage{zen}, "forger off-forger a", "forger off-forger", filter.NoMessage, filter.Reject, filter.None, "scan not enabled scan"},
		{"the lenient decides", rescues, []filter.Stage{zen}, "friend forger", "friend forger", filter.ClassScanned, filter.Tag, filter.Reject, "whitelisted scan"},
		{"nobody refuses postmaster", rescues, []filter.Stage{zen}, "forger postmaster", "forger postmaster", filter.ClassScanned, filter.Tag, filter.Reject, "scan scan"},
		{"beside one not enabled", rescues, []filter.Stage{zen}, "friend off-forger", "friend off-forger", filter.ClassNotEnabled, filter.Tag, filter.Reject, "whitelisted not enabled"},
		{"all proven", rescues, []filter.Stage{zen, points(16)}, "friend friend2", "friend friend2", filter.ClassWhitelisted, filter.Accept, filter.None, "whitelisted whitelisted"},
		{"caught all the same", rescues, []filter.Stage{zen, points(16)}, "friend forger", "friend forger", filter.ClassScanned, filter.Tag, filter.Reject, "whitelisted scan"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := &message.Message{Client: stranger, Sender: "x@example.net"}
			var recipients []string
			for _, r := range strings.Fields(test.recipients) {
				recipients = append(recipients, r+"@our.example")
			}
			v := run(pipeline(test.config, append(append(test.stages, standings()), claims()...)...), m, recipients...)
			var got []string
			for _, r := range v.Recipients {
				got = append(got, r.Standing.String())
			}
			accepted := strings.ReplaceAll(strings.Join(m.Recipients, " "), "@our.example", "")
			if accepted != test.accepted || v.Class != test.class || v.Action != test.action || v.Weakened != test.weakened || strings.Join(got, " ") != test.standings {
				t.Errorf("accepted %q, class %v, action %v, weakened %v, %v; want %q, %v, %v, %v, %s",
					accepted, v.Class, v.Action, v.Weakened, got, test.accepted, test.class, test.action, test.weakened, test.standings)
			}
			if wantCaught := v.Class == filter.ClassScanned && v.Total >= 5; v.Caught != wantCaught {
				t.Errorf("caught %v at %g points", v.Caught, v.Total)
			}
			if !v.AcceptedAny() && v.Connection.Refused() && (v.Decider == nil || v.Decider.Source != "zen") {
				t.Errorf("decided by %+v, want the list of the connection", v.Decider)
			}
		})
	}
}

// A reply speaks for a message once, however many recipients wrote what it answers.
func TestReasonsOfProofCountOnce(t *testing.T) {
	v := run(pipeline(filter.DefaultConfig(), append(claims(), points(6))...), &message.Message{Client: stranger}, "replied@our.example", "a@our.example", "replied2@our.example")
	if v.Total != 4 || v.Caught || v.Class != filter.ClassScanned {
		t.Errorf("got %g, caught %v, want 4 and not", v.Total, v.Caught)
	}
}

// Who knows the sender already, or wants no filtering, is not asked about; nor is outbound mail.
func TestWhoIsAskedForProof(t *testing.T) {
	var asked []string
	proof := &filtertest.Stage{Named: "whitelist", At: filter.Proof, Answer: func(_ context.Context, m *message.Message) []filter.Result {
		asked = append(asked, m.Recipient+" "+string(m.Body))
		return nil
	}}
	ask := func(m *message.Message, recipients ...string) {
		run(pipeline(filter.DefaultConfig(), standings(), claims()[0], proof), m, recipients...)
	}
	ask(&message.Message{Client: stranger, Body: []byte("text")}, "white@our.example", "a@our.example", "off@our.example", "black@our.example", "postmaster@our.example", "forger@our.example")
	ask(&message.Message{Client: stranger, User: "alice"}, "a@our.example")
	want := []string{"a@our.example text", "postmaster@our.example text", "forger@our.example text"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("asked about (-want +got):\n%s", diff)
	}
}

// A proof stage that hangs costs its limit once, and those after it are not asked.
func TestProofThatHangs(t *testing.T) {
	c := filter.DefaultConfig()
	c.Limits.Content = 1
	release := make(chan struct{})
	defer close(release)
	hangs := &filtertest.Stage{Named: "stuck", At: filter.Proof, Answer: func(context.Context, *message.Message) []filter.Result { <-release; return nil }}
	v := run(pipeline(c, hangs), &message.Message{Client: stranger}, "a@our.example", "b@our.example", "c@our.example")
	if got := strings.Join(v.Errors(), "|"); strings.Count(got, "stuck: did not return") > 1 || !strings.Contains(got, "no time left") {
		t.Errorf("got %q, want one stage that did not return and no time for the rest", got)
	}
	if v.Class != filter.ClassScanned || v.Action != filter.Accept {
		t.Errorf("got %v, %v, want scanned, accept", v.Class, v.Action)
	}
}

func BenchmarkProof(b *testing.B) {
	p := pipeline(filter.DefaultConfig(), append(claims(), points(2))...)
	b.ReportAllocs()
	for b.Loop() {
		run(p, &message.Message{Client: stranger}, "a@example.org")
	}
}
