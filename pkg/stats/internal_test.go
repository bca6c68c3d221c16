package stats

import (
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/filter"
)

// TestNames holds every figure to a name of its own that is read back as it was written.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for t2, name := range totalNames {
		if name == "" || seen[name] {
			t.Errorf("total %d has the name %q", t2, name)
		}
		seen[name] = true
	}
	for f := range figures {
		for _, s := range []source{{filter.List, "zen"}, {filter.Rules, RulesName}, {filter.Entry, "a:b: c"}, {filter.List, ""}} {
			name := s.counter(f)
			back, g, ok := parseCounter(name)
			if back != s || g != f || !ok || seen[name] {
				t.Errorf("%q: read as %v %v %v, want %v %v", name, back, g, ok, s, f)
			}
			seen[name] = true
		}
	}
	for _, class := range filter.Classes {
		if _, ok := classTotals[class]; !ok {
			t.Errorf("class %s is counted nowhere", class)
		}
	}
	for _, name := range []string{"", "connections", "list", "list:zen", "list:zen:", "list:zen:votes", "set:zen:hits", ":::"} {
		if s, f, ok := parseCounter(name); ok {
			t.Errorf("%q: read as %v %v", name, s, f)
		}
	}
}

// TestDeltasBounded adds more days and counters than are kept.
func TestDeltasBounded(t *testing.T) {
	d := deltas{}
	for i := range maxDays + 10 {
		d.add(fmt.Sprintf("2016-%02d-%02d", 1+i/28, 1+i%28), map[string]int64{"a": 1, "b": 1})
	}
	if len(d) != maxDays {
		t.Errorf("got %d days, want %d", len(d), maxDays)
	}
	if got := d["2016-01-11"][counterOver]; got != 10*2 {
		t.Errorf("uncounted: got %d", got)
	}
	d = deltas{}
	for i := range maxCounters + 10 {
		d.add("2016-12-14", map[string]int64{fmt.Sprint(i): 5})
	}
	d.add("2016-12-14", map[string]int64{"0": 5})
	want := map[string]int64{"0": 10, "1": 5, counterOver: 10}
	for name, n := range want {
		if got := d["2016-12-14"][name]; got != n {
			t.Errorf("%s: got %d, want %d", name, got, n)
		}
	}
	if len(d["2016-12-14"]) != maxCounters+1 {
		t.Errorf("got %d counters, want %d", len(d["2016-12-14"]), maxCounters+1)
	}
}

// FuzzJournal reads what may be left of a journal: it is refused, or holds what any store takes and reads back the same.
func FuzzJournal(f *testing.F) {
	sum := func(body string) string {
		return fmt.Sprintf(journalHeader, crc32.Checksum([]byte(body), castagnoli)) + body
	}
	for _, body := range []string{
		`[{"node":"a1","seq":7,"deltas":{"2016-12-14":{"messages":3,"list:zen:hits":-1}}}]`,
		`[]`, `null`, `{}`, `[{}]`, `[{"node":"a","seq":1,"deltas":{"today":{"a":1}}}]`, `[{"node":"a","seq":1,"deltas":{"2016-12-14":{"":1}}}]`,
		`[{"node":"a","seq":-1}]`, `[{"node":"a","seq":1,"deltas":{"2016-12-14":{"a":1e99}}}]`,
	} {
		f.Add([]byte(sum(body)), body)
	}
	f.Add([]byte("winnow account 1 00000000\n"), "")
	f.Add([]byte("winnow account 1 "), "[")
	f.Fuzz(func(t *testing.T, data []byte, body string) {
		for _, file := range [][]byte{data, []byte(sum(body))} {
			batches, err := parseJournal(file)
			if err != nil {
				continue
			}
			for _, b := range batches {
				if err := b.check(); err != nil {
					t.Errorf("taken from the journal: %v", err)
				}
			}
			j := &journal{dir: t.TempDir()}
			if err := j.write(batches); err != nil {
				t.Fatal(err)
			}
			back, err := j.read()
			if diff := cmp.Diff(batches, back); diff != "" || err != nil {
				t.Errorf("read back: %v (-want +got):\n%s", err, diff)
			}
		}
	})
}

// A report whose parts do not add up says so in every form, and which equation it is.
func TestImbalanceIsTold(t *testing.T) {
	of := counted{Span{"2016-12-14", "2016-12-14", 1, "UTC"}, map[string]int64{"connections": 3_000, "accepted": 2_999, "messages": 1, "scanned": 1, "delivered": 1}}
	r := newReport(Query{}, of)
	want := "\nTHE FUNNEL DOES NOT BALANCE: connections = refused + accepted: 3,000 against 2,999\n"
	if text := "\n" + r.remarks(); r.Balanced || !strings.Contains(text, want) || strings.Contains(text, "funnel balances") {
		t.Errorf("balanced %v: %s", r.Balanced, text)
	}
	of.counters["accepted"]++
	if r = newReport(Query{}, of); !r.Balanced || strings.Contains(r.remarks(), "NOT") {
		t.Errorf("balanced %v: %s", r.Balanced, r.remarks())
	}
}
