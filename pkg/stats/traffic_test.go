package stats_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"winnow/pkg/filter"
	"winnow/pkg/stats"
	"winnow/pkg/store/storetest"
)

// drawMail is mail at random, as the real pipeline and policy would decide it: lists and rules for and against it, observed or
// not, to recipients of every standing.
func drawMail(t *rapid.T) mail {
	m := mail{
		own: rapid.IntRange(0, 9).Draw(t, "own") == 0, exempt: rapid.IntRange(0, 4).Draw(t, "exempt") == 0,
		ends: rapid.IntRange(0, 9).Draw(t, "ends") == 0, size: rapid.SampledFrom([]int64{1, 1 << 20}).Draw(t, "size"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "recipients") {
		m.recipients = append(m.recipients, filter.Standing(rapid.IntRange(0, 3).Draw(t, "standing")))
	}
	for _, name := range []string{"zen", "ivmsip"} {
		result := list(name, float64(rapid.SampledFrom([]int{0, 0, 2, 4}).Draw(t, name)))
		if rapid.IntRange(0, 2).Draw(t, name+" demands") == 0 {
			result = demands(name, rapid.SampledFrom([]filter.Action{filter.Tag, filter.Defer, filter.Reject}).Draw(t, name+" action"))
		}
		m.connect = append(m.connect, drawObserved(t, result))
	}
	for _, name := range []string{"dbl", "uribl", "psky"} {
		m.content = append(m.content, drawObserved(t, list(name, float64(rapid.IntRange(-3, 6).Draw(t, name)))))
	}
	m.content = append(m.content, drawObserved(t, rules(float64(rapid.IntRange(-2, 8).Draw(t, "rules")))))
	if rapid.IntRange(0, 7).Draw(t, "rule demands") == 0 {
		m.content = append(m.content, answer("30_more.cf", filter.Rules, filter.Hit{Symbol: "MORE", Action: filter.Quarantine}))
	}
	return m
}

func drawObserved(t *rapid.T, r filter.Result) filter.Result {
	if rapid.IntRange(0, 5).Draw(t, "observed") == 0 {
		return watched(r)
	}
	return r
}

// TestTraffic holds the account of traffic at random to what is always so of traffic that the policy has decided: more than of
// verdicts at random (TestBalance), of which not each could come to be.
func TestTraffic(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := counted(t, func(r *stats.Recorder) {
			for range rapid.IntRange(1, 12).Draw(rt, "mails") {
				drawMail(rt).record(t, r)
			}
		})
		checkBalance(rt, c)
		checkSets(rt, c)
		for name, unique := range c {
			row, ok := strings.CutSuffix(name, ":unique")
			if !ok || strings.HasPrefix(name, "code:") {
				continue
			}
			// Where one source alone hits, nothing else suffices: without it the message would have passed.
			for _, figure := range []string{"hits", "decisive"} {
				if most := c[row+":"+figure]; unique > most {
					rt.Errorf("%s is %d, %s only %d in %v", name, unique, figure, most, c)
				}
			}
		}
		for name, n := range c {
			if strings.HasSuffix(name, ":decisive") && n > c["caught"] {
				rt.Errorf("%s is %d of %d caught", name, n, c["caught"])
			}
		}
	})
}

// TestOrder has sources answer in another order with each mail: that changes nothing of what is counted. (Of lists that each
// demand a refusal the first is told the client, so those of connections stay as they are.)
func TestOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var inOrder, shuffled []mail
		for range rapid.IntRange(1, 8).Draw(rt, "mails") {
			m := drawMail(rt)
			m.content = append(m.content, list("zen", 1), watched(list("dbl", 1))) // a list says something twice
			inOrder = append(inOrder, m)
			m.content = rapid.Permutation(m.content).Draw(rt, "content")
			shuffled = append(shuffled, m)
		}
		record := func(mails []mail) map[string]int64 {
			return untimed(counted(t, func(r *stats.Recorder) {
				for _, m := range mails {
					m.record(t, r)
				}
			}))
		}
		if diff := cmp.Diff(record(inOrder), record(shuffled)); diff != "" {
			rt.Errorf("in order, and in another (-one +other):\n%s", diff)
		}
	})
}

// TestNoRoom has a source that finds no room, for no store takes its name. It is judged all the same: zen is not the only one.
func TestNoRoom(t *testing.T) {
	nameless := list("a\nb", 3)
	got := counted(t, func(r *stats.Recorder) {
		for range 10 {
			mail{connect: []filter.Result{nameless}, content: []filter.Result{nameless, list("zen", 3), nameless}}.record(t, r)
		}
	})
	for name, want := range map[string]int64{"messages": 10, "caught": 10, "caught_by:*": 10, "list:zen:hits": 10, "list:zen:unique": 0, "list:zen:decisive": 0} {
		if got[name] != want {
			t.Errorf("%s is %d, want %d", name, got[name], want)
		}
	}
	if got["uncounted"] < 10*3 {
		t.Errorf("uncounted is %d, want at least one for each answer", got["uncounted"])
	}
}

// TestNodesAddUp shares traffic at random out to nodes that flush when they like, to a store that now and then does not take a
// batch, or takes it and does not say so. In the end the account is that of one node which has seen it all.
func TestNodesAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		alone, shared := newFlaky(), newFlaky()
		single := newRecorder(t, config(""), alone, stats.Options{})
		var nodes []*stats.Recorder
		for range rapid.IntRange(1, 4).Draw(rt, "nodes") {
			nodes = append(nodes, newRecorder(t, config(""), shared, stats.Options{}))
		}
		node := rapid.IntRange(0, len(nodes)-1)
		for range rapid.IntRange(0, 12).Draw(rt, "mails") {
			m := drawMail(rt)
			m.record(t, single)
			m.record(t, nodes[node.Draw(rt, "node")])
			shared.Turn(rapid.SampledFrom([]storetest.Mode{storetest.Well, storetest.Away, storetest.Lossy}).Draw(rt, "store"))
			_ = nodes[node.Draw(rt, "flushes")].Flush(t.Context()) // what is not taken now is later
		}
		shared.Turn(storetest.Well)
		flush(t, single)
		for _, n := range nodes {
			flush(t, n)
		}
		if diff := cmp.Diff(untimed(counters(t, alone, today)), untimed(counters(t, shared, today))); diff != "" {
			rt.Errorf("one node, and %d (-one +all):\n%s", len(nodes), diff)
		}
	})
}

// TestDaysAddUp reads several days as one: each counter is the sum of theirs.
func TestDaysAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var days []string
		byDay, sum := map[string]map[string]int64{}, map[string]int64{}
		for n := range rapid.IntRange(1, 4).Draw(rt, "days") {
			day := fmt.Sprintf("2016-12-%02d", 10+n)
			byDay[day] = counted(t, func(r *stats.Recorder) {
				for range rapid.IntRange(0, 4).Draw(rt, "mails") {
					drawMail(rt).record(t, r)
				}
			})
			for name, count := range byDay[day] {
				sum[name] += count
			}
			days = append(days, day)
		}
		several, err := stats.Read(t.Context(), storeOf(t, byDay), stats.Query{Days: days})
		if err != nil {
			t.Fatal(err)
		}
		one, err := stats.Read(t.Context(), storeOf(t, map[string]map[string]int64{days[0]: sum}), stats.Query{Days: days})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(one, several); diff != "" {
			rt.Errorf("the sum as one day, and %d days (-sum +days):\n%s", len(days), diff)
		}
	})
}
