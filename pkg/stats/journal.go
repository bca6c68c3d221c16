package stats

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// A batch is what is added to the store in one step. Its number makes that happen once: the store ignores one that is
// not above the last it took of the node.
type batch struct {
	Node   string `json:"node"`
	Seq    uint64 `json:"seq"`
	Deltas deltas `json:"deltas"`
}

// A journal is the file in which batches wait until the store has confirmed them. A batch is written before it is sent,
// whole or not at all (a new file takes the old one's place), so that a start after a crash finds every batch whose fate
// is in doubt, under the number it was sent with. The file holds a header with the checksum of the rest, and JSON.
type journal struct {
	dir  string
	lock *os.File // held while we live: two processes with one journal would lose each other's batches
}

const (
	journalName   = "stats.journal"
	journalLock   = "stats.lock"
	journalHeader = "winnow account 1 %08x\n"
	maxJournal    = 256 << 20 // octets; what can wait, under its bounds, is smaller by far
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// openJournal takes the journal in a directory, which it makes if need be, and reads what waits there. A journal that
// cannot be read is set aside: fault says so, and a new one is begun. Without err there is a journal to write to.
func openJournal(dir string) (j *journal, waiting []batch, fault, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, journalLock), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, nil, nil, fmt.Errorf("%s is in use by another winnow (%w): give each its own state_dir", dir, err)
	}
	j = &journal{dir: dir, lock: lock}
	waiting, err = j.read()
	if err != nil {
		fault = j.setAside(err)
	}
	return j, waiting, fault, nil
}

func (j *journal) path() string { return filepath.Join(j.dir, journalName) }

func (j *journal) read() ([]batch, error) {
	f, err := os.Open(j.path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxJournal+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxJournal {
		return nil, fmt.Errorf("larger than %d octets", maxJournal)
	}
	return parseJournal(data)
}

// parseJournal reads a journal's content and trusts nothing of it.
func parseJournal(data []byte) ([]batch, error) {
	line, body, found := bytes.Cut(data, []byte("\n"))
	var sum uint32
	if _, err := fmt.Sscanf(string(line)+"\n", journalHeader, &sum); err != nil || !found {
		return nil, errors.New("does not begin as a journal does")
	}
	if crc32.Checksum(body, castagnoli) != sum {
		return nil, errors.New("its checksum does not fit")
	}
	var batches []batch
	if err := json.Unmarshal(body, &batches); err != nil {
		return nil, err
	}
	for _, b := range batches {
		if err := b.check(); err != nil {
			return nil, err
		}
	}
	return batches, nil
}

// check finds what no store would take, so that a broken batch does not hold up all others for ever.
func (b *batch) check() error {
	if b.Node == "" || b.Seq == 0 {
		return errors.New("a batch without node or number")
	}
	for span, counters := range b.Deltas {
		if !validSpan(span) {
			return fmt.Errorf("%.30q is neither a day nor an hour", span)
		}
		for name := range counters {
			if !validCounter(name) {
				return fmt.Errorf("%.20q is not a counter", name)
			}
		}
	}
	return nil
}

// setAside moves a journal that cannot be read out of the way, for somebody to look at.
func (j *journal) setAside(why error) error {
	aside := j.path() + ".bad"
	if err := os.Rename(j.path(), aside); err != nil {
		return fmt.Errorf("%s cannot be read (%w) nor set aside: %w", j.path(), why, err)
	}
	return fmt.Errorf("%s cannot be read (%w): it was set aside as %s, what it held is not in the account", j.path(), why, aside)
}

// write puts batches into the journal, on disk when it returns.
func (j *journal) write(batches []batch) error {
	body, err := json.Marshal(batches)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(j.path()+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, journalHeader, crc32.Checksum(body, castagnoli))
	if err == nil {
		_, err = f.Write(body)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), j.path())
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	return j.syncDir()
}

// syncDir has the file's new name on disk.
func (j *journal) syncDir() error {
	dir, err := os.Open(j.dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// clear empties the journal. Where it stays or comes back, as after a power cut, the store ignores what it holds.
func (j *journal) clear() { _ = os.Remove(j.path()) }

// counting stands in the lock file from the start of who counts until its end.
const counting = "counting\n"

// begin notes that counting begins. It tells whether who counted here before never came to its end, so that what it counted
// since its last flush is lost.
func (j *journal) begin() (unfinished bool) {
	was := make([]byte, len(counting)+1)
	n, _ := j.lock.ReadAt(was, 0)
	if _, err := j.lock.WriteAt([]byte(counting), 0); err == nil { // on a full disk it is not noted
		_ = j.lock.Sync() // nor where power fails before it is there
	}
	return string(was[:n]) == counting
}

// end notes that nothing that was counted is lost.
func (j *journal) end() error { return j.lock.Truncate(0) }

func (j *journal) close() error { return j.lock.Close() }
