package stats_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"winnow/pkg/filter"
	"winnow/pkg/filter/filtertest"
	"winnow/pkg/message"
	"winnow/pkg/stats"
	"winnow/pkg/store"
	"winnow/pkg/store/storetest"
)

// claiming is the verdict on a message to recipients, with what was found of each.
func claiming(hits map[string][]filter.Hit, recipients ...filter.Recipient) *filter.Verdict {
	v := &filter.Verdict{Class: filter.ClassScanned, Action: filter.Accept, Recipients: recipients}
	for _, r := range recipients {
		phase := filter.Proof
		if r.Refused() {
			phase = filter.Envelope
		}
		v.Reports = append(v.Reports, filter.Report{Stage: "whitelist", Phase: phase, Recipient: r.Address, Results: []filter.Result{
			{Source: "auto-whitelist", Kind: filter.Entry, Asked: 1, Hits: hits[r.Address]},
		}})
	}
	return v
}

func TestClaims(t *testing.T) {
	const ann = "ann@example.org"
	forged := filter.Hit{Symbol: "F", Observe: true, Claim: ann, Forged: true}
	unproven := filter.Hit{Symbol: "U", Observe: true, Claim: ann}
	proven := filter.Hit{Symbol: "P", Standing: filter.Whitelisted, Claim: ann}
	held := filter.Hit{Symbol: "H", Standing: filter.Held, Claim: ann, Forged: true}
	a, b := filter.Recipient{Address: "a@our.example"}, filter.Recipient{Address: "b@our.example"}
	refused := filter.Recipient{Address: "a@our.example", Standing: filter.Held, Action: filter.Reject}
	to := func(hits ...filter.Hit) map[string][]filter.Hit { return map[string][]filter.Hit{a.Address: hits} }
	tests := []struct {
		name string
		v    *filter.Verdict
		want string
	}{
		{"forged", claiming(to(forged), a), "claim:ann@example.org:forged"},
		{"unproven", claiming(to(unproven), a), "claim:ann@example.org:unproven"},
		{"proven", claiming(to(proven), a), ""},
		{"to two at once", claiming(map[string][]filter.Hit{a.Address: {unproven}, b.Address: {forged}}, a, b), "claim:ann@example.org:forged"},
		{"proven to one", claiming(map[string][]filter.Hit{a.Address: {unproven}, b.Address: {proven}}, a, b), ""},
		{"two names", claiming(to(unproven, filter.Hit{Observe: true, Claim: ".example.net"}), a), "claim:ann@example.org:unproven claim:.example.net:unproven"},
		{"refused while it was held", claiming(to(held), refused), "claim:ann@example.org:forged"},
		{"held, and the client went away", claiming(to(held), filter.Recipient{Address: a.Address, Standing: filter.Held}), ""},
		{"a name that no store takes", claiming(to(filter.Hit{Observe: true, Claim: "a\nb@example.org"}), a), "claim:others:unproven"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := counted(t, func(r *stats.Recorder) { r.Message(&message.Message{}, test.v) })
			want := parse(t, test.want)
			for name := range got {
				if !strings.HasPrefix(name, "claim:") {
					delete(got, name)
				}
			}
			wantCounters(t, got, want)
		})
	}
}

