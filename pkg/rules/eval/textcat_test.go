package eval

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLanguageText(t *testing.T) {
	tests := []struct {
		name  string
		lines []string
		want  string
	}{
		{"marks", []string{"Re: Fwd:  AW: text: a: b\n", "c"}, "a: b\n\nc"},
		{"links", []string{"see http://example.org/x?y and https%3A%2F%2Fb or http:// and Http://c."}, "see   and   or http:// and Http://c."},
		{"addresses", []string{"by <ann@example.org> or @b or c@d or e@1x or @f@gh."}, "by   or @b or c@d or e@1x or  "},
		{"long address", []string{strings.Repeat("x", 70) + "@example.org"}, strings.Repeat("x", 6) + " "},
		{"sites", []string{"www.example.org xwww.example.org www. (www.a)"}, "  xwww.example.org www. ( "},
		{"long", []string{strings.Repeat("x ", 6000)}, strings.Repeat("x ", 5000)},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, languageText(tt.lines)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestTopGrams(t *testing.T) {
	of := func(octets ...string) []gram {
		var all []gram
		for _, o := range octets {
			all = append(all, gramOf(o))
		}
		return all
	}
	tests := []struct {
		text        string
		least, most int
		want        []gram
	}{
		{"ab", 0, 400, of("\x00", "\x00a", "\x00ab", "\x00ab\x00", "a", "ab", "ab\x00", "b", "b\x00")},
		{"ab 1 ab", 0, 3, of("\x00", "\x00a", "\x00ab")},
		{"a a b", 1, 400, of("\x00", "\x00a", "\x00a\x00", "a", "a\x00")},
		{"12, 3", 0, 400, of()},
	}
	for _, tt := range tests {
		got := topGrams(tt.text, tt.least, tt.most)
		if len(got) == 0 && len(tt.want) == 0 {
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestLowerWord(t *testing.T) {
	for word, want := range map[string]string{"ABCD": "abcd", "ABC": "ABC", "Haus": "haus", "A'BCDE": "a'bcde", "abcd": "abcd", "\xc3ABC": "\xe3abc", "ABC\xd7D": "ABC\xd7D"} {
		got := []byte(word)
		if lowerWord(got); string(got) != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}

func TestLanguageCheck(t *testing.T) {
	const models = "e\nn\nr\nen\ner\nd\ni\n0 de\n" + "e\nt\no\na\nth\nhe\nthe\n0 en\n" + "e\ns\na\ni\nt\nes\nle\n0 fr.utf8\n"
	german := "Subject: s\n\n" + strings.Repeat("der die und in den von zu das mit sich des auf ist im dem nicht ein eine als auch ", 8)
	tests := []struct {
		name, text string
		settings   []string
		want       int
	}{
		{"all are welcome", german, nil, 0},
		{"welcome", german, []string{"ok_languages de"}, 0},
		{"not welcome", german, []string{"ok_languages en"}, 1},
		{"short", german[:200], []string{"ok_languages en"}, 0},
		{"too many", german, []string{"ok_languages en", "textcat_max_languages 1", "textcat_acceptable_score 10"}, 0},
		{"inactive", german, []string{"ok_languages it", "inactive_languages de en fr"}, 0},
	}
	for _, tt := range tests {
		f := factsOf(t, tt.text, append(tt.settings, "textcat_max_ngrams 12")...)
		f.Settings.SetLanguages(models)
		if got := call(t, f, "check_language"); got != tt.want {
			t.Errorf("%s: got %d, want %d (%v)", tt.name, got, tt.want, f.languages().names)
		}
	}
}

func TestBody8Bits(t *testing.T) {
	high := "Content-Type: text/plain; charset=utf-8\n\n" + strings.Repeat("\u0442", 4) + "\n"
	runCalls(t, []callTest{
		{name: "all are welcome", text: high, misses: []string{"check_body_8bits"}},
		{name: "English is", text: high, settings: []string{"ok_languages en"}, hits: []string{"check_body_8bits"}},
		{name: "Russian is", text: high, settings: []string{"ok_languages en ru"}, misses: []string{"check_body_8bits"}},
		{name: "not in a row", text: strings.Replace(high, "\u0442", "\u0442 ", 1), settings: []string{"ok_languages en"}, misses: []string{"check_body_8bits"}},
	})
}

func BenchmarkLanguages(b *testing.B) {
	var models strings.Builder
	for i := range 80 {
		for j := range 600 {
			models.WriteString(string([]byte{byte('a' + (i*7+j)%26), byte('a' + j%26), byte('a' + j/26)}) + "\n")
		}
		models.WriteString("0 l" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + "\n")
	}
	f := factsOf(b, "Subject: s\n\n"+strings.Repeat("some words of a text that is in a language, of course, and has no end\n\n", 20), "ok_languages de")
	f.Settings.SetLanguages(models.String())
	f.Message.BodyLines()
	for b.Loop() {
		f.spoken = nil
		f.languages()
	}
}
