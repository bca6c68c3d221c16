package daytest

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/stats"
)

// At 1:1 the plan is the table, number for number.
func TestWholeDay(t *testing.T) {
	r := Report(At(1))
	wantConnections := stats.Connections{Total: 6_680_134, Accepted: 1_040_196}
	got := r.Connections
	got.Refused = nil // see below
	if diff := cmp.Diff(wantConnections, got); diff != "" {
		t.Errorf("connections (-table +plan):\n%s", diff)
	}
	for _, refusal := range r.Connections.Refused {
		if want := map[string]int64{"zen": 5_403_727, "ivmsip": 236_211}[refusal.List]; refusal.Count != want {
			t.Errorf("refused by %s: got %d, want %d", refusal.List, refusal.Count, want)
		}
	}
	wantMessages := stats.Messages{
		Total: 1_008_901, Whitelisted: 138_055, Blacklisted: 3_513, TooLarge: 6_960, NotEnabled: 131_480, Scanned: 728_893,
		Caught: 113_439, Delivered: 891_949,
	}
	if diff := cmp.Diff(wantMessages, r.Messages); diff != "" {
		t.Errorf("messages (-table +plan):\n%s", diff)
	}
	unique := map[string]int64{}
	for _, row := range r.Sources {
		unique[row.Name] = row.Unique
	}
	wantUnique := map[string]int64{
		"zen": 2_062, "ivmsip": 0, "uribl": 8_137, "ivmsip24": 2_029, "ivmuri": 10_194, "barracuda": 9_109, "instantrbl": 8_442,
		"psky": 5_468, "rules": 32_007,
	}
	if diff := cmp.Diff(wantUnique, unique); diff != "" {
		t.Errorf("unique (-table +plan):\n%s", diff)
	}
}

// At every scale the plan is consistent in itself, every kind is in it, and each part of the funnel is near its share.
func TestScales(t *testing.T) {
	scales := []int{1, 2, 3, 7, 10, 100, 365, 1000, 4096, 10_000, 60_000, 1_000_000, 100_000_000}
	for _, scale := range scales {
		p := At(scale)
		r := Report(p)
		connections := r.Connections.Accepted
		for _, refusal := range r.Connections.Refused {
			connections += refusal.Count
		}
		m := r.Messages
		if r.Connections.Total != connections || m.Total != m.Whitelisted+m.Blacklisted+m.TooLarge+m.NotEnabled+m.Scanned ||
			m.Delivered != m.Total-m.Blacklisted-m.Caught {
			t.Errorf("1:%d does not balance: %+v, %+v", scale, r.Connections, m)
		}
		if want := int64(max(len(whole), (6_680_134+scale/2)/scale)); r.Connections.Total != want {
			t.Errorf("1:%d has %d connections, want %d", scale, r.Connections.Total, want)
		}
		for i := range p.Kinds {
			got, quota := p.Kinds[i].Connections, float64(whole[i].Connections)/float64(scale)
			if got < 1 {
				t.Errorf("1:%d: none of %+v", scale, whole[i])
			}
			// At each of five levels a part may gain or lose less than one to its neighbours.
			if scale <= 1000 && (float64(got) < quota-5 || float64(got) > quota+5) {
				t.Errorf("1:%d: %d of %+v, want about %.1f", scale, got, whole[i], quota)
			}
		}
		caught, refused := Sets(p)
		if sum(caught) != m.Caught || sum(refused) != r.Connections.Total-r.Connections.Accepted {
			t.Errorf("1:%d: sets of %d caught and %d refused", scale, sum(caught), sum(refused))
		}
	}
}

func sum(counts map[string]int64) (all int64) {
	for _, n := range counts {
		all += n
	}
	return all
}

func TestApportion(t *testing.T) {
	for _, test := range []struct {
		name           string
		total          int
		weights, least []int
		want           []int
	}{
		{"even", 10, []int{50, 30, 20}, []int{1, 1, 1}, []int{5, 3, 2}},
		{"the largest remainder", 10, []int{53, 34, 13}, []int{0, 0, 0}, []int{5, 4, 1}},
		{"of equal ones the first", 3, []int{1, 1}, []int{0, 0}, []int{2, 1}},
		{"at least one each", 5, []int{1000, 1, 1}, []int{1, 1, 1}, []int{3, 1, 1}},
		{"what one gets others lack", 6, []int{60, 36, 4}, []int{1, 3, 1}, []int{2, 3, 1}},
		{"just enough", 3, []int{7, 7, 7}, []int{1, 1, 1}, []int{1, 1, 1}},
	} {
		if got := apportion(test.total, test.weights, test.least); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

// The visits are those of the plan, in the order of time, the same for the same seed.
func TestVisits(t *testing.T) {
	p := At(1000)
	counts, byHour := map[*Kind]int{}, [24]int{}
	var last time.Time
	var first []netip.Addr
	for v := range p.Visits(7) {
		counts[v.Kind]++
		byHour[v.At.Hour()]++
		if v.At.Before(last) || v.At.Format(time.DateOnly) != Today {
			t.Fatalf("a visit at %v behind one at %v", v.At, last)
		}
		last = v.At
		if !v.Kind.client.Contains(v.Client) {
			t.Fatalf("%v is not in %v", v.Client, v.Kind.client)
		}
		if len(v.Mails()) != v.Kind.Messages {
			t.Fatalf("%d mails, want %d", len(v.Mails()), v.Kind.Messages)
		}
		if len(first) < 20 {
			first = append(first, v.Client)
		}
	}
	for i := range p.Kinds {
		if k := &p.Kinds[i]; counts[k] != k.Connections {
			t.Errorf("%+v: visited %d times", *k, counts[k])
		}
	}
	if want := p.ByHour(7); byHour != want {
		t.Errorf("by hour: got %v, want %v", byHour, want)
	}
	all := 0
	for _, weight := range hours {
		all += weight
	}
	for n, weight := range hours {
		if share := float64(weight) / float64(all) * 6680; float64(byHour[n]) < share-40 || float64(byHour[n]) > share+40 {
			t.Errorf("hour %d has %d visits, want about %.0f", n, byHour[n], share)
		}
	}
	begin := func(seed uint64) (addrs []netip.Addr) {
		for v := range p.Visits(seed) {
			if addrs = append(addrs, v.Client); len(addrs) == len(first) {
				break
			}
		}
		return addrs
	}
	if !slices.Equal(begin(7), first) {
		t.Error("the same seed gives another order")
	}
	if slices.Equal(begin(8), first) {
		t.Error("another seed gives the same order")
	}
}

// A visit is made when it is asked for, and takes nothing that a large day would have more of.
func TestVisitsAreMadeAsAskedFor(t *testing.T) {
	p := At(100)
	n := 0
	allocs := testing.AllocsPerRun(1, func() {
		for range p.Visits(1) {
			n++
		}
	})
	if n != 2*66_801 || allocs > 200 {
		t.Errorf("%d visits took %.0f allocations", n/2, allocs)
	}
}

func BenchmarkVisits(b *testing.B) {
	p := At(1000)
	b.ReportAllocs()
	for b.Loop() {
		for v := range p.Visits(1) {
			v.Mails()
		}
	}
}
