package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func faultLines(faults []Fault) []string {
	var lines []string
	for _, f := range faults {
		lines = append(lines, f.String())
	}
	return lines
}

func TestLaterFoldersReplaceRules(t *testing.T) {
	shipped := mapFolder("shipped", map[string]string{
		"10_a.cf": "body FOO /shipped/\nscore FOO 2\ntest FOO ok shipped\nbody BAR /bar/\ndescribe BAR shipped",
		"20_b.cf": "body BAZ /baz/",
		"notes":   "body NO /this is no rule file/",
		".x.cf":   "body NO /nor is this/",
	})
	site := mapFolder("site", map[string]string{
		"10_a.cf": "body FOO /site/\ntest FOO ok site\nscore BAR 0\ndescribe BAR site",
	})
	set, faults := Load([]Folder{shipped, site}, DefaultConfig())
	if len(faults) > 0 {
		t.Fatalf("faults: %v", faults)
	}
	if got, want := hitting(set, mustParse(t, "\n\nshipped site bar baz")), []string{"BAZ", "FOO"}; !slices.Equal(got, want) {
		t.Errorf("hits: got %v, want %v", got, want)
	}
	if got := set.Rule("FOO").Score; got != 2 {
		t.Errorf("the score of an earlier folder: got %v, want 2", got)
	}
	if got := set.Rule("BAR").Describe; got != "site" {
		t.Errorf("describe: got %q, want site", got)
	}
	for _, result := range set.RunTests() { // the test of the replaced rule is gone with it
		if result.Failure != "" {
			t.Errorf("%v", result)
		}
	}
	var sources []string
	for _, src := range set.sources {
		sources = append(sources, src.name)
	}
	if want := []string{"20_b.cf", "site/10_a.cf"}; !slices.Equal(sources, want) {
		t.Errorf("sources: got %v, want %v", sources, want)
	}
}

