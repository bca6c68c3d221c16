package main

import (
	"strings"
	"testing"
	"time"

	"winnow/pkg/rules"
)

func TestPrintRuleState(t *testing.T) {
	state := rules.State{
		Since: time.Date(2016, 12, 14, 8, 0, 0, 0, time.Local), Rules: 12, Running: 9, Faults: 1,
		Files:   []rules.File{{Name: "10_own.cf", Rules: 4}, {Name: "KAM.cf", Rules: 4, Cap: 8}, {Name: "99_new.cf", Rules: 1, Observe: true}},
		Bounded: []rules.RuleCount{{Rule: "EVIL", File: "/etc/KAM.cf", Line: 7, Times: 3}},
		Failed:  []rules.RuleCount{{Rule: "ODD", File: "/etc/KAM.cf", Line: 9, Times: 1}},
	}
	var out strings.Builder
	if err := printRuleState(&out, &state); err != nil {
		t.Fatal(err)
	}
	const want = `12 rules since 2016-12-14 08:00:00, 9 of them give points; 1 faults

FILE       RULES  POINTS
10_own.cf  4      all
KAM.cf     4      at most 8
99_new.cf  1      none: observed

GIVEN UP  TIMES  WHERE
EVIL      3      /etc/KAM.cf:7

PANICKED  TIMES  WHERE
ODD       1      /etc/KAM.cf:9
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
