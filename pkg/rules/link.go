package rules

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A linker gives metas the rules that they name.
type linker struct {
	rules  []*Rule
	byName map[string]int
	local  bool // the network is not asked
	faults *ledger
	state  []linkState // by rule
	path   []int       // the metas being visited, each asking for the next
}

type linkState struct {
	depth  int // metas that stand on one another from this one down, itself counted; 0 where it is not known yet
	onPath bool
	stuck  bool // it waits for a meta that is not run
}

// link resolves all names, turns metas off that depend on themselves or nest too deeply, and lets what is said of a rule
// hold for those that it is made of.
func (k *linker) link() {
	for i, rule := range k.rules {
		if rule.expr != nil {
			rule.expr.each(func(e *expr) { k.resolve(i, e) })
		}
	}
	k.state = make([]linkState, len(k.rules))
	for i := range k.rules {
		k.visit(i)
	}
	k.inheritPriorities()
	k.inheritNet()
}

func (k *linker) resolve(self int, e *expr) {
	rule := k.rules[self]
	if e.op == opSum {
		e.args = k.matching(self, e.name)
		return
	}
	if i, found := k.byName[e.name]; found {
		e.rule = int32(i)
		return
	}
	if e.name == "local_tests_only" {
		*e = *truth(k.local)
		return
	}
	k.faults.add(place{rule.File, rule.Line}, Warning, rule.Name, "there is no rule "+e.name+": it counts as 0", "")
}

// matching returns the rules, but for self, whose names fit a glob.
func (k *linker) matching(self int, glob string) []expr {
	fits := regexp.MustCompile("^" + strings.NewReplacer("*", ".*", "?", ".").Replace(glob) + "$")
	var all []expr
	for i, rule := range k.rules {
		if i != self && fits.MatchString(rule.Name) && len(all) < maxTokens {
			all = append(all, expr{op: opName, rule: int32(i), name: rule.Name})
		}
	}
	return all
}

// visit finds out how many metas stand on one another from this rule down. What is wrong with a meta is wrong with all
// that ask for it. So it is with a meta that is not run because its score is 0: as in SpamAssassin, those that ask for it
// wait for ever. A rule of another type that is not run counts as 0, as if it were not there.
func (k *linker) visit(i int) {
	rule, state := k.rules[i], &k.state[i]
	if rule.expr == nil || state.depth > 0 {
		return
	}
	state.depth, state.onPath = 1, true
	k.path = append(k.path, i)
	rule.expr.eachRule(func(below int) {
		if k.state[below].onPath {
			k.circle(below)
			return
		}
		k.visit(below)
		other := k.rules[below]
		if other.broken && other.expr != nil {
			k.fault(i, "depends on "+other.Name+", which is broken")
		}
		if other.expr != nil && (other.Score == 0 || k.state[below].stuck) {
			state.stuck, rule.off = true, true
			rule.why = cmp.Or(rule.why, "waits for "+other.Name+", a meta that is not run")
		}
		state.depth = max(state.depth, 1+k.state[below].depth)
	})
	k.path = k.path[:len(k.path)-1]
	state.onPath = false
	if state.depth > maxMetaDepth {
		k.fault(i, fmt.Sprintf("metas nest deeper than %d", maxMetaDepth))
	}
}

// circle turns off the metas on the path from first on: the last of them asks for the first.
func (k *linker) circle(first int) {
	path := k.path[slices.Index(k.path, first):]
	names := make([]string, 0, len(path)+1)
	for _, i := range append(path[:len(path):len(path)], first) {
		names = append(names, k.rules[i].Name)
	}
	for _, i := range path {
		k.fault(i, "depends on itself: "+strings.Join(names[:min(len(names), 5)], " > "))
	}
}

func (k *linker) fault(i int, what string) {
	rule := k.rules[i]
	if !rule.broken {
		k.faults.add(place{rule.File, rule.Line}, Broken, rule.Name, what+": it never hits", "")
	}
	rule.broken, rule.off, rule.why = true, true, cmp.Or(rule.why, what)
}

// inheritPriorities has what a meta names run no later than the meta, as far as one round over the rules, those with the
// lowest priority first, brings it.
func (k *linker) inheritPriorities() {
	order := slices.Clone(k.rules)
	slices.SortStableFunc(order, func(a, b *Rule) int { return cmp.Compare(a.Priority, b.Priority) })
	for _, rule := range order {
		if rule.expr == nil {
			continue
		}
		rule.expr.eachRule(func(i int) {
			below := k.rules[i]
			if below.Priority > rule.Priority {
				below.Priority = rule.Priority
				if below.Flags.Net {
					below.Priority = max(below.Priority, netPriority)
				}
			}
		})
	}
}

// netPriority is when questions to the network are asked.
const netPriority = -100

// inheritNet marks metas that name a rule which asks the network.
func (k *linker) inheritNet() {
	for _, rule := range k.rules {
		if rule.expr != nil {
			rule.expr.eachRule(func(i int) { rule.Flags.Net = rule.Flags.Net || k.rules[i].Flags.Net })
		}
	}
}
