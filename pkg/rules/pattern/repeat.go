package pattern

import "fmt"

// repeat writes a quantifier.
func (c *compiler) repeat(n *node, next int) int {
	sub := n.subs[0]
	switch {
	case n.max == 0:
		return next
	case sub.op == opOctet:
		return c.octets(n, next)
	case n.mode == possessive:
		greedily := *n
		greedily.mode = greedy
		return c.atomic(&greedily, next)
	case n.max == 1 && n.min == 1:
		return c.node(sub, next)
	case n.max == unbounded && n.min <= 1:
		return c.loop(n, next)
	case max(n.min, n.max)*size(sub) <= maxUnrolled:
		return c.writtenOut(n, next)
	case n.max == unbounded:
		rest := &node{op: opRepeat, at: n.at, max: unbounded, mode: n.mode, subs: n.subs}
		return c.counted(sub, n.min, n.min, n.mode, c.loop(rest, next))
	}
	return c.counted(sub, n.min, n.max, n.mode, next)
}

// octets writes a set, several times: one step that runs ahead. Greedy, it gives back octet by octet, but only where the
// next one lets what follows begin; if no octet of the set does, it need not give back at all.
func (c *compiler) octets(n *node, next int) int {
	s := n.subs[0].set
	after := c.firsts[next]
	run := step{do: doRun, mode: n.mode, arg: c.set(s), then: int32(next), min: int32(n.min), max: int32(n.max), follow: -1}
	if n.max == unbounded {
		run.max = maxText
	}
	if after.set != anySet {
		run.follow = c.set(after.set)
	}
	if n.mode == greedy && after.set.both(s) == (set{}) {
		run.mode = possessive
	}
	run.fold = c.steps[next].do == doHold && op(c.steps[next].arg) == opLineStart
	f := first{set: s}
	if n.min == 0 {
		f = f.or(after)
	}
	pc := c.add(run, f)
	if run.mode != possessive {
		c.choose(pc)
	}
	return pc
}

// loop writes x* and x+. A turn that takes nothing is the last: without that a loop of what may be empty had no end.
func (c *compiler) loop(n *node, next int) int {
	sub := n.subs[0]
	head := c.add(step{do: doSplit}, anything)
	back := head
	register := int32(-1)
	if nullable(sub, atGoodLuck) {
		register = c.register()
		back = c.add(step{do: doTurn, arg: register, then: int32(head), other: int32(next)}, anything)
	}
	c.firsts[head] = anything
	body := c.node(sub, back)
	if register >= 0 {
		body = c.add(step{do: doSave, arg: register, then: int32(body)}, c.firsts[body])
	}
	if n.mode == lazy {
		c.fill(head, next, body)
	} else {
		c.fill(head, body, next)
	}
	if n.min == 1 {
		return body
	}
	return head
}

func (c *compiler) register() int32 {
	c.regs++
	return int32(c.regs - 1)
}

// writtenOut writes x{2,4} as xx(?:x(?:x)?)?, and x{2,} as xxx*: without counters a run can remember where it has been.
// As in a loop, a turn that takes nothing is the last, once there have been enough.
func (c *compiler) writtenOut(n *node, next int) int {
	sub, pc := n.subs[0], next
	if n.max == unbounded {
		pc = c.loop(&node{op: opRepeat, at: n.at, max: unbounded, mode: n.mode, subs: n.subs}, next)
	}
	empty := nullable(sub, atGoodLuck)
	for turn := max(n.max, n.min); turn > 0; turn-- {
		back, register := pc, int32(-1)
		if empty && turn >= n.min && pc != next {
			register = c.register()
			back = c.add(step{do: doTurn, arg: register, then: int32(pc), other: int32(next)}, anything)
		}
		body := c.node(sub, back)
		if register >= 0 {
			body = c.add(step{do: doSave, arg: register, then: int32(body)}, c.firsts[body])
		}
		switch {
		case turn <= n.min:
			pc = body
		case n.mode == lazy:
			pc = c.split(next, body)
		default:
			pc = c.split(body, next)
		}
	}
	return pc
}

// counted writes a loop with a counter, for what would be too long when written out.
func (c *compiler) counted(sub *node, low, high int, m mode, next int) int {
	c.stateful = true
	register := c.register()
	c.register() // where the last turn began
	empty := nullable(sub, atGoodLuck)
	head := c.add(step{do: doCount, mode: m, fold: empty, arg: register, then: int32(next), min: int32(low), max: int32(high), follow: int32(min(low*sub.least, maxWidth))}, anything)
	body := c.node(sub, head)
	c.steps[head].other = int32(body)
	f := c.firsts[body]
	if low == 0 || empty {
		f = f.or(c.firsts[next])
	}
	c.firsts[head] = f
	return c.add(step{do: doZero, arg: register, then: int32(head)}, f)
}

// size estimates how many steps a node takes.
func size(n *node) int {
	if len(n.subs) == 0 {
		return 1
	}
	all := 1
	for _, sub := range n.subs {
		if all += size(sub); all > maxUnrolled {
			return all
		}
	}
	if n.op == opRepeat && n.subs[0].op != opOctet {
		all *= max(n.min, n.max, 1)
	}
	return all
}

// atomic writes what is matched once and never tried anew.
func (c *compiler) atomic(sub *node, next int) int {
	c.inside++
	done := c.add(step{do: doDone, then: int32(next)}, anything)
	body := c.node(sub, done)
	c.inside--
	return c.add(step{do: doAtomic, other: int32(body), then: int32(next)}, c.firsts[body])
}

// look writes a lookahead or a lookbehind. A lookbehind is tried from each place as far back as its shortest and its longest
// match would be, and must end here.
func (c *compiler) look(n *node, next int) int {
	sub := n.subs[0]
	c.inside++
	s := step{do: doLook, then: int32(next), arg: -1}
	f := c.firsts[next]
	if n.not {
		s.do = doLookNot
	}
	if n.behind {
		if sub.most == unbounded || sub.most > maxBehind {
			panic(&Error{What: fmt.Sprintf("a lookbehind of more than %d octets", maxBehind), Offset: n.at})
		}
		s.min, s.max, s.arg = int32(sub.least), int32(sub.most), c.register()
		end := c.add(step{do: doBehind, arg: s.arg}, anything)
		s.other = int32(c.node(sub, end))
	} else {
		s.other = int32(c.node(sub, c.add(step{do: doDone}, anything)))
		if !n.not {
			f = f.and(c.firsts[s.other])
		}
	}
	c.inside--
	return c.add(s, f)
}

// assertion writes what takes no octet. What can stand behind it is a little less than behind what follows.
func (c *compiler) assertion(o op, next int) int {
	f := c.firsts[next]
	switch o {
	case opTextEnd, opLineEnd:
		f = f.and(first{newline, true})
	case opVeryEnd:
		f = f.and(first{end: true})
	}
	return c.add(step{do: doHold, arg: int32(o), then: int32(next)}, f)
}
