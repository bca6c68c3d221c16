package pattern

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestEvilPatterns runs patterns whose work grows with a power of the text's length, or doubles with each octet. Steps are
// counted, not time: what remembers where it has been stays near the length, and the rest is given up.
func TestEvilPatterns(t *testing.T) {
	long := strings.Repeat("a", 2000)
	tests := []struct {
		pattern, text string
		match         bool
		bounded       bool // no answer is found within the limit
	}{
		{`(a+)+$`, long + "!", false, false},
		{`(a+)+$`, long, true, false},
		{`^(?:a+)+$`, long + "!", false, false},
		{`(?:a*)*b`, long, false, false},
		{`(?:a|aa)+$`, long + "!", false, false},
		{`(?:a|a?)+$`, long + "!", true, false},
		{`(?:.*?,){11}P`, strings.Repeat("1,", 1000), false, false},
		{`(?:[a-z]+\s?)+x{2}`, strings.Repeat("word ", 400), false, false},
		{`^(?:.*a){12}$`, long + "!", false, false},
		{`(a+)+\1x`, long, false, true},
		{`(?=(?:a+)+b)a`, long, false, true},
		{`(?:(?:a{1,300}){1,300}){1,300}x`, long, false, true},
		{`(?>(?:a+)+)b`, long, false, false},
		{`(?:a++)+b`, long, false, false},
		{`.*.*.*.*x`, strings.Repeat("b", 300), false, false},
	}
	var m Machine
	for _, test := range tests {
		p := mustCompile(t, test.pattern, "")
		m.Begin(context.Background(), 0)
		got := m.Match(p, test.text)
		if got != test.match || m.Bounded() != test.bounded {
			t.Errorf("/%s/: got %v, bounded %v, want %v, %v", test.pattern, got, m.Bounded(), test.match, test.bounded)
		}
		if len(m.stack) > 2*maxStack || len(m.memory.bits)*64 > maxRemember+64 {
			t.Errorf("/%s/: %d frames, %d words of memory", test.pattern, len(m.stack), len(m.memory.bits))
		}
		t.Logf("/%s/: %d steps", test.pattern, m.Spent())
	}
}

// TestStepsCountOctets shows that what passes octets is counted, also where one step passes more than are left until the
// next look at the limits, and that nothing goes on behind them.
func TestStepsCountOctets(t *testing.T) {
	const octets = 1 << 20
	long := strings.Repeat("a", octets)
	short := strings.Repeat(strings.Repeat("a", 999)+"b", octets/1000)
	tests := []struct {
		pattern, text string
		passed        int // octets, at least
	}{
		{`^a+`, long, octets},
		{`^a+b`, long, octets},            // by the probe
		{`^[ab]+(?=b)`, long, 2 * octets}, // there and back: the probe does not look into lookaheads
		{`^a*?(?=b)`, long, octets},
		{`^(?>a+)(?=b|c)`, long, octets},
		{`^a(?=a+$)(?=b)`, long, octets},
		{`^(a+)\1$`, long, octets},
		{`a{1000}(?=b)`, short, 100 * octets}, // from each place to the next b
		{`a{1000}+(?=b)`, short, 100 * octets},
	}
	var m Machine
	for _, test := range tests {
		p := mustCompile(t, test.pattern, "")
		m.Begin(t.Context(), 1<<30)
		m.Match(p, test.text)
		spent := m.Spent()
		if spent < test.passed/stepOctets || m.Bounded() {
			t.Errorf("/%s/: %d steps, bounded %v; want %d at least", test.pattern, spent, m.Bounded(), test.passed/stepOctets)
		}
		m.Begin(t.Context(), spent/2)
		if m.Match(p, test.text) && !m.Bounded() || m.Spent() != spent/2 {
			t.Errorf("/%s/: with half of the steps: bounded %v, %d of %d steps", test.pattern, m.Bounded(), m.Spent(), spent/2)
		}
	}
}

// TestMemoryFindsTheSame lets runs remember from their first step.
func TestMemoryFindsTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var plain, m Machine
	helped := 0
	for range 6_000 {
		k := maker{r: r}
		source := k.pattern(3)
		p, err := Compile(source, "")
		if err != nil || p.prog.stateful || p.prog.choices == 0 {
			continue
		}
		for range 3 {
			text := randomText(r) + randomText(r)
			wantStart, _, want := plain.Find(p, text, 0)
			m.Begin(t.Context(), 0)
			m.load(p, text)
			m.memory.begin(p.prog, len(text))
			got, last := false, len(text)-p.least
			if at := p.start(text, 0, last); at >= 0 {
				_, got = m.search(p, at, last)
			}
			if got != want || got && int(m.regs[0]) != wantStart {
				t.Errorf("/%s/ on %q: got %v at %d, want %v at %d", source, text, got, m.regs[0], want, wantStart)
			}
			helped++
		}
	}
	if helped < 4_000 {
		t.Errorf("only %d comparisons", helped)
	}
}

