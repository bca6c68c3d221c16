package trail

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/filter/filtertest"
	"winnow/pkg/message"
)

// whole is a message with a body, whose headers are as they come over the milter.
func whole(id, body string) *message.Message {
	m := letter(id)
	m.Receiver = "mx.our.example"
	m.Header[0].Value = " Bob\n\t<author@Sender.example>"
	m.Body, m.Size = []byte(body), int64(len(body))
	return m
}

func all(days, count int, size int64) SampleConfig {
	return SampleConfig{Refused: 1, Tagged: 1, Delivered: 1, Days: days, MaxCount: count, MaxSize: size}
}

// copies lists the copies that are there.
func (b *bench) copies(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(Dir(b.dir), samplesName, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func points(score float64) *filtertest.Stage {
	return filtertest.Rules(filter.Hit{Symbol: "POINTS", Score: score})
}

// What was scanned is kept as it came, where only winnow's user reads it; what was not is not kept.
func TestSamples(t *testing.T) {
	b := newBench(t, func(c *Config, _ *Options) { c.KeepSamples = all(7, 10, 1<<20) })
	m := whole("aaaa-0001", "one\r\ntwo\r\n")
	v := decide(m, []string{"alice@our.example"}, points(6))
	b.Message(m, v)
	cut := whole("aaaa-0002", "one")
	cut.BodyCut = true
	b.Message(cut, v)
	odd := whole("../../aaaa", "one")
	b.Message(odd, v)
	refused := whole("aaaa-0003", "")
	b.Message(refused, decide(refused, []string{"alice@our.example"}, filtertest.List("dnsbl", filter.Connect, "zen", zenHit)))
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := recordOf(&plainly, m, v)
	text, receiver, err := ReadSample(Dir(b.dir), time.UTC, r)
	want := "From: Bob\r\n\t<author@Sender.example>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <aaaa-0001@sender.example>\r\n\r\none\r\ntwo\r\n"
	if err != nil || string(text) != want || receiver != "mx.our.example" || !HasSample(Dir(b.dir), time.UTC, r) {
		t.Errorf("got %q of %s, %v", text, receiver, err)
	}
	again, err := message.Parse(bytes.NewReader(text), 0)
	if err != nil || fmt.Sprint(again.Header) != fmt.Sprint(m.Header) || string(again.Body) != string(m.Body) {
		t.Errorf("read again: %v, %q, %v", again.Header, again.Body, err)
	}
	if got := b.copies(t); len(got) != 1 || b.lostCopies.Load() != 0 {
		t.Errorf("copies %v, lost %d", got, b.lostCopies.Load())
	}
	for path, mode := range map[string]os.FileMode{b.copies(t)[0]: 0o600, filepath.Dir(b.copies(t)[0]): 0o700, filepath.Join(Dir(b.dir), samplesName): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

// Copies are bounded in number, octets and days; the oldest go first, also those of a winnow before.
func TestSamplesAreBounded(t *testing.T) {
	b := newBench(t, nil)
	c := all(2, 3, 1<<20)
	o := Options{StateDir: b.dir, Now: b.now, Zone: time.UTC}
	write := func(c SampleConfig, ids ...string) {
		t.Helper()
		s := newSampler(c, o, func(err error) { t.Errorf("%v", err) })
		for _, id := range ids {
			m := whole(id, strings.Repeat(id, 100))
			s.offer(m, decide(m, []string{"alice@our.example"}, points(0)))
		}
		s.close(context.Background())
	}
	has := func(want ...string) {
		t.Helper()
		var got []string
		for _, path := range b.copies(t) {
			got = append(got, strings.TrimSuffix(filepath.Base(path), sampleSuffix))
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	write(c, "aaaa-0001", "aaaa-0002")
	b.mu.Lock()
	b.at = b.at.AddDate(0, 0, 1)
	b.mu.Unlock()
	write(c, "aaaa-0003", "aaaa-0004")
	has("aaaa-0002", "aaaa-0003", "aaaa-0004")
	b.mu.Lock()
	b.at = b.at.AddDate(0, 0, 2)
	b.mu.Unlock()
	write(c, "aaaa-0005")
	has("aaaa-0003", "aaaa-0004", "aaaa-0005")
	c.MaxSize = 600
	write(c, "aaaa-0006")
	if got := b.copies(t); len(got) > 3 || !strings.Contains(got[len(got)-1], "aaaa-0006") {
		t.Errorf("of 600 octets: %v", got)
	}
	b.mu.Lock()
	b.at = b.at.AddDate(0, 0, 5)
	b.mu.Unlock()
	write(c, "aaaa-0007")
	has("aaaa-0007")
}

// A folder that cannot be written costs copies, which are counted, and is told once; the session never waits.
func TestSamplesWithoutRoom(t *testing.T) {
	b := newBench(t, nil)
	if err := os.MkdirAll(Dir(b.dir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(Dir(b.dir), samplesName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	told := 0
	s := newSampler(all(2, 3, 1<<20), Options{StateDir: b.dir, Now: b.now, Zone: time.UTC}, func(error) { told++ })
	const n = 3 * mostWaitingSamples
	for i := range n {
		m := whole(fmt.Sprintf("aaaa-%04d", i), "x")
		s.offer(m, decide(m, []string{"alice@our.example"}, points(0)))
	}
	s.close(context.Background())
	if s.lost.Load() != n || told > 1 {
		t.Errorf("lost %d of %d, told %d times", s.lost.Load(), n, told)
	}
}

// What finds no room in memory is counted, without having been copied first.
func TestSamplesComeTooFast(t *testing.T) {
	s := &sampler{config: all(2, 3, 1<<20), now: time.Now, zone: time.UTC, queue: make(chan sample, 2)} // nobody writes
	m := whole("aaaa-0001", strings.Repeat("x", 100<<10))
	v := decide(m, []string{"alice@our.example"}, points(0))
	for range 2 {
		s.offer(m, v)
	}
	if allocs := testing.AllocsPerRun(10, func() { s.offer(m, v) }); allocs != 0 {
		t.Errorf("%v allocations for what finds no room", allocs)
	}
	if s.lost.Load() != 11 || !s.dropped.Load() || s.waiting.Load() < 200<<10 || s.waiting.Load() > 300<<10 {
		t.Errorf("lost %d, told %v, %d octets wait", s.lost.Load(), s.dropped.Load(), s.waiting.Load())
	}
}

// Where an old copy cannot be removed, there are no more of them until it is gone. What is not named like a copy is left alone.
func TestSamplesThatStay(t *testing.T) {
	b := newBench(t, nil)
	samples := filepath.Join(Dir(b.dir), samplesName)
	stays := filepath.Join(samples, "2016-11-01", "aaaa-0001"+sampleSuffix)
	if err := os.MkdirAll(filepath.Join(stays, "held"), 0o700); err != nil { // a folder that is not empty is not removed, not by root either
		t.Fatal(err)
	}
	foreign := []string{filepath.Join(samples, "2016-11-01", "notes.txt"), filepath.Join(samples, "README")}
	for _, name := range foreign {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var told []error
	s := newSampler(all(2, 3, 1<<20), Options{Now: b.now, Zone: time.UTC, StateDir: b.dir}, func(err error) { told = append(told, err) })
	for _, id := range []string{"aaaa-0002", "aaaa-0003"} {
		m := whole(id, "x")
		s.offer(m, decide(m, []string{"alice@our.example"}, points(0)))
	}
	s.close(context.Background())
	if s.lost.Load() != 2 || len(told) != 1 || told[0] == nil || !strings.Contains(told[0].Error(), stays) {
		t.Errorf("lost %d, told %v", s.lost.Load(), told)
	}
	if err := os.Remove(filepath.Join(stays, "held")); err != nil {
		t.Fatal(err)
	}
	if err := s.tidy(); err != nil || len(s.kept) != 0 {
		t.Errorf("it can go, and is kept: %v, %v", s.kept, err)
	}
	for _, name := range foreign {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
}

// What was kept ends with its days where the trail, or keeping copies, is off by then; nothing is written any more.
func TestWhatWasKeptEnds(t *testing.T) {
	for name, off := range map[string]func(*Config){
		"the trail is off":     func(c *Config) { c.Enabled = false },
		"copies are off":       func(c *Config) { c.KeepSamples = DefaultConfig().KeepSamples },
		"addresses are hashes": func(c *Config) { c.KeepSamples, c.Privacy = DefaultConfig().KeepSamples, Hashed },
	} {
		t.Run(name, func(t *testing.T) {
			var c Config
			var o Options
			b := newBench(t, func(config *Config, options *Options) {
				config.KeepSamples = all(7, 10, 1<<20)
				c, o = *config, *options
			})
			m := whole("aaaa-0001", "x")
			v := decide(m, []string{"alice@our.example"}, points(0))
			old := filter.InForce{"list zen": "one"}
			b.InForce(old)
			b.Message(m, v)
			if err := b.Close(t.Context()); err != nil || len(b.copies(t)) != 1 {
				t.Fatalf("%v, copies %v", err, b.copies(t))
			}
			b.mu.Lock()
			b.at = b.at.AddDate(0, 0, c.RetentionDays+2)
			b.mu.Unlock()
			off(&c)
			o.Zone = time.UTC
			b.open(t, c, o)
			b.InForce(filter.InForce{"list zen": "two"})
			b.Message(m, v)
			if err := b.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			left, _, err := days(Dir(b.dir))
			want := 1
			if !c.Enabled {
				want = 0
			}
			if err != nil || len(left) != want || len(b.copies(t)) != 0 {
				t.Errorf("days %v, want %d; copies %v; %v", left, want, b.copies(t), err)
			}
			if kept, err := ReadInForce(Dir(b.dir), old.Key()); kept != nil || err != nil {
				t.Errorf("what was in force: %v, %v", kept, err)
			}
		})
	}
}

func TestSampleConfig(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no share":    {func(c *Config) { c.KeepSamples.Refused = 1.5 }, "keep_samples: refused: 1.5 is no share"},
		"hashed":      {func(c *Config) { c.KeepSamples.Tagged, c.Privacy = 0.1, Hashed }, "with privacy: hashed keep none"},
		"days":        {func(c *Config) { c.KeepSamples.Days = 0 }, "keep_samples: days"},
		"max_count":   {func(c *Config) { c.KeepSamples.MaxCount = 0 }, "keep_samples: max_count"},
		"max_size":    {func(c *Config) { c.KeepSamples.MaxSize = 0 }, "keep_samples: max_size"},
		"one in none": {func(c *Config) { c.RefusedOneIn = 0 }, "refused_one_in: must be from 1"},
	} {
		c := DefaultConfig()
		test.change(&c)
		if faults := c.Validate(); len(faults) != 1 || !strings.Contains(faults[0].Error(), test.want) {
			t.Errorf("%s: got %v", name, faults)
		}
	}
}

// Of what is refused for its client one in so many is recorded, and says for how many it stands; all else is.
func TestRefusedOneIn(t *testing.T) {
	b := newBench(t, func(c *Config, _ *Options) { c.RefusedOneIn = 10 })
	list := filtertest.List("dnsbl", filter.Connect, "zen", zenHit)
	const n = 2000
	for i := range n {
		m := letter(fmt.Sprintf("%04d-%04d", i, i))
		b.Message(m, decide(m, []string{"alice@our.example"}, list))
	}
	for i := range 5 {
		m := letter(fmt.Sprintf("aaaa-%04d", i))
		b.Message(m, decide(m, []string{"alice@our.example"}, points(16)))
	}
	b.Flush(t.Context())
	found, err := Search(t.Context(), b.dir, time.UTC, Query{Limit: n})
	if err != nil {
		t.Fatal(err)
	}
	sum, alone := int64(0), 0
	for _, r := range found.Records {
		told := slices.ContainsFunc(r.Explain(time.UTC).Facts, func(f [2]string) bool { return f[0] == "stands for" && strings.HasPrefix(f[1], "10 decisions") })
		if told != (r.StandsFor() == 10) {
			t.Errorf("%s stands for %d, told: %v", r.ID, r.StandsFor(), told)
		}
		if r.StandsFor() == 1 {
			alone++
		} else {
			sum += r.StandsFor()
		}
	}
	if alone != 5 || sum < n/2 || sum > n*2 {
		t.Errorf("%d records stand for themselves, the others for %d", alone, sum)
	}
}
