package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestExplanationIsBounded has a meta of metas that would be a tree of millions.
func TestExplanationIsBounded(t *testing.T) {
	var text strings.Builder
	text.WriteString("body __R0 /four/\n")
	for i := 1; i <= 20; i++ {
		fmt.Fprintf(&text, "meta __R%d __R%d + __R%d + 1\n", i, i-1, i-1)
	}
	var long strings.Builder
	long.WriteString("meta WIDE __R20")
	for range 2_000 {
		long.WriteString(" + 1")
	}
	set := mustLoad(t, text.String()+long.String())
	e := set.Explain(t.Context(), mustParse(t, twoFiles), "WIDE")
	nodes, missing := count(e)
	if nodes > maxExplained+100 || missing == 0 {
		t.Errorf("got %d nodes and %d left out", nodes, missing)
	}
}

func count(e *Explanation) (nodes, missing int) {
	nodes, missing = 1, e.NotShown
	for _, part := range e.Parts {
		n, m := count(part)
		nodes, missing = nodes+n, missing+m
	}
	return nodes, missing
}

// TestExplanationAgrees has the value of a rule of each type as the stage finds it.
func TestExplanationAgrees(t *testing.T) {
	set := mustLoad(t, "uri_detail U domain =~ /example/\nmimeheader M Content-Type =~ /plain/\nheader __T Subject =~ /(?<TAG>one)/\nbody T /%{TAG}s/\nbody A /fo+/\nbody B /\\xff/\nheader C Subject =~ /one/\nmeta D A && !B\nmeta E A + B > 0\nrawbody F /four$/m\nfull G /^Subject/")
	m := mustParse(t, "Subject: one\nContent-Type: text/plain\n\nfour ones http://a.example/ \xff\x00\x1b[31m\n")
	hit := strings.Join(hitting(set, m), " ")
	var explained []string
	for _, rule := range set.Rules() {
		if e := set.Explain(t.Context(), m, rule.Name); e.Value != 0 {
			explained = append(explained, rule.Name)
		}
	}
	slices.Sort(explained)
	if got := strings.Join(explained, " "); got != hit {
		t.Errorf("explained as hits: %s, want %s", got, hit)
	}
	if set.Explain(t.Context(), m, "NONE") != nil {
		t.Error("got an explanation of no rule")
	}
}

// TestExplanationOfMany shows the first few matches of a rule for which all count, also where they are in one text.
func TestExplanationOfMany(t *testing.T) {
	set := mustLoad(t, "body MANY /o/\ntflags MANY multiple\nbody ONE /o/")
	m := mustParse(t, "Subject: x\n\no o o\n\no o o o\n")
	for name, want := range map[string]int{"MANY": maxShown, "ONE": 1} {
		if e := set.Explain(t.Context(), m, name); len(e.Matches) != want {
			t.Errorf("%s: got %d matches, want %d", name, len(e.Matches), want)
		}
	}
}

// TestExplanationTellsOfTheFile has what the operator decided about a rule's file.
func TestExplanationTellsOfTheFile(t *testing.T) {
	config := DefaultConfig()
	config.Files = []FileConfig{{Name: "10_own.cf", Observe: true}, {Name: "KAM.cf", Cap: 4}}
	set, _ := Load([]Folder{twoFileFolder()}, config)
	for name, want := range map[string]Explained{"THREE": {Cap: 4}, "ONE": {Observe: true}} {
		got := set.Explain(t.Context(), mustParse(t, twoFiles), name)
		if got == nil || got.Rule.Observe != want.Observe || got.Rule.Cap != want.Cap {
			t.Errorf("%s: got %+v, want observe %t and a bound of %g", name, got, want.Observe, want.Cap)
		}
	}
}
