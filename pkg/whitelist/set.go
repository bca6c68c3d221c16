package whitelist

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/gaissmai/bart"
)

// A Set is the entries of one file. It never changes; a reload makes a new one.
type Set struct {
	entries []Entry
	senders patterns[*scope]
	clients bart.Table[*scope]
	null    scope
}

// A scope is the entries for one sender: for every recipient, and for some.
type scope struct {
	every *Entry
	to    patterns[*Entry]
}

// Load reads a whitelist or blacklist. Its error holds every fault, each with file, line and remedy.
func Load(path string) (*Set, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return parseSet(path, text)
}

// parseSet reads the text of a whitelist or blacklist.
func parseSet(path, text string) (*Set, error) {
	s := &Set{entries: make([]Entry, 0, strings.Count(text, "\n")+1)} // never grows: entries are pointed to
	err := eachLine(path, text, func(n int, l line) error {
		e, network, err := parseEntry(l)
		if err != nil {
			return err
		}
		e.File, e.Line = path, n
		s.entries = append(s.entries, e)
		s.scope(e.Who, network).add(&s.entries[len(s.entries)-1])
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// scope returns the scope of one sender, made where there is none yet.
func (s *Set) scope(who string, network netip.Prefix) *scope {
	if who == null {
		return &s.null
	}
	if network.IsValid() {
		sc, ok := s.clients.Get(network)
		if !ok {
			sc = &scope{}
			s.clients.Insert(network, sc)
		}
		return sc
	}
	m, key := s.senders.at(who)
	sc := m[key]
	if sc == nil {
		sc = &scope{}
		m[key] = sc
	}
	return sc
}

// add puts an entry in; of two that say the same the first one stays.
func (s *scope) add(e *Entry) {
	if e.To == "" {
		if s.every == nil {
			s.every = e
		}
		return
	}
	if m, key := s.to.at(e.To); m[key] == nil {
		m[key] = e
	}
}

// match returns the entry for a recipient, the narrowest there is.
func (s *scope) match(recipient address) *Entry {
	if e, ok := s.to.first(recipient); ok {
		return e
	}
	return s.every
}

// match returns the entry that stands for what client sends to recipient in the name of sender, nil where none does.
// What is said about the sender's name comes before what is said about the client.
func (s *Set) match(client netip.Addr, sender, recipient address) *Entry {
	for sc := range s.senders.all(sender) {
		if e := sc.match(recipient); e != nil {
			return e
		}
	}
	if sender.full == "" {
		if e := s.null.match(recipient); e != nil {
			return e
		}
	}
	if !client.IsValid() || !s.clients.Contains(client) {
		return nil
	}
	for _, sc := range s.clients.Supernets(netip.PrefixFrom(client, client.BitLen())) {
		if e := sc.match(recipient); e != nil {
			return e
		}
	}
	return nil
}

// Entries returns all entries in the order of the file.
func (s *Set) Entries() []Entry { return slices.Clone(s.entries) }

// size is the number of entries.
func (s *Set) size() int { return len(s.entries) }
