package pattern

import (
	"fmt"
	"slices"
)

// A compiler writes a tree as a program, from its end to its beginning: what follows a step is written before it, and so
// it is known by which octets the step can be left.
type compiler struct {
	program
	firsts    []first // by step
	setIndex  map[set]int32
	forkIndex map[forkForm]int32
	inside    int // lookarounds and atomic groups around
}

// compile writes the program of a simplified, measured tree.
func compile(tree *node, groups int) (p *program, err error) {
	c := &compiler{setIndex: map[set]int32{}, forkIndex: map[forkForm]int32{}}
	c.regs = 2 * (groups + 1)
	defer catch(&err)
	end := c.add(step{do: doEnd}, anything)
	c.entry = c.node(tree, end)
	c.first = c.firsts[c.entry]
	done := c.program // without the compiler's tables
	done.steps = slices.Clip(done.steps)
	return &done, nil
}

func (c *compiler) add(s step, f first) int {
	if len(c.steps) == maxProgram {
		panic(&Error{What: fmt.Sprintf("a pattern of more than %d steps", maxProgram), Unsupported: true})
	}
	s.choice = -1
	c.steps = append(c.steps, s)
	c.firsts = append(c.firsts, f)
	return len(c.steps) - 1
}

// choose gives a step a number in the memory of runs. What is inside a lookaround or an atomic group has none: that it was
// there before does not mean that it failed.
func (c *compiler) choose(pc int) {
	if c.inside == 0 {
		c.steps[pc].choice = int32(c.choices)
		c.choices++
	}
}

func (c *compiler) set(s set) int32 {
	i, found := c.setIndex[s]
	if !found {
		i = int32(len(c.sets))
		c.sets = append(c.sets, s)
		c.setIndex[s] = i
	}
	return i
}

// node writes n, to be followed by the step next, and returns where it begins.
func (c *compiler) node(n *node, next int) int {
	switch n.op {
	case opEmpty:
		return next
	case opNever:
		return c.add(step{do: doFail}, first{})
	case opOctet:
		return c.octet(n.set, next)
	case opConcat:
		return c.concat(n.subs, next)
	case opAlternate:
		return c.alternate(n.subs, next)
	case opRepeat:
		return c.repeat(n, next)
	case opGroup:
		begin := c.register()
		closing := c.add(step{do: doClose, arg: int32(2 * n.group), min: begin, then: int32(next)}, c.firsts[next])
		body := c.node(n.subs[0], closing)
		return c.add(step{do: doSave, arg: begin, then: int32(body)}, c.firsts[body])
	case opKeep:
		return c.add(step{do: doSave, arg: 0, then: int32(next)}, c.firsts[next])
	case opLook:
		return c.look(n, next)
	case opAtomic:
		return c.atomic(n.subs[0], next)
	case opBackRef:
		c.refs = append(c.refs, n.refs)
		c.stateful = true
		return c.add(step{do: doBackRef, arg: int32(len(c.refs) - 1), fold: n.fold, then: int32(next)}, anything)
	}
	return c.assertion(n.op, next)
}

func (c *compiler) octet(s set, next int) int {
	if s.size() == 1 {
		return c.add(step{do: doOctet, octet: s.lowest(), then: int32(next)}, first{set: s})
	}
	return c.add(step{do: doSet, arg: c.set(s), then: int32(next)}, first{set: s})
}

// concat writes a sequence. Runs of letters become texts: as they are, or in either case.
func (c *compiler) concat(subs []*node, next int) int {
	for i := len(subs) - 1; i >= 0; {
		exact := letters(subs[:i+1], func(s set) bool { return s.size() == 1 })
		folded := letters(subs[:i+1], func(s set) bool { return s == single(s.lowest()).anyCase() })
		switch n := max(exact, folded); {
		case n < 2:
			next = c.node(subs[i], next)
			i--
		case exact == n:
			next = c.text(step{do: doText}, subs[i-n+1:i+1], next)
			i -= n
		default:
			next = c.text(step{do: doFold}, subs[i-n+1:i+1], next)
			i -= n
		}
	}
	return next
}

