package trail

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// The folder holds a file for each day: the lines of today, and of past days what became of them.
const (
	plainSuffix  = ".jsonl"      // what is written to
	partSuffix   = ".part.jsonl" // lines of a day that goes on, about to be packed
	packedSuffix = ".jsonl.gz"
	newSuffix    = ".new" // behind the name of a file that is being made
)

const (
	// maxBuffer is from where on lines are written, without waiting for the second to end.
	maxBuffer = 256 << 10
	// reserve is what the trail leaves of its file system to others: the store and the journal of counts are there, too.
	reserve = 100 << 20
	// maxPart is from where on a day's lines are packed before the day is over. So a busy day takes a tenth of the room, and a
	// search has less to read.
	maxPart = 1 << 30
)

// A dayFile is the file that lines are added to. After a failure it is opened anew.
type dayFile struct {
	dir    string
	keeper *keeper
	part   int64 // maxPart, but in tests

	day    string
	f      *os.File
	size   int64
	buffer []byte
	lines  int64 // in the buffer
}

// add takes a line of a day. Days only go forward: where a clock is set back, the day under way goes on. Results are as of flush.
func (d *dayFile) add(day string, line []byte) (wrote bool, lost int64, err error) {
	wrote, lost, err = d.begin(day)
	d.buffer = append(d.buffer, line...)
	d.lines++
	if len(d.buffer) >= maxBuffer {
		again, more, failed := d.flush()
		return wrote || again, lost + more, errors.Join(err, failed)
	}
	return wrote, lost, err
}

// begin begins a day, if it is a new one, when all of the day before is written: the keeper takes that one for over then.
func (d *dayFile) begin(day string) (wrote bool, lost int64, err error) {
	if day <= d.day {
		return false, 0, nil
	}
	wrote, lost, err = d.flush()
	d.shut()
	d.day = day
	d.keeper.today(day)
	return wrote, lost, err
}

// flush writes the buffer. It tells whether anything was written, how many records were lost, and why.
func (d *dayFile) flush() (wrote bool, lost int64, err error) {
	if d.lines == 0 {
		return false, 0, nil
	}
	n, err := d.write()
	if err != nil {
		lost = d.lines - int64(bytes.Count(d.buffer[:n], []byte("\n")))
		d.shut() // whatever is wrong with it, the next one is another
	}
	if cap(d.buffer) > 2*maxBuffer {
		d.buffer = nil
	}
	d.buffer, d.lines = d.buffer[:0], 0
	return err == nil, lost, err
}

func (d *dayFile) write() (int, error) {
	if !d.there() {
		d.shut()
	}
	if d.f == nil {
		if err := d.open(); err != nil {
			return 0, err
		}
	}
	if err := d.room(); err != nil {
		return 0, err
	}
	n, err := d.f.Write(d.buffer)
	d.size += int64(n)
	d.keeper.grown(d.size)
	if err == nil && d.size >= d.part {
		d.setApart()
	}
	return n, err
}

// there tells whether the open file is the day's still. One that was removed or taken away takes lines as before, and nobody
// would ever find them.
func (d *dayFile) there() bool {
	if d.f == nil {
		return false
	}
	named, err := os.Stat(d.f.Name())
	if err != nil {
		return false
	}
	open, err := d.f.Stat()
	return err == nil && os.SameFile(named, open)
}

// setApart has the keeper pack what the day came to by now, and begins a new file. Where the keeper is not done with the last
// part yet, the file goes on.
func (d *dayFile) setApart() {
	part := filepath.Join(d.dir, d.day+partSuffix)
	if _, err := os.Stat(part); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err := os.Rename(d.f.Name(), part); err == nil {
		d.shut()
		d.size = 0
		d.keeper.parted()
	}
}

// open opens the day's file. A line that a crash cut short gets an end, so that it spoils no other.
func (d *dayFile) open() error {
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(d.dir, d.day+plainSuffix), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	d.f, d.size = f, info.Size()
	var last [1]byte
	if d.size > 0 {
		if _, err := f.ReadAt(last[:], d.size-1); err == nil && last[0] != '\n' {
			_, err = f.WriteString("\n")
			return err
		}
	}
	return nil
}

// room tells whether there is some, by the configuration and on the disk.
func (d *dayFile) room() error {
	if d.keeper.full(d.size + int64(len(d.buffer))) {
		return fmt.Errorf("%s: %w (%d octets): records are lost until there is room, and counted; give it more, or keep fewer days", d.dir, errMaxSize, d.keeper.config.MaxSize)
	}
	if !hasRoom(d.dir, int64(len(d.buffer))) {
		return fmt.Errorf("%s: less than %d MiB are free on this disk: records are lost until there is room, and counted", d.dir, reserve>>20)
	}
	return nil
}

// hasRoom tells whether a folder's disk has room for so many octets and the reserve. One that cannot be asked has.
func hasRoom(dir string, octets int64) bool {
	var disk unix.Statfs_t
	return unix.Statfs(dir, &disk) != nil || uint64(disk.Bavail)*uint64(disk.Bsize) >= reserve+uint64(octets)
}

var errMaxSize = errors.New("trail.max_size is reached")

func (d *dayFile) shut() {
	if d.f != nil {
		_ = d.f.Close() // what was written is written
		d.f = nil
	}
}

func (d *dayFile) close() error {
	if d.f == nil {
		return nil
	}
	err := d.f.Sync()
	err = errors.Join(err, d.f.Close())
	d.f = nil
	return err
}

// A day is what there is of one day. Lines go from one file to the next: who reads all three in this order misses none.
type day struct {
	name   string
	plain  string // file name, "" for none
	part   string
	packed string
	size   int64 // of all
	open   int64 // of plain
}

// days lists the days in a folder, oldest first, and what was left half made.
func days(dir string) (all []day, unfinished []string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		name := e.Name()
		date, suffix, _ := strings.Cut(name, ".")
		if _, err := time.Parse(time.DateOnly, date); err != nil {
			continue
		}
		if strings.HasSuffix(name, newSuffix) {
			unfinished = append(unfinished, filepath.Join(dir, name))
			continue
		}
		at := slices.IndexFunc(all, func(d day) bool { return d.name == date })
		if at < 0 {
			at, all = len(all), append(all, day{name: date})
		}
		switch "." + suffix {
		case plainSuffix:
			all[at].plain = filepath.Join(dir, name)
		case partSuffix:
			all[at].part = filepath.Join(dir, name)
		case packedSuffix:
			all[at].packed = filepath.Join(dir, name)
		default:
			continue
		}
		if info, err := e.Info(); err == nil {
			all[at].size += info.Size()
			if "."+suffix == plainSuffix {
				all[at].open = info.Size()
			}
		}
	}
	all = slices.DeleteFunc(all, func(d day) bool { return d.plain == "" && d.part == "" && d.packed == "" })
	slices.SortFunc(all, func(a, b day) int { return strings.Compare(a.name, b.name) })
	return all, unfinished, nil
}
