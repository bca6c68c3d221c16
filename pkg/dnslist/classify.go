package dnslist

import (
	"net/netip"
	"slices"
)

// An Outcome is what the answer to one question means. Only a hit may act; a hit and a miss alone are knowledge.
type Outcome string

const (
	Miss    Outcome = "miss"    // no such name, or no A record: not listed
	Hit     Outcome = "hit"     // a declared return code
	Unknown Outcome = "unknown" // a return code that is not declared: counted, no effect
	Failed  Outcome = "error"   // SERVFAIL, REFUSED, no answer in time, a malformed one
	Bogus   Outcome = "bogus"   // an address outside 127/8: somebody else's, who rewrites answers or bought the zone
	Refused Outcome = "refused" // the list declines to answer us
)

// rank orders outcomes by what they say about the list: where several are mixed, the highest speaks for all.
func (o Outcome) rank() int {
	return slices.Index([]Outcome{Miss, Hit, Unknown, Failed, Bogus, Refused}, o)
}

// conclusive tells whether the outcome is an answer.
func (o Outcome) conclusive() bool { return o == Miss || o == Hit }

// A codeSet is some of a list's codes: bit i stands for Codes[i].
type codeSet uint64

// maxCodes is how many codes a list may have: what fits into a codeSet.
const maxCodes = 64

func (s codeSet) has(i int) bool { return s&(1<<i) != 0 }

// classify says what the A records mean that came back, all of them together. A refusal among them outweighs the rest:
// a list that refuses has not looked. So does an address that no list gives out. Of what remains, the union counts:
// several listings at a time are normal (Spamhaus SBL and DROP). Where some codes are declared and others are not,
// the declared ones hit and the others are reported beside them.
//
// about is what of a message was asked about: a code that does not count of it is declared all the same.
func (l *List) classify(addrs []netip.Addr, about Asks) (outcome Outcome, hits codeSet, unknown bool) {
	if len(addrs) == 0 {
		return Miss, 0, false
	}
	if slices.ContainsFunc(addrs, l.refusal) {
		return Refused, 0, false
	}
	if l.bogus(addrs) {
		return Bogus, 0, false
	}
	for _, addr := range addrs {
		hits |= l.codesOf(addr, about)
		unknown = unknown || !l.declared(addr)
	}
	switch {
	case hits != 0:
		return Hit, hits, unknown
	case unknown:
		return Unknown, 0, true
	}
	return Miss, 0, false // listed, but not for what matters here
}

// declared tells whether a return code means something.
func (l *List) declared(addr netip.Addr) bool {
	return slices.ContainsFunc(l.Codes, func(c Code) bool { return c.Match.Has(addr) })
}

func notReturnCode(addr netip.Addr) bool { return !isReturnCode(addr) }

// refusal tells whether a return code is one by which the list declines to answer.
func (l *List) refusal(addr netip.Addr) bool {
	return vendorErrors.Has(addr) || slices.ContainsFunc(l.Refused, func(m Match) bool { return m.Has(addr) })
}

// codesOf returns what one return code stands for: of each thing asked about the first value or range that holds it, and
// every mask.
func (l *List) codesOf(addr netip.Addr, about Asks) (codes codeSet) {
	for _, ask := range l.Ask {
		if !about.Has(ask) {
			continue
		}
		found := false
		for i := range l.Codes {
			c := &l.Codes[i]
			if found && !c.Match.isMask() || !c.counts(ask) || !c.Match.Has(addr) {
				continue
			}
			codes |= 1 << i
			found = found || !c.Match.isMask()
		}
	}
	return codes
}

// evidence returns the first A record that stands for a code.
func (l *List) evidence(addrs []netip.Addr, code int, about Asks) netip.Addr {
	for _, addr := range addrs {
		if l.codesOf(addr, about).has(code) {
			return addr
		}
	}
	return netip.Addr{}
}
