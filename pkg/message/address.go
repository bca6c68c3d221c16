package message

import (
	"strings"
)

// SplitAddress cuts a mail address at its last @, with or without angle brackets. The domain is lower-case ASCII, an
// address literal as it stands; it is "" where there is none or it is no possible host name.
func SplitAddress(addr string) (local, domain string) {
	addr = strings.Trim(addr, " \t\r\n")
	if inner, found := strings.CutPrefix(addr, "<"); found {
		addr = strings.TrimSuffix(inner, ">")
	}
	at := strings.LastIndexByte(addr, '@')
	if at < 0 {
		return addr, ""
	}
	local, domain = addr[:at], addr[at+1:]
	if strings.HasPrefix(domain, "[") {
		return local, strings.ToLower(domain)
	}
	domain, _ = HostASCII(domain)
	return local, domain
}
