package eval

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"winnow/pkg/message"
	"winnow/pkg/rules/pattern"
)

// factsOf is a message as functions see it, under settings that the lines of a rule file make.
func factsOf(t testing.TB, text string, lines ...string) *Facts {
	t.Helper()
	m, err := message.Parse(strings.NewReader(text), 0)
	if err != nil {
		t.Fatal(err)
	}
	return NewFacts(m, settingsOf(t, lines...), new(pattern.Machine))
}

func settingsOf(t testing.TB, lines ...string) *Settings {
	t.Helper()
	s := NewSettings()
	all := allPlugins()
	for _, line := range lines {
		key, value, _ := strings.Cut(line, " ")
		directive := all.Directive(key)
		if directive == nil {
			t.Fatalf("there is no directive %s", key)
		}
		if err := directive(s, value); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	return s
}

func allPlugins() *Plugins {
	all := StockPlugins()
	for _, p := range plugins {
		all.Load(prefix + p.name)
	}
	return all
}

// call calls a function: its name, its arguments behind blanks.
func call(t testing.TB, f *Facts, line string) int {
	t.Helper()
	words := strings.Fields(line)
	function := allPlugins().Function(words[0])
	if function == nil {
		t.Fatalf("there is no function %s", words[0])
	}
	check, err := function.Bind(words[1:], f.Settings)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return check(f)
}

// A callTest is a message and what functions answer of it.
type callTest struct {
	name, text   string
	hits, misses []string // calls, as call reads them
	settings     []string
}

func runCalls(t *testing.T, tests []callTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, line := range slices.Concat(tt.hits, tt.misses) {
				want := slices.Contains(tt.hits, line)
				if got := call(t, factsOf(t, tt.text, tt.settings...), line) > 0; got != want {
					t.Errorf("%s: got %v, want %v", line, got, want)
				}
			}
		})
	}
}

// badCalls are calls whose arguments are wrong.
func badCalls(t *testing.T, lines ...string) {
	t.Helper()
	for _, line := range lines {
		words := strings.Fields(line)
		if _, err := allPlugins().Function(words[0]).Bind(words[1:], NewSettings()); err == nil {
			t.Errorf("%s: no error", line)
		}
	}
}

// mail puts a message together of its parts, each of them with its header.
func mail(kind string, parts ...string) string {
	return "From: a@example.org\nSubject: s\nMIME-Version: 1.0\nContent-Type: " + kind + "; boundary=\"b\"\n\n--b\n" + strings.Join(parts, "\n--b\n") + "\n--b--\n"
}

// zipped is a zip of files: names and what they hold.
func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(files[i+1]))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// locked says of all files in a zip that they want a password.
func locked(data []byte) []byte {
	data = bytes.ReplaceAll(data, []byte("PK\x03\x04\x14\x00\x08"), []byte("PK\x03\x04\x14\x00\x09"))
	return bytes.ReplaceAll(data, []byte("PK\x01\x02\x14\x00\x14\x00\x08"), []byte("PK\x01\x02\x14\x00\x14\x00\x09"))
}

// attached is a part that holds data in base64.
func attached(kind, name string, data []byte) string {
	return "Content-Type: " + kind + "; name=\"" + name + "\"\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString(data)
}
