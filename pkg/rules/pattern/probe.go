package pattern

import (
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"
)

// A probe tells fast at which places no match of a program begins: an automaton that is in all steps at once that a machine
// could come to, and so looks at each octet once. What it cannot decide it takes to hold: what a group captured, lookarounds,
// and counts beyond small ones. It is made as far as texts need it, and shared by all machines; where it would become large
// it says that there may be a match, and the machine has the last word anyway.
type probe struct {
	prog    *program
	class   [256]uint8            // octets that the program does not tell apart are of one class
	sample  []int16               // by class: one of its octets; the last class is the end of the text
	asserts bool                  // the program asks what stands before a place
	loop    int32                 // of counted loops the one whose turns are counted here, too; -1 is none
	table   atomic.Pointer[table] // grows
	begin   [contexts]uint32      // by what stands before: the state to begin with

	mu     sync.Mutex
	known  map[string]uint32 // by kernel: the state
	kernel [][]byte          // by number of the state
	room   *atomic.Int64     // entries that all probes of a finder may still add; nil is no common limit
}

// prober returns the pattern's probe, nil where there is none.
func (p *Pattern) prober() *probe {
	if p.short {
		return nil
	}
	if q := p.probe.Load(); q != nil {
		return q
	}
	p.probe.CompareAndSwap(nil, newProbe(p.prog, p.room))
	return p.probe.Load()
}

// A table has an entry for each state and class: the state that follows, as the index of its first entry, or one of those
// below. Entries are set once.
type table []uint32

const (
	notKnown   = iota // nobody came here yet
	noMatch           // whatever follows
	mayMatch          // enough was seen
	lastAnswer = mayMatch
)

// Limits of a probe.
const (
	shortMatch  = 3        // octets of a match for which there is none
	maxEntries  = 64 << 10 // of its table
	maxKernel   = 1000     // places in a state
	maxVisits   = 5000     // steps that are looked at for an entry
	maxTaken    = 40       // octets of a run that are counted
	exactTaken  = 12       // octets between the least and the most of a run that are counted
	probeOctets = 64 << 10 // that a search looks at with a probe
)

// What stands before a place, as far as assertions ask.
const (
	behindStart = iota
	behindLine
	behindWord
	behindOther
	contexts
)

func newProbe(prog *program, room *atomic.Int64) *probe {
	p := &probe{prog: prog, room: room, loop: -1, known: map[string]uint32{}}
	for i := len(prog.steps) - 1; i >= 0; i-- {
		switch prog.steps[i].do {
		case doHold:
			p.asserts = true
		case doCount:
			p.loop = int32(i) // in the end the first, which is in no other
		}
	}
	p.classify()
	width := len(p.sample)
	unused := lastAnswer/width + 1 // so that no state has the number of an answer
	first := make(table, unused*width, (unused+contexts)*width)
	p.kernel = make([][]byte, unused)
	p.table.Store(&first)
	for before := range p.begin {
		if !p.asserts {
			before = behindOther
		}
		p.begin[before] = p.state([]place{{int32(prog.entry), 0}}, before)
	}
	if !p.asserts {
		p.begin[behindStart], p.begin[behindLine], p.begin[behindWord] = p.begin[behindOther], p.begin[behindOther], p.begin[behindOther]
	}
	return p
}

// may tells whether a match may begin at a place, and how many octets it has looked at. False is certain.
func (p *probe) may(text string, at int) (may bool, octets int) {
	states := *p.table.Load()
	state := p.begin[before(text, at)]
	if state <= lastAnswer { // there was no room for any
		return true, 0
	}
	for i := at; i < len(text); i++ {
		entry := state + uint32(p.class[text[i]])
		if entry >= uint32(len(states)) {
			states = *p.table.Load()
		}
		next := atomic.LoadUint32(&states[entry])
		if next <= lastAnswer {
			if next == notKnown {
				next = p.grow(state, int(p.class[text[i]]))
				states = *p.table.Load()
			}
			if next <= lastAnswer {
				return next == mayMatch, i - at + 1
			}
		}
		state = next
	}
	if int(state) >= len(states) {
		states = *p.table.Load()
	}
	end := len(p.sample) - 1
	next := atomic.LoadUint32(&states[int(state)+end])
	if next == notKnown {
		next = p.grow(state, end)
	}
	return next == mayMatch, len(text) - at
}

func before(text string, at int) int {
	switch {
	case at == 0:
		return behindStart
	case text[at-1] == '\n':
		return behindLine
	case word.has(text[at-1]):
		return behindWord
	}
	return behindOther
}

// grow finds out where a state leads by an octet of a class.
func (p *probe) grow(state uint32, class int) uint32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	states := *p.table.Load()
	entry := &states[int(state)+class]
	if next := atomic.LoadUint32(entry); next != notKnown {
		return next
	}
	kernel := p.kernel[int(state)/len(p.sample)]
	w := probeWalk{prog: p.prog, octet: int(p.sample[class]), before: int(kernel[0]), loop: p.loop, seen: map[place]bool{}}
	pc := uint64(0)
	for rest := kernel[1:]; len(rest) > 0 && !w.ended; {
		step, n := binary.Uvarint(rest)
		taken, m := binary.Uvarint(rest[n:])
		pc, rest = pc+step, rest[n+m:]
		w.visit(place{int32(pc), int32(taken)})
	}
	next := uint32(mayMatch)
	switch {
	case w.ended || len(w.next) > maxKernel:
	case len(w.next) == 0:
		next = noMatch
	default:
		after := behindOther
		if p.asserts {
			after = before(octets[w.octet:w.octet+1], 1)
		}
		next = p.state(w.next, after)
	}
	states = *p.table.Load() // state may have replaced it
	atomic.StoreUint32(&states[int(state)+class], next)
	return next
}

// state returns the state of being at those places, or that there may be a match where there is no room for another one.
func (p *probe) state(places []place, before int) uint32 {
	slices.SortFunc(places, func(a, b place) int {
		if a.pc != b.pc {
			return int(a.pc - b.pc)
		}
		return int(a.taken - b.taken)
	})
	kernel, last := []byte{byte(before)}, int32(0)
	for _, at := range slices.Compact(places) {
		kernel = binary.AppendUvarint(kernel, uint64(at.pc-last))
		kernel = binary.AppendUvarint(kernel, uint64(at.taken))
		last = at.pc
	}
	if number, found := p.known[string(kernel)]; found {
		return number
	}
	states := *p.table.Load()
	width := len(p.sample)
	if len(states)+width > maxEntries || p.room != nil && p.room.Add(-int64(width)) < 0 {
		return mayMatch
	}
	number := uint32(len(states))
	if len(states)+width > cap(states) {
		states = append(make(table, 0, 2*cap(states)+width), states...)
	}
	states = states[:len(states)+width]
	p.table.Store(&states)
	p.known[string(kernel)] = number
	p.kernel = append(p.kernel, kernel)
	return number
}
