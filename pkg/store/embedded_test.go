package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"winnow/pkg/store"
	"winnow/pkg/store/storetest"
)

// TestEmbeddedFile opens a file in a directory that is not there yet, and again.
func TestEmbeddedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lib", "winnow", "winnow.db")
	s := openFile(t, path, store.Options{})
	if err := s.Apply(t.Context(), "n1", 7, messages(3), kept); err != nil {
		t.Fatal(err)
	}
	if err := s.Remember(t.Context(), "ann@example.org", []string{"bob@example.net"}, time.Now(), time.Hour, 10); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): 0o700 | fs.ModeDir} {
		if info, err := os.Stat(file); err != nil || info.Mode() != want {
			t.Errorf("%s: got %v %v, want %v", file, info.Mode(), err, want)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); err == nil {
		t.Error("ping when closed: got no error")
	}
	s = openFile(t, path, store.Options{})
	defer s.Close()
	if err := s.Apply(t.Context(), "n1", 7, messages(3), kept); err != nil { // was counted
		t.Fatal(err)
	}
	wantMessages(t, s, 3)
	if _, found, err := s.LastWritten(t.Context(), "ann@example.org", "bob@example.net"); !found || err != nil {
		t.Errorf("last written: got %v %v, want it", found, err)
	}
}

func openFile(t *testing.T, path string, o store.Options) *store.Embedded {
	t.Helper()
	s, err := store.OpenEmbedded(path, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestEmbeddedInUse finds the file in use: the error names it and says what to do. Reading works all the same.
func TestEmbeddedInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "winnow.db")
	s := openFile(t, path, store.Options{})
	defer s.Close()
	if err := s.Apply(t.Context(), "n1", 1, messages(1), kept); err != nil {
		t.Fatal(err)
	}
	_, err := store.OpenEmbedded(path, store.Options{})
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("got %v, want an error that names the file and the remedy", err)
	}
	look := open(t, "embedded:"+path, store.Options{ReadOnly: true})
	wantMessages(t, look, 1)
	if err := s.Apply(t.Context(), "n1", 2, messages(1), kept); err != nil {
		t.Fatal(err)
	}
	wantMessages(t, look, 1) // it is as it was
	wantMessages(t, open(t, "embedded:"+path, store.Options{ReadOnly: true}), 2)
	if err := look.Apply(t.Context(), "n1", 3, messages(1), kept); err == nil || !strings.Contains(err.Error(), "read only") {
		t.Errorf("writing to what is read only: got %v", err)
	}
}

// TestEmbeddedSnapshot looks at a file again and again while it is written: each look is a whole one. Two counters are
// always added to together, and the file grows and shrinks underneath.
func TestEmbeddedSnapshot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "winnow.db")
	s := openFile(t, path, store.Options{})
	defer s.Close()
	large := map[string]int64{} // so that copying takes about as long as a write
	for i := range 20_000 {
		large[fmt.Sprintf("list:list%05d:hits", i)] = 1
	}
	large["messages"] = 1
	if err := s.Apply(t.Context(), "n1", 1, storetest.Deltas{day: large}, kept); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	writer.Go(func() {
		for seq := uint64(2); ctx.Err() == nil; seq++ {
			many := map[string]int64{"a": 1, "z": 1}
			for i := range 100 {
				many[fmt.Sprintf("list:list%05d:hits", (int(seq)*977+i*199)%20_000)] = 1
			}
			if err := s.Apply(t.Context(), "n1", seq, storetest.Deltas{day: many}, kept); err != nil {
				t.Error(err)
			}
			if _, err := s.Forget(t.Context(), "ann@example.org", "bob@example.net"); err != nil {
				t.Error(err)
			}
		}
	})
	looks := 0
	for range 100 {
		look, err := store.OpenEmbedded(path, store.Options{ReadOnly: true})
		if err != nil {
			if strings.Contains(err.Error(), "all the time") { // it is written far more often than any service does
				continue
			}
			t.Fatal(err)
		}
		got, err := look.Counters(t.Context(), []string{day})
		sum := int64(-len(large))
		for name, n := range got[day] {
			if name != "a" && name != "z" {
				sum += n
			}
		}
		if a := got[day]["a"]; err != nil || got[day]["z"] != a || sum != 100*a {
			t.Errorf("got a %d, z %d, others %d, %v; want as many of both and 100 times that", a, got[day]["z"], sum, err)
		}
		look.Close()
		looks++
	}
	stop()
	writer.Wait()
	if looks == 0 {
		t.Error("never got to look")
	}
}

func TestEmbeddedBadFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	foreign := filepath.Join(dir, "foreign.db")
	db, err := bbolt.Open(foreign, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	newer := filepath.Join(dir, "newer.db")
	openFile(t, newer, store.Options{}).Close()
	setLayout(t, newer, 99)
	garbage := write("garbage.db", strings.Repeat("no bbolt file ", 5000))
	for _, test := range []struct {
		path     string
		readOnly bool
		want     string
	}{
		{garbage, false, "move it away"},
		{garbage, true, "move it away"},
		{write("empty.db", ""), true, "move it away"},
		{write("short.db", "x"), false, "move it away"},
		{write("short.db", strings.Repeat("x", 3000)), true, "move it away"},
		{foreign, true, "no file of winnow's"},
		{newer, false, "another version"},
		{newer, true, "another version"},
		{dir, false, ""},
		{filepath.Join(garbage, "x.db"), false, ""},
	} {
		s, err := store.OpenEmbedded(test.path, store.Options{ReadOnly: test.readOnly})
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), test.path) {
			t.Errorf("%s: got %v, want an error with %q", test.path, err, test.want)
		}
	}
	if _, err := store.OpenEmbedded(filepath.Join(dir, "none.db"), store.Options{ReadOnly: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading what is not there: got %v", err)
	}
}

// TestEmbeddedDamaged cuts a file short and spoils its pages, one after the other: whoever reads it is told, and nothing panics.
func TestEmbeddedDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "winnow.db")
	s := openFile(t, path, store.Options{})
	counters := map[string]int64{}
	for i := range 2000 {
		counters[fmt.Sprintf("list:some-list-%d:hits", i)] = int64(i)
	}
	if err := s.Apply(t.Context(), "n1", 1, map[string]map[string]int64{"2016-12-14": counters}, time.Hour); err != nil {
		t.Fatal(err)
	}
	s.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page, told := os.Getpagesize(), 0
	read := func(what string, data []byte, readOnly bool) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "winnow.db") // where opening panicked, this process holds the file
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := store.OpenEmbedded(path, store.Options{ReadOnly: readOnly})
		if err == nil {
			_, err = s.Counters(t.Context(), []string{"2016-12-14"})
			s.Close()
		}
		if err != nil {
			told++
			if !strings.Contains(err.Error(), "move it away") && !strings.Contains(err.Error(), "no file of winnow's") {
				t.Errorf("%s: got %v, want what to do about it", what, err)
			}
		}
	}
	for at := 0; at < len(whole); at += page {
		spoilt := slices.Concat(whole[:at], bytes.Repeat([]byte{0xff}, page), whole[min(at+page, len(whole)):])
		for _, readOnly := range []bool{true, false} {
			read(fmt.Sprintf("cut at %d", at), whole[:at+page/2], readOnly)
			read(fmt.Sprintf("spoilt at %d", at), spoilt, readOnly)
		}
	}
	if told == 0 {
		t.Error("nobody was told")
	}
}

func setLayout(t *testing.T, path string, v byte) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("layout"), []byte{0, 0, 0, 0, 0, 0, 0, v})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestEmbeddedSweep shows that the file is cleared of what has expired by the writes that come anyway, a few entries
// with each.
func TestEmbeddedSweep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "winnow.db")
	clock := storetest.NewClock()
	s := openFile(t, path, store.Options{Now: clock.Now})
	const old = 200
	for i := range old {
		local := fmt.Sprintf("u%03d@example.org", i)
		if err := s.Remember(t.Context(), local, []string{"bob@example.net"}, clock.Now(), time.Hour, 10); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 {
		date := storetest.Start.AddDate(0, 0, i).Format(store.DayFormat)
		if err := s.Apply(t.Context(), fmt.Sprint("n", i), 1, storetest.Deltas{date: {"messages": 1}}, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	clock.Advance(2 * time.Hour)
	for seq := range uint64(12) {
		if err := s.Remember(t.Context(), "zoe@example.org", []string{"bob@example.net"}, clock.Now(), time.Hour, 10); err != nil {
			t.Fatal(err)
		}
		if err := s.Apply(t.Context(), "z", seq+1, messages(1), time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	wantMessages(t, s, 12)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			if n := b.Stats().KeyN; n > 3 {
				t.Errorf("%s: %d entries are left, want what is live", name, n)
			}
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
}
