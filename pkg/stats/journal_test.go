package stats_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"winnow/pkg/stats"
	"winnow/pkg/store/storetest"
)

// TestDiskFails counts on in memory while the journal cannot be written, says so once, and never takes what an old
// journal still holds for new.
func TestDiskFails(t *testing.T) {
	var l troubles
	s, dir := newFlaky(), t.TempDir()
	r := newRecorder(t, config(dir), s, stats.Options{Trouble: l.note})
	s.Turn(storetest.Lossy)
	messages(r, 1)
	flushFails(t, r)
	messages(r, 10)
	flushFails(t, r) // the journal: 1 in doubt, 10 behind it
	inTheWay := filepath.Join(dir, "stats.journal.new")
	if err := os.MkdirAll(filepath.Join(inTheWay, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	messages(r, 100)
	flushFails(t, r)
	stale := crash(t, dir) // the 100 are lost to it, for they are not on disk
	s.Turn(storetest.Well)
	flush(t, r)
	wantMessages(t, s, 111)
	l.want(t, "store", "journal", "store well")
	flush(t, newRecorder(t, config(stale), s, stats.Options{}))
	wantMessages(t, s, 111)

	messages(r, 1)
	flush(t, r)
	messages(r, 1)
	flush(t, r)
	wantMessages(t, s, 113)
	if err := os.RemoveAll(inTheWay); err != nil {
		t.Fatal(err)
	}
	messages(r, 1)
	flush(t, r)
	wantMessages(t, s, 114)
	l.want(t, "store", "journal", "store well", "journal well")
}

// TestNoJournal counts without one: it is not wanted, cannot be made, or another process has it.
func TestNoJournal(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken := t.TempDir()
	newRecorder(t, config(taken), newFlaky(), stats.Options{})
	for dir, want := range map[string]string{"": "", filepath.Join(file, "x"): "not a directory", taken: "in use by another winnow"} {
		var fault error
		s := newFlaky()
		r := newRecorder(t, config(dir), s, stats.Options{Trouble: func(with string, err error) {
			if with == stats.WithJournal {
				fault = errors.Join(fault, err)
			}
		}})
		if (fault == nil) != (want == "") || fault != nil && !strings.Contains(fault.Error(), want) {
			t.Errorf("%q: got trouble %v, want %q", dir, fault, want)
		}
		s.Turn(storetest.Away)
		messages(r, 1)
		flushFails(t, r)
		s.Turn(storetest.Well)
		messages(r, 1)
		flush(t, r)
		wantMessages(t, s, 2)
	}
}

// TestBadJournals sets aside what is no journal, whatever it is, and goes on.
func TestBadJournals(t *testing.T) {
	good := t.TempDir()
	s := newFlaky()
	s.Turn(storetest.Away)
	r := newRecorder(t, config(good), s, stats.Options{})
	messages(r, 7)
	flushFails(t, r)
	text, err := os.ReadFile(filepath.Join(good, "stats.journal"))
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"empty":          "",
		"nothing of it":  "\x00\x00\x00\x00",
		"cut short":      string(text[:len(text)-5]),
		"a digit turned": strings.Replace(string(text), `"messages":7`, `"messages":9`, 1),
		"another format": strings.Replace(string(text), "account 1", "account 2", 1),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "stats.journal"), []byte(bad), 0o600); err != nil {
				t.Fatal(err)
			}
			var l troubles
			s := newFlaky()
			r := newRecorder(t, config(dir), s, stats.Options{Trouble: l.note})
			l.want(t, "journal")
			messages(r, 1)
			flush(t, r)
			wantMessages(t, s, 1)
			aside, err := os.ReadFile(filepath.Join(dir, "stats.journal.bad"))
			if err != nil || string(aside) != bad {
				t.Errorf("set aside: got %q, %v, want %q", aside, err, bad)
			}
		})
	}
}
