package pattern

import (
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// A Finder tells which of many patterns can match a text, and where, in one pass. It is immutable.
//
// A pattern with literals is found by them. Of each literal the three octets that are rarest are hashed, and so is every
// trigram of the text, folded: a bit map, small enough for the processor's first cache, says of nearly all that they begin
// no literal. Unlike an automaton, which needs the last state before the next, this has several octets under way at a time;
// and all of SpamAssassin's literals take 3 MB, where a dense automaton took 25. A pattern without a rare literal is found
// by its beginning, sixty-four at a time: each has a bit, and the bits of those that the octets at a place can begin are put
// together by and. What has neither, and what begins with a line or the text, is always tried.
//
// That is valid because a literal and a beginning are taken from every match that there can be; what they rule out is
// never a match. Measured with SpamAssassin's 1,521 patterns on the texts of 400 mails, 32 kB each: the pass and the
// patterns that it leaves take a tenth of the time of running all; 265 patterns are left, most at a few places.
type Finder struct {
	patterns []*Pattern
	bits     []uint64 // hashes of all trigrams
	shift    uint
	slots    []int32 // by hash: the first clue, -1 is none
	coarse   uint
	clues    []clue
	groups   []group
	always   []bool // by pattern
}

// A clue is a literal to look for.
type clue struct {
	gram uint32 // three of its octets
	next int32  // clue with the same slot; -1 is none
	word uint64 // the octets from there on, up to eight, folded as they are
	mask uint64 // which of the eight those are
	at   int    // where they are in it
	text string
	uses []use
}

// A use is a pattern that a literal belongs to: where it is, a match began between least and most octets before.
type use struct{ pattern, least, most int32 }

// A group is up to 64 patterns that are found by their beginning.
type group struct {
	patterns []int32
	offsets  []int32               // of their beginnings
	by       *[trigramCount]uint16 // by three kinds in a row: index in links
	links    []link                // most kinds are of the same few patterns; the first is of none
}

// A link is which patterns of a group, a bit for each, have three kinds in a row as the first of their beginning, the second and
// the third.
type link [beginLinks]uint64

// perGram is how many bits the map has for a trigram.
const perGram = 16

// Shares of the places in a text. Below the first a literal is good enough; above the second, looking where a match may be
// takes longer than trying everywhere.
const (
	fewStarts  = 1.0 / 2000
	manyStarts = 1.0 / 12
)

// Limits on how many patterns are found by their beginnings. Of few it is not worth while, of many it takes long to make a
// finder; SpamAssassin has 200.
const (
	fewBeginnings  = 4
	manyBeginnings = 2048
)

// roomForProbes is how many entries the tables of all probes of a finder's patterns have at most: 3 MB.
const roomForProbes = 768 << 10

// NewFinder makes a finder of patterns, which it knows by their index from then on. No pattern may have been used before.
func NewFinder(patterns []*Pattern) *Finder {
	f := &Finder{patterns: patterns, always: make([]bool, len(patterns))}
	byText := map[string]int{}
	room := new(atomic.Int64)
	room.Store(roomForProbes)
	var weak []int32 // patterns without a literal that is good enough
	for i, p := range patterns {
		p.room = room
		if p.need.starts() > fewStarts && p.anchor == anchorNone && len(weak) < manyBeginnings {
			weak = append(weak, int32(i))
		} else {
			f.addNeed(byText, int32(i))
		}
	}
	var begin []int32
	var beginnings []*beginning
	for k, b := range beginningsOf(patterns, weak) {
		if i := weak[k]; b.starts() < min(patterns[i].need.starts(), manyStarts) {
			begin, beginnings = append(begin, i), append(beginnings, b)
		} else {
			f.addNeed(byText, i)
		}
	}
	if len(begin) < fewBeginnings {
		for _, i := range begin {
			f.addNeed(byText, i)
		}
		begin = nil
	}
	f.hashClues()
	for len(begin) > 0 {
		n := min(len(begin), 64)
		f.addGroup(begin[:n:n], beginnings[:n])
		begin, beginnings = begin[n:], beginnings[n:]
	}
	return f
}

// beginningsOf finds the beginnings of patterns, several at a time.
func beginningsOf(patterns []*Pattern, of []int32) []*beginning {
	all := make([]*beginning, len(of))
	var next atomic.Int64
	var working sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(of)) {
		working.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(of)); i = next.Add(1) - 1 {
				all[i] = beginningOf(patterns[of[i]].prog)
			}
		})
	}
	working.Wait()
	return all
}

