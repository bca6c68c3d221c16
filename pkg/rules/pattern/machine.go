package pattern

import (
	"context"
	"strings"
)

// Limits on a run. The work of a pattern that goes back on itself can grow with the power of the text's length; rule sets
// have such patterns by mistake, and senders find them. Ordinary patterns on ordinary mail take some hundred steps.
const (
	plainSteps  = 20_000    // before a run begins to remember where it has been
	lookEvery   = 20_000    // steps between two looks at the clock
	maxSteps    = 2_000_000 // of one call, or of all calls after a Begin: ten for each octet of a long newsletter's markup
	maxStack    = 1 << 18   // frames
	maxRemember = 1 << 25   // bits: 4 MB
	maxText     = 1 << 30   // octets
)

// A Machine runs patterns, one at a time. It keeps its memory from run to run, so that matching allocates nothing. Its zero
// value is ready. It serves one goroutine.
//
// It tries one branch after the other, as Perl does, which is the fastest way for nearly all patterns and texts. A run that
// takes unusually long begins to remember from which places it has come to which steps: who has failed there need not try
// again, and the work becomes linear in the text. That is valid for patterns without back-references and counted loops, and
// outside lookarounds and atomic groups. For what it does not help there is a limit: the run gives up, which is no match, and
// Bounded tells.
type Machine struct {
	prog    *program
	text    string
	stack   []frame
	regs    []int32
	minEnd  int // no match ends before
	ctx     context.Context
	allowed int  // steps since Begin
	budget  int  // steps left after fuel
	fuel    int  // steps until the next look at the limits
	begun   bool // budget holds for several calls
	once    bool // it is not worth while to make a probe
	unseen  int  // steps since the last look at the context
	abort   abort
	memory  memory
}

// An abort is why a run was given up.
type abort uint8

const (
	going    abort = iota
	remember       // it is to be done again with memory
	bounded        // it took too many steps
	stopped        // the context has ended
)

// A frame is what to do where a run fails.
type frame struct {
	kind frameKind
	mode mode
	pc   int32 // of the step to go back to; frameRestore: the register
	at   int32 // the place in the text; frameRestore: what was in the register
	more int32 // frameRun: how far it may still go; frameFork: number of the branch
}

type frameKind uint8

const (
	frameGo      frameKind = iota // try another step
	frameRestore                  // set a register as it was
	frameRun                      // give back, or take, an octet
	frameFork                     // try the next branch
	frameTurn                     // try another turn of a counted loop
)

// Begin gives the calls that follow a common limit of steps, and lets them end with the context, which may be nil. 0 is the
// ordinary limit.
func (m *Machine) Begin(ctx context.Context, steps int) {
	if steps == 0 {
		steps = maxSteps
	}
	m.ctx, m.allowed, m.budget, m.begun, m.abort, m.unseen = ctx, steps, steps, true, going, 0
}

// Spent is how many steps the calls since Begin took.
func (m *Machine) Spent() int { return m.allowed - m.budget }

// Bounded tells whether the last call, or any since Begin, was given up: what it found is not all there may be.
func (m *Machine) Bounded() bool { return m.abort == bounded }

// Stopped tells whether the context has ended a call.
func (m *Machine) Stopped() bool { return m.abort == stopped }

// Limits on the memory that is kept for the next text.
const (
	keptFrames = 1 << 14
	keptWords  = 1 << 15
)

// Forget drops the text that was matched, and what memory an unusual one took.
func (m *Machine) Forget() {
	m.text, m.prog, m.ctx, m.begun = "", nil, nil, false
	if cap(m.stack) > keptFrames {
		m.stack = nil
	}
	if cap(m.memory.bits) > keptWords {
		m.memory.bits = nil
	}
}

// Match tells whether the pattern matches the text.
func (m *Machine) Match(p *Pattern, text string) bool {
	_, _, ok := m.find(p, text, 0, len(text))
	return ok
}

// Find returns the first match that begins at an offset or behind it: text[start:end].
func (m *Machine) Find(p *Pattern, text string, from int) (start, end int, ok bool) {
	return m.find(p, text, from, len(text))
}

// find is Find for matches that begin at last or before.
func (m *Machine) find(p *Pattern, text string, from, last int) (start, end int, ok bool) {
	if !m.begun {
		m.budget, m.abort = maxSteps, going
	}
	text = text[:min(len(text), maxText)]
	last = min(last, len(text)-p.least)
	at := p.start(text, from, last)
	if at < 0 { // half of all calls end here
		m.saw(1)
		return 0, 0, false
	}
	m.load(p, text)
	if end, ok = m.search(p, at, last); !ok {
		return 0, 0, false
	}
	return int(m.regs[0]), end, true
}

// Count returns how many matches the text has, at most limit; below 0 is no limit. They do not overlap. As with Perl's //g,
// an empty match may stand where another ended, but not where an empty one did.
func (m *Machine) Count(p *Pattern, text string, limit int) int {
	n := 0
	if limit != 0 {
		m.Each(p, text, func(int, int) bool {
			n++
			return n != limit
		})
	}
	return n
}

// Each calls f for every match of the text that Count would count, until f returns false. The groups are there meanwhile.
func (m *Machine) Each(p *Pattern, text string, f func(start, end int) bool) {
	from := 0
	m.minEnd = 0
	for {
		start, end, ok := m.find(p, text, from, len(text))
		if !ok || !f(start, end) {
			break
		}
		from = m.after(start, end)
	}
	m.minEnd = 0
}

