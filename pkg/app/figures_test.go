package app

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/dnslist"
	"winnow/pkg/stats"
	"winnow/pkg/web"
)

// The resolver is not well when not one list is answered for; one that answers acquits it.
func TestResolverPart(t *testing.T) {
	for _, test := range []struct {
		name   string
		health []dnslist.Health
		want   bool
	}{
		{"no lists", nil, true},
		{"all off", []dnslist.Health{dnslist.Off}, true},
		{"nothing known yet", []dnslist.Health{dnslist.Unprobed, dnslist.Down}, true},
		{"one is down", []dnslist.Health{dnslist.OK, dnslist.Down}, true},
		{"a refusal is an answer", []dnslist.Health{dnslist.Refusing, dnslist.Down}, true},
		{"all are down", []dnslist.Health{dnslist.Down, dnslist.Off, dnslist.Down}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var states []dnslist.State
			for _, h := range test.health {
				states = append(states, dnslist.State{Health: h})
			}
			states = append(states, dnslist.State{Health: dnslist.Unprobed, OfRules: true}) // nobody probes it: it acquits nobody
			if got := resolverPart(states); got.OK != test.want || got.OK != (got.Why == "") {
				t.Errorf("got %+v, want ok: %v", got, test.want)
			}
		})
	}
}

// What is no list of the configuration is one row, added up, and its name is not told.
func TestOtherListsAreOne(t *testing.T) {
	took := func(counts ...int64) stats.Histogram {
		return stats.Histogram{Bounds: []time.Duration{time.Second}, Counts: counts, Sum: time.Second}
	}
	totals := stats.Totals{
		Report: &stats.Report{Sources: []stats.Row{
			{Name: "zen", Kind: "list", Asked: 9, Hits: 1},
			{Name: "key.one.example", Kind: "list", Asked: 1, Hits: 2, Errors: 3},
			{Name: "key.two.example", Kind: "list", Asked: 4, Hits: 5, Errors: 6},
			{Name: "rules", Kind: "rules", Hits: 7},
		}},
		Lists: map[string]stats.Histogram{"zen": took(8, 1), "key.one.example": took(1, 0), "key.two.example": took(0, 4)},
	}
	lists, ruleHits := sourceFigures(totals, []dnslist.State{{List: "zen", Health: dnslist.OK}}, []stats.List{{Name: "zen"}})
	none := func(errors int64) map[string]int64 {
		return map[string]int64{"error": errors, "refused": 0, "bogus": 0, "unknown": 0}
	}
	want := []web.ListFigures{
		{Name: "zen", Health: "ok", Asked: 9, Hits: web.Hits{All: 1}, Failures: none(0), Took: web.Histogram(took(8, 1))},
		{Name: "*", Asked: 5, Hits: web.Hits{All: 7}, Failures: none(9), Took: web.Histogram{
			Bounds: []time.Duration{time.Second}, Counts: []int64{1, 4}, Sum: 2 * time.Second,
		}},
	}
	if diff := cmp.Diff(want, lists); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
	if ruleHits.All != 7 {
		t.Errorf("rules: got %+v, want 7 hits", ruleHits)
	}
}
