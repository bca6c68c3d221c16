package rules

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A shortContext ends when it has been looked at so many times.
type shortContext struct {
	context.Context
	looks int
}

func (c *shortContext) Err() error {
	if c.looks--; c.looks < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// evil is a text that /(a+)\1+x(y)/ goes back on itself in.
var evil = strings.Repeat("a", 1900)

// evilLinks are many such.
func evilLinks() string {
	var b strings.Builder
	for i := range 28 {
		fmt.Fprintf(&b, "http://w%d.example/%s\n\n", i, evil)
	}
	return "Subject: x\n\n" + b.String()
}

// TestRedirectorWork shows that what redirector_patterns take counts as what patterns of rules take, has a bound, and ends
// with the message's time.
func TestRedirectorWork(t *testing.T) {
	set, faults := loadFiles(map[string]string{"a.cf": "redirector_pattern /(a+)\\1+x(y)/\nuri LINK /example/\nuri_detail DETAIL domain =~ /example/\n"})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	const ordinary = 2_000_000 // steps of one pattern
	r := set.begin(context.Background(), mustParse(t, evilLinks()))
	for i := range set.rules {
		r.try(i)
	}
	if took := maxWork - r.steps; took < ordinary || took > 2*ordinary {
		t.Errorf("%d steps were counted, want about %d", took, ordinary)
	}
	r.end()
	if len(set.Bounded()) != 1 {
		t.Errorf("given up: %v, want the rule that asked for links first", set.Bounded())
	}
	r = set.begin(&shortContext{context.Background(), 5}, mustParse(t, evilLinks()))
	defer r.end()
	r.try(0)
	if took := maxWork - r.steps; !r.over || took > ordinary/2 {
		t.Errorf("over %v after %d steps", r.over, took)
	}
}

// TestCallWork shows the same of patterns in arguments, and that what was not looked at is no match, nor none.
func TestCallWork(t *testing.T) {
	set, faults := loadFiles(map[string]string{"a.cf": `
		body TITLE eval:html_text_match('title', '(a+)\1+x(y)')
		body NO_TITLE eval:html_text_not_match('title', '(a+)\1+x(y)')
		body GOOD eval:html_text_match('title', '^aaa')`})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	mail := "Subject: x\nContent-Type: text/html\n\n<html><title>" + strings.Repeat(evil, 10) + "</title>hello\n"
	r := set.begin(context.Background(), mustParse(t, mail))
	hits := map[string]float64{}
	for i, rule := range set.rules {
		hits[rule.Name] = r.try(i)
	}
	if hits["TITLE"] != 0 || hits["NO_TITLE"] != 0 || hits["GOOD"] != 1 {
		t.Errorf("hits %v", hits)
	}
	if took := maxWork - r.steps; took < 4_000_000 || took > 5_000_000 {
		t.Errorf("%d steps were counted", took)
	}
	r.end()
	if got := set.Bounded(); got["TITLE"] != 1 || got["NO_TITLE"] != 1 || len(got) != 2 {
		t.Errorf("given up: %v", got)
	}
	r = set.begin(&shortContext{context.Background(), 5}, mustParse(t, mail))
	defer r.end()
	if i := set.byName["NO_TITLE"]; r.try(i) != 0 || !r.over || r.state[i] == hit || r.state[i] == missed {
		t.Errorf("over %v, state %v", r.over, r.state[i])
	}
}

// TestEvalPatternLimits shows that there is an end to the patterns which arguments and directives hold.
func TestEvalPatternLimits(t *testing.T) {
	large := strings.Repeat("(?:ab|cd){40}", 1000)
	for name, test := range map[string]struct{ text, want string }{
		"many redirectors": {lines(300, "redirector_pattern /^http:..x%d(.*)/"), "x.cf:201: redirector_pattern: there are more than 200: this one is left out"},
		"large redirector": {lines(10, "redirector_pattern /%d"+large+"/"), "redirector_pattern: the patterns in arguments and directives take more than 16777216 octets"},
		"large arguments":  {lines(10, "header X%d eval:check_freemail_from('"+large+"')"), "check_freemail_from(): \"" + large[:5]},
	} {
		_, faults := loadFiles(map[string]string{"x.cf": test.text})
		if !slices.ContainsFunc(faults, func(f Fault) bool { return strings.Contains(f.String(), test.want) }) {
			t.Errorf("%s: no fault %q among %d", name, test.want, len(faults))
		}
	}
}