// after returns where the search for the next match begins, and sets where it must not end.
func (m *Machine) after(start, end int) int {
	if m.minEnd = 0; start == end {
		m.minEnd = end + 1
	}
	return end
}

// Group returns what the numbered group of the last match captured; 0 is the whole. Groups are only kept by CompileGroups,
// or where they have a name or are referred to.
func (m *Machine) Group(n int) (text string, ok bool) {
	if m.prog == nil || n < 0 || 2*n+1 >= len(m.regs) {
		return "", false
	}
	start, end := m.regs[2*n], m.regs[2*n+1]
	if start < 0 || end < start {
		return "", false
	}
	return m.text[start:end], true
}

// load makes the machine ready for a pattern and a text.
func (m *Machine) load(p *Pattern, text string) {
	m.prog, m.text = p.prog, text
	if cap(m.regs) < p.prog.regs {
		m.regs = make([]int32, max(p.prog.regs, 64))
	}
	m.regs = m.regs[:p.prog.regs]
	m.clear()
	m.memory.on = false
	m.fuel = min(plainSteps, m.budget)
	m.budget -= m.fuel
}

func (m *Machine) clear() {
	m.stack = m.stack[:0]
	for i := range m.regs {
		m.regs[i] = -1
	}
}

// search tries the places where a match can begin, from one such to another place, both included.
func (m *Machine) search(p *Pattern, at, last int) (end int, ok bool) {
	before := m.budget + m.fuel
	if before <= 0 && m.abort == going { // what was looked at with a probe counts, too
		m.abort = bounded
	}
	if m.abort != going {
		return 0, false
	}
	var probe *probe
	if !m.once {
		probe = p.prober()
	}
	probed := 0
	for ; at >= 0; at = p.next(m.text, at+1, last) {
		if probe != nil && probed < probeOctets && !m.memory.on {
			may, octets := probe.may(m.text, at)
			if probed += octets + stepOctets; !may {
				continue
			}
		}
		m.regs[0] = int32(at)
		end, ok = m.run(p.prog.entry, at)
		if m.abort == remember {
			m.abort = going
			m.clear()
			m.memory.begin(p.prog, len(m.text))
			m.regs[0] = int32(at)
			end, ok = m.run(p.prog.entry, at)
		}
		if m.fuel--; ok || m.abort != going {
			break
		}
	}
	m.budget = max(m.budget+m.fuel-probed/stepOctets, 0) // what is left of it
	m.fuel = 0
	m.saw(before - m.budget + 1)
	if ok {
		m.regs[1] = int32(end)
	}
	return end, ok
}

// saw counts steps, and looks at the clock now and then.
func (m *Machine) saw(steps int) {
	if m.unseen += steps; m.unseen > lookEvery {
		m.look()
	}
}

// look looks at the clock.
func (m *Machine) look() {
	if m.unseen = 0; m.ctx != nil && m.ctx.Err() != nil {
		m.abort = stopped
	}
}

// refuel is called where the fuel is used up, or more than that: a single step may pass a whole text. It tells whether the
// run may go on.
func (m *Machine) refuel() bool {
	m.budget = max(m.budget+min(m.fuel, 0), 0)
	m.look()
	switch {
	case m.abort == stopped:
	case m.budget <= 0 || len(m.stack) > maxStack:
		m.abort = bounded
	case !m.memory.on && m.memory.helps(m.prog, len(m.text)):
		m.abort = remember
	}
	m.fuel = min(lookEvery, m.budget)
	m.budget -= m.fuel
	return m.abort == going
}

// start returns the first place from one to the other where the search for a match begins; -1 is none.
func (p *Pattern) start(text string, from, last int) int {
	if p.anchor == anchorStar && from <= last {
		return from
	}
	return p.next(text, from, last)
}

// next returns the first place from one to the other where the pattern can begin; -1 is none.
func (p *Pattern) next(text string, from, last int) int {
	if from > last {
		return -1
	}
	f := &p.prog.first
	switch {
	case p.anchor == anchorText:
		if from > 0 || !f.fits(text, 0) {
			return -1
		}
		return 0
	case p.anchor != anchorNone:
		return p.nextLine(text, from, last)
	case p.only >= 0:
		i := strings.IndexByte(text[from:min(last+1, len(text))], byte(p.only))
		if i < 0 {
			return -1
		}
		return from + i
	}
	for ; from <= last && from < len(text); from++ {
		if f.set.has(text[from]) && (!p.word || atBoundary(text, from)) {
			return from
		}
	}
	if from <= last && f.end {
		return from
	}
	return -1
}

// atBoundary tells whether \b holds at a place within the text.
func atBoundary(text string, at int) bool {
	return at == 0 && word.has(text[0]) || at > 0 && word.has(text[at-1]) != word.has(text[at])
}

// nextLine is next for a pattern that begins at the start of a line.
func (p *Pattern) nextLine(text string, from, last int) int {
	for from <= last {
		if from > 0 && text[from-1] != '\n' {
			i := strings.IndexByte(text[from:], '\n')
			if i < 0 || from+i+1 > last {
				return -1
			}
			from += i + 1
		}
		if p.prog.first.fits(text, from) {
			return from
		}
		from++
	}
	return -1
}

// fits tells whether what is at a place of the text is in f.
func (f *first) fits(text string, at int) bool {
	if at == len(text) {
		return f.end
	}
	return f.set.has(text[at])
}
