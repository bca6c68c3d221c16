package milter

import (
	"hash/maphash"
	"sync/atomic"
)

// alphabet has no letters that are taken for others on the telephone or in print: i, l, o, u.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

const (
	idSymbols = 8  // of five bits each
	halfBits  = 20 // half of an id's bits
	halfMask  = 1<<halfBits - 1
	rounds    = 4 // of the shuffle; a Feistel network of four rounds looks random (Luby, Rackoff)
)

// NewIDs returns a generator of reject ids such as "w7k2-9fqx", for any number of goroutines. They are short, because
// people read them out; they never come twice within a process, and in a second one as seldom as chance wants it (2^40
// of them exist); and whoever has seen some cannot tell the next.
//
// They are a counter, shuffled: a Feistel network maps each 40-bit number to another one, one to one, whatever function
// mixes the halves. Here that is a hash with a seed of this process.
func NewIDs() func() string {
	seed := maphash.MakeSeed()
	var counter atomic.Uint64
	return func() string {
		n := counter.Add(1)
		left, right := uint32(n>>halfBits&halfMask), uint32(n&halfMask)
		for round := range rounds {
			mixed := uint32(maphash.Comparable(seed, [2]uint32{uint32(round), right})) & halfMask
			left, right = right, left^mixed
		}
		return spell(uint64(left)<<halfBits | uint64(right))
	}
}

// spell writes 40 bits as eight symbols with a dash in the middle.
func spell(n uint64) string {
	var s [idSymbols + 1]byte
	for i := len(s) - 1; i >= 0; i-- {
		if i == idSymbols/2 {
			s[i] = '-'
			continue
		}
		s[i] = alphabet[n&31]
		n >>= 5
	}
	return string(s[:])
}