// letters counts the octets at the end of subs whose sets are good.
func letters(subs []*node, good func(set) bool) int {
	n := 0
	for n < len(subs) && subs[len(subs)-1-n].op == opOctet && subs[len(subs)-1-n].set.size() > 0 && good(subs[len(subs)-1-n].set) {
		n++
	}
	return n
}

func (c *compiler) text(s step, subs []*node, next int) int {
	text := make([]byte, len(subs))
	for i, sub := range subs {
		text[i] = sub.set.lowest()
		if s.do == doFold {
			text[i] = fold(text[i])
		}
	}
	s.arg, s.then = int32(len(c.texts)), int32(next)
	c.texts = append(c.texts, string(text))
	return c.add(s, first{set: subs[0].set})
}

// alternate writes branches: two as a split, more as a fork.
func (c *compiler) alternate(subs []*node, next int) int {
	entries := make([]int, len(subs))
	all := first{}
	for i, sub := range subs {
		entries[i] = c.node(sub, next)
		all = all.or(c.firsts[entries[i]])
	}
	switch {
	case len(entries) == 2:
		return c.split(entries[0], entries[1])
	case len(entries) > maxBranches:
		pc := entries[len(entries)-1]
		for i := len(entries) - 2; i >= 0; i-- {
			pc = c.split(entries[i], pc)
		}
		return pc
	}
	pc := c.add(step{do: doFork, arg: c.fork(entries), other: int32(len(c.targets))}, all)
	for _, entry := range entries {
		c.targets = append(c.targets, int32(entry))
	}
	c.choose(pc)
	return pc
}

// split writes two branches, of which the octet at hand often rules out one.
func (c *compiler) split(one, two int) int {
	pc := c.add(step{do: doSplit}, first{})
	c.fill(pc, one, two)
	return pc
}

func (c *compiler) fill(pc, one, two int) {
	f, g := &c.firsts[one], &c.firsts[two]
	s := step{do: doSplit, choice: -1, then: int32(one), other: int32(two), arg: c.set(f.set), follow: c.set(g.set)}
	if f.end {
		s.octet |= endThen
	}
	if g.end {
		s.octet |= endOther
	}
	c.steps[pc] = s
	c.firsts[pc] = f.or(*g)
	c.choose(pc)
}

// A forkForm is a fork's table, as the key under which the program has it.
type forkForm struct {
	by    [257]uint8
	lists string
}

const (
	maxBranches = 255 // of a fork
	maxLists    = 256
)

// fork returns the number of the fork to those steps.
func (c *compiler) fork(entries []int) int32 {
	var form forkForm
	known := map[string]uint8{}
	var lists [][]uint8
	var text []byte
	list := make([]uint8, 0, len(entries))
	for octet := range endOfText + 1 {
		list = c.possible(list[:0], entries, octet)
		number, found := known[string(list)]
		if !found {
			if len(lists) == maxLists-1 { // the last list serves all that are left: every branch
				list = list[:0]
				for i := range entries {
					list = append(list, uint8(i))
				}
			}
			if len(lists) < maxLists {
				lists = append(lists, slices.Clone(list))
				text = append(append(text, list...), maxBranches)
			}
			number = uint8(len(lists) - 1)
			known[string(list)] = number
		}
		form.by[octet] = number
	}
	form.lists = string(text)
	i, found := c.forkIndex[form]
	if !found {
		i = int32(len(c.forks))
		c.forks = append(c.forks, &fork{form.by, lists, united(lists)})
		c.forkIndex[form] = i
	}
	return i
}

// possible appends the branches that can match where the octet stands.
func (c *compiler) possible(list []uint8, entries []int, octet int) []uint8 {
	for i, entry := range entries {
		if f := &c.firsts[entry]; octet == endOfText && f.end || octet != endOfText && f.set.has(byte(octet)) {
			list = append(list, uint8(i))
		}
	}
	return list
}

// united is every branch of some list.
func united(lists [][]uint8) []uint8 {
	var known [maxBranches]bool
	var all []uint8
	for _, list := range lists {
		for _, branch := range list {
			if !known[branch] {
				known[branch] = true
				all = append(all, branch)
			}
		}
	}
	return all
}
