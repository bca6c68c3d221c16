package trail

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/filter/filtertest"
	"winnow/pkg/message"
)

// scannedVerdict is what a usual message leaves: six lists, two of which hit, and three rules.
func scannedVerdict() (*message.Message, *filter.Verdict) {
	m := letter("w7k2-9fqx")
	list := func(stage string, at filter.Phase, names ...string) filter.Stage {
		return &filtertest.Stage{Named: stage, At: at, Answer: func(context.Context, *message.Message) []filter.Result {
			var all []filter.Result
			for i, name := range names {
				r := filter.Result{Source: name, Asked: 1, Took: 3 * time.Millisecond}
				if i == 1 {
					hit := zenHit
					hit.Action = filter.None
					r.Hits, r.Answers = []filter.Hit{hit}, []filter.Answer{{Ask: "client", Name: hit.Detail, Codes: []netip.Addr{netip.MustParseAddr("127.0.0.4")}}}
				}
				all = append(all, r)
			}
			return all
		}}
	}
	v := decide(m, []string{"alice@our.example"}, list("dnsbl", filter.Connect, "zen", "ivmsip"), list("dnsbl_content", filter.Content, "barracuda", "psky"),
		list("uribl", filter.Content, "uribl", "surbl", "dbl"),
		filtertest.Rules(filter.Hit{Symbol: "ONE", Score: 1, Detail: "body: \"one\""}, filter.Hit{Symbol: "TWO", Score: 0.5, Detail: "body: \"two\""}, filter.Hit{Symbol: "THREE", Score: 2}))
	m.Identify(context.Background(), func() *message.Identity {
		return &message.Identity{SPF: message.SPF{Domain: "sender.example", Reason: "ip4:192.0.2.0/24"}, DKIM: []message.Signature{{Domain: "sender.example", Selector: "s1", Algorithm: "rsa-sha256", Bits: 2048}}}
	})
	return m, v
}

// What a session pays for having a message recorded, whose header nobody has looked at; "making the message" is to be taken off.
func BenchmarkMessage(b *testing.B) {
	_, v := scannedVerdict()
	b.Run("making the message", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			letter("w7k2-9fqx")
		}
	})
	b.Run("and having it recorded", func(b *testing.B) { benchmarkMessage(b, newBench(b, nil), v) })
}

func benchmarkMessage(b *testing.B, t *bench, v *filter.Verdict) {
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		t.Message(letter("w7k2-9fqx"), v)
		if i%1000 == 0 {
			t.mu.Lock()
			t.waiting, t.weight = t.waiting[:0], 0
			t.mu.Unlock()
		}
	}
}

// What the writer does for each: in the second line, where the client was refused at RCPT.
func BenchmarkWrite(b *testing.B) {
	scanned, v := scannedVerdict()
	refused := decide(letter("w7k2-9fqx"), []string{"alice@our.example"}, filtertest.List("dnsbl", filter.Connect, "zen", zenHit))
	for name, each := range map[string]*filter.Verdict{"scanned": v, "refused": refused} {
		b.Run(name, func(b *testing.B) {
			c := DefaultConfig()
			n := c.noteMessage(scanned, each)
			n.at = noon
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				size = len(plainly.record(&n).line())
			}
			b.ReportMetric(float64(size), "octets/record")
		})
	}
}

// dayRecords is how many records the generated day has: a million by TRAIL_RECORDS=1000000.
func dayRecords() int {
	if n, err := strconv.Atoi(os.Getenv("TRAIL_RECORDS")); err == nil {
		return n
	}
	return 20_000
}

// writeDay writes a day of scanned messages, each with an id, a client, a sender and a recipient of its own choice, and
// returns some words to look for, which stand in the middle of it.
func writeDay(tb testing.TB, dir string) map[string][]string {
	tb.Helper()
	m, v := scannedVerdict()
	plain := string(recordOf(&plainly, m, v).line())
	if err := os.MkdirAll(Dir(dir), 0o700); err != nil {
		tb.Fatal(err)
	}
	f, err := os.Create(filepath.Join(Dir(dir), "2026-11-26.jsonl"))
	if err != nil {
		tb.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	n := dayRecords()
	words := map[string][]string{}
	var out bytes.Buffer
	for i := range n {
		id := fmt.Sprintf("%04x-%04x", i>>16, i&0xffff)
		client := netip.AddrFrom4([4]byte{byte(1 + random.IntN(200)), byte(random.IntN(256)), byte(random.IntN(256)), byte(random.IntN(256))}).String()
		sender, recipient := fmt.Sprintf("s%d@sender.example", random.IntN(n)), fmt.Sprintf("r%d@our.example", random.IntN(10_000))
		at := noon.Add(time.Duration(i) * 12 * time.Hour / time.Duration(n)).Format(time.RFC3339)
		line := plain
		for _, change := range [][2]string{{"w7k2-9fqx", id}, {"192.0.2.4\",\"name", client + "\",\"name"}, {"bob@sender.example", sender}, {"alice@our.example", recipient}, {"2026-11-26T12:00:00Z", at}} {
			line = replaceAll(line, change[0], change[1])
		}
		out.WriteString(line)
		if i == n/2 {
			words = map[string][]string{"id": {id}, "client": {client}, "network": {client[:len(client)-len(filepath.Ext(client))] + ".0/24"}, "sender and recipient": {sender, recipient}, "none such": {"zzzz-zzzz"}, "recipient": {recipient}}
		}
		if out.Len() > 1<<20 || i == n-1 {
			if _, err := out.WriteTo(f); err != nil {
				tb.Fatal(err)
			}
		}
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	return words
}

func replaceAll(text, old, with string) string {
	return string(bytes.ReplaceAll([]byte(text), []byte(old), []byte(with)))
}

// A day is searched as it is written, then packed, then searched so.
func BenchmarkSearch(b *testing.B) {
	dir := b.TempDir()
	words := writeDay(b, dir)
	size := func() float64 {
		all, _, err := days(Dir(dir))
		if err != nil {
			b.Fatal(err)
		}
		return float64(all[0].size) / (1 << 20)
	}
	search := func(b *testing.B) {
		for name, each := range words {
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					r, err := Search(b.Context(), dir, time.UTC, Query{Words: each})
					if err != nil || (len(r.Records) == 0) != (name == "none such") {
						b.Fatalf("%d records, %v, %v", len(r.Records), r.Notes, err)
					}
				}
				b.ReportMetric(size(), "MB/day")
			})
		}
	}
	b.Run("plain", search)
	start := time.Now()
	all, _, err := days(Dir(dir))
	if err == nil {
		err = all[0].pack(b.Context(), all[0].plain)
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d records were packed in %v", dayRecords(), time.Since(start).Round(time.Millisecond))
	b.Run("packed", search)
}
