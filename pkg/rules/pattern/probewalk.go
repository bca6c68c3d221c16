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
	ended  bool  // the pattern can have matched
	loop   int32 // whose turns are counted
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
			w.next = append(w.next, place{s.then, at.turns()})
		}
	case doSet:
		if w.takes(w.prog.sets[s.arg]) {
			w.next = append(w.next, place{s.then, at.turns()})
		}
	case doText, doFold:
		w.text(s, at)
	case doRun:
		w.run(s, at)
	case doSplit, doTurn:
		w.visit(place{s.then, at.turns()})
		w.visit(place{s.other, at.turns()})
	case doCount:
		w.count(s, at)
	case doFork:
		f := w.prog.forks[s.arg]
		for _, branch := range f.lists[f.by[w.octet]] {
			w.visit(place{w.prog.targets[s.other+int32(branch)], at.turns()})
		}
	case doZero:
		w.enter(s, at)
	case doSave, doClose, doLook, doLookNot, doDone:
		w.visit(place{s.then, at.turns()})
	case doHold:
		if w.holds(op(s.arg)) {
			w.visit(place{s.then, at.turns()})
		}
	case doAtomic:
		w.visit(place{s.other, at.turns()})
	default: // the end, a back-reference
		w.ended = true
	}
}

// text takes the octet that is next in a text.
func (w *probeWalk) text(s *step, at place) {
	if w.octet == endOfText {
		return
	}
	octet, text, taken := byte(w.octet), w.prog.texts[s.arg], at.taken%oneTurn
	if s.do == doFold {
		octet = folded[octet]
	}
	switch {
	case octet != text[taken]:
	case int(taken)+1 == len(text):
		w.next = append(w.next, place{s.then, at.turns()})
	case taken == oneTurn-1: // a text of 64 kB is long enough
		w.ended = true
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
	taken := at.taken % oneTurn
	if taken < most && w.takes(w.prog.sets[s.arg]) {
		more := taken + 1
		if most == maxText {
			more = min(more, least)
		}
		w.next = append(w.next, place{at.pc, at.turns() + more})
	}
	if taken >= least {
		w.visit(place{s.then, at.turns()})
	}
}

// Where a walk knows the turns of a counted loop, they are above the octets taken.
const (
	oneTurn  = 1 << 16
	maxTurns = 12 // that are counted
)

// turns are those of a place, without its octets.
func (at place) turns() int32 { return at.taken &^ (oneTurn - 1) }

// enter begins a counted loop.
func (w *probeWalk) enter(s *step, at place) {
	switch head := &w.prog.steps[s.then]; {
	case s.then == w.loop:
		w.visit(place{s.then, 0})
	case head.min > 0: // there is one turn at least
		w.visit(place{head.other, at.turns()})
	default:
		w.visit(place{s.then, at.turns()})
	}
}

// count takes another turn of a counted loop, or goes on once there were as many as there must be. That is known of one
// loop; in any other a turn may be the last.
func (w *probeWalk) count(s *step, at place) {
	least := min(s.min, maxTurns) * oneTurn
	switch turns := at.turns(); {
	case at.pc != w.loop:
		w.visit(place{s.other, turns})
		w.visit(place{s.then, turns})
	case turns < least:
		w.visit(place{s.other, turns + oneTurn})
	default:
		w.visit(place{s.other, turns})
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
