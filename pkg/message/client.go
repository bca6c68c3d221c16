package message

import "net/netip"

// A Client is the host that connected to Postfix, as Postfix told of it. It lives as long as the connection and is
// the same for every message that comes over it, but for Helo, which the client may say anew.
type Client struct {
	Addr netip.Addr // never IPv4-mapped; the zero Addr where there is none (local submission)
	Name string     // the host name that Postfix verified, "" where it found none
	Helo string     // what it called itself, "" before HELO
	Own  bool       // it is in the operator's own networks: what it sends is outbound
	// Relay tells of a host of ours, or one that we believe, that hands on mail from outside: Message.Origin is who gave it
	// to that host. Whoever refuses such mail makes it write to a sender who may be forged.
	Relay bool
	Blind bool // a host of ours that hides who connected to it
}

// ParseAddr reads an address as MTAs write it: with or without Sendmail's "IPv6:" prefix, and an IPv4-mapped one as
// the IPv4 address it stands for, so that everything behind this line sees one form of one address.
func ParseAddr(s string) (netip.Addr, error) {
	const prefix = "IPv6:"
	if len(s) > len(prefix) && s[:len(prefix)] == prefix {
		s = s[len(prefix):]
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, err
	}
	return addr.WithZone("").Unmap(), nil
}
