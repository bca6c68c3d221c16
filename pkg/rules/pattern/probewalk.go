package pattern

// classify divides the octets into classes.
func (p *probe) classify() {
	d := divider{class: &p.class, count: 1}
	for i := range p.prog.sets {
		d.divide(p.prog.sets[i])
	}
	d.divide(newline)
	if p.asserts {
		d.divide(word)
	}
	var exact, either set
	for i := range p.prog.steps {
		switch s := &p.prog.steps[i]; s.do {
		case doOctet:
			exact.add(s.octet)
		case doText, doFold:
			of := &exact
			if s.do == doFold {
				of = &either
			}
			for i := range len(p.prog.texts[s.arg]) {
				of.add(p.prog.texts[s.arg][i])
			}
		}
	}
	for b := range exact.all {
		d.divide(single(b))
	}
	for b := range either.all {
		d.divide(single(b).anyCase())
	}
	p.sample = make([]int16, d.count+1)
	for b := range 256 {
		p.sample[p.class[b]] = int16(b)
	}
	p.sample[d.count] = endOfText
}

// A divider divides octets into classes, of which there are so many.
type divider struct {
	class *[256]uint8
	count int
}

// divide tells the octets of s from all others.
func (d *divider) divide(s set) {
	var size, within, into [256]int // by class: how many octets it has, and has in s; the class that these are of from now on
	for b, c := range d.class {
		size[c]++
		if s.has(byte(b)) {
			within[c]++
		}
	}
	for c := range d.count {
		if into[c] = c; within[c] > 0 && within[c] < size[c] {
			into[c] = d.count
			d.count++
		}
	}
	for b := range s.all {
		d.class[b] = uint8(into[d.class[b]])
	}
}

// A probeWalk finds the places behind an octet, or the end of the text.
type probeWalk struct {
	prog   *program
	octet  int
	before int
	seen   map[place]bool
	next   []place
	ended  bool // the pattern can have matched
}

func (w *probeWalk) takes(s set) bool { return w.octet != endOfText && s.has(byte(w.octet)) }

// visit goes from a place as far as the octet and assertions allow.
func (w *probeWalk) visit(at place) {
	if w.ended || w.seen[at] {
		return
	}
	w.seen[at] = true
	if len(w.seen) > maxVisits {
		w.ended = true
		return
	}
	s := &w.prog.steps[at.pc]
	switch s.do {
	case doFail:
	case doOctet:
		if w.octet == int(s.octet) {
			w.next = append(w.next, place{s.then, 0})
		}
	case doSet:
		if w.takes(w.prog.sets[s.arg]) {
			w.next = append(w.next, place{s.then, 0})
		}
	case doText, doFold:
		w.text(s, at)
	case doRun:
		w.run(s, at)
	case doSplit, doTurn, doCount:
		w.visit(place{s.then, 0})
		w.visit(place{s.other, 0})
	case doFork:
		f := w.prog.forks[s.arg]
		for _, branch := range f.lists[f.by[w.octet]] {
			w.visit(place{w.prog.targets[s.other+int32(branch)], 0})
		}
	case doZero:
		head := &w.prog.steps[s.then]
		w.visit(place{head.other, 0})
		if head.min == 0 {
			w.visit(place{head.then, 0})
		}
	case doSave, doClose, doLook, doLookNot, doDone:
		w.visit(place{s.then, 0})
	case doHold:
		if w.holds(op(s.arg)) {
			w.visit(place{s.then, 0})
		}
	case doAtomic:
		w.visit(place{s.other, 0})
	default: // the end, a back-reference
		w.ended = true
	}
}

// text takes the octet that is next in a text.
func (w *probeWalk) text(s *step, at place) {
	if w.octet == endOfText {
		return
	}
	octet, text := byte(w.octet), w.prog.texts[s.arg]
	if s.do == doFold {
		octet = folded[octet]
	}
	switch {
	case octet != text[at.taken]:
	case int(at.taken)+1 == len(text):
		w.next = append(w.next, place{s.then, 0})
	default:
		w.next = append(w.next, place{at.pc, at.taken + 1})
	}
}

// run takes one more octet of a set, or goes on to what follows. Octets are counted to the least that there must be, and up
// to the most where these are near.
func (w *probeWalk) run(s *step, at place) {
	least := min(s.min, maxTaken)
	most := s.max
	if most-least > exactTaken || s.min > maxTaken {
		most = maxText
	}
	if at.taken < most && w.takes(w.prog.sets[s.arg]) {
		taken := at.taken + 1
		if most == maxText {
			taken = min(taken, least)
		}
		w.next = append(w.next, place{at.pc, taken})
	}
	if at.taken >= least {
		w.visit(place{s.then, 0})
	}
}

// holds tells whether an assertion can hold before the octet.
func (w *probeWalk) holds(o op) bool {
	end := w.octet == endOfText
	switch o {
	case opTextStart:
		return w.before == behindStart
	case opLineStart:
		return w.before == behindStart || w.before == behindLine && !end
	case opTextEnd, opLineEnd:
		return end || w.octet == '\n'
	case opVeryEnd:
		return end
	}
	after := !end && word.has(byte(w.octet))
	return ((w.before == behindWord) != after) == (o == opBoundary)
}
