package rules

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func resultLines(results []TestResult) []string {
	var lines []string
	for _, r := range results {
		lines = append(lines, r.String())
	}
	return lines
}

func TestRunTests(t *testing.T) {
	set, faults := loadFiles(map[string]string{"a.cf": `header FROM From =~ /^erika\@/
test FROM ok   erika@example.org
test FROM fail Erika <erika@example.org>
test FROM ok   hans@example.org
header ADDR From:addr =~ /org$/
test ADDR ok erika@example.org
header EXISTS exists:X-Note
test EXISTS ok   X-Note: here
test EXISTS fail X-Other: here
body BODY /^foo.bar$/
test BODY ok   foo bar
test BODY fail foo  bar
test BODY fail foo bar
body LATER /foo/
tflags LATER nosubject
test LATER ok foo
rawbody RAW /foo  bar\n/
test RAW ok foo  bar
test RAW ok foo  bar\nfoo
uri LINK m{^http://example\.org/}
test LINK ok http://example.org/x
full FULL /^From: x$/m
test FULL ok From: x
test FULL ok Subject: x\nFrom: x\nTo: x
meta TEXT BODY
test TEXT ok   foo\nbar
test TEXT fail Subject: foo bar
meta MESSAGE FROM && LINK
test MESSAGE ok   From: erika@example.org\nSubject: x\n\nSee http://example.org/x
test MESSAGE fail From: hans@example.org\n\nSee http://example.org/x
body OFF /foo/
score OFF 0
test OFF ok foo
body BAYES eval:check_bayes(0, 1)
tflags BAYES learn
test BAYES ok foo
`})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	var failed, skipped, passed []TestResult
	for _, r := range set.RunTests() {
		switch {
		case r.Failure != "":
			failed = append(failed, r)
		case r.Skipped != "":
			skipped = append(skipped, r)
		default:
			passed = append(passed, r)
		}
	}
	want := []string{
		`rules/a.cf:4: FROM: test failed: does not hit "hans@example.org"`,
		`rules/a.cf:13: BODY: test failed: hits "foo bar"`,
	}
	if diff := cmp.Diff(want, resultLines(failed)); diff != "" {
		t.Errorf("failed (-want +got):\n%s", diff)
	}
	want = []string{"rules/a.cf:36: BAYES: test not run: the rule is off: its score is 0, or it needs what is not there"}
	if diff := cmp.Diff(want, resultLines(skipped)); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	if got, want := len(passed), 18; got != want {
		t.Errorf("got %d passed, want %d: %v", got, want, resultLines(passed))
	}
}

func TestRunArchives(t *testing.T) {
	set := mustLoad(t, "body FOO /foo/\nbody BAR /bar/\nheader ENV EnvelopeFrom =~ /^erika\\@/\nbody __SUB /foo/")
	folder := fstest.MapFS{
		"good.txtar":  {Data: []byte("Two messages.\n-- one.eml --\nSubject: x\n\nfoo\n-- one.want --\nsender: erika@example.org\nhits: FOO __SUB\nmisses: BAR\nonly: FOO ENV\n-- none.eml --\n\nnothing\n-- none.want --\nonly:\n")},
		"fails.txtar": {Data: []byte("-- a.eml --\nSubject: x\n\nfoo bar\n-- a.want --\nhits: ENV NONE\nmisses: FOO\nonly: BAR ENV\n")},
		"odd.txtar":   {Data: []byte("-- a.eml --\n\nfoo\n-- b.eml --\n\nfoo\n-- b.want --\nhit: FOO\n")},
		"empty.txtar": {Data: []byte("Nothing.\n")},
		"notes.txt":   {Data: []byte("no archive")},
	}
	results, err := set.RunArchives("tests", folder)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(`
tests/empty.txtar: test failed: nothing is tested: an archive holds files name.eml and name.want
tests/fails.txtar: ENV: test failed: does not hit a.eml
tests/fails.txtar: NONE: test failed: there is no such rule
tests/fails.txtar: FOO: test failed: hits a.eml
tests/fails.txtar: ENV: test failed: does not hit a.eml
tests/fails.txtar: FOO: test failed: hits a.eml
tests/good.txtar: FOO: test passed
tests/good.txtar: __SUB: test passed
tests/good.txtar: BAR: test passed
tests/good.txtar: one.eml: test passed
tests/good.txtar: none.eml: test passed
tests/odd.txtar: a.eml: test failed: nothing is wanted of it: write hits:, misses: or only: into its .want file
tests/odd.txtar: b.eml: test failed: line 1 of what is wanted begins with "hit": one of sender, hits, misses, only
`), "\n")
	if diff := cmp.Diff(want, resultLines(results)); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}
