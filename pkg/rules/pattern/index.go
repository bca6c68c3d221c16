package pattern

import "strings"

// An Index tells which literals a text may have, for a text that many patterns are to be matched against. It is a set of
// the text's trigrams, hashed into a bit map with room for eight bits an octet: a literal one of whose trigrams is not
// there is not in the text. What passes is searched for after all. To look up a literal that is absent takes some
// nanoseconds, where a search takes about a microsecond for 5 kB: with it the newsletter of BenchmarkMessage in
// winnow/pkg/rules takes a fifth of the time.
//
// An Index may be used again for another text, by one goroutine at a time. Its zero value is ready for Reset.
type Index struct {
	text string // folded
	bits []uint64
	mask uint32 // of bit numbers; 0 where the text is not worth a map
}

const (
	gram       = minLiteral // octets hashed together: no literal is shorter
	shortText  = 64         // octets; searching them is as fast
	minMapBits = 1 << 12
	maxMapBits = 1 << 20 // 128 kB
)

// Reset makes x the index of a text in its folded form.
func (x *Index) Reset(folded string) {
	x.text, x.mask = folded, 0
	if len(folded) < shortText {
		return
	}
	size := minMapBits
	for size < 8*len(folded) && size < maxMapBits {
		size *= 2
	}
	if cap(x.bits) < size/64 {
		x.bits = make([]uint64, size/64)
	}
	x.bits = x.bits[:size/64]
	clear(x.bits)
	x.mask = uint32(size - 1)
	word := uint32(folded[0])<<8 | uint32(folded[1])<<16
	for i := gram - 1; i < len(folded); i++ {
		word = word>>8 | uint32(folded[i])<<16
		bit := hash(word) & x.mask
		x.bits[bit>>6] |= 1 << (bit & 63)
	}
}

// hash spreads a trigram over the bits of the largest map (Knuth's multiplicative hash).
func hash(word uint32) uint32 { return word * 2654435761 >> 12 }

// has tells whether the text has the literal.
func (x *Index) has(l *literal) bool {
	if x.mask != 0 {
		for _, h := range l.hashes {
			bit := h & x.mask
			if x.bits[bit>>6]&(1<<(bit&63)) == 0 {
				return false
			}
		}
	}
	return strings.Contains(x.text, l.text)
}

// A literal is a text to look for, with the hashes of its trigrams.
type literal struct {
	text   string
	hashes []uint32
}

func newLiteral(text string) literal {
	l := literal{text: text}
	for i := 0; i+gram <= len(text); i++ {
		l.hashes = append(l.hashes, hash(uint32(text[i])|uint32(text[i+1])<<8|uint32(text[i+2])<<16))
	}
	return l
}

// newLiterals prepares sets of literals.
func newLiterals(sets [][]string) [][]literal {
	var all [][]literal
	for _, set := range sets {
		var literals []literal
		for _, text := range set {
			literals = append(literals, newLiteral(text))
		}
		all = append(all, literals)
	}
	return all
}
