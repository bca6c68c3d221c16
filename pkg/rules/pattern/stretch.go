package pattern

import (
	"math"
	"strings"
)

// A stretch is a number of octets in a row that every match has, all of one set. A text without is ruled out fast: where
// one octet is not of the set, none of the stretches that it would be in is there, so that of n octets one or two are
// looked at.
type stretch struct {
	set   set
	least int // 0: there is none
}

const (
	minStretch = 6
	maxLikely  = 1.0 / 10 // that octets in a row are of the set; what is likelier tells little
)

// stretchOf returns the one that is rarest.
func stretchOf(n *node) stretch {
	best, likely := stretch{}, maxLikely
	eachStretch(n, func(s stretch) {
		if p := math.Pow(chanceOfSet(s.set), float64(s.least)); p < likely {
			best, likely = s, p
		}
	})
	return best
}

// eachStretch calls f for the stretches that every match of n has.
func eachStretch(n *node, f func(stretch)) {
	switch n.op {
	case opConcat:
		for _, sub := range n.subs {
			eachStretch(sub, f)
		}
	case opGroup, opAtomic:
		eachStretch(n.subs[0], f)
	case opRepeat:
		if n.min == 0 {
			return
		}
		if s, ok := onlyOctet(n.subs[0]); ok && n.min >= minStretch {
			f(stretch{s, n.min})
		}
		eachStretch(n.subs[0], f)
	}
}

// onlyOctet returns the set of a node that takes one octet, besides assertions.
func onlyOctet(n *node) (s set, ok bool) {
	if n.op == opOctet {
		return n.set, true
	}
	if n.op != opConcat || n.least != 1 || n.most != 1 {
		return set{}, false
	}
	for _, sub := range n.subs {
		if sub.op == opOctet {
			return sub.set, true
		}
	}
	return set{}, false
}

// in tells whether the text has such a stretch.
func (s *stretch) in(text string) bool {
	if s.least == 0 {
		return true
	}
	for end := s.least - 1; end < len(text); {
		i := end
		for i > end-s.least && s.set.has(text[i]) {
			i--
		}
		if i == end-s.least {
			return true
		}
		end = i + s.least
	}
	return false
}

// A rare is an octet that every match has and few texts do. Its absence is found out at the speed of memory, and so is where
// it stands last, behind which no match begins. That is worth most to a pattern that has nothing else to look for.
type rare struct {
	octet byte
	least int // octets of the match before it
	found bool
}

// minRarity is from where on an octet is worth looking for: a text of 100 octets is more likely to be without than not.
const minRarity = 6.5

// rareOf returns the rarest octet that every match of n has.
func rareOf(n *node) rare {
	best, most := rare{}, minRarity
	eachOctet(n, 0, func(s set, before int) {
		if s.size() != 1 {
			return
		}
		if bits := rarity[s.lowest()]; bits > most {
			best, most = rare{s.lowest(), before, true}, bits
		}
	})
	return best
}

// eachOctet calls f for the octets that every match of n has, with how many others stand at least before each.
func eachOctet(n *node, before int, f func(s set, before int)) {
	switch n.op {
	case opOctet:
		f(n.set, before)
	case opConcat:
		for _, sub := range n.subs {
			eachOctet(sub, before, f)
			before += sub.least
		}
	case opGroup, opAtomic:
		eachOctet(n.subs[0], before, f)
	case opRepeat:
		if n.min > 0 {
			eachOctet(n.subs[0], before, f)
		}
	}
}

// last returns the last place at which a match can begin by what the pattern needs beside its literals, -1 for none.
func (p *Pattern) last(text string) int {
	end := len(text)
	if p.rare.found {
		if strings.IndexByte(text, p.rare.octet) < 0 { // many times as fast as what follows
			return -1
		}
		end = strings.LastIndexByte(text, p.rare.octet) - p.rare.least
	}
	if end < 0 {
		return -1
	}
	if !p.stretch.in(text) {
		return -1
	}
	return end
}
