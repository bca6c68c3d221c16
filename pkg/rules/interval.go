package rules

import (
	"math"
	"slices"
)

// An interval is what a rule or an expression can still come to, ends included, while not all rules were run. Most metas
// are misses already by what the literal pass ruled out: none of their rules needs to be run.
type interval struct{ least, most float64 }

var (
	miss     = interval{0, 0}
	either   = interval{0, 1}
	anything = interval{math.Inf(-1), math.Inf(1)}
)

func exactly(v float64) interval { return interval{v, v} }

// isMiss tells whether it can only be a miss.
func (a interval) isMiss() bool { return a == miss }

// isHit tells whether it cannot be a miss.
func (a interval) isHit() bool { return a.least > 0 || a.most < 0 }

// and is one interval around both.
func (a interval) and(b interval) interval {
	return interval{min(a.least, b.least), max(a.most, b.most)}
}

func (a interval) plus(b interval) interval { return known(a.least+b.least, a.most+b.most) }

func (a interval) minus(b interval) interval { return known(a.least-b.most, a.most-b.least) }

func (a interval) times(b interval) interval {
	p, q, r, s := a.least*b.least, a.least*b.most, a.most*b.least, a.most*b.most
	return known(min(p, q, r, s), max(p, q, r, s)) // NaN if any is
}

// known is an interval, and anything where an end is no number.
func known(least, most float64) interval {
	if math.IsNaN(least) || math.IsNaN(most) {
		return anything
	}
	return interval{least, most}
}

// truthOf is the truth of what is so for certain, or certainly not, or neither.
func truthOf(so, not bool) interval {
	switch {
	case so:
		return exactly(1)
	case not:
		return miss
	}
	return either
}

// compare returns the truth of a op b.
func (a interval) compare(op operator, b interval) interval {
	switch op {
	case opLess:
		return truthOf(a.most < b.least, a.least >= b.most)
	case opLessEqual:
		return truthOf(a.most <= b.least, a.least > b.most)
	case opMore:
		return b.compare(opLess, a)
	case opMoreEqual:
		return b.compare(opLessEqual, a)
	}
	apart := a.most < b.least || a.least > b.most
	same := a.least == a.most && b.least == b.most && a.least == b.least
	if op == opEqual {
		return truthOf(same, apart)
	}
	return truthOf(apart, same)
}

// An outlook calculates what expressions can still come to.
type outlook struct {
	state []state            // by rule
	rule  func(int) interval // of one that is not known to miss
}

// of calculates what e can come to. A division by zero, which makes a miss of the whole expression, is not foreseen: the
// interval holds unless there is one.
func (o *outlook) of(e *expr) interval {
	switch e.op {
	case opNumber:
		return exactly(e.num)
	case opName:
		if e.rule == none || o.state[e.rule] == missed {
			return miss
		}
		return o.rule(int(e.rule))
	case opAnd:
		return o.and(e.args)
	case opOr, opAdd, opSum:
		switch {
		case e.names != nil && o.allMissed(e.names):
			return miss
		case e.op == opOr:
			return o.or(e.args)
		}
		return o.sum(e.args)
	}
	a := o.of(&e.args[0])
	switch e.op {
	case opNot:
		return truthOf(a.isMiss(), a.isHit())
	case opNeg:
		return interval{-a.most, -a.least}
	case opChoice:
		switch {
		case a.isHit():
			return o.of(&e.args[1])
		case a.isMiss():
			return o.of(&e.args[2])
		}
		return o.of(&e.args[1]).and(o.of(&e.args[2]))
	}
	b := o.of(&e.args[1])
	switch e.op {
	case opSub:
		return a.minus(b)
	case opMul:
		return a.times(b)
	case opDiv, opXor:
		return anything
	}
	return a.compare(e.op, b)
}

// allMissed tells whether all of some rules have missed.
func (o *outlook) allMissed(rules []int32) bool {
	for _, i := range rules {
		if o.state[i] != missed {
			return false
		}
	}
	return true
}

