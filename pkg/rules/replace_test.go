package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const tags = `
	replace_tag A [a4]
	replace_tag B [b8]
	replace_tag AB <A><B>
	replace_tag DEEP <AB>x
	replace_inter SP \s?
	replace_pre P1 \b
	replace_post Q +
`

// TestReplaceTags holds patterns with tags against what SpamAssassin makes of them.
func TestReplaceTags(t *testing.T) {
	tests := []struct{ written, want string }{
		{"<A><B>c", "[a4][b8]c"},
		{"<inter SP><A><B>c", `[a4]\s?[b8]c`},
		{"<post Q><A><B>c", "[a4]+[b8]+c"},
		{"<pre P1><A>b", `\b[a4]b`},
		{"<DEEP>", "[a4][b8]x"},
		{"<inter SP><AB><AB>", `[a4][b8]\s?[a4][b8]`},
		{"<NOSUCH><A>", "<NOSUCH>[a4]"},
		{"x<inter SP><A><B>c<post Q><A>", `x[a4]+\s?[b8]+c[a4]+`},
		{"(?<FOO>z)<A>", "(?<FOO>z)[a4]"},
		{"<inter SP>(?:<A>)<B><UNK><A>", `(?:[a4])[b8]\s?<UNK>\s?[a4]`},
		{"a<b", ""},
		{"no tags", ""},
	}
	for _, test := range tests {
		set := mustLoad(t, tags+"body FOO /"+test.written+"/\nreplace_rules FOO OTHER")
		if got := set.Rule("FOO").regex.expanded; got != test.want {
			t.Errorf("%s: got %s, want %s", test.written, got, test.want)
		}
	}
}

func TestReplaceMarks(t *testing.T) {
	set := mustLoad(t, "replace_start ~\nreplace_end ~\nreplace_tag H [Hh]\nbody FOO /~H~ans <H>/\nreplace_rules FOO")
	if got, want := set.Rule("FOO").regex.expanded, "[Hh]ans <H>"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestReplacedPatternsMatch shows that it is the pattern with its tags replaced that runs.
func TestReplacedPatternsMatch(t *testing.T) {
	set := mustLoad(t, `
		body YES /<H>ans/
		body NO  /<H>ans/
		replace_rules YES
		replace_tag H [Hh]`)
	if got := strings.Join(hitting(set, mustParse(t, letter)), " "); got != "YES" {
		t.Errorf("got %q, want YES", got)
	}
}

func TestReplaceFaults(t *testing.T) {
	bomb := "replace_tag T0 " + strings.Repeat("x", 1000) + "\n"
	for i := 1; i < 6; i++ {
		bomb += fmt.Sprintf("replace_tag T%d %s\n", i, strings.Repeat(fmt.Sprintf("<T%d>", i-1), 10))
	}
	tests := []struct {
		name, text string
		want       []string
	}{
		{"a tag that breaks the pattern leaves it", "replace_tag A (\nbody FOO /x<A>/\nreplace_rules FOO",
			[]string{"rules/a.cf:2: FOO: with its tags replaced: pattern: missing ) of the group, at octet 1: ("}},
		{"a bomb", bomb + "body FOO /<T5>/\nreplace_rules FOO",
			[]string{"rules/a.cf:7: FOO: with its tags replaced: the pattern has more than 524288 octets"}},
		{"a wide bomb", "replace_tag A " + strings.Repeat("x", 100_000) + "\nbody FOO /" + strings.Repeat("<A>", 5_000) + "/\nreplace_rules FOO",
			[]string{"rules/a.cf:2: FOO: with its tags replaced: the pattern has more than 524288 octets"}},
		{"a wide bomb in one piece", "replace_start ~\nreplace_end ~\nreplace_tag A " + strings.Repeat("x", 100_000) + "\nbody FOO /" + strings.Repeat("~A~", 5_000) + "/\nreplace_rules FOO",
			[]string{"rules/a.cf:4: FOO: with its tags replaced: the pattern has more than 524288 octets"}},
		{"a meta", "meta FOO 1\nreplace_rules FOO", []string{"rules/a.cf:2: warning: FOO: replace_rules: a meta rule has no tags"}},
		{"no text", "replace_tag A\nreplace_start\nreplace_rules", []string{
			"rules/a.cf:1: replace_tag: no text; write: replace_tag NAME pattern",
			"rules/a.cf:2: replace_start: nothing behind it; write: replace_start <",
			"rules/a.cf:3: replace_rules: no rules; write: replace_rules NAME NAME2"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, faults := loadFiles(map[string]string{"a.cf": test.text})
			if diff := cmp.Diff(test.want, faultLines(faults)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}
