package rules

// An expr is a piece of a meta rule or of a condition, with Perl's operators and values.
type expr struct {
	op   operator
	rule int32 // opName: by index in the set; none where there is no such rule
	num  float64
	name string // of the rule; opSum: the glob that names fit
	args []expr // two; of a chain of && || or + as many as it has; opSum: the rules

	names []int32 // of a chain of || or + that has nothing but rules, and of opSum: the rules
}

// none is the rule of a name that no rule has.
const none = -1

// An operator is what an expr does.
type operator uint8

const (
	opNumber operator = iota
	opName            // of a rule
	opSum             // of rules, by a glob
	opNot
	opNeg // a minus before a value
	opAnd
	opOr
	opChoice // a ? b : c
	opAdd
	opSub
	opMul
	opDiv
	opXor
	opLess
	opLessEqual
	opMore
	opMoreEqual
	opEqual
	opUnequal
)

// String is the operator as it is written.
func (op operator) String() string {
	return [...]string{"", "", "rules_matching", "!", "-", "&&", "||", "?", "+", "-", "*", "/", "^", "<", "<=", ">", ">=", "==", "!="}[op]
}

// chains tells whether a op b op c is one expr with three operands.
func (op operator) chains() bool { return op == opAnd || op == opOr || op == opAdd }

func number(n float64) *expr { return &expr{num: n} }

func truth(t bool) *expr { return number(oneIf(t)) }

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
	case opNumber:
		return e.num
	case opName:
		if e.rule == none {
			return 0
		}
		return c.rule(int(e.rule))
	case opSum:
		return c.sum(e.args)
	}
	v := c.value(&e.args[0])
	switch e.op {
	case opNot:
		return oneIf(v == 0)
	case opNeg:
		return -v
	case opAnd:
		for i := 1; i < len(e.args) && v != 0; i++ {
			v = c.value(&e.args[i])
		}
		return v
	case opOr:
		for i := 1; i < len(e.args) && v == 0; i++ {
			v = c.value(&e.args[i])
		}
		return v
	case opAdd:
		return v + c.sum(e.args[1:])
	case opChoice:
		if v != 0 {
			return c.value(&e.args[1])
		}
		return c.value(&e.args[2])
	}
	return c.binary(e.op, v, c.value(&e.args[1]))
}

func (c *calculation) sum(args []expr) float64 {
	sum := 0.0
	for i := range args {
		sum += c.value(&args[i])
	}
	return sum
}

func (c *calculation) binary(op operator, a, b float64) float64 {
	switch op {
	case opSub:
		return a - b
	case opMul:
		return a * b
	case opDiv:
		if b == 0 {
			c.failed = true
			return 0
		}
		return a / b
	case opXor:
		return float64(unsigned(a) ^ unsigned(b))
	case opLess:
		return oneIf(a < b)
	case opLessEqual:
		return oneIf(a <= b)
	case opMore:
		return oneIf(a > b)
	case opMoreEqual:
		return oneIf(a >= b)
	case opEqual:
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
