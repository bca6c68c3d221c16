package trail

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"winnow/pkg/filter"
	"winnow/pkg/filter/filtertest"
	"winnow/pkg/message"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A bench is a trail in a folder of its own, with a clock that stands still.
type bench struct {
	*Trail
	dir        string
	zone       *time.Location
	mu         sync.Mutex
	at         time.Time
	trouble    []string
	lost       atomic.Int64
	lostCopies atomic.Int64
}

func newBench(t testing.TB, change func(*Config, *Options)) *bench {
	t.Helper()
	return newBenchAt(t, noon, change)
}

func newBenchAt(t testing.TB, at time.Time, change func(*Config, *Options)) *bench {
	t.Helper()
	b := &bench{dir: t.TempDir(), at: at, zone: time.UTC}
	c := DefaultConfig()
	o := Options{StateDir: b.dir, Now: b.now, Lost: func(n int64) { b.lost.Add(n) }, LostCopies: func(n int64) { b.lostCopies.Add(n) }, Trouble: func(with string, err error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.trouble = append(b.trouble, fmt.Sprintf("%s: %v", with, err))
	}}
	if change != nil {
		change(&c, &o)
	}
	if faults := c.Validate(); len(faults) > 0 {
		t.Fatal(faults)
	}
	if o.Zone != nil {
		b.zone = o.Zone
	}
	b.open(t, c, o)
	return b
}

func (b *bench) open(t testing.TB, c Config, o Options) {
	t.Helper()
	var err error
	if b.Trail, err = Open(c, o); err != nil {
		t.Fatal(err)
	}
	trail := b.Trail
	t.Cleanup(func() {
		if err := trail.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func (b *bench) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.at
}

func (b *bench) set(at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at = at
}

func (b *bench) told() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.trouble)
}

// tell has a refused message recorded.
func (b *bench) tell(id string) {
	m := letter(id)
	b.Message(m, decide(m, []string{"alice@our.example"}, filtertest.List("dnsbl", filter.Connect, "zen", zenHit)))
}

