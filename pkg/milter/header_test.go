package milter

import (
	"fmt"
	"strings"
	"testing"

	"winnow/pkg/filter"
)

func scanned(action filter.Action, total float64, hits ...filter.Hit) *filter.Verdict {
	return &filter.Verdict{
		Action: action, Class: filter.ClassScanned, Total: total, Threshold: 5,
		Reports: []filter.Report{{Results: []filter.Result{{Hits: hits}}}},
	}
}

func TestMarks(t *testing.T) {
	for _, tt := range []struct {
		name                       string
		v                          *filter.Verdict
		flag, status, level, score string
	}{
		{
			name:   "ham",
			v:      scanned(filter.Accept, -0.5, filter.Hit{Symbol: "DNSWL_MED", Score: -2.3}, filter.Hit{Symbol: "HTML", Score: 1.8}),
			status: "No, score=-0.5 required=5.0 class=scanned tests=DNSWL_MED,HTML", score: "-0.5",
		},
		{
			name: "spam", v: scanned(filter.Tag, 7.125, filter.Hit{Symbol: "A", Score: 7.125}),
			flag: "YES", status: "Yes, score=7.125 required=5.0 class=scanned tests=A", level: "*******", score: "7.125",
		},
		{
			name: "a hit that demands", v: scanned(filter.Quarantine, 0, filter.Hit{Symbol: "A", Action: filter.Quarantine}),
			flag: "YES", status: "Yes, score=0.0 required=5.0 class=scanned tests=A", score: "0.0",
		},
		{
			name:   "observed and without points",
			v:      scanned(filter.Accept, 0, filter.Hit{Symbol: "A", Score: 5, Observe: true}, filter.Hit{Symbol: "B"}),
			status: "No, score=0.0 required=5.0 class=scanned tests=none", score: "0.0",
		},
		{
			name: "rounding", v: scanned(filter.Accept, 4.9999999, filter.Hit{Symbol: "A", Score: 4.9999999}),
			status: "No, score=5.0 required=5.0 class=scanned tests=A", level: "*****", score: "5.0",
		},
		{
			name: "beyond all measure", v: scanned(filter.Tag, 1e9, filter.Hit{Symbol: "A", Score: 1e9}),
			flag: "YES", status: "Yes, score=1000000000.0 required=5.0 class=scanned tests=A",
			level: strings.Repeat("*", 50), score: "1000000000.0",
		},
		{name: "whitelisted", v: &filter.Verdict{Action: filter.Accept, Class: filter.ClassWhitelisted}, status: "No, class=whitelisted"},
		{name: "too large", v: &filter.Verdict{Action: filter.Accept, Class: filter.ClassTooLarge}, status: "No, class=too-large"},
		{name: "not enabled", v: &filter.Verdict{Action: filter.Accept, Class: filter.ClassNotEnabled}, status: "No, class=not-enabled"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := []string{tt.flag, tt.status, tt.level, tt.score}
			for i, m := range marks {
				if got := m.value(tt.v); got != want[i] {
					t.Errorf("%s: got %q, want %q", m.name, got, want[i])
				}
			}
		})
	}
}

// Lines are folded where they may be, and never longer than RFC 5322 allows, whatever hit.
func TestStatusFolds(t *testing.T) {
	var hits []filter.Hit
	for i := range 500 {
		hits = append(hits, filter.Hit{Symbol: fmt.Sprintf("SYMBOL_%d", i), Score: 1})
	}
	hits[3].Symbol = strings.Repeat("X", 2000)
	hits[4].Symbol = "NOT A\r\nSYMBOL"
	value := statusValue(scanned(filter.Tag, 500, hits...))
	for i, line := range strings.Split("X-Spam-Status: "+value, "\n") {
		if len(line) > lineLength && !strings.Contains(line, "XXXX") || len(line) > 998 {
			t.Errorf("line %d has %d octets: %q", i, len(line), line)
		}
		if i > 0 && line[0] != '\t' || strings.ContainsAny(line, "\r\x00") || strings.HasSuffix(line, " ") {
			t.Errorf("line %d: %q", i, line)
		}
	}
	flat := strings.ReplaceAll(value, "\n\t", "")
	if !strings.Contains(flat, "tests=SYMBOL_0,SYMBOL_1,SYMBOL_2,XXX") || !strings.Contains(flat, ",NOT_A__SYMBOL,") {
		t.Errorf("symbols are missing: %.300s", flat)
	}
	if !strings.HasSuffix(flat, ",SYMBOL_199,more") {
		t.Errorf("ends with %q", flat[len(flat)-30:])
	}
}
