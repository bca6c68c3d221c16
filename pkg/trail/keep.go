package trail

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"winnow/pkg/filter"
)

// A keeper looks after past days: it packs them, and removes what is too old or too much.
type keeper struct {
	config  Config
	dir     string
	zone    *time.Location
	now     func() time.Time
	trouble func(with string, err error)
	failing bool

	others atomic.Int64 // octets of all days but the one under way
	size   atomic.Int64 // of that one

	keeping  sync.Mutex // while past days are brought into order
	stream   Stream     // nil: none
	streamed string     // the day that it was seen to last

	mu      sync.Mutex
	day     string           // that is under way
	inForce []filter.InForce // the last of it is, the others were since they were kept
	wake    chan struct{}
	ctx     context.Context
	close   context.CancelFunc
}

// keepEvery is how often the size is looked at. A day that turns is seen to at once.
const keepEvery = time.Minute

func newKeeper(c Config, o Options) *keeper {
	k := &keeper{config: c, dir: Dir(o.StateDir), zone: o.Zone, now: o.Now, trouble: o.Trouble, stream: o.Stream, wake: make(chan struct{}, 1)}
	k.day = dayOf(o.Now(), o.Zone)
	k.ctx, k.close = context.WithCancel(context.Background())
	return k
}

// today tells the keeper which day is under way.
func (k *keeper) today(day string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if day > k.day {
		k.day = day
		k.past()
	}
	k.look()
}

func (k *keeper) look() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// parted tells the keeper that there are lines to be packed, and that the file of the day begins anew.
func (k *keeper) parted() {
	k.past()
	k.look()
}

// past takes the file of the day under way for one of the others, until it is looked at.
func (k *keeper) past() { k.others.Add(k.size.Swap(0)) }

// grown tells the keeper how large the file of the day under way is.
func (k *keeper) grown(size int64) { k.size.Store(size) }

// full tells whether the file of the day under way must not come to that size.
func (k *keeper) full(size int64) bool {
	full := k.others.Load()+size > k.config.MaxSize
	if full {
		k.look()
	}
	return full
}

func (k *keeper) run() {
	ticker := time.NewTicker(keepEvery)
	defer ticker.Stop()
	for {
		err := k.keep(k.ctx)
		if k.ctx.Err() != nil {
			return
		}
		if failing := err != nil; failing != k.failing {
			k.failing = failing
			k.trouble(WithKeep, err)
		}
		select {
		case <-k.ctx.Done():
			return
		case <-ticker.C:
		case <-k.wake:
		}
	}
}

// conclude keeps what is in force, so that no record names what nobody knows. It is for when run has returned. A folder that
// cannot be written costs records, which are counted, and makes the end of the program no failure.
func (k *keeper) conclude() {
	if err := k.keepInForce(); err != nil && !k.failing {
		k.trouble(WithKeep, err)
	}
}

// keep brings past days into order: those in the folder, and those in the stream.
func (k *keeper) keep(ctx context.Context) error {
	k.keeping.Lock()
	defer k.keeping.Unlock()
	k.mu.Lock()
	today := k.day // not what the clock says: the writer may have some of the day before still
	k.mu.Unlock()
	return errors.Join(k.keepFiles(ctx, today), k.keepStream(ctx, today))
}

func (k *keeper) keepFiles(ctx context.Context, today string) error {
	all, unfinished, err := days(k.dir)
	if err != nil {
		return err
	}
	for _, name := range unfinished {
		err = errors.Join(err, os.Remove(name))
	}
	oldest := daysBefore(today, k.config.RetentionDays)
	for i := range all {
		switch d := &all[i]; {
		case d.name < oldest:
			err = errors.Join(err, d.remove())
		default:
			failed := d.pack(ctx, d.part)
			if failed == nil && d.name < today { // blocks stand in the order of time
				failed = d.pack(ctx, d.plain)
			}
			err = errors.Join(err, failed)
		}
	}
	return errors.Join(err, k.bound(today), k.keepInForce())
}

// keepStream drops from the stream what is older than the days that are kept, once a day; also where nothing is added any more.
func (k *keeper) keepStream(ctx context.Context, today string) error {
	if k.stream == nil || today == k.streamed {
		return nil
	}
	oldest, err := time.ParseInLocation(time.DateOnly, daysBefore(today, k.config.RetentionDays), k.zone)
	if err != nil {
		return err
	}
	done, err := k.stream.TrimTrail(ctx, oldest)
	if done {
		k.streamed = today
	}
	return err
}

// bound removes the oldest days where all together are too much. It leaves a sixteenth free for what today brings until it
// looks again.
func (k *keeper) bound(today string) error {
	all, _, err := days(k.dir)
	if err != nil {
		return err
	}
	total := int64(0)
	for _, d := range all {
		if total += d.size; d.name >= today {
			total -= d.open // which the writer tells of
		}
	}
	for i := range all {
		if all[i].name >= today || total+k.size.Load() <= k.config.MaxSize-k.config.MaxSize/16 {
			break
		}
		total -= all[i].size
		err = errors.Join(err, all[i].remove())
	}
	k.others.Store(total)
	return err
}

