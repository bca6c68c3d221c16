package main

import (
	"strings"
	"testing"

	"winnow/pkg/rig"
	samples "winnow/test"
)

// The demo ends as each sample says it must: the reply, the verdict and its reason, and a report that adds up.
func TestDemo(t *testing.T) {
	if missing := rig.Missing(rig.PostfixProgram, rig.RbldnsdProgram); missing != nil {
		t.Skip(missing)
	}
	var out, errs strings.Builder
	if code := run(t.Context(), []string{"demo"}, strings.NewReader(""), &out, &errs); code != exitFine {
		t.Fatalf("exit code %d: %s\n%s", code, errs.String(), out.String())
	}
	_, rest, _ := strings.Cut(out.String(), "\n\n")
	for _, s := range samples.Mails() {
		var shown string
		if _, shown, _ = strings.Cut(rest, s.Title+"\n"); shown == "" {
			t.Errorf("%s: not shown", s.Name)
			continue
		}
		lines := strings.SplitN(shown, "\n", 4)
		verdict := lines[2]
		if !strings.HasPrefix(verdict, "  verdict "+s.Expect.Action+" ") || !strings.Contains(verdict, s.Expect.Reason) {
			t.Errorf("%s: got %q, want %s because of %s", s.Name, verdict, s.Expect.Action, s.Expect.Reason)
		}
	}
	for _, want := range []string{"connections                      16", "outbound messages (not in the funnel): 1", "postfix stopped"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}