// addNeed has a pattern found by its literals, or always tried where they are too common.
func (f *Finder) addNeed(byText map[string]int, i int32) {
	n := &f.patterns[i].need
	if n.starts() > manyStarts {
		f.always[i] = true
		return
	}
	for _, text := range thin(n.texts) {
		f.addClue(byText, text, use{i, int32(n.least), int32(n.most)})
	}
}

func (f *Finder) addClue(byText map[string]int, text string, u use) {
	text = text[:min(len(text), maxLiteral)]
	i, found := byText[text]
	if !found {
		i = len(f.clues)
		byText[text] = i
		at := rarestGram(text)
		f.clues = append(f.clues, clue{text: text, gram: gramOf(text[at:]), at: at})
		f.clues[i].word, f.clues[i].mask = foldedWord(text[at:])
	}
	w := &f.clues[i]
	if n := len(w.uses); n > 0 && w.uses[n-1].pattern == u.pattern { // two literals cut to the same
		return
	}
	w.uses = append(w.uses, u)
}

// A gram is three octets of a text as the map has them. They are folded by one bit, which also makes one of octets that are
// no letters; that is good enough for a hash.
const (
	foldWord = 0x2020202020202020
	gramMask = 1<<(8*trigram) - 1
)

func gramOf(text string) uint32 {
	return (uint32(text[0]) | uint32(text[1])<<8 | uint32(text[2])<<16) | foldWord&gramMask
}

// foldedWord is the first octets of a text, up to eight, and which of the eight they are.
func foldedWord(text string) (word, mask uint64) {
	for i := range min(len(text), 8) {
		word |= uint64(text[i]) << (8 * i)
		mask |= 0xff << (8 * i)
	}
	return (word | foldWord) & mask, mask
}

// mayHave tells whether some clue may have that gram.
func (f *Finder) mayHave(gram uint32) bool {
	bit := gram * hashFactor >> f.shift
	return f.bits[bit>>6]&(1<<(bit&63)) != 0
}

// rarestGram is where the rarest three octets of a text begin.
func rarestGram(text string) int {
	best, most := 0, -1.0
	for i := 0; i+trigram <= len(text); i++ {
		sum := rarity[text[i]] + rarity[text[i+1]] + rarity[text[i+2]]
		for _, c := range commonGrams {
			if text[i:i+trigram] == c {
				sum -= 6
			}
		}
		if sum > most {
			best, most = i, sum
		}
	}
	return best
}

var commonGrams = []string{"the", "and", "ing", "ion", "you", "for", "htt", "ttp", "tps", "ps:", "://", "www", "ww.", ".co", "com", "om/", " wi", "thi", "ent", "ati", "her", "all", "tha"}

const hashFactor = 2654435761 // Knuth's

// hashClues makes the bit map and the slots, once all clues are known.
func (f *Finder) hashClues() {
	size, slots := uint(10), uint(4)
	for 1<<size < perGram*len(f.clues) && size < 18 {
		size++
	}
	for 1<<slots < 2*len(f.clues) && slots < size {
		slots++
	}
	f.bits, f.shift = make([]uint64, 1<<size/64), 32-size
	f.slots, f.coarse = make([]int32, 1<<slots), 32-slots
	for i := range f.slots {
		f.slots[i] = -1
	}
	for i := range f.clues {
		w := &f.clues[i]
		w.uses = slices.Clip(w.uses)
		h := w.gram * hashFactor
		bit := h >> f.shift
		f.bits[bit>>6] |= 1 << (bit & 63)
		slot := &f.slots[h>>f.coarse]
		w.next, *slot = *slot, int32(i)
	}
	f.clues = slices.Clip(f.clues)
}

// addGroup adds a group for up to 64 patterns with their beginnings.
func (f *Finder) addGroup(patterns []int32, beginnings []*beginning) {
	g := group{patterns: patterns}
	for _, b := range beginnings {
		g.offsets = append(g.offsets, b.offset)
	}
	table := make([]link, trigramCount)
	for i, b := range beginnings {
		for at := range beginLinks {
			b.trigrams[at].mark(table, at, 1<<i)
		}
	}
	g.by, g.links = new([trigramCount]uint16), []link{{}}
	known := map[link]uint16{{}: 0}
	for i, l := range table {
		number, found := known[l]
		if !found {
			number = uint16(len(g.links))
			g.links = append(g.links, l)
			known[l] = number
		}
		g.by[i] = number
	}
	g.links = slices.Clip(g.links)
	f.groups = append(f.groups, g)
}

// mark sets the bit of a pattern for each of its trigrams.
func (t *trigrams) mark(table []link, at int, bit uint64) {
	for i, mask := range t {
		for ; mask != 0; mask &= mask - 1 {
			table[i<<kindBits|bits.TrailingZeros32(mask)][at] |= bit
		}
	}
}
