package pattern

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustCompile(t testing.TB, source, flags string) *Pattern {
	t.Helper()
	p, err := Compile(source, flags)
	if err != nil {
		t.Fatalf("/%s/%s: %v", source, flags, err)
	}
	return p
}

// TestFindGivesOctets shows that offsets are those of the text as it was, whatever form was matched.
func TestFindGivesOctets(t *testing.T) {
	tests := []struct{ pattern, flags, text, want string }{
		{"world", "", "hello world", "world"},
		{"WORLD", "i", "hello World", "World"},
		{"caf\xc3\xa9", "i", "Le CAF\xc3\xa9 noir", "CAF\xc3\xa9"},
		{"noir", "i", "Le caf\xc3\xa9 Noir", "Noir"},
		{"N..r", "", "Le caf\xc3\xa9 Noir", "Noir"},
		{`\xe9.`, "", "\xe9\xe8\xe9", "\xe9\xe8"},
		{"$", "", "a", ""},
	}
	for _, test := range tests {
		p := mustCompile(t, test.pattern, test.flags)
		text := NewText(test.text)
		start, end, ok := p.Find(&text)
		if !ok || test.text[start:end] != test.want {
			t.Errorf("/%s/%s on %q: got %d to %d, %v, want %q", test.pattern, test.flags, test.text, start, end, ok, test.want)
		}
		if text.Raw() != test.text {
			t.Errorf("raw: got %q, want %q", text.Raw(), test.text)
		}
	}
}

func TestNewTexts(t *testing.T) {
	for _, raws := range [][]string{nil, {""}, {"A b"}, {"", ""}, {"One", "Caf\xc3\xa9 \xc9", "", "two"}, {"abc", "def"}} {
		texts, all := NewTexts(raws)
		var folded []string
		for i, raw := range raws {
			single := NewText(raw)
			if texts[i].Raw() != raw || texts[i].Folded() != single.Folded() || texts[i].form(false) != single.form(false) {
				t.Errorf("%q: got %q, %q, want %q, %q", raws, texts[i].Folded(), texts[i].form(false), single.Folded(), single.form(false))
			}
			folded = append(folded, single.Folded())
		}
		if want := strings.Join(folded, "\n"); all != want {
			t.Errorf("%q: got %q of all, want %q", raws, all, want)
		}
	}
}

func TestRequired(t *testing.T) {
	tests := []struct {
		pattern, flags string
		want           [][]string
	}{
		{"Viagra", "i", [][]string{{"viagra"}}},
		{"Viagra", "", [][]string{{"viagra"}}},
		{"v[i1]agra", "", [][]string{{"v1agra", "viagra"}}},
		{"foo|barbaz", "", [][]string{{"foo", "barbaz"}}},
		{"foobar|foo", "", [][]string{{"foo"}}},
		{"foo|.*", "", nil},
		{"fo|barbaz", "", nil},
		{`\d+`, "", nil},
		{`pay.{0,20}bitcoin`, "s", [][]string{{"bitcoin"}, {"pay"}}},
		{`(?:one|two|three) more`, "", [][]string{{"one more", "two more", "three more"}}},
		{`long(?:er)? road`, "", [][]string{{"long road", "longer road"}}},
		{`x{3}yz`, "", [][]string{{"xxxyz"}}},
		{`(?:abc)+def`, "", [][]string{{"abc"}, {"def"}}},
		{`(?:abc)*def`, "", [][]string{{"def"}}},
		{`caf\xe9s`, "", [][]string{{"caf\u00e9s"}}},
		{`^\s*name="?[^"]*\.(?:exe|scr)"?$`, "m", [][]string{{"name="}, {".exe", ".scr"}}},
	}
	for _, test := range tests {
		got := mustCompile(t, test.pattern, test.flags).Required()
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("/%s/%s (-want +got):\n%s", test.pattern, test.flags, diff)
		}
	}
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

func TestUnsupportedIsNamed(t *testing.T) {
	tests := []struct{ pattern, want string }{
		{`foo(?=bar)`, "lookahead (?=...) is not supported, at octet 3"},
		{`foo(?!bar)`, "negative lookahead (?!...) is not supported, at octet 3"},
		{`(?<=foo)bar`, "lookbehind (?<=...) is not supported, at octet 0"},
		{`(?<!foo)bar`, "negative lookbehind (?<!...) is not supported, at octet 0"},
		{`(a)b\1`, `back-reference \1 is not supported, at octet 4`},
		{`(a)\g{-1}`, "back-reference -1 is not supported, at octet 3"},
		{`(?P<x>a)(?P=x)`, "back-reference (?P=x) is not supported, at octet 8"},
		{`(?>a)`, "atomic group (?>...) is not supported, at octet 0"},
		{`a*+`, "possessive quantifier *+ is not supported, at octet 1"},
		{`(?|a|b)`, "branch reset (?|...) is not supported, at octet 0"},
		{`(?(1)a|b)`, "conditional (?(...)...) is not supported, at octet 0"},
		{`(?R)`, "recursion (?R...) is not supported, at octet 0"},
		{`(?{ die })`, "code (?{...}) is not supported, at octet 0"},
		{`(*FAIL)`, "verb (*...) is not supported, at octet 0"},
		{`\K`, `\K is not supported, at octet 0`},
		{`\pL`, `Unicode property \p{...} is not supported, at octet 0`},
		{`\Qa.b\E`, `quoting \Q...\E is not supported, at octet 0`},
		{`\b{wb}`, `boundary \b{...} is not supported, at octet 0`},
		{`$100`, `$ before the end of the pattern (a dollar sign is \$) is not supported, at octet 0`},
		{`(?m)^\s*$`, "^ under /m before what may be empty is not supported, at octet 4"},
		{`(?:a{1000}){1000}`, "a pattern of more than 20000 characters with all repeats written out is not supported, at octet 0"},
	}
	for _, test := range tests {
		_, err := Compile(test.pattern, "")
		if e := (*Error)(nil); !errors.As(err, &e) || !e.Unsupported || err.Error() != test.want {
			t.Errorf("/%s/: got %v, want %s", test.pattern, err, test.want)
		}
	}
}

