package pattern

import "strings"

// run goes from a step and a place until the pattern, or what is inside a lookaround, has matched. What it leaves on the
// stack are the branches that were not tried.
func (m *Machine) run(pc, at int) (end int, ok bool) {
	p, text := m.prog, m.text
	base := len(m.stack)
	for {
		s := &p.steps[pc]
		ok = false
		switch s.do {
		case doOctet:
			if at < len(text) && text[at] == s.octet {
				at, pc = at+1, int(s.then)
				continue
			}
		case doSet:
			if at < len(text) && p.sets[s.arg].has(text[at]) {
				at, pc = at+1, int(s.then)
				continue
			}
		case doText:
			if word := p.texts[s.arg]; strings.HasPrefix(text[at:], word) {
				at, pc = at+len(word), int(s.then)
				continue
			}
		case doFold:
			if word := p.texts[s.arg]; hasFolded(text[at:], word) {
				at, pc = at+len(word), int(s.then)
				continue
			}
		case doHold:
			if holds(op(s.arg), text, at) {
				pc = int(s.then)
				continue
			}
		case doRun:
			at, ok = m.runSet(s, pc, at)
			pc = int(s.then)
		case doSplit:
			pc, ok = m.split(s, at)
		case doFork:
			pc, ok = m.fork(s, pc, at)
		case doEnd:
			if at >= m.minEnd {
				return at, true
			}
		case doDone:
			return at, true
		case doBehind:
			if m.regs[s.arg] == int32(at) {
				return at, true
			}
		default:
			pc, at, ok = m.rare(s, pc, at)
		}
		if ok {
			continue
		}
		if pc, at, ok = m.back(base); !ok {
			return 0, false
		}
	}
}

// rare does the steps that few patterns have.
func (m *Machine) rare(s *step, pc, at int) (then, place int, ok bool) {
	switch s.do {
	case doSave:
		m.save(s.arg, int32(at))
	case doClose: // not before it has matched does a group hold something new
		m.save(s.arg, m.regs[s.min])
		m.save(s.arg+1, int32(at))
	case doTurn:
		if m.regs[s.arg] == int32(at) {
			return int(s.other), at, true
		}
	case doZero:
		m.save(s.arg, 0)
	case doCount:
		return m.count(s, pc, at)
	case doLook, doLookNot:
		return int(s.then), at, m.around(s, at)
	case doAtomic:
		mark := len(m.stack)
		end, ok := m.run(int(s.other), at)
		m.commit(mark)
		return int(s.then), end, ok
	case doBackRef:
		end, ok := m.backRef(s, at)
		return int(s.then), end, ok
	default:
		return 0, 0, false
	}
	return int(s.then), at, true
}

func hasFolded(text, word string) bool {
	if len(text) < len(word) {
		return false
	}
	for i := 0; i < len(word); i++ {
		if folded[text[i]] != word[i] {
			return false
		}
	}
	return true
}

// holds tells whether an assertion holds at a place.
func holds(o op, text string, at int) bool {
	switch o {
	case opTextStart:
		return at == 0
	case opLineStart: // not behind a line end that ends the text
		return at == 0 || at < len(text) && text[at-1] == '\n'
	case opTextEnd:
		return at == len(text) || at == len(text)-1 && text[at] == '\n'
	case opLineEnd:
		return at == len(text) || text[at] == '\n'
	case opVeryEnd:
		return at == len(text)
	}
	before := at > 0 && word.has(text[at-1])
	after := at < len(text) && word.has(text[at])
	return (before != after) == (o == opBoundary)
}

func (m *Machine) push(f frame) { m.stack = append(m.stack, f) }

// save sets a register, and has it restored where the run fails.
func (m *Machine) save(register, value int32) {
	m.push(frame{kind: frameRestore, pc: register, at: m.regs[register]})
	m.regs[register] = value
}

// spend counts a step, and tells whether the run may go on.
func (m *Machine) spend(steps int) bool {
	m.fuel -= steps
	return m.fuel >= 0 || m.refuel()
}

// back takes the way that was kept last.
func (m *Machine) back(base int) (pc, at int, ok bool) {
	if m.abort != going || !m.spend(1) {
		m.stack = m.stack[:base]
		return 0, 0, false
	}
	for len(m.stack) > base {
		f := &m.stack[len(m.stack)-1]
		switch f.kind {
		case frameGo:
			m.stack = m.stack[:len(m.stack)-1]
			return int(f.pc), int(f.at), true
		case frameRestore:
			m.regs[f.pc] = f.at
			m.stack = m.stack[:len(m.stack)-1]
		case frameRun:
			if pc, at, ok = m.rerun(f); ok {
				return pc, at, true
			}
			if m.abort != going {
				return 0, 0, false
			}
		case frameFork:
			return m.refork(f)
		case frameTurn:
			register, count := m.prog.steps[f.pc].arg, f.more
			pc, at = int(m.prog.steps[f.pc].other), int(f.at)
			m.stack = m.stack[:len(m.stack)-1]
			m.turn(register, count, at)
			return pc, at, true
		}
	}
	return 0, 0, false
}

// split goes to the first of two branches that can match by the octet at hand, and keeps the other if it can, too.
func (m *Machine) split(s *step, at int) (pc int, ok bool) {
	if !m.spend(1) || m.memory.on && m.memory.been(s.choice, at) {
		return 0, false
	}
	var one, two bool
	if at < len(m.text) {
		octet := m.text[at]
		one, two = m.prog.sets[s.arg].has(octet), m.prog.sets[s.follow].has(octet)
	} else {
		one, two = s.octet&endThen != 0, s.octet&endOther != 0
	}
	if !one {
		return int(s.other), two
	}
	if two {
		m.push(frame{kind: frameGo, pc: s.other, at: int32(at)})
	}
	return int(s.then), true
}

// list is the branches that can match at a place.
func (f *fork) list(text string, at int) []uint8 {
	octet := endOfText
	if at < len(text) {
		octet = int(text[at])
	}
	return f.lists[f.by[octet]]
}

// fork is split for many branches.
func (m *Machine) fork(s *step, pc, at int) (then int, ok bool) {
	if !m.spend(1) || m.memory.on && m.memory.been(s.choice, at) {
		return 0, false
	}
	list := m.prog.forks[s.arg].list(m.text, at)
	switch len(list) {
	case 0:
		return 0, false
	case 1:
	default:
		m.push(frame{kind: frameFork, pc: int32(pc), at: int32(at), more: 1})
	}
	return int(m.prog.targets[int(s.other)+int(list[0])]), true
}

// refork takes the next branch.
func (m *Machine) refork(f *frame) (pc, at int, ok bool) {
	s, at := &m.prog.steps[f.pc], int(f.at)
	list := m.prog.forks[s.arg].list(m.text, at)
	branch := list[f.more]
	if f.more++; int(f.more) == len(list) {
		m.stack = m.stack[:len(m.stack)-1]
	}
	return int(m.prog.targets[int(s.other)+int(branch)]), at, true
}
