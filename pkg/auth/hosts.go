package auth

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"winnow/pkg/dns"
	"winnow/pkg/message"
)

// hosts is what the DNS says of the names that a client and a sender give.
type hosts struct {
	reverse reverse
	ptr     string    // the first name of the client's address
	helo    existence // of an address of the name in HELO
	sender  mailDomain
	author  mailDomain // where it is another than the sender's
}

// An existence is whether something is in the DNS.
type existence uint8

const (
	unknown existence = iota // it was not asked for, or the DNS did not answer
	there
	missing
)

// A reverse is what became of the way from an address to its name and back (RFC 1912, 2.1).
type reverse uint8

const (
	unlooked    reverse = iota // it was not looked for, or the DNS did not answer
	confirmed                  // there is a name that leads back to the address
	unnamed                    // there is no name
	unconfirmed                // no name leads back
)

// A mailDomain is what the DNS says of a domain that mail comes from.
type mailDomain struct {
	name   string
	mail   existence // of an MX record or, in its place, an address (RFC 5321, 5.1)
	nullMX bool      // it takes no mail (RFC 7505), and so sends none that could be answered
	noSPF  bool      // nobody may send for it: "v=spf1 -all" (RFC 7208, 10.1.2)
}

// names is whom hosts are asked about.
type names struct {
	client         message.Client
	sender, author string // domains
}

// namesOf returns the names in a message, as far as they can be asked for.
func namesOf(m *message.Message) names {
	author, _, _ := authorDomain(m)
	return names{client: m.Origin(), sender: domainOf(m.Sender), author: domainOf("@" + author)}
}

// domainOf returns the domain of an address as the DNS knows it, "" where there is none.
func domainOf(address string) string {
	at := strings.LastIndexByte(address, '@')
	if host, ok := message.HostASCII(address[at+1:]); ok && at >= 0 && strings.Contains(host, ".") {
		return host
	}
	return ""
}

// hosts asks about all names at the same time. What is not answered within the time that a search has is unknown.
func (c *Checker) hosts(ctx context.Context, n names) hosts {
	ctx, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	h := hosts{sender: mailDomain{name: n.sender}}
	if n.author != n.sender {
		h.author.name = n.author
	}
	calls := []func(){func() { h.reverse, h.ptr = c.reverse(ctx, n.client) }}
	if helo, ok := heloName(n.client.Helo); ok {
		calls = append(calls, func() { h.helo = c.anyOf(ctx, helo, dns.A, dns.AAAA) })
	}
	for _, d := range []*mailDomain{&h.sender, &h.author} {
		if d.name != "" {
			calls = append(calls, func() { c.mailDomain(ctx, d) })
		}
	}
	if h.author.name != "" { // what the sender's says is known of SPF
		calls = append(calls, func() { c.spfDenial(ctx, &h.author) })
	}
	beside(calls...)
	return h
}

// heloName returns the name in HELO where it is one that can have an address.
func heloName(helo string) (string, bool) {
	name, ok := message.HostASCII(helo)
	return name, ok && strings.Contains(name, ".")
}

// maxReverse is how many names of one address are followed back.
const maxReverse = 5

// reverse looks for a name of the client that leads back to it. Postfix has looked before, and is believed where it found
// one; it does not tell why it found none.
func (c *Checker) reverse(ctx context.Context, client message.Client) (reverse, string) {
	if client.Name != "" || !client.Addr.IsValid() {
		return unlooked, ""
	}
	answer, err := c.resolver.Resolve(ctx, dns.Question{Name: message.ReverseName(client.Addr), Type: dns.PTR})
	switch {
	case err != nil:
		return unlooked, ""
	case len(answer.Names) == 0:
		return unnamed, ""
	}
	wanted := dns.A
	if client.Addr.Is6() {
		wanted = dns.AAAA
	}
	back := make([]reverse, min(len(answer.Names), maxReverse))
	calls := make([]func(), len(back))
	for i := range back {
		calls[i] = func() { back[i] = c.leadsBack(ctx, answer.Names[i], wanted, client.Addr) }
	}
	beside(calls...)
	switch {
	case slices.Contains(back, confirmed):
		return confirmed, answer.Names[0]
	case slices.Contains(back, unlooked):
		return unlooked, ""
	}
	return unconfirmed, answer.Names[0]
}

func (c *Checker) leadsBack(ctx context.Context, name string, t dns.Type, addr netip.Addr) reverse {
	answer, err := c.resolver.Resolve(ctx, dns.Question{Name: name, Type: t})
	switch {
	case err != nil:
		return unlooked
	case slices.Contains(answer.Addrs, addr):
		return confirmed
	}
	return unconfirmed
}

// anyOf tells whether a name has records of one of the types.
func (c *Checker) anyOf(ctx context.Context, name string, types ...dns.Type) existence {
	found := make([]existence, len(types))
	calls := make([]func(), len(types))
	for i, t := range types {
		calls[i] = func() {
			answer, err := c.resolver.Resolve(ctx, dns.Question{Name: name, Type: t})
			switch {
			case err != nil:
			case answer.Empty():
				found[i] = missing
			default:
				found[i] = there
			}
		}
	}
	beside(calls...)
	switch {
	case slices.Contains(found, there):
		return there
	case slices.Contains(found, unknown):
		return unknown
	}
	return missing
}

// mailDomain asks where the domain's own mail goes.
func (c *Checker) mailDomain(ctx context.Context, d *mailDomain) {
	answer, err := c.resolver.Resolve(ctx, dns.Question{Name: d.name, Type: dns.MX})
	switch {
	case err != nil:
	case len(answer.Names) > 0:
		d.mail, d.nullMX = there, answer.Names[0] == "."
	default:
		d.mail = c.anyOf(ctx, d.name, dns.A, dns.AAAA)
	}
}

// spfDenial asks whether the domain says that nobody sends for it.
func (c *Checker) spfDenial(ctx context.Context, d *mailDomain) {
	answer, err := c.resolver.Resolve(ctx, dns.Question{Name: d.name, Type: dns.TXT})
	if err != nil {
		return
	}
	for _, text := range answer.Texts {
		if words := strings.Fields(text); len(words) == 2 && strings.EqualFold(words[0], "v=spf1") && strings.EqualFold(words[1], "-all") {
			d.noSPF = true
		}
	}
}
