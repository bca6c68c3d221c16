package trail

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// SampleConfig is of which messages whole copies are kept, for new rules to be tried on: shares between 0, none, and 1, all.
// Only what was scanned is ever kept, and only where it came whole.
type SampleConfig struct {
	Refused   float64 `yaml:"refused"`   // of those that points refused
	Tagged    float64 `yaml:"tagged"`    // of those tagged, held or discarded
	Delivered float64 `yaml:"delivered"` // of those delivered as they are
	Days      int     `yaml:"days"`      // before today that copies are kept
	MaxCount  int     `yaml:"max_count"` // copies; the oldest go first
	MaxSize   int64   `yaml:"max_size"`  // octets of all, packed; likewise
}

// on tells whether any are kept.
func (c *SampleConfig) on() bool { return c.Refused > 0 || c.Tagged > 0 || c.Delivered > 0 }

func (c *SampleConfig) validate(privacy Privacy) (faults []error) {
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("keep_samples: "+format, args...))
	}
	for _, of := range []struct {
		name  string
		share float64
	}{{"refused", c.Refused}, {"tagged", c.Tagged}, {"delivered", c.Delivered}} {
		if !(of.share >= 0 && of.share <= 1) {
			fault("%s: %v is no share: write 0 for none, 0.01 for one in a hundred, up to 1 for all", of.name, of.share)
		}
	}
	if c.on() && privacy == Hashed {
		fault("a copy holds all that people wrote, and every address: with privacy: hashed keep none")
	}
	if c.Days < 1 || c.Days > mostRetention {
		fault("days: must be from 1 to %d, not %d", mostRetention, c.Days)
	}
	if c.MaxCount < 1 || c.MaxCount > mostSamples {
		fault("max_count: must be from 1 to %d, not %d", mostSamples, c.MaxCount)
	}
	if c.MaxSize < leastSamples {
		fault("max_size: must be at least %d octets, not %d", leastSamples, c.MaxSize)
	}
	return faults
}

const (
	mostSamples  = 1_000_000
	leastSamples = 1 << 20
	// Copies that wait to be written: what is above is lost, and counted.
	mostWaitingSamples = 100
	maxWaitingSamples  = 32 << 20 // octets
	// maxSample is how large a message may be of which a copy is kept, and how large one may be that is read.
	maxSample = 64 << 20

	samplesName  = "samples"
	sampleSuffix = ".eml.gz"
)

// share is of how many messages that ended like this one a copy is kept.
func (c *SampleConfig) share(v *filter.Verdict) float64 {
	switch v.Action {
	case filter.Reject, filter.Defer:
		return c.Refused
	case filter.Tag, filter.Quarantine, filter.Discard:
		return c.Tagged
	case filter.Accept:
		return c.Delivered
	}
	return 0
}

// A sample is a copy that waits to be written.
type sample struct {
	id       string
	day      string
	receiver string
	text     []byte
}

// A sampler writes copies, in a goroutine of its own. What finds no room, in memory or on disk, is lost and counted. Where none
// are kept any more, it has only to remove what was.
type sampler struct {
	config  SampleConfig
	dir     string
	zone    *time.Location
	now     func() time.Time
	trouble func(error)

	queue   chan sample
	waiting atomic.Int64 // octets in it
	lost    atomic.Int64 // since somebody asked last
	dropped atomic.Bool  // some found no room in the queue since it was looked at last
	stop    chan struct{}
	tasks   sync.WaitGroup

	// What follows is run's.
	kept    []keptSample // the oldest first
	size    int64        // of all of them
	known   bool         // all that are there are in kept
	full    error        // the queue was
	failing bool
}

// A keptSample is a copy on disk.
type keptSample struct {
	day, name string
	size      int64
}

func newSampler(c SampleConfig, o Options, trouble func(error)) *sampler {
	s := &sampler{
		config: c, dir: filepath.Join(Dir(o.StateDir), samplesName), zone: o.Zone, now: o.Now, trouble: trouble,
		queue: make(chan sample, mostWaitingSamples), stop: make(chan struct{}),
	}
	s.tasks.Go(s.run)
	return s
}

