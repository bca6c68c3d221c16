package main

import (
	"encoding/json"
	"strings"
	"testing"

	"winnow/pkg/rules"
)

func TestCost(t *testing.T) {
	dir := ruleFolder(t, "body DEAR /(a|b|ab)*c/\nbody __SUB /one/\nmeta BOTH DEAR || __SUB\nbody __UNUSED /two/\nbody LENGTH eval:check_body_length('10')\n")
	mails := []string{file(t, "a.eml", "Subject: x\n\n"+strings.Repeat("ab", 500)+" one\n"), file(t, "b.eml", explainedMail)}
	code, stdout, stderr := call(t, "", append([]string{"rules", "cost", "--json", "--rules", dir}, mails...)...)
	var cost rules.Cost
	if err := json.Unmarshal([]byte(stdout), &cost); err != nil || code != exitFine {
		t.Fatalf("code %d, %v: %s%s", code, err, stdout, stderr)
	}
	if cost.Messages != 2 || cost.Total.Mean <= 0 || cost.Total.P50 > cost.Total.Max || len(cost.Layers) != 7 {
		t.Errorf("got %+v", cost)
	}
	if len(cost.Rules) == 0 || cost.Rules[0].Name != "DEAR" || cost.Rules[0].Part <= 0.3 {
		t.Errorf("got %+v, want DEAR first", cost.Rules)
	}
	for _, r := range cost.Rules {
		if r.Name == "__UNUSED" {
			t.Error("measured a rule that is never run")
		}
	}
	code, stdout, stderr = call(t, "", "rules", "cost", "--rules", dir, "--most", "1", mails[0], "/nonexistent")
	if code != exitWrong || !strings.Contains(stdout, "1 messages") || !strings.Contains(stderr, "/nonexistent: no such file") {
		t.Errorf("got %d, %s%s", code, stdout, stderr)
	}
	if code, _, _ = call(t, "", "rules", "cost", "--rules", dir, "--most", "-1", mails[0]); code != exitUsage {
		t.Errorf("--most -1: got code %d, want %d", code, exitUsage)
	}
	_, stdout, _ = call(t, "", "rules", "cost", "--rules", dir, "--most", "1", mails[0])
	for _, want := range []string{"1 messages, ms a message", "literal pass", "all together", "DEAREST RULES", "DEAR"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("got %s, want %q in it", stdout, want)
		}
	}
}
