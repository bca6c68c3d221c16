package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// loadAlloc is how many octets may be allocated to read a hostile file: what is beyond a limit costs next to nothing. What is
// within all of them, but only just, takes up to fullAlloc; little of it at a time.
const (
	loadAlloc = 600 << 20
	fullAlloc = 3 << 30
)

// lines makes n lines of a format with their number in it, as often as it has verbs.
func lines(n int, format string) string {
	var b strings.Builder
	for i := range n {
		args := []any{i, i + 1, i / 2}
		fmt.Fprintf(&b, format+"\n", args[:strings.Count(format, "%d")]...)
	}
	return b.String()
}

func nested(open, inner, end string, depth int) string {
	return strings.Repeat(open, depth) + inner + strings.Repeat(end, depth)
}

// TestHostileFiles shows that whatever is too much in a rule file is a fault that names the file and, where there is one,
// the line, and that good rules beside it still hit.
func TestHostileFiles(t *testing.T) {
	tests := []struct {
		name, text, want string
		full             bool // it fills what there is room for
	}{
		{"binary", strings.Repeat("\x00\xff\x01\x02\x7fELF\n", 1000), `x.cf:1: unknown directive "\x00�\x01\x02\x7felf"`, false},
		{"too large", strings.Repeat("# x\n", maxFileSize/4+1), "x.cf: cannot read x.cf: larger than 16777216 octets", false},
		{"long line", "body X /" + strings.Repeat("a", maxLineLength) + "/", "x.cf:1: line too long", false},
		{"many rules", lines(maxRules+10, "meta X%d 1"), "x.cf:50000: X49999: more than 50000 rules: this one is left out", false},
		{"many names", lines(maxNamed+10, "describe X%d x"), "x.cf:100001: X100000: describe: something is said of more than 100000 rules", false},
		{"many faults", lines(2*maxFaults+10, "x%d"), "...: there are too many faults: nothing more was read", false},
		{"many ifs", nested("if version > 3\n", "", "endif\n", maxConditions+1), "x.cf:101: if: nested deeper than 100", false},
		{"if in parentheses", "if " + nested("(", "1", ")", maxNesting+1) + "\nendif", "x.cf:1: if: nested deeper than 100", false},
		{"includes itself", "include x.cf", `x.cf:1: include "x.cf": the file includes itself`, false},
		{"includes a folder", "include .", `x.cf:1: cannot read .: not a regular file`, false},
		{"meta in parentheses", "meta X " + nested("(", "1", ")", maxNesting+1), "x.cf:1: X: meta: nested deeper than 100", false},
		{"meta of nots", "meta X " + strings.Repeat("!", maxNesting+2) + "1", "x.cf:1: X: meta: nested deeper than 100", false},
		{"meta of words", "meta X 1" + strings.Repeat(" + 1", maxTokens), "x.cf:1: X: meta: more than 5000 words", false},
		{"metas of words", lines(500, "meta X%d 1"+strings.Repeat(" + 1", maxTokens/2-1)), "all metas have more than 1000000 words", false},
		{"circle", lines(20_000, "meta X%d X%d + X%d + X0"), "x.cf:1: X0: depends on itself: X0", false},
		{"chain", lines(20_000, "meta X%d X%d") + "meta X20000 1", "X19950: metas nest deeper than 50", false},
		{"globs", lines(maxGlobs+1, "meta X%d rules_matching(Y%d*)"), "x.cf:501: X500: there are more than 500 different rules_matching", false},
		{"glob of all", lines(maxTokens+10, "meta __X%d 1") + "meta X rules_matching(*)", "X: its rules_matching stand for more than 5000 rules", false},
		{"globs of all", lines(4000, "meta X%d rules_matching(*)"), "all rules_matching stand for more than 500000 rules", false},
		{"pattern in parentheses", "body X /" + nested("(?:", "a", ")", 201) + "/", "x.cf:1: X: body: pattern: groups nest deeper than 200", false},
		{"times", "body X /a{1,100000}/", "x.cf:1: X: body: pattern: ", false},
		{"times times", "body X /" + nested("(?:", "ab", "){65534}", 3) + "/", "", false},
		{"times of times", "body X /" + nested("(?:", "ab|c", "){2,9}", 100) + "/", "", false},
		{"large class", "body X /[" + strings.Repeat("a-z", 100_000) + "]zz/", "", false},
		{"large alternation", "body X /(?:" + strings.Repeat("ab|cd|", 20_000) + "e)zz/", "", false},
		{"alternation of beginnings", "body X /" + nested("(?:a", "z", "|b)", 190) + "zz/", "", false},
		{"long beginning", "body X /(?:" + strings.Repeat("W", 30_000) + "x|" + strings.Repeat("W", 30_000) + "y)zz/", "", false},
		{"large program", "body X /" + strings.Repeat("a.", 210_000) + "/", "x.cf:1: X: body: pattern: a pattern of more than 400000 steps", false},
		{"large patterns", lines(30, "body X%d /"+strings.Repeat("(?:ab|cd){40}", 1000)+"/"), "X29: body: the patterns of all rules take more than 134217728 octets", true},
		{"large definitions", lines(100, "meta X%d 0"+strings.Repeat(" ", 100_000)+"+ 1"), "x.cf:84: X83: meta: the definitions of all rules have more than 8388608 octets", false},
		{"tags of tags", "replace_tag A <A><A><A><A><A><A><A><A><A><A><A><A><A>\nbody X /<A>/\nreplace_rules X", "x.cf:2: X: with its tags replaced: the pattern has more than 524288 octets", false},
		{"tag in many rules", "replace_tag A " + strings.Repeat("(?:ab|cd){40}", 1000) + "\n" + lines(30, "body X%d /<A>/\nreplace_rules X%d"), "with its tags replaced: the patterns of all rules are too large", true},
		{"many long tags", "replace_tag A " + strings.Repeat("a", 20_000) + "\n" + lines(3000, "body X%d /"+strings.Repeat("<A>", 30)+"/\nreplace_rules X%d"), "X10: with its tags replaced: the patterns of all rules are too large", false},
		{"names to replace tags in", strings.Repeat("replace_rules"+strings.Repeat(" A", 200_000)+"\n", maxFileSize/400_020), "", false},
		{"many names to replace tags in", lines(maxNamed+10, "replace_rules X%d"), "x.cf:100001: replace_rules: there are more than 100000: this one and all others are left out", false},
		{"no names to replace tags in", "replace_rules X " + strings.Repeat("a", 1000), `x.cf:1: replace_rules: "` + strings.Repeat("a", 100) + `" is no name of a rule`, false},
		{"many circuits", "loadplugin " + circuitPlugin + "\n" + lines(maxNamed+10, "shortcircuit X%d on"), "x.cf:100002: X100000: shortcircuit: something is said of more than 100000 rules", false},
		{"no number", "score X nan\nscore X inf\nscore X 1e999\nbody X /zz/", `x.cf:1: X: score: "nan" is no number`, false},
		{"huge number", "score X " + strings.Repeat("9", 400) + "\nbody X /zz/", `x.cf:1: X: score: "99999999999999999999" is beyond 1000000`, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			set, faults := loadFiles(map[string]string{"a.cf": "body GOOD /hello/", "x.cf": test.text, "z.cf": "body GOOD_TOO /hello/"})
			runtime.ReadMemStats(&after)
			most := uint64(loadAlloc)
			if test.full {
				most = fullAlloc
			}
			if alloc := after.TotalAlloc - before.TotalAlloc; alloc > most {
				t.Errorf("%d MB allocated for %d octets, want %d MB at most", alloc>>20, len(test.text), most>>20)
			}
			var all strings.Builder
			for _, fault := range faults {
				fmt.Fprintf(&all, "%.300v\n", fault)
			}
			if !strings.Contains(all.String(), test.want) {
				t.Errorf("no fault %q in\n%.2000s", test.want, all.String())
			}
			hits := hitting(set, mustParse(t, "Subject: x\n\nhello\n"))
			behind := slices.Contains(hits, "GOOD_TOO")
			if full := test.name == "many rules" || test.name == "many faults"; !slices.Contains(hits, "GOOD") || behind == full {
				t.Errorf("hits %.100v", hits)
			}
		})
	}
}

