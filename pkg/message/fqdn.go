package message

import "strings"

// IsFQDN tells whether rules take a name, in lower case, for one that a list can be asked about: see isValidFQDN.
func IsFQDN(host string) bool { return isValidFQDN(host) }

// isValidFQDN tells whether rules take a name, in lower case, for the full name of a host: two labels or more of letters,
// digits, hyphens and, before the last two, underscores.
func isValidFQDN(host string) bool {
	host = strings.TrimRight(host, ".")
	if len(host) > 253 {
		return false
	}
	labels := strings.Count(host, ".") + 1
	if labels < 2 {
		return false
	}
	for left := labels; left > 0; left-- {
		var label string
		label, host, _ = strings.Cut(host, ".")
		if !isValidLabel(label, left > 2) {
			return false
		}
	}
	return true
}

func isValidLabel(label string, underscores bool) bool {
	if len(label) < 1 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	for i := 0; i < len(label); i++ {
		switch c := label[i]; {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', c == '-':
		case c == '_' && underscores:
		default:
			return false
		}
	}
	return true
}
