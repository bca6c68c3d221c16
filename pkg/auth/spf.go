package auth

import (
	"context"
	"strings"

	"winnow/pkg/auth/spf"
	"winnow/pkg/message"
)

// spf asks what the domains of the envelope sender and of HELO say of the client, side by side. A null sender is
// postmaster@HELO (RFC 7208, 2.4), so that there is only one to ask.
func (c *Checker) spf(ctx context.Context, client message.Client, sender string) (mailFrom, helo message.SPF) {
	asked := func() { helo = c.checkSPF(ctx, client, "postmaster@"+client.Helo, client.Helo) }
	if sender == "" {
		asked()
		return helo, helo
	}
	beside(asked, func() {
		_, domain, _ := cutAddress(sender)
		mailFrom = c.checkSPF(ctx, client, sender, domain)
	})
	return mailFrom, helo
}

// cutAddress cuts at the last at sign: a quoted local part may hold others.
func cutAddress(address string) (local, domain string, found bool) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address, "", false
	}
	return address[:at], address[at+1:], true
}

// checkSPF asks one domain. The name goes into macros and into the result as the DNS knows it.
func (c *Checker) checkSPF(ctx context.Context, client message.Client, sender, domain string) (s message.SPF) {
	name, ok := message.HostASCII(domain)
	if !ok {
		s.Reason = "no full name of a domain"
		return s
	}
	s.Domain = name
	defer recovered(&s.Result, &s.Reason)
	local, _, _ := cutAddress(sender)
	out := spf.Check(ctx, c.resolver, spf.Query{Addr: client.Addr, Domain: name, Sender: local + "@" + name, Helo: client.Helo},
		spf.World{IPv4: c.config.WorldIPv4, IPv6: c.config.WorldIPv6})
	s.Result, s.World, s.NoMail, s.Reason = out.Result, out.World, out.NoMail, out.Reason
	return s
}
