package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const shownRules = `
body     __QUOTA    /mailbox is (?:almost )?full/i
tflags   __QUOTA    multiple maxhits=3
body     __PILL     /<V>iagra/
replace_tag V       [Vv]
replace_rules __PILL
meta     PHISH      __QUOTA && !__GONE && !ONLINE
describe PHISH      Mailbox is said to be full
score    PHISH      0 2.5 0 1.5
full ONLINE eval:check_pyzor()
header   NEVER      eval:check_for_nothing()
body     BROKEN     /(/
score    BROKEN     3
meta     USES       BROKEN
ifplugin Mail::SpamAssassin::Plugin::RelayCountry
header   COUNTRY    X-Relay-Countries =~ /XX/
endif
report   one
report   two
`

func TestRulesShow(t *testing.T) {
	dir := ruleFolder(t, shownRules)
	for name, want := range map[string]string{
		"PHISH": `PHISH         meta, DIR/t.cf:7
  describes   Mailbox is said to be full
  definition  __QUOTA && !__GONE && !ONLINE
  score       0 [2.5] 0 1.5
  depends on  ONLINE __GONE __QUOTA
  cost        next to none, beside the rules that it names
  partly      ONLINE is silent
`,
		"__PILL": `__PILL        body, DIR/t.cf:4
  definition  /<V>iagra/
  expansion   [Vv]iagra
`,
		"BROKEN": `BROKEN        body, DIR/t.cf:12
  definition  /(/
  score       3
  needed by   USES
  cost        none: it is not run
  lost        pattern: missing ) of the group, at octet 0: (
`,
	} {
		code, stdout, stderr := call(t, "", "rules", "show", name, dir)
		got := strings.ReplaceAll(stdout, dir, "DIR")
		if name == "__PILL" { // what a pattern costs is told by its engine
			got, _, _ = strings.Cut(got, "  cost")
		}
		if diff := cmp.Diff(want, got); diff != "" || code != exitFine {
			t.Errorf("%s: code %d, %s (-want +got):\n%s", name, code, stderr, diff)
		}
	}
	if code, _, stderr := call(t, "", "rules", "show", "PHISHY", dir); code == exitFine || !strings.Contains(stderr, "PHISH") {
		t.Errorf("no such rule: code %d, %q", code, stderr)
	}
}

func TestRulesCoverage(t *testing.T) {
	dir := ruleFolder(t, shownRules)
	code, stdout, stderr := call(t, "", "rules", "coverage", dir)
	want := `TYPE    RULES  USABLE  SILENT  PARTLY  LEFT OUT  LOST  POINTS LOST
header  2      0       0       0       1         1     1
body    3      2       0       0       0         1     3
full    1      0       1       0       0         0     1
meta    2      0       0       2       0         0     0
all     8      2       1       2       1         2     5

RULE     TYPE         POINTS  HERE      REASON                                                        WHERE
PHISH    meta         2.5     partly    ONLINE is silent                                              DIR/t.cf:7
ONLINE   full eval    1       silent    check_pyzor() asks a service that is not asked here           DIR/t.cf:10
NEVER    header eval  1       lost      eval function check_for_nothing() is not known                DIR/t.cf:11
USES     meta         1       partly    BROKEN is lost                                                DIR/t.cf:14
BROKEN   body         3       lost      pattern: missing ) of the group, at octet 0: (                DIR/t.cf:12
COUNTRY  header       1       left out  ifplugin Mail::SpamAssassin::Plugin::RelayCountry leaves it out  DIR/t.cf:16
`
	got := strings.ReplaceAll(stdout, dir, "DIR")
	if diff := cmp.Diff(squeeze(want), squeeze(got)); diff != "" || code != exitFine {
		t.Errorf("code %d, %s (-want +got):\n%s", code, stderr, diff)
	}
}

// squeeze makes one blank of many: how wide columns are depends on the folder's name.
func squeeze(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.Join(strings.Fields(lines[i]), " ")
	}
	return strings.Join(lines, "\n")
}

func TestRulesLintCondenses(t *testing.T) {
	dir := ruleFolder(t, shownRules)
	_, stdout, _ := call(t, "", "rules", "lint", dir)
	if !strings.Contains(stdout, "t.cf:18: ignored: report: reports are not written here (and 1 more lines like it)\n") {
		t.Errorf("lint: got %s", stdout)
	}
	_, stdout, _ = call(t, "", "rules", "lint", "--verbose", dir)
	if !strings.Contains(stdout, "t.cf:19: ignored: report: reports are not written here\n") {
		t.Errorf("lint --verbose: got %s", stdout)
	}
}
