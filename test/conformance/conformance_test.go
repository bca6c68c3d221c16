// Package conformance holds rules to SpamAssassin's own verdicts. The mails, written for this, are in mail/*.txtar; what
// SpamAssassin found in them stands in golden/: own.jsonl with the rules of rules/, which have each type of rule and each
// function, and stock.jsonl with SpamAssassin's stock rules, which are compared where Debian's package is installed.
//
// `make conformance` has SpamAssassin make the goldens anew, and compares a whole corpus where there is one.
package conformance

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"
	"golang.org/x/tools/txtar"

	"winnow/pkg/message"
	"winnow/pkg/rules"
)

var (
	update = flag.Bool("update", false, "have SpamAssassin make the goldens anew")
	corpus = flag.String("corpus", "", "also compare the mails of this folder, by the golden file of -golden")
	golden = flag.String("golden", "", "SpamAssassin's verdicts on the corpus: JSON lines with file and hits, may be compressed")
)

// stockFolder is where Debian puts SpamAssassin's rules.
const stockFolder = "/usr/share/spamassassin"

// A mail is a message file.
type mail struct {
	name string
	text []byte
}

// mails reads the archives.
func mails(t testing.TB) []mail {
	t.Helper()
	names, err := filepath.Glob("mail/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no mails: %v", err)
	}
	var all []mail
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range txtar.Parse(data).Files {
			all = append(all, mail{strings.TrimSuffix(filepath.Base(name), ".txtar") + "/" + f.Name, f.Data})
		}
	}
	return all
}

// A verdict is what somebody found in one mail. The first line of a golden is about its making.
type verdict struct {
	File     string   `json:"file,omitempty"`
	Hits     []string `json:"hits,omitempty"`
	Subrules []string `json:"subrules,omitempty"`
	Score    float64  `json:"score,omitempty"`

	Version string `json:"version,omitempty"` // of SpamAssassin
	Rules   string `json:"rules,omitempty"`   // digest of the rule files
}

// readGolden reads a golden: what it was made with, and the verdicts by file.
func readGolden(in io.Reader) (made verdict, byFile map[string]verdict, err error) {
	byFile = map[string]verdict{}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var v verdict
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			return made, nil, err
		}
		if v.File == "" {
			made = v
			continue
		}
		byFile[v.File] = v
	}
	return made, byFile, lines.Err()
}

// load loads rules as a filter that asks no network does.
func load(t testing.TB, dir string) *rules.Set {
	t.Helper()
	config := rules.DefaultConfig()
	config.Shipped, config.Network, config.Folders = false, false, []string{dir}
	set, _ := rules.Load(config.Open(nil), config)
	if set.Running() == 0 {
		t.Fatalf("%s has no rules", dir)
	}
	return set
}

// find returns what we find in a mail; the subrules, too, where they are wanted.
func find(t testing.TB, set *rules.Set, m mail, subrules bool) verdict {
	t.Helper()
	parsed, err := message.Parse(bytes.NewReader(m.text), 0)
	if err != nil {
		t.Fatal(err)
	}
	stored(set, parsed)
	v := verdict{File: m.name}
	for _, result := range rules.NewStage(set).Check(t.Context(), parsed) {
		if result.Err != nil {
			t.Errorf("%s: %s: %v", m.name, result.Source, result.Err)
		}
		for _, hit := range result.Hits {
			v.Hits, v.Score = append(v.Hits, hit.Symbol), v.Score+hit.Score
		}
	}
	if !subrules {
		return v
	}
	for _, result := range set.Subrules(t.Context(), parsed) {
		for _, hit := range result.Hits {
			v.Subrules = append(v.Subrules, hit.Symbol)
		}
	}
	return v
}

func TestOwnRules(t *testing.T)   { compareWith(t, "own", "rules") }
func TestStockRules(t *testing.T) { compareWith(t, "stock", stockFolder) }

