package rules

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"winnow/pkg/message"
	"winnow/pkg/rules/rulestest"
)

const stockRules = "/usr/share/spamassassin"

// stockFolders are SpamAssassin's rules, where they are installed.
func stockFolders(b *testing.B) []Folder {
	if _, err := os.Stat(stockRules); err != nil {
		b.Skip("SpamAssassin's rules are not installed")
	}
	return []Folder{{Name: stockRules, FS: os.DirFS(stockRules)}}
}

// largeFolders are as large as the stock rules and a large channel together.
func largeFolders(b *testing.B) []Folder {
	stock := stockFolders(b)
	files, err := rulestest.Large(stock[0].FS)
	if err != nil {
		b.Fatal(err)
	}
	more := fstest.MapFS{}
	for name, text := range files {
		more[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return append(stock, Folder{Name: "more", FS: more})
}

// BenchmarkLoadStock loads SpamAssassin's rules, and nearly three times as many: what a start costs, and the memory that a
// set takes.
func BenchmarkLoadStock(b *testing.B) {
	for _, c := range []struct {
		name    string
		folders []Folder
	}{{"stock", stockFolders(b)}, {"large", largeFolders(b)}} {
		b.Run(c.name, func(b *testing.B) {
			var set *Set
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			for b.Loop() {
				set, _ = Load(c.folders, DefaultConfig())
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			patterns := 0
			for _, rule := range set.rules {
				if rule.pattern != nil {
					patterns++
				}
			}
			b.ReportMetric(float64(patterns), "patterns")
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MB")
		})
	}
}

// corpus reads the messages of the directory that WINNOW_CORPUS names.
func corpus(b *testing.B) []*message.Message {
	dir := os.Getenv("WINNOW_CORPUS")
	if dir == "" {
		b.Skip("WINNOW_CORPUS names no directory of messages")
	}
	const most = 2000
	var all []*message.Message
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || len(all) == most {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if m, err := message.Parse(strings.NewReader(string(text)), int64(len(text))); err == nil {
			all = append(all, m)
		}
		return nil
	})
	if err != nil || len(all) == 0 {
		b.Fatalf("%d messages in %s, error %v", len(all), dir, err)
	}
	return all
}

// BenchmarkCorpus matches SpamAssassin's rules, and nearly three times as many, with real mail whose text was derived
// before: passes, patterns, evals and metas.
func BenchmarkCorpus(b *testing.B) {
	messages := corpus(b)
	for _, c := range []struct {
		name    string
		folders []Folder
	}{{"stock", stockFolders(b)}, {"large", largeFolders(b)}} {
		b.Run(c.name, func(b *testing.B) {
			set, _ := Load(c.folders, DefaultConfig())
			for _, m := range messages {
				set.check(b.Context(), m)
			}
			b.ReportAllocs()
			next := 0
			for b.Loop() {
				set.check(b.Context(), messages[next%len(messages)])
				next++
			}
		})
	}
}

// BenchmarkStock is BenchmarkMessage with SpamAssassin's rules.
func BenchmarkStock(b *testing.B) {
	set, _ := Load(stockFolders(b), DefaultConfig())
	for _, c := range []struct{ name, text string }{{"newsletter", newsletter()}, {"letter", letter}} {
		b.Run(c.name, func(b *testing.B) {
			m := mustParse(b, c.text)
			set.check(b.Context(), m)
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				set.check(b.Context(), m)
			}
		})
	}
}
