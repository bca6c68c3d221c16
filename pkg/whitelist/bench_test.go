package whitelist_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/whitelist"
	"winnow/pkg/whitelist/whitelisttest"
)

// entries returns a file of n entries of every kind, as a large site's would be.
func entries(n int) string {
	var text strings.Builder
	for i := range n {
		switch i % 5 {
		case 0:
			fmt.Fprintf(&text, "user%d@example%d.org  # customer %d\n", i, i%1000, i)
		case 1:
			fmt.Fprintf(&text, "example%d.net\n", i)
		case 2:
			fmt.Fprintf(&text, ".example%d.com\n", i)
		case 3:
			fmt.Fprintf(&text, "10.%d.%d.0/24\n", i>>8&255, i&255)
		case 4:
			fmt.Fprintf(&text, "news@shop%d.example  to:user%d@our.example\n", i%100, i)
		}
	}
	return text.String()
}

// One recipient of a stranger's message: asked of 100,000 entries in each list, the auto-whitelist and a set.
func BenchmarkCheck(b *testing.B) {
	path := filepath.Join(b.TempDir(), "entries")
	if err := os.WriteFile(path, []byte(entries(100_000)), 0o600); err != nil {
		b.Fatal(err)
	}
	lists := whitelist.DefaultConfig()
	lists.Blacklist, lists.Whitelist = path, path
	all := lists
	all.Enabled = "set:filtered"
	lists.AutoWhitelist.Enabled = false

	store := whitelisttest.New(time.Now)
	store.AddMember("filtered", "our.example")
	most := make([]string, 1000)
	for i := range most {
		most[i] = fmt.Sprintf("friend%d@example.org", i)
	}
	if err := store.Remember(context.Background(), "user@our.example", most, time.Now(), time.Hour, len(most)); err != nil {
		b.Fatal(err)
	}
	benchmarks := []struct {
		name   string
		config whitelist.Config
		sender string
		hits   int
	}{
		{"lists/stranger", lists, "stranger@a.b.example.org", 0},
		{"lists/known", lists, "any@a.b.example2.com", 2},
		{"all/stranger", all, "stranger@a.b.example.org", 0},
		{"all/correspondent", all, "friend7@example.org", 1},
	}
	for _, bm := range benchmarks {
		b.Run(bm.name, func(b *testing.B) {
			stage, err := whitelist.New(bm.config, whitelist.Options{Store: store})
			if err != nil {
				b.Fatal(err)
			}
			defer stage.Close()
			m := incoming(bm.sender, "user+shop@our.example")
			ctx := context.Background()
			var results []filter.Result
			b.ReportAllocs()
			for b.Loop() {
				results = stage.Check(ctx, m)
			}
			hits := 0
			for _, r := range results {
				hits += len(r.Hits)
			}
			if hits != bm.hits {
				b.Errorf("got %d hits, want %d", hits, bm.hits)
			}
		})
	}
}

// The proof phase for one recipient: of a stranger's mail, of one in a long thread, of one that was made to cost much, and
// of a correspondent's.
func BenchmarkProof(b *testing.B) {
	store := whitelisttest.New(time.Now)
	if err := store.Remember(context.Background(), "user@our.example", []string{"friend@example.org"}, time.Now(), time.Hour, 10); err != nil {
		b.Fatal(err)
	}
	auth := &whitelisttest.Identifier{Of: func(*message.Message) *message.Identity { return identity("dkim:example.org") }}
	stage, err := whitelist.New(whitelist.DefaultConfig(), whitelist.Options{Store: store, Auth: auth.Use()})
	if err != nil {
		b.Fatal(err)
	}
	defer stage.Close()
	hostile := strings.Repeat("<a@b>", 20_000)
	for _, bm := range []struct {
		name, author string
		fields       []message.Field
	}{
		{"stranger", "a@pests.example", nil},
		{"thread", "a@pests.example", []message.Field{field("References", manyIDs(30)), field("In-Reply-To", "<1@else.example>")}},
		{"hostile", "a@pests.example", []message.Field{field("References", hostile), field("In-Reply-To", hostile)}},
		{"correspondent", "friend@example.org", nil},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				auth.Proved = auth.Proved[:0]
				stage.Proof().Check(context.Background(), whole("bounces@esp.example", bm.author, "user@our.example", bm.fields...))
			}
		})
	}
}

// What an outbound message costs its session.
func BenchmarkLearn(b *testing.B) {
	stage, err := whitelist.New(whitelist.DefaultConfig(), whitelist.Options{Store: whitelisttest.New(time.Now)})
	if err != nil {
		b.Fatal(err)
	}
	defer stage.Close()
	m := outgoing("user@our.example", "friend@example.org", "other@example.net")
	for i := range 30 {
		m.Header = append(m.Header, field(fmt.Sprintf("X-Field-%d", i), " a value"))
	}
	b.ReportAllocs()
	for b.Loop() {
		stage.Learn(m, accepted)
	}
}

// Reading 100,000 entries.
func BenchmarkLoad(b *testing.B) {
	path := filepath.Join(b.TempDir(), "entries")
	if err := os.WriteFile(path, []byte(entries(100_000)), 0o600); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := whitelist.Load(path, whitelist.Blacklist()); err != nil {
			b.Fatal(err)
		}
	}
}
