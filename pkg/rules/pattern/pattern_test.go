package pattern

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func mustCompile(t testing.TB, source, flags string) *Pattern {
	t.Helper()
	p, err := Compile(source, flags)
	if err != nil {
		t.Fatalf("/%s/%s: %v", source, flags, err)
	}
	return p
}

func TestAlways(t *testing.T) {
	tests := map[string]bool{
		"foo|": true, "": true, "a*": true, "^": true, "$": true, `^\s*`: true, `\s*$`: true, "(?:a||b)": true, "(a?b?)": true,
		"foo": false, `^\s*$`: false, `\b`: false, "a+": false, `^a*$`: false, `a*b`: false,
	}
	for source, want := range tests {
		if got := mustCompile(t, source, "").Always(); got != want {
			t.Errorf("/%s/: got %v, want %v", source, got, want)
		}
	}
}

// TestUnsupportedIsNamed shows which constructs of Perl this engine has not.
func TestUnsupportedIsNamed(t *testing.T) {
	tests := []struct{ pattern, want string }{
		{`(?(1)a|b)`, "conditional (?(...)...) is not supported, at octet 0"},
		{`(?R)`, "recursion (?R...) is not supported, at octet 0"},
		{`(?{ die })`, "code (?{...}) is not supported, at octet 0"},
		{`(*COMMIT)`, "verb (*...) is not supported, at octet 0"},
		{`a\G`, `\G is not supported, at octet 1`},
		{`\p{Nonsense}`, `Unicode property \p{Nonsense} is not supported, at octet 0`},
		{`\b{wb}`, `boundary \b{...} is not supported, at octet 0`},
	}
	for _, test := range tests {
		_, err := Compile(test.pattern, "")
		if e := (*Error)(nil); !errors.As(err, &e) || !e.Unsupported || err.Error() != test.want {
			t.Errorf("/%s/: got %v, want %s", test.pattern, err, test.want)
		}
	}
}

// TestRefused shows what is no pattern, and what is one only without limits.
func TestRefused(t *testing.T) {
	tests := []struct{ pattern, want string }{
		{`(a`, "missing ) of the group, at octet 0"},
		{`a)`, "unmatched ), at octet 1"},
		{`a**`, "nested quantifiers, at octet 1"},
		{`\2(a)`, "back-reference 2 to a group that is not there, at octet 0"},
		{`(a)\g{-2}`, "back-reference -2 to a group that is not there, at octet 3"},
		{`\k<x>`, "back-reference x to a group that is not there, at octet 0"},
		{`(?<=a*)b`, "a lookbehind of more than 255 octets, at octet 0"},
		{`(?<!a{256})b`, "a lookbehind of more than 255 octets, at octet 0"},
		{`a{65535}`, "quantifier above 65534, at octet 1"},
		{strings.Repeat("(a)", 1001), "more than 1000 groups, at octet 3000"},
		{strings.Repeat("(?:ab){100}", 4000), "a pattern of more than 400000 steps is not supported, at octet 0"},
	}
	for _, test := range tests {
		if _, err := Compile(test.pattern, ""); err == nil || err.Error() != test.want {
			t.Errorf("/%.30s/: got %v, want %s", test.pattern, err, test.want)
		}
	}
}

func TestCount(t *testing.T) {
	p := mustCompile(t, `\bone\b`, "i")
	text := "One one none one"
	var m Machine
	if got := m.Count(p, text, -1); got != 3 {
		t.Errorf("got %d, want 3", got)
	}
	if got := m.Count(p, text, 2); got != 2 {
		t.Errorf("at most 2: got %d", got)
	}
}

func TestSets(t *testing.T) {
	s := single('K').anyCase()
	if !s.has('k') || s.size() != 2 {
		t.Errorf("K in any case: size %d", s.size())
	}
	if got := s.complement().size(); got != 254 {
		t.Errorf("complement: size %d, want 254", got)
	}
	for b := range 256 {
		c := byte(b)
		if fold(fold(c)) != fold(c) || fold(unfold(fold(c))) != fold(c) {
			t.Errorf("octet %X does not fold well", b)
		}
	}
	if got := slices.Collect(between('a', 'c', 'x', 'x', 0, 0, 255, 255).all); !slices.Equal(got, []byte{0, 'a', 'b', 'c', 'x', 255}) {
		t.Errorf("all: got %v", got)
	}
	for b := range 256 {
		c := byte(b)
		if got, want := single(c).anyCase(), single(c).union(single(fold(c))).union(single(unfold(c))); got != want {
			t.Errorf("octet %X in any case: got %v, want %v", b, got, want)
		}
	}
}
