package rules

import (
	"math/rand/v2"
	"testing"
)

// TestValuesAreWithinIntervals calculates random expressions twice: what they can come to while little is known of the rules,
// and what they come to.
func TestValuesAreWithinIntervals(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	misses := 0
	for range 20_000 {
		text := randomExpr(r, 4)
		e, err := parseExpr(text, metaNames{})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		o := outlook{}
		var chances []interval
		o.rule = func(i int) interval { return chances[i] }
		e.each(func(e *expr) {
			e.rule = int32(len(chances))
			chance := interval{0, float64(r.IntN(4))}
			if r.IntN(3) == 0 {
				chance.least = chance.most
			}
			state := unknown
			if r.IntN(3) == 0 {
				state, chance = missed, miss
			}
			o.state, chances = append(o.state, state), append(chances, chance)
		})
		got := o.of(e)
		if got.isMiss() {
			misses++
		}
		for range 8 {
			v, ok := e.value(func(i int) float64 {
				c := chances[i]
				return c.least + float64(r.IntN(int(c.most-c.least)+1))
			})
			if ok && !(got.least <= v && v <= got.most) {
				t.Fatalf("%s with %v: came to %v, foreseen was %v", text, chances, v, got)
			}
		}
	}
	if misses < 1000 {
		t.Errorf("only %d expressions were known to miss", misses)
	}
}

// TestRuledOutMetasRunNothing shows that a meta that cannot hit, by what the passes found, costs no pattern.
func TestRuledOutMetasRunNothing(t *testing.T) {
	tests := []struct {
		name, meta string
		asked      int // patterns run
	}{
		{"and", "__THERE && __ABSENT", 0},
		{"count", "__THERE + __AGAIN + __ABSENT > 2", 0},
		{"count in reach", "__THERE + __AGAIN + __ABSENT > 1", 2},
		{"not", "__THERE && !__HIT_AND_ABSENT", 1},
		{"deep", "__THERE && __HIT_AND_ABSENT", 0},
		{"or", "__ABSENT || __HIT_AND_ABSENT", 0},
		{"many matches", "__MANY > 3 && __ABSENT", 0},
		{"cannot be that many", "__THERE > 1", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set := mustLoad(t, `
				body __THERE /Hans.?/
				body __AGAIN /Erika.?/
				body __ABSENT /Heinrich/
				body __MANY /e[a-z]/
				tflags __MANY multiple maxhits=5
				meta __HIT_AND_ABSENT __AGAIN && __ABSENT
				meta IT `+test.meta)
			r := set.begin(t.Context(), mustParse(t, "Subject: x\n\nHans Erika Hans ee ee ee ee ee ee\n"))
			defer r.end()
			r.ask(set.byName["IT"])
			if r.asked != test.asked {
				t.Errorf("%d rules were run, want %d", r.asked, test.asked)
			}
		})
	}
}
