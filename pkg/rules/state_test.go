package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestState names the rule that was given up, and how often.
func TestState(t *testing.T) {
	config := DefaultConfig()
	config.Files = []FileConfig{{Name: "evil.cf", Cap: 2}}
	set, faults := Load([]Folder{mapFolder("rules", map[string]string{
		"evil.cf": "body EVIL /^(a|aa|a|b(?=a))*(\\w)\\2x{3}$/\nbody GOOD /a/\n", "subs.cf": "body __SUB /a/",
	})}, config)
	if Worst(faults) == Broken {
		t.Fatal(faults)
	}
	m := mustParse(t, "Subject: x\n\n"+strings.Repeat("a", 1900)+"xxx!\n")
	NewStage(set).Check(t.Context(), m)
	NewStage(set).Check(t.Context(), m)
	since := time.Date(2016, 12, 14, 8, 0, 0, 0, time.UTC)
	want := State{Since: since, Rules: 3, Running: 2, Faults: 1,
		Files: []File{{Name: "evil.cf", Rules: 2, Cap: 2}}, Bounded: []RuleCount{{"EVIL", "rules/evil.cf", 1, 2}}, Failed: []RuleCount{}}
	if diff := cmp.Diff(want, set.State(1, since)); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
}

// TestGivenUpIsNoHit shows that a rule whose pattern is given up misses, also where it is to hit because nothing matches.
func TestGivenUpIsNoHit(t *testing.T) {
	const evil = `/^(a|aa|a|b(?=a))*(\w)\2x{3}$/`
	set := mustLoad(t, "header EVIL Subject =~ "+evil+"\nheader NOT Subject !~ "+evil+"\nheader FINE Subject !~ /b/")
	text := "Subject: " + strings.Repeat("a", 1900) + "xxx!\n\nx\n"
	if got := strings.Join(hitting(set, mustParse(t, text)), " "); got != "FINE" {
		t.Errorf("got hits %s, want FINE", got)
	}
	if got := set.Bounded(); got["EVIL"] != 1 || got["NOT"] != 1 {
		t.Errorf("given up: %v, want EVIL and NOT once", got)
	}
}
