package dnslist

import (
	"net/netip"
	"slices"

	"winnow/pkg/message"
)

// appendRelays appends the hosts that had the message before the client, those nearest to us first. What stands in
// Received fields beyond our own hosts may be made up: a listed relay gives points, never an action.
func (s *Set) appendRelays(all []subject, m *message.Message, client netip.Addr) []subject {
	var seen []netip.Addr
	way := m.Route()
	for i := range way.Outside {
		addr := way.Outside[i].Addr
		if len(seen) == MaxRelays {
			break
		}
		if addr == client || !s.askable(addr) || slices.Contains(seen, addr) {
			continue
		}
		seen = append(seen, addr)
		all = append(all, addressSubject(Relays, addr))
	}
	return all
}