// compareWith holds the mails to a golden that was made with the rules of a folder.
func compareWith(t *testing.T, name, dir string) {
	digest := digestOf(dir)
	if digest == "" {
		t.Skipf("%s is not there: install Debian's package spamassassin", dir)
	}
	file := filepath.Join("golden", name+".jsonl")
	if *update {
		makeGolden(t, mails(t), file, dir, digest)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	made, want, err := readGolden(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if made.Rules != digest {
		t.Skipf("the rules in %s are others than those that %s was made with: make conformance", dir, file)
	}
	set, c := load(t, dir), comparison{rules: map[string]*difference{}}
	known := knownDifferences(t)
	for _, m := range mails(t) {
		got := find(t, set, m, true)
		golden, found := want[m.name]
		if !found {
			t.Fatalf("%s is not in %s: make conformance", m.name, file)
		}
		c.add(got, golden, known)
	}
	t.Logf("%s rules, SpamAssassin %s:\n%s", name, made.Version, c.String())
	if c.wrong > 0 {
		t.Errorf("%d differences that known.txt does not name:\n%s", c.wrong, strings.Join(c.lines, "\n"))
	}
}

// digestOf is the digest of the rule files of a folder, "" where there are none.
func digestOf(dir string) string {
	names, _ := filepath.Glob(filepath.Join(dir, "*.cf"))
	if len(names) == 0 {
		return ""
	}
	sum := sha256.New()
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return ""
		}
		fmt.Fprintf(sum, "%s %d\n%s", filepath.Base(name), len(data), data)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// knownDifferences reads known.txt: lines with a rule, or a mail and a rule, and the cause behind a #.
func knownDifferences(t testing.TB) map[string]bool {
	t.Helper()
	data, err := os.ReadFile("known.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		if words := strings.Fields(line); len(words) > 0 {
			known[strings.Join(words, " ")] = true
		}
	}
	return known
}

// makeGolden has SpamAssassin judge mails. more is what golden.pl is told beside the rules.
func makeGolden(t *testing.T, mails []mail, file, dir, digest string, more ...string) {
	t.Helper()
	root := t.TempDir()
	var list, out, complaints bytes.Buffer
	for _, m := range mails {
		path := filepath.Join(root, m.name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, m.text, 0o600); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&list, m.name)
	}
	script, err := filepath.Abs("golden.pl")
	if err != nil {
		t.Fatal(err)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "perl", append([]string{script, dir}, more...)...)
	c.Dir, c.Stdin, c.Stdout, c.Stderr = root, &list, &out, &complaints
	if err := c.Run(); err != nil {
		t.Fatalf("golden.pl: %v\n%s", err, complaints.String())
	}
	head, rest, _ := bytes.Cut(out.Bytes(), []byte("\n"))
	var made verdict
	if err := json.Unmarshal(head, &made); err != nil {
		t.Fatal(err)
	}
	made.Rules = digest
	if head, err = json.Marshal(made); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, slices.Concat(head, []byte("\n"), rest), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A comparison adds up how verdicts differ.
type comparison struct {
	mails, same, sameSubrules, sameSide, closeScore int
	hits, missed, extra, subrules                   int
	wrong                                           int // differences that nobody knows of
	lines                                           []string
	rules                                           map[string]*difference
}

type difference struct{ missed, extra, golden int }

// spam is where SpamAssassin calls a mail spam.
const spam = 5.0

func (c *comparison) add(got, want verdict, known map[string]bool) {
	c.mails++
	missed, extra := without(want.Hits, got.Hits), without(got.Hits, want.Hits)
	if len(missed)+len(extra) == 0 {
		c.same++
	}
	subMissed, subExtra := without(want.Subrules, got.Subrules), without(got.Subrules, want.Subrules)
	if len(subMissed)+len(subExtra) == 0 {
		c.sameSubrules++
	}
	if (got.Score > spam-0.05) == (want.Score >= spam) { // SpamAssassin's is rounded to a tenth
		c.sameSide++
	}
	if d := got.Score - want.Score; d < 0.15 && d > -0.15 {
		c.closeScore++
	}
	c.subrules += len(want.Subrules)
	c.hits, c.missed, c.extra = c.hits+len(want.Hits), c.missed+len(missed), c.extra+len(extra)
	for _, rule := range want.Hits {
		c.of(rule).golden++
	}
	for _, rule := range slices.Concat(missed, subMissed) {
		c.of(rule).missed++
		c.differs(got.File, rule, "missed", known)
	}
	for _, rule := range slices.Concat(extra, subExtra) {
		c.of(rule).extra++
		c.differs(got.File, rule, "too many", known)
	}
}

func (c *comparison) differs(file, rule, how string, known map[string]bool) {
	if known[rule] || known[file+" "+rule] {
		return
	}
	c.wrong++
	c.lines = append(c.lines, fmt.Sprintf("  %s %s: %s", file, rule, how))
}

func (c *comparison) of(rule string) *difference {
	if c.rules[rule] == nil {
		c.rules[rule] = &difference{}
	}
	return c.rules[rule]
}

// without returns what is in a and not in b, once each.
func without(a, b []string) []string {
	var all []string
	for _, name := range a {
		if !slices.Contains(b, name) && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// String writes the figures, then the rules that differ most.
func (c *comparison) String() string {
	var b strings.Builder
	part := func(what string, n, of int) {
		fmt.Fprintf(&b, "%-26s %8.2f %%  (%d of %d)\n", what, 100*float64(n)/float64(max(of, 1)), n, of)
	}
	part("same set of hits", c.same, c.mails)
	if c.subrules > 0 {
		part("same set of subrules", c.sameSubrules, c.mails)
	}
	part("score within 0.15", c.closeScore, c.mails)
	part(fmt.Sprintf("same side of %.1f", spam), c.sameSide, c.mails)
	part("hits found", c.hits-c.missed, c.hits)
	part("hits too many", c.extra, c.hits)
	names := slices.SortedFunc(maps.Keys(c.rules), func(x, y string) int {
		a, b := c.rules[x], c.rules[y]
		return cmp.Or(cmp.Compare(b.missed+b.extra, a.missed+a.extra), strings.Compare(x, y))
	})
	const most = 25
	for _, name := range names[:min(most, len(names))] {
		if d := c.rules[name]; d.missed+d.extra > 0 {
			fmt.Fprintf(&b, "%6d missed %6d too many %6d in golden  %s\n", d.missed, d.extra, d.golden, name)
		}
	}
	return b.String()
}

// TestCorpus compares the mails of a corpus with verdicts on them that somebody has. It fails below what we promise.
func TestCorpus(t *testing.T) {
	if *corpus == "" || *golden == "" {
		t.Skip("wants -corpus and -golden: make conformance")
	}
	in, err := openGolden(*golden)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	_, want, err := readGolden(in)
	if err != nil {
		t.Fatal(err)
	}
	set, c := load(t, stockFolder), comparison{rules: map[string]*difference{}}
	var adding sync.Mutex
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for _, name := range slices.Sorted(maps.Keys(want)) {
		work.Go(func() error {
			text, err := os.ReadFile(filepath.Join(*corpus, name))
			if err != nil {
				return nil // a corpus may be there in parts
			}
			got := find(t, set, mail{name, text}, false)
			adding.Lock()
			defer adding.Unlock()
			c.add(got, want[name], nil)
			return nil
		})
	}
	_ = work.Wait()
	t.Logf("corpus:\n%s", c.String())
	const promised = 0.99 // of messages with the same set of hits: docs/rules.md
	if c.mails == 0 || float64(c.same) < promised*float64(c.mails) {
		t.Errorf("%d of %d mails have the same hits, want %g", c.same, c.mails, promised)
	}
}

// openGolden opens a golden, through zcat where it is compressed.
func openGolden(name string) (io.ReadCloser, error) {
	if !strings.HasSuffix(name, ".gz") {
		return os.Open(name)
	}
	text, err := exec.Command("zcat", name).Output()
	return io.NopCloser(bytes.NewReader(text)), err
}