func TestCount(t *testing.T) {
	p := mustCompile(t, `\bone\b`, "i")
	text := NewText("One one none one")
	if got := p.Count(&text, -1); got != 3 {
		t.Errorf("got %d, want 3", got)
	}
	if got := p.Count(&text, 2); got != 2 {
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
	if got := s.lowerCase(); got != single('k') {
		t.Errorf("lower case: got %v", got)
	}
	for b := range 256 {
		c := byte(b)
		if fold(fold(c)) != fold(c) || fold(unfold(fold(c))) != fold(c) {
			t.Errorf("octet %X does not fold well", b)
		}
	}
	var runs []byte
	between('a', 'c', 'x', 'x', 0, 0, 255, 255).ranges(func(from, to byte) { runs = append(runs, from, to) })
	if want := []byte{0, 0, 'a', 'c', 'x', 'x', 255, 255}; !slices.Equal(runs, want) {
		t.Errorf("ranges: got %v, want %v", runs, want)
	}
}

func indexOf(folded string) *Index {
	var x Index
	x.Reset(folded)
	return &x
}

// TestIndex holds an index against a plain search: what it denies is not there, and it is used for one text after another.
func TestIndex(t *testing.T) {
	texts := []string{"", "ab", "abc", "a short text", strings.Repeat("the quick brown fox ", 50), strings.Repeat("x", 100), "\u00e9\u00e8 " + strings.Repeat("caf\u00e9s ", 20)}
	literals := []string{"abc", "short", "fox the", "brown", "xxx", "xxxx", "quickly", "caf\u00e9", "\u00e9s", "nothing"}
	var x Index
	for _, text := range texts {
		x.Reset(text)
		for _, text2 := range literals {
			l := newLiteral(text2)
			if got, want := x.has(&l), strings.Contains(text, text2); got != want {
				t.Errorf("%q in %.30q: got %v, want %v", text2, text, got, want)
			}
		}
	}
}

// FuzzCompile takes any pattern and text. What compiles must match the same texts whether or not the prefilter is asked,
// and give offsets within the text.
func FuzzCompile(f *testing.F) {
	for _, c := range tricky {
		for _, text := range c.texts {
			f.Add(c.pattern, c.flags, text)
		}
	}
	f.Fuzz(func(t *testing.T, source, flags, raw string) {
		if len(raw) > 1<<12 || len(source) > 1<<10 {
			return
		}
		p, err := Compile(source, flags)
		if err != nil {
			if e := (*Error)(nil); !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(source) {
				t.Errorf("/%s/%s: error %v", source, flags, err)
			}
			return
		}
		text := NewText(raw)
		start, end, ok := p.Find(&text)
		switch {
		case !ok && p.Always():
			t.Errorf("/%s/%s matches always, but not %q", source, flags, raw)
		case !ok:
			return
		case start < 0 || start > end || end > len(raw):
			t.Errorf("/%s/%s on %q: got %d to %d", source, flags, raw, start, end)
		case !p.May(&text) || !p.MayIn(indexOf(text.Folded())):
			t.Errorf("/%s/%s matches %q, which has not all of %q", source, flags, raw, p.Required())
		case p.Count(&text, -1) < 1:
			t.Errorf("/%s/%s on %q: found, but counts none", source, flags, raw)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	text := NewText(strings.Repeat("Our offer is better than last week's: fresh bread and cheese from the Alps. ", 25))
	b.Run("index made", func(b *testing.B) {
		var index Index
		b.SetBytes(int64(len(text.Folded())))
		b.ReportAllocs()
		for b.Loop() {
			index.Reset(text.Folded())
		}
	})
	for _, c := range []struct{ name, pattern string }{
		{"word", `\bpharmacy\b`},
		{"alternatives", `\b(?:online|canadian|discount) (?:pharmacy|drug ?store|meds)\b`},
		{"no literal", `\b\d{1,3}[,.]\d{3}[,.]\d{3}\b`},
	} {
		p := mustCompile(b, c.pattern, "i")
		b.Run(c.name+"/prefilter", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.May(&text)
			}
		})
		b.Run(c.name+"/index", func(b *testing.B) {
			index := indexOf(text.Folded())
			b.ReportAllocs()
			for b.Loop() {
				p.MayIn(index)
			}
		})
		b.Run(c.name+"/engine", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Find(&text)
			}
		})
	}
}
