package rules

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"winnow/pkg/dns"
)

// A book is what the files say, by the name of the rule it is about. What is said of a rule may stand before the rule
// itself, or after one of its definitions that does not count; so it is put together at the end.
type book struct {
	rules map[string]*definition
	order []string // names, as they were defined first
	notes map[string]*notes
	lost  map[string]*Rule // definitions that are no good, or that a condition leaves out, by name; the first of each
}

type definition struct {
	rule   *Rule
	folder int
}

// notes is what is said of a rule outside its definition.
type notes struct {
	at       place // of the first
	describe string
	scores   *[4]float64
	flags    Flags
	priority int
	circuit  circuitKind
	tests    []testLine
}

func newBook() *book {
	return &book{rules: map[string]*definition{}, notes: map[string]*notes{}, lost: map[string]*Rule{}}
}

// define makes rule the one of its name, and returns the one that it replaces if that is of the same folder.
func (b *book) define(rule *Rule, folder int) (before *Rule) {
	old := b.rules[rule.Name]
	b.rules[rule.Name] = &definition{rule, folder}
	switch {
	case old == nil:
		b.order = append(b.order, rule.Name)
	case old.folder == folder:
		return old.rule
	}
	return nil
}

// lose keeps a definition that does not make a rule, for those who want to know what they do not have.
func (b *book) lose(rule *Rule, why string) {
	if b.lost[rule.Name] == nil && len(b.lost) < maxRules {
		rule.why = dns.HideKeys(why)
		b.lost[rule.Name] = rule
	}
}

// note returns the notes on the rule that a line begins with, and what else the line says.
func (r *reader) note(l line) (name, rest string, n *notes) {
	name, rest = cutWord(l.value)
	if !validName(name) {
		r.fault(l, "", fmt.Sprintf("%s: %q is no name of a rule", l.key, name), "write: "+l.key+" NAME ...")
		return name, rest, nil
	}
	if rest == "" {
		r.fault(l, name, l.key+": nothing behind the name", "")
		return name, rest, nil
	}
	if len(r.book.notes) >= maxNamed && r.book.notes[name] == nil {
		r.fault(l, name, fmt.Sprintf("%s: something is said of more than %d rules: this line is left out", l.key, maxNamed), "")
		return name, rest, nil
	}
	return name, rest, r.book.note(name, l.at)
}

// note returns the notes on a rule.
func (b *book) note(name string, at place) *notes {
	n := b.notes[name]
	if n == nil {
		n = &notes{at: at}
		b.notes[name] = n
	}
	return n
}

var scoreSyntax = regexp.MustCompile(`^(?:-?\d+(?:\.\d+)?|\(-?\d+(?:\.\d+)?\))$`)

// score reads one number, or four: without and with network, then both again with Bayes. In parentheses they are added to
// the scores that were set before.
func (r *reader) score(l line) {
	name, rest, n := r.note(l)
	if n == nil {
		return
	}
	words := strings.Fields(rest)
	if len(words) != 1 && len(words) != 4 {
		r.fault(l, name, fmt.Sprintf("score: %d numbers", len(words)), "write one, or four")
		return
	}
	var scores [4]float64
	relative := false
	for i := range scores {
		word := words[min(i, len(words)-1)]
		if !scoreSyntax.MatchString(word) {
			r.fault(l, name, fmt.Sprintf("score: %q is no number", word), "write it like 1.5, -2 or (0.5)")
			return
		}
		relative = relative || word[0] == '('
		scores[i], _ = strconv.ParseFloat(strings.Trim(word, "()"), 64)
		if math.Abs(scores[i]) > maxScore {
			r.fault(l, name, fmt.Sprintf("score: %.20q is beyond %d", word, maxScore), "")
			return
		}
	}
	if relative {
		if n.scores == nil {
			r.fault(l, name, "score: relative, and there is none yet to add it to", "")
			return
		}
		for i := range scores {
			scores[i] = max(-maxScore, min(scores[i]+n.scores[i], maxScore))
		}
	}
	n.scores = &scores
}

func (r *reader) describe(l line) {
	if _, rest, n := r.note(l); n != nil {
		n.describe = rest
	}
}

// inert are tflags that have no effect on what a rule finds here.
var inert = map[string]bool{
	"userconf": true, "noautolearn": true, "autolearn_body": true, "autolearn_force": true, "publish": true, "nopublish": true,
	"noawl": true, "nolog": true,
}

// tflags sets a rule's flags; they replace those of an earlier line.
func (r *reader) tflags(l line) {
	name, rest, n := r.note(l)
	if n == nil {
		return
	}
	n.flags = Flags{}
	for _, word := range strings.Fields(rest) {
		option, value, _ := strings.Cut(word, "=")
		switch {
		case word == "net":
			n.flags.Net = true
		case word == "learn":
			n.flags.Learn = true
		case word == "nice":
			n.flags.Nice = true
		case word == "multiple":
			n.flags.Multiple = true
		case word == "nosubject":
			n.flags.NoSubject = true
		case word == "concat":
			n.flags.Concat = true
		case n.flags.asking(word):
		case option == "range":
			if !n.flags.partRange(value) {
				r.fault(l, name, fmt.Sprintf("tflags: %q", word), "range= wants parts by number: 2, 2-5, 2- or -5")
			}
		case option == "maxhits":
			hits, err := strconv.Atoi(value)
			if err != nil || hits < 1 {
				r.fault(l, name, fmt.Sprintf("tflags: %q", word), "maxhits= wants a number from 1")
				continue
			}
			n.flags.MaxHits = min(hits, maxHits)
		case !inert[word]:
			r.warn(l, name, fmt.Sprintf("tflags: %q is not known: it has no effect", word), "")
		}
	}
}

// asking sets a flag of rules that ask lists. It returns false where the word is none.
func (f *Flags) asking(word string) bool {
	flag := map[string]*bool{"a": &f.A, "ns": &f.NS, "ips_only": &f.IPsOnly, "domains_only": &f.DomainsOnly, "notrim": &f.NoTrim}[word]
	if flag == nil {
		return false
	}
	*flag = true
	return true
}

func (r *reader) priority(l line) {
	if name, rest, n := r.note(l); n != nil {
		priority, err := strconv.Atoi(rest)
		if err != nil {
			r.fault(l, name, fmt.Sprintf("priority: %q is no whole number", rest), "")
			return
		}
		n.priority = priority
	}
}

// A testLine is a text that a rule is to hit, or not.
type testLine struct {
	at     place
	folder int
	hit    bool
	text   string
}

func (r *reader) test(l line) {
	name, rest, n := r.note(l)
	if n == nil {
		return
	}
	verdict, text := cutWord(rest)
	switch {
	case verdict != "ok" && verdict != "fail" || text == "":
		r.fault(l, name, "test: neither ok nor fail, or no text", "write: test NAME ok text that hits")
	case len(text) > maxTestText:
		r.fault(l, name, fmt.Sprintf("test: the text has more than %d octets", maxTestText), "make it a message in tests/")
	case len(n.tests) >= maxTests:
		r.fault(l, name, fmt.Sprintf("test: the rule has more than %d", maxTests), "")
	default:
		n.tests = append(n.tests, testLine{l.at, r.folderIndex, verdict == "ok", text})
	}
}