// daysBefore names the day that is n days before another.
func daysBefore(day string, n int) string {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return "" // before all
	}
	return at.AddDate(0, 0, -n).Format(time.DateOnly)
}

func (d *day) remove() error {
	var errs []error
	for _, name := range []string{d.plain, d.part, d.packed} {
		if name != "" {
			errs = append(errs, os.Remove(name))
		}
	}
	d.size = 0
	return errors.Join(errs...)
}

// pack adds the lines of a file to the day's blocks. The new file takes the old one's place whole or not at all; only then the
// lines go. A start after a crash between the two finds both, and that the last blocks hold the lines: then it has only to
// remove them.
func (d *day) pack(ctx context.Context, lines string) error {
	if lines == "" {
		return nil
	}
	packed := filepath.Join(filepath.Dir(lines), d.name+packedSuffix)
	if done, err := isPacked(lines, packed); err != nil || done {
		if done {
			err = os.Remove(lines)
		}
		return err
	}
	in, err := os.Open(lines)
	if err != nil {
		return err
	}
	defer in.Close()
	if need := sizeOf(packed) + sizeOf(lines)/worstPacking; !hasRoom(filepath.Dir(lines), need) {
		return fmt.Errorf("%s: cannot be packed: that takes %d MiB, and %d MiB of the disk are left to others; make room", filepath.Base(lines), need>>20, reserve>>20)
	}
	out, err := os.OpenFile(packed+newSuffix, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err = copyFile(ctx, out, packed); err == nil {
		if err = packLines(ctx, in, out); err == nil {
			err = out.Sync()
		}
	}
	if err = errors.Join(err, out.Close()); err == nil {
		err = os.Rename(out.Name(), packed)
	}
	if err != nil {
		os.Remove(out.Name())
		return fmt.Errorf("%s: cannot be packed: %w", filepath.Base(lines), err)
	}
	return os.Remove(lines)
}

// isPacked tells whether the last blocks of a file hold all lines of another. Either may be missing: then they do not.
func isPacked(lines, packed string) (bool, error) {
	in, err := os.Open(lines)
	if err != nil {
		return false, orMissing(err)
	}
	defer in.Close()
	f, err := os.Open(packed)
	if err != nil {
		return false, orMissing(err)
	}
	defer f.Close()
	return holdsLines(f, in), nil
}

// holdsLines is isPacked for files that are open. Of what cannot be read it says no.
func holdsLines(packed, lines *os.File) bool {
	info, err := lines.Stat()
	if err != nil || info.Size() == 0 {
		return false
	}
	blocks, _ := readBlocks(packed)
	held := int64(0)
	for _, b := range slices.Backward(blocks) {
		if held += b.plain; held < info.Size() {
			continue
		}
		if held > info.Size()+1 { // a last line that was cut short got an end
			return false
		}
		plain, err := b.read(packed)
		if err != nil {
			return false
		}
		same := make([]byte, min(int64(len(plain)), info.Size()))
		_, err = lines.ReadAt(same, 0)
		return err == nil && bytes.HasPrefix(plain, same)
	}
	return false
}

// orMissing makes no error of a file that is not there.
func orMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// worstPacking is how many times smaller packed lines are at least.
const worstPacking = 4

// sizeOf is a file's size, 0 where there is none.
func sizeOf(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return info.Size()
}

// copyFile copies a file, until ctx ends; nothing where it is not there.
func copyFile(ctx context.Context, out io.Writer, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return orMissing(err)
	}
	defer f.Close()
	for {
		switch _, err := io.CopyN(out, f, chunk); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
}

// packLines makes blocks of lines, until ctx ends.
func packLines(ctx context.Context, in io.Reader, out io.Writer) error {
	buffered := bufio.NewWriterSize(out, maxBuffer)
	p := newPacker(buffered)
	lines := bufio.NewReaderSize(in, maxBuffer)
	var long []byte
	for {
		piece, err := lines.ReadSlice('\n')
		long = append(long, piece...)
		if errors.Is(err, bufio.ErrBufferFull) && len(long) < maxLine {
			continue
		}
		if len(long) > 0 {
			if err := p.add(long); err != nil {
				return err
			}
			long = long[:0]
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, io.EOF):
			return errors.Join(p.end(), buffered.Flush())
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
}

// readBlocks reads the headers of all blocks of a file. Those before a fault are returned with it.
func readBlocks(r io.ReaderAt) (blocks []*block, err error) {
	for at := int64(0); ; {
		b, err := readBlock(r, at)
		if errors.Is(err, io.EOF) {
			return blocks, nil
		}
		if err != nil {
			return blocks, fmt.Errorf("at octet %d: %w", at, err)
		}
		blocks = append(blocks, b)
		at += b.size
	}
}
