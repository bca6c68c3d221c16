package pattern

import (
	"math"
	"strings"
)

// rarity is how rare octets are in mail, as bits: an octet of 5 bits is one in 32. It is from English letters and from
// header fields and HTML; what matters is the order more than the number.
var rarity = func() (bits [256]float64) {
	for b := range bits {
		bits[b] = 9
	}
	for _, group := range []struct {
		octets string
		bits   float64
	}{
		{" ", 2.7}, {"e", 3.4}, {"taoin", 4}, {"srh", 4.4}, {"ldc", 5}, {"um\np", 5.5}, {"fgwyb./-=", 6}, {"01<>", 6.3},
		{"23456789:\",", 6.7}, {"vk_;", 7}, {"\rxjqz@\t'()", 8},
	} {
		for i := range len(group.octets) {
			b := group.octets[i]
			bits[b], bits[unfold(b)] = group.bits, group.bits
		}
	}
	return bits
}()

// chances is rarity as a probability.
var chances = func() (p [256]float64) {
	for b := range p {
		p[b] = math.Exp2(-rarity[b])
	}
	return p
}()

// commonplaces are what every message is full of: the pieces of links, words, and what the relays' pseudo headers are made
// of. A literal within one of them tells nothing, however rare its letters are.
var commonplaces = []string{
	"http://www.", "https://www.", ".com/", ".html", " the ", " and ", " you ", "your ", " for ", "ing ", "tion ", " this ", " that ", " with ",
	"[ ip=", " rdns=", " helo=", " by=", " ident= envfrom= intl=0 id=", " auth= msa=0 ] ", "received: from ", " esmtp", " id <", "&nbsp;", "\ncontent-", "content-type: text/",
}

// chanceOf estimates how likely one of a need's texts is at a place; 1 where a text is too short to be looked for.
func chanceOf(n need) float64 {
	if shortest(n.texts) < minLiteral {
		return 1
	}
	all := 0.0
	for _, text := range n.texts {
		all += chanceOfText(text)
	}
	if n.most == unbounded || n.most > n.least+64 {
		all *= 2 // it does not tell where to try
	}
	return all + 1e-7*float64(len(n.texts))
}

func chanceOfText(text string) float64 {
	for _, c := range commonplaces {
		if strings.Contains(c, text) {
			return 1
		}
	}
	p := 1.0
	for i := range min(len(text), 8) {
		p *= chances[text[i]]
	}
	return p
}

// chanceOfSet is how likely an octet is one of the set.
func chanceOfSet(s set) float64 {
	p := 0.0
	for b := range 256 {
		if s.has(byte(b)) && (fold(byte(b)) == byte(b) || !s.has(fold(byte(b)))) {
			p += chances[b]
		}
	}
	return min(p, 1)
}
