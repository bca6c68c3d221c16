package trail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// A Span is a part of a trail.
type Span struct {
	Since time.Time // from when on; the zero time: all that is kept
	Until time.Time // up to when; the zero time: now
}

// holds tells whether a time is in the span.
func (s *Span) holds(at time.Time) bool {
	return !at.Before(s.Since) && (s.Until.IsZero() || !at.After(s.Until))
}

// days are the first and the last day that may have records of the span.
func (s *Span) days(zone *time.Location) (first, last string) {
	first, last = "", "~"
	if !s.Since.IsZero() {
		first = dayOf(s.Since, zone)
	}
	if !s.Until.IsZero() {
		last = dayOf(s.Until, zone)
	}
	return first, last
}

// A Reading tells how reading went.
type Reading struct {
	Oldest string   // the first day that is kept, "" where nothing is
	Days   []string // that were read
	Unread int64    // lines that could not be read
	Notes  []string // what was passed over, and why: the first of it
}

// A piecework is what is made of the pieces of a trail: make is called for several of them at the same time, take for each in
// the order of the trail, the oldest first.
type piecework[T any] struct {
	make func(records iter.Seq[*Record]) T
	take func(T) error
}

// Read reads the records of a span in a folder of day files, oldest first, and keeps no more of them in memory than some
// megabytes for each processor. Several pieces are worked on at the same time: work gets the records of one and returns
// what it makes of them, and take gets that in order, from one goroutine. progress, which may be nil, is told how many octets of
// how many are done. It reads beside a winnow that writes; what is written after it began is not read.
func Read[T any](ctx context.Context, dir string, zone *time.Location, span Span, progress func(done, of int64),
	work func(records iter.Seq[*Record]) T, take func(T) error) (*Reading, error) {
	all, _, err := days(dir)
	if err != nil {
		return nil, fmt.Errorf("trail: %w", err)
	}
	r := &reader{span: span, progress: progress}
	if len(all) > 0 {
		r.Oldest = all[0].name
	}
	first, last := span.days(zone)
	for _, d := range all {
		if d.name >= first && d.name <= last {
			r.Days = append(r.Days, d.name)
			r.size += d.size
		}
	}
	for _, name := range r.Days {
		if err := readDay(ctx, r, filepath.Join(dir, name), piecework[T]{work, take}); err != nil {
			return nil, fmt.Errorf("trail: %s: %w", name, err)
		}
	}
	return &r.Reading, nil
}

// A reader is one Read under way.
type reader struct {
	Reading
	span     Span
	progress func(done, of int64)
	done     int64
	size     int64
}

// readDay reads the files of one day, the oldest lines first. Lines go from one file to the next, and a file that is open stays
// as it is: opened in that order, none is missed.
func readDay[T any](ctx context.Context, r *reader, base string, w piecework[T]) error {
	var files [3]*os.File
	for i, suffix := range []string{plainSuffix, partSuffix, packedSuffix} {
		f, err := os.Open(base + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		defer f.Close()
		files[i] = f
	}
	plain, part, packed := files[0], files[1], files[2]
	if same(plain, part) { // it was set apart in between
		plain = nil
	}
	if packed != nil {
		if err := readPieces(ctx, r, r.packed(packed), w); err != nil {
			return err
		}
	}
	for _, f := range []*os.File{part, plain} {
		if f == nil || packed != nil && holdsLines(packed, f) {
			continue
		}
		pieces, err := r.lines(f)
		if err != nil {
			return err
		}
		if err := readPieces(ctx, r, pieces, w); err != nil {
			return err
		}
	}
	return nil
}

func same(a, b *os.File) bool {
	if a == nil || b == nil {
		return false
	}
	one, err := a.Stat()
	if err != nil {
		return false
	}
	other, err := b.Stat()
	return err == nil && os.SameFile(one, other)
}

// A part is a piece of a file to be read: whole lines.
type part struct {
	size int64 // in the file
	read func() ([]byte, error)
}

// packed returns the blocks of a packed file that may have records of the span.
func (r *reader) packed(f *os.File) []part {
	blocks, err := readBlocks(f)
	if err != nil {
		r.note(fmt.Sprintf("%s: %v: what comes from there on is not read", filepath.Base(f.Name()), err))
	}
	var parts []part
	for _, b := range blocks {
		if b.records > 0 && b.last.Before(r.span.Since) || !r.span.Until.IsZero() && b.first.After(r.span.Until) {
			r.step(b.size)
			continue
		}
		parts = append(parts, part{b.size, func() ([]byte, error) { return b.readFrom(f) }})
	}
	return parts
}

// lines returns the pieces of a file of lines, which may grow meanwhile.
func (r *reader) lines(f *os.File) ([]part, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var parts []part
	for at := int64(0); at < info.Size(); at += chunk {
		to := min(at+chunk, info.Size())
		parts = append(parts, part{to - at, func() ([]byte, error) { return readLines(f, at, to) }})
	}
	return parts, nil
}

// A worked is what was made of one piece.
type worked[T any] struct {
	made   T
	unread int64
	notes  []string
}

// readPieces works on pieces, as many at a time as there are processors, and takes what comes of each in their order.
func readPieces[T any](ctx context.Context, r *reader, parts []part, w piecework[T]) error {
	width := max(1, runtime.GOMAXPROCS(0))
	results := make([]chan worked[T], len(parts))
	begin := func(i int) {
		if i < len(parts) {
			results[i] = make(chan worked[T], 1)
			go func() { results[i] <- workOn(r.span, &parts[i], w) }()
		}
	}
	for i := range min(width, len(parts)) {
		begin(i)
	}
	var failed error
	for i := range parts {
		if results[i] == nil {
			break
		}
		done := <-results[i]
		results[i] = nil
		if failed != nil {
			continue // what was begun is waited for
		}
		if failed = ctx.Err(); failed != nil {
			failed = context.Cause(ctx)
			continue
		}
		begin(i + width)
		r.Unread += done.unread
		for _, note := range done.notes {
			r.note(note)
		}
		failed = w.take(done.made)
		r.step(parts[i].size)
	}
	return failed
}

func workOn[T any](span Span, p *part, w piecework[T]) (done worked[T]) {
	data, err := p.read()
	if err != nil {
		done.unread++ // how many, nobody knows
		done.notes = append(done.notes, err.Error())
		data = nil
	}
	note := func(text string) {
		if done.unread++; len(done.notes) < maxNotes {
			done.notes = append(done.notes, text)
		}
	}
	done.made = w.make(func(yield func(*Record) bool) {
		for line := range bytes.Lines(data) {
			if len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			record, err := Parse(line)
			if err != nil {
				note(fmt.Sprintf("a line that cannot be read was passed over (%.60q): %v", line, err))
				continue
			}
			if span.holds(record.Time) && !yield(record) {
				return
			}
		}
	})
	return done
}

func (r *reader) step(octets int64) {
	r.done += octets
	if r.progress != nil {
		r.progress(r.done, r.size)
	}
}

func (r *reader) note(text string) {
	if len(r.Notes) < maxNotes {
		r.Notes = append(r.Notes, text)
	}
}
