package rules

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the faults that are found into testdata")

// TestBadFiles holds the faults of each testdata/bad/NAME.bad.cf against NAME.faults. A file is named by the fault that it
// carries.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.bad.cf")
	if err != nil || len(files) == 0 {
		t.Fatalf("no bad files: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".bad.cf")
		t.Run(name, func(t *testing.T) {
			set, faults := loadOne(t, file)
			var got bytes.Buffer
			for _, f := range faults {
				fmt.Fprintln(&got, f)
			}
			for _, f := range set.Lint() {
				fmt.Fprintln(&got, "lint:", f)
			}
			golden := strings.TrimSuffix(file, ".bad.cf") + ".faults"
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

// loadOne loads a folder with nothing but a copy of one file.
func loadOne(t *testing.T, file string) (*Set, []Fault) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return loadFiles(map[string]string{filepath.Base(file): string(text)})
}

func TestFaultString(t *testing.T) {
	tests := []struct {
		fault Fault
		want  string
	}{
		{Fault{File: "a.cf", Line: 3, Rule: "FOO", What: "bad", Remedy: "mend it", Severity: Broken}, "a.cf:3: FOO: bad; mend it"},
		{Fault{File: "a.cf", Line: 3, What: "odd", Severity: Warning}, "a.cf:3: warning: odd"},
		{Fault{File: "a.cf", What: "cannot read", Severity: Broken}, "a.cf: cannot read"},
		{Fault{File: "a.cf", Line: 1, What: "not here", Severity: Ignored}, "a.cf:1: ignored: not here"},
	}
	for _, test := range tests {
		if got := test.fault.Error(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// TestFaultsAreBounded shows that a flood of lines that are merely ignored does not push out a fault.
func TestFaultsAreBounded(t *testing.T) {
	text := strings.Repeat("report_safe 1\n", maxFaults+10) + "frobnicate\n"
	_, faults := loadFiles(map[string]string{"flood.cf": text})
	if got, want := len(faults), maxFaults+2; got != want {
		t.Fatalf("got %d faults, want %d", got, want)
	}
	if got := Worst(faults); got != Broken {
		t.Errorf("got worst %v, want %v", got, Broken)
	}
	if got, want := faults[len(faults)-1].String(), "...: ignored: 10 more are not shown"; got != want {
		t.Errorf("got last %q, want %q", got, want)
	}
}
