package pattern

import (
	"runtime"
	"strings"
	"testing"
)

// TestSimplifyIsLinear counts what is allocated for patterns whose branches have much in common: it must not grow
// with the square of their length.
func TestSimplifyIsLinear(t *testing.T) {
	const octets = 64_000
	word := strings.Repeat("W", octets)
	var steps strings.Builder
	for i := 1; i < 400; i++ {
		steps.WriteString(word[:i] + "|")
	}
	tests := []struct{ name, pattern string }{
		{"beginning", "(?:" + word + "x|" + word + "y)"},
		{"beginning of three", "(?:" + word + "|" + word + "yx|" + word + "yz)"},
		{"the same", "(?:" + word + "|" + word + ")"},
		{"sets", "(?:" + strings.Repeat("[ab]", octets) + "x|" + strings.Repeat("[ab]", octets) + "y)"},
		{"each with one more", steps.String() + "x"},
	}
	for _, test := range tests {
		var before, after runtime.MemStats
		tree, p, err := parse(test.pattern, "")
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		runtime.ReadMemStats(&before)
		simplify(tree, make([]bool, len(p.names)+1))
		runtime.ReadMemStats(&after)
		if each := (after.TotalAlloc - before.TotalAlloc) / uint64(len(test.pattern)); each > 400 {
			t.Errorf("%s: %d octets allocated for each of the pattern", test.name, each)
		}
	}
}

// TestFactored shows what becomes of branches: an octet by its letter, alternatives in parentheses.
func TestFactored(t *testing.T) {
	tests := []struct{ pattern, want string }{
		{"abc|abd|x", "(ab[cd]|x)"},
		{"abc|abc", "abc"},
		{"abc|abc|abcd", "abc(|d)"},
		{"abc|abcd|abce|ab", "ab(c(|[de])|)"},
		{"abx|aby|ac|b", "(a(b[xy]|c)|b)"},
		{"ab|b|ac", "(ab|b|ac)"},
		{"a(?:bc|bd)|abe", "ab[cde]"},
		{"a||", "(a|)"},
	}
	for _, test := range tests {
		tree, _, err := parse(test.pattern, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := written(simplify(tree, []bool{false})); got != test.want {
			t.Errorf("%s: got %s, want %s", test.pattern, got, test.want)
		}
	}
}

// written is a tree of octets, sequences and alternatives as text.
func written(n *node) string {
	var parts []string
	for _, sub := range n.subs {
		parts = append(parts, written(sub))
	}
	switch n.op {
	case opEmpty:
		return ""
	case opConcat:
		return strings.Join(parts, "")
	case opAlternate:
		return "(" + strings.Join(parts, "|") + ")"
	}
	var octets strings.Builder
	for b := range n.set.all {
		octets.WriteByte(b)
	}
	if octets.Len() > 1 {
		return "[" + octets.String() + "]"
	}
	return octets.String()
}
