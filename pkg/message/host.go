package message

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// HostASCII returns a host name as it is asked of the DNS: lower case, IDN as punycode, no trailing dot. It returns false
// for what is no host name: labels that are empty or too long or hold other characters than letters, digits, hyphens and
// underscores, more than 253 octets in all, and IP addresses.
func HostASCII(host string) (string, bool) {
	name := strings.TrimSuffix(toASCII(host), ".")
	if !isHostName(name) {
		return "", false
	}
	return name, true
}

// toASCII lowers the name and encodes what is not ASCII. A name that IDNA2008 does not allow, but browsers and resolvers
// take, is encoded all the same.
func toASCII(host string) string {
	if isASCII(host) {
		return strings.ToLower(host)
	}
	if len(host) > maxUTF8Host {
		return host
	}
	if name, err := idna.Lookup.ToASCII(host); err == nil {
		return name
	}
	if name, err := lenient.ToASCII(host); err == nil {
		return name
	}
	return host
}

// maxUTF8Host bounds the work of encoding a name: what is longer is longer than 253 octets in ASCII, too.
const maxUTF8Host = 4 * 253

// lenient maps a name as browsers do (UTS 46) and asks nothing of it.
var lenient = idna.New(idna.MapForLookup(), idna.StrictDomainName(false), idna.CheckHyphens(false), idna.CheckJoiners(false), idna.ValidateLabels(false))

// isHostName tells whether name is a host name in lower-case ASCII. Hyphens at the ends of labels and underscores are
// against RFC 1123, 2.1, but the DNS serves them and spammers' wildcard zones live on it; only a top-level domain is
// sure to have none. One of digits only makes it an IP address.
func isHostName(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for rest, more := name, true; more; {
		var label string
		label, rest, more = strings.Cut(rest, ".")
		if len(label) < 1 || len(label) > 63 {
			return false
		}
		digits := 0
		for i := 0; i < len(label); i++ {
			switch c := label[i]; {
			case '0' <= c && c <= '9':
				digits++
			case 'a' <= c && c <= 'z', c == '-':
			case c == '_' && more:
			default:
				return false
			}
		}
		if !more && (digits == len(label) || label[0] == '-' || label[len(label)-1] == '-') {
			return false
		}
	}
	return true
}

// Domain returns the registered domain of a host in lower-case ASCII by the public suffix list, its private section
// included: example.co.uk of www.example.co.uk, user.github.io of user.github.io. It is "" where there is none: for a
// suffix itself, and for names that the DNS cannot hold.
func Domain(host string) string {
	domain, _ := registered(host)
	return domain
}

// hasKnownSuffix tells whether a host has a registered domain below a top-level domain that exists, or below one that
// RFC 2606 sets aside for examples and tests. It tells host names from text that merely has dots in it.
func hasKnownSuffix(host string) bool {
	_, known := registered(host)
	return known
}

// isKnownTopLevel tells whether a top-level domain exists.
func isKnownTopLevel(name string) bool {
	_, known := registered("x." + name)
	return known
}

func registered(host string) (domain string, known bool) {
	dot := strings.LastIndexByte(host, '.')
	if dot < 0 || isSpecialUse(host[dot+1:]) {
		return "", false
	}
	suffix, icann := publicsuffix.PublicSuffix(host)
	i := len(host) - len(suffix) - 1
	if i <= 0 || host[i] != '.' || host[i-1] == '.' {
		return "", false
	}
	domain = host[strings.LastIndexByte(host[:i], '.')+1:]
	return domain, icann || strings.IndexByte(suffix, '.') >= 0 || suffix == "example" || suffix == "test"
}

// IsGivenAway tells of domains whose owners give names below them to anybody, such as "github.io": the private section of
// the public suffix list.
func IsGivenAway(name string) bool {
	suffix, icann := publicsuffix.PublicSuffix(name)
	return suffix == name && !icann && strings.IndexByte(name, '.') >= 0
}

// isSpecialUse tells of top-level domains that are not in the public DNS (RFC 6761, 6762, 7686, 9476, and ICANN's
// "internal") or name no hosts (arpa). Those of RFC 2606 are left out so that documentation and tests can use them.
func isSpecialUse(topLevel string) bool {
	switch topLevel {
	case "local", "localhost", "internal", "invalid", "onion", "alt", "arpa":
		return true
	}
	return false
}

// isHostRune tells of the characters that a host name in running text is made of, those included that are not seen and
// that browsers drop. Scripts that are written without blanks are not among them: a host name ends where they begin.
func isHostRune(r rune) bool {
	if r < 0x80 {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '.' || r == '-' || r == '_'
	}
	return (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.Is(unicode.Cf, r)) &&
		!unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// parseIPv4 reads an IPv4 address in any of the forms that browsers take (WHATWG URL, 3.5): one to four numbers, decimal,
// octal or hexadecimal, the last of which fills all the octets that are left.
func parseIPv4(host string) (netip.Addr, bool) {
	if last := strings.LastIndexByte(strings.TrimSuffix(host, "."), '.') + 1; last == len(host) || host[last] < '0' || host[last] > '9' {
		return netip.Addr{}, false // WHATWG URL, 3.5, "ends in a number": all but a few names
	}
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var value uint64
	for i, part := range parts {
		n, ok := parseIPv4Number(part)
		if !ok {
			return netip.Addr{}, false
		}
		if i < len(parts)-1 {
			if n > 255 {
				return netip.Addr{}, false
			}
			value |= n << (8 * (3 - i))
			continue
		}
		if n >= 1<<(8*(5-len(parts))) {
			return netip.Addr{}, false
		}
		value |= n
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true
}

func parseIPv4Number(s string) (uint64, bool) {
	base := 10
	switch {
	case len(s) > 1 && (s[:2] == "0x" || s[:2] == "0X"):
		s, base = s[2:], 16
		if s == "" {
			return 0, true
		}
	case len(s) > 1 && s[0] == '0':
		s, base = s[1:], 8
	}
	if strings.ContainsAny(s, "+-_") {
		return 0, false
	}
	n, err := strconv.ParseUint(s, base, 64)
	return n, err == nil && n <= math.MaxUint32
}
