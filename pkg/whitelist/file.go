package whitelist

import (
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A file is a set that is kept in a text file and read anew when the file changes. A text with faults changes nothing:
// the set that was in force stays, and the faults are told once for each change.
type file[S sized] struct {
	path  string
	parse func(path, text string) (S, error)
	now   func() time.Time

	set atomic.Pointer[S] // what is in force

	mu      sync.Mutex  // held while reading the file
	seen    fs.FileInfo // of the text last read, good or bad; nil: read it at the next look
	missing bool        // the file was not there, and that was told
	state   FileState
}

// sized is what every set can tell about itself.
type sized interface{ size() int }

// A FileState is how it stands with one file.
type FileState struct {
	Path    string
	Entries int       // in force
	Loaded  time.Time // when they were read
	Err     error     // what keeps a newer text from being used; nil where what is in force is what the file says
}

// openFile reads a file for the first time; faults are errors then.
func openFile[S sized](path string, now func() time.Time, parse func(path, text string) (S, error)) (*file[S], error) {
	f := &file[S]{path: path, parse: parse, now: now, state: FileState{Path: path}}
	return f, f.reload().Err
}

// get returns the set in force.
func (f *file[S]) get() S { return *f.set.Load() }

// current returns how it stands with the file.
func (f *file[S]) current() FileState {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state
}

// reload reads the file, whether it has changed or not.
func (f *file[S]) reload() FileState {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.read()
	return f.state
}

// check tells, and notes, what is wrong with the file as it is now; nothing of it comes into force.
func (f *file[S]) check() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := f.load()
	f.state.Err = err
	return err
}

// refresh reads the file if it has changed since it was last read, and tells whether it did. It polls, because that also
// sees a file that is renamed into place, a symbolic link that is turned, and a change on a network file system.
func (f *file[S]) refresh() (FileState, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.path)
	switch {
	case err != nil && f.missing:
		return f.state, false
	case err == nil && (same(info, f.seen) || settling(info, f.now())):
		return f.state, false
	}
	f.read()
	return f.state, true
}

// read replaces the set by what the file says, or notes why not.
func (f *file[S]) read() {
	info, err := os.Stat(f.path)
	f.seen, f.missing = info, err != nil
	if err == nil && settling(info, f.now()) {
		f.seen = nil // it may change once more without its time changing
	}
	set, err := f.load()
	if f.state.Err = err; err != nil {
		return
	}
	f.set.Store(&set)
	f.state.Entries, f.state.Loaded = set.size(), f.now()
}

func (f *file[S]) load() (set S, err error) {
	text, err := readFile(f.path)
	if err != nil {
		return set, err
	}
	return f.parse(f.path, text)
}

// same tells whether two looks at a file saw one version of it.
func same(a, b fs.FileInfo) bool {
	return b != nil && os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// settle is how long a file must have been left alone to be read: who writes it may not have finished, and within the
// resolution of a file's time a second change looks like the first.
const settle = time.Second

// settling tells whether a version is so young that it may not be the last. A time in the future is another host's clock.
func settling(info fs.FileInfo, now time.Time) bool {
	age := now.Sub(info.ModTime())
	return 0 <= age && age < settle
}
