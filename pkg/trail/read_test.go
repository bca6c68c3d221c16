package trail

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"winnow/pkg/filter"
)

// readIDs reads the ids of a span, piece by piece.
func readIDs(t testing.TB, dir string, span Span) (ids []string, r *Reading) {
	t.Helper()
	r, err := Read(t.Context(), Dir(dir), time.UTC, span, nil, func(records iter.Seq[*Record]) (ids []string) {
		for record := range records {
			ids = append(ids, record.ID)
		}
		return ids
	}, func(more []string) error {
		ids = append(ids, more...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids, r
}

// Days that are packed, parts and what is being written are read as one, in order, each record once.
func TestReadInOrder(t *testing.T) {
	b := newBench(t, nil)
	b.file.part = 4 << 10
	_, v := scannedVerdict()
	const n = 60
	for i := range n {
		b.Message(letter(fmt.Sprintf("%04d-%04d", i, i)), v)
		b.Flush(context.Background())
		b.mu.Lock()
		b.at = b.at.Add(time.Hour)
		b.mu.Unlock()
	}
	if err := b.keeper.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, r := readIDs(t, b.dir, Span{})
	if len(got) != n || len(r.Days) != 3 || r.Unread != 0 || len(r.Notes) > 0 {
		t.Fatalf("%d records of %v, %v", len(got), r.Days, r.Notes)
	}
	for i, id := range got {
		if want := fmt.Sprintf("%04d-%04d", i, i); id != want {
			t.Fatalf("record %d is %s", i, id)
		}
	}
	if got, r = readIDs(t, b.dir, Span{noon.Add(3 * time.Hour), noon.Add(5 * time.Hour)}); len(got) != 3 || got[0] != "0003-0003" || r.Oldest != "2026-11-26" {
		t.Errorf("of three hours: %v, %+v", got, r)
	}
}

// What a crash left twice is read once, and a line that was cut short spoils no other.
func TestReadAfterCrash(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TRAIL_RECORDS", "200")
	writeDay(t, dir)
	base := filepath.Join(Dir(dir), "2026-11-26")
	lines, err := os.ReadFile(base + plainSuffix)
	if err != nil {
		t.Fatal(err)
	}
	all, _, err := days(Dir(dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := all[0].pack(t.Context(), all[0].plain); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{plainSuffix: lines, partSuffix: lines[:len(lines)/2]} {
		if err := os.WriteFile(base+name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		got, r := readIDs(t, dir, Span{})
		if len(got) < 200 || name == plainSuffix && len(got) != 200 {
			t.Errorf("%s: %d records, %v", name, len(got), r.Notes)
		}
		if err := os.Remove(base + name); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(base+plainSuffix, []byte(`{"v":1,"kind":"mess`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, r := readIDs(t, dir, Span{}); len(got) != 200 || r.Unread != 1 || len(r.Notes) != 1 {
		t.Errorf("%d records, %d unread, %v", len(got), r.Unread, r.Notes)
	}
}

// Who has enough ends it.
func TestReadEnds(t *testing.T) {
	dir := t.TempDir()
	writeDay(t, dir)
	enough := errors.New("enough")
	_, err := Read(t.Context(), Dir(dir), time.UTC, Span{}, nil, func(iter.Seq[*Record]) int { return 0 }, func(int) error { return enough })
	if !errors.Is(err, enough) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = Read(ctx, Dir(dir), time.UTC, Span{}, nil, func(iter.Seq[*Record]) int { return 0 }, func(int) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err = Read(t.Context(), filepath.Join(dir, "none"), time.UTC, Span{}, nil, func(iter.Seq[*Record]) int { return 0 }, func(int) error { return nil }); err != nil {
		t.Errorf("of no folder: %v", err)
	}
}

// What was in force is kept as long as records may name it.
func TestInForce(t *testing.T) {
	b := newBench(t, func(c *Config, _ *Options) { c.RetentionDays = 3 })
	first, second := filter.InForce{"list zen": "one"}, filter.InForce{"list zen": "two", "rule ONE": "x"}
	b.InForce(first)
	b.InForce(second)
	for range 1000 { // read anew a thousand times while the folder cannot be written, it waits once
		b.InForce(filter.InForce{"list zen": "two", "rule ONE": "x"})
	}
	b.keeper.mu.Lock()
	if n := len(b.keeper.inForce); n > 2 {
		t.Errorf("%d wait to be written", n)
	}
	b.keeper.mu.Unlock()
	halfMade := filepath.Join(Dir(b.dir), inForcePrefix+first.Key()+inForceSuffix+newSuffix)
	keep := func() {
		t.Helper()
		if err := b.keeper.keep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	has := func(f filter.InForce, want bool) {
		t.Helper()
		got, err := ReadInForce(Dir(b.dir), f.Key())
		if err != nil || (got != nil) != want || want && got.Key() != f.Key() {
			t.Errorf("%v: got %v, %v", f, got, err)
		}
	}
	keep()
	if err := os.WriteFile(halfMade, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	has(first, true)
	has(second, true)
	for range 6 {
		b.mu.Lock()
		b.at = b.at.AddDate(0, 0, 1)
		b.mu.Unlock()
		keep()
	}
	has(first, false)
	has(second, true) // it is in force
	if _, err := os.Stat(halfMade); err == nil {
		t.Error("what a crash left half made is still there")
	}
	for _, key := range []string{"", "../../etc/passwd", "00"} {
		if got, err := ReadInForce(Dir(b.dir), key); got != nil || err != nil {
			t.Errorf("%q: got %v, %v", key, got, err)
		}
	}
	name := filepath.Join(Dir(b.dir), inForcePrefix+second.Key()+inForceSuffix)
	if err := os.WriteFile(name, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadInForce(Dir(b.dir), second.Key()); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("junk was read: %v", err)
	}
}
