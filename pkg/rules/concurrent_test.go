package rules

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"winnow/pkg/filter"
)

// secretRules capture what differs from message to message.
const secretRules = `header __TO To =~ /^(?<SECRET>\S+)/
body MINE /secret is %{SECRET}\b/
body WORD /code \w+/
header FIELD X-Code =~ /\w+/
uri LINK /example\/\w+/
meta ALL MINE && WORD && FIELD && LINK
body EVIL /^(a+)\1*(\w+)\2+[b-z]$/
`

// TestManyMessagesAndReloads has many goroutines share one set that is replaced all the time, with deadlines that end in the
// middle, and looks whether anything of one message shows in the result of another.
func TestManyMessagesAndReloads(t *testing.T) {
	load := func(n int) *Set {
		set, _ := loadFiles(map[string]string{"a.cf": secretRules, "b.cf": fmt.Sprintf("body OTHER%d /never/\n", n)})
		return set
	}
	var current atomic.Pointer[Set]
	current.Store(load(0))
	stop := make(chan bool)
	var reloading, scanning sync.WaitGroup
	reloading.Go(func() {
		for n := 1; ; n++ {
			select {
			case <-stop:
				return
			default:
				current.Store(load(n))
			}
		}
	})
	for g := range 6 {
		scanning.Go(func() {
			for i := range 40 {
				scanSecret(t, current.Load(), fmt.Sprintf("g%dm%d", g, i), i%4 == 3)
			}
		})
	}
	scanning.Wait()
	close(stop)
	reloading.Wait()
}

// scanSecret checks one message, perhaps with little time, and looks at its evidence.
func scanSecret(t *testing.T, set *Set, secret string, hurry bool) {
	ctx := t.Context()
	large := ""
	if hurry {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		large = strings.Repeat(strings.Repeat("a", 1000)+"\n\n", 30)
	}
	m := mustParse(t, fmt.Sprintf("To: %[1]s\nSubject: x\nX-Code: %[1]s\n\n%[2]sthe secret is %[1]s and the code %[1]s http://www.example/%[1]s\n", secret, large))
	results := NewStage(set).Check(ctx, m)
	hits := map[string]filter.Hit{}
	for _, result := range results {
		for _, hit := range result.Hits {
			hits[hit.Symbol] = hit
		}
	}
	for _, symbol := range []string{"MINE", "WORD", "FIELD", "LINK", "ALL"} {
		hit, found := hits[symbol]
		if !found && results[0].Err == nil {
			t.Errorf("%s: %s is missing", secret, symbol)
		}
		if found && symbol != "ALL" && !strings.Contains(hit.Detail, secret+`"`) {
			t.Errorf("%s: %s shows %s", secret, symbol, hit.Detail)
		}
	}
}

// TestRunsKeepNothing shows that nothing of a message stays with the run that the next one gets.
func TestRunsKeepNothing(t *testing.T) {
	set := mustLoad(t, secretRules)
	giant := strings.Repeat(strings.Repeat("a", 1000)+" code x http://www.example/x\n\n", 1000)
	r := set.begin(t.Context(), mustParse(t, "To: x\nSubject: x\n\n"+giant))
	for i := range set.rules {
		r.try(i)
	}
	r.end()
	if r.tags != nil || r.calls != nil || r.facts != nil || r.ctx != nil {
		t.Errorf("it keeps the message: %+v", r)
	}
	for i := range r.sections {
		if s := &r.sections[i]; s.made || s.texts != nil || s.single[0] != "" {
			t.Errorf("section %d keeps its text", i)
		}
	}
	for i, evidence := range r.evidence {
		if evidence != "" {
			t.Errorf("it keeps the evidence of %s", set.rules[i].Name)
		}
	}
}