// TestHostileFolder shows what becomes of entries that are no files to read.
func TestHostileFolder(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("a.cf", "body GOOD /hello/\ninclude loop.inc\ninclude out.inc\n", 0o600)
	if err := os.Mkdir(filepath.Join(dir, "folder.cf"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"loop.cf": "loop.cf", "loop.inc": "loop.inc", "gone.cf": "nowhere", "dev.cf": "/dev/zero", "out.inc": "/etc/passwd"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"dev.cf: cannot read dev.cf: not a regular file", "gone.cf: cannot read gone.cf: no such file", "loop.cf: cannot read loop.cf: too many levels of symbolic links",
		"a.cf:2: cannot read loop.inc: ", "a.cf:3: cannot read out.inc: path escapes from parent"}
	if os.Getuid() != 0 {
		write("secret.cf", "body X /x/", 0)
		want = append(want, "secret.cf: cannot read secret.cf: permission denied")
	}
	set, faults := Load([]Folder{Dir(dir)}, DefaultConfig())
	var all strings.Builder
	for _, fault := range faults {
		fmt.Fprintln(&all, fault)
	}
	for _, w := range want {
		if !strings.Contains(all.String(), w) {
			t.Errorf("no fault %q in\n%s", w, all.String())
		}
	}
	if len(faults) != len(want) {
		t.Errorf("%d faults, want %d:\n%s", len(faults), len(want), all.String())
	}
	if got := hitting(set, mustParse(t, "Subject: x\n\nhello\n")); len(got) != 1 || got[0] != "GOOD" {
		t.Errorf("hits %v", got)
	}
}
