package web

import (
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// someView has figures and nothing else.
type someView struct {
	View
	figures *Figures
}

func (v someView) Figures(context.Context) *Figures { return v.figures }

// full is figures in which there is something of everything.
func full() *Figures {
	took := Histogram{Bounds: []time.Duration{time.Millisecond, time.Second}, Counts: []int64{2, 1, 1}, Sum: 3 * time.Second}
	hits := Hits{All: 5, Unique: 4, Decisive: 3, Doubtful: 2}
	return &Figures{
		Version:     "1.0",
		Connections: map[string]int64{"accepted": 10, "refused": 90},
		Messages:    map[string]int64{"scanned": 9, "too large": 1},
		Actions:     map[string]int64{"accept": 8, "reject": 2},
		Caught:      2, Delivered: 8, Relayed: 1, Outbound: 4, Incomplete: 3,
		Stages: map[string]Histogram{"dnsbl": took}, StageFailures: map[string]int64{"rules": 1},
		Lists: []ListFigures{
			{Name: "zen", Health: "ok", Asked: 100, Cached: 30, Refusals: 90, Hits: hits, Took: took, Failures: map[string]int64{"error": 1, "refused": 0}},
			{Name: "*", Asked: 1},
		},
		RuleHits: hits, RulesTook: took,
		Rules:    RuleFigures{Loaded: 900, Running: 300, Since: time.Unix(1e9, 0), GivenUp: map[string]int64{"SLOW": 3}, Panicked: map[string]int64{"ODD": 1}},
		Sessions: 3, MaxSessions: 500, Scans: 1, MaxScans: 100,
		DNS:     DNSFigures{Questions: 7, Answered: map[string]uint64{"memory": 3}, Failures: map[string]uint64{"timeout": 1}},
		Parts:   []Part{{Name: PartMilter, OK: true}, {Name: PartStore}},
		Account: AccountFigures{StoreOK: true},
		Learned: LearnedFigures{Written: 5, Waiting: 1},
	}
}

// Names are as Prometheus wants them, and every metric of the table is there.
func TestMetricNames(t *testing.T) {
	registry := newRegistry(someView{figures: full()})
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, family := range families {
		if strings.HasPrefix(family.GetName(), "winnow_") {
			got = append(got, family.GetName())
		}
	}
	name := regexp.MustCompile(`fqName: "([^"]+)"`)
	for _, d := range all {
		want = append(want, name.FindStringSubmatch(d.String())[1])
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-table +shown):\n%s", diff)
	}
	for _, others := range []string{"go_goroutines", "process_cpu_seconds_total"} {
		if n, err := testutil.GatherAndCount(registry, others); err != nil || n != 1 {
			t.Errorf("%s: got %d, %v, want 1", others, n, err)
		}
	}
}

// Every metric is explained in the manual with its labels, and the manual explains no other.
func TestMetricsAreExplained(t *testing.T) {
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var explained, want []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(winnow_[a-z_]+(?:\\{[a-z, ]+\\})?)` \\|").FindAllStringSubmatch(string(page), -1) {
		explained = append(explained, m[1])
	}
	parts := regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{([^}]*)\}`)
	for _, d := range all {
		m := parts.FindStringSubmatch(d.String())
		if m[2] != "" {
			m[1] += "{" + strings.ReplaceAll(m[2], ",", ", ") + "}"
		}
		want = append(want, m[1])
	}
	slices.Sort(explained)
	slices.Sort(want)
	if diff := cmp.Diff(want, explained); diff != "" {
		t.Errorf("docs/metrics.md (-metrics +explained):\n%s", diff)
	}
}

func TestMetricValues(t *testing.T) {
	shown := scrape(t, full())
	for _, want := range []string{
		`winnow_build_info{goversion="go`,
		`winnow_connections_total{result="refused"} 90`,
		`winnow_messages_total{class="too large"} 1`,
		`winnow_stage_duration_seconds_bucket{stage="dnsbl",le="0.001"} 2`,
		`winnow_stage_duration_seconds_bucket{stage="dnsbl",le="1"} 3`,
		`winnow_stage_duration_seconds_bucket{stage="dnsbl",le="+Inf"} 4`,
		`winnow_stage_duration_seconds_sum{stage="dnsbl"} 3`,
		`winnow_stage_duration_seconds_count{stage="dnsbl"} 4`,
		`winnow_list_health{health="ok",list="zen"} 1`,
		`winnow_list_health{health="down",list="zen"} 0`,
		`winnow_list_questions_total{list="*"} 1`,
		`winnow_list_failures_total{list="zen",reason="error"} 1`,
		`winnow_rule_given_up_total{rule="SLOW"} 3`,
		`winnow_rules_loaded_timestamp_seconds 1e+09`,
		`winnow_part_ok{part="store"} 0`,
		`winnow_account_ok{to="journal"} 0`,
		`winnow_dns_cached_answers_total{by="memory"} 3`,
	} {
		if !strings.Contains(shown, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

func scrape(t *testing.T, f *Figures) string {
	t.Helper()
	w := httptest.NewRecorder()
	metricsHandler(someView{figures: f}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("got %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// However many rules were given up, twenty have a label, and the sum stays right.
func TestRuleLabelsAreBounded(t *testing.T) {
	f := full()
	f.Rules.GivenUp = map[string]int64{}
	for i := range 3000 {
		f.Rules.GivenUp[fmt.Sprintf("R%04d", i)] = int64(i)
	}
	shown := scrape(t, f)
	if n := strings.Count(shown, "winnow_rule_given_up_total{"); n != maxRuleLabels+1 {
		t.Errorf("got %d series, want %d", n, maxRuleLabels+1)
	}
	for _, want := range []string{`winnow_rule_given_up_total{rule="R2999"} 2999`, `winnow_rule_given_up_total{rule="*"} 4.43871e+06`} {
		if !strings.Contains(shown, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

// A scrape costs what it costs, whatever the mail: BenchmarkScrape tells how much.
func BenchmarkScrape(b *testing.B) {
	f := full()
	for i := range 25 {
		l := f.Lists[0]
		l.Name = fmt.Sprintf("list%d", i)
		f.Lists = append(f.Lists, l)
	}
	h := metricsHandler(someView{figures: f})
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		_, _ = io.Copy(io.Discard, w.Body)
	}
}