func (b *bench) search(t testing.TB, words ...string) *Results {
	t.Helper()
	b.Flush(t.Context())
	r, err := Search(t.Context(), b.dir, b.zone, Query{Words: words})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// ids names what was found.
func ids(r *Results) string {
	var all []string
	for _, record := range r.Records {
		all = append(all, record.ID)
	}
	return strings.Join(all, " ")
}

func names(t testing.TB, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(Dir(dir))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

// A day is one of the time zone, also when it has 23 or 25 hours; past ones are packed, and read by gzip as one text.
func TestDays(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	midnight := func(d int) time.Time { return time.Date(2026, 10, d, 0, 0, 0, 0, berlin) } // the 25th has 25 hours
	b := newBenchAt(t, midnight(24), func(_ *Config, o *Options) { o.Zone = berlin })
	for _, step := range []struct {
		at   time.Time
		id   string
		want string
	}{
		{midnight(24), "aaaa-0001", "2026-10-24.jsonl"},
		{midnight(25).Add(-time.Millisecond), "aaaa-0002", "2026-10-24.jsonl"},
		{midnight(25), "aaaa-0003", "2026-10-24.jsonl.gz 2026-10-25.jsonl"},
		{midnight(25).Add(24*time.Hour + 30*time.Minute), "aaaa-0004", "2026-10-24.jsonl.gz 2026-10-25.jsonl"},
		{midnight(26).Add(-time.Millisecond), "aaaa-0005", "2026-10-24.jsonl.gz 2026-10-25.jsonl"},
		{midnight(26), "aaaa-0006", "2026-10-24.jsonl.gz 2026-10-25.jsonl.gz 2026-10-26.jsonl"},
		{midnight(25), "aaaa-0007", "2026-10-24.jsonl.gz 2026-10-25.jsonl.gz 2026-10-26.jsonl"}, // a clock set back
	} {
		b.set(step.at)
		b.tell(step.id)
		b.Flush(t.Context())
		if err := b.keeper.keep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := names(t, b.dir); got != step.want {
			t.Errorf("%s: got %s, want %s", step.id, got, step.want)
		}
		if got := ids(b.search(t, step.id)); got != step.id {
			t.Errorf("%s: found %q", step.id, got)
		}
	}
	f, err := os.Open(filepath.Join(Dir(b.dir), "2026-10-25.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unpacked)
	if err != nil || bytes.Count(text, []byte("\n")) != 3 {
		t.Errorf("gzip reads %d lines, %v", bytes.Count(text, []byte("\n")), err)
	}
	if got := ids(b.search(t, "bob@sender.example")); got != "aaaa-0006 aaaa-0005 aaaa-0004 aaaa-0007 aaaa-0003 aaaa-0002 aaaa-0001" && len(strings.Fields(got)) != 7 {
		t.Errorf("all days: got %s", got)
	}
	r, err := Search(t.Context(), b.dir, berlin, Query{Words: []string{"bob@sender.example"}, Since: midnight(25), Until: midnight(26).Add(-time.Hour)})
	if err != nil || ids(r) == "" || strings.Contains(ids(r), "aaaa-0006") || strings.Contains(ids(r), "aaaa-0002") {
		t.Errorf("a span: got %q, %v", ids(r), err)
	}
}

// What is too old goes, and the oldest of what is too much; today stays, and does not grow beyond the bound.
func TestRetention(t *testing.T) {
	b := newBench(t, func(c *Config, _ *Options) { c.RetentionDays, c.MaxSize = 3, leastSize })
	for d := range 6 {
		b.set(noon.AddDate(0, 0, d))
		b.tell(fmt.Sprintf("aaaa-000%d", d))
		b.Flush(t.Context())
	}
	if err := b.keeper.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := names(t, b.dir), "2026-11-28.jsonl.gz 2026-11-29.jsonl.gz 2026-11-30.jsonl.gz 2026-12-01.jsonl"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	old := filepath.Join(Dir(b.dir), "2026-11-28.jsonl.gz")
	if err := os.Truncate(old, leastSize); err != nil {
		t.Fatal(err)
	}
	if err := b.keeper.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := names(t, b.dir), "2026-11-29.jsonl.gz 2026-11-30.jsonl.gz 2026-12-01.jsonl"; got != want {
		t.Errorf("too much: got %s, want %s", got, want)
	}
	b.file.size = leastSize
	b.tell("full-full")
	b.Flush(t.Context())
	if got := ids(b.search(t, "full-full")); got != "" || b.lost.Load() != 1 || len(b.told()) != 1 || !strings.Contains(b.told()[0], "max_size") {
		t.Errorf("full: found %q, lost %d, told %q", got, b.lost.Load(), b.told())
	}
	b.tell("full-full")
	b.Flush(t.Context()) // the file was opened anew, and has its true size
	if len(b.told()) != 2 || b.lost.Load() != 1 {
		t.Errorf("well again: lost %d, told %q", b.lost.Load(), b.told())
	}
}

// Sessions tell side by side while it is searched; the queue is bounded, and what finds no room in it is counted.
func TestManySessions(t *testing.T) {
	b := newBench(t, nil)
	const sessions, each = 20, 50
	var telling sync.WaitGroup
	for s := range sessions {
		telling.Go(func() {
			for i := range each {
				b.tell(fmt.Sprintf("%04d-%04d", s, i))
			}
		})
	}
	for range 5 {
		b.search(t, "alice@our.example")
	}
	telling.Wait()
	b.Flush(t.Context())
	r, err := Search(t.Context(), b.dir, time.UTC, Query{Words: []string{"alice@our.example"}, Limit: 2 * sessions * each})
	if err != nil || len(r.Records) != sessions*each || b.lost.Load() != 0 {
		t.Errorf("found %d records, %v, lost %d", len(r.Records), err, b.lost.Load())
	}

	m := letter("full-full")
	heavy := &filter.Verdict{Reports: make([]filter.Report, maxWaiting/2)}
	b.flushing.Lock() // nobody writes
	for range 4 {
		b.Message(m, heavy)
	}
	b.flushing.Unlock()
	b.Flush(t.Context())
	if b.lost.Load() < 2 || !slices.ContainsFunc(b.told(), func(s string) bool { return strings.HasPrefix(s, WithQueue) }) {
		t.Errorf("lost %d, told %q", b.lost.Load(), b.told())
	}
}

// What no message tells of is a connection's record; what one tells of, and those from own networks, is none.
func TestConnections(t *testing.T) {
	b := newBench(t, nil)
	client := message.Client{Addr: netip.MustParseAddr("198.51.100.9")}
	b.Connection(client, &filter.Verdict{ID: "cccc-0001", Action: filter.Reject})
	b.Connection(client, &filter.Verdict{ID: "cccc-0002", Messages: 1})
	b.Connection(message.Client{Addr: client.Addr, Own: true}, &filter.Verdict{ID: "cccc-0003"})
	b.Connection(client, nil)
	if got := ids(b.search(t, "198.51.100.9")); got != "cccc-0001" {
		t.Errorf("got %q", got)
	}
}

func TestNothingRecorded(t *testing.T) {
	r, err := Search(t.Context(), t.TempDir(), time.UTC, Query{Words: []string{"w7k2-9fqx"}})
	if err != nil || len(r.Records) != 0 || r.Oldest != "" {
		t.Errorf("got %+v, %v", r, err)
	}
}

// A day is over when the writer has begun the next one, whatever the clock says: what it has of the old one is not lost.
func TestMidnight(t *testing.T) {
	midnight := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	b := newBenchAt(t, midnight.Add(-time.Second), nil)
	b.tell("aaaa-0001")
	b.Flush(t.Context())
	b.flushing.Lock() // the writer is late
	b.set(midnight.Add(-time.Millisecond))
	b.tell("aaaa-0002")
	b.set(midnight.Add(time.Millisecond))
	err := b.keeper.keep(t.Context())
	b.flushing.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(b.search(t, "aaaa-0002")); got != "aaaa-0002" || b.lost.Load() != 0 {
		t.Errorf("found %q, lost %d", got, b.lost.Load())
	}
	b.Flush(t.Context()) // nothing to write, and a new day
	if err := b.keeper.keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := names(t, b.dir), "2026-11-26.jsonl.gz"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A memoryStream is what several nodes recorded, the newest last.
type memoryStream struct {
	mu      sync.Mutex
	records [][]byte
	block   chan struct{} // closed: adding goes on
	oldest  time.Time     // what it was trimmed to last
	away    bool
	broken  error
}

func (s *memoryStream) TrimTrail(_ context.Context, before time.Time) (done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away || s.broken != nil {
		return false, s.broken
	}
	s.oldest = before
	return true, nil
}

func (s *memoryStream) AppendTrail(ctx context.Context, records [][]byte, _ int64) error {
	if s.block != nil {
		select {
		case <-s.block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range records {
		s.records = append(s.records, bytes.Clone(r))
	}
	return nil
}

func (s *memoryStream) TrailBefore(_ context.Context, before string, n int64) (records [][]byte, place string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	end := len(s.records)
	if before != "" {
		if _, err := fmt.Sscan(before, &end); err != nil {
			return nil, "", err
		}
	}
	begin := max(0, end-int(n))
	for _, r := range slices.Backward(s.records[begin:end]) {
		records = append(records, r)
	}
	if begin < end {
		place = fmt.Sprint(begin)
	}
	return records, place, nil
}

// What another node recorded is found, though there is more than enough in our own files, and nothing is found twice.
func TestStreamBesideFiles(t *testing.T) {
	stream := &memoryStream{}
	b := newBench(t, func(c *Config, o *Options) { c.Stream, o.Stream = 1000, stream })
	for i := range 60 {
		b.set(noon.Add(time.Duration(i) * time.Second))
		b.tell(fmt.Sprintf("aaaa-%04d", i))
	}
	b.Flush(t.Context())
	other := newBenchAt(t, noon.Add(time.Hour), func(c *Config, o *Options) { c.Stream, o.Stream = 1000, stream })
	other.tell("bbbb-0001")
	other.Flush(t.Context())
	r, err := Search(t.Context(), b.dir, b.zone, Query{Words: []string{"alice@our.example"}, Limit: 50, Stream: stream})
	if err != nil || len(r.Records) != 50 || r.Records[0].ID != "bbbb-0001" || r.Records[49].ID != "aaaa-0011" || !r.More {
		t.Errorf("got %s, more %t, %v", ids(r), r.More, err)
	}
}

// What is older than the days that are kept leaves the stream, too, also where none is kept any more, and as soon as it can.
func TestStreamEnds(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	stream := &memoryStream{broken: errors.New("no such command")}
	b := newBench(t, func(c *Config, o *Options) { c.RetentionDays, o.Stream, o.Zone = 3, stream, berlin })
	if err := b.keeper.keep(t.Context()); !errors.Is(err, stream.broken) {
		t.Errorf("broken: got %v", err)
	}
	stream.mu.Lock()
	stream.broken, stream.away = nil, true
	stream.mu.Unlock()
	if err := b.keeper.keep(t.Context()); err != nil {
		t.Errorf("away, which others tell of: got %v", err)
	}
	stream.mu.Lock()
	stream.away = false
	stream.mu.Unlock()
	for _, day := range []int{26, 27} {
		b.set(time.Date(2026, 11, day, 0, 0, 1, 0, berlin))
		b.Flush(t.Context())
		if err := b.keeper.keep(t.Context()); err != nil {
			t.Fatal(err)
		}
		stream.mu.Lock()
		if want := time.Date(2026, 11, day-3, 0, 0, 0, 0, berlin); !stream.oldest.Equal(want) {
			t.Errorf("on day %d it was trimmed to %v, want %v", day, stream.oldest, want)
		}
		stream.mu.Unlock()
	}
}

// Two connections of one client at one time are two records.
func TestSameTime(t *testing.T) {
	b := newBench(t, nil)
	client := message.Client{Addr: netip.MustParseAddr("198.51.100.9")}
	b.Connection(client, &filter.Verdict{Reason: "one"})
	b.Connection(client, &filter.Verdict{Reason: "two"})
	if got := len(b.search(t, "198.51.100.9").Records); got != 2 {
		t.Errorf("found %d, want 2", got)
	}
}

// What waits counts by what it holds on to.
func TestWeight(t *testing.T) {
	light := note{verdict: &filter.Verdict{}}
	heavy := note{verdict: &filter.Verdict{
		Connection: &filter.Verdict{},
		Reports:    []filter.Report{{Results: []filter.Result{{Hits: make([]filter.Hit, 5)}, {}}}},
	}, connection: &filter.Verdict{Reports: make([]filter.Report, 3)}}
	if light.weight() != 1 || heavy.weight() != 12 {
		t.Errorf("got %d and %d, want 1 and 12", light.weight(), heavy.weight())
	}
}
