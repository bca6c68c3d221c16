package pattern

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
)

// withoutProbe is the pattern as it is run where there is no probe.
func withoutProbe(p *Pattern) *Pattern {
	return &Pattern{prog: p.prog, anchor: p.anchor, only: p.only, least: p.least, always: p.always, names: p.names, need: p.need, stretch: p.stretch, word: p.word, short: true}
}

// TestProbeLosesNothing matches patterns with a probe and without, and with one that has hardly any room.
func TestProbeLosesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var m Machine
	matched, ruledOut := 0, 0
	for range 4000 {
		source, flags := (&maker{r: r}).pattern(3), []string{"", "i", "s", "m", "x", "im"}[r.IntN(6)]
		if r.IntN(4) == 0 { // loops that are counted
			source = "(?:" + source + "){" + []string{"", "1,", "2,", "3,"}[r.IntN(4)] + "400}" + (&maker{r: r}).pattern(1)
		}
		p, err := Compile(source, flags)
		if err != nil {
			continue
		}
		p.short = false
		narrow := withoutProbe(p)
		narrow.short, narrow.room = false, new(atomic.Int64)
		narrow.room.Store(int64(r.IntN(100)))
		for range 5 {
			text := randomText(r)
			want, at := CountIn(&m, withoutProbe(p), []string{text}, 0, 5)
			for _, q := range []*Pattern{p, narrow} {
				if got, first := CountIn(&m, q, []string{text}, 0, 5); got != want || first != at {
					t.Fatalf("/%s/%s on %q: got %d %v, want %d %v", source, flags, text, got, first, want, at)
				}
			}
			if matched += want; want == 0 {
				for i := range len(text) + 1 {
					if may, _ := p.prober().may(text, i); !may {
						ruledOut++
					}
				}
			}
		}
	}
	if matched < 5000 || ruledOut < 20_000 {
		t.Errorf("%d matches and %d places ruled out: the comparison says little", matched, ruledOut)
	}
}

func TestProbe(t *testing.T) {
	tests := []struct {
		pattern, flags, text string
		at                   int
		may                  bool
		octets               int
	}{
		{`foo\w+bar`, "", "a foobaz", 2, false, 6},
		{`foo\w+bar`, "", "a foo1bar of it", 2, true, 8},
		{`foo\w+bar`, "i", "FOO1Bar", 0, true, 7},
		{`foo\b`, "", "foods", 0, false, 4},
		{`foo\b.`, "", "foo s", 0, true, 5},
		{`food?$`, "", "foods", 0, false, 5},
		{`[a-z]{5,}x`, "", "abcd x", 0, false, 5},
		{`[a-z]{2,4} x`, "", "abcde x", 0, false, 5},
		{`(\w+) \1`, "", "ab ab", 0, true, 4},    // what the group captured is not looked at
		{`foo(?!bar)`, "", "foobar", 0, true, 4}, // nor a lookahead
		{`(?:ab{3}){200}c`, "", "abbbc", 0, false, 5},
		{`(?:a|bc{1,50}){9,500}d`, "", "abcbccbcaaaad", 0, false, 13},
		{`(?:a|bc{1,50}){9,500}d`, "", "abcbccbcaaaaad", 0, true, 15},
	}
	for _, tt := range tests {
		p := mustCompile(t, tt.pattern, tt.flags)
		probe := newProbe(p.prog, nil)
		for range 2 { // when it is made, and as it was made
			may, octets := probe.may(tt.text, tt.at)
			if may != tt.may || octets > tt.octets {
				t.Errorf("/%s/%s on %q at %d: got %v after %d octets, want %v after %d", tt.pattern, tt.flags, tt.text, tt.at, may, octets, tt.may, tt.octets)
			}
		}
	}
}

// TestProbeIsShared has several machines make the same probe.
func TestProbeIsShared(t *testing.T) {
	p := mustCompile(t, `(?:[a-f]+ ?[0-9]{1,3}|x[a-z]*y){3,9}!`, "i")
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 1))
			var m Machine
			for range 2000 {
				text := make([]byte, 40)
				for j := range text {
					text[j] = "abf 019xyz!"[r.IntN(11)]
				}
				if got, want := m.Match(p, string(text)), m.Match(withoutProbe(p), string(text)); got != want {
					t.Errorf("%q: got %v, want %v", text, got, want)
				}
			}
		})
	}
	wg.Wait()
}
