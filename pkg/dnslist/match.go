package dnslist

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// A Match is a set of return codes. The zero Match holds none.
type Match struct {
	text string // as it was written
	kind matchKind
	a, b uint32 // range: first and last; pattern: value and the bits that matter; mask: -, any of these bits
}

type matchKind uint8

const (
	matchNone matchKind = iota
	matchRange
	matchPattern
	matchMask
)

func (m Match) String() string { return m.text }

// MarshalText writes the match as it was written.
func (m Match) MarshalText() ([]byte, error) { return []byte(m.text), nil }

// Has tells whether the match holds a return code, which is an address in 127.0.0.0/8.
func (m Match) Has(addr netip.Addr) bool {
	if !isReturnCode(addr) {
		return false
	}
	code := number(addr)
	switch m.kind {
	case matchRange:
		return m.a <= code && code <= m.b
	case matchPattern:
		return (code^m.a)&m.b == 0
	case matchMask:
		// The vendors of bit lists define the last octet alone: SURBL tells to ignore the two before it
		// (surbl.org/guidelines), URIBL leaves them 0 (uribl.com/about.shtml).
		return code&m.b != 0
	}
	return false
}

func (m Match) isMask() bool { return m.kind == matchMask }

// covers tells whether every code of o is one of m's, as far as that is easily told: it finds codes that are declared
// twice.
func (m Match) covers(o Match) bool {
	switch {
	case o.kind == matchNone:
		return false
	case m.kind == matchRange && o.kind == matchRange:
		return m.a <= o.a && o.b <= m.b
	case m.kind == matchRange && m.a == firstCode && m.b == lastCode:
		return true
	case m.kind == matchPattern && o.kind == matchRange && o.a == o.b:
		return (o.a^m.a)&m.b == 0
	}
	return m == o && m.kind != matchMask
}

// What return codes are: all of 127.0.0.0/8 (RFC 5782, 2.3).
const (
	firstCode = 127 << 24
	lastCode  = firstCode | 0xffffff
)

func isReturnCode(addr netip.Addr) bool { return addr.Is4() && addr.As4()[0] == 127 }

func number(addr netip.Addr) uint32 {
	a := addr.As4()
	return binary.BigEndian.Uint32(a[:])
}

// vendorErrors are the return codes by which Spamhaus, and others after it, say that they do not answer: .252 a zone
// misspelt, .254 a public resolver, .255 too many questions, .250 and .251 a key that is off or wrong. No list uses
// them for anything else, so they are refusals of every list. (spamhaus.org/faqs/dnsbl-usage)
var vendorErrors = must(parseRefused("127.255.255.0/24"))

func must(m Match, err error) Match {
	if err != nil {
		panic(err) // a constant of this package
	}
	return m
}

// parseValue reads 127.0.0.2, 127.0.*.2 or any.
func parseValue(text string) (Match, error) {
	if text == "any" {
		return Match{text, matchRange, firstCode, lastCode}, nil
	}
	octets := strings.Split(text, ".")
	if len(octets) != 4 {
		return Match{}, fmt.Errorf("%q is no return code: write four octets such as 127.0.0.2, 127.0.*.2, or any", text)
	}
	var value, care uint32
	for _, octet := range octets {
		value, care = value<<8, care<<8
		if octet == "*" {
			continue
		}
		n, err := strconv.ParseUint(octet, 10, 8)
		if err != nil || octet != strconv.FormatUint(n, 10) {
			return Match{}, fmt.Errorf("%q is no return code: an octet is 0 to 255 or *", text)
		}
		value, care = value|uint32(n), care|0xff
	}
	if care>>24 != 0xff || value>>24 != 127 {
		return Match{}, fmt.Errorf("%s: return codes begin with 127", text)
	}
	if care == 0xffffffff {
		return Match{text, matchRange, value, value}, nil
	}
	return Match{text, matchPattern, value, care}, nil
}

// parseRange reads 127.0.0.10-127.0.0.11.
func parseRange(text string) (Match, error) {
	from, to, found := strings.Cut(text, "-")
	first, err1 := parseValue(strings.TrimSpace(from))
	last, err2 := parseValue(strings.TrimSpace(to))
	switch {
	case !found || err1 != nil || err2 != nil || first.a != first.b || last.a != last.b:
		return Match{}, fmt.Errorf("%q is no range: write first and last, such as 127.0.0.10-127.0.0.11", text)
	case first.a > last.a:
		return Match{}, fmt.Errorf("%s: the first return code is above the last", text)
	}
	return Match{text, matchRange, first.a, last.a}, nil
}

// parseMask reads the bits of the last octet, one of which must be set: 2, or 0x82.
func parseMask(text string) (Match, error) {
	bits, err := strconv.ParseUint(text, 0, 8)
	if err != nil || bits == 0 {
		return Match{}, fmt.Errorf("%q is no mask: write the bits of the last octet, 1 to 255", text)
	}
	return Match{"mask " + text, matchMask, 0, uint32(bits)}, nil
}

// parseRefused reads what a list says when it declines: a value, a range, 127.255.255.0/24, or "mask 1".
func parseRefused(text string) (Match, error) {
	if bits, ok := strings.CutPrefix(text, "mask "); ok {
		return parseMask(strings.TrimSpace(bits))
	}
	switch {
	case strings.Contains(text, "/"):
		prefix, err := netip.ParsePrefix(text)
		if err != nil || prefix != prefix.Masked() || prefix.Bits() < 8 || !isReturnCode(prefix.Addr()) {
			return Match{}, fmt.Errorf("%q is no network of return codes, such as 127.255.255.0/24", text)
		}
		first := number(prefix.Addr())
		return Match{text, matchRange, first, first | uint32(1<<(32-prefix.Bits())-1)}, nil
	case strings.Contains(text, "-"):
		return parseRange(text)
	}
	return parseValue(text)
}
