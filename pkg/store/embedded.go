package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Embedded keeps everything in one file of its own (bbolt): winnow's default, for a single machine. Each change is on
// disk before the call returns, and a crash at any point leaves the file as it was before or after it. One process at a
// time has the file; others may look at it with Options.ReadOnly.
//
// DNS answers it does not keep: Get finds nothing and Set does nothing. The answers of this process are in memory
// already, above the store, and no other process shares the file; writing each of thousands a second to disk (one fsync
// each) would cost far more than asking the DNS again after a restart.
type Embedded struct {
	db   *bbolt.DB
	path string
	now  func() time.Time

	sweptRemotes, sweptSent, sweptDays, sweptNodes []byte // where each sweep goes on; used by one writer at a time
}

var _ Store = (*Embedded)(nil)

const (
	lockPatience = time.Second          // waiting for another process to let go of the file, as in a restart
	batchDelay   = 2 * time.Millisecond // waiting for others that write too, to sync once for all
	sweepStep    = 64                   // entries that one write looks at for what has expired
)

// OpenEmbedded opens the file at path, making it (mode 0600) and its directory (0700) where they are not there.
func OpenEmbedded(path string, o Options) (*Embedded, error) {
	o = o.withDefaults()
	e := &Embedded{path: path, now: o.Now}
	err := guarded(func() (err error) {
		if o.ReadOnly {
			e.db, err = openSnapshot(path)
		} else if e.db, err = openFile(path); err == nil {
			err = e.prepare()
		}
		if err != nil {
			return err
		}
		return e.db.View(checkLayout)
	})
	if err != nil {
		if e.db != nil {
			e.db.Close()
		}
		return nil, fmt.Errorf("store %s: %w", e, explain(path, err))
	}
	return e, nil
}

func openFile(path string) (*bbolt.DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockPatience, FreelistType: bbolt.FreelistMapType, NoStatistics: true})
	if err != nil {
		return nil, err
	}
	db.MaxBatchDelay = batchDelay
	return db, nil
}

// errDamaged is what the file's content makes of a call.
var errDamaged = errors.New("its pages are not as they must be")

// guarded makes an error of what bbolt panics about: pages that a disk or a copy spoiled. Such a file costs what is in it, not
// the process, as far as that is in this goroutine. Where the file was cut short, pages are missing from the memory that it is mapped to.
func guarded(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%w: %v", errDamaged, fault)
		}
	}()
	return do()
}

// isShort tells whether a file has less than the two pages that every file of bbolt's begins with.
func isShort(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Size() < 2*int64(os.Getpagesize())
}

// explain says what to do about a file that cannot be opened or read.
func explain(path string, err error) error {
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("%s is in use by another process, most likely a running winnow: stop that one, or let both use a Redis (store: redis://host)", path)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch), errors.Is(err, bolterrors.ErrChecksum),
		errors.Is(err, errDamaged), isShort(path):
		return fmt.Errorf("%s is damaged or no file of winnow's: move it away and a new one is begun (%w)", path, err)
	}
	return err
}

// prepare makes the buckets, so that nobody needs to ask whether they are there.
func (e *Embedded) prepare() error {
	return e.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{bucketMeta, bucketRemotes, bucketSent, bucketDays, bucketExpiry, bucketNodes, bucketSets} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		meta := tx.Bucket(bucketMeta)
		if meta.Get(metaVersion) == nil {
			return meta.Put(metaVersion, pack(layout))
		}
		return nil
	})
}

func checkLayout(tx *bbolt.Tx) error {
	meta := tx.Bucket(bucketMeta)
	if meta == nil {
		return errors.New("no file of winnow's")
	}
	if v := unpack(meta.Get(metaVersion), 1); v[0] != layout {
		return fmt.Errorf("written by another version of winnow (layout %d, this one knows %d)", v[0], layout)
	}
	return nil
}

// String is the store's URL.
func (e *Embedded) String() string { return "embedded:" + e.path }

// Ping tells whether the file is open.
func (e *Embedded) Ping(ctx context.Context) error {
	return e.view(ctx, func(*bbolt.Tx) error { return nil })
}

// Close lets go of the file, after the calls under way.
func (e *Embedded) Close() error { return e.db.Close() }

// Get finds nothing: see Embedded.
func (e *Embedded) Get(ctx context.Context, _ string) ([]byte, bool, error) {
	return nil, false, ctx.Err()
}

// Set does nothing: see Embedded.
func (e *Embedded) Set(ctx context.Context, _ string, _ []byte, _ time.Duration) error {
	return ctx.Err()
}

// view reads.
func (e *Embedded) view(ctx context.Context, f func(*bbolt.Tx) error) error {
	return e.run(ctx, e.db.View, f)
}

// update writes, together with whoever else writes in these milliseconds. f may run more than once.
func (e *Embedded) update(ctx context.Context, f func(*bbolt.Tx) error) error {
	return e.run(ctx, e.db.Batch, f)
}

// run keeps to ctx as far as it goes: what has begun is finished, it is bounded by one sync of the disk.
func (e *Embedded) run(ctx context.Context, do func(func(*bbolt.Tx) error) error, f func(*bbolt.Tx) error) error {
	err := ctx.Err()
	if err == nil {
		err = guarded(func() error { return do(f) })
	}
	if errors.Is(err, bolterrors.ErrDatabaseReadOnly) {
		err = errors.New("was opened to be read only, because another process writes it")
	}
	if err != nil {
		return fmt.Errorf("store %s: %w", e, explain(e.path, err))
	}
	return nil
}

// sweep drops what has expired among a few entries of a bucket, from *at on, and notes where it ended. It rides on each
// write, so that a file that grows is cleared as fast, and one that does not needs no clearing.
func sweep(b *bbolt.Bucket, at *[]byte, expired func(value []byte) bool, drop func(key []byte) error) error {
	var dead [][]byte
	c := b.Cursor()
	k, v := c.Seek(*at)
	for n := 0; k != nil && n < sweepStep; n++ {
		if expired(v) {
			dead = append(dead, bytes.Clone(k))
		}
		k, v = c.Next()
	}
	*at = bytes.Clone(k)
	for _, key := range dead {
		if err := drop(key); err != nil {
			return err
		}
	}
	return nil
}

// pack writes numbers, 8 octets each.
func pack(numbers ...int64) []byte {
	b := make([]byte, 0, 8*len(numbers))
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return b
}

// unpack reads n numbers; they are all 0 where there is something else.
func unpack(b []byte, n int) []int64 {
	numbers := make([]int64, n)
	if len(b) == 8*n {
		for i := range numbers {
			numbers[i] = int64(binary.BigEndian.Uint64(b[8*i:]))
		}
	}
	return numbers
}

// keys returns the keys of a bucket, sorted.
func keys(b *bbolt.Bucket) (all []string) {
	if b == nil {
		return nil
	}
	c := b.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		all = append(all, string(k))
	}
	return slices.Clip(all)
}
