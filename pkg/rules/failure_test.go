package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"winnow/pkg/message"
	"winnow/pkg/rules/eval"
)

const failing = `body ONE /hello/
header BAD eval:check_for_missing_to_header()
body TWO /hello/
meta NEEDS_BAD (ONE && BAD) || TWO
meta WITHOUT BAD + 1
uri LINK /example/
`

// TestPanickingRule shows that a rule which panics costs itself, and is named and counted.
func TestPanickingRule(t *testing.T) {
	set := mustLoad(t, failing)
	set.Rule("BAD").call.check = func(*eval.Facts) int { panic("out of cheese") }
	m := mustParse(t, "Subject: x\n\nhello http://www.example.org/\n")
	for times := 1; times <= 2; times++ {
		results := NewStage(set).Check(t.Context(), m)
		var got []string
		for _, hit := range results[0].Hits {
			got = append(got, hit.Symbol)
		}
		if want := []string{"ONE", "TWO", "NEEDS_BAD", "WITHOUT", "LINK"}; !slices.Equal(got, want) {
			t.Errorf("got hits %v, want %v", got, want)
		}
		err := results[0].Err
		if err == nil || strings.Count(err.Error(), "rule BAD of rules/test.cf:2 panicked and counts as a miss: out of cheese") != 1 {
			t.Fatalf("error %v", err)
		}
		if first := times == 1; strings.Contains(err.Error(), "failure_test.go") != first {
			t.Errorf("time %d: the stack is to be told once: %v", times, err)
		}
	}
	if got := set.Failed(); len(got) != 1 || got["BAD"] != 2 {
		t.Errorf("got %v failures, want 2 of BAD", got)
	}
	if got := set.State(0, time.Time{}).Failed; len(got) != 1 || got[0] != (RuleCount{"BAD", "rules/test.cf", 2, 2}) {
		t.Errorf("got state %v", got)
	}
}

// brokenBody is a message whose text cannot be made.
type brokenBody struct{ *message.Message }

func (brokenBody) BodyLines() []string { panic("no text") }

// TestPanickingText shows that where a text cannot be made, its rules miss and others do not.
func TestPanickingText(t *testing.T) {
	set := mustLoad(t, "body A /hello/\nbody B /hello/\nheader NOT Subject !~ /x/\nheader S Subject =~ /x/\nmeta M !A && S\nuri U /example/\nbody C /hello/\n")
	m := brokenBody{mustParse(t, "Subject: x\n\nhello http://www.example.org/\n")}
	results := set.check(t.Context(), m)
	var got []string
	for _, hit := range results[0].Hits {
		got = append(got, hit.Symbol)
	}
	if want := []string{"S", "M", "U"}; !slices.Equal(got, want) {
		t.Errorf("got hits %v, want %v", got, want)
	}
	if failed := set.Failed(); len(failed) != 1 {
		t.Errorf("got %v failures, want the one rule that asked first", failed)
	}
	if err := results[0].Err; err == nil || !strings.Contains(err.Error(), "no text") {
		t.Errorf("error %v", err)
	}
}

// TestManyPanics shows that the rest is left where everything panics.
func TestManyPanics(t *testing.T) {
	var text strings.Builder
	for i := range 3 * maxFailures {
		fmt.Fprintf(&text, "header BAD%d eval:check_for_missing_to_header()\n", i)
	}
	set := mustLoad(t, text.String()+"body LAST /hello/\n")
	for _, rule := range set.rules {
		if rule.call != nil {
			rule.call.check = func(*eval.Facts) int { panic("again") }
		}
	}
	results := set.check(t.Context(), mustParse(t, "Subject: x\n\nhello\n"))
	if got := len(set.Failed()); got != maxFailures {
		t.Errorf("%d rules panicked, want %d", got, maxFailures)
	}
	if err := results[0].Err; err == nil || !strings.Contains(err.Error(), "rules were not run: 20 rules panicked") {
		t.Errorf("error %.300v", err)
	}
}
