package pattern

import (
	"math/bits"
	"strings"
)

// A beginning is what seven octets at or near the beginning of a match can be: which three can be the first of them, which
// three follow the second, and which the fourth. Octets are told apart by kind only: letters without case, white space,
// digits, and so on. Where a pattern has no literal worth looking for, as one that spells its words in thirty alphabets or
// begins with one of two hundred words, its beginning still rules out nearly every place of a text.
type beginning struct {
	trigrams [beginLinks]*trigrams
	offset   int32 // octets of the match before
}

// trigrams is a set of three kinds in a row: by the first two, a bit for each third.
type trigrams [kinds * kinds]uint32

const (
	kinds        = 32
	kindBits     = 5
	trigram      = 3
	beginLinks   = 3 // trigrams of a beginning
	linkLength   = 2 // octets from one to the next
	wholeBegin   = beginLinks*linkLength + 1
	maxOffset    = 8
	trigramCount = kinds * kinds * kinds
	maxPlaces    = 20_000 // steps to be at, at once; where there are more, every octet is possible
)

// Kinds beside those of the letters, of which the four rarest are one.
const (
	kindSpace = 23 + iota
	kindDigit
	kindJoint // - _ .
	kindTag   // <
	kindAmp   // &
	kindLike  // ! @ $ | which stand for letters
	kindPunct // others, and control characters
	kindHigh
	kindNone // behind the end of the text
)

const letterKinds = "abcdefghiklmnoprstuvwy" // in this order; j, q, x and z come behind

const everyKind = 1<<kinds - 1

// kind is by octet.
var kind = func() (table [256]uint8) {
	for b := range table {
		switch c := byte(b); {
		case alpha.has(c) && strings.IndexByte(letterKinds, fold(c)) >= 0:
			table[b] = uint8(strings.IndexByte(letterKinds, fold(c)))
		case alpha.has(c):
			table[b] = uint8(len(letterKinds))
		case space.has(c):
			table[b] = kindSpace
		case digit.has(c):
			table[b] = kindDigit
		case c == '-' || c == '_' || c == '.':
			table[b] = kindJoint
		case c == '<':
			table[b] = kindTag
		case c == '&':
			table[b] = kindAmp
		case strings.IndexByte("!@$|", c) >= 0:
			table[b] = kindLike
		case c >= 0x80:
			table[b] = kindHigh
		default:
			table[b] = kindPunct
		}
	}
	return table
}()

// kindChances is how likely an octet of a text is of a kind.
var kindChances = func() (p [kinds]float64) {
	for b, k := range kind {
		if fold(byte(b)) == byte(b) {
			p[k] += chances[b]
		}
	}
	return p
}()

// kindsOf is the kinds that octets of a set are of.
func kindsOf(s set) (mask uint32) {
	for i, word := range s {
		for ; word != 0; word &= word - 1 {
			mask |= 1 << kind[64*i+bits.TrailingZeros64(word)]
		}
	}
	return mask
}

// beginningOf walks the program over all steps where it can be, octet by octet. Of a few places it takes the one that rules
// out most.
func beginningOf(p *program) *beginning {
	w := walker{prog: p}
	for _, s := range p.sets {
		w.kinds = append(w.kinds, kindsOf(s))
	}
	var best *beginning
	var last [beginLinks]*trigrams
	at := w.enter([]place{{int32(p.entry), 0}})
	for octets := int32(0); octets < maxOffset+wholeBegin; octets += linkLength {
		next := new(trigrams)
		at = w.trigrams(at, next)
		last[0], last[1], last[2] = last[1], last[2], next
		if last[0] == nil {
			continue
		}
		if b := (&beginning{last, octets - (beginLinks-1)*linkLength}); best == nil || b.starts() < best.starts()/2 {
			best = b
		}
		if at.beyond || best.starts() < enough {
			break
		}
	}
	return best
}

// enough is of what share of places it is not worth while to look for a beginning that has a lesser one.
const enough = 1.0 / 500

// starts estimates at what share of a text's places a match would have to be tried.
func (b *beginning) starts() float64 {
	p := 1.0
	for _, t := range b.trigrams {
		p *= t.chance()
	}
	return p
}

func (t *trigrams) chance() float64 {
	all := 0.0
	for i, mask := range t {
		third := 0.0
		for ; mask != 0; mask &= mask - 1 {
			third += kindChances[bits.TrailingZeros32(mask)]
		}
		all += kindChances[i>>kindBits] * kindChances[i&(kinds-1)] * third
	}
	return min(all, 1)
}

// A place is a step, and how many octets of it were taken.
type place struct {
	pc    int32
	taken int32
}

// places is where a walk can be.
type places struct {
	at     []place
	beyond bool // where every octet is possible
}

