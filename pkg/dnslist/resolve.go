package dnslist

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"winnow/pkg/dns"
	"winnow/pkg/message"
)

// linked returns the links whose hosts' addresses may be looked up, one of each host: links before guesses.
func (s *Set) linked(m *message.Message) []*message.URI {
	type place struct {
		host string
		addr netip.Addr
	}
	seen := map[place]bool{}
	var all []*message.URI
	uris := m.URIs()
	for _, kind := range []message.URIKind{message.Link, message.Guess} {
		first := len(all)
		for i := range uris {
			u := &uris[i]
			at := place{u.Host, u.Addr}
			if u.Kind != kind || seen[at] {
				continue
			}
			seen[at] = true
			if s.wanted(u) {
				all = append(all, u)
			}
		}
		of := all[first:]
		rand.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
	}
	return all[:min(len(all), MaxHosts)]
}

// A lookup is one name whose addresses, or whose name servers' addresses, lists are asked about.
type lookup struct {
	ask   Ask
	name  string
	guess bool
	found []netip.Addr
}

// addressesOf looks up what lists want to know about the hosts of links. It takes half of a stage's time at most: the
// lists must still be asked. What cannot be looked up is not asked about, and no list's fault.
func (s *Set) addressesOf(ctx context.Context, uris []*message.URI, w *wants) []subject {
	lookups := lookups(uris, w.asks)
	limited, cancel := context.WithTimeout(ctx, s.lookupTime())
	defer cancel()
	atOnce(len(lookups), func(i int) {
		l := &lookups[i]
		switch {
		case len(l.found) > 0:
		case l.ask == URINS:
			l.found = s.serverAddresses(limited, l.name, w.ipv6)
		default:
			l.found = s.addresses(limited, l.name, w.ipv6)
		}
	})
	return s.inTurn(lookups)
}

func (s *Set) lookupTime() time.Duration { return s.config.Timeout / 2 }

// lookups lists what is to be looked up, each name once. A link to a bare address says itself what its address is.
func lookups(uris []*message.URI, asks Asks) []lookup {
	var all []lookup
	add := func(l lookup) {
		same := func(o lookup) bool {
			return l.ask == o.ask && l.name == o.name && len(l.found) == 0 && len(o.found) == 0
		}
		if !slices.ContainsFunc(all, same) {
			all = append(all, l)
		}
	}
	for _, u := range uris {
		guess := u.Kind == message.Guess
		if asks.Has(URIAddress) && u.Addr.IsValid() {
			add(lookup{ask: URIAddress, name: u.Addr.String(), guess: guess, found: []netip.Addr{u.Addr}})
			continue
		}
		if asks.Has(URIAddress) && u.Host != "" {
			add(lookup{ask: URIAddress, name: u.Host, guess: guess})
		}
		if asks.Has(URINS) && u.Domain != "" {
			add(lookup{ask: URINS, name: u.Domain, guess: guess})
		}
	}
	return all
}

// inTurn makes subjects of what was found: the first address of each name, then the second ones, so that a limit leaves
// every name its share.
func (s *Set) inTurn(lookups []lookup) []subject {
	var all []subject
	for turn, more := 0, true; more; turn++ {
		more = false
		for i := range lookups {
			l := &lookups[i]
			if turn >= len(l.found) {
				continue
			}
			more = true
			if s.askable(l.found[turn]) {
				sub := addressSubject(l.ask, l.found[turn])
				sub.host, sub.guess = l.name, l.guess
				all = append(all, sub)
			}
		}
	}
	return all
}

// serverAddresses returns the addresses of a domain's name servers.
func (s *Set) serverAddresses(ctx context.Context, domain string, ipv6 bool) []netip.Addr {
	servers := slices.DeleteFunc(slices.Clone(s.look(ctx, domain, dns.NS).Names), func(name string) bool { return !validHost(name) })
	servers = servers[:min(len(servers), MaxServers)]
	found := make([][]netip.Addr, len(servers))
	atOnce(len(servers), func(i int) { found[i] = s.addresses(ctx, servers[i], ipv6) })
	return slices.Concat(found...)
}

// addresses returns the addresses of a host.
func (s *Set) addresses(ctx context.Context, host string, ipv6 bool) []netip.Addr {
	types := []dns.Type{dns.A, dns.AAAA}
	if !ipv6 {
		types = types[:1]
	}
	found := make([][]netip.Addr, len(types))
	atOnce(len(types), func(i int) {
		addrs := s.look(ctx, host, types[i]).Addrs
		found[i] = addrs[:min(len(addrs), MaxAddresses)]
	})
	return slices.Concat(found...)
}

// look asks one question; a failure is an empty answer.
func (s *Set) look(ctx context.Context, name string, t dns.Type) (answer dns.Answer) {
	defer func() { _ = recover() }() // this goroutine is ours: nobody above can catch it
	answer, err := s.resolver.Resolve(ctx, dns.Question{Name: name, Type: t})
	if err != nil {
		return dns.Answer{}
	}
	return answer
}
