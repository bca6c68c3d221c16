package rules

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// variables are the rules of the expressions below, with what they came to.
var variables = map[string]float64{"A": 0, "B": 1, "C": 3, "D": 7}

// valueOf calculates an expression over the variables.
func valueOf(text string) (float64, error) {
	e, err := parseExpr(text, metaNames{})
	if err != nil {
		return 0, err
	}
	values := make([]float64, 0, len(variables))
	e.each(func(e *expr) {
		e.rule = int32(len(values))
		values = append(values, variables[e.name])
	})
	v, ok := e.value(func(i int) float64 { return values[i] })
	if !ok {
		return 0, fmt.Errorf("division by zero")
	}
	return v, nil
}

func TestValues(t *testing.T) {
	tests := []struct {
		text string
		want float64
	}{
		{"A", 0}, {"B", 1}, {"!A", 1}, {"!B", 0}, {"!!C", 1}, {"-C", -3}, {"+C", 3}, {"!-C", 0}, {"- -C", 3},
		{"B && C", 3}, {"A && C", 0}, {"A || C", 3}, {"D || C", 7}, {"A || A", 0},
		{"B + C * 2", 7}, {"(B + C) * 2", 8}, {"D / 2", 3.5}, {"D - C - B", 3}, {"D-1", 6}, {"D -1", 6},
		{"C > 2", 1}, {"C >= 3", 1}, {"C < 3", 0}, {"C <= 3", 1}, {"C == 3", 1}, {"C != 3", 0},
		{"1 < C < D", 1}, {"1 < D < C", 0}, {"B == B != C", 1}, {"A < B == B", 1},
		{"C ^ B", 2}, {"C ^ C", 0}, {"1.9 ^ 0", 1}, {"D ^ C && B", 1},
		{"A ? B : C", 3}, {"B ? A ? 1 : 2 : 3", 2}, {"A ? 1 : B ? 5 : 6", 5},
		{"B + (C > 2) + !A >= 3 && D", 7}, {"!A + !A", 2}, {"0.5 + .5 ", 0},
	}
	for _, test := range tests {
		got, err := valueOf(test.text)
		if test.text == "0.5 + .5 " {
			if err == nil {
				t.Errorf("%s: no error", test.text)
			}
			continue
		}
		if err != nil || got != test.want {
			t.Errorf("%s: got %v, %v, want %v", test.text, got, err, test.want)
		}
	}
}

// TestValuesAsPerl holds random expressions against Perl.
func TestValuesAsPerl(t *testing.T) {
	perl, err := exec.LookPath("perl")
	if err != nil {
		t.Skip("perl is not installed: the comparison with it is left out")
	}
	r := rand.New(rand.NewPCG(1, 2))
	var texts []string
	for range 3000 {
		texts = append(texts, randomExpr(r, 4))
	}
	const program = `no warnings; while (<STDIN>) { chomp; my $v = eval $_; print $@ ? "error" : $v + 0, "\n" }`
	command := exec.Command(perl, "-e", program)
	names := strings.NewReplacer("A", "(0)", "B", "(1)", "C", "(3)", "D", "(7)")
	command.Stdin = strings.NewReader(names.Replace(strings.Join(texts, "\n")) + "\n")
	out, err := command.Output()
	if err != nil {
		t.Fatalf("perl: %v", err)
	}
	answers := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(answers) != len(texts) {
		t.Fatalf("perl gave %d answers to %d expressions", len(answers), len(texts))
	}
	for i, text := range texts {
		got, err := valueOf(text)
		if err != nil {
			if answers[i] != "error" {
				t.Errorf("%s: got %v, Perl has %s", text, err, answers[i])
			}
			continue
		}
		want, err := strconv.ParseFloat(answers[i], 64)
		if err != nil || !near15(got, want) {
			t.Errorf("%s: got %v, Perl has %s", text, got, answers[i])
		}
	}
}

// near15 compares to about the 15 digits that Perl prints.
func near15(a, b float64) bool {
	return a == b || strconv.FormatFloat(a, 'g', 14, 64) == strconv.FormatFloat(b, 'g', 14, 64)
}

func randomExpr(r *rand.Rand, depth int) string {
	if depth == 0 || r.IntN(5) == 0 {
		return []string{"A", "B", "C", "D", "0", "1", "2", "0.5"}[r.IntN(8)]
	}
	sub := func() string { return randomExpr(r, depth-1) }
	switch r.IntN(8) {
	case 0:
		return "!" + sub()
	case 1:
		return "(" + sub() + ")"
	case 2:
		return "(" + sub() + " ? " + sub() + " : " + sub() + ")"
	case 3:
		return "-(" + sub() + ")"
	}
	ops := []string{"+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!=", "&&", "||", "^"}
	return sub() + " " + ops[r.IntN(len(ops))] + " " + sub()
}

func FuzzExpr(f *testing.F) {
	for _, seed := range []string{"A && !B", "(A + B) > 1 || rules_matching(__X_*)", "1 / 0", "A ? B : C", "((", "plugin(Foo::Bar)", "1.2.3", "a::b", "!!!!!!", "A == B != C"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := parseExpr(text, metaNames{})
		if err != nil {
			return
		}
		e.value(func(int) float64 { return 2 })
	})
}
