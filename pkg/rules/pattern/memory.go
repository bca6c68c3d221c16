package pattern

// A memory is the set of steps and places that a run has been at. Only steps with a choice are kept: between two of them a
// run goes straight on.
type memory struct {
	on   bool
	bits []uint64
	size int // places for each choice
	runs []stay
}

// A stay is where in the text a run of a set without end has been, for that it need not go on from again: x* from one place
// leads wherever x* leads from a later one, as far as the same octets reach. What it led to is tried, or will be by who was
// there first. So the work of (a+)+ and of .*a.*a.*a stays linear, too. Only which of several matches at a place is found
// may differ.
type stay struct {
	from, end int32 // both included
	known     bool
}

// helps tells whether a run of the program can use a memory.
func (y *memory) helps(p *program, length int) bool {
	return !p.stateful && p.choices > 0 && p.choices <= maxRemember/(length+1)
}

func (y *memory) begin(p *program, length int) {
	y.on, y.size = true, length+1
	if cap(y.runs) < p.choices {
		y.runs = make([]stay, p.choices)
	}
	y.runs = y.runs[:p.choices]
	clear(y.runs)
	words := (p.choices*y.size + 63) / 64
	if cap(y.bits) < words {
		y.bits = make([]uint64, words)
		return
	}
	y.bits = y.bits[:words]
	clear(y.bits)
}

// been tells whether the run has been at the step with that choice and place before, and notes that it is there now.
func (y *memory) been(choice int32, at int) bool {
	if choice < 0 {
		return false
	}
	bit := int(choice)*y.size + at
	word, mask := &y.bits[bit>>6], uint64(1)<<(bit&63)
	if *word&mask != 0 {
		return true
	}
	*word |= mask
	return false
}

// reach returns the last place that a run of a set without end leads to from a place and from which was not gone on yet.
func (y *memory) reach(choice int32, set *set, text string, at, least int) (last int, ok bool) {
	s := &y.runs[choice]
	if s.known && int(s.from) <= at && at <= int(s.end) {
		return 0, false
	}
	last = at
	for last < len(text) && set.has(text[last]) {
		if last++; s.known && last == int(s.from) {
			last = min(int(s.end), last+least-1)
			s.from = int32(at)
			return last, last >= at+least
		}
	}
	*s = stay{int32(at), int32(last), true}
	return last, last >= at+least
}
