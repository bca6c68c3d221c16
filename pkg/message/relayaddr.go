package message

import (
	"net/netip"
	"strings"
)

// matchAddr finds out whether an IP address begins at pos, and where it ends. IPv6 addresses may have Sendmail's "IPv6:"
// before them. What is part of a longer number or word is none.
func matchAddr(s string, pos int) (end int, ok bool) {
	if pos < len(s) && '0' <= s[pos] && s[pos] <= '9' && !isWordAt(s, pos-1) && (pos == 0 || s[pos-1] != ':') {
		if end, ok = matchQuad(s, pos); ok && !isWordAt(s, end) {
			return end, true
		}
	}
	start := pos
	if len(s) >= pos+5 && strings.EqualFold(s[pos:pos+5], "ipv6:") {
		start = pos + 5
	} else if isAddrAt(s, pos-1) {
		return 0, false
	}
	return matchIPv6(s, start)
}

// matchQuad matches an IPv4 address without zeros in front of its numbers.
func matchQuad(s string, pos int) (end int, ok bool) {
	for part := range 4 {
		if part > 0 {
			if pos >= len(s) || s[pos] != '.' {
				return 0, false
			}
			pos++
		}
		value, digits := 0, 0
		for digits < 3 && pos < len(s) && '0' <= s[pos] && s[pos] <= '9' && !(digits == 1 && value == 0) {
			value, digits, pos = 10*value+int(s[pos]-'0'), digits+1, pos+1
		}
		if digits == 0 || value > 255 {
			return 0, false
		}
	}
	return pos, true
}

// matchIPv6 matches an IPv6 address in any of its forms (RFC 4291, 2.2).
func matchIPv6(s string, pos int) (end int, ok bool) {
	end = pos
	for isAddrAt(s, end) {
		end++
	}
	run := s[pos:end]
	if strings.IndexByte(run, ':') < 0 {
		return 0, false
	}
	if end < len(s) && s[end] == '.' { // the last four octets as an IPv4 address
		quad := pos + strings.LastIndexByte(run, ':') + 1
		if after, found := matchQuad(s, quad); found && !isAddrAt(s, after) && isMappedPrefix(s[pos:quad]) {
			return after, true
		}
	}
	return end, isIPv6(run)
}

// isAddrAt tells of the characters that IPv6 addresses are made of.
func isAddrAt(s string, i int) bool {
	if i < 0 || i >= len(s) {
		return false
	}
	c := s[i] | 0x20
	return '0' <= s[i] && s[i] <= '9' || 'a' <= c && c <= 'f' || s[i] == ':'
}

// isIPv6 tells whether s is eight groups, or at most seven around one "::".
func isIPv6(s string) bool {
	before, after, short := strings.Cut(s, "::")
	if !short {
		return groupsOf(s) == 8
	}
	n, m := groupsOf(before), groupsOf(after)
	return n >= 0 && m >= 0 && n+m <= 7
}

// isMappedPrefix tells whether s can stand before the IPv4 address at the end of an IPv6 address. It ends with a colon.
func isMappedPrefix(s string) bool {
	before, after, short := strings.Cut(s, "::")
	if !short {
		return groupsOf(strings.TrimSuffix(s, ":")) == 6
	}
	n, m := groupsOf(before), groupsOf(strings.TrimSuffix(after, ":"))
	return n >= 0 && m >= 0 && n+m <= 5
}

// groupsOf counts the groups of hexadecimal digits between colons; -1 if there is anything else.
func groupsOf(s string) int {
	if s == "" {
		return 0
	}
	n := 0
	for more := true; more; n++ {
		var group string
		group, s, more = strings.Cut(s, ":")
		if len(group) < 1 || len(group) > 4 {
			return -1
		}
	}
	return n
}

// zoneLength is how long the zone of a scoped address is (RFC 4007, 11), as MTAs write it; 0 for none.
func zoneLength(s string) int {
	if s == "" || s[0] != '%' {
		return 0
	}
	n := 1
	for n < len(s) && isZoneByte(s[n]) {
		n++
	}
	return n
}

func isZoneByte(c byte) bool {
	return 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("._~-", c) >= 0
}

// matchLocal matches the ways in which a host calls itself.
func matchLocal(s string, pos int) (end int, ok bool) {
	const name, domain = "localhost", ".localdomain"
	rest := s[pos:]
	if len(rest) >= len(name) && strings.EqualFold(rest[:len(name)], name) {
		end = pos + len(name)
		if rest = s[end:]; len(rest) >= len(domain) && strings.EqualFold(rest[:len(domain)], domain) {
			end += len(domain)
		}
		return end, true
	}
	if end, ok = matchAddr(s, pos); !ok {
		return 0, false
	}
	addr, err := ParseAddr(s[pos:end])
	return end, err == nil && (addr == netip.AddrFrom4([4]byte{127, 0, 0, 1}) || addr == netip.IPv6Loopback())
}

// cleanAddr takes off an address what MTAs put around it, and gives an IPv4-mapped address its IPv4 form.
func cleanAddr(s string) string {
	if len(s) >= 5 && strings.EqualFold(s[:5], "ipv6:") {
		s = s[5:]
	}
	s = strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
	if i := strings.IndexByte(s, '%'); i >= 0 {
		s = s[:i]
	}
	if strings.IndexByte(s, ':') >= 0 && strings.IndexByte(s, '.') >= 0 {
		last := strings.LastIndexByte(s, ':')
		prefix := strings.ToLower(s[:last+1])
		if zeros, found := strings.CutSuffix(prefix, "ffff:"); found && strings.Count(zeros, ":") >= 2 && strings.Trim(zeros, "0:") == "" {
			return s[last+1:]
		}
	}
	return s
}

// carrierNAT are the addresses that providers give customers whom they have no public address for (RFC 6598).
var carrierNAT = netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10)

// IsPrivate tells of addresses that are not on the public Internet: loopback, link-local, private, carrier-grade NAT.
// IPv6's unique local addresses are not among them: SpamAssassin does not count them, either.
func IsPrivate(addr netip.Addr) bool {
	return addr.IsLoopback() || addr.IsLinkLocalUnicast() || addr.Is4() && (addr.IsPrivate() || carrierNAT.Contains(addr))
}
