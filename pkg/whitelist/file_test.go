package whitelist_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"winnow/pkg/whitelist"
)

// write replaces a file the way an editor does, with a time of its own long past, so that it counts as settled.
func (b *bench) write(name, text string, modified time.Time) {
	b.t.Helper()
	temp := b.file(name+".new", text)
	if err := os.Chtimes(temp, modified, modified); err != nil {
		b.t.Fatal(err)
	}
	if err := os.Rename(temp, filepath.Join(b.dir, name)); err != nil {
		b.t.Fatal(err)
	}
}

// A change takes effect by itself; a change for the worse does not, and is told once.
func TestFilesAreWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var told []whitelist.FileState
		b := newBench(t, func(b *bench, c *whitelist.Config, o *whitelist.Options) {
			c.Whitelist = b.file("white", "one.example\n")
			c.CheckEvery = 5 * time.Second
			o.Report = func(s whitelist.FileState) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, s)
			}
		})
		b.set(time.Now()) // the bubble's
		old := b.now().Add(-time.Hour)
		tests := []struct {
			name  string
			do    func()
			known string // the sender domain that is whitelisted now
			fault string // what is told, "" for no fault
			times int    // how often it is told
		}{
			{"nothing changes", func() {}, "one", "", 0},
			{"renamed into place", func() { b.write("white", "two.example\n", old) }, "two", "", 1},
			{"written in place", func() {
				path := b.file("white", "tri.example\n") // as long as before
				os.Chtimes(path, old, old.Add(time.Minute))
			}, "tri", "", 1},
			{"a fault", func() { b.write("white", "four.example\nfo ur\n", old) }, "tri", "white:2: ", 1},
			{"mended", func() { b.write("white", "four.example\n", old) }, "four", "", 1},
			{"gone", func() { os.Remove(filepath.Join(b.dir, "white")) }, "four", "no such file", 1},
			{"here again", func() { b.write("white", "four.example\n", old) }, "four", "", 1},
			{"a symbolic link", func() {
				b.write("other", "five.example\n", old)
				os.Remove(filepath.Join(b.dir, "white"))
				os.Symlink("other", filepath.Join(b.dir, "white"))
			}, "five", "", 1},
			{"what it points to", func() { b.write("other", "six.example\n", old) }, "six", "", 1},
			{"still being written", func() { b.write("other", "sev", b.now().Add(-time.Second/2)) }, "six", "", 0},
			{"written", func() { b.write("other", "seven.example\n", old) }, "seven", "", 1},
			{"time of another clock", func() { b.write("other", "eight.example\n", b.now().Add(time.Hour)) }, "eight", "", 1},
			{"as large as the other, at the same time", func() { b.write("other", "eiGht.example\n#\n"[:14], b.now().Add(time.Hour)) }, "eight", "", 1},
		}
		for _, tt := range tests {
			tt.do()
			time.Sleep(time.Minute)
			synctest.Wait()
			mu.Lock()
			told := take(&told)
			mu.Unlock()
			if got := b.symbols("a@"+tt.known+".example", "user@our.example"); got != "WHITELISTED" {
				t.Errorf("%s: %s.example: got %q, want WHITELISTED", tt.name, tt.known, got)
			}
			if len(told) != tt.times {
				t.Errorf("%s: told %d times, want %d: %v", tt.name, len(told), tt.times, told)
				continue
			}
			if tt.times > 0 && (told[0].Err == nil) != (tt.fault == "") {
				t.Errorf("%s: got %v, want %q", tt.name, told[0].Err, tt.fault)
			}
			if tt.fault != "" && (len(told) == 0 || !strings.Contains(told[0].Err.Error(), tt.fault)) {
				t.Errorf("%s: told %v, want %q", tt.name, told, tt.fault)
			}
		}
	})
}

// A file that was being written while it was read is read once more, though its time and size tell nothing.
func TestYoungFileIsReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		written := sampleDay.Add(-settle / 2)
		write := func(b *bench, text string) string {
			path := b.file("white", text)
			if err := os.Chtimes(path, written, written); err != nil {
				t.Fatal(err)
			}
			return path
		}
		b := newBench(t, func(b *bench, c *whitelist.Config, _ *whitelist.Options) {
			c.Whitelist = write(b, "one.example\n")
			c.CheckEvery = 5 * time.Second
		})
		write(b, "two.example\n")
		for _, step := range []struct {
			clock time.Duration
			known string
		}{{0, "one"}, {settle, "two"}} {
			b.advance(step.clock)
			time.Sleep(6 * time.Second)
			synctest.Wait()
			if got := b.symbols("a@"+step.known+".example", "user@our.example"); got != "WHITELISTED" {
				t.Errorf("%v on: %s.example: got %q, want WHITELISTED", step.clock, step.known, got)
			}
		}
	})
}

// settle is how long a file must have been left alone.
const settle = time.Second

// take empties a slice.
func take[T any](s *[]T) []T {
	all := *s
	*s = nil
	return all
}

// SIGHUP reads everything, and tells every fault; with one in any file, what was in force of all stays so.
func TestReload(t *testing.T) {
	b := newBench(t, func(b *bench, c *whitelist.Config, _ *whitelist.Options) {
		c.Blacklist = b.file("black", "one.example\n")
		c.Whitelist = b.file("white", "two.example\n")
		c.Enabled = "file:" + b.file("enabled", "our.example\n")
		c.AutoWhitelist.Enabled = false
	})
	b.file("black", "fa ult\n")
	b.file("white", "three.example\nfour.example\n")
	b.file("enabled", "user@@our.example\nfa ult\n")
	err := b.Reload()
	if err == nil {
		t.Fatal("got no error")
	}
	for _, want := range []string{"black:1: ", "enabled:1: ", "enabled:2: "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
	for sender, want := range map[string]string{"one": "BLACKLISTED", "two": "WHITELISTED", "three": ""} {
		if got := b.symbols("a@"+sender+".example", "user@our.example"); got != want {
			t.Errorf("%s: got %q, want %q", sender, got, want)
		}
	}
	for i, want := range []struct {
		name    string
		entries int
		broken  bool
	}{{"black", 1, true}, {"white", 1, false}, {"enabled", 1, true}} {
		got := b.Files()[i]
		if filepath.Base(got.Path) != want.name || got.Entries != want.entries || (got.Err != nil) != want.broken || !got.Loaded.Equal(sampleDay) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	b.file("black", "three.example\n")
	b.file("enabled", "our.example\n")
	if err := b.Reload(); err != nil {
		t.Fatal(err)
	}
	if got := b.symbols("a@three.example", "user@our.example"); got != "BLACKLISTED WHITELISTED" {
		t.Errorf("got %q, want both", got)
	}
}
