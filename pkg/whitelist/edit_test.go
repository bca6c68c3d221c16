package whitelist_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/whitelist"
)

const commented = `# people
friend@example.org   # since 2016

	# shops
News@Shop.example to:user@our.example
news@shop.example to:user@our.example # twice
news@shop.example
last.example`

func TestAddEntry(t *testing.T) {
	tests := []struct {
		name, old, add string
		want           string // what is appended
		line           int
	}{
		{"behind comments", commented, " other@example.org  to:user@our.example # asked for it ", "\nother@example.org  to:user@our.example # asked for it\n", 9},
		{"for everybody beside one", "friend@example.org to:user@our.example\n", "friend@example.org", "friend@example.org\n", 2},
		{"to an empty file", "", "192.0.2.0/24", "192.0.2.0/24\n", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "white")
			if err := os.WriteFile(path, []byte(tt.old), 0o640); err != nil {
				t.Fatal(err)
			}
			added, err := whitelist.AddEntry(path, tt.add, whitelist.Whitelist(nil))
			if err != nil {
				t.Fatal(err)
			}
			wantFile(t, path, tt.old+tt.want, 0o640)
			set, err := whitelist.Load(path, whitelist.Whitelist(nil))
			if err != nil {
				t.Fatal(err)
			}
			entries := set.Entries()
			if diff := cmp.Diff(entries[len(entries)-1], added); diff != "" {
				t.Errorf("entry (-loaded +returned):\n%s", diff)
			}
			if added.Line != tt.line {
				t.Errorf("got line %d, want %d", added.Line, tt.line)
			}
		})
	}
}

func TestAddEntryMakesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "white")
	if _, err := whitelist.AddEntry(path, "friend@example.org", whitelist.Whitelist(nil)); err != nil {
		t.Fatal(err)
	}
	wantFile(t, path, "friend@example.org\n", 0o644)
}

func TestRemoveEntry(t *testing.T) {
	tests := []struct {
		name, remove string
		want         string
		lines        []int
	}{
		{"an address", "FRIEND@example.org", strings.Replace(commented, "friend@example.org   # since 2016\n", "", 1), []int{2}},
		{"all that say the same", "news@shop.example to:USER@our.example", strings.Replace(commented,
			"News@Shop.example to:user@our.example\nnews@shop.example to:user@our.example # twice\n", "", 1), []int{5, 6}},
		{"but no narrower one", "news@shop.example", strings.Replace(commented, "news@shop.example\n", "", 1), []int{7}},
		{"the last line", "last.example # comment", strings.TrimSuffix(commented, "last.example"), []int{8}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "white")
			if err := os.WriteFile(path, []byte(commented), 0o600); err != nil {
				t.Fatal(err)
			}
			removed, err := whitelist.RemoveEntry(path, tt.remove, whitelist.Whitelist(nil))
			if err != nil {
				t.Fatal(err)
			}
			wantFile(t, path, tt.want, 0o600)
			var lines []int
			for _, e := range removed {
				lines = append(lines, e.Line)
			}
			if diff := cmp.Diff(tt.lines, lines); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

// What cannot be done leaves the file as it was, and no other file behind.
func TestRefusedEdits(t *testing.T) {
	add := func(path, text string) error {
		_, err := whitelist.AddEntry(path, text, whitelist.Whitelist(nil))
		return err
	}
	remove := func(path, text string) error {
		_, err := whitelist.RemoveEntry(path, text, whitelist.Whitelist(nil))
		return err
	}
	tests := []struct {
		name, old string
		edit      func(path, text string) error
		text      string
		is        error
		says      string
	}{
		{"there already", commented, add, "Friend@example.org # again", whitelist.ErrExists, "white:2: friend@example.org"},
		{"not there", commented, remove, "else@example.org", whitelist.ErrAbsent, "else@example.org"},
		{"not there for everybody", "a@example.org to:user@our.example\n", remove, "a@example.org", whitelist.ErrAbsent, "a@example.org"},
		{"no entry", commented, add, "friend", nil, "neither an address nor a domain"},
		{"two lines", commented, add, "a@example.org\nb@example.org", nil, "control character"},
		{"nothing", commented, add, "  # comment", nil, "no entry"},
		{"nothing to remove", commented, remove, "", nil, "no entry"},
		{"added to a broken file", "a@example.org\nbro ken\n", add, "b@example.org", nil, "white:2: "},
		{"removed from a broken file", "a@example.org\nbro ken\n", remove, "a@example.org", nil, "white:2: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "white")
			if err := os.WriteFile(path, []byte(tt.old), 0o600); err != nil {
				t.Fatal(err)
			}
			err := tt.edit(path, tt.text)
			if err == nil || tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %v, %q", err, tt.is, tt.says)
			}
			wantFile(t, path, tt.old, 0o600)
			if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
				t.Errorf("got files %v, %v, want only the one", files, err)
			}
		})
	}
	if err := remove(filepath.Join(t.TempDir(), "white"), "a@example.org"); !errors.Is(err, whitelist.ErrAbsent) {
		t.Errorf("no file: got %v, want %v", err, whitelist.ErrAbsent)
	}
	if err := add(filepath.Join(t.TempDir(), "no", "white"), "a@example.org"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no directory: got %v, want %v", err, os.ErrNotExist)
	}
}

// A symbolic link stays one: the file that it points to is edited.
func TestEditThroughALink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "real", "white"), filepath.Join(dir, "white")
	for _, err := range []error{
		os.Mkdir(filepath.Dir(target), 0o700),
		os.WriteFile(target, []byte("a@example.org\n"), 0o600),
		os.Symlink(target, link),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := whitelist.AddEntry(link, "b@example.org", whitelist.Whitelist(nil)); err != nil {
		t.Fatal(err)
	}
	wantFile(t, target, "a@example.org\nb@example.org\n", 0o600)
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("got %v, %v, want a symbolic link", info, err)
	}
}

// Edits at a time lose nothing.
func TestEditsAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "white")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 5 {
				if _, err := whitelist.AddEntry(path, fmt.Sprintf("u%d@d%d.example", i, j), whitelist.Whitelist(nil)); err != nil {
					t.Error(err)
				}
			}
			if _, err := whitelist.RemoveEntry(path, fmt.Sprintf("u%d@d0.example", i), whitelist.Whitelist(nil)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	set, err := whitelist.Load(path, whitelist.Whitelist(nil))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(set.Entries()), 8*4; got != want {
		t.Errorf("got %d entries, want %d", got, want)
	}
}

func wantFile(t *testing.T, path, want string, mode os.FileMode) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
		t.Errorf("%s: got mode %v, %v, want %v", path, info.Mode(), err, mode)
	}
}
