package eval

// A gramCount is an n-gram and how often it is there.
type gramCount struct {
	gram  gram // 0 for an empty slot: no gram is 0
	count uint32
}

// A gramTable counts n-grams: a hash table with open addressing, for a text has tens of thousands, and Go's map takes four
// times as long (1.3 ms instead of 0.3 for 10,000 octets).
type gramTable struct {
	slots []gramCount // a power of two
	used  int
}

func newGramTable() *gramTable { return &gramTable{slots: make([]gramCount, 4096)} }

// addWord counts all n-grams of a word.
func (t *gramTable) addWord(word []byte) {
	for i := range word {
		var g gram
		for n := range min(maxGram, len(word)-i) {
			g |= gram(word[i+n]) << (56 - 8*n)
			t.add(g | gram(n+1))
		}
	}
}

func (t *gramTable) add(g gram) {
	slot := t.slot(g)
	slot.count++
	if slot.gram == 0 {
		slot.gram = g
		if t.used++; t.used > len(t.slots)/2 {
			t.grow()
		}
	}
}

// slot finds where a gram is, or is to be.
func (t *gramTable) slot(g gram) *gramCount {
	mask := uint64(len(t.slots) - 1)
	for at := uint64(g) * 0x9e3779b97f4a7c15 >> 32 & mask; ; at = (at + 1) & mask {
		if slot := &t.slots[at]; slot.gram == g || slot.gram == 0 {
			return slot
		}
	}
}

func (t *gramTable) grow() {
	old := t.slots
	t.slots = make([]gramCount, 2*len(old))
	for _, c := range old {
		if c.gram != 0 {
			*t.slot(c.gram) = c
		}
	}
}

// list returns those that are there more often than least.
func (t *gramTable) list(least int) []gramCount {
	var all []gramCount
	for _, c := range t.slots {
		if c.gram != 0 && int(c.count) > least {
			all = append(all, c)
		}
	}
	return all
}

// bar returns the greatest count that at least n grams have.
func (t *gramTable) bar(n int) int {
	const top = 256
	var having [top + 1]int // how many grams have that count; the last, that or more
	for _, c := range t.slots {
		if c.gram != 0 {
			having[min(c.count, top)]++
		}
	}
	for count := top; count > 0; count-- {
		if n -= having[count]; n <= 0 {
			return count
		}
	}
	return 0
}
