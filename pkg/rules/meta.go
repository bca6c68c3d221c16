package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// parseMeta reads a meta rule's expression. () is a rule that others make hit; here it never does.
func parseMeta(rule *Rule, test string) error {
	if strings.Trim(test, blanks) == "" {
		return &problem{"no expression", "write: meta NAME A && !B"}
	}
	if strings.ReplaceAll(test, " ", "") == "()" {
		rule.expr = number(0)
		return nil
	}
	e, err := parseExpr(test, metaNames{})
	if err != nil {
		return err
	}
	if _, ok := e.value(func(int) float64 { return 0 }); !ok {
		return &problem{"division by zero where no rule hits", ""}
	}
	rule.expr = e
	return nil
}

// metaNames is what the names in a meta mean: rules, which need not be defined before.
type metaNames struct{}

func (metaNames) name(name string) (*expr, error) {
	if !validName(name) {
		return nil, fmt.Errorf("%q is no name of a rule", name)
	}
	return &expr{op: "name", name: name}, nil
}

func (metaNames) call(function, argument string) (*expr, error) {
	if function != "rules_matching" || !globSyntax.MatchString(argument) {
		return nil, fmt.Errorf("%s(%s) is no function of metas", function, argument)
	}
	return &expr{op: "sum", glob: argument}, nil
}

var globSyntax = regexp.MustCompile(`^[_a-zA-Z*?][_a-zA-Z0-9*?]{0,127}$`)

// each calls f for every piece of e that names rules.
func (e *expr) each(f func(*expr)) {
	if e.op == "name" || e.op == "sum" {
		f(e)
	}
	for _, arg := range e.args {
		arg.each(f)
	}
}

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
}

// link resolves all names, and turns metas off that depend on themselves or nest too deeply.
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
}

func (k *linker) resolve(self int, e *expr) {
	rule := k.rules[self]
	if e.op == "sum" {
		e.rules = k.matching(self, e.glob)
		return
	}
	if i, found := k.byName[e.name]; found {
		e.rules = []int{i}
		return
	}
	if e.name == "local_tests_only" {
		*e = *truth(k.local)
		return
	}
	k.faults.add(place{rule.File, rule.Line}, Warning, rule.Name, "there is no rule "+e.name+": it counts as 0", "")
}

// matching returns the rules, but for self, whose names fit a glob.
func (k *linker) matching(self int, glob string) []int {
	fits := regexp.MustCompile("^" + strings.NewReplacer("*", ".*", "?", ".").Replace(glob) + "$")
	var all []int
	for i, rule := range k.rules {
		if i != self && fits.MatchString(rule.Name) && len(all) < maxTokens {
			all = append(all, i)
		}
	}
	return all
}

// visit finds out how many metas stand on one another from this rule down. What is wrong with a meta is wrong with all
// that ask for it. A rule of another type that cannot be run counts as 0, as if it were not there.
func (k *linker) visit(i int) {
	rule, state := k.rules[i], &k.state[i]
	if rule.expr == nil || state.depth > 0 {
		return
	}
	state.depth, state.onPath = 1, true
	k.path = append(k.path, i)
	rule.expr.each(func(e *expr) {
		for _, below := range e.rules {
			if k.state[below].onPath {
				k.circle(below)
				continue
			}
			k.visit(below)
			if other := k.rules[below]; other.broken && other.expr != nil {
				k.fault(i, "depends on "+other.Name+", which is broken")
			}
			state.depth = max(state.depth, 1+k.state[below].depth)
		}
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
	rule.broken, rule.off = true, true
}