func TestInclude(t *testing.T) {
	set, faults := loadFiles(map[string]string{
		"10_a.cf":      "include more/b.inc\nbody LAST /a/",
		"more/b.inc":   "body FIRST /a/\ninclude c.inc",
		"more/c.inc":   "body SECOND /(/\nbody THIRD /a/",
		"more/late.cf": "body NO /in a folder below/",
	})
	if diff := cmp.Diff([]string{"rules/more/c.inc:1: SECOND: body: pattern: missing ) of the group, at octet 0: ("}, faultLines(faults)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	var names []string
	for _, rule := range set.Rules() {
		names = append(names, rule.Name)
	}
	if want := []string{"LAST", "FIRST", "THIRD"}; !slices.Equal(names, want) {
		t.Errorf("rules: got %v, want %v", names, want)
	}
}

func TestIncludesEnd(t *testing.T) {
	deep := map[string]string{"a.cf": "include 1.inc"}
	for i := 1; i < 30; i++ {
		deep[fmt.Sprintf("%d.inc", i)] = fmt.Sprintf("include %d.inc\ninclude %d.inc", i+1, i+1)
	}
	_, faults := loadFiles(deep)
	if len(faults) == 0 || len(faults) > maxFiles+1 {
		t.Errorf("includes 30 deep and twice each: got %d faults", len(faults))
	}
	circle := map[string]string{"a.cf": "include b.inc", "b.inc": "include c.inc\nbody GOOD /a/", "c.inc": "include b.inc"}
	set, faults := loadFiles(circle)
	if diff := cmp.Diff([]string{`rules/c.inc:1: include "b.inc": the file includes itself; take one of the includes out`}, faultLines(faults)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if set.Rule("GOOD") == nil {
		t.Error("the circle cost the rest of the file")
	}
}

// TestSymlinks shows that a link of the operator's is followed, and that an include leaves the folder by none.
func TestSymlinks(t *testing.T) {
	outside, inside := t.TempDir(), t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, name string) {
		if err := os.Symlink(to, filepath.Join(inside, name)); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(outside, "other.cf"), "body LINKED /a/\ninclude more.inc\n")
	write(filepath.Join(outside, "secret.inc"), "body SECRET /a/\n")
	write(filepath.Join(inside, "more.inc"), "body MORE /a/\n")
	write(filepath.Join(inside, "b.cf"), "include out.inc\ninclude loop/b.inc\ninclude self.inc\ninclude here/more.inc\nbody LAST /a/\n")
	link(filepath.Join(outside, "other.cf"), "a.cf")
	link(filepath.Join(outside, "secret.inc"), "out.inc")
	link("loop", "loop")
	link("self.inc", "self.inc")
	link(".", "here")

	set, faults := Load([]Folder{Dir(inside)}, DefaultConfig())
	for _, want := range []string{"LINKED", "MORE", "LAST"} {
		if set.Rule(want) == nil {
			t.Errorf("%s is missing", want)
		}
	}
	if set.Rule("SECRET") != nil {
		t.Error("an include left the folder by a link")
	}
	for _, want := range []string{"cannot read out.inc", "cannot read loop/b.inc", "cannot read self.inc", "MORE: defined before"} {
		if !slices.ContainsFunc(faultLines(faults), func(line string) bool { return strings.Contains(line, want) }) {
			t.Errorf("no fault %q in %q", want, faultLines(faults))
		}
	}
}

func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "folder.cf"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("folder.cf", filepath.Join(dir, "link.cf")); err != nil {
		t.Fatal(err)
	}
	set, faults := Load([]Folder{Dir(filepath.Join(dir, "nowhere")), Dir(dir)}, DefaultConfig())
	want := []string{
		dir + "/nowhere: cannot read the folder: no such file or directory; create it, or take it out of the configuration",
		dir + "/link.cf: cannot read link.cf: not a regular file",
	}
	if diff := cmp.Diff(want, faultLines(faults)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if set == nil || set.Running() != 0 {
		t.Errorf("got set %v, want an empty one", set)
	}
}

func TestLimits(t *testing.T) {
	long := strings.Repeat("x", maxLineLength)
	deepMeta := "body M0 /a/\nmeta M1 M0\n"
	for i := 2; i <= maxMetaDepth+1; i++ {
		deepMeta += fmt.Sprintf("meta M%d M%d\n", i, i-1)
	}
	tests := []struct{ name, text, want string }{
		{"line", "body FOO /" + long + "/\nbody BAR /a/", "rules/a.cf:1: line too long; cut it into several rules and a meta"},
		{"pattern", "body FOO /" + long[:maxLineLength-500] + "/", "rules/a.cf:1: FOO: body: pattern: longer than 524288 octets, at octet 524288: xxxxxxxxxxxxxxxxxxxxxxxx..."},
		{"name", "body " + long[:101] + " /a/", fmt.Sprintf("rules/a.cf:1: body: %q is no name for a rule; letters, digits and _, at most 100, no digit first", long[:101])},
		{"nested groups", "body FOO /" + strings.Repeat("(", 300) + "a" + strings.Repeat(")", 300) + "/", "rules/a.cf:1: FOO: body: pattern: groups nest deeper than 200, at octet 200: " + strings.Repeat("(", 24) + "..."},
		{"parentheses", "meta FOO " + strings.Repeat("(", 300) + "1" + strings.Repeat(")", 300), "rules/a.cf:1: FOO: meta: nested deeper than 100"},
		{"negations", "meta FOO " + strings.Repeat("!", 300) + "1", "rules/a.cf:1: FOO: meta: nested deeper than 100"},
		{"words", "meta FOO 1" + strings.Repeat("+1", maxTokens), "rules/a.cf:1: FOO: meta: more than 5000 words"},
		{"metas", deepMeta, fmt.Sprintf("rules/a.cf:%d: M%d: metas nest deeper than 50: it never hits", maxMetaDepth+2, maxMetaDepth+1)},
		{"test", "body FOO /a/\ntest FOO ok " + long[:maxTestText+1], "rules/a.cf:2: FOO: test: the text has more than 16384 octets; make it a message in tests/"},
		{"tests", "body FOO /a/\n" + strings.Repeat("test FOO ok a\n", maxTests+1), fmt.Sprintf("rules/a.cf:%d: FOO: test: the rule has more than 200", maxTests+2)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, faults := loadFiles(map[string]string{"a.cf": test.text})
			if diff := cmp.Diff([]string{test.want}, faultLines(faults)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	if c := DefaultConfig(); len(c.Validate()) > 0 || c.scoreSet() != 1 {
		t.Errorf("default: faults %v, score set %d; want none, 1", c.Validate(), c.scoreSet())
	}
	c := Config{Folders: []string{""}}
	if got := len(c.Validate()); got != 1 {
		t.Errorf("an empty folder: got %d faults, want 1", got)
	}
	c = Config{Folders: []string{t.TempDir(), "/does/not/exist"}, Overrides: "/does/not/exist.cf"}
	if got := c.Missing(); len(c.Validate()) > 0 || len(got) != 2 || !strings.Contains(got[0].Error(), "/does/not/exist: no such file") {
		t.Errorf("a folder and a file that are not there: got %v", got)
	}
	if got := len((&Config{}).Validate()); got != 1 {
		t.Errorf("no rules at all: got %d faults, want 1", got)
	}
	c = Config{Shipped: true, Folders: []string{"/x"}}
	folders := c.Open(os.DirFS("."))
	if len(folders) != 2 || folders[0].Name != "shipped rules" || folders[1].Name != "/x" {
		t.Errorf("folders: got %v", folders)
	}
}
