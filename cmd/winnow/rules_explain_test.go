package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/rules"
)

const explainedRules = `
body     __QUOTA    /mailbox is (?:almost )?full/i
uri      __LINK     m{^https?://[^/]*/login}
header   __FROM_US  From:addr =~ /\@our\.example$/
header   __NO_ID    !exists:x
header   __HAS_ID   exists:Message-ID
header   __NOT_LIST List-Id !~ /./
meta     PHISH      __QUOTA && __LINK && !__FROM_US && (__HAS_ID + __NOT_LIST + __GONE) > 0
describe PHISH      Mailbox is said to be full
score    PHISH      2.5
body     OFF        /full/
score    OFF        0
body     MANY       /\bo\w+/
tflags   MANY       multiple
meta     SUM        rules_matching(__QU*)
header   LATER      X-Later =~ /x/ [if-unset: xyz]
full     ONLINE     eval:check_dkim_valid()
tflags   ONLINE     net
mimeheader PART     Content-Type =~ /plain/ [if-unset: text/plain]
uri_detail DETAIL   cleaned =~ /login$/ raw !~ /our/
uri_detail NODETAIL text =~ /press/
body     EVAL       eval:check_body_length('4000')
`

const explainedMail = "From: it@example.net\nSubject: one\n\nYour mailbox is almost full, " +
	"or over.\n\nKeep it: http://mail.example.net/login\n"

func TestExplain(t *testing.T) {
	dir := ruleFolder(t, strings.Replace(explainedRules, "header   __NO_ID    !exists:x\n", "", 1))
	mail := file(t, "mail.eml", explainedMail)
	for name, want := range map[string]string{
		"PHISH": `PHISH: hit, 2.5 points
  meta, DIR/t.cf:7
  Mailbox is said to be full
  && = 1
    __QUOTA = 1
        body paragraph 1: Your >>>mailbox is almost full<<<, or over.\n
    __LINK = 1
        uri 1: >>>http://mail.example.net/login<<<
    ! = 1
      __FROM_US = 0
          no match in From: "it@example.net"
    > = 1
      + = 1
        __HAS_ID = 0
            there is no field Message-ID
        __NOT_LIST = 1
            no match in List-Id: (no such field) ""; with !~ it hits where nothing matches
        __GONE = 0
            there is no such rule
      0 = 0
`,
		"OFF": `OFF: miss
  body, DIR/t.cf:10
  not run: its score is 0
`,
		"MANY": `MANY: hit, 1 points
  body, DIR/t.cf:12
  Subject: >>>one<<<\n
  body paragraph 1: Your mailbox is almost full, >>>or<<< over.\n
  body paragraph 1: Your mailbox is almost full, or >>>over<<<.\n
`,
		"SUM": `SUM: hit, 1 points
  meta, DIR/t.cf:14
  rules_matching(__QU*) = 1
      1 rules have such a name
    __QUOTA = 1
        body paragraph 1: Your >>>mailbox is almost full<<<, or over.\n
`,
		"LATER": `LATER: hit, 1 points
  header, DIR/t.cf:15
  X-Later: (no such field): >>>x<<<yz
`,
		"PART": `PART: hit, 1 points
  mimeheader, DIR/t.cf:18
  Content-Type of part 1: text/>>>plain<<<
`,
		"DETAIL": `DETAIL: hit, 1 points
  uri_detail, DIR/t.cf:19
  cleaned: http://mail.example.net/>>>login<<<
  raw (!~): >>>http://mail.example.net/login<<<
`,
		"NODETAIL": `NODETAIL: miss
  uri_detail, DIR/t.cf:20
  there is none among 1 links for which all conditions hold
`,
		"EVAL": `EVAL: hit, 1 points
  body, DIR/t.cf:21
  eval:check_body_length('4000') answered 1
`,
		"ONLINE": `ONLINE: miss
  full, DIR/t.cf:16
  not run: it asks the network, and rules.network is off
`,
	} {
		code, stdout, stderr := call(t, "", "rules", "explain", "--local", mail, name, dir)
		if diff := cmp.Diff(want, strings.ReplaceAll(stdout, dir, "DIR")); diff != "" || code != exitFine {
			t.Errorf("%s: code %d, %s (-want +got):\n%s", name, code, stderr, diff)
		}
	}
}

func TestExplainJSON(t *testing.T) {
	dir := ruleFolder(t, "body A /one/\nmeta B A + 1")
	_, stdout, _ := call(t, "Subject: x\n\nis one\n", "rules", "explain", "--json", "-", "B", dir)
	var e rules.Explanation
	if err := json.Unmarshal([]byte(stdout), &e); err != nil {
		t.Fatal(err)
	}
	if e.Value != 2 || len(e.Parts) != 1 || e.Parts[0].What != "+" || e.Parts[0].Parts[0].Matches[0].Text != "one" {
		t.Errorf("got %s", stdout)
	}
}

func TestExplainNothing(t *testing.T) {
	dir := ruleFolder(t, "body ALMOST /one/")
	code, _, stderr := call(t, "", "rules", "explain", file(t, "m.eml", explainedMail), "almots", dir)
	if code != exitWrong || !strings.Contains(stderr, "there is no rule almots; did you mean ALMOST?") {
		t.Errorf("got %d, %s", code, stderr)
	}
	code, _, stderr = call(t, "", "rules", "explain", "/nonexistent.eml", "ALMOST", dir)
	if code != exitWrong || !strings.Contains(stderr, "/nonexistent.eml") {
		t.Errorf("got %d, %s", code, stderr)
	}
}
