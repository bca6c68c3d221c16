package pattern

import (
	"cmp"
	"math"
	"math/bits"
)

// A span is where in one of the texts a match may begin.
type span struct {
	text       int32
	from, last int32 // both included
	next, prev int32 // span of the same pattern; -1 is none
}

// theRest as the last place of a span is the end of the last text.
const theRest = math.MaxInt32

// maxSpans is how many spans are noted one by one. Of texts that were made to have more, such as half a megabyte of one
// octet that many patterns begin with, it is only known from where on a pattern may match: it takes longer, but is as true.
const maxSpans = 1 << 18

// Limits on the memory that is kept for the next texts.
const (
	keptSpans  = 1 << 16
	keptOctets = 512 << 10
)

// A Spots holds where the patterns of a finder may match in some texts. It keeps its memory from use to use.
type Spots struct {
	finder   *Finder
	texts    []string
	first    []int32 // span, by pattern; -1 is none
	latest   []int32 // the same
	marked   []int32 // patterns that have spans
	spans    []span
	trigrams []uint16
	most     int // spans, in place of maxSpans
}

// Scan looks through texts.
func (s *Spots) Scan(f *Finder, texts []string) {
	s.Forget()
	s.finder, s.texts = f, texts
	for len(s.first) < len(f.patterns) {
		s.first, s.latest = append(s.first, -1), append(s.latest, -1)
	}
	for i, text := range texts {
		if len(f.clues) > 0 {
			s.scanClues(f, int32(i), text)
		}
		if len(f.groups) > 0 {
			s.toTrigrams(text)
		}
		for g := range f.groups {
			s.scanGroup(&f.groups[g], int32(i))
		}
	}
}

// Forget drops the texts, and what memory unusual ones took.
func (s *Spots) Forget() {
	for _, i := range s.marked {
		s.first[i], s.latest[i] = -1, -1
	}
	s.finder, s.texts, s.marked, s.spans = nil, nil, s.marked[:0], s.spans[:0]
	if cap(s.spans) > keptSpans {
		s.spans = nil
	}
	if cap(s.trigrams) > keptOctets {
		s.trigrams = nil
	}
}

// scanClues looks for the clues' trigrams, six places at a time: their eight octets are read and folded at once. The bits that
// the map has for them are put together, so that the processor has one branch to foretell, which is nearly never taken.
func (s *Spots) scanClues(f *Finder, number int32, text string) {
	const atOnce, read = 6, 8
	table, shift := f.bits, f.shift&31
	i := 0
	for ; i+read <= len(text); i += atOnce {
		eight := wordAt(text[i:i+read]) | foldWord
		one, two, three := uint32(eight)&gramMask*hashFactor>>shift, uint32(eight>>8)&gramMask*hashFactor>>shift, uint32(eight>>16)&gramMask*hashFactor>>shift
		four, five, six := uint32(eight>>24)&gramMask*hashFactor>>shift, uint32(eight>>32)&gramMask*hashFactor>>shift, uint32(eight>>40)*hashFactor>>shift
		hits := table[one>>6]>>(one&63)&1 | table[two>>6]>>(two&63)&1<<1 | table[three>>6]>>(three&63)&1<<2 |
			table[four>>6]>>(four&63)&1<<3 | table[five>>6]>>(five&63)&1<<4 | table[six>>6]>>(six&63)&1<<5
		for ; hits != 0; hits &= hits - 1 {
			at := i + bits.TrailingZeros64(hits)
			s.found(f, number, text, gramOf(text[at:]), at)
		}
	}
	for ; i+trigram <= len(text); i++ {
		if gram := gramOf(text[i:]); f.mayHave(gram) {
			s.found(f, number, text, gram, i)
		}
	}
}

// wordAt is the first eight octets of a text.
func wordAt(t string) uint64 {
	return uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 | uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
}

// found looks which clues have that trigram, and are there.
func (s *Spots) found(f *Finder, number int32, text string, gram uint32, at int) {
	for i := f.slots[gram*hashFactor>>f.coarse]; i >= 0; {
		w := &f.clues[i]
		i = w.next
		if w.gram != gram {
			continue
		}
		if rest := text[at:]; len(rest) >= 8 && (wordAt(rest)|foldWord)&w.mask != w.word {
			continue // as nearly always; the literal itself is elsewhere in memory
		}
		begin := at - w.at
		if begin < 0 || !hasFolded(text[begin:], w.text) {
			continue
		}
		for _, u := range w.uses {
			from, last := 0, begin-int(u.least)
			if u.most != unbounded {
				from = max(0, begin-int(u.most))
			}
			if last >= 0 {
				s.mark(u.pattern, number, int32(from), int32(last))
			}
		}
	}
}

// mark notes that a match may begin between two places. What overlaps becomes one span.
func (s *Spots) mark(pattern, text, from, last int32) {
	before := s.latest[pattern]
	if before < 0 {
		s.marked = append(s.marked, pattern)
		s.first[pattern] = s.add(span{text, from, last, -1, -1})
		s.latest[pattern] = s.first[pattern]
		return
	}
	latest := &s.spans[before]
	full := len(s.spans) >= cmp.Or(s.most, maxSpans)
	switch {
	case latest.text == text && (full || from <= latest.last+1):
		latest.last = max(latest.last, last)
		if from < latest.from {
			s.back(pattern, text, from)
		}
	case latest.last == theRest:
	case full:
		latest.last = theRest
	default:
		number := s.add(span{text, from, last, -1, before})
		s.spans[before].next, s.latest[pattern] = number, number
	}
}

