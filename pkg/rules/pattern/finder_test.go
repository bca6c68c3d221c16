package pattern

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// words are texts that patterns and texts of the finder's tests are made of, so that they meet.
var words = []string{"bitcoin", "viagra", "free", "Casino", "http://", "www.", "example", ".com", "the", "offer", "caf\xc3\xa9", "\xe9t\xe9", "100", "%", "  ", "XXXXXXXX", "aaaaaaa"}

// wordyPattern makes a pattern of words and of what stands between them.
func (k *maker) wordyPattern() string {
	between := []string{" ", `\s+`, `\W{0,3}`, ".{0,20}", ".*", "[^a]?", `\b`, "(?:a|b)", "", `\n`, "(?=.)", "(?!x)"}
	word := func() string { return words[k.r.IntN(len(words))] }
	var b strings.Builder
	for range 1 + k.r.IntN(3) {
		switch k.r.IntN(7) {
		case 0:
			b.WriteString("(?:" + word() + "|" + word() + "|" + word() + ")")
		case 1:
			b.WriteString("(?:" + word() + ")" + []string{"?", "+", "{2}", "*", "{1,3}"}[k.r.IntN(5)])
		case 2:
			b.WriteString("(" + word() + ")" + between[k.r.IntN(len(between))] + `\1`)
		case 3:
			b.WriteString("[[:alpha:]]{" + []string{"6,", "7", "2,12"}[k.r.IntN(3)] + "}")
		case 4:
			b.WriteString(k.pattern(1))
		default:
			b.WriteString(word())
		}
		b.WriteString(between[k.r.IntN(len(between))])
	}
	return b.String()
}

func wordyTexts(r *rand.Rand) []string {
	texts := make([]string, r.IntN(4))
	for i := range texts {
		var b strings.Builder
		for range r.IntN(12) {
			if r.IntN(2) == 0 {
				b.WriteString(words[r.IntN(len(words))])
			}
			b.WriteString(randomText(r))
		}
		texts[i] = b.String()
	}
	return texts
}

// TestFinderLosesNothing counts matches with a finder and without.
func TestFinderLosesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var m Machine
	var spots Spots
	matched, ruledOut := 0, 0
	for range 25 {
		var patterns []*Pattern
		var sources []string
		for len(patterns) < 100 {
			k := maker{r: r}
			source, flags := k.wordyPattern(), []string{"", "i", "s", "im"}[r.IntN(4)]
			if r.IntN(3) == 0 {
				source = k.pattern(2)
			}
			if p, err := Compile(source, flags); err == nil {
				patterns, sources = append(patterns, p), append(sources, "/"+source+"/"+flags)
			}
		}
		finder := NewFinder(patterns)
		for range 30 {
			texts := wordyTexts(r)
			spots.most = []int{0, 1, 1 + r.IntN(300)}[r.IntN(3)] // with few spans it is as true
			spots.Scan(finder, texts)
			for i, p := range patterns {
				from, limit := r.IntN(2), 1+r.IntN(3)*r.IntN(10)
				want, wantFirst := CountIn(&m, p, texts, from, limit)
				got, gotFirst := spots.Count(&m, i, from, limit)
				if got != want || gotFirst != wantFirst || want > 0 && !spots.May(i) {
					t.Errorf("%s on %q from %d, at most %d: got %d %v, want %d %v", sources[i], texts, from, limit, got, gotFirst, want, wantFirst)
				}
				if want > 0 {
					matched++
				} else if !spots.May(i) {
					ruledOut++
				}
			}
			if t.Failed() {
				return
			}
		}
	}
	if matched < 5_000 || ruledOut < 20_000 {
		t.Errorf("%d matches and %d ruled out: the comparison says little", matched, ruledOut)
	}
}

// FuzzFinder takes any pattern and text.
func FuzzFinder(f *testing.F) {
	for _, c := range tricky {
		for _, text := range c.texts {
			f.Add(c.pattern, c.flags, text, text)
		}
	}
	f.Add(`(?:foo|bar)\s{8}[a-z]{6,}`, "i", "a foo        abcdefg", "x")
	f.Fuzz(func(t *testing.T, source, flags, one, two string) {
		if len(source) > 1<<8 || len(one)+len(two) > 1<<10 {
			return
		}
		p, err := Compile(source, flags)
		if err != nil {
			return
		}
		var m Machine
		var spots Spots
		texts := []string{one, two}
		want, wantFirst := CountIn(&m, p, texts, 0, 10)
		if m.Bounded() {
			return
		}
		spots.Scan(NewFinder([]*Pattern{p, p}), texts)
		if got, first := spots.Count(&m, 1, 0, 10); (got != want || first != wantFirst) && !m.Bounded() {
			t.Errorf("/%s/%s on %q: got %d %v, want %d %v", source, flags, texts, got, first, want, wantFirst)
		}
	})
}
