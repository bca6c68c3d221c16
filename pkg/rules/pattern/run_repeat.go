package pattern

// runSet takes octets of a set: all that it can, or as few as must be. The others are tried from the frame that it leaves.
func (m *Machine) runSet(s *step, pc, at int) (place int, ok bool) {
	set, text := &m.prog.sets[s.arg], m.text
	most := len(text)
	switch {
	case int(s.max) < most-at:
		if most = at + int(s.max); m.memory.on && m.memory.been(s.choice, at) {
			return 0, false
		}
	case m.memory.on && s.choice >= 0:
		if most, ok = m.memory.reach(s.choice, set, text, at, int(s.min)); !ok {
			return 0, false
		}
	}
	least := at + int(s.min)
	if least > most {
		return 0, false
	}
	ahead := most
	if s.mode == lazy {
		ahead = least
	}
	end := at
	for end < ahead && set.has(text[end]) {
		end++
	}
	if !m.spend(1+(end-at)/stepOctets) || end < least {
		return 0, false
	}
	switch {
	case s.mode == lazy && end < most:
		m.push(frame{kind: frameRun, mode: lazy, pc: int32(pc), at: int32(end), more: int32(most)})
	case s.mode == greedy && end > least:
		m.push(frame{kind: frameRun, mode: greedy, pc: int32(pc), at: int32(end), more: int32(least)})
	case s.follow >= 0 && end < len(text):
		return end, m.prog.sets[s.follow].has(text[end])
	default:
		return end, true
	}
	if s.follow >= 0 && end < len(text) && !m.prog.sets[s.follow].has(text[end]) {
		return 0, false // on to the frame
	}
	return end, true
}

// stepOctets is how many octets are passed in the time of a step.
const stepOctets = 8

// rerun gives back an octet, or takes one more, and goes on until what follows can begin there.
func (m *Machine) rerun(f *frame) (pc, at int, ok bool) {
	s, text := &m.prog.steps[f.pc], m.text
	at, last := int(f.at), int(f.more)
	was := at
	if f.mode == lazy {
		set := &m.prog.sets[s.arg]
		for at < last && set.has(text[at]) && !ok {
			at++
			ok = m.fits(s, at)
		}
	} else {
		for at > last && !ok {
			at--
			ok = m.fits(s, at)
		}
	}
	f.at = int32(at)
	if !ok || at == last {
		m.stack = m.stack[:len(m.stack)-1]
	}
	if steps := max(at-was, was-at) / stepOctets; steps > 0 && !m.spend(steps) {
		return 0, 0, false
	}
	return int(s.then), at, ok
}

// fits tells whether what follows a run can begin at a place.
func (m *Machine) fits(s *step, at int) bool {
	if s.fold && at > 0 && m.text[at-1] != '\n' {
		return false
	}
	return s.follow < 0 || at == len(m.text) || m.prog.sets[s.follow].has(m.text[at])
}

// count does a step of a counted loop: another turn, or on to what follows. A turn that took nothing is the last.
func (m *Machine) count(s *step, pc, at int) (then, place int, ok bool) {
	if !m.spend(1) {
		return 0, 0, false
	}
	turns := m.regs[s.arg]
	switch {
	case turns < s.min:
		m.turn(s.arg, turns+1, at)
		return int(s.other), at, true
	case turns >= s.max || s.fold && turns > 0 && m.regs[s.arg+1] == int32(at):
		return int(s.then), at, true
	case s.mode == lazy:
		m.push(frame{kind: frameTurn, pc: int32(pc), at: int32(at), more: turns + 1})
		return int(s.then), at, true
	}
	m.turn(s.arg, turns+1, at)
	m.push(frame{kind: frameGo, pc: s.then, at: int32(at)})
	return int(s.other), at, true
}

// turn begins a turn of a counted loop.
func (m *Machine) turn(register, number int32, at int) {
	m.save(register, number)
	m.save(register+1, int32(at))
}

// commit gives up what was not tried since the mark. What restores registers stays: it is for the branches before.
func (m *Machine) commit(mark int) {
	kept := m.stack[:mark]
	for _, f := range m.stack[mark:] {
		if f.kind == frameRestore {
			kept = append(kept, f)
		}
	}
	m.stack = kept
}

// unwind gives up all since the mark, and restores the registers.
func (m *Machine) unwind(mark int) {
	for len(m.stack) > mark {
		f := m.stack[len(m.stack)-1]
		m.stack = m.stack[:len(m.stack)-1]
		if f.kind == frameRestore {
			m.regs[f.pc] = f.at
		}
	}
}

// around tells whether a lookaround holds.
func (m *Machine) around(s *step, at int) bool {
	mark := len(m.stack)
	found := false
	if s.arg < 0 {
		_, found = m.run(int(s.other), at)
	} else {
		m.save(s.arg, int32(at))
		for back := int(s.min); back <= int(s.max) && back <= at && !found && m.spend(1); back++ {
			_, found = m.run(int(s.other), at-back)
		}
	}
	if m.abort != going {
		return false
	}
	if s.do == doLookNot {
		m.unwind(mark)
		return !found
	}
	if found {
		m.commit(mark)
	}
	return found
}

// backRef takes what a group captured once more.
func (m *Machine) backRef(s *step, at int) (end int, ok bool) {
	for _, group := range m.prog.refs[s.arg] {
		start, stop := m.regs[2*group], m.regs[2*group+1]
		if start < 0 || stop < start {
			continue
		}
		captured := m.text[start:stop]
		if end = at + len(captured); end > len(m.text) || !m.spend(1+len(captured)/stepOctets) {
			return 0, false
		}
		if s.fold {
			return end, equalFolded(m.text[at:end], captured)
		}
		return end, m.text[at:end] == captured
	}
	return 0, false
}

func equalFolded(a, b string) bool {
	for i := 0; i < len(a); i++ {
		if folded[a[i]] != folded[b[i]] {
			return false
		}
	}
	return true
}
