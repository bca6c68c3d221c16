package web

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// What Prometheus and Grafana are given is held to the metrics that there are: every name, label and value of a label.

const (
	alertsFile    = "../../deploy/winnow-alerts.yml"
	dashboardFile = "../../deploy/grafana-winnow.json"
	manual        = "../../docs/metrics.md"
)

// known is each metric's labels.
func known() map[string][]string {
	labels := map[string][]string{}
	parts := regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{([^}]*)\}`)
	for _, d := range all {
		m := parts.FindStringSubmatch(d.String())
		labels[m[1]] = strings.FieldsFunc(m[2], func(r rune) bool { return r == ',' })
	}
	labels["up"], labels["process_resident_memory_bytes"] = nil, nil
	return labels
}

// values is what labels can be whose values are ours to name. Those of all others come from the configuration.
var values = map[string][]string{
	"result": {"accepted", "refused", "error", "own", "written", "dropped"},
	"class":  {"whitelisted", "blacklisted", "too large", "not enabled", "scanned"},
	"action": {"accept", "tag", "quarantine", "defer", "reject", "discard"},
	"health": healths,
	"part":   {PartMilter, PartRules, PartStore, PartResolver},
	"state":  {"loaded", "running"},
	"to":     {"store", "journal"},
	"by":     {"memory", "shared", "joined", "suppressed"},
	"reason": {"error", "refused", "bogus", "unknown", "timeout", "network", "servfail", "malformed", "rcode"},
}

// targetLabels are what Prometheus puts to every series.
var targetLabels = []string{"instance", "job"}

// words are what an expression has beside metrics and labels.
var words = []string{
	"and", "or", "sum", "min", "max", "by", "rate", "increase", "changes", "histogram_quantile", "label_values",
}

var (
	quoted    = regexp.MustCompile(`"[^"]*"`)
	ranges    = regexp.MustCompile(`\[[^\]]*\]`)
	grouping  = regexp.MustCompile(`\bby \(([^)]*)\)`)
	selector  = regexp.MustCompile(`([a-z_]+)\{([^}]*)\}`)
	matcher   = regexp.MustCompile(`^\s*([a-z_]+)(=~|!~|!=|=)"([^"]*)"\s*$`)
	word      = regexp.MustCompile(`[a-z_][a-z_0-9]*`)
	asLegend  = regexp.MustCompile(`\{\{ *(?:\$labels\.)?([a-z_]+) *\}\}`)
	separator = regexp.MustCompile(`, *`)
)

// checkExpression returns what is wrong with an expression, and the labels that its result may have.
func checkExpression(expr string) (faults, labels []string) {
	metrics := known()
	allowed := slices.Concat(targetLabels, []string{"le"})
	use := func(name string) {
		base := name
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if cut, ok := strings.CutSuffix(name, suffix); ok {
				base = cut
			}
		}
		of, ok := metrics[base]
		if base != name && !strings.HasSuffix(base, "_seconds") {
			ok = false // only histograms have those
		}
		if !ok {
			faults = append(faults, fmt.Sprintf("%s: there is no such metric", name))
		}
		allowed = append(allowed, of...)
	}
	for _, m := range selector.FindAllStringSubmatch(expr, -1) {
		faults = append(faults, checkMatchers(m[1], m[2], metrics)...)
	}
	groups := grouping.FindAllStringSubmatch(expr, -1)
	bare := selector.ReplaceAllString(expr, "$1")
	bare = ranges.ReplaceAllString(quoted.ReplaceAllString(grouping.ReplaceAllString(bare, "by ()"), ""), "")
	for _, name := range word.FindAllString(bare, -1) {
		if !slices.Contains(words, name) {
			use(name)
		}
	}
	labels = allowed
	for _, g := range groups {
		labels = separator.Split(g[1], -1)
		for _, label := range labels {
			if !slices.Contains(allowed, label) {
				faults = append(faults, fmt.Sprintf("by (%s): no metric here has that label", label))
			}
		}
	}
	if strings.Count(expr, "(") != strings.Count(expr, ")") {
		faults = append(faults, "parentheses do not match")
	}
	return faults, labels
}

func checkMatchers(metric, text string, metrics map[string][]string) (faults []string) {
	base := strings.TrimSuffix(metric, "_bucket")
	for _, one := range strings.Split(text, ",") {
		m := matcher.FindStringSubmatch(one)
		if m == nil {
			faults = append(faults, fmt.Sprintf("%s{%s}: cannot be read", metric, one))
			continue
		}
		if slices.Contains(targetLabels, m[1]) {
			continue
		}
		if !slices.Contains(metrics[base], m[1]) {
			faults = append(faults, fmt.Sprintf("%s has no label %s", metric, m[1]))
		}
		for _, value := range strings.Split(m[3], "|") {
			if values[m[1]] != nil && !slices.Contains(values[m[1]], value) {
				faults = append(faults, fmt.Sprintf("%s: %s is never %q", metric, m[1], value))
			}
		}
	}
	return faults
}

