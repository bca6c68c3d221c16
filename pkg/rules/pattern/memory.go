package pattern

// A memory is the set of steps and places that a run has been at. Only steps with a choice are kept: between two of them a
// run goes straight on.
type memory struct {
	on   bool
	bits []uint64
	size int // places for each choice
}

// helps tells whether a run of the program can use a memory.
func (y *memory) helps(p *program, length int) bool {
	return !p.stateful && p.choices > 0 && p.choices <= maxRemember/(length+1)
}

func (y *memory) begin(p *program, length int) {
	y.on, y.size = true, length+1
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
