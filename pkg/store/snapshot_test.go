package store

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// interrupted is a file that something happens to while it is read.
type interrupted struct {
	io.ReaderAt
	what func()
}

func (f *interrupted) ReadAt(p []byte, at int64) (int, error) {
	if at > 0 && f.what != nil {
		f.what()
		f.what = nil
	}
	return f.ReaderAt.ReadAt(p, at)
}

// TestCopyWhole copies a file that is written in the middle of it: the copy is known not to be whole.
func TestCopyWhole(t *testing.T) {
	e, err := OpenEmbedded(filepath.Join(t.TempDir(), "winnow.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	from, err := os.Open(e.path)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.Create(filepath.Join(t.TempDir(), "copy.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	write := func() {
		if err := e.Apply(t.Context(), "n1", 1, map[string]map[string]int64{"2016-12-14": {"a": 1}}, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name string
		what func()
		want bool
	}{{"at rest", nil, true}, {"written", write, false}, {"at rest again", nil, true}} {
		got, err := copyWhole(&interrupted{from, test.what}, to)
		if got != test.want || err != nil {
			t.Errorf("%s: got whole %v, %v, want %v", test.name, got, err, test.want)
		}
	}
}