// checkShown checks that a text for people names labels only that are there.
func checkShown(text string, labels []string) (faults []string) {
	for _, m := range asLegend.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(labels, m[1]) {
			faults = append(faults, fmt.Sprintf("%q: the result has no label %s", text, m[1]))
		}
	}
	return faults
}

func TestExpressionsAreChecked(t *testing.T) {
	for expr, want := range map[string]string{
		`winnow_sessions > 1`:    "",
		`winnow_nothing > 1`:     "winnow_nothing: there is no such metric",
		`winnow_sessions_bucket`: "no such metric",
		`rate(winnow_list_duration_seconds_bucket{list="zen"}[5m])`:        "",
		`winnow_list_hits_total{lists="zen"}`:                              "winnow_list_hits_total has no label lists",
		`winnow_list_health{health="dead"}`:                                `health is never "dead"`,
		`winnow_list_health{health=~"ok|dead"}`:                            `health is never "dead"`,
		`sum by (stage) (winnow_list_hits_total)`:                          "by (stage): no metric here has that label",
		`sum by (list) (winnow_list_hits_total`:                            "parentheses do not match",
		`winnow_list_hits_total{list=zen}`:                                 "cannot be read",
		`avg(winnow_sessions)`:                                             "avg: there is no such metric",
		`histogram_quantile(0.9, sum by (le) (rate(winnow_sessions[5m])))`: "",
	} {
		faults, _ := checkExpression(expr)
		if got := strings.Join(faults, "; "); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", expr, got, want)
		}
	}
}

func TestAlerts(t *testing.T) {
	data, err := os.ReadFile(alertsFile)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	explained := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(Winnow[A-Za-z]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		explained[m[1]] = true
	}
	if len(file.Groups) != 1 || len(file.Groups[0].Rules) == 0 {
		t.Fatal("no rules")
	}
	for _, rule := range file.Groups[0].Rules {
		faults, labels := checkExpression(rule.Expr)
		for _, name := range []string{"summary", "description"} {
			if rule.Annotations[name] == "" {
				faults = append(faults, "no "+name)
			}
			faults = append(faults, checkShown(rule.Annotations[name], labels)...)
		}
		if !slices.Contains([]string{"info", "warning", "critical"}, rule.Labels["severity"]) {
			faults = append(faults, "no severity")
		}
		if !explained[rule.Alert] {
			faults = append(faults, "docs/metrics.md does not say what to do")
		}
		delete(explained, rule.Alert)
		for _, fault := range faults {
			t.Errorf("%s: %s", rule.Alert, fault)
		}
	}
	for name := range explained {
		t.Errorf("docs/metrics.md explains %s, which is no alert", name)
	}
}

func TestDashboard(t *testing.T) {
	data, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			ID      int
			Title   string
			Type    string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr, LegendFormat string }
		}
		Templating struct {
			List []struct {
				Name  string
				Query any
			}
		}
		Annotations struct{ List []struct{ Expr string } }
	}
	if err := json.Unmarshal(data, &board); err != nil {
		t.Fatal(err)
	}
	ids, expressions := map[int]bool{}, 0
	for _, panel := range board.Panels {
		if ids[panel.ID] || panel.GridPos.X+panel.GridPos.W > 24 {
			t.Errorf("%s: id %d or place %+v", panel.Title, panel.ID, panel.GridPos)
		}
		ids[panel.ID] = true
		for _, target := range panel.Targets {
			expressions++
			faults, labels := checkExpression(target.Expr)
			for _, fault := range append(faults, checkShown(target.LegendFormat, labels)...) {
				t.Errorf("%s: %s: %s", panel.Title, target.Expr, fault)
			}
			if !strings.Contains(target.Expr, `instance=~"$instance"`) {
				t.Errorf("%s: %s: does not mind which node is chosen", panel.Title, target.Expr)
			}
		}
	}
	if expressions < 30 || len(board.Annotations.List) == 0 || len(board.Templating.List) != 3 {
		t.Errorf("got %d expressions, %d annotations, %d variables", expressions, len(board.Annotations.List), len(board.Templating.List))
	}
	for _, a := range board.Annotations.List {
		for _, fault := range first(checkExpression(a.Expr)) {
			t.Errorf("%s: %s", a.Expr, fault)
		}
	}
}

func first(faults, _ []string) []string { return faults }
