package rules

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"winnow/pkg/message"
)

// shippedSet loads the rules that winnow brings along.
func shippedSet(t testing.TB) *Set {
	t.Helper()
	set, faults := Load([]Folder{Dir("../../rules")}, DefaultConfig())
	for _, f := range faults {
		t.Errorf("%v", f)
	}
	return set
}

func TestShippedRules(t *testing.T) {
	set := shippedSet(t)
	for _, f := range set.Lint() {
		t.Errorf("%v", f)
	}
	for _, result := range set.RunTests() {
		if result.Failure != "" || result.Skipped != "" {
			t.Errorf("%v", result)
		}
	}
	archives, err := set.RunArchives("rules/tests", os.DirFS("../../rules/tests"))
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range archives {
		if result.Failure != "" {
			t.Errorf("%v", result)
		}
	}
	if len(archives) < 20 {
		t.Errorf("got %d results of archives, want some dozens", len(archives))
	}
}

// TestShippedRulesAreComplete asks of each rule with a score that tests show both what it hits and what it does not, and
// that it cannot tag a message alone. GTUBE can: that is what it is for.
func TestShippedRulesAreComplete(t *testing.T) {
	set := shippedSet(t)
	for _, rule := range set.Rules() {
		if subrule(rule.Name) {
			continue
		}
		var ok, fail int
		for _, test := range rule.tests {
			if test.hit {
				ok++
			} else {
				fail++
			}
		}
		if ok == 0 || fail == 0 {
			t.Errorf("%s: %d tests that hit and %d that do not, want some of each", rule.Name, ok, fail)
		}
		if rule.Score >= 5 && rule.Name != "GTUBE" {
			t.Errorf("%s: score %v reaches the threshold alone", rule.Name, rule.Score)
		}
	}
	if set.Running() < 30 {
		t.Errorf("only %d rules give points", set.Running())
	}
}

// TestWantedMailStaysBelow matches the shipped rules with a folder of wanted mail, one message a file: fewer than one in a
// thousand may reach the threshold. The mail is not part of the project.
func TestWantedMailStaysBelow(t *testing.T) {
	folder := os.Getenv("WINNOW_WANTED_MAIL")
	if folder == "" {
		t.Skip("WINNOW_WANTED_MAIL names no folder of wanted mail")
	}
	const threshold = 5
	set := shippedSet(t)
	messages, caught := 0, 0
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		m, err := message.Parse(file, 1<<20)
		if err != nil {
			return err
		}
		total := 0.0
		for _, result := range set.check(t.Context(), m) {
			for _, hit := range result.Hits {
				total += hit.Score
			}
		}
		messages++
		if total >= threshold {
			caught++
			t.Logf("%s: %v points", path, total)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d messages reach %d points", caught, messages, threshold)
	if caught*1000 > messages {
		t.Errorf("more than one in a thousand")
	}
}
