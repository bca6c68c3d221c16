package message

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Networks says whose Received fields are believed. The zero value knows nobody: then hosts with private addresses and
// hosts that authenticated are believed, up to the first other one.
type Networks struct {
	trusted, internal, msa netSet
	originating            []string // fields that hold the address of the first client

	senderField string // the field in which our MTA writes the envelope sender; "" to guess
}

// Trust adds networks whose hosts do not forge Received fields. A network is written 192.0.2.0/24, 192.0.2., 192.0.2.1 or
// 2001:db8::/32, "!" before it excludes it; the first that holds an address decides.
func (n *Networks) Trust(networks ...string) error { return n.trusted.add(networks) }

// TrustAsInternal adds networks of our own.
func (n *Networks) TrustAsInternal(networks ...string) error { return n.internal.add(networks) }

// TrustAsMSA adds our submission servers: all hosts that send by them are trusted.
func (n *Networks) TrustAsMSA(networks ...string) error { return n.msa.add(networks) }

// Assume takes the operator's networks for those of the rules, where neither trusted nor internal ones were named and the
// operator told of more than the machine itself.
func (n *Networks) Assume(s *Site) {
	if n.trusted.given || n.internal.given || !s.named() {
		return
	}
	n.trusted.given, n.internal.given = true, true
	for _, of := range [...]struct {
		networks          []netip.Prefix
		trusted, internal bool
	}{{s.Own, true, true}, {s.Relays, true, true}, {s.Trusted, true, false}, {s.Blind, false, false}} {
		for _, prefix := range of.networks {
			n.trusted.nets = append(n.trusted.nets, network{prefix.Masked(), !of.trusted})
			n.internal.nets = append(n.internal.nets, network{prefix.Masked(), !of.internal})
		}
	}
	for _, set := range [...]*netSet{&n.trusted, &n.internal} { // the narrowest counts, as in Site.Place
		slices.SortStableFunc(set.nets, func(a, b network) int { return b.prefix.Bits() - a.prefix.Bits() })
	}
}

// ForgetTrusted takes back what Trust added.
func (n *Networks) ForgetTrusted() { n.trusted = netSet{} }

// ForgetInternal takes back what TrustAsInternal added.
func (n *Networks) ForgetInternal() { n.internal = netSet{} }

// ForgetMSA takes back what TrustAsMSA added.
func (n *Networks) ForgetMSA() { n.msa = netSet{} }

// AddOriginating names fields that hold the address of the first client, such as X-Originating-IP.
func (n *Networks) AddOriginating(fields ...string) {
	for _, field := range fields {
		if !containsFold(n.originating, field) {
			n.originating = append(n.originating, field)
		}
	}
}

func containsFold(list []string, s string) bool {
	for _, known := range list {
		if strings.EqualFold(known, s) {
			return true
		}
	}
	return false
}

// ForgetOriginating takes back what AddOriginating added.
func (n *Networks) ForgetOriginating() { n.originating = nil }

// Originating returns the fields that AddOriginating named. They are shared: nobody may write to them.
func (n *Networks) Originating() []string { return n.originating }

// NamedTrusted tells whether Trust named a network that holds the address, or it is our own host's.
func (n *Networks) NamedTrusted(addr netip.Addr) bool { return n.trusted.containsOrLoopback(addr) }

// SetSenderField names the field in which our MTA writes the envelope sender.
func (n *Networks) SetSenderField(field string) { n.senderField = field }

// trusts tells whether a host is trusted. Where only one of the two sets is given, it stands for both.
func (n *Networks) trusts(addr netip.Addr) bool {
	if !n.trusted.given {
		return n.internal.contains(addr) || addr.IsValid() && addr.IsLoopback()
	}
	return n.trusted.containsOrLoopback(addr)
}

func (n *Networks) isInternal(addr netip.Addr) bool {
	if !n.internal.given {
		return n.trusts(addr)
	}
	return n.internal.containsOrLoopback(addr)
}

// A netSet is a list of networks.
type netSet struct {
	nets  []network
	given bool // somebody named networks, be it none
}

type network struct {
	prefix  netip.Prefix
	exclude bool
}

func (s *netSet) add(texts []string) error {
	for _, text := range texts {
		net, err := parseNetwork(text)
		if err != nil {
			return err
		}
		s.nets = append(s.nets, net)
	}
	s.given = true
	return nil
}

// contains asks the first network that holds the address.
func (s *netSet) contains(addr netip.Addr) bool {
	for _, net := range s.nets {
		if net.prefix.Contains(addr) {
			return !net.exclude
		}
	}
	return false
}

// containsOrLoopback is contains, but the host itself is always in it.
func (s *netSet) containsOrLoopback(addr netip.Addr) bool {
	return addr.IsValid() && addr.IsLoopback() || s.contains(addr)
}

// parseNetwork reads a network. Octets that are missing at the end of an IPv4 address make it a network.
func parseNetwork(text string) (network, error) {
	rest, exclude := strings.CutPrefix(strings.TrimSpace(text), "!")
	rest, bits, hasBits := strings.Cut(strings.TrimSpace(rest), "/")
	rest = strings.TrimSuffix(strings.TrimPrefix(rest, "["), "]")
	rest, _, _ = strings.Cut(rest, "%")
	addr, length, err := parseNetworkAddr(rest)
	if err == nil && hasBits {
		if length, err = strconv.Atoi(bits); err != nil {
			length, err = maskLength(bits)
		}
	}
	if err != nil || length < 0 || length > addr.BitLen() {
		return network{}, fmt.Errorf("%q is no network: write 192.0.2.0/24, 192.0.2.1 or 2001:db8::/32", text)
	}
	return network{netip.PrefixFrom(addr, length).Masked(), exclude}, nil
}

func parseNetworkAddr(text string) (netip.Addr, int, error) {
	if strings.IndexByte(text, ':') >= 0 {
		addr, err := ParseAddr(text)
		return addr, addr.BitLen(), err
	}
	var octets [4]byte
	parts := strings.Split(strings.TrimSuffix(text, "."), ".")
	if len(parts) > len(octets) {
		return netip.Addr{}, 0, fmt.Errorf("%q has more than four octets", text)
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil {
			return netip.Addr{}, 0, err
		}
		octets[i] = byte(n)
	}
	return netip.AddrFrom4(octets), 8 * len(parts), nil
}

// maskLength reads a netmask such as 255.255.255.0.
func maskLength(text string) (int, error) {
	addr, err := netip.ParseAddr(text)
	if err != nil || !addr.Is4() {
		return 0, fmt.Errorf("%q is no netmask", text)
	}
	length := 0
	for _, octet := range addr.As4() {
		for ; octet&0x80 != 0; octet <<= 1 {
			length++
		}
	}
	return length, nil
}
