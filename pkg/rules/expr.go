package rules

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// An expr is a piece of a meta rule or of a condition, with Perl's operators and values.
type expr struct {
	op    string  // as it is written; "" for a number, "name" and "sum" for rules, "neg" for a minus before a value
	num   float64 //
	name  string  // of the rule
	glob  string  // sum: which rules
	rules []int   // name: one or, where there is no such rule, none; sum: all of them
	args  []*expr
}

func number(n float64) *expr { return &expr{num: n} }

func truth(t bool) *expr {
	if t {
		return number(1)
	}
	return number(0)
}

// value calculates e, asking rule for the value of each rule that matters: && || and ?: leave out what they need not. As in
// Perl, && and || yield the operand that decides, and the others that ask for truth yield 1 or 0. It returns false where
// something is divided by zero.
func (e *expr) value(rule func(int) float64) (v float64, ok bool) {
	c := calculation{rule: rule}
	v = c.value(e)
	return v, !c.failed
}

// A calculation is one walk over an expression.
type calculation struct {
	rule   func(int) float64
	failed bool
}

func (c *calculation) value(e *expr) float64 {
	switch e.op {
	case "":
		return e.num
	case "name", "sum":
		sum := 0.0
		for _, r := range e.rules {
			sum += c.rule(r)
		}
		return sum
	}
	left := c.value(e.args[0])
	switch e.op {
	case "!":
		return oneIf(left == 0)
	case "neg":
		return -left
	case "&&":
		if left == 0 {
			return 0
		}
		return c.value(e.args[1])
	case "||":
		if left != 0 {
			return left
		}
		return c.value(e.args[1])
	case "?":
		if left != 0 {
			return c.value(e.args[1])
		}
		return c.value(e.args[2])
	}
	return c.binary(e.op, left, c.value(e.args[1]))
}

func (c *calculation) binary(op string, a, b float64) float64 {
	switch op {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	case "/":
		if b == 0 {
			c.failed = true
			return 0
		}
		return a / b
	case "^":
		return float64(unsigned(a) ^ unsigned(b))
	case "<":
		return oneIf(a < b)
	case "<=":
		return oneIf(a <= b)
	case ">":
		return oneIf(a > b)
	case ">=":
		return oneIf(a >= b)
	case "==":
		return oneIf(a == b)
	}
	return oneIf(a != b)
}

func oneIf(t bool) float64 {
	if t {
		return 1
	}
	return 0
}

// unsigned is how Perl takes a number for a bitwise operator: its whole part, a negative one in two's complement.
func unsigned(f float64) uint64 {
	if f < 0 {
		return uint64(int64(max(f, -1<<63)))
	}
	if f >= 1<<64 {
		return 1<<64 - 1
	}
	return uint64(f)
}

// names is what the words in an expression mean.
type names interface {
	name(name string) (*expr, error)
	call(function, argument string) (*expr, error)
}

// parseExpr reads an expression.
func parseExpr(text string, names names) (e *expr, err error) {
	p := exprParser{names: names}
	if p.tokens, err = tokens(text); err != nil {
		return nil, err
	}
	if e, err = p.choice(); err != nil {
		return nil, err
	}
	if len(p.tokens) > 0 {
		return nil, fmt.Errorf("unexpected %q", p.tokens[0])
	}
	return e, nil
}

// operators, those first that others are the beginning of.
var operators = []string{"&&", "||", "<=", ">=", "==", "!=", "<", ">", "!", "^", "+", "-", "*", "/", "(", ")", "?", ":"}

// tokens cuts an expression up: numbers, words, operators. A function's argument, which may be a glob, is part of its word:
// "can(Module::name".
func tokens(text string) ([]string, error) {
	var all []string
	for text = strings.TrimLeft(text, blanks); text != ""; text = strings.TrimLeft(text, blanks) {
		if len(all) >= maxTokens {
			return nil, fmt.Errorf("more than %d words", maxTokens)
		}
		n := tokenLength(text)
		if n == 0 {
			return nil, fmt.Errorf("unexpected %q", text[:1])
		}
		token := text[:n]
		text = strings.TrimLeft(text[n:], blanks)
		if functions[token] && strings.HasPrefix(text, "(") {
			argument, after, closed := strings.Cut(text[1:], ")")
			if !closed {
				return nil, errors.New("missing )")
			}
			token, text = token+"("+strings.Trim(argument, blanks), after
		}
		all = append(all, token)
	}
	return all, nil
}

