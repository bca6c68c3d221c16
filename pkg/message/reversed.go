package message

import (
	"net/netip"
	"strconv"
)

// maxReversed is how many octets AppendReversed appends at most: an IPv6 address has 32 digits.
const maxReversed = 32*len("0.") - len(".")

// AppendReversed appends an address as it stands in names of the DNS: the octets of an IPv4 address, the nibbles of an IPv6
// address, least significant first (RFC 1035, 3.5; RFC 3596, 2.5; RFC 5782, 2.1 and 2.4).
func AppendReversed(dst []byte, addr netip.Addr) []byte {
	if addr = addr.Unmap(); addr.Is4() {
		a := addr.As4()
		for i := len(a) - 1; i >= 0; i-- {
			dst = strconv.AppendUint(dst, uint64(a[i]), 10)
			dst = append(dst, '.')
		}
		return dst[:len(dst)-1]
	}
	const digits = "0123456789abcdef"
	a := addr.As16()
	for i := len(a) - 1; i >= 0; i-- {
		dst = append(dst, digits[a[i]&0xf], '.', digits[a[i]>>4], '.')
	}
	return dst[:len(dst)-1]
}

// Reversed is what a DNS list is asked about an address, "" for none: 4.3.2.1.
func Reversed(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	var room [maxReversed]byte
	return string(AppendReversed(room[:0], addr))
}

// ReverseName is the name under which an address has its PTR records.
func ReverseName(addr netip.Addr) string {
	zone := ".ip6.arpa"
	if addr.Unmap().Is4() {
		zone = ".in-addr.arpa"
	}
	var room [maxReversed + len(".in-addr.arpa")]byte
	return string(append(AppendReversed(room[:0], addr), zone...))
}
