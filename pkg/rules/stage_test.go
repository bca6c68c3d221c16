package rules

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

func TestStage(t *testing.T) {
	set, faults := loadFiles(map[string]string{
		"10_first.cf": `
			header FROM_ERIKA From:addr =~ /^erika/
			score  FROM_ERIKA -1.5
			header NO_NOTE X-None !~ /x/
			header HAS_NOTE exists:X-Note
			body   __ONE /\bone\b/
			body   FRENCH /Fran\S+ says/`,
		"20_none.cf": "body NOTHING /nothing of the kind/",
		"30_subs.cf": "body __TWO /\\btwo\\b/",
		"40_meta.cf": "meta ONE_TWO __ONE && __TWO && !NOTHING\nuri LINK /example\\.com.c/\nbody __NEVER /one/",
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	stage := NewStage(set)
	if stage.Name() != "rules" || stage.Phase() != filter.Content {
		t.Errorf("got stage %q in phase %v, want rules in content", stage.Name(), stage.Phase())
	}
	got := stage.Check(t.Context(), mustParse(t, letter))
	want := []filter.Result{
		{Source: "10_first.cf", Kind: filter.Rules, Asked: 1, Hits: []filter.Hit{
			{Symbol: "FROM_ERIKA", Score: -1.5, Detail: `From: "erika"`},
			{Symbol: "NO_NOTE", Score: 1, Detail: `X-None: does not match`},
			{Symbol: "HAS_NOTE", Score: 1, Detail: `X-Note: is there`},
			{Symbol: "FRENCH", Score: 1, Detail: `body: "François says"`},
		}},
		{Source: "20_none.cf", Kind: filter.Rules, Asked: 1},
		{Source: "40_meta.cf", Kind: filter.Rules, Asked: 1, Hits: []filter.Hit{
			{Symbol: "ONE_TWO", Score: 1, Detail: `__ONE, __TWO`},
			{Symbol: "LINK", Score: 1, Detail: `uri: "example.com/c"`},
		}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(filter.Result{}, "Took")); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

func TestDetailIsShortAndSafe(t *testing.T) {
	set := mustLoad(t, "rawbody LONG /start.*/s\nrawbody ODD /\\xff\\x1b\\[.*?m/")
	results := NewStage(set).Check(t.Context(), mustParse(t, "Subject: x\n\n\xff\x1b[31m start"+strings.Repeat("\u00e9", 500)+"\n"))
	for _, hit := range results[0].Hits {
		if len(hit.Detail) > maxDetail+len(`rawbody: ""...`) || strings.ContainsAny(hit.Detail, "\x1b\n") || !utf8.ValidString(hit.Detail) {
			t.Errorf("%s: got detail %q", hit.Symbol, hit.Detail)
		}
	}
	if got := len(results[0].Hits); got != 2 {
		t.Errorf("got %d hits, want 2", got)
	}
}

// TestOnlyNeededRulesRun shows that a subrule that decides nothing is not looked at.
func TestOnlyNeededRulesRun(t *testing.T) {
	set := mustLoad(t, `
		header __NO exists:X-None
		body __BODY /Hans/
		uri __URI /example/
		meta NEVER __NO && __BODY
		body __UNUSED /Hans/`)
	asked := &counting{facts: mustParse(t, letter)}
	set.check(t.Context(), asked)
	if asked.bodies != 0 || asked.headers != 1 {
		t.Errorf("asked for %d bodies and %d headers, want 0 and 1", asked.bodies, asked.headers)
	}
}

// counting counts what is asked of a message, and may end a context at the first body.
type counting struct {
	facts
	bodies, headers int
	cancel          func()
}

func (c *counting) BodyLines() []string {
	c.bodies++
	if c.cancel != nil {
		c.cancel()
	}
	return c.facts.BodyLines()
}

func (c *counting) HeaderTextBy(rules *message.URIRules, name string, mod message.HeaderMod) (string, bool) {
	c.headers++
	return c.facts.HeaderTextBy(rules, name, mod)
}

func TestDeadline(t *testing.T) {
	var many strings.Builder
	for i := range 40 {
		fmt.Fprintf(&many, "body X%d /nothing of the kind/\n", i)
	}
	set, _ := loadFiles(map[string]string{
		"10_early.cf": "header EARLY From =~ /erika/",
		"20_many.cf":  many.String(),
		"30_late.cf":  "header LATE From =~ /erika/",
	})
	ctx, cancel := context.WithCancel(t.Context())
	results := set.check(ctx, &counting{facts: mustParse(t, letter), cancel: cancel})
	if got := len(results); got != 3 {
		t.Fatalf("got %d results, want 3", got)
	}
	if results[0].Err != nil || len(results[0].Hits) != 1 {
		t.Errorf("before the end: got %+v, want its hit", results[0])
	}
	for _, r := range results[1:] {
		if !errors.Is(r.Err, context.Canceled) || len(r.Hits) > 0 {
			t.Errorf("%s: got error %v and %d hits, want canceled and none", r.Source, r.Err, len(r.Hits))
		}
	}
	for _, r := range set.check(ctx, mustParse(t, letter)) {
		if !errors.Is(r.Err, context.Canceled) {
			t.Errorf("%s, too late from the start: got error %v, want canceled", r.Source, r.Err)
		}
	}
	// The run's memory goes to the next message, with nothing left of this one.
	for _, r := range set.check(t.Context(), mustParse(t, letter)) {
		if r.Err != nil {
			t.Errorf("%s, with time again: %v", r.Source, r.Err)
		}
	}
}

// TestDeadlineInOneRule shows that a rule stops between two of very many paragraphs.
func TestDeadlineInOneRule(t *testing.T) {
	set := mustLoad(t, "body SLOW /\\w+ [yz]/")
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	m := &counting{facts: mustParse(t, "Subject: x\n\n"+strings.Repeat("paragraph one\n\n", 3000)+"paragraph z"), cancel: cancel}
	if results := set.check(ctx, m); results[0].Err == nil || len(results[0].Hits) > 0 {
		t.Errorf("got %+v, want an error", results[0])
	}
}

func TestSetServesManyAtATime(t *testing.T) {
	set := mustLoad(t, "body HANS /Hans/\nheader ERIKA From =~ /erika/\nbody ACCENT /Fran\\xC3\\xA7ois/\nmeta BOTH HANS && ERIKA")
	stage := NewStage(set)
	shared := mustParse(t, letter)
	other := mustParse(t, "From: someone@example.org\n\nHello")
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			for range 50 {
				if got := len(stage.Check(t.Context(), shared)[0].Hits); got != 4 {
					t.Errorf("got %d hits, want 4", got)
				}
				if got := len(stage.Check(t.Context(), other)[0].Hits); got != 0 {
					t.Errorf("got %d hits, want 0", got)
				}
			}
		})
	}
	running.Wait()
}
