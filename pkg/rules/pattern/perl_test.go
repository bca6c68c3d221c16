package pattern

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
)

// A question is put to Perl and to us.
type question struct{ pattern, flags, text string }

// perlProgram answers questions as SpamAssassin would: qr/.../aa over octets, and a warning refuses the pattern.
const perlProgram = `
use strict; use warnings;
while (my $line = <STDIN>) {
	chomp $line;
	my ($re, $flags, $text) = map { pack 'H*', $_ } split /\t/, $line, -1;
	# the optimiser of Perl 5.36 takes a lookahead at the beginning that may be empty for one that is not
	$re = "(?:|(?!))(?:$re)" if $re =~ /\(\?=/;
	$re = "(?$flags)$re" if $flags ne '';
	my $compiled = eval {
		local $SIG{__WARN__} = sub { die $_[0] unless $_[0] =~ /deprecated/i };
		qr/$re/aa;
	};
	if (!defined $compiled) { print "invalid\n"; next }
	if ($text !~ $compiled) { print "no match\n"; next }
	my ($start, $end, $count) = ($-[0], $+[0], 0);
	my @groups = map { my ($s, $e) = ($-[$_], $+[$_]); defined $s ? "$s-$e" : '?' } 1 .. $#-;
	$count++ while $count < 1000 && $text =~ /$compiled/g;
	print join(' ', "match $start $end $count", @groups), "\n";
}`

// askPerl returns Perl's answers, in order.
func askPerl(t *testing.T, questions []question) []string {
	t.Helper()
	perl, err := exec.LookPath("perl")
	if err != nil {
		t.Skip("perl is not installed: the comparison with it is left out")
	}
	var in bytes.Buffer
	for _, q := range questions {
		fmt.Fprintf(&in, "%s\t%s\t%s\n", hex.EncodeToString([]byte(q.pattern)), hex.EncodeToString([]byte(q.flags)), hex.EncodeToString([]byte(q.text)))
	}
	command := exec.Command(perl, "-e", perlProgram)
	command.Stdin = &in
	out, err := command.Output()
	if err != nil {
		t.Fatalf("perl: %v", err)
	}
	answers := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(answers) != len(questions) {
		t.Fatalf("perl gave %d answers to %d questions", len(answers), len(questions))
	}
	return answers
}

// ourAnswer is ours in Perl's words; "unsupported" where we know that we cannot.
func ourAnswer(m *Machine, q question) string {
	p, err := CompileGroups(q.pattern, q.flags)
	var fault *Error
	switch {
	case errors.As(err, &fault) && fault.Unsupported:
		return "unsupported"
	case err != nil:
		return "invalid"
	}
	start, end, ok := m.Find(p, q.text, 0)
	if !ok {
		return "no match"
	}
	var groups strings.Builder
	unmatched := ""
	for i := range p.names {
		if from, to := m.regs[2*i+2], m.regs[2*i+3]; from >= 0 {
			fmt.Fprintf(&groups, "%s %d-%d", unmatched, from, to)
			unmatched = ""
		} else {
			unmatched += " ?"
		}
	}
	return fmt.Sprintf("match %d %d %d%s", start, end, m.Count(p, q.text, 1000), groups.String())
}

// same compares answers. What Perl only warns of, and SpamAssassin therefore refuses, we may take with a warning.
func same(q question, got, want string) bool {
	if got == want || got == "unsupported" {
		return true
	}
	if want != "invalid" && strings.Contains(q.pattern, "(?!") { // what it captured is undone; in Perl not always
		var ours, perls [3]int
		_, err1 := fmt.Sscanf(got, "match %d %d %d", &ours[0], &ours[1], &ours[2])
		_, err2 := fmt.Sscanf(want, "match %d %d %d", &perls[0], &perls[1], &perls[2])
		return err1 == nil && err2 == nil && ours == perls
	}
	_, parser, err := parse(q.pattern, q.flags)
	return err == nil && want == "invalid" && len(parser.warnings) > 0
}

func TestTrickyPatternsAsPerl(t *testing.T) {
	var questions []question
	for _, c := range tricky {
		for _, text := range c.texts {
			questions = append(questions, question{c.pattern, c.flags, text})
		}
	}
	compareWithPerl(t, questions)
}

