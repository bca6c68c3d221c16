package filter_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"winnow/pkg/filter"
	"winnow/pkg/filter/filtertest"
	"winnow/pkg/message"
)

// Whatever is configured, answered and broken: who is never to be refused is not.
func TestInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		config := drawConfig(t)
		m := &message.Message{Client: stranger, Sender: "s@example.net", Size: int64(rapid.SampledFrom([]int{0, 1 << 20}).Draw(t, "size"))}
		if rapid.Bool().Draw(t, "login") {
			m.User = "alice"
		}
		m.Client.Relay = rapid.Bool().Draw(t, "relay")
		stages := []filter.Stage{drawStage(t, filter.Connect), drawStage(t, filter.Envelope), drawStage(t, filter.Proof), drawStage(t, filter.Content), standings()}
		stages = append(stages, claims()...)
		names := []string{"a", "b", "white", "black", "off", "postmaster", "friend", "forger", "gone", "late", "off-friend", "off-forger"}
		var recipients []string
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, len(names), rapid.ID).Draw(t, "recipients") {
			recipients = append(recipients, name+"@our.example")
		}
		v := run(pipeline(config, stages...), m, recipients...)

		again, complete := filter.NewPolicy(config).Again(m, v)
		if diff := cmp.Diff(v, again, cmpopts.IgnoreFields(filter.Verdict{}, "Policy", "Messages", "Number"), cmpopts.EquateErrors()); diff != "" || !complete {
			t.Errorf("decided again by the same answers, complete %v (-then +now):\n%s", complete, diff)
		}

		lenient, unwanted := false, false
		for _, r := range v.Recipients {
			if r.Standing == filter.Held && !r.Refused() {
				t.Errorf("%s is held still", r.Address)
			}
			unwanted = unwanted || !r.Refused() && !r.Exempt && v.Connection.Refused() && r.Standing != filter.Whitelisted

			if r.Exempt && r.Refused() {
				t.Errorf("%s was refused: %v", r.Address, r.Action)
			}
			if r.Standing == filter.Whitelisted && config.WhitelistRescues && r.Refused() {
				t.Errorf("%s was refused a sender that it knows", r.Address)
			}
			lenient = lenient || !r.Refused() && (r.Exempt || r.Standing != filter.Scan && r.Standing != filter.Blacklisted)
		}
		relayed := m.Client.Relay && !m.Outbound() && config.Relayed < filter.Reject
		if relayed && !v.AcceptedAny() && config.OnError != filter.Defer {
			t.Errorf("a relay's mail is refused to all: %+v", v.Recipients)
		}
		switch {
		case relayed && (v.Action == filter.Reject || v.Action == filter.Defer && config.OnError != filter.Defer):
			t.Errorf("%v of what a relay has taken", v.Action)
		case lenient && v.Action > filter.Tag:
			t.Errorf("%v, though some recipient wants no refusal", v.Action)
		case m.Outbound() && (v.Action != filter.Accept || v.Class != filter.ClassOutbound):
			t.Errorf("outbound: %v, %v", v.Action, v.Class)
		case unwanted && !m.Outbound() && v.Action < filter.Tag:
			t.Errorf("%v, though the client is listed and not every recipient knows the sender", v.Action)
		case v.AcceptedAny() && v.Class == filter.NoMessage && v.Action != filter.Defer, !v.AcceptedAny() && v.Class > filter.ClassBlacklisted:
			t.Errorf("class %v with %d recipients left", v.Class, len(m.Recipients))
		case v.Class != filter.ClassScanned && (v.Caught || v.Weakened != filter.None && !unwanted && !relayed):
			t.Errorf("%v: caught %v, weakened %v", v.Class, v.Caught, v.Weakened)
		}
	})
}

func drawConfig(t *rapid.T) filter.Config {
	c := filter.DefaultConfig()
	c.Quarantine, c.Defer, c.Discard = 8, 10, 20
	c.OnError = rapid.SampledFrom([]filter.Action{filter.Accept, filter.Defer}).Draw(t, "on_error")
	c.Relayed = rapid.SampledFrom([]filter.Action{filter.Tag, filter.Quarantine, filter.Reject}).Draw(t, "relayed")
	c.WhitelistRescues = rapid.Bool().Draw(t, "rescues")
	return c
}

// drawStage returns a stage that hits with anything, or panics for one of the recipients, or for all.
func drawStage(t *rapid.T, at filter.Phase) filter.Stage {
	name := at.String() + "-stage"
	if rapid.IntRange(0, 3).Draw(t, name+" panics") == 0 {
		local := rapid.SampledFrom([]string{"", "a@", "postmaster@"}).Draw(t, name+" panics for")
		return &filtertest.Stage{Named: name, At: at, Answer: func(_ context.Context, m *message.Message) []filter.Result {
			if strings.HasPrefix(m.Recipient, local) {
				panic("boom")
			}
			return nil
		}}
	}
	hit := filter.Hit{
		Symbol:  "HIT",
		Score:   float64(rapid.IntRange(-5, 25).Draw(t, name+" score")),
		Action:  rapid.SampledFrom(append(filter.Actions, filter.None)).Draw(t, name+" action"),
		Observe: rapid.Bool().Draw(t, name+" observe"),
	}
	return filtertest.List(name, at, "list", hit)
}
