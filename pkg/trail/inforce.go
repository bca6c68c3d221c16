package trail

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"winnow/pkg/filter"
)

// A record names what was in force by a key; a file beside the days says what that was. There is one for each set of lists and
// rules that ever decided, as long as records may name it.
const (
	inForcePrefix = "in-force-"
	inForceSuffix = ".json.gz"
	// mostInForce is how many such files are kept: a set of some thousand rules takes 100 KB.
	mostInForce = 1000
	// maxInForce is how large one may be, unpacked.
	maxInForce = 64 << 20
)

// keySyntax is the form of keys: what a record says is not taken for a path.
var keySyntax = regexp.MustCompile(`^[0-9a-f]{1,64}$`)

// InForce has what is in force kept, from here on, for records that name it.
func (t *Trail) InForce(f filter.InForce) {
	if !t.config.Enabled {
		return
	}
	t.keeper.mu.Lock()
	if n := len(t.keeper.inForce); n == 0 || t.keeper.inForce[n-1].Key() != f.Key() { // else it was read anew, and is the same
		t.keeper.inForce = append(t.keeper.inForce, f)
	}
	t.keeper.mu.Unlock()
	t.keeper.look()
}

// ReadInForce reads what was in force when something was recorded in a folder of day files; nil where nobody knows any more.
func ReadInForce(dir, key string) (filter.InForce, error) {
	if !keySyntax.MatchString(key) {
		return nil, nil
	}
	f, err := os.Open(filepath.Join(dir, inForcePrefix+key+inForceSuffix))
	if err != nil {
		return nil, orMissing(err)
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		return nil, unreadable(f, err)
	}
	var inForce filter.InForce
	if err := json.NewDecoder(io.LimitReader(unpacked, maxInForce)).Decode(&inForce); err != nil {
		return nil, unreadable(f, err)
	}
	if inForce.Key() != key {
		return nil, unreadable(f, errors.New("it does not hold what its name says"))
	}
	return inForce, nil
}

// unreadable says what a file that cannot be read costs. The winnow that it is in force for writes it anew.
func unreadable(f *os.File, err error) error {
	return fmt.Errorf("%s cannot be read, so what was in force is not known of the records that name it: %w; remove it", f.Name(), err)
}

// keepInForce writes what was in force since it was called last, and removes what no record names any more: a file is as old as
// the last day that it was in force.
func (k *keeper) keepInForce() error {
	k.mu.Lock()
	all := slices.Clone(k.inForce)
	k.mu.Unlock()
	current := ""
	switch {
	case len(all) > 0:
		current = all[len(all)-1].Key()
	case k.config.Enabled:
		return nil // nobody has said yet
	}
	for i, f := range all {
		if err := k.writeInForce(f); err != nil {
			return fmt.Errorf("what is in force: %w", err)
		}
		if i < len(all)-1 {
			k.mu.Lock()
			k.inForce = k.inForce[1:]
			k.mu.Unlock()
		}
	}
	return k.removeInForce(current)
}

// writeInForce writes a file, whole or not at all, or says of one that is there that it is in force still.
func (k *keeper) writeInForce(f filter.InForce) error {
	name := filepath.Join(k.dir, inForcePrefix+f.Key()+inForceSuffix)
	now := k.now()
	if os.Chtimes(name, now, now) == nil {
		return nil
	}
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(name+newSuffix, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	packed := gzip.NewWriter(out)
	err = json.NewEncoder(packed).Encode(f)
	if err = errors.Join(err, packed.Close(), out.Sync(), out.Close()); err == nil {
		err = os.Rename(out.Name(), name)
	}
	if err != nil {
		os.Remove(out.Name())
		return err
	}
	return os.Chtimes(name, now, now)
}

// removeInForce removes the files that are older than all records, the oldest of too many, and what a crash left half made.
func (k *keeper) removeInForce(current string) error {
	names, err := filepath.Glob(filepath.Join(k.dir, inForcePrefix+"*"+inForceSuffix))
	if err != nil {
		return err
	}
	type aged struct {
		name string
		last time.Time
	}
	var files []aged
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && filepath.Base(name) != inForcePrefix+current+inForceSuffix {
			files = append(files, aged{name, info.ModTime()})
		}
	}
	slices.SortFunc(files, func(a, b aged) int { return b.last.Compare(a.last) })
	oldest := k.now().AddDate(0, 0, -k.config.RetentionDays-1)
	halfMade, err := filepath.Glob(filepath.Join(k.dir, inForcePrefix+"*"+inForceSuffix+newSuffix))
	errs := []error{err}
	for _, name := range halfMade {
		errs = append(errs, os.Remove(name))
	}
	for i := range files {
		if i >= mostInForce || files[i].last.Before(oldest) {
			errs = append(errs, os.Remove(files[i].name))
		}
	}
	return errors.Join(errs...)
}
