package pattern

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// asRunes writes each octet as the rune of its number: on such text Go's regexp, which matches runes, matches octets.
func asRunes(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// goTree writes a tree for Go's regexp, as far as Go has the like. It works on the tree that the programs are made of, and so it
// tests what comes behind the parser, and Perl tests the parser.
func goTree(n *node, b *strings.Builder) bool {
	group := func(after string) bool {
		b.WriteString("(?:")
		for i, sub := range n.subs {
			if i > 0 && n.op == opAlternate {
				b.WriteByte('|')
			}
			if !goTree(sub, b) {
				return false
			}
		}
		b.WriteString(")" + after)
		return true
	}
	switch n.op {
	case opEmpty:
		b.WriteString("(?:)")
	case opOctet:
		if n.set == (set{}) {
			return false
		}
		b.WriteByte('[')
		for c := range n.set.all {
			b.WriteString(`\x{` + string("0123456789ABCDEF"[c>>4]) + string("0123456789ABCDEF"[c&15]) + "}")
		}
		b.WriteByte(']')
	case opConcat, opAlternate, opGroup:
		return group("")
	case opRepeat:
		lazily := map[mode]string{lazy: "?"}[n.mode]
		switch {
		case n.mode == possessive || nullable(n.subs[0], atGoodLuck): // empty turns are counted otherwise
			return false
		case n.max == unbounded && n.min < 2:
			return group([]string{"*", "+"}[n.min] + lazily)
		case n.max == 1 && n.min == 0:
			return group("?" + lazily)
		}
		return false
	case opTextStart:
		b.WriteString(`\A`)
	case opVeryEnd:
		b.WriteString(`\z`)
	case opBoundary:
		b.WriteString(`\b`)
	case opInside:
		b.WriteString(`\B`)
	case opLineEnd:
		b.WriteString(`(?m:$)`)
	default:
		return false
	}
	return true
}

// sameAsGo compares the first match with Go's. It returns false where Go cannot be asked.
func sameAsGo(t *testing.T, m *Machine, source, flags, text string) bool {
	tree, _, err := parse(source, flags)
	if err != nil {
		return false
	}
	var b strings.Builder
	if !goTree(tree, &b) {
		return false
	}
	theirs, err := regexp.Compile(b.String())
	if err != nil {
		return false
	}
	p, err := Compile(source, flags)
	if err != nil {
		t.Errorf("/%s/%s: parses, and does not compile: %v", source, flags, err)
		return true
	}
	want := []int{-1, -1}
	runes := asRunes(text)
	if at := theirs.FindStringIndex(runes); at != nil {
		want = []int{len([]rune(runes[:at[0]])), len([]rune(runes[:at[1]]))}
	}
	got := []int{-1, -1}
	if start, end, ok := m.Find(p, text, 0); ok {
		got = []int{start, end}
	}
	if m.Bounded() {
		return false
	}
	if got[0] != want[0] || got[1] != want[1] {
		t.Errorf("/%s/%s on %q: got %v, Go %v", source, flags, text, got, want)
	}
	return true
}

func TestRandomPatternsAsGo(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var m Machine
	compared := 0
	for range 6_000 {
		k := maker{r: r}
		source := k.pattern(3)
		for range 3 {
			if sameAsGo(t, &m, source, []string{"", "i", "s", "im"}[r.IntN(4)], randomText(r)) {
				compared++
			}
		}
	}
	if compared < 3_000 {
		t.Errorf("only %d comparisons", compared)
	}
}

// FuzzGo takes any pattern and text.
func FuzzGo(f *testing.F) {
	for _, c := range tricky {
		for _, text := range c.texts {
			f.Add(c.pattern, c.flags, text)
		}
	}
	f.Fuzz(func(t *testing.T, source, flags, text string) {
		if len(source) < 1<<8 && len(text) < 1<<10 {
			var m Machine
			sameAsGo(t, &m, source, flags, text)
		}
	})
}
