package message

import (
	"net/netip"
	"strings"
)

// IsAddress tells whether text is an IP address as rules take it: four numbers without leading zeros, or an IPv6 address
// that may have "IPv6:" before it.
func IsAddress(text string) bool {
	if hasPrefixFold(text, "IPv6:") {
		text = text[len("IPv6:"):]
		if strings.IndexByte(text, ':') < 0 {
			return false
		}
	}
	addr, err := netip.ParseAddr(text)
	return err == nil && addr.Zone() == ""
}
