package spf

import (
	"net/netip"
	"strings"

	"winnow/pkg/dns"
	"winnow/pkg/message"
)

// match tells whether a mechanism matches, and by what where that is another record's. Its error is a fault.
func (e *evaluation) match(t *term, domain string, grants bool) (matched bool, by string, err error) {
	switch t.kind {
	case kindAll:
		return true, "", nil
	case kindIP:
		return t.network.Contains(e.query.Addr), "", nil
	}
	if err := e.count(); err != nil {
		return false, "", err
	}
	name, ok := e.expand(t.target, domain)
	switch t.kind {
	case kindInclude:
		return e.include(t, name, grants)
	case kindPTR:
		matched, err = e.ptr(name)
		return matched, "", err
	}
	if !ok {
		return false, "", e.void()
	}
	switch t.kind {
	case kindA:
		matched, err = e.a(t, name)
	case kindMX:
		matched, err = e.mx(t, name)
	case kindExists:
		if matched, err = e.exists(name); matched && grants && !t.target.isByClient() {
			e.granted.everybody(t)
		}
	}
	return matched, "", err
}

// include matches where the other record passes (RFC 7208, 5.2).
func (e *evaluation) include(t *term, name string, grants bool) (bool, string, error) {
	out := e.check(name, grants && t.result == message.AuthPass && !t.target.isByClient())
	switch out.Result {
	case message.AuthPass:
		return true, out.Reason, nil
	case message.AuthTempError, message.AuthPermError:
		return false, "", &fault{out.Result, &reasonError{out.Reason}}
	case message.AuthNone:
		return false, "", permanent("%s", out.Reason)
	}
	return false, "", nil
}

type reasonError struct{ reason string }

func (r *reasonError) Error() string { return r.reason }

// a matches the addresses of a name (RFC 7208, 5.3).
func (e *evaluation) a(t *term, name string) (bool, error) {
	answer, err := e.lookups.ask(e.addresses(name))
	if err != nil {
		return false, err
	}
	if len(answer.Addrs) == 0 {
		return false, e.noAddress(name, answer.NXDomain)
	}
	return e.isAmong(answer.Addrs, t), nil
}

// noAddress counts a name without an address of the client's family as void only where it has none of the other family
// either. By the letter (RFC 7208, 4.6.4) a domain whose hosts have IPv4 only would be a permanent error to each client
// that comes by IPv6, and no owner of a record counts that way.
func (e *evaluation) noAddress(name string, exists bool) error {
	if nxdomain := exists; !nxdomain {
		other := dns.Question{Name: name, Type: dns.A}
		if e.query.Addr.Is4() {
			other.Type = dns.AAAA
		}
		if answer, err := e.lookups.ask(other); err != nil || len(answer.Addrs) > 0 {
			return nil
		}
	}
	return e.void()
}

// addresses asks for the addresses of a name that are of the client's family.
func (e *evaluation) addresses(name string) dns.Question {
	if e.query.Addr.Is4() {
		return dns.Question{Name: name, Type: dns.A}
	}
	return dns.Question{Name: name, Type: dns.AAAA}
}

// isAmong tells whether the client is one of the addresses, or shares as many bits with one as the term wants.
func (e *evaluation) isAmong(addrs []netip.Addr, t *term) bool {
	bits := t.bits6
	if e.query.Addr.Is4() {
		bits = t.bits4
	}
	for _, addr := range addrs {
		if network, err := addr.Unmap().Prefix(bits); err == nil && network.Contains(e.query.Addr) {
			return true
		}
	}
	return false
}

// mx matches the addresses of a domain's mail servers, which are asked for side by side (RFC 7208, 5.4).
func (e *evaluation) mx(t *term, name string) (bool, error) {
	answer, err := e.lookups.ask(dns.Question{Name: name, Type: dns.MX})
	switch {
	case err != nil:
		return false, err
	case len(answer.Names) == 0:
		return false, e.void()
	case len(answer.Names) > maxHosts:
		return false, permanent("more than %d mail servers", maxHosts)
	}
	for _, host := range answer.Names {
		e.lookups.start(e.addresses(host))
	}
	var failed error
	for _, host := range answer.Names {
		addrs, err := e.lookups.ask(e.addresses(host))
		if err != nil {
			failed = err
		}
		if e.isAmong(addrs.Addrs, t) {
			return true, nil
		}
	}
	return false, failed
}

// exists matches where a name has an IPv4 address, whatever the client's family (RFC 7208, 5.7).
func (e *evaluation) exists(name string) (bool, error) {
	answer, err := e.lookups.ask(dns.Question{Name: name, Type: dns.A})
	if err != nil {
		return false, err
	}
	if len(answer.Addrs) == 0 {
		return false, e.void()
	}
	return true, nil
}

// ptr matches where one of the client's names lies in the domain (RFC 7208, 5.5). That its names are not to be had is not
// the doing of the domain's owner, and no error.
func (e *evaluation) ptr(domain string) (bool, error) {
	known := e.names != nil
	names := e.clientNames()
	if !known && names.void {
		return false, e.void()
	}
	for _, name := range names.names {
		if isWithin(name, domain) {
			return true, nil
		}
	}
	return false, nil
}

// isWithin tells whether a name is the domain or lies below it.
func isWithin(name, domain string) bool {
	name, domain = strings.TrimSuffix(name, "."), strings.TrimSuffix(domain, ".")
	if domain == "" || len(name) < len(domain) || !strings.EqualFold(name[len(name)-len(domain):], domain) {
		return false
	}
	return len(name) == len(domain) || name[len(name)-len(domain)-1] == '.'
}

// clientNames are the names of the client's address that lead back to it.
type clientNames struct {
	names []string
	void  bool // it has no names at all
}

// clientNames finds them, once.
func (e *evaluation) clientNames() *clientNames {
	if e.names != nil {
		return e.names
	}
	e.names = &clientNames{}
	answer, err := e.lookups.ask(dns.Question{Name: message.ReverseName(e.query.Addr), Type: dns.PTR})
	if err != nil {
		return e.names
	}
	e.names.void = len(answer.Names) == 0
	names := answer.Names[:min(len(answer.Names), maxHosts)]
	for _, name := range names {
		e.lookups.start(e.addresses(name))
	}
	whole := &term{bits4: 32, bits6: 128}
	for _, name := range names {
		if forward, err := e.lookups.ask(e.addresses(name)); err == nil && e.isAmong(forward.Addrs, whole) {
			e.names.names = append(e.names.names, name)
		}
	}
	return e.names
}

// best returns the name that the macro p stands for: the domain itself, else one below it, else any (RFC 7208, 7.3).
func (c *clientNames) best(domain string) string {
	best := "unknown"
	for i, name := range c.names {
		switch {
		case strings.EqualFold(name, domain):
			return name
		case i == 0 || isWithin(name, domain) && !isWithin(best, domain):
			best = name
		}
	}
	return best
}