// A walker goes through a program on all ways at once. What it finds is more than what can match: assertions and
// lookarounds are taken to hold.
type walker struct {
	prog  *program
	kinds []uint32 // by set
	seen  visited
	into  places
}

// trigrams adds the three kinds that can follow, and returns where two octets lead.
func (w *walker) trigrams(from places, all *trigrams) places {
	if from.beyond {
		for i := range all {
			all[i] = everyKind
		}
		return from
	}
	var after places
	var known visited
	var one, two [kinds][]place
	w.take(from, &one)
	for i := range one {
		first := w.enter(one[i])
		w.take(first, &two)
		for j := range two {
			second := w.enter(two[j])
			second.beyond = second.beyond || first.beyond
			all[i<<kindBits|j] |= w.possible(second)
			after.beyond = after.beyond || second.beyond
			for _, at := range second.at {
				if known.first(at, len(w.prog.steps)) {
					after.at = append(after.at, at)
				}
			}
		}
	}
	after.beyond = after.beyond || len(after.at) > maxPlaces
	return after
}

// possible is the kinds of octet that can be taken.
func (w *walker) possible(from places) (mask uint32) {
	if from.beyond {
		return everyKind
	}
	for _, at := range from.at {
		mask |= w.kindsAt(at)
	}
	return mask
}

// kindsAt is the kinds of octet that a step takes.
func (w *walker) kindsAt(at place) uint32 {
	switch s := &w.prog.steps[at.pc]; s.do {
	case doOctet:
		return 1 << kind[s.octet]
	case doSet, doRun:
		return w.kinds[s.arg]
	default:
		return 1 << kind[w.prog.texts[s.arg][at.taken]]
	}
}

// take finds where an octet of each kind leads.
func (w *walker) take(from places, to *[kinds][]place) {
	for i := range to {
		to[i] = to[i][:0]
	}
	for _, at := range from.at {
		s := &w.prog.steps[at.pc]
		then := place{s.then, 0}
		switch s.do {
		case doRun:
			then = place{at.pc, min(at.taken+1, max(s.min, wholeBegin+maxOffset))}
		case doText, doFold:
			if int(at.taken)+1 < len(w.prog.texts[s.arg]) {
				then = place{at.pc, at.taken + 1}
			}
		}
		for mask := w.kindsAt(at); mask != 0; mask &= mask - 1 {
			i := bits.TrailingZeros32(mask)
			to[i] = append(to[i], then)
		}
	}
}

// enter is at places, or where they lead to without an octet.
func (w *walker) enter(all []place) places {
	w.seen.turn++
	if len(w.seen.within) > 0 {
		clear(w.seen.within)
	}
	w.into = places{}
	for _, at := range all {
		w.visit(at)
	}
	return w.into
}

// A visited is the places where a walk has been in this turn.
type visited struct {
	turn   int32
	steps  []int32        // by step: the last turn
	within map[place]bool // with octets taken
}

// first tells whether a walk is at a place for the first time in this turn, of a program of so many steps.
func (v *visited) first(at place, steps int) bool {
	if at.taken > 0 {
		been := v.within[at]
		if v.within == nil {
			v.within = map[place]bool{}
		}
		v.within[at] = true
		return !been
	}
	if v.steps == nil {
		v.steps, v.turn = make([]int32, steps), max(v.turn, 1)
	}
	been := v.steps[at.pc] == v.turn
	v.steps[at.pc] = v.turn
	return !been
}

func (w *walker) visit(at place) {
	if w.into.beyond || !w.seen.first(at, len(w.prog.steps)) {
		return
	}
	s := &w.prog.steps[at.pc]
	switch s.do {
	case doFail:
	case doOctet, doSet, doText, doFold:
		w.into.at = append(w.into.at, at)
	case doRun:
		if at.taken < s.max {
			w.into.at = append(w.into.at, at)
		}
		if at.taken >= s.min {
			w.visit(place{s.then, 0})
		}
	case doCount:
		w.visit(place{s.other, 0})
		if s.follow < wholeBegin+maxOffset { // else the walk ends before the loop may
			w.visit(place{s.then, 0})
		}
	case doSplit, doTurn:
		w.visit(place{s.then, 0})
		w.visit(place{s.other, 0})
	case doFork:
		for _, branch := range w.prog.forks[s.arg].all {
			w.visit(place{w.prog.targets[s.other+int32(branch)], 0})
		}
	case doZero:
		if head := &w.prog.steps[s.then]; head.min > 0 { // not on before there was a turn
			w.visit(place{head.other, 0})
		} else {
			w.visit(place{s.then, 0})
		}
	case doHold, doSave, doClose, doLook, doLookNot, doDone:
		w.visit(place{s.then, 0})
	case doAtomic:
		w.visit(place{s.other, 0})
	default: // the end, a back-reference
		w.into.beyond = true
	}
	w.into.beyond = w.into.beyond || len(w.into.at) > maxPlaces
}