// offer takes a copy of a message, if it is one of those that are kept.
func (s *sampler) offer(m *message.Message, v *filter.Verdict) {
	if v.Class != filter.ClassScanned {
		return
	}
	if share := s.config.share(v); share == 0 || rand.Float64() >= share {
		return
	}
	if m.BodyCut || m.HeaderCut || m.Size > maxSample || !ourID.MatchString(m.ID) {
		return
	}
	if len(s.queue) == cap(s.queue) || s.waiting.Load() >= maxWaitingSamples { // before anything is copied
		s.drop()
		return
	}
	text := rawMessage(m)
	size := int64(len(text))
	if s.waiting.Add(size) > maxWaitingSamples {
		s.waiting.Add(-size)
		s.drop()
		return
	}
	select {
	case s.queue <- sample{m.ID, dayOf(s.now(), s.zone), m.Receiver, text}:
	default:
		s.waiting.Add(-size)
		s.drop()
	}
}

// drop counts a copy that found no room in the queue.
func (s *sampler) drop() {
	s.lost.Add(1)
	s.dropped.Store(true)
}

// rawMessage puts a message together as it came.
func rawMessage(m *message.Message) []byte {
	var b bytes.Buffer
	b.Grow(int(m.Size) + 1024)
	for i := range m.Header {
		b.WriteString(m.Header[i].Name + ":" + strings.ReplaceAll(strings.ReplaceAll(m.Header[i].Value, "\r\n", "\n"), "\n", "\r\n") + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(m.Body)
	return b.Bytes()
}

// run writes what comes, and looks after what is kept, until close.
func (s *sampler) run() {
	s.tell(s.tidy())
	ticker := time.NewTicker(keepEvery)
	defer ticker.Stop()
	for {
		select {
		case next := <-s.queue:
			s.tell(s.keep(&next))
		case <-ticker.C:
			s.full = nil
			if s.dropped.Swap(false) {
				s.full = errors.New("copies of messages come faster than they can be written: some are lost, and counted")
			}
			s.tell(s.tidy())
		case <-s.stop:
			for {
				select {
				case next := <-s.queue:
					s.tell(s.keep(&next))
				default:
					return
				}
			}
		}
	}
}

// tell tells of trouble when it begins and when it ends.
func (s *sampler) tell(err error) {
	err = errors.Join(err, s.full)
	if failing := err != nil; failing != s.failing {
		s.failing = failing
		s.trouble(err)
	}
}

// keep writes a copy. Where old ones cannot be removed, there must not be more of them.
func (s *sampler) keep(one *sample) error {
	defer s.waiting.Add(-int64(len(one.text)))
	err := s.bound()
	if err == nil {
		err = s.write(one)
	}
	if err != nil {
		s.lost.Add(1)
		return err
	}
	return s.bound()
}

// tidy removes what is too old or too much. What is there it has to find first, and again where that failed.
func (s *sampler) tidy() error {
	var err error
	if !s.known {
		err = s.look()
		s.known = err == nil
	}
	return errors.Join(err, s.bound())
}

// look finds the copies that are there.
func (s *sampler) look() error {
	s.kept, s.size = nil, 0
	days, err := os.ReadDir(s.dir)
	errs := []error{orMissing(err)}
	for _, d := range days { // in the order of their names
		if _, err := time.Parse(time.DateOnly, d.Name()); err == nil && d.IsDir() {
			errs = append(errs, s.lookAt(d.Name()))
		}
	}
	return errors.Join(errs...)
}

// lookAt finds the copies of one day, and removes what was left half made. What is not named like a copy is none of ours.
func (s *sampler) lookAt(day string) error {
	type aged struct {
		keptSample
		at time.Time
	}
	var all []aged
	entries, err := os.ReadDir(filepath.Join(s.dir, day))
	errs := []error{orMissing(err)}
	for _, e := range entries {
		name := e.Name()
		id, suffix, _ := strings.Cut(name, ".")
		if !ourID.MatchString(id) {
			continue
		}
		switch "." + suffix {
		case sampleSuffix + newSuffix:
			errs = append(errs, orMissing(os.Remove(filepath.Join(s.dir, day, name))))
		case sampleSuffix:
			info, err := e.Info()
			if err != nil {
				errs = append(errs, orMissing(err))
				continue
			}
			all = append(all, aged{keptSample{day, name, info.Size()}, info.ModTime()})
		}
	}
	slices.SortFunc(all, func(a, b aged) int { return a.at.Compare(b.at) })
	for _, a := range all {
		s.kept, s.size = append(s.kept, a.keptSample), s.size+a.size
	}
	return errors.Join(errs...)
}

// write writes a copy, whole or not at all. Its name is our id.
func (s *sampler) write(one *sample) error {
	dir := filepath.Join(s.dir, one.day)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if !hasRoom(dir, int64(len(one.text))) {
		return fmt.Errorf("%s: less than %d MiB are free on this disk: copies of messages are lost until there is room, and counted", s.dir, reserve>>20)
	}
	name := filepath.Join(dir, one.id+sampleSuffix)
	f, err := os.OpenFile(name+newSuffix, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	packed := gzip.NewWriter(f)
	if !strings.ContainsFunc(one.receiver, func(r rune) bool { return r < ' ' || r > '~' }) {
		packed.Comment = one.receiver
	}
	_, err = packed.Write(one.text)
	if err = errors.Join(err, packed.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	info, failed := f.Stat()
	if err = errors.Join(err, failed, f.Close()); err != nil {
		os.Remove(f.Name())
		return err
	}
	s.kept, s.size = append(s.kept, keptSample{one.day, one.id + sampleSuffix, info.Size()}), s.size+info.Size()
	return nil
}

// bound removes copies that are too old, and the oldest of too many. One that cannot be removed is tried again.
func (s *sampler) bound() error {
	oldest := daysBefore(dayOf(s.now(), s.zone), s.config.Days)
	for len(s.kept) > 0 {
		k := s.kept[0]
		if k.day >= oldest && len(s.kept) <= s.config.MaxCount && s.size <= s.config.MaxSize {
			break
		}
		if err := orMissing(os.Remove(filepath.Join(s.dir, k.day, k.name))); err != nil {
			return fmt.Errorf("a copy of a message that is to go is still there, and no more are kept until it is gone: %w", err)
		}
		s.kept, s.size = s.kept[1:], s.size-k.size
		if len(s.kept) == 0 || s.kept[0].day != k.day {
			_ = os.Remove(filepath.Join(s.dir, k.day)) // it may hold what is not ours
		}
	}
	return nil
}

// close writes what waits, until ctx ends: what waits then is lost.
func (s *sampler) close(ctx context.Context) {
	close(s.stop)
	done := make(chan struct{})
	go func() {
		s.tasks.Wait()
		close(done)
	}()
	select {
	case <-done:
		return
	case <-ctx.Done(): // a disk that hangs: the process ends
	}
	for {
		select {
		case <-s.queue:
			s.lost.Add(1)
		default:
			return
		}
	}
}

// openSample opens the copy that was kept of a message; nil where none was, or it is gone by now.
func openSample(dir string, zone *time.Location, r *Record) (*os.File, error) {
	if r.Kind != OfMessage || r.Class != filter.ClassScanned || !ourID.MatchString(r.ID) {
		return nil, nil
	}
	day := dayOf(r.Time, zone)
	for _, day := range []string{day, daysBefore(day, -1), daysBefore(day, 1)} { // it may have been decided on at midnight
		f, err := os.Open(filepath.Join(dir, samplesName, day, r.ID+sampleSuffix))
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
	return nil, nil
}

// ReadSample returns the copy that was kept of a message: it as it came, and the name of the MTA that took it. It is nil where
// there is none. dir is the folder of day files.
func ReadSample(dir string, zone *time.Location, r *Record) (text []byte, receiver string, err error) {
	f, err := openSample(dir, zone, r)
	if f == nil || err != nil {
		return nil, "", err
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err == nil {
		text, err = io.ReadAll(io.LimitReader(unpacked, 2*maxSample))
	}
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", f.Name(), err)
	}
	return text, unpacked.Comment, nil
}

// HasSample tells whether a copy of the message is there.
func HasSample(dir string, zone *time.Location, r *Record) bool {
	f, err := openSample(dir, zone, r)
	if f != nil {
		f.Close()
	}
	return f != nil && err == nil
}
