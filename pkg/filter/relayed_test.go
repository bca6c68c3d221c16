package filter_test

import (
	"context"
	"testing"

	"winnow/pkg/filter"
	"winnow/pkg/filter/filtertest"
	"winnow/pkg/message"
)

// backup is a relay of ours.
var backup = message.Client{Addr: stranger.Addr, Relay: true}

// What a relay has taken is not refused: the relay would write to whoever the sender says he is.
func TestRelayed(t *testing.T) {
	quarantine, reject, all := filter.DefaultConfig(), filter.DefaultConfig(), filter.DefaultConfig()
	quarantine.Relayed, reject.Relayed = filter.Quarantine, filter.Reject
	all.Quarantine, all.Defer, all.Discard = 8, 10, 20
	demand := filtertest.Rules(filter.Hit{Symbol: "DEMAND", Action: filter.Reject})
	tests := []struct {
		name       string
		config     filter.Config
		stages     []filter.Stage
		recipients []string
		want       filter.Action
		weakened   filter.Action
		class      filter.Class
	}{
		{"good", filter.DefaultConfig(), []filter.Stage{points(1)}, nil, filter.Accept, filter.None, filter.ClassScanned},
		{"tagged anyway", filter.DefaultConfig(), []filter.Stage{points(6)}, nil, filter.Tag, filter.None, filter.ClassScanned},
		{"points to refuse", filter.DefaultConfig(), []filter.Stage{points(16)}, nil, filter.Tag, filter.Reject, filter.ClassScanned},
		{"points to defer", all, []filter.Stage{points(12)}, nil, filter.Tag, filter.Defer, filter.ClassScanned},
		{"points to quarantine", all, []filter.Stage{points(9)}, nil, filter.Quarantine, filter.None, filter.ClassScanned},
		{"points to discard: nobody is told", all, []filter.Stage{points(21)}, nil, filter.Discard, filter.None, filter.ClassScanned},
		{"a rule demands it", filter.DefaultConfig(), []filter.Stage{demand}, nil, filter.Tag, filter.Reject, filter.ClassScanned},
		{"held instead", quarantine, []filter.Stage{points(16)}, nil, filter.Quarantine, filter.Reject, filter.ClassScanned},
		{"refused all the same", reject, []filter.Stage{points(16)}, nil, filter.Reject, filter.None, filter.ClassScanned},
		{"its origin is listed", filter.DefaultConfig(), []filter.Stage{listed(filter.Reject, 0)}, nil, filter.Tag, filter.Reject, filter.ClassScanned},
		{"its origin is listed, for points", filter.DefaultConfig(), []filter.Stage{listed(filter.None, 3), points(3)}, nil, filter.Tag, filter.None, filter.ClassScanned},
		{"a list speaks for its origin", filter.DefaultConfig(), []filter.Stage{listed(filter.Accept, -3), points(6)}, nil, filter.Accept, filter.None, filter.ClassScanned},
		{"blacklisted", filter.DefaultConfig(), []filter.Stage{standings(), points(16)}, []string{"black@our.example"}, filter.Tag, filter.Reject, filter.ClassBlacklisted},
		{"blacklisted, held", quarantine, []filter.Stage{standings()}, []string{"black@our.example"}, filter.Quarantine, filter.Reject, filter.ClassBlacklisted},
		{"blacklisted and scanned", quarantine, []filter.Stage{standings(), points(16)}, []string{"black@our.example", "a@our.example"}, filter.Quarantine, filter.Reject, filter.ClassScanned},
		{"blacklisted and whitelisted", filter.DefaultConfig(), []filter.Stage{standings(), points(16)}, []string{"black@our.example", "white@our.example"}, filter.Accept, filter.None, filter.ClassWhitelisted},
		{"blacklisted and not enabled", filter.DefaultConfig(), []filter.Stage{standings(), points(16)}, []string{"off@our.example", "black@our.example"}, filter.Accept, filter.None, filter.ClassNotEnabled},
		{"blacklisted, refused all the same", reject, []filter.Stage{standings()}, []string{"black@our.example"}, filter.Reject, filter.None, filter.ClassBlacklisted},
		{"whitelisted", filter.DefaultConfig(), []filter.Stage{standings(), listed(filter.Reject, 0)}, []string{"white@our.example"}, filter.Accept, filter.None, filter.ClassWhitelisted},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.recipients == nil {
				test.recipients = []string{"a@our.example"}
			}
			v := run(pipeline(test.config, test.stages...), &message.Message{Client: backup, Sender: "s@example.net"}, test.recipients...)
			if v.Action != test.want || v.Weakened != test.weakened || v.Class != test.class {
				t.Errorf("got %v for %v, class %v, want %v for %v, %v", v.Action, v.Weakened, v.Class, test.want, test.weakened, test.class)
			}
			if !v.Relayed {
				t.Error("nobody can see that a relay handed it on")
			}
			if caught := test.class == filter.ClassScanned && test.want >= filter.Tag; v.Caught != caught {
				t.Errorf("caught: got %v", v.Caught)
			}
		})
	}
}

// The lists of the connect phase are asked at the end about the origin, and their answers stand with the message's.
func TestRelayedAsksAtTheEnd(t *testing.T) {
	asked := 0
	dnsbl := &filtertest.Stage{Named: "dnsbl", At: filter.Connect, Answer: func(context.Context, *message.Message) []filter.Result {
		asked++
		return []filter.Result{{Source: "zen", Kind: filter.List}}
	}}
	v := run(pipeline(filter.DefaultConfig(), dnsbl), &message.Message{Client: backup}, "a@our.example")
	if asked != 1 || len(v.Reports) != 1 || v.Reports[0].Phase != filter.Content || v.Reports[0].Stage != "dnsbl" {
		t.Errorf("asked %d times, reports %+v", asked, v.Reports)
	}
	if v.Connection.Action != filter.Accept || v.Connection.Reason == "" {
		t.Errorf("connection: got %v, %q", v.Connection.Action, v.Connection.Reason)
	}
}

// Who logs in sends outbound mail, over whatever host.
func TestRelayedIsNotOutbound(t *testing.T) {
	v := run(pipeline(filter.DefaultConfig(), points(16)), &message.Message{Client: backup, User: "erika"}, "a@our.example")
	if v.Class != filter.ClassOutbound || v.Relayed {
		t.Errorf("got %v, relayed %v", v.Class, v.Relayed)
	}
}

func TestRelayedMustBeAnAction(t *testing.T) {
	for action, want := range map[filter.Action]int{filter.Accept: 1, filter.Tag: 0, filter.Quarantine: 0, filter.Defer: 1, filter.Reject: 0, filter.Discard: 1, filter.None: 1} {
		c := filter.DefaultConfig()
		c.Relayed = action
		if got := len(c.Validate()); got != want {
			t.Errorf("%v: %d faults, want %d", action, got, want)
		}
	}
}
