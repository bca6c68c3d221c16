package rules

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// A linker gives metas the rules that they name.
type linker struct {
	rules    []*Rule
	byName   map[string]int
	local    bool // the network is not asked
	faults   *ledger
	globs    map[string][]int // of rules_matching: the rules whose names fit
	matching int              // names that they stand for in all metas
	state    []linkState      // by rule
	path     []int            // the metas being visited, each asking for the next
}

type linkState struct {
	depth int  // metas that stand on one another from this one down, itself counted; 0 where it is not known yet
	place int  // on the path, from 1; 0 is none
	stuck bool // it waits for a meta that is not run
}

// link resolves all names, turns metas off that depend on themselves or nest too deeply, and lets what is said of a rule
// hold for those that it is made of.
func (k *linker) link() {
	for i, rule := range k.rules {
		if rule.expr != nil {
			words := 0
			rule.expr.each(func(e *expr) {
				k.resolve(i, e)
				words++
			})
			if words > maxTokens {
				*rule.expr = *number(0)
				k.fault(i, fmt.Sprintf("its rules_matching stand for more than %d rules", maxTokens))
			}
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
		k.match(self, e)
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

// match finds the rules, but for self, whose names fit the glob of a rules_matching.
func (k *linker) match(self int, e *expr) {
	fit, known := k.globs[e.name]
	if !known {
		if len(k.globs) >= maxGlobs {
			k.fault(self, fmt.Sprintf("there are more than %d different rules_matching", maxGlobs))
			return
		}
		fit = k.fitting(e.name)
		k.globs[e.name] = fit
	}
	if k.matching += len(fit); k.matching > maxMatching {
		k.fault(self, fmt.Sprintf("all rules_matching stand for more than %d rules", maxMatching))
		return
	}
	e.args = make([]expr, 0, len(fit))
	for _, i := range fit {
		if i != self {
			e.args = append(e.args, expr{op: opName, rule: int32(i), name: k.rules[i].Name})
		}
	}
}

// fitting returns the rules whose names fit a glob.
func (k *linker) fitting(glob string) []int {
	var all []int
	for i, rule := range k.rules {
		if fits, err := path.Match(glob, rule.Name); fits && err == nil && len(all) <= maxTokens {
			all = append(all, i)
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
	k.path = append(k.path, i)
	state.depth, state.place = 1, len(k.path)
	rule.expr.eachRule(func(below int) {
		if k.state[below].place > 0 {
			k.circle(k.path[k.state[below].place-1:])
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
	state.place = 0
	if state.depth > maxMetaDepth {
		k.fault(i, fmt.Sprintf("metas nest deeper than %d", maxMetaDepth))
	}
}

// circle turns off metas the last of which asks for the first. Those of a long circle that it leaves out depend on others
// that it does not.
func (k *linker) circle(path []int) {
	const shown = 5
	var names []string
	for _, i := range path[:min(len(path), shown)] {
		names = append(names, k.rules[i].Name)
	}
	if len(path) < shown {
		names = append(names, names[0])
	}
	for _, i := range path[max(0, len(path)-maxMetaDepth):] {
		k.fault(i, "depends on itself: "+strings.Join(names, " > "))
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

// inheritNet marks metas that name a rule which asks the network.
func (k *linker) inheritNet() {
	for _, rule := range k.rules {
		if rule.expr != nil {
			rule.expr.eachRule(func(i int) { rule.Flags.Net = rule.Flags.Net || k.rules[i].Flags.Net })
		}
	}
}