func (o *outlook) sum(args []expr) interval {
	sum := miss
	for i := range args {
		sum = sum.plus(o.of(&args[i]))
	}
	return sum
}

// and is a miss if any operand is one, and else what the last one comes to, or a miss.
func (o *outlook) and(args []expr) interval {
	certain := true
	var a interval
	for i := range args {
		if a = o.of(&args[i]); a.isMiss() {
			return miss
		}
		certain = certain && a.isHit()
	}
	if certain {
		return a
	}
	return a.and(miss)
}

// or is what one of the operands comes to, of those up to the first that cannot be a miss.
func (o *outlook) or(args []expr) interval {
	a := miss
	for i := range args {
		if e := &args[i]; e.op == opName && (e.rule == none || o.state[e.rule] == missed) {
			continue
		}
		if b := o.of(&args[i]); a.isMiss() && b.isHit() {
			a = b
		} else {
			a = a.and(b)
		}
		if a.isHit() {
			return a
		}
	}
	return a
}

// A gist is what is looked at of a rule for each message, be it run or not. Gists stand beside each other in memory, as rules do
// not.
type gist struct {
	expr    *expr   // of a meta
	musts   []int32 // of a meta: the rules without which it cannot hit
	most    float64 // what it can come to
	section int32   // the text where its pattern may match, none where it has none
	exists  bool    // it asks whether a field is there
}

// foresee finds out what rules can come to before any message is seen.
func (s *Set) foresee() {
	s.initial = make([]state, len(s.rules))
	s.gists = make([]gist, len(s.rules))
	for i, rule := range s.rules {
		g := &s.gists[i]
		*g = gist{expr: rule.expr, most: 1, section: none, exists: rule.header.exists}
		switch {
		case rule.off || rule.silent() != "":
			s.initial[i] = missed
		case rule.pattern != nil:
			g.section, g.most = int32(rule.section), float64(rule.hitLimit())
		case rule.call != nil:
			g.most = math.Inf(1)
		}
	}
	done := make([]bool, len(s.rules))
	all := outlook{state: s.initial}
	all.rule = func(i int) interval { // of a meta first what those below it can come to
		g := &s.gists[i]
		if g.expr != nil && !done[i] {
			done[i] = true
			reach := all.of(g.expr)
			if g.most = reach.most; reach.least < 0 {
				g.most = max(g.most, 1)
			}
		}
		return interval{0, g.most}
	}
	for i := range s.gists {
		if s.initial[i] != missed {
			all.rule(i)
		}
		if g := &s.gists[i]; g.expr != nil {
			g.musts = slices.Clip(appendMusts(nil, g.expr))
			g.expr.gatherNames()
		}
	}
}

// appendMusts appends the rules without which an expression cannot hit. They stand beside each other in memory, and the
// expression does not: nearly all metas are known to miss before it is looked at.
func appendMusts(all []int32, e *expr) []int32 {
	switch e.op {
	case opName:
		if e.rule != none {
			all = append(all, e.rule)
		}
	case opAnd:
		for i := range e.args {
			all = appendMusts(all, &e.args[i])
		}
	case opMore:
		if bound := &e.args[1]; bound.op == opNumber && bound.num >= 0 && e.args[0].op == opName {
			all = appendMusts(all, &e.args[0])
		}
	}
	return all
}

// gatherNames gives chains of nothing but rules' names those rules by number, for the same reason: most often all have missed.
func (e *expr) gatherNames() {
	named := e.op == opOr || e.op == opAdd || e.op == opSum
	for i := range e.args {
		e.args[i].gatherNames()
		named = named && e.args[i].op == opName
	}
	if !named {
		return
	}
	e.names = make([]int32, 0, len(e.args)) // not nil, also where no rule has any of the names
	for i := range e.args {
		if rule := e.args[i].rule; rule != none {
			e.names = append(e.names, rule)
		}
	}
}

// lacks tells whether a rule is known to have missed without which the meta cannot hit.
func (r *run) lacks(meta *gist) bool {
	for _, i := range meta.musts {
		if r.state[i] == missed {
			return true
		}
	}
	return false
}
