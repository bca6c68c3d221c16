package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"go.etcd.io/bbolt"
)

// snapshotTries is how often a file is copied that another process writes meanwhile: it does so about once a second, a
// copy takes milliseconds.
const snapshotTries = 50

// metaSize covers both meta pages of a file whose pages are as large as bbolt makes them anywhere (64 KiB).
const metaSize = 2 << 16

// openSnapshot opens a copy of the file at path as it is now, without asking the process that holds it.
//
// Idea: bbolt never writes over a page that its newest meta page leads to. A write goes to free pages first, then a new
// meta page tells of them; only the write after that may use the pages which are free now. So what one meta page leads
// to stands still until the meta pages have changed: a copy during which they did not is whole. bbolt's own read lock
// would not do: it waits for the writer, which a service is as long as it runs.
func openSnapshot(path string) (*bbolt.DB, error) {
	from, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	to, err := os.CreateTemp("", "winnow-*.db")
	if err != nil {
		return nil, err
	}
	defer os.Remove(to.Name()) // on disk no longer than it is open; the mode is 0600
	for range snapshotTries {
		whole, err := copyWhole(from, to)
		if err != nil {
			to.Close()
			return nil, err
		}
		if whole {
			opened := func(string, int, os.FileMode) (*os.File, error) { return to, nil }
			return bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, OpenFile: opened})
		}
	}
	to.Close()
	return nil, fmt.Errorf("%s is being written all the time; try again", path)
}

// copyWhole copies a file and tells whether the copy is whole.
func copyWhole(from io.ReaderAt, to *os.File) (bool, error) {
	before, err := metaPages(from)
	if err != nil {
		return false, err
	}
	if err := to.Truncate(0); err != nil {
		return false, err
	}
	if _, err := to.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	if _, err := io.Copy(to, io.NewSectionReader(from, 0, math.MaxInt64)); err != nil {
		return false, err
	}
	after, err := metaPages(from)
	return bytes.Equal(before, after), err
}

// metaPages reads the two pages at the beginning of the file. How large they are stands in the first: behind a page
// header of 16 octets and magic and version of 4 each. Where that makes no sense bbolt will say so.
func metaPages(f io.ReaderAt) ([]byte, error) {
	head := make([]byte, metaSize)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	const at = 16 + 4 + 4
	if n < at+4 {
		return nil, errors.New("too short to be a file of winnow's")
	}
	size := 2 * int(binary.NativeEndian.Uint32(head[at:]))
	return head[:min(n, max(size, at+4), metaSize)], nil
}
