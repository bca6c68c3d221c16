package dnslist

import (
	"math/rand/v2"
	"net"
	"net/netip"

	"winnow/pkg/message"
)

// A subject is one thing of a message that lists can be asked about: an address or a name.
type subject struct {
	ask      Ask
	addr     netip.Addr // valid where it is an address
	reversed string     // the address as a list is asked about it
	host     string     // else the whole name
	domain   string     // and its registered domain, "" where it has none
	guess    bool       // nobody but us says that this is a link
}

func addressSubject(ask Ask, addr netip.Addr) subject {
	var room [2 * net.IPv6len * 2]byte
	return subject{ask: ask, addr: addr, reversed: string(appendReversed(room[:0], addr))}
}

func nameSubject(ask Ask, host string) subject {
	return subject{ask: ask, host: host, domain: message.Domain(host)}
}

func linkSubject(ask Ask, u *message.URI) subject {
	s := subject{host: u.Host, domain: u.Domain}
	if u.Addr.IsValid() {
		s = addressSubject(ask, u.Addr)
	}
	s.ask, s.guess = ask, u.Kind == message.Guess
	return s
}

// subjects gathers what the lists of a stage may be asked about, in the order in which they are: what the message is
// most likely to be judged by comes first, so that a limit cuts off the rest.
func (s *Set) subjects(m *message.Message, wants *askSet) []subject {
	var all []subject
	if origin := m.Origin(); wants[Client] && s.askable(origin.Addr) {
		all = append(all, addressSubject(Client, origin.Addr))
	}
	if wants[Sender] {
		_, domain := message.SplitAddress(m.Sender)
		all = appendName(all, Sender, domain)
	}
	if wants[Helo] {
		all = appendName(all, Helo, m.Origin().Helo)
	}
	if wants[URI] || wants[Mail] {
		all = s.appendURIs(all, m.URIs(), wants)
	}
	return all
}

// appendName appends the name, unless it is none: a null sender, an address literal, a bare word.
func appendName(all []subject, ask Ask, name string) []subject {
	host, ok := message.HostASCII(name)
	if !ok || !validHost(host) {
		return all
	}
	return append(all, nameSubject(ask, host))
}

// appendURIs appends each host once: links before guesses, mail addresses last. Where there are more of a kind than a list
// is asked about, chance says which: whoever writes the mail could else put the one that matters behind twenty others.
func (s *Set) appendURIs(all []subject, uris []message.URI, wants *askSet) []subject {
	type place struct {
		host string
		addr netip.Addr
		mail bool
	}
	seen := map[place]bool{}
	for _, kind := range []message.URIKind{message.Link, message.Guess, message.Mail} {
		ask := URI
		if kind == message.Mail {
			ask = Mail
		}
		if !wants[ask] {
			continue
		}
		first := len(all)
		for i := range uris {
			u := &uris[i]
			at := place{u.Host, u.Addr, kind == message.Mail}
			if u.Kind != kind || seen[at] {
				continue
			}
			seen[at] = true
			if s.wanted(u) {
				all = append(all, linkSubject(ask, u))
			}
		}
		if of := all[first:]; len(of) > MaxNames {
			rand.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
		}
	}
	return all
}

// wanted tells whether lists may be asked about a link's host: not where it is well known, private, or our own.
func (s *Set) wanted(u *message.URI) bool {
	if u.Addr.IsValid() {
		return s.askable(u.Addr)
	}
	return validHost(u.Host) && !s.skip.Has(u.Host, u.Domain)
}
