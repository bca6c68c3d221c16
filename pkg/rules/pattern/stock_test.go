package pattern

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const stockRules = "/usr/share/spamassassin"

// ruleLine finds a pattern between slashes or braces at the end of a line.
var ruleLine = regexp.MustCompile(`(?m)^\s*(?:body|rawbody|uri|full|header|mimeheader)\s+\S+\s+(?:\S+\s*[=!]~\s*)?(?:/(.+)/|m\{(.+)\})([ismx]*)\s*(?:\[if-unset.*)?$`)

// stockPatterns reads the patterns of SpamAssassin's rules, if they are installed.
func stockPatterns(t testing.TB) (questions []question) {
	files, _ := filepath.Glob(filepath.Join(stockRules, "*.cf"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range ruleLine.FindAllStringSubmatch(string(text), -1) {
			source := strings.ReplaceAll(match[1]+match[2], `\#`, "#")
			if !strings.Contains(source, "%{") {
				questions = append(questions, question{pattern: source, flags: match[3]})
			}
		}
	}
	if len(questions) == 0 {
		t.Skip("SpamAssassin's rules are not installed: the comparison over them is left out")
	}
	return questions
}

// A sampler writes a text that a tree matches, if its assertions and lookarounds allow.
type sampler struct {
	r      *rand.Rand
	out    strings.Builder
	groups map[int]string
}

func (s *sampler) node(n *node) {
	switch n.op {
	case opOctet:
		s.octet(n.set)
	case opConcat:
		for _, sub := range n.subs {
			s.node(sub)
		}
	case opAlternate:
		s.node(n.subs[s.r.IntN(len(n.subs))])
	case opRepeat:
		times := n.min + s.r.IntN(3)
		if n.max != unbounded {
			times = min(times, n.max)
		}
		for range min(times, 300) {
			s.node(n.subs[0])
		}
	case opGroup:
		start := s.out.Len()
		s.node(n.subs[0])
		s.groups[n.group] = s.out.String()[start:]
	case opAtomic:
		s.node(n.subs[0])
	case opBackRef:
		s.out.WriteString(s.groups[n.refs[0]])
	}
}

// octet takes one of a set, a plain character where there is one.
func (s *sampler) octet(set set) {
	from := set.both(graph.union(single(' ')))
	if from.size() == 0 || s.r.IntN(20) == 0 {
		from = set
	}
	skip := s.r.IntN(max(from.size(), 1))
	for c := range from.all {
		if skip--; skip < 0 {
			s.out.WriteByte(c)
			return
		}
	}
}

// TestStockPatternsAsPerl asks Perl about every pattern of SpamAssassin's rules, on texts that it is made to match or nearly
// does.
func TestStockPatternsAsPerl(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	var questions []question
	for _, q := range stockPatterns(t) {
		tree, _, err := parse(q.pattern, q.flags)
		if err != nil {
			t.Errorf("/%s/%s: %v", q.pattern, q.flags, err)
			continue
		}
		for range 3 {
			s := sampler{r: r, groups: map[int]string{}}
			s.out.WriteString([]string{"", "x", "see: ", "Hello\n"}[r.IntN(4)])
			s.node(tree)
			s.out.WriteString([]string{"", " ", "\n", " more of it\n"}[r.IntN(4)])
			q.text = s.out.String()
			questions = append(questions, q)
		}
	}
	if n := compareWithPerl(t, questions); n > 0 {
		t.Errorf("%d not supported", n)
	}
	var m Machine
	matched := 0
	for _, q := range questions {
		if p, err := Compile(q.pattern, q.flags); err == nil && m.Match(p, q.text) {
			matched++
		}
	}
	if matched < len(questions)/2 {
		t.Errorf("%d of %d texts match: the comparison says little", matched, len(questions))
	}
	t.Logf("%d texts, %d match", len(questions), matched)
}

// TestStockPatternsLoseNothing matches each pattern of SpamAssassin's rules with a finder of all and without.
func TestStockPatternsLoseNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	var patterns []*Pattern
	var texts []string
	for _, q := range stockPatterns(t) {
		p, err := Compile(q.pattern, q.flags)
		if err != nil {
			continue // the other test tells
		}
		tree, _, _ := parse(q.pattern, q.flags)
		s := sampler{r: r, groups: map[int]string{}}
		s.node(tree)
		patterns, texts = append(patterns, p), append(texts, s.out.String())
	}
	finder := NewFinder(patterns)
	var m Machine
	var spots Spots
	for i := range patterns {
		own := []string{texts[i], "x " + texts[i] + "\n", texts[r.IntN(len(texts))]}
		spots.Scan(finder, own)
		for _, j := range []int{i, r.IntN(len(patterns)), r.IntN(len(patterns))} {
			want, wantFirst := CountIn(&m, patterns[j], own, 0, 5)
			if got, first := spots.Count(&m, j, 0, 5); got != want || first != wantFirst {
				t.Errorf("pattern %d on %q: got %d %v, want %d %v", j, own, got, first, want, wantFirst)
			}
		}
	}
}

// BenchmarkPass looks through a text for what all of SpamAssassin's patterns, or a few, are found by.
func BenchmarkPass(b *testing.B) {
	var patterns []*Pattern
	for _, q := range stockPatterns(b) {
		if p, err := Compile(q.pattern, q.flags); err == nil {
			patterns = append(patterns, p)
		}
	}
	text := strings.Repeat("Our offer is better than last week's: fresh bread and cheese from the Alps.\nSee https://shop.example.org/offer/17 for the price, which is valid until Sunday.\n", 64)
	for _, n := range []int{len(patterns), 50} {
		finder := NewFinder(patterns[:n])
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			var s Spots
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				s.Scan(finder, []string{text})
			}
		})
	}
}
