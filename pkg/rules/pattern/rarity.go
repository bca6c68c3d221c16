package pattern

import "math"

// rarity is how rare octets are in mail, as bits: an octet of 5 bits is one in 32. It is from English letters and from
// header fields and HTML; what matters is the order more than the number.
var rarity = func() (bits [256]float64) {
	for b := range bits {
		bits[b] = 10
		if b >= 0x80 {
			bits[b] = 12
		}
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
	"[ ip=", " rdns=", " helo=", " by=", " ident= envfrom= intl=0 id=", " auth= msa=0 ] ", "received: from ", " esmtp", " id <", "\nreceived: ", "\nfrom: ", "\nto: ", "\nsubject: ", "\ndate: ", "\nmessage-id: <", "\nmime-version: 1.0", "&nbsp;", "\ncontent-", "content-type: text/",
}

// starts estimates at what share of a text's places a match would have to be tried, where the need is looked for; more
// than 1 where a text is too short to be looked for.
func (n *need) starts() float64 {
	if shortest(n.texts) < minLiteral {
		return 2
	}
	chance := 0.0
	for _, text := range n.texts {
		chance += chanceOfText(text)
	}
	spread := n.most - n.least + 1
	if n.most == unbounded {
		spread = wholeText
	}
	return chance*float64(spread) + 1e-7*float64(len(n.texts))
}

// wholeText is how many places an ordinary text has.
const wholeText = 500

// commonplace is every piece of a commonplace.
var commonplace = func() map[string]bool {
	all := map[string]bool{}
	for _, c := range commonplaces {
		for from := range c {
			for to := from + minLiteral; to <= len(c); to++ {
				all[c[from:to]] = true
			}
		}
	}
	return all
}()

// chanceOfText estimates how likely a text is at a place.
func chanceOfText(text string) float64 {
	if commonplace[text] {
		return 1
	}
	p := 1.0
	for i := range min(len(text), 8) {
		p *= chances[text[i]]
	}
	return p
}

// chanceOfSet is how likely an octet is one of the set.
func chanceOfSet(s set) float64 {
	if s.size() > 128 {
		return 1 - chanceOfSet(s.complement())
	}
	p := 0.0
	for b := range s.all {
		switch {
		case fold(b) == b:
			p += chances[b]
		case !s.has(fold(b)): // only the capital
			p += chances[b] / 16
		}
	}
	return min(p, 1)
}
