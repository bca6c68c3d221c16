package whitelist

import (
	"fmt"
	"iter"
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
func Load(path string, kind Kind) (*Set, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return kind.parseSet(path, text)
}

// parseSet reads the text of a whitelist or blacklist.
func (k Kind) parseSet(path, text string) (*Set, error) {
	s := &Set{entries: make([]Entry, 0, strings.Count(text, "\n")+1)} // never grows: entries are pointed to
	err := eachLine(path, text, func(n int, l line) error {
		e, network, err := k.parseEntry(l)
		if err != nil {
			return err
		}
		e.File, e.Line = path, n
		s.entries = append(s.entries, e)
		if first := s.scope(e.Who, network).add(&s.entries[len(s.entries)-1]); first.Auth != e.Auth {
			return fmt.Errorf("%s: line %d has it with auth:%s; take one of them out", l.fields[0], first.Line, first.Auth)
		}
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

// add puts an entry in; of two that say the same the first one stays, and is returned.
func (s *scope) add(e *Entry) *Entry {
	if e.To == "" {
		if s.every == nil {
			s.every = e
		}
		return s.every
	}
	m, key := s.to.at(e.To)
	if m[key] == nil {
		m[key] = e
	}
	return m[key]
}

// all yields the entries for a recipient, the narrowest first, and tells whether it was let go on.
func (s *scope) all(recipient address, yield func(*Entry) bool) bool {
	for e := range s.to.all(recipient) {
		if !yield(e) {
			return false
		}
	}
	return s.every == nil || yield(s.every)
}

// match returns the entry that stands for what client sends to recipient in the name of sender, nil where none does.
// What is said about the sender's name comes before what is said about the client.
func (s *Set) match(client netip.Addr, sender, recipient address) *Entry {
	for e := range s.bySender(sender, recipient) {
		return e
	}
	for e := range s.byClient(client, recipient) {
		return e
	}
	return nil
}

// bySender yields the entries for what is sent to recipient in the name of sender, the narrowest first.
func (s *Set) bySender(sender, recipient address) iter.Seq[*Entry] {
	return func(yield func(*Entry) bool) {
		for sc := range s.senders.all(sender) {
			if !sc.all(recipient, yield) {
				return
			}
		}
		if sender.full == "" {
			s.null.all(recipient, yield)
		}
	}
}

// byClient yields the entries for what client sends to recipient, the narrowest first.
func (s *Set) byClient(client netip.Addr, recipient address) iter.Seq[*Entry] {
	return func(yield func(*Entry) bool) {
		if !client.IsValid() || !s.clients.Contains(client) {
			return
		}
		for _, sc := range s.clients.Supernets(netip.PrefixFrom(client, client.BitLen())) {
			if !sc.all(recipient, yield) {
				return
			}
		}
	}
}

// Entries returns all entries in the order of the file.
func (s *Set) Entries() []Entry { return slices.Clone(s.entries) }

// size is the number of entries.
func (s *Set) size() int { return len(s.entries) }
