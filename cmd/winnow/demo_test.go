package main

import (
	"os"
	"os/exec"
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

// TestMain lets a test start winnow as a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_RUNS_WINNOW") != "" {
		main()
	}
	os.Exit(m.Run())
}

// With `winnow demo | head -1` the pipe closes early, which ends a process that does not expect it.
func TestDemoCleansUpWithoutAudience(t *testing.T) {
	if missing := rig.Missing(rig.PostfixProgram, rig.RbldnsdProgram); missing != nil {
		t.Skip(missing)
	}
	audience, stage, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	audience.Close()
	temp, err := os.MkdirTemp("", "winnow-test-") // t.TempDir's are closed to the users that rbldnsd and Postfix run as
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(temp)
	if err := os.Chmod(temp, 0o711); err != nil {
		t.Fatal(err)
	}
	winnow := exec.Command(os.Args[0], "demo")
	winnow.Env = append(os.Environ(), "TEST_RUNS_WINNOW=1", "TMPDIR="+temp)
	winnow.Stdout = stage
	var complaints strings.Builder
	winnow.Stderr = &complaints
	_ = winnow.Run()
	stage.Close()
	if !strings.Contains(complaints.String(), "broken pipe") {
		t.Errorf("got %q, want the complaint that nobody took the report", complaints.String())
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
