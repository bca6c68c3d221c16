package rules

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLint(t *testing.T) {
	set := mustLoad(t, `body GOOD /foo/
describe GOOD It says foo
body BARE /foo/
body __UNUSED /foo/
body __SCORED /foo/
score __SCORED 2
header ODD Subject =~ /foo/
tflags ODD nosubject maxhits=3
describe ODD Flags that have no effect
meta USES __SCORED
describe USES It says foo, too
score GODO 5
meta NONE rules_matching(__NO_*)
describe NONE No rule fits
uri_detail CUT raw =~ /foo/ raw =~ /bar/ type =~ /x/;
describe CUT Half of it is not read`)
	want := []string{
		"rules/test.cf:3: warning: BARE: no description; write: describe BARE what it means that the rule hits",
		"rules/test.cf:4: warning: __UNUSED: no other rule asks for this subrule; is its name right there?",
		"rules/test.cf:5: warning: __SCORED: a score has no effect on a subrule; take the score out, or the __ off its name",
		"rules/test.cf:7: warning: ODD: tflags: maxhits has no effect without multiple",
		"rules/test.cf:7: warning: ODD: tflags: nosubject has no effect on a header rule",
		"rules/test.cf:12: warning: GODO: there is no such rule; is the name right?",
		"rules/test.cf:13: warning: NONE: rules_matching(__NO_*): no rule has such a name",
		"rules/test.cf:15: warning: CUT: this does not count: an earlier condition on raw; each key may have one condition, key =~ /pattern/, that ends with white space",
		`rules/test.cf:15: warning: CUT: this does not count: "type =~ /x/;"; each key may have one condition, key =~ /pattern/, that ends with white space`,
	}
	if diff := cmp.Diff(want, faultLines(set.Lint())); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

// TestLostRule shows that what is said of a rule that is lost does not blame its name, and that nothing needs it.
func TestLostRule(t *testing.T) {
	set, _ := loadFiles(map[string]string{"a.cf": `body A /(?<TAG>a)/
body LOST /(a/
score LOST 1
ifplugin None
body LEFT_OUT /a/
endif
score LEFT_OUT 1
body USES /%{TAG}b/
body __NOTE /x/`})
	want := []string{
		"rules/a.cf:1: warning: A: no description; write: describe A what it means that the rule hits",
		"rules/a.cf:8: warning: USES: no description; write: describe USES what it means that the rule hits",
		"rules/a.cf:9: warning: __NOTE: no other rule asks for this subrule; is its name right there?",
	}
	if diff := cmp.Diff(want, faultLines(set.Lint())); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if shown := set.Show("LOST"); shown == nil || len(shown.NeededBy) > 0 {
		t.Errorf("got %+v, want a rule that nothing needs", shown)
	}
	if shown := set.Show("A"); shown == nil || !cmp.Equal(shown.NeededBy, []string{"USES"}) {
		t.Errorf("got %+v, want a rule that USES needs", shown)
	}
}

// TestLintOfMany shows that more than can be shown is no fault of the files.
func TestLintOfMany(t *testing.T) {
	const many = 2*maxFaults + 10
	set, faults := loadFiles(map[string]string{"a.cf": lines(many, "describe X%d x")})
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	all := set.Lint()
	want := Fault{File: "...", What: fmt.Sprintf("%d more are not shown", many-maxFaults), Severity: Warning}
	if len(all) != maxFaults+1 || all[maxFaults] != want {
		t.Errorf("%d faults, the last is %v", len(all), all[len(all)-1])
	}
}
