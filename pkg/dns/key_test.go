package dns

import (
	"strings"
	"testing"
)

func TestHideKeys(t *testing.T) {
	const key = "abcdefghij0123456789klmnop"
	for text, want := range map[string]string{
		"":                               "",
		"zen.spamhaus.org":               "zen.spamhaus.org",
		key + ".zen.dq.spamhaus.net":     "***.zen.dq.spamhaus.net",
		"zen." + key + ".example":        "zen.***.example",
		strings.ToUpper(key) + ".a.net.": "***.a.net.",
		"eval:check_rbl('zen', '" + key + ".zen.dq.spamhaus.net.', '127.0.0.2')": "eval:check_rbl('zen', '***.zen.dq.spamhaus.net.', '127.0.0.2')",
		"_AUTHORDOMAIN_." + key + ".dbl.dq.spamhaus.net A /^127/":                "_AUTHORDOMAIN_.***.dbl.dq.spamhaus.net A /^127/",
		key + ".a.example " + key + ".b.example":                                 "***.a.example ***.b.example",
		key:                                                                      key, // no name
		"abcdefghijklmnopqrstuvwxyz.a.net":                                       "abcdefghijklmnopqrstuvwxyz.a.net",
		"a-" + key + ".example":                                                  "a-" + key + ".example",
		"short0123.example":                                                      "short0123.example",
	} {
		if got := HideKeys(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// FuzzHideKeys shows that what is hidden once has nothing more to hide, and that all that is not hidden stays.
func FuzzHideKeys(f *testing.F) {
	for _, text := range []string{"a.b", "abcdefghij0123456789klmnop.zen.dq.example", "'abcdefghij0123456789klmnop.x' y", "...", "\xff.***."} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := HideKeys(text)
		if again := HideKeys(got); again != got {
			t.Errorf("%q became %q, and then %q", text, got, again)
		}
		rest := text
		for _, part := range strings.Split(got, Hidden) {
			_, after, found := strings.Cut(rest, strings.ReplaceAll(part, Hidden, ""))
			if !found {
				t.Fatalf("%q became %q: %q is new", text, got, part)
			}
			rest = after
		}
	})
}
