package trail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A disk that fails costs records, which are counted, and is told of once; it is written again when it is well.
func TestBrokenDisk(t *testing.T) {
	b := newBench(t, nil)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(Dir(b.dir), nil, 0o600)) // a file where the folder should be
	for i := range 3 {
		b.tell(fmt.Sprintf("aaaa-000%d", i))
		b.Flush(t.Context())
	}
	if b.lost.Load() != 3 || !slices.ContainsFunc(b.told(), func(s string) bool { return strings.HasPrefix(s, "trail: ") }) {
		t.Errorf("lost %d, told %q", b.lost.Load(), b.told())
	}
	must(os.Remove(Dir(b.dir)))
	b.tell("well-well")
	if got := ids(b.search(t, "well-well")); got != "well-well" {
		t.Errorf("well again: found %q", got)
	}
	if told := b.told(); !slices.Contains(told, "trail: <nil>") || len(slices.DeleteFunc(told, func(s string) bool { return !strings.HasPrefix(s, "trail: ") })) != 2 {
		t.Errorf("told %q", b.told())
	}
}

// A full device takes a part of a write: what was whole is there, the rest is counted, and what comes later is read.
func TestFullDevice(t *testing.T) {
	b := newBench(t, nil)
	b.tell("aaaa-0001")
	b.Flush(t.Context())
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full")
	}
	b.flushing.Lock()
	b.file.shut()
	b.file.f = full
	b.flushing.Unlock()
	b.tell("aaaa-0002")
	b.Flush(t.Context())
	b.tell("aaaa-0003")
	if got := ids(b.search(t, "alice@our.example")); b.lost.Load() != 1 || len(strings.Fields(got)) != 2 {
		t.Errorf("lost %d, found %q", b.lost.Load(), got)
	}
}

// A crash in the middle of a line: that line is passed over with a note, and spoils no other, before and after it was packed.
func TestTornLine(t *testing.T) {
	b := newBench(t, nil)
	b.tell("aaaa-0001")
	b.tell("aaaa-0002")
	b.Flush(t.Context())
	file := filepath.Join(Dir(b.dir), "2026-11-26.jsonl")
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.Close(t.Context()), os.Truncate(file, info.Size()-100)); err != nil {
		t.Fatal(err)
	}
	o := b.options
	b.open(t, b.config, o)
	b.tell("aaaa-0003")
	check := func(when string) {
		t.Helper()
		if got := ids(b.search(t, "aaaa-0001")) + ids(b.search(t, "aaaa-0003")); got != "aaaa-0001aaaa-0003" {
			t.Errorf("%s: found %q", when, got)
		}
	}
	check("torn")
	if r := b.search(t, "alice@our.example"); len(r.Records) != 2 || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "cannot be read") {
		t.Errorf("found %q, notes %q", ids(r), r.Notes)
	}
	b.set(noon.AddDate(0, 0, 1))
	if err := b.keeper.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("packed")
}

// A crash between packing and removing leaves both: nothing is found twice, and the next start removes the lines.
func TestCrashWhilePacking(t *testing.T) {
	b := newBench(t, nil)
	b.tell("aaaa-0001")
	b.Flush(t.Context())
	file := filepath.Join(Dir(b.dir), "2026-11-26.jsonl")
	lines, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b.set(noon.AddDate(0, 0, 1))
	if err := b.keeper.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.keeper.keeping.Lock() // nobody packs while the crash is played
	err = errors.Join(os.WriteFile(file, lines, 0o600), os.WriteFile(file+".gz.new", []byte("half"), 0o600))
	b.keeper.keeping.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(b.search(t, "aaaa-0001")); got != "aaaa-0001" {
		t.Errorf("found %q", got)
	}
	if err := b.keeper.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := names(t, b.dir); got != "2026-11-26.jsonl.gz" {
		t.Errorf("left %s", got)
	}
	// Lines that came later, by a clock that was set back, are added.
	later := bytes.ReplaceAll(lines, []byte("aaaa-0001"), []byte("aaaa-1002"))
	b.keeper.keeping.Lock()
	err = os.WriteFile(file, later, 0o600)
	b.keeper.keeping.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.keeper.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := ids(b.search(t, "aaaa-0001")) + ids(b.search(t, "aaaa-1002")); got != "aaaa-0001aaaa-1002" || names(t, b.dir) != "2026-11-26.jsonl.gz" {
		t.Errorf("found %q in %s: %+v", got, names(t, b.dir), b.search(t, "aaaa-0001"))
	}
}

