package stats_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/stats"
)

// TestBalance adds up the funnel over verdicts at random, such as the policy would never give among them.
func TestBalance(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		got := counted(t, func(r *stats.Recorder) {
			for range rapid.IntRange(0, 20).Draw(rt, "verdicts") {
				connection := drawVerdict(rt, filter.Connect)
				if rapid.Bool().Draw(rt, "connection") {
					r.Connection(message.Client{Own: rapid.Bool().Draw(rt, "own")}, connection, rapid.Bool().Draw(rt, "refused"))
					continue
				}
				v := drawVerdict(rt, filter.Content)
				if rapid.Bool().Draw(rt, "with connection") {
					v.Connection = connection
				}
				r.Message(&message.Message{}, v)
			}
		})
		checkBalance(rt, got)
	})
}

// checkBalance holds counters to what is always so.
func checkBalance(t interface{ Errorf(string, ...any) }, c map[string]int64) {
	sum := func(prefix, suffix string) (n int64) {
		for name := range c {
			if strings.HasPrefix(name, prefix) && strings.HasSuffix(name, suffix) && !strings.HasPrefix(name, "code:") {
				n += c[name]
			}
		}
		return n
	}
	equal := func(what string, got, want int64) {
		if got != want {
			t.Errorf("%s: got %d, want %d in %v", what, got, want, c)
		}
	}
	equal("connections", c["connections"], sum("", ":refusals")+c["refused_by_error"]+c["accepted"])
	equal("messages", c["messages"], c["whitelisted"]+c["blacklisted"]+c["too_large"]+c["not_enabled"]+c["scanned"])
	equal("delivered", c["delivered"], c["messages"]-c["blacklisted"]-c["caught"])
	equal("actions", sum("action:", ""), c["messages"])
	equal("sets of the caught", sum("caught_by:", ""), c["caught"])
	equal("sets of the refused", sum("refused_by:", ""), sum("", ":refusals"))
	if c["caught"] > c["scanned"] {
		t.Errorf("caught %d of %d scanned", c["caught"], c["scanned"])
	}
	if c["relayed"] > c["messages"] {
		t.Errorf("relayed %d of %d messages", c["relayed"], c["messages"])
	}
	if unique := sum("", ":unique"); unique > c["caught"] {
		t.Errorf("%d unique hits, but %d caught", unique, c["caught"])
	}
	for name, n := range c {
		if n < 0 && !strings.HasSuffix(name, ":took_us") {
			t.Errorf("%s is %d", name, n)
		}
		if s, ok := strings.CutSuffix(name, ":unique"); ok && !strings.HasPrefix(name, "code:") && n > c[s+":hits"]+c["caught"] {
			t.Errorf("%s is %d of %d hits", name, n, c[s+":hits"])
		}
		if s, ok := strings.CutSuffix(name, ":doubtful"); ok && n > c[s+":doubtful_of"] {
			t.Errorf("%s is %d of %d", name, n, c[s+":doubtful_of"])
		}
		if s, ok := strings.CutSuffix(name, ":refusals_alone"); ok && n > c[s+":refusals"] {
			t.Errorf("%s is %d of %d refusals", name, n, c[s+":refusals"])
		}
		if s, ok := strings.CutSuffix(name, ":timed"); ok {
			equal(name, n, sum(s+":within_", "")+c[s+":longer"])
		}
	}
}

var (
	someActions = rapid.SampledFrom(append([]filter.Action{filter.None}, filter.Actions...))
	someClasses = rapid.SampledFrom(append([]filter.Class{filter.NoMessage, filter.ClassOutbound}, filter.Classes...))
	someSources = rapid.SampledFrom([]string{"zen", "dbl", "uribl", "", "a:b", "no\nname"})
	someCodes   = rapid.SampledFrom([][4]byte{{}, {127, 0, 0, 2}, {127, 0, 0, 4}})
	someErrors  = rapid.SampledFrom([]error{nil, nil, nil, errors.New("timeout"), filter.ErrRefused, filter.ErrBogus, filter.ErrUnknown})
)

func drawVerdict(t *rapid.T, phase filter.Phase) *filter.Verdict {
	v := &filter.Verdict{
		Action: someActions.Draw(t, "action"), Class: someClasses.Draw(t, "class"), Caught: rapid.Bool().Draw(t, "caught"),
		Total: rapid.Float64Range(-10, 20).Draw(t, "total"), Threshold: rapid.SampledFrom([]float64{0, 5}).Draw(t, "threshold"),
	}
	for range rapid.IntRange(0, 2).Draw(t, "reports") {
		report := filter.Report{Stage: "stage", Phase: phase, Err: someErrors.Draw(t, "failure")}
		for range rapid.IntRange(0, 4).Draw(t, "results") {
			report.Results = append(report.Results, drawResult(t))
		}
		v.Reports = append(v.Reports, report)
	}
	for range rapid.IntRange(0, 2).Draw(t, "recipients") {
		standing := filter.Standing(rapid.IntRange(0, 3).Draw(t, "standing"))
		v.Recipients = append(v.Recipients, filter.Recipient{Standing: standing, Action: someActions.Draw(t, "to recipient")})
	}
	if rapid.Bool().Draw(t, "decided") {
		v.Decider = &filter.Decider{Source: someSources.Draw(t, "decider")}
	}
	return v
}

func drawResult(t *rapid.T) filter.Result {
	result := filter.Result{
		Source: someSources.Draw(t, "source"), Kind: filter.Kind(rapid.IntRange(0, 2).Draw(t, "kind")), Err: someErrors.Draw(t, "error"),
		Asked: rapid.IntRange(0, 3).Draw(t, "asked"),
	}
	result.Cached = rapid.IntRange(0, result.Asked).Draw(t, "cached")
	for range rapid.IntRange(0, 2).Draw(t, "hits") {
		result.Hits = append(result.Hits, filter.Hit{
			Score: float64(rapid.IntRange(-5, 9).Draw(t, "score")), Action: someActions.Draw(t, "demand"), Observe: rapid.Bool().Draw(t, "observe"),
			Standing: filter.Standing(rapid.IntRange(0, 3).Draw(t, "standing")), Code: someCodes.Draw(t, "code"),
		})
	}
	result.Listed = result.Err == nil && rapid.Bool().Draw(t, "listed")
	for range rapid.IntRange(0, 2).Draw(t, "answers") {
		result.Answers = append(result.Answers, filter.Answer{Codes: []netip.Addr{netip.AddrFrom4(someCodes.Draw(t, "answer"))}})
	}
	return result
}