// compareWithPerl returns how many questions we cannot answer.
func compareWithPerl(t *testing.T, questions []question) (unsupported int) {
	t.Helper()
	var m Machine
	for i, want := range askPerl(t, questions) {
		q := questions[i]
		got := ourAnswer(&m, q)
		if got == "unsupported" {
			unsupported++
		}
		if !same(q, got, want) {
			t.Errorf("/%s/%s on %.80q: got %s, want %s", q.pattern, q.flags, q.text, got, want)
		}
	}
	return unsupported
}

// TestRandomPatternsAsPerl makes patterns and texts of a small alphabet, in which they often meet.
func TestRandomPatternsAsPerl(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	flags := []string{"", "i", "s", "m", "x", "is", "im"}
	var questions []question
	for range 3000 {
		pattern, letters := (&maker{r: r}).pattern(3), flags[r.IntN(len(flags))]
		for range 3 {
			questions = append(questions, question{pattern, letters, randomText(r)})
		}
	}
	if n := compareWithPerl(t, questions); n > len(questions)/20 {
		t.Errorf("%d of %d patterns are not supported: the comparison says little", n, len(questions))
	}
}

// A maker makes a pattern. It refers back to groups that are complete: in Perl, one that refers to itself may find what a
// way that failed has left.
type maker struct {
	r      *rand.Rand
	opened int
	closed []int
}

var atoms = []string{"a", "b", "A", " ", "é", `\n`, ".", `\s`, `\w`, `\b`, "^", "$", "[ab]", "[^a]", `[a-cé\n]`, `\Z`, `\z`, `\xe9`, `\d`, "1", `\B`, "[[:upper:]]", "ab", `\R`}

var quantifiers = []string{"*", "+", "?", "{2}", "{1,2}", "*?", "{,2}", "+?", "??", "*+", "{2,}", "{1,3}?", "?+"}

func (k *maker) pattern(depth int) string {
	var b strings.Builder
	for range 1 + k.r.IntN(4) {
		piece, zeroWidth := k.piece(depth)
		b.WriteString(piece)
		if k.r.IntN(3) == 0 && !zeroWidth { // Perl warns of a quantifier on nothing
			b.WriteString(quantifiers[k.r.IntN(len(quantifiers))])
		}
	}
	return b.String()
}

func (k *maker) piece(depth int) (text string, zeroWidth bool) {
	kind := k.r.IntN(16)
	if depth == 0 && kind < 7 {
		kind = 8
	}
	switch kind {
	case 0:
		return "(?:" + k.pattern(depth-1) + "|" + k.pattern(depth-1) + ")", false
	case 1:
		return k.group(depth-1, 1), false
	case 2:
		return "(?i:" + k.pattern(depth-1) + ")", false
	case 3:
		return k.group(depth-1, 3), false
	case 4:
		opening, closed := []string{"(?=", "(?!"}[k.r.IntN(2)], len(k.closed)
		text = opening + k.pattern(depth-1) + ")"
		if opening == "(?!" {
			k.closed = k.closed[:closed]
		}
		return text, true
	case 5:
		behind := []string{"a", "ab", "[ab]", "a|b", `^a`, `\b`, "(?:ab|cd)", "b(?=a)"}
		return []string{"(?<=", "(?<!"}[k.r.IntN(2)] + behind[k.r.IntN(len(behind))] + ")", true
	case 6:
		return "(?>" + k.pattern(depth-1) + ")", false
	case 7:
		if len(k.closed) > 0 {
			return fmt.Sprintf(`\g{%d}`, k.closed[k.r.IntN(len(k.closed))]), false
		}
	}
	atom := atoms[k.r.IntN(len(atoms))]
	return atom, atom == "^" || atom == "$" || strings.Contains(`\b\B\Z\z`, atom) && len(atom) == 2
}

func (k *maker) group(depth, branches int) string {
	k.opened++
	number := k.opened
	text := "(" + k.pattern(depth)
	for range branches - 1 {
		text += "|" + k.pattern(depth)
	}
	k.closed = append(k.closed, number)
	return text + ")"
}

func randomText(r *rand.Rand) string {
	letters := []string{"a", "b", "c", "A", "B", " ", "\n", "é", "\xe9", "\xc9", "1", "_", "\t", "\x0b"}
	var b strings.Builder
	for range r.IntN(8) {
		b.WriteString(letters[r.IntN(len(letters))])
	}
	return b.String()
}
