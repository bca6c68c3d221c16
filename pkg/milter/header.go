package milter

import (
	"slices"
	"strconv"
	"strings"

	gomilter "github.com/emersion/go-milter"

	"winnow/pkg/filter"
)

// A mark is a header field that says what winnow thinks of a message.
type mark struct {
	name  string
	value func(v *filter.Verdict) string // "" leaves the field out
}

// marks are the fields that winnow can write, in the order they get into the message. Names and forms are
// SpamAssassin's, which users' mail rules know.
var marks = []mark{
	{"X-Spam-Flag", flagValue},
	{"X-Spam-Status", statusValue},
	{"X-Spam-Level", levelValue},
	{"X-Spam-Score", scoreValue},
}

// Marks returns the names of the header fields that winnow can write.
func Marks() []string { return append(markNames(), resultsField) }

// markNames returns those that no sender may set in any form.
func markNames() []string {
	names := make([]string, len(marks))
	for i := range marks {
		names[i] = marks[i].name
	}
	return names
}

// findMark returns where in marks the field is, -1 where it is none.
func findMark(name string) int {
	for i := range marks {
		if strings.EqualFold(marks[i].name, name) {
			return i
		}
	}
	return -1
}

const (
	maxLevel   = 50  // stars; more say nothing more
	maxTests   = 200 // symbols that are named
	maxSymbol  = 100 // octets of one
	lineLength = 78  // RFC 5322, 2.1.1: a line should not be longer; it must not be longer than 998
)

func flagValue(v *filter.Verdict) string {
	if v.Action < filter.Tag {
		return ""
	}
	return "YES"
}

func scoreValue(v *filter.Verdict) string {
	if v.Class != filter.ClassScanned {
		return ""
	}
	return points(v.Total)
}

func levelValue(v *filter.Verdict) string {
	if v.Class != filter.ClassScanned {
		return ""
	}
	const hair = 1e-6 // binary fractions must not turn 5 into 4.999
	return strings.Repeat("*", int(max(0, min(v.Total+hair, maxLevel))))
}

func statusValue(v *filter.Verdict) string {
	class := "class=" + strings.ReplaceAll(v.Class.String(), " ", "-")
	answer := "No,"
	if v.Action >= filter.Tag {
		answer = "Yes,"
	}
	if v.Class != filter.ClassScanned {
		return answer + " " + class
	}
	words := []string{answer, " score=" + points(v.Total), " required=" + points(v.Threshold), " " + class}
	return fold(len("X-Spam-Status: "), append(words, tests(v)...))
}

// points writes a score as an operator does: 7.0, 0.01. Thousandths are as fine as scores get.
func points(score float64) string {
	s := strings.TrimRight(strconv.FormatFloat(score, 'f', 3, 64), "0")
	if strings.HasSuffix(s, ".") {
		s += "0"
	}
	if s == "-0.0" {
		return "0.0"
	}
	return s
}

// tests names what hit and counted, as words that a line may break between.
func tests(v *filter.Verdict) []string {
	var words []string
	more := false
	v.Each(func(_ *filter.Report, _ *filter.Result, hit *filter.Hit) {
		switch {
		case hit.Observe || hit.Score == 0 && hit.Action <= filter.Accept:
		case len(words) == maxTests:
			more = true
		default:
			words = append(words, strings.ReplaceAll(plain(hit.Symbol, maxSymbol), " ", "_")+",")
		}
	})
	if len(words) == 0 {
		return []string{" tests=none"}
	}
	if more {
		words = append(words, "more,")
	}
	last := len(words) - 1
	words[last] = strings.TrimSuffix(words[last], ",")
	words[0] = " tests=" + words[0]
	return words
}

// fold joins words to a value whose lines are at most lineLength long, where the words allow it. The first line has
// column octets before it already.
func fold(column int, words []string) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 && column+len(w) > lineLength {
			b.WriteString("\n\t")
			column = 1 // RFC 5322 counts octets, so a tab is one
			w = strings.TrimPrefix(w, " ")
		}
		b.WriteString(w)
		column += len(w)
	}
	return b.String()
}

// A marker puts our header fields into messages, and takes out what senders put in by those names.
type marker struct {
	write   []mark
	results bool     // Authentication-Results are written, too
	ours    []string // names that no sender may set
}

func newMarker(c *Config) *marker {
	m := &marker{ours: markNames()}
	m.results = slices.ContainsFunc(c.Headers, func(name string) bool { return strings.EqualFold(name, resultsField) })
	for i := range marks {
		for _, name := range c.Headers {
			if findMark(name) == i {
				m.write = append(m.write, marks[i])
				break
			}
		}
	}
	m.ours = append(m.ours, c.RemoveHeaders...)
	return m
}

// index returns which of our names a field has, -1 for none of them.
func (m *marker) index(name string) int {
	for i, ours := range m.ours {
		if len(ours) == len(name) && strings.EqualFold(ours, name) {
			return i
		}
	}
	return -1
}

// apply removes the sender's copies, of which copies[i] have the name ours[i], and writes what the verdict says. It
// ignores the modifier's errors: writes never fail, see conn.
func (m *marker) apply(mod *gomilter.Modifier, o options, copies []int, v *filter.Verdict) {
	if o.may(gomilter.OptChangeHeader) {
		for i, n := range copies {
			// The index counts fields of that name; from the last to the first none of them moves meanwhile.
			for ; n > 0; n-- {
				_ = mod.ChangeHeader(n, m.ours[i], "")
			}
		}
	}
	if !o.may(gomilter.OptAddHeader) {
		return
	}
	for _, f := range m.write {
		if value := f.value(v); value != "" {
			_ = mod.AddHeader(f.name, o.blank()+value)
		}
	}
}