// A stream that hangs holds up no stop beyond its limit.
func TestCloseIsLimited(t *testing.T) {
	stream := &memoryStream{block: make(chan struct{})}
	b := newBench(t, func(c *Config, o *Options) { c.Stream, o.Stream = 1000, stream })
	b.tell("aaaa-0001")
	b.wake <- struct{}{}
	for b.flushing.TryLock() { // until the writer hangs in the stream
		b.flushing.Unlock()
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Close(ctx); err != nil { // a test that hangs here fails
		t.Error(err)
	}
	if got := ids(b.search(t, "aaaa-0001")); got != "aaaa-0001" {
		t.Errorf("found %q in the file", got)
	}
}

// Files may be removed, or taken away, at any time: what is told afterwards is written to a new one, and not to what has no name
// any more.
func TestFileTakenAway(t *testing.T) {
	b := newBench(t, nil)
	file := filepath.Join(Dir(b.dir), "2026-11-26.jsonl")
	for i, take := range []func() error{
		func() error { return os.Remove(file) },
		func() error { return os.Rename(file, filepath.Join(b.dir, "backup")) },
		func() error { return os.RemoveAll(Dir(b.dir)) },
	} {
		b.tell(fmt.Sprintf("aaaa-000%d", i))
		b.Flush(t.Context())
		if err := take(); err != nil {
			t.Fatal(err)
		}
		id := fmt.Sprintf("bbbb-000%d", i)
		b.tell(id)
		if got := ids(b.search(t, id)); got != id {
			t.Errorf("%s: found %q, lost %d", id, got, b.lost.Load())
		}
	}
}

// Where the lines that a busy day set apart cannot be packed, what came after them is not packed before them: blocks stand in the
// order of time, and lines that are packed already are found to be.
func TestPackedInOrder(t *testing.T) {
	b := newBench(t, nil)
	dir := Dir(b.dir)
	part := filepath.Join(dir, "2026-11-25.part.jsonl")
	if err := errors.Join(os.MkdirAll(part, 0o700), os.WriteFile(filepath.Join(dir, "2026-11-25.jsonl"), []byte("late\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := b.keeper.keep(t.Context()); err == nil {
		t.Fatal("a folder was packed")
	}
	if got := names(t, b.dir); got != "2026-11-25.jsonl 2026-11-25.part.jsonl" {
		t.Errorf("there are %s", got)
	}
}

// What yesterday came to is not taken for today's, too, when the day turns: days would go that have room.
func TestSizeAtMidnight(t *testing.T) {
	b := newBench(t, func(c *Config, _ *Options) { c.MaxSize = leastSize })
	dir := Dir(b.dir)
	today := make([]byte, 5<<20) // which cannot be packed smaller
	_, _ = rand.NewChaCha8([32]byte{}).Read(today)
	err := errors.Join(
		os.MkdirAll(dir, 0o700),
		os.WriteFile(filepath.Join(dir, "2026-11-20.jsonl.gz"), make([]byte, 9<<20), 0o600),
		os.WriteFile(filepath.Join(dir, "2026-11-26.jsonl"), today, 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
	b.tell("aaaa-0001")
	b.Flush(t.Context())
	b.set(noon.AddDate(0, 0, 1))
	b.Flush(t.Context())
	if err := b.keeper.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := names(t, b.dir); !strings.Contains(got, "2026-11-20.jsonl.gz") {
		t.Errorf("there are %s", got)
	}
}

// A past day of which a part was spoiled: what can be read is, and it is said in which file something is not.
func TestSpoiltBlock(t *testing.T) {
	b := newBench(t, nil)
	b.tell("aaaa-0001")
	b.set(noon.AddDate(0, 0, 1))
	b.tell("aaaa-0002")
	b.Flush(t.Context())
	if err := b.keeper.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	packed := filepath.Join(Dir(b.dir), "2026-11-26.jsonl.gz")
	if err := os.Truncate(packed, sizeOf(packed)-100); err != nil {
		t.Fatal(err)
	}
	const want = "2026-11-26.jsonl.gz: at octet 0: not a block that winnow wrote: it is cut short"
	if r := b.search(t, "alice@our.example"); ids(r) != "aaaa-0002" || len(r.Notes) != 1 || r.Notes[0] != want {
		t.Errorf("found %q, notes %q", ids(r), r.Notes)
	}
	got, r := readIDs(t, b.dir, Span{})
	if len(got) != 1 || got[0] != "aaaa-0002" || r.Unread != 1 || len(r.Notes) != 1 || r.Notes[0] != want {
		t.Errorf("read %q, %+v", got, r)
	}
}
