package rules

import (
	"cmp"
	"math"
)

// Rules run by priority, and within one priority by what they look at; metas run at the end of the priority by which all is
// known that they name. Here a rule is run when somebody asks for it: the order only decides which tags a template sees, and
// what a short circuit keeps from being run.

// Priorities of rules that have none of their own.
const (
	capturePriority = -10000 // of what sets tags, so that others can use them
	circuitPriority = -200   // of the rule of a short circuit for spam or ham
	netPriority     = -100   // of questions to the network
)

// A moment is when a rule runs.
type moment struct {
	priority int
	phase    phase
}

// A phase is when a rule runs among those of its priority.
type phase uint8

const (
	headerPhase phase = iota
	headerCallPhase
	bodyPhase
	uriPhase
	bodyCallPhase // and what plugins have
	rawBodyPhase
	fullPhase
	otherPhase
	metaPhase
)

// never is the moment of a meta that waits for what is not run: until all others are done.
var never = moment{math.MaxInt, metaPhase}

func (m moment) compare(other moment) int {
	return cmp.Or(cmp.Compare(m.priority, other.priority), cmp.Compare(m.phase, other.phase))
}

// before compares when two rules run that are no metas.
func before(a, b *Rule) int {
	return cmp.Or(a.moment().compare(b.moment()), cmp.Compare(a.Name, b.Name))
}

// moment is when a rule runs that is no meta.
func (rule *Rule) moment() moment { return moment{rule.runsAt(), rule.phase()} }

// runsAt is the rule's priority, unless it has none: questions to the network are asked early.
func (rule *Rule) runsAt() int {
	if rule.Priority == 0 && rule.Flags.Net {
		return netPriority
	}
	return rule.Priority
}

func (rule *Rule) phase() phase {
	switch {
	case rule.Type == Header && rule.call == nil:
		return headerPhase
	case rule.Type == Header:
		return headerCallPhase
	case rule.Type == Body && rule.call == nil:
		return bodyPhase
	case rule.Type == URI:
		return uriPhase
	case rule.Type == Body || rule.Type == MIMEHeader || rule.Type == URIDetail:
		return bodyCallPhase
	case rule.Type == RawBody:
		return rawBodyPhase
	case rule.Type == Full:
		return fullPhase
	}
	return otherPhase
}

// moments returns when all rules run.
func (s *Set) moments() []moment {
	o := orderer{rules: s.rules, known: make([]bool, len(s.rules)), moments: make([]moment, len(s.rules))}
	for i := range s.rules {
		o.moment(i)
	}
	return o.moments
}

// An orderer finds out when rules run.
type orderer struct {
	rules   []*Rule
	known   []bool
	moments []moment
}

func (o *orderer) moment(i int) moment {
	if !o.known[i] {
		o.moments[i], o.known[i] = o.find(o.rules[i]), true
	}
	return o.moments[i]
}

func (o *orderer) find(rule *Rule) moment {
	switch {
	case rule.off || rule.plan != nil || rule.silent() != "":
		return never
	case rule.expr == nil:
		return rule.moment()
	}
	at := moment{math.MinInt, metaPhase}
	rule.expr.each(func(e *expr) {
		if e.op == opName && e.rule == none {
			at = never
		}
	})
	rule.expr.eachRule(func(below int) { at.priority = max(at.priority, o.moment(below).priority) })
	return at
}
