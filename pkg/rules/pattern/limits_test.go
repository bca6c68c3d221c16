package pattern

import (
	"strings"
	"testing"
)

// TestForgetKeepsLittle shows that a giant text leaves no giant memory to those that come after it.
func TestForgetKeepsLittle(t *testing.T) {
	text := strings.Repeat("ab ", 1<<18)
	var m Machine
	p := MustCompile(`(?:\w|\s)*(?:\w\s?|a)*[c-z]`, "")
	m.Begin(t.Context(), 0)
	m.Match(p, text)
	m.Begin(t.Context(), 0)
	m.Match(MustCompile(`(?:ab|a|(?<X>b)|\w| )*[c-z]`, ""), text)
	if cap(m.stack) <= keptFrames || cap(m.memory.bits) <= keptWords {
		t.Fatalf("%d frames and %d words: the text is not giant", cap(m.stack), cap(m.memory.bits))
	}
	m.Forget()
	if cap(m.stack) > keptFrames || cap(m.memory.bits) > keptWords || m.text != "" || m.prog != nil || m.ctx != nil {
		t.Errorf("%d frames, %d words, %d octets", cap(m.stack), cap(m.memory.bits), len(m.text))
	}
	var s Spots
	s.Scan(NewFinder([]*Pattern{MustCompile("ab a", ""), MustCompile("b ab", ""), MustCompile(`b\s\w`, ""), MustCompile(`\wb\s`, ""), MustCompile(`\s\wb`, ""), MustCompile(`a\w\s`, "")}), []string{text})
	if cap(s.spans) <= keptSpans {
		t.Fatalf("%d spans: the text is not giant", cap(s.spans))
	}
	s.Forget()
	if cap(s.spans) > keptSpans || cap(s.trigrams) > keptOctets || s.texts != nil {
		t.Errorf("%d spans, %d trigrams", cap(s.spans), cap(s.trigrams))
	}
}

// TestNothingLeft shows that a call for which no steps are left is given up, also where a probe would do all its work.
func TestNothingLeft(t *testing.T) {
	p := MustCompile(`<[^>]*>x`, "")
	text := "<" + strings.Repeat("a", 5000)
	var m Machine
	m.Begin(t.Context(), 500)
	calls := 0
	for ; calls < 100 && !m.Bounded(); calls++ {
		m.Match(p, text)
	}
	if calls == 100 || m.Match(p, "<a>x") {
		t.Errorf("after %d calls and %d steps it still goes on", calls, m.Spent())
	}
}
