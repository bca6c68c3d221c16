package pattern

// A beginning is what the first octets of a match can be: a set for each place. Where a pattern has no literal worth looking
// for, as one that spells a word in thirty alphabets, its beginning still rules out nearly every place: that the first
// four octets all fit by chance is rare.
type beginning [beginLength]set

const (
	beginLength = 4
	maxPlaces   = 2000 // steps to be at, at once; where there are more, every octet is possible
)

// A place is a step, and how many octets of it were taken.
type place struct {
	pc    int32
	taken int32
}

// beginningOf walks the program, octet by octet, over all steps where it can be.
func beginningOf(p *program) beginning {
	var b beginning
	w := walker{prog: p, seen: map[place]bool{}}
	w.enter(place{int32(p.entry), 0})
	for i := range b {
		b[i] = w.next()
	}
	return b
}

// A walker is at several places of a program at once.
type walker struct {
	prog   *program
	at     []place
	seen   map[place]bool
	beyond bool // it can be where every octet is possible
}

// enter is at a place, or where it leads to without an octet.
func (w *walker) enter(at place) {
	if w.beyond || w.seen[at] {
		return
	}
	if w.seen[at] = true; len(w.seen) > maxPlaces {
		w.beyond = true
		return
	}
	s := &w.prog.steps[at.pc]
	switch s.do {
	case doFail:
	case doOctet, doSet, doText, doFold:
		w.at = append(w.at, at)
	case doRun:
		if at.taken < s.max {
			w.at = append(w.at, at)
		}
		if at.taken >= s.min {
			w.enter(place{s.then, 0})
		}
	case doSplit, doTurn, doCount:
		w.enter(place{s.then, 0})
		w.enter(place{s.other, 0})
	case doFork:
		for _, list := range w.prog.forks[s.arg].lists {
			for _, branch := range list {
				w.enter(place{w.prog.targets[s.other+int32(branch)], 0})
			}
		}
	case doHold, doSave, doClose, doZero, doLook, doLookNot:
		w.enter(place{s.then, 0})
	default: // the end, a back-reference, an atomic group
		w.beyond = true
	}
}

// next takes an octet wherever the walker is, and returns which it can be.
func (w *walker) next() set {
	if w.beyond {
		return anySet
	}
	var all set
	before := w.at
	w.at = nil
	clear(w.seen)
	for _, at := range before {
		s := &w.prog.steps[at.pc]
		then := place{s.then, 0}
		switch s.do {
		case doOctet:
			all.add(s.octet)
		case doSet:
			all = all.union(w.prog.sets[s.arg])
		case doRun:
			all = all.union(w.prog.sets[s.arg])
			then = place{at.pc, min(at.taken+1, max(s.min, beginLength))}
		default:
			text := w.prog.texts[s.arg]
			b := text[at.taken]
			all.add(b)
			if s.do == doFold {
				all.add(unfold(b))
			}
			if int(at.taken)+1 < len(text) {
				then = place{at.pc, at.taken + 1}
			}
		}
		w.enter(then)
	}
	return all
}

// chance estimates how likely a beginning is at a place.
func (b *beginning) chance() float64 {
	p := 1.0
	for _, s := range b {
		p *= chanceOfSet(s)
	}
	return p
}
