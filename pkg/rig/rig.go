package rig

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// A Rig is a directory and the programs that run in it. Its methods may be called by several goroutines, so that
// programs that do not need each other start side by side.
type Rig struct {
	Progress io.Writer // gets a line for each program that starts or stops; nil for none. Set it before the first start.

	dir    string
	made   bool // dir was made by New: Close removes it
	warden *warden

	mu     sync.Mutex // guards what follows
	parts  []part     // in the order they were added
	dirs   []string   // made within dir
	closed bool
}

var errClosed = errors.New("rig: it is closed")

// A part is what a rig closes: a program, a mailbox, a relay.
type part interface {
	close() error
}

// New returns an empty rig in dir, which is made if it does not exist. Without a name it takes a new directory among the
// temporary files: that is short enough for socket names and open to the users that Postfix and rbldnsd run as, which
// testing's TempDir is not.
func New(dir string) (*Rig, error) {
	r := &Rig{}
	if err := r.makeDir(dir); err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	ours := ""
	if r.made {
		ours = r.dir
	}
	var err error
	if r.warden, err = newWarden(ours); err != nil {
		return nil, fmt.Errorf("rig: %w", errors.Join(err, os.RemoveAll(ours)))
	}
	return r, nil
}

func (r *Rig) makeDir(dir string) (err error) {
	if dir == "" {
		r.made = true
		if r.dir, err = os.MkdirTemp("", "winnow-rig-"); err != nil {
			return err
		}
		return os.Chmod(r.dir, 0o755)
	}
	if r.dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	err = mkdir(r.dir)
	r.made = err == nil
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// Dir is the rig's directory, as an absolute path.
func (r *Rig) Dir() string { return r.dir }

// Close stops everything in reverse order and removes what the rig wrote: its directory, if New made it. It may be
// called again and then does nothing.
func (r *Rig) Close() error {
	r.mu.Lock()
	parts, dirs, closed := r.parts, r.dirs, r.closed
	r.parts, r.dirs, r.closed = nil, nil, true
	r.mu.Unlock()
	if closed {
		return nil
	}
	var errs []error
	for _, p := range slices.Backward(parts) {
		errs = append(errs, p.close())
	}
	errs = append(errs, r.warden.close())
	if r.made {
		dirs = []string{r.dir}
	}
	for _, dir := range dirs {
		errs = append(errs, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}

// add puts a part under the rig's care.
func (r *Rig) add(p part) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return errClosed
	}
	r.parts = append(r.parts, p)
	return nil
}

// room makes a directory for a program: "redis", or "redis-2" for the second one.
func (r *Rig) room(name string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return "", errClosed
	}
	for n := 1; ; n++ {
		dir := filepath.Join(r.dir, name)
		if n > 1 {
			dir = fmt.Sprintf("%s-%d", dir, n)
		}
		err := mkdir(dir)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			r.dirs = append(r.dirs, dir)
		}
		return dir, err
	}
}

func (r *Rig) progress(format string, args ...any) {
	if r.Progress == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.Progress, format+"\n", args...)
}
