package rules

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"winnow/pkg/message"
)

const stockRules = "/usr/share/spamassassin"

// stockFolders are SpamAssassin's rules, where they are installed.
func stockFolders(b *testing.B) []Folder {
	if _, err := os.Stat(stockRules); err != nil {
		b.Skip("SpamAssassin's rules are not installed")
	}
	return []Folder{{Name: stockRules, FS: os.DirFS(stockRules)}}
}

var simpleRule = regexp.MustCompile(`^\s*(body|rawbody|uri|header)\s+(\S+)\s+((?:\S+\s*=~\s*)?)(/.+/[ismx]*)\s*$`)

// rotated are rules like those of the folder: their patterns with each letter of a word replaced by another one. With them
// a set is as large as the stock rules and a large channel together.
func rotated(b *testing.B, folder fs.FS, shift int) string {
	files, err := fs.Glob(folder, "*.cf")
	if err != nil {
		b.Fatal(err)
	}
	var out strings.Builder
	for _, file := range files {
		text, err := fs.ReadFile(folder, file)
		if err != nil {
			b.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if parts := simpleRule.FindStringSubmatch(line); parts != nil && !strings.Contains(line, "<") && !strings.Contains(line, "%{") {
				out.WriteString(parts[1] + " " + parts[2] + "_" + string(rune('A'+shift)) + " " + parts[3] + rotate(parts[4], byte(shift)) + "\n")
			}
		}
	}
	return out.String()
}

// letterRun finds letters that stand for themselves: three or more, with no backslash or opening of a group before.
var letterRun = regexp.MustCompile(`[^\\a-z?:^<][a-z]{3,}`)

func rotate(pattern string, shift byte) string {
	return letterRun.ReplaceAllStringFunc(pattern, func(word string) string {
		turned := []byte(word)
		for i := 1; i < len(turned); i++ {
			turned[i] = 'a' + (turned[i]-'a'+shift)%26
		}
		return string(turned)
	})
}

// BenchmarkLoadStock loads SpamAssassin's rules, and three times as many: what a start costs, and the memory that a set
// takes.
func BenchmarkLoadStock(b *testing.B) {
	stock := stockFolders(b)
	many := append(stock, Folder{Name: "more", FS: fstest.MapFS{
		"a.cf": {Data: []byte(rotated(b, stock[0].FS, 3))}, "b.cf": {Data: []byte(rotated(b, stock[0].FS, 7))}, "c.cf": {Data: []byte(rotated(b, stock[0].FS, 11))},
	}})
	for _, c := range []struct {
		name    string
		folders []Folder
	}{{"stock", stock}, {"large", many}} {
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

// BenchmarkCorpus matches SpamAssassin's rules with real mail whose text was derived before: passes, patterns, evals and
// metas.
func BenchmarkCorpus(b *testing.B) {
	set, _ := Load(stockFolders(b), DefaultConfig())
	messages := corpus(b)
	for _, m := range messages {
		set.check(b.Context(), m)
	}
	b.ReportAllocs()
	next := 0
	for b.Loop() {
		set.check(b.Context(), messages[next%len(messages)])
		next++
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
