package whitelist

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Errors of the operator's edits; the text around them names the entry and its line.
var (
	ErrExists = errors.New("is there already")
	ErrAbsent = errors.New("no such entry")
)

// AddEntry appends a line, which may have a comment, to a whitelist or blacklist, which is made where there is none. The
// new text is checked as a whole before it takes the old one's place, and takes it at once or not at all.
func AddEntry(path, text string, kind Kind) (added Entry, err error) {
	entry, err := kind.parseLine(text)
	if err != nil {
		return Entry{}, err
	}
	err = kind.edit(path, func(old string, entries []Entry) (string, error) {
		for i := range entries {
			if entries[i].is(entry) {
				return "", fmt.Errorf("%s: %w", entries[i].where(), ErrExists)
			}
		}
		if old != "" && !strings.HasSuffix(old, "\n") {
			old += "\n"
		}
		added = entry
		added.File, added.Line = path, strings.Count(old, "\n")+1
		return old + strings.TrimSpace(text) + "\n", nil
	})
	if err != nil {
		return Entry{}, err
	}
	return added, nil
}

// RemoveEntry takes an entry out of a whitelist or blacklist with its line, or its lines where it stands there several
// times. All other lines stay as they are.
func RemoveEntry(path, text string, kind Kind) (removed []Entry, err error) {
	entry, err := Kind{mentions: true}.parseLine(text)
	if err != nil {
		return nil, err
	}
	err = kind.edit(path, func(old string, entries []Entry) (string, error) {
		gone := make(map[int]bool)
		for i := range entries {
			if entries[i].is(entry) {
				gone[entries[i].Line] = true
				removed = append(removed, entries[i])
			}
		}
		if len(gone) == 0 {
			return "", fmt.Errorf("%s: %s: %w", path, entry.String(), ErrAbsent)
		}
		var kept strings.Builder
		n := 0
		for line := range strings.Lines(old) {
			if n++; !gone[n] {
				kept.WriteString(line)
			}
		}
		return kept.String(), nil
	})
	if err != nil {
		return nil, err
	}
	return removed, nil
}

// is tells whether two entries say the same, wherever they stand.
func (e *Entry) is(other Entry) bool { return e.Who == other.Who && e.To == other.To }

// parseLine reads one line as an operator typed it.
func (k Kind) parseLine(text string) (Entry, error) {
	var l line
	if err := l.read(text); err != nil {
		return Entry{}, err
	}
	if len(l.fields) == 0 {
		return Entry{}, errors.New("no entry; write a sender such as friend@example.org")
	}
	e, _, err := k.parseEntry(l)
	return e, err
}

// edit replaces the text of a file by what change makes of it. Two edits at a time wait for each other; a file with
// faults is not touched.
func (k Kind) edit(path string, change func(old string, entries []Entry) (string, error)) error {
	target, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		target, err = path, nil
	}
	if err != nil {
		return err
	}
	unlock, err := lock(filepath.Dir(target))
	if err != nil {
		return err
	}
	defer unlock()
	old, info, err := readOld(target)
	if err != nil {
		return err
	}
	set, err := k.parseSet(path, old)
	if err != nil {
		return err
	}
	text, err := change(old, set.entries)
	if err != nil {
		return err
	}
	if _, err := k.parseSet(path, text); err != nil {
		return err
	}
	return replace(target, text, info)
}

// readOld returns the text of a file that is to be edited; where there is none, it is empty and info is nil.
func readOld(path string) (text string, info fs.FileInfo, err error) {
	info, err = os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, nil
	}
	if err == nil {
		text, err = readFile(path)
	}
	return text, info, err
}

// lock keeps other edits out of a directory until unlock is called. It locks the directory, as the file itself will be
// another one afterwards.
func lock(dir string) (unlock func(), err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(d.Fd()), syscall.LOCK_EX); err != nil {
		d.Close()
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return func() { d.Close() }, nil // which unlocks
}

// replace puts a text in the place of a file, with the owner and mode of the old one, or as a new file where old is nil.
// Who reads the file sees the old text or the new one, also after a power failure.
func replace(path, text string, old fs.FileInfo) (err error) {
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, ".winnow-*")
	if err != nil {
		return err
	}
	defer func() {
		temp.Close()
		if err != nil {
			os.Remove(temp.Name())
		}
	}()
	if err := inherit(temp, old); err != nil {
		return err
	}
	if _, err := temp.WriteString(text); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return nil // it is written, if not yet for ever
	}
	defer d.Close()
	d.Sync()
	return nil
}

// inherit gives a new file the mode and the owner of the one it replaces: winnow must be able to read it still.
func inherit(file *os.File, old fs.FileInfo) error {
	if old == nil {
		return file.Chmod(0o644)
	}
	if was, ok := old.Sys().(*syscall.Stat_t); ok {
		info, err := file.Stat()
		if err != nil {
			return err
		}
		if is, ok := info.Sys().(*syscall.Stat_t); ok && (is.Uid != was.Uid || is.Gid != was.Gid) {
			if err := file.Chown(int(was.Uid), int(was.Gid)); err != nil {
				return fmt.Errorf("%w; do this as root or as the owner of the file", err)
			}
		}
	}
	return file.Chmod(old.Mode().Perm())
}
