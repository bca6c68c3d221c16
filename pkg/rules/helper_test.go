package rules

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"winnow/pkg/message"
)

// mapFolder is a folder of files that are written in a test.
func mapFolder(name string, files map[string]string) Folder {
	fs := fstest.MapFS{}
	for file, text := range files {
		fs[file] = &fstest.MapFile{Data: []byte(text)}
	}
	return Folder{Name: name, FS: fs}
}

func loadFiles(files map[string]string) (*Set, []Fault) {
	return Load([]Folder{mapFolder("rules", files)}, DefaultConfig())
}

// mustLoad loads rules that have no faults and no warnings.
func mustLoad(t testing.TB, text string) *Set {
	t.Helper()
	set, faults := loadFiles(map[string]string{"test.cf": text})
	for _, f := range faults {
		t.Fatalf("the rules of the test are not good: %v", f)
	}
	return set
}

func mustParse(t testing.TB, text string) *message.Message {
	t.Helper()
	m, err := message.Parse(strings.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// hitting returns the names of all rules that hit, subrules included, sorted.
func hitting(s *Set, f facts) []string {
	r := s.begin(context.Background(), f)
	defer r.end()
	names := []string{}
	for i, rule := range s.rules {
		if r.ask(i) != 0 {
			names = append(names, rule.Name)
		}
	}
	slices.Sort(names)
	return names
}
