package replay

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/trail"
)

// dayRecords is how many records the generated day has: a million by REPLAY_RECORDS=1000000.
func dayRecords() int {
	if n, err := strconv.Atoi(os.Getenv("REPLAY_RECORDS")); err == nil {
		return n
	}
	return 20_000
}

// BenchmarkRun decides a day again by which no list of links is on any more: of each record in turn one of four sorts.
func BenchmarkRun(b *testing.B) {
	p := plainPlan()
	s := build(b, b.TempDir(), &p, newStore(b))
	defer s.close(b)
	var lines []string
	for _, l := range []letter{
		{client: "192.0.2.1", body: "two many http://black.example/x"}, {client: "192.0.2.8", body: "one alpha beta"},
		{client: "192.0.2.2", body: "two"}, {client: "192.0.2.3", body: "two"},
	} {
		l.sender, l.from, l.recipients = "x@stranger.example", "x@stranger.example", []string{"alice@our.example"}
		m, v := s.take(&l, "IDENTITY")
		line, err := json.Marshal(trail.NewRecord(m, v, noon))
		if err != nil {
			b.Fatal(err)
		}
		lines = append(lines, string(line)+"\n")
	}
	dir := b.TempDir()
	f, err := os.Create(filepath.Join(dir, "2026-11-26.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	out := bufio.NewWriter(f)
	n := dayRecords()
	for i := range n {
		_, _ = out.WriteString(strings.ReplaceAll(lines[i%len(lines)], "IDENTITY", fmt.Sprintf("%04x-%04x", i>>16, i&0xffff))) // Flush tells
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	changed := p
	changed.lists = edited(p.lists, "name: links,", "name: links, enabled: no,")
	now := build(b, b.TempDir(), &changed, newStore(b))
	defer now.close(b)
	checks := now.checks(s)
	checks.Then = func(string) (filter.InForce, error) { return s.inForce, nil }
	b.ResetTimer()
	for b.Loop() {
		r, err := Run(b.Context(), checks, Request{Dir: dir, Zone: time.UTC})
		if err != nil || int(r.Records.Messages) != n {
			b.Fatalf("%+v, %v", r, err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(peakMemory(), "MB-peak")
}

// peakMemory is the most memory that this process ever had, in MB; 0 where the system does not tell.
func peakMemory() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kb, _ := strconv.ParseFloat(fields[0], 64)
	return kb / 1024
}