func (s *Spots) add(sp span) (number int32) {
	s.spans = append(s.spans, sp)
	return int32(len(s.spans) - 1)
}

// back puts the spans of a pattern in a text that reach behind a place together: matches are to be found in their order.
func (s *Spots) back(pattern, text, from int32) {
	at := s.latest[pattern]
	last := s.spans[at].last
	for {
		prev := s.spans[at].prev
		if prev < 0 || s.spans[prev].text != text || s.spans[prev].last+1 < from {
			break
		}
		at = prev
	}
	sp := &s.spans[at]
	sp.from, sp.last, sp.next = min(sp.from, from), last, -1
	s.latest[pattern] = at
}

// scanGroup looks for the beginnings of a group. Which patterns have what was read so far goes along, for places that are even and
// for odd ones, so that the processor has one branch to foretell.
func (s *Spots) scanGroup(g *group, number int32) {
	var one, two [linkLength]uint64 // of which patterns a first link, and a first and a second, end at the last places
	for i, at := range s.trigrams {
		l := &g.links[g.by[at%trigramCount]]
		hits := two[1] & l[2]
		two[0], two[1] = one[1]&l[1], two[0]
		one[0], one[1] = l[0], one[0]
		if hits != 0 {
			s.markGroup(g, number, int32(i-(beginLinks-1)*linkLength), hits)
		}
	}
}

// toTrigrams finds the kinds of each three octets in a row, from every place of the text. Behind its end are octets of no
// kind.
func (s *Spots) toTrigrams(text string) {
	n := len(text) + wholeBegin - trigram
	if cap(s.trigrams) < n {
		s.trigrams = make([]uint16, n+n/4)
	}
	s.trigrams = s.trigrams[:n]
	last := uint16(kindAt(text, 0)<<kindBits | kindAt(text, 1))
	all := s.trigrams
	rest := text[min(len(text), trigram-1):]
	for i := 0; i < len(rest) && i < len(all); i++ {
		last = (last<<kindBits | uint16(kind[rest[i]])) % trigramCount
		all[i] = last
	}
	for i := len(rest); i < len(all); i++ {
		last = (last<<kindBits | kindNone) % trigramCount
		all[i] = last
	}
}

func kindAt(text string, at int) int {
	if at < len(text) {
		return int(kind[text[at]])
	}
	return kindNone
}

func (s *Spots) markGroup(g *group, number, at int32, hits uint64) {
	for ; hits != 0; hits &= hits - 1 {
		i := bits.TrailingZeros64(hits)
		if start := at - g.offsets[i]; start >= 0 {
			s.mark(g.patterns[i], number, start, start)
		}
	}
}

// A Where is a match: in which of the texts, and from where to where.
type Where struct{ Text, Start, End int }

// May tells whether the pattern can match; false is certain.
func (s *Spots) May(pattern int) bool { return s.finder.always[pattern] || s.first[pattern] >= 0 }

// Count returns how many matches a pattern has in the texts from one on, at most limit, and where the first is. With a limit
// of one the machine still holds the groups of that match.
func (s *Spots) Count(m *Machine, pattern, from, limit int) (n int, first Where) {
	p := s.finder.patterns[pattern]
	if s.finder.always[pattern] {
		return CountIn(m, p, s.texts, from, limit)
	}
	c := counter{machine: m, pattern: p, limit: limit}
	at, begin, most := int32(-1), 0, -1
	for i := s.first[pattern]; i >= 0 && c.n < limit; i = s.spans[i].next {
		sp := s.spans[i]
		if int(sp.text) < from {
			continue
		}
		if sp.text != at {
			at, begin, m.minEnd = sp.text, 0, 0
			most = p.last(s.texts[at])
		}
		begin = c.count(int(sp.text), s.texts[sp.text], max(begin, int(sp.from)), min(int(sp.last), most))
	}
	if i := s.latest[pattern]; i >= 0 && s.spans[i].last == theRest {
		c.all(s.texts, max(from, int(s.spans[i].text)+1))
	}
	m.minEnd = 0
	return c.n, c.first
}

// CountIn is Spots.Count for a pattern that is in no finder.
func CountIn(m *Machine, p *Pattern, texts []string, from, limit int) (n int, first Where) {
	c := counter{machine: m, pattern: p, limit: limit}
	c.all(texts, from)
	m.minEnd = 0
	return c.n, c.first
}

// A counter counts the matches of a pattern.
type counter struct {
	machine  *Machine
	pattern  *Pattern
	limit, n int
	first    Where
}

// all counts the matches in the texts from one on.
func (c *counter) all(texts []string, from int) {
	for i := from; i < len(texts) && c.n < c.limit; i++ {
		c.machine.minEnd = 0
		c.count(i, texts[i], 0, c.pattern.last(texts[i]))
	}
}

// count counts the matches that begin between two places of a text, and returns where the next one can begin.
func (c *counter) count(number int, text string, begin, last int) int {
	for c.n < c.limit && begin <= last {
		start, end, ok := c.machine.find(c.pattern, text, begin, last)
		if !ok {
			break
		}
		if c.n == 0 {
			c.first = Where{number, start, end}
		}
		c.n++
		begin = c.machine.after(start, end)
	}
	return begin
}
