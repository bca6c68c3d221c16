package dnslist

import (
	"math/rand/v2"
	"net/netip"
	"strings"

	"winnow/pkg/message"
)

// appendLinks appends the hosts of links and of mail addresses in the text, each once: links before guesses, mail
// addresses last.
func (s *Set) appendLinks(all []subject, uris []message.URI, asks Asks) []subject {
	type place struct {
		host string
		addr netip.Addr
		mail bool
	}
	seen := map[place]bool{}
	return s.eachKind(all, uris, asks, func(all []subject, ask Ask, u *message.URI) []subject {
		at := place{u.Host, u.Addr, ask == Mail}
		if seen[at] {
			return all
		}
		seen[at] = true
		if !s.wanted(u) {
			return all
		}
		return append(all, linkSubject(ask, u))
	})
}

// appendWholes appends links and mail addresses as a whole, each once. Well-known hosts are not left out: what is listed
// there is the one user or page of many.
func (s *Set) appendWholes(all []subject, uris []message.URI, asks Asks, recipients []string) []subject {
	seen := map[string]bool{}
	return s.eachKind(all, uris, asks, func(all []subject, ask Ask, u *message.URI) []subject {
		before := len(all)
		if ask == Mail {
			all = appendMailbox(all, ask, strings.TrimPrefix(u.Clean, "mailto:"), recipients)
		} else if link := wholeLink(u); link != "" {
			all = append(all, subject{ask: ask, whole: link, host: u.Host, guess: u.Kind == message.Guess})
		}
		if len(all) == before || seen[all[before].whole] {
			return all[:before]
		}
		seen[all[before].whole] = true
		return all
	})
}

// eachKind has the URIs appended kind by kind. Where there are more of a kind than a list is asked about, chance says
// which: whoever writes the mail could else put the one that matters behind twenty others.
func (s *Set) eachKind(all []subject, uris []message.URI, asks Asks, add func([]subject, Ask, *message.URI) []subject) []subject {
	for _, kind := range []message.URIKind{message.Link, message.Guess, message.Mail} {
		ask := URI
		if kind == message.Mail {
			ask = Mail
		}
		if !asks.Has(ask) {
			continue
		}
		first := len(all)
		for i := range uris {
			if uris[i].Kind == kind {
				all = add(all, ask, &uris[i])
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

// wholeLink returns a link in the form of which lists have hashes: host in lower case and path, without scheme, port,
// query and fragment. It is "" without a path, for then it says no more than its host.
func wholeLink(u *message.URI) string {
	_, rest, ok := strings.Cut(u.Clean, "://")
	if !ok || !validHost(u.Host) {
		return ""
	}
	if end := strings.IndexAny(rest, "?#"); end >= 0 {
		rest = rest[:end]
	}
	slash := strings.IndexByte(rest, '/')
	if slash < 0 || slash == len(rest)-1 {
		return ""
	}
	return u.Host + rest[slash:]
}
