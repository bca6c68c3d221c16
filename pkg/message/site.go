package message

import "net/netip"

// A Site is the networks that an operator told of. The narrowest that holds an address counts. The nil Site knows nobody.
type Site struct {
	Own     []netip.Prefix // our users' machines: what they send is outbound
	Relays  []netip.Prefix // hosts of ours that hand on mail from outside, and write down who gave it to them
	Trusted []netip.Prefix // hosts of others that do so, and whom we believe
	Blind   []netip.Prefix // hosts of ours that hide who connected to them: nobody writes that down
}

// A Place is whose an address is.
type Place uint8

const (
	Outside Place = iota // a stranger's
	OfOwn
	OfRelays
	OfTrusted
	OfBlind
)

// Place tells whose an address is.
func (s *Site) Place(addr netip.Addr) Place {
	if s == nil || !addr.IsValid() {
		return Outside
	}
	place, bits := Outside, -1
	for _, of := range [...]struct {
		place    Place
		networks []netip.Prefix
	}{{OfOwn, s.Own}, {OfRelays, s.Relays}, {OfTrusted, s.Trusted}, {OfBlind, s.Blind}} {
		for _, network := range of.networks {
			if network.Bits() > bits && network.Contains(addr) {
				place, bits = of.place, network.Bits()
			}
		}
	}
	return place
}

// Mark notes in a client whose it is.
func (s *Site) Mark(c *Client) {
	switch s.Place(c.Addr) {
	case OfOwn:
		c.Own = true
	case OfRelays, OfTrusted:
		c.Relay = true
	case OfBlind:
		c.Blind = true
	}
}

// named tells whether the operator told of anything but the machine itself.
func (s *Site) named() bool {
	if s == nil {
		return false
	}
	for _, networks := range [...][]netip.Prefix{s.Own, s.Relays, s.Trusted, s.Blind} {
		for _, network := range networks {
			if !network.Addr().IsLoopback() {
				return true
			}
		}
	}
	return false
}