// TestLimitIsForAllCalls gives one limit to many calls: a rule that is slow on every paragraph is given up once.
func TestLimitIsForAllCalls(t *testing.T) {
	p := mustCompile(t, `(a+)+\1x`, "")
	text := strings.Repeat("a", 10)
	var m Machine
	m.Begin(context.Background(), 50_000)
	calls := 0
	for ; !m.Bounded() && calls < 1000; calls++ {
		m.Match(p, text)
	}
	if calls < 2 || calls == 1000 {
		t.Errorf("got %d calls until the limit", calls)
	}
	if m.Match(mustCompile(t, "a", ""), text) {
		t.Error("a call behind the limit found something")
	}
	m.Begin(context.Background(), 0)
	if !m.Match(mustCompile(t, "a", ""), text) || m.Bounded() {
		t.Error("the limit outlived Begin")
	}
}

func TestStopsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var m Machine
	m.Begin(ctx, 0)
	if m.Match(mustCompile(t, `(a+)+\1x`, ""), strings.Repeat("a", 2000)) || !m.Stopped() || m.Bounded() {
		t.Errorf("got stopped %v, bounded %v, want stopped", m.Stopped(), m.Bounded())
	}
	m.Begin(ctx, 0)
	short := mustCompile(t, `[ab]{3}c`, "")
	for range lookEvery {
		m.Match(short, "abab")
	}
	if !m.Stopped() {
		t.Error("many short calls did not look at the context")
	}
}

func TestGroups(t *testing.T) {
	tests := []struct {
		pattern, text string
		want          []string // "-" is none
	}{
		{`(a)(b)?(c)`, "xac", []string{"ac", "a", "-", "c"}},
		{`(?:(a)|b)*`, "ab", []string{"ab", "a"}},
		{`(\w+)@(?<host>[\w.]+)`, "to joe@example.org.", []string{"joe@example.org.", "joe", "example.org."}},
		{`a\K(b)`, "ab", []string{"b", "b"}},
		{`(?=(\w+))\w`, "abc", []string{"a", "abc"}},
		{`(?<=(a|c))d`, "bcd", []string{"d", "c"}},
	}
	var m Machine
	for _, test := range tests {
		p, err := CompileGroups(test.pattern, "")
		if err != nil {
			t.Fatal(err)
		}
		if !m.Match(p, test.text) {
			t.Errorf("/%s/ on %q: no match", test.pattern, test.text)
			continue
		}
		for i, want := range test.want {
			got, ok := m.Group(i)
			if !ok {
				got = "-"
			}
			if got != want {
				t.Errorf("/%s/ on %q: group %d: got %q, want %q", test.pattern, test.text, i, got, want)
			}
		}
		if _, ok := m.Group(len(test.want)); ok {
			t.Errorf("/%s/: there is a group %d", test.pattern, len(test.want))
		}
	}
}

// TestNamedGroups shows that they are kept without being asked for.
func TestNamedGroups(t *testing.T) {
	p := mustCompile(t, `(x)?(?<HOST>\w+)\.(?'TLD'\w+)\.(?P<REST>\w+)`, "")
	var m Machine
	if !m.Match(p, "www.example.org") {
		t.Fatal("no match")
	}
	want := map[string]string{"HOST": "www", "TLD": "example", "REST": "org"}
	for i, name := range p.Names() {
		if got, _ := m.Group(i + 1); got != want[name] {
			t.Errorf("%q: got %q, want %q", name, got, want[name])
		}
	}
}

// TestNoAllocations shows that a machine and spots keep their memory.
func TestNoAllocations(t *testing.T) {
	patterns := []*Pattern{mustCompile(t, `(\w)\1(?=x)`, ""), mustCompile(t, `bitcoin.{0,20}wallet`, "i"), mustCompile(t, `(?:a|b|c)+d`, "")}
	finder := NewFinder(patterns)
	texts := []string{"a bitcoin for your wallet", "aab", strings.Repeat("abc", 50) + "d"}
	var m Machine
	var spots Spots
	run := func() {
		spots.Scan(finder, texts)
		for i := range patterns {
			m.Begin(context.Background(), 0)
			spots.Count(&m, i, 0, 10)
		}
	}
	run()
	if n := testing.AllocsPerRun(100, run); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
