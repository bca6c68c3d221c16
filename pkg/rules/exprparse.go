package rules

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

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

// take skips the next token if it is that one.
func (p *exprParser) take(token string) bool {
	if len(p.tokens) == 0 || p.tokens[0] != token {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

// choice reads a ? b : c, or less.
func (p *exprParser) choice() (*expr, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, fmt.Errorf("nested deeper than %d", maxNesting)
	}
	defer func() { p.depth-- }()
	e, err := p.binary(0)
	if err != nil || !p.take("?") {
		return e, err
	}
	yes, err := p.choice()
	if err != nil {
		return nil, err
	}
	if !p.take(":") {
		return nil, errors.New("a ? has no : behind it")
	}
	no, err := p.choice()
	if err != nil {
		return nil, err
	}
	return &expr{op: opChoice, args: []expr{*e, *yes, *no}}, nil
}

// levels are the operators with two sides (perlop), lowest precedence first. Comparisons go on: a < b < c is a < b && b < c.
var levels = []struct {
	ops  []operator
	goOn bool
}{
	{[]operator{opOr}, false},
	{[]operator{opAnd}, false},
	{[]operator{opXor}, false},
	{[]operator{opEqual, opUnequal}, true},
	{[]operator{opLessEqual, opMoreEqual, opLess, opMore}, true},
	{[]operator{opAdd, opSub}, false},
	{[]operator{opMul, opDiv}, false},
}

func (p *exprParser) binary(level int) (*expr, error) {
	if level == len(levels) {
		return p.unary()
	}
	e, err := p.binary(level + 1)
	if err != nil {
		return nil, err
	}
	last := e    // the right side of the comparison before
	own := false // e is of this level: no parentheses are around it
	for {
		op, found := p.takeOperator(levels[level].ops)
		if !found {
			return e, nil
		}
		right, err := p.binary(level + 1)
		if err != nil {
			return nil, err
		}
		switch {
		case own && levels[level].goOn:
			e = &expr{op: opAnd, args: []expr{*e, {op: op, args: []expr{*last, *right}}}}
		case own && e.op == op && op.chains():
			e.args = append(e.args, *right)
		default:
			e = &expr{op: op, args: []expr{*e, *right}}
		}
		last, own = right, true
	}
}

func (p *exprParser) takeOperator(ops []operator) (operator, bool) {
	for _, op := range ops {
		if p.take(op.String()) {
			return op, true
		}
	}
	return 0, false
}

func (p *exprParser) unary() (*expr, error) {
	var op operator
	switch {
	case p.take("!"):
		op = opNot
	case p.take("-"):
		op = opNeg
	case !p.take("+"):
		return p.primary()
	}
	if p.depth++; p.depth > maxNesting {
		return nil, fmt.Errorf("nested deeper than %d", maxNesting)
	}
	defer func() { p.depth-- }()
	e, err := p.unary()
	if err != nil || op == opNumber {
		return e, err
	}
	return &expr{op: op, args: []expr{*e}}, nil
}

func (p *exprParser) primary() (*expr, error) {
	if len(p.tokens) == 0 {
		return nil, errors.New("it ends too early")
	}
	if p.take("(") {
		e, err := p.choice()
		if err == nil && !p.take(")") {
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