// functions are the words that take an argument in parentheses.
var functions = map[string]bool{"rules_matching": true, "plugin": true, "can": true, "has": true}

func tokenLength(text string) int {
	n := 0
	if c := text[0]; '0' <= c && c <= '9' {
		for n < len(text) && ('0' <= text[n] && text[n] <= '9' || text[n] == '.') {
			n++
		}
		return n
	}
	for n < len(text) && (isWord(text[n]) || n > 0 && text[n] == ':' && strings.HasPrefix(text[n:], "::")) {
		if n++; text[n-1] == ':' {
			n++
		}
	}
	if n > 0 {
		return n
	}
	for _, op := range operators {
		if strings.HasPrefix(text, op) {
			return len(op)
		}
	}
	return 0
}

// An exprParser reads tokens by precedence, lowest first.
type exprParser struct {
	tokens []string
	names  names
	depth  int
}

// take skips the next token if it is one of those, and returns it.
func (p *exprParser) take(ops ...string) string {
	if len(p.tokens) == 0 {
		return ""
	}
	for _, op := range ops {
		if p.tokens[0] == op {
			p.tokens = p.tokens[1:]
			return op
		}
	}
	return ""
}

// choice reads a ? b : c, or less.
func (p *exprParser) choice() (*expr, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, fmt.Errorf("nested deeper than %d", maxNesting)
	}
	defer func() { p.depth-- }()
	e, err := p.binary(0)
	if err != nil || p.take("?") == "" {
		return e, err
	}
	yes, err := p.choice()
	if err != nil {
		return nil, err
	}
	if p.take(":") == "" {
		return nil, errors.New("a ? has no : behind it")
	}
	no, err := p.choice()
	return &expr{op: "?", args: []*expr{e, yes, no}}, err
}

// levels are the operators with two sides (perlop), lowest precedence first. Comparisons chain: a < b < c is a < b && b < c.
var levels = []struct {
	ops    []string
	chains bool
}{
	{[]string{"||"}, false},
	{[]string{"&&"}, false},
	{[]string{"^"}, false},
	{[]string{"==", "!="}, true},
	{[]string{"<=", ">=", "<", ">"}, true},
	{[]string{"+", "-"}, false},
	{[]string{"*", "/"}, false},
}

func (p *exprParser) binary(level int) (*expr, error) {
	if level == len(levels) {
		return p.unary()
	}
	e, err := p.binary(level + 1)
	if err != nil {
		return nil, err
	}
	last := e // the right side of the comparison before
	for {
		op := p.take(levels[level].ops...)
		if op == "" {
			return e, nil
		}
		right, err := p.binary(level + 1)
		if err != nil {
			return nil, err
		}
		if levels[level].chains && last != e {
			e = &expr{op: "&&", args: []*expr{e, {op: op, args: []*expr{last, right}}}}
		} else {
			e = &expr{op: op, args: []*expr{e, right}}
		}
		last = right
	}
}

func (p *exprParser) unary() (*expr, error) {
	op := p.take("!", "-", "+")
	if op == "" {
		return p.primary()
	}
	if p.depth++; p.depth > maxNesting {
		return nil, fmt.Errorf("nested deeper than %d", maxNesting)
	}
	defer func() { p.depth-- }()
	e, err := p.unary()
	switch {
	case err != nil || op == "+":
		return e, err
	case op == "-":
		op = "neg"
	}
	return &expr{op: op, args: []*expr{e}}, nil
}

func (p *exprParser) primary() (*expr, error) {
	if len(p.tokens) == 0 {
		return nil, errors.New("it ends too early")
	}
	if p.take("(") != "" {
		e, err := p.choice()
		if err == nil && p.take(")") == "" {
			err = errors.New("missing )")
		}
		return e, err
	}
	token := p.tokens[0]
	p.tokens = p.tokens[1:]
	function, argument, isCall := strings.Cut(token, "(")
	switch {
	case isCall:
		return p.names.call(function, argument)
	case '0' <= token[0] && token[0] <= '9':
		n, err := strconv.ParseFloat(token, 64)
		if err != nil || strings.HasSuffix(token, ".") {
			return nil, fmt.Errorf("%q is no number", token)
		}
		return number(n), nil
	case isWord(token[0]):
		return p.names.name(token)
	}
	return nil, fmt.Errorf("unexpected %q", token)
}
