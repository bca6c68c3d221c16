package pattern

import (
	"slices"
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
