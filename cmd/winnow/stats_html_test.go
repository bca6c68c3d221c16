package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// A report that could not be made leaves what was there before, and nothing beside it.
func TestWriteWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report.html")
	text := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, _ = io.WriteString(w, text)
			return err
		}
	}
	holds := func(want string) {
		t.Helper()
		got, err := os.ReadFile(path)
		entries, _ := os.ReadDir(dir)
		if err != nil || string(got) != want || len(entries) != 1 {
			t.Errorf("got %q, %v among %d files, want %q", got, err, len(entries), want)
		}
	}
	if err := writeWhole(path, text("one", nil)); err != nil {
		t.Fatal(err)
	}
	holds("one")
	if err := writeWhole(path, text("half of tw", errors.New("the store is away"))); err == nil {
		t.Error("got no error")
	}
	holds("one")
	if err := writeWhole(path, text("two", nil)); err != nil {
		t.Fatal(err)
	}
	holds("two")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want mode 0600", info.Mode(), err)
	}
	for _, wrong := range []string{dir, "/dev/null", filepath.Join(path, "below"), filepath.Join(dir, "none", "report.html")} {
		if err := writeWhole(wrong, text("x", nil)); err == nil {
			t.Errorf("%s: got no error", wrong)
		}
	}
	holds("two")
}
