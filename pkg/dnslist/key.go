package dnslist

import (
	"net/netip"
	"strings"

	"github.com/gaissmai/bart"
)

const (
	maxName  = 253 // octets of a name in the DNS, written out without its last dot (RFC 1035, 2.3.4)
	maxLabel = 63  // octets of one label
	maxZone  = 120 // octets of a zone or a key: leaves room for an IPv6 address (63) before it
)

// neverAsked are the IPv4 networks whose addresses mean nothing to anybody else, so that a list cannot know them and
// need not hear of them (RFC 6890). What is set aside for documentation (192.0.2.0/24 and its like) and for measuring
// (198.18.0.0/15) is asked about all the same: tests and demonstrations live there.
var neverAsked = []string{
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.168.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
}

// globalIPv6 is all of IPv6 that is routed between strangers (RFC 4291, 2.4), documentation (2001:db8::/32) included.
var globalIPv6 = netip.MustParsePrefix("2000::/3")

// newPrivate returns the networks that no list is asked about: those above and the operator's own.
func newPrivate(own []netip.Prefix) *bart.Lite {
	private := &bart.Lite{}
	for _, prefix := range neverAsked {
		private.Insert(netip.MustParsePrefix(prefix))
	}
	for _, prefix := range own {
		private.Insert(prefix.Masked())
	}
	return private
}

// askable tells whether a list may be asked about the address.
func (s *Set) askable(addr netip.Addr) bool {
	if !addr.IsValid() || addr.Is6() && !globalIPv6.Contains(addr) {
		return false
	}
	return !s.private.Contains(addr)
}

// validHost tells whether a host's name can be asked about: two labels at least, and nothing that is an address in
// disguise. Underscores are no part of host names, but are seen in links.
func validHost(name string) bool {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 || !validLabels(name) {
		return false
	}
	top := name[dot+1:]
	return strings.Trim(top, "0123456789") != "" // no top-level domain is a number (RFC 3696, 2)
}

// validLabels tells whether name is lower-case labels of what host names are made of. A hyphen may stand anywhere: browsers
// follow links to such hosts.
func validLabels(name string) bool {
	if len(name) > maxName {
		return false
	}
	start := 0
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '.' {
			c := name[i]
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
			continue
		}
		if i == start || i-start > maxLabel {
			return false
		}
		start = i + 1
	}
	return true
}
