package app

import (
	"fmt"
	"net/netip"

	"winnow/pkg/message"
)

// Networks says whose addresses are whose. The narrowest network that holds an address counts.
type Networks struct {
	// Own is our users' machines: mail from here is outbound, not scanned, and no list is ever asked about it.
	Own []netip.Prefix `yaml:"own"`
	// Relays are hosts of ours that hand on mail from outside and write down who gave it to them: backup MX, gateways, hosts
	// that fetch mail from mailboxes.
	Relays []netip.Prefix `yaml:"relays"`
	// Trusted are hosts of others that do so, and whose word we take: a forwarder.
	Trusted []netip.Prefix `yaml:"trusted"`
	// Blind are hosts of ours that hide who connected: load balancers without the PROXY protocol, NAT.
	Blind []netip.Prefix `yaml:"blind"`
}

// Site is the networks as everybody asks for them.
func (n *Networks) Site() *message.Site {
	return &message.Site{Own: n.Own, Relays: n.Relays, Trusted: n.Trusted, Blind: n.Blind}
}

// words tells networks apart.
func (n *Networks) words() string {
	return fmt.Sprintf("own %v, relays %v, trusted %v, blind %v", n.Own, n.Relays, n.Trusted, n.Blind)
}

// ours lists the networks that are the operator's.
func (n *Networks) ours() []netip.Prefix {
	var all []netip.Prefix
	for _, networks := range [...][]netip.Prefix{n.Own, n.Relays, n.Blind} {
		all = append(all, networks...)
	}
	return all
}

// How wide a network may be whose hosts are believed: wider ones are strangers'.
const (
	widestIPv4 = 8
	widestIPv6 = 16
)

// Validate returns every fault of the networks.
func (n *Networks) Validate() []error {
	var faults []error
	seen := map[netip.Prefix]string{}
	for _, of := range [...]struct {
		key      string
		networks []netip.Prefix
	}{{"own", n.Own}, {"relays", n.Relays}, {"trusted", n.Trusted}, {"blind", n.Blind}} {
		for _, network := range of.networks {
			masked := network.Masked()
			if other, twice := seen[masked]; twice && other != of.key {
				faults = append(faults, fmt.Errorf("%s: %s stands under %s too: keep it where it belongs (a narrower network may stand elsewhere, and counts)", of.key, network, other))
			}
			seen[masked] = of.key
			if widest := widestOf(network); network.Bits() < widest {
				faults = append(faults, fmt.Errorf("%s: %s is wider than /%d: it holds strangers; name your hosts", of.key, network, widest))
			}
			if network.Addr().Is4In6() {
				faults = append(faults, fmt.Errorf("%s: %s is an IPv4 network in IPv6's clothes, which matches nothing: write it as IPv4", of.key, network))
			}
		}
	}
	return faults
}

func widestOf(network netip.Prefix) int {
	if network.Addr().Is4() {
		return widestIPv4
	}
	return widestIPv6
}