// A day has room for so many names, however often counts are flushed; the next day has it again.
func TestClaimsAreBounded(t *testing.T) {
	clock := storetest.NewClock()
	s := store.NewMemory(store.Options{Now: clock.Now})
	r := newRecorder(t, config(""), s, stats.Options{Now: clock.Now})
	a := filter.Recipient{Address: "a@our.example"}
	claim := func(n int) {
		for i := range n {
			hit := filter.Hit{Observe: true, Claim: fmt.Sprintf("u%d@example.org", i)}
			r.Message(&message.Message{}, claiming(map[string][]filter.Hit{a.Address: {hit}}, a))
			if i%100 == 0 {
				if err := r.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	claim(1250)
	claim(10)
	clock.Advance(24 * time.Hour)
	claim(20)
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	reports, err := stats.ReadForged(t.Context(), s, stats.Query{Days: []string{today, "2016-12-15"}, PerDay: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ rows, others int64 }{{1001, 250}, {20, 0}} {
		var others int64
		for _, row := range reports[i].Senders {
			if row.Sender == "others" {
				others = row.Unproven
			}
		}
		if got := int64(len(reports[i].Senders)); got != want.rows || others != want.others {
			t.Errorf("day %d: got %d names and %d others, want %d and %d", i, got, others, want.rows, want.others)
		}
	}
}

// Nodes add up, and the most forged come first.
func TestReadForged(t *testing.T) {
	s := store.NewMemory(store.Options{Now: storetest.NewClock().Now})
	for node, counters := range map[string]map[string]int64{
		"n1": {"claim:ann@example.org:forged": 2, "claim:bob@example.org:unproven": 7, "claim:odd:name@example.org:forged": 1, "rule:claim:caught": 4},
		"n2": {"claim:ann@example.org:forged": 1200, "claim:ann@example.org:unproven": 1, "claim:others:unproven": 3, "claim:x:nonsense": 3},
	} {
		if err := s.Apply(t.Context(), node, 1, map[string]map[string]int64{today: counters}, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	reports, err := stats.ReadForged(t.Context(), s, stats.Query{Days: []string{"2016-12-13", today}})
	if err != nil {
		t.Fatal(err)
	}
	want := []stats.ForgedRow{{"ann@example.org", 1202, 1}, {"odd:name@example.org", 1, 0}, {"bob@example.org", 0, 7}, {"others", 0, 3}}
	if diff := cmp.Diff(want, reports[0].Senders); diff != "" {
		t.Errorf("senders (-want +got):\n%s", diff)
	}
	var out bytes.Buffer
	if err := stats.NewForms(append(reports, &stats.ForgedReport{Span: stats.Span{From: today, To: today}})...).WriteTable(&out); err != nil {
		t.Fatal(err)
	}
	const table = `2016-12-13 to 2016-12-14, 2 days (UTC)

claims to be          forged  unproven
ann@example.org        1,202         1
odd:name@example.org       1         0
bob@example.org            0         7
others                     0         3


Wednesday 2016-12-14 ()

nobody whom your users know was impersonated
`
	if diff := cmp.Diff(table, out.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	out.Reset()
	if err := stats.NewForms(reports...).WriteCSV(&out); err != nil || !strings.Contains(out.String(), "2016-12-13,2016-12-14,claim,ann@example.org,forged,1202\n") {
		t.Errorf("CSV: got %v, %s", err, out.String())
	}
}

// Whatever is held, proven, refused late or given up: the funnel balances, and a client counts as refused when nobody got
// anything from it.
func TestBalanceWithHeldRecipients(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		connections, refusals := int64(0), int64(0)
		got := counted(t, func(r *stats.Recorder) {
			for range rapid.IntRange(1, 8).Draw(rt, "mails") {
				c := filter.DefaultConfig()
				c.WhitelistRescues = rapid.Bool().Draw(rt, "rescues")
				c.OnError = rapid.SampledFrom([]filter.Action{filter.Accept, filter.Defer}).Draw(rt, "on_error")
				listed := rapid.SampledFrom([]filter.Action{filter.None, filter.Reject, filter.Defer}).Draw(rt, "listed")
				p := filter.NewPipeline(heldStages(listed, rapid.Float64Range(-5, 20).Draw(rt, "points")), c.Limits, filter.NewPolicy(c))
				kinds := []string{"scan", "friend", "forger", "gone", "white", "off", "black", "postmaster", "broken"}
				refused := deliver(p, r, rapid.SliceOfN(rapid.SampledFrom(kinds), 1, 5).Draw(rt, "recipients"), rapid.Bool().Draw(rt, "aborts"))
				if connections++; refused {
					refusals++
				}
			}
		})
		checkBalance(rt, got)
		if got["connections"] != connections || got["connections"]-got["accepted"] != refusals {
			rt.Errorf("got %d connections, %d accepted, want %d, %d of them refused", got["connections"], got["accepted"], connections, refusals)
		}
	})
}

// deliver takes a message through the pipeline and the account as a session does.
func deliver(p *filter.Pipeline, r *stats.Recorder, recipients []string, aborts bool) (refused bool) {
	m := &message.Message{Client: message.Client{Helo: "client.example"}, Size: 100}
	connection := p.Connect(context.Background(), m.Client)
	v := filter.NewVerdict("id", connection)
	passed, left := false, false
	for _, name := range recipients {
		rcpt := p.Recipient(context.Background(), m.Ask(name+"@our.example"), v)
		left = left || !rcpt.Refused()
		passed = passed || !rcpt.Refused() && !v.Waits(rcpt)
	}
	if aborts || !left {
		p.End(v)
	} else {
		p.Content(context.Background(), m, v)
		passed = passed || v.AcceptedAny()
	}
	r.Message(m, v)
	r.Connection(m.Client, connection, connection.Refused() && !passed)
	return connection.Refused() && !passed
}

// heldStages list the client, know the sender by the recipient's name, and give points.
func heldStages(listed filter.Action, points float64) []filter.Stage {
	entry := func(at filter.Phase, hits map[string]filter.Hit) filter.Stage {
		return &filtertest.Stage{Named: "whitelist", At: at, Answer: func(_ context.Context, m *message.Message) []filter.Result {
			name, _, _ := strings.Cut(m.Recipient, "@")
			if name == "broken" {
				panic("boom")
			}
			result := filter.Result{Source: "auto-whitelist", Kind: filter.Entry, Asked: 1}
			if hit, ok := hits[name]; ok {
				result.Hits = []filter.Hit{hit}
			}
			return []filter.Result{result}
		}}
	}
	held := filter.Hit{Symbol: "HELD", Standing: filter.Held, Claim: "ann@example.org"}
	return []filter.Stage{
		filtertest.List("dnsbl", filter.Connect, "zen", filter.Hit{Symbol: "ZEN", Action: listed}),
		entry(filter.Envelope, map[string]filter.Hit{
			"friend": held, "forger": held, "gone": held,
			"white": {Symbol: "W", Standing: filter.Whitelisted}, "off": {Symbol: "N", Standing: filter.NotEnabled}, "black": {Symbol: "B", Standing: filter.Blacklisted},
		}),
		entry(filter.Proof, map[string]filter.Hit{
			"friend": {Symbol: "P", Standing: filter.Whitelisted, Claim: "ann@example.org"},
			"forger": {Symbol: "F", Observe: true, Claim: "ann@example.org", Forged: true},
		}),
		filtertest.Rules(filter.Hit{Symbol: "POINTS", Score: points}),
	}
}

// TestForgedNamesAreShownHarmless has an address with an escape of the terminal in it (U+009B), which mail with UTF-8 addresses allows.
func TestForgedNamesAreShownHarmless(t *testing.T) {
	var out strings.Builder
	r := &stats.ForgedReport{Senders: []stats.ForgedRow{{Sender: "a\u009b2J\u202eb@example.org", Forged: 1}}}
	if err := stats.NewForms(r).WriteTable(&out); err != nil || !strings.Contains(out.String(), "a?2J?b@example.org") {
		t.Errorf("got %q, %v", out.String(), err)
	}
}
