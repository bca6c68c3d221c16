package pattern

import (
	"errors"
	"strings"
	"testing"
)

// FuzzCompile takes any pattern and text: nothing may panic, an error stands within the pattern, a match within the text,
// and no run takes more steps than it may.
func FuzzCompile(f *testing.F) {
	for _, c := range tricky {
		for _, text := range c.texts {
			f.Add(c.pattern, c.flags, text)
		}
	}
	f.Add(`((a{0,5}){0,5})*[c]`, "", strings.Repeat("a", 100))
	f.Add(`(?<=(?>a|ab){2})\1(?:x{2,}){3,300}`, "ix", "aab xx")
	f.Fuzz(func(t *testing.T, source, flags, text string) {
		if len(text) > 1<<12 || len(source) > 1<<10 {
			return
		}
		p, err := CompileGroups(source, flags)
		if err != nil {
			if e := (*Error)(nil); !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(source) {
				t.Errorf("/%s/%s: error %v", source, flags, err)
			}
			return
		}
		var m Machine
		start, end, ok := m.Find(p, text, 0)
		switch {
		case !ok && p.Always() && !m.Bounded():
			t.Errorf("/%s/%s matches always, but not %q", source, flags, text)
		case ok && (start < 0 || start > end && !strings.Contains(source, `\K`) || end > len(text)):
			t.Errorf("/%s/%s on %q: got %d to %d", source, flags, text, start, end)
		case ok && m.Count(p, text, 10) < 1 && !m.Bounded():
			t.Errorf("/%s/%s on %q: found, but counts none", source, flags, text)
		}
		if len(m.stack) > maxStack+2*lookEvery {
			t.Errorf("/%s/%s on %q: %d frames", source, flags, text, len(m.stack))
		}
	})
}

func BenchmarkMachine(b *testing.B) {
	text := strings.Repeat("Our offer is better than last week's: fresh bread and cheese from the Alps. ", 25)
	for _, c := range []struct{ name, pattern string }{
		{"word", `\bpharmacy\b`},
		{"alternatives", `\b(?:online|canadian|discount) (?:pharmacy|drug ?store|meds)\b`},
		{"no literal", `\b\d{1,3}[,.]\d{3}[,.]\d{3}\b`},
		{"lookahead", `\b(?=[a-z]{4,})(?!fresh)\w+ing\b`},
		{"back-reference", `\b(\w{4,}) \1\b`},
	} {
		p := mustCompile(b, c.pattern, "i")
		b.Run(c.name, func(b *testing.B) {
			var m Machine
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				m.Match(p, text)
			}
		})
	}
}

// BenchmarkScan passes over a text for many patterns.
func BenchmarkScan(b *testing.B) {
	var patterns []*Pattern
	for _, one := range strings.Fields("bitcoin viagra pharmacy casino lottery refinance mortgage replica watches diploma") {
		for _, two := range []string{"cheap %", `% (?:now|today)`, `your\s+%`, `%\W{0,3}online`} {
			patterns = append(patterns, mustCompile(b, strings.ReplaceAll(two, "%", one), "i"))
		}
	}
	texts := []string{strings.Repeat("Our offer is better than last week's: fresh bread and cheese from the Alps. ", 25)}
	finder := NewFinder(patterns)
	var spots Spots
	b.SetBytes(int64(len(texts[0])))
	b.ReportAllocs()
	for b.Loop() {
		spots.Scan(finder, texts)
	}
}
