package spf

import (
	"math"
	"net/netip"
	"slices"

	"winnow/pkg/message"
)

// A World says from where on a record authorizes the world: when its networks together hold more addresses than one
// network of that prefix length.
//
// What a record authorizes is added up from all that was read of it: its own networks and those of the records that it
// includes or leads to, as far as the evaluation came. A mechanism whose name holds the client's address (exists:%{i}...)
// is a question that the owner answers for each client anew; whether he says yes to all cannot be seen.
type World struct {
	IPv4 int // prefix length
	IPv6 int
}

// grants is who is passed by the records read so far.
type grants struct {
	networks []netip.Prefix
	hosts4   float64 // addresses around hosts whose own were not asked for
	hosts6   float64
	all      bool // anybody
}

// add adds those whom a record passes, up to its first all.
func (g *grants) add(r *record) {
	for i := range r.terms {
		t := &r.terms[i]
		if t.result == message.AuthPass {
			g.addTerm(t)
		}
		if t.kind == kindAll {
			return
		}
	}
}

func (g *grants) addTerm(t *term) {
	switch t.kind {
	case kindAll:
		g.all = true
	case kindIP:
		g.networks = append(g.networks, t.network.Masked())
	case kindA, kindMX:
		g.hosts4 += size(32, t.bits4)
		g.hosts6 += size(128, t.bits6)
	}
}

// everybody notes that a mechanism matched that does not depend on the client.
func (g *grants) everybody(t *term) { g.all = g.all || t.result == message.AuthPass }

// world tells whether that is more than w allows.
func (g *grants) world(w World) bool {
	if g.all {
		return true
	}
	slices.SortFunc(g.networks, netip.Prefix.Compare)
	sum4, sum6 := g.hosts4, g.hosts6
	var last netip.Prefix
	for _, network := range g.networks {
		if last.IsValid() && last.Contains(network.Addr()) {
			continue // a network stands before those within it
		}
		last = network
		if network.Addr().Is4() {
			sum4 += size(32, network.Bits())
		} else {
			sum6 += size(128, network.Bits())
		}
	}
	return sum4 > size(32, w.IPv4) || sum6 > size(128, w.IPv6)
}

// size is how many addresses a network holds.
func size(all, bits int) float64 { return math.Ldexp(1, all-bits) }

// isByClient tells whether the name is another one for each client's address, so that what stands there is said of that
// client alone.
func (s *spec) isByClient() bool { return s.has("ip") }
