package eval

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// textCatSettings says how languages are told apart, and which are welcome.
type textCatSettings struct {
	models       *languageModels // nil where there is no file of them
	welcome      []string        // ok_languages; nil for all
	inactive     []string
	maxLanguages int     // of more the message's language is not known
	minCount     int     // of n-grams that are looked at
	maxGrams     int     // that are compared
	acceptable   float64 // how much worse than the best a language may be
}

func newTextCatSettings() textCatSettings {
	return textCatSettings{
		inactive:     strings.Fields("bs cy eo et eu fy ga gd is la lt lv rm sa sco sl yi"),
		maxLanguages: 3,
		maxGrams:     400,
		acceptable:   1.02,
	}
}

// TextCat is the full name of the plugin.
const TextCat = prefix + "TextCat"

// LanguagesHeader is the name of a field that header rules may look at as if the message had it: see Languages.
const LanguagesHeader = "X-Languages"

// LanguagesFile is the name of the file beside the rules that holds models of languages: for each of them its most frequent
// n-grams, one a line, the most frequent first, and then a line "0 name". SpamAssassin brings one.
const LanguagesFile = "languages"

// SetLanguages takes the models of languages.
func (s *Settings) SetLanguages(text string) { s.textCat.models = readLanguages(text) }

var textCatFunctions = calledBy(BodyRules, []Function{
	{Name: "check_language", Rules: AnyRules, Bind: bindLanguage},
	lined("check_body_8bits", bindBody8Bits),
})

var textCatDirectives = map[string]Directive{
	"ok_languages": func(s *Settings, value string) error {
		s.textCat.welcome = strings.Fields(value)
		if slices.Contains(s.textCat.welcome, "all") {
			s.textCat.welcome = nil
		}
		return nil
	},
	"inactive_languages": func(s *Settings, value string) error {
		s.textCat.inactive = strings.Fields(value)
		return nil
	},
	"textcat_max_languages":  countDirective(func(s *Settings) *int { return &s.textCat.maxLanguages }),
	"textcat_optimal_ngrams": countDirective(func(s *Settings) *int { return &s.textCat.minCount }),
	"textcat_max_ngrams":     countDirective(func(s *Settings) *int { return &s.textCat.maxGrams }),
	"textcat_acceptable_score": func(s *Settings, value string) error {
		n, err := numeric(value)
		if err == nil {
			s.textCat.acceptable = n
		}
		return err
	},
}

// countDirective sets a whole number.
func countDirective(field func(*Settings) *int) Directive {
	return func(s *Settings, value string) error {
		n, err := numeric(value)
		if err == nil {
			*field(s) = int(n)
		}
		return err
	}
}

// numeric reads a number that nothing follows.
func numeric(value string) (float64, error) {
	value = strings.TrimSpace(value)
	if value == "" || strings.Trim(value, "-0123456789.") != "" || !strings.ContainsFunc(value, unicode.IsDigit) {
		return 0, fmt.Errorf("wants a number, not %q", value)
	}
	return min(max(number(value), -maxSetting), maxSetting), nil
}

// maxSetting is the greatest number that a directive takes.
const maxSetting = 1e9

func bindLanguage(_ []string, s *Settings) (Check, error) {
	if s.textCat.welcome == nil {
		return func(*Facts) int { return 0 }, nil
	}
	if s.textCat.models == nil {
		return nil, errors.New("there is no file " + LanguagesFile + " beside the rules: copy SpamAssassin's there")
	}
	return func(f *Facts) int { return hits(f.languages().unwelcome(s.textCat.welcome)) }, nil
}

// languages is what the text of a message may be written in.
type languages struct {
	names []string // "de", "zh.big5"; none where it cannot be told
	size  int      // octets of text that were looked at
}

// languages looks at the text when it is first asked.
func (f *Facts) languages() *languages {
	if f.spoken == nil {
		text := languageText(f.Message.BodyLines())
		f.spoken = &languages{size: len(text)}
		if s := &f.Settings.textCat; s.models != nil && len(text) >= minLanguageText {
			f.spoken.names = s.models.classify(text, s)
		}
	}
	return f.spoken
}

// minLanguageText is the octets of text below which its language cannot be told.
const minLanguageText = 256

// sureText is the octets of text by language from which on Scots can be told from English.
const sureText = 1024

// unwelcome tells whether none of the languages is a welcome one.
func (l *languages) unwelcome(welcome []string) bool {
	if len(l.names) == 0 {
		return false
	}
	unsure := l.size < sureText*len(l.names)
	base := func(name string) string {
		if unsure && name == "sco" {
			return "en"
		}
		return name
	}
	for _, name := range l.names {
		name, _, _ = strings.Cut(name, ".")
		for _, ok := range welcome {
			if base(name) == base(ok) {
				return false
			}
		}
	}
	return true
}

// Languages returns what X-Languages stands for in header rules: what the text may be written in. It returns false where
// there are no models.
func (f *Facts) Languages() (string, bool) {
	if f.Settings.textCat.models == nil {
		return "", false
	}
	return strings.Join(f.languages().names, " "), true
}

// highLanguages are those whose text has many octets beyond ASCII in a row.
var highLanguages = strings.Fields("am ar be bg cs el et fa fi he hi hy is ja ka ko mr pt ru ta th tr uk vi yi zh")

// minHighRun is the octets beyond ASCII in a row that other languages do not have.
const minHighRun = 8

func bindBody8Bits(_ []string, lines linesOf) (Check, error) {
	return func(f *Facts) int {
		welcome := f.Settings.textCat.welcome
		if welcome == nil || slices.ContainsFunc(welcome, func(name string) bool { return slices.Contains(highLanguages, name) }) {
			return 0
		}
		return hits(slices.ContainsFunc(lines(f.Message), hasHighRun))
	}, nil
}

func hasHighRun(line string) bool {
	run := 0
	for i := range len(line) {
		if line[i] < 0x80 {
			run = 0
		} else if run++; run == minHighRun {
			return true
		}
	}
	return false
}
