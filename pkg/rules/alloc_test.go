package rules

import (
	"os"
	"testing"
)

// What patterns take: the pass over each text and the machine keep their memory from message to message. What is left is
// for the words of a hit's evidence. Links are left out: their texts are derived for each run.
func TestScanningAllocatesNearlyNothing(t *testing.T) {
	set := shippedSet(t)
	if _, err := os.Stat(stockRules); err == nil {
		set, _ = Load([]Folder{{Name: stockRules, FS: os.DirFS(stockRules)}}, DefaultConfig())
	}
	m := mustParse(t, newsletter())
	patterns := 0
	scan := func() {
		r := set.begin(t.Context(), m)
		defer r.end()
		patterns = 0
		for i, rule := range set.rules {
			switch rule.Type {
			case Header, Body, RawBody, Full:
				if rule.pattern != nil && rule.template == nil && !rule.off {
					r.try(i)
					patterns++
				}
			}
		}
	}
	const most = 20
	scan() // probes learn, texts are derived
	if n := testing.AllocsPerRun(50, scan); n > most {
		t.Errorf("a message's pass through %d patterns allocates %.0f times, want %d at most", patterns, n, most)
	} else {
		t.Logf("%d patterns, %.0f allocations", patterns, n)
	}
}
