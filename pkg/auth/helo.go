package auth

import (
	"net/netip"
	"strings"

	"winnow/pkg/message"
)

// heloBareIP tells of an address without the brackets that make it a name (RFC 5321, 4.1.3).
func heloBareIP(f *facts) (string, bool) {
	helo := f.names.client.Helo
	_, err := netip.ParseAddr(helo)
	return helo, err == nil
}

// heloMismatch tells of an address that is another's than the client's. Next door counts as its own: it may have several, and
// name another than it calls from.
func heloMismatch(f *facts) (string, bool) {
	helo, client := f.names.client.Helo, f.names.client.Addr
	said, err := message.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(helo, "["), "]"))
	if err != nil || !client.IsValid() || isPrivate(said) || isPrivate(client) {
		return "", false
	}
	return helo + " of " + client.String(), said.Is4() == client.Is4() && !nextDoor(said, client)
}

func isPrivate(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified()
}

// nextDoor tells whether two addresses of a kind are in one network as they are given to one customer at least.
func nextDoor(a, b netip.Addr) bool {
	bits := 24
	if a.Is6() {
		bits = 64
	}
	network, err := a.Prefix(bits)
	return err == nil && network.Contains(b)
}

// heloOurs tells of a client from outside that gives itself for one of us.
func heloOurs(f *facts) (string, bool) {
	helo, ok := heloName(f.names.client.Helo)
	if !ok {
		return "", false
	}
	if receiver, ok := message.HostASCII(f.m.Receiver); ok && helo == receiver {
		return helo, true
	}
	for _, recipient := range f.m.Recipients {
		if helo == domainOf(recipient) {
			return helo, true
		}
	}
	return "", false
}

func heloNoDot(f *facts) (string, bool) {
	helo := f.names.client.Helo
	return helo, helo != "" && !strings.ContainsAny(strings.TrimSuffix(helo, "."), ".:[]")
}

func heloNoAddress(f *facts) (string, bool) { return f.names.client.Helo, f.hosts.helo == missing }
