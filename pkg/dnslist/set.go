package dnslist

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/gaissmai/bart"

	"winnow/pkg/dns"
	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// A Set is all lists with what is known of their health. It is built anew when the lists' files change; it serves any
// number of messages at a time.
type Set struct {
	sources  []*source // every list, those that are off included, in configuration order
	resolver dns.Resolver
	fresh    dns.Resolver
	identity func(context.Context, *message.Message) *message.Identity
	private  *bart.Lite
	skip     *Skip
	now      func() time.Time
	config   Config
	zones    map[string]*source // that rules may ask, by their names in the DNS
	onChange func(was Health, now State)
	changing sync.Mutex // orders changes of health, so that they are reported in the order in which they happen
}

// Options is what a Set works with besides its lists.
type Options struct {
	Resolver dns.Resolver   // may answer from a cache
	Fresh    dns.Resolver   // asks the DNS itself: for probes and Query. Resolver, where it is nil
	Own      []netip.Prefix // the operator's networks, which no list is asked about
	Skip     *Skip          // well-known domains
	// Identity tells who sent a message, nil where ctx ends first: for lists that are asked about signers. It must not
	// panic. Where it is nil, nobody knows, and no list is asked about them.
	Identity func(context.Context, *message.Message) *message.Identity
	Now      func() time.Time
	// OnChange is told when a list's health changes, one change at a time. It is called on the way of a mail and must
	// not wait. It may be nil.
	OnChange func(was Health, now State)
	Zones    []string // that rules ask, lower case: those that no list has become lists of their own
	// Previous is the Set that this one takes the place of: what it knows of the health of a list that did not change
	// is kept. It may be nil.
	Previous *Set
}

// New returns the Set of lists that Config.Lists has found nothing wrong with.
func New(lists []List, c Config, o Options) *Set {
	s := &Set{
		resolver: o.Resolver,
		fresh:    o.Fresh,
		private:  newPrivate(o.Own),
		identity: o.Identity,
		skip:     o.Skip,
		now:      o.Now,
		config:   c,
		onChange: o.OnChange,
	}
	if s.fresh == nil {
		s.fresh = o.Resolver
	}
	if s.now == nil {
		s.now = time.Now
	}
	skipped := s.skip.digest()
	for i := range lists {
		src := newSource(s, lists[i], o.Previous)
		src.asked = src.askedAs(skipped)
		s.sources = append(s.sources, src)
	}
	s.addZones(o.Zones, o.Previous)
	return s
}

// Lists returns every list, those that are off included, in configuration order.
func (s *Set) Lists() []List {
	lists := make([]List, len(s.sources))
	for i, src := range s.sources {
		lists[i] = src.List
	}
	return lists
}

// The names of a Set's stages.
const (
	dnsblName   = "dnsbl"
	contentName = "dnsbl_content"
	rhsblName   = "rhsbl"
	uriblName   = "uribl"
)

// DNSBL is the stage of the lists that are asked about the client as soon as it connects.
func (s *Set) DNSBL() *Stage {
	return s.stage(dnsblName, filter.Connect, func(l *List) bool { return l.asks(Client) })
}

// DNSBLContent is the stage of the lists of addresses that are asked when the message is there: for points.
func (s *Set) DNSBLContent() *Stage {
	return s.stage(contentName, filter.Content, func(l *List) bool { return l.ofAddresses() })
}

// RHSBL is the stage of the lists of names that are asked about no links: about HELO, sender, author and the like.
func (s *Set) RHSBL() *Stage {
	return s.stage(rhsblName, filter.Content, func(l *List) bool { return !l.ofAddresses() && !l.ofLinks() })
}

// URIBL is the stage of the lists that are asked about links. Those that are asked about HELO and sender too are asked
// about all of it here, so that a list that has a name counts once, wherever in the message the name stands.
func (s *Set) URIBL() *Stage {
	return s.stage(uriblName, filter.Content, func(l *List) bool { return l.ofLinks() })
}

func (s *Set) stage(name string, phase filter.Phase, has func(*List) bool) *Stage {
	stage := &Stage{name: name, phase: phase, set: s}
	for _, src := range s.sources {
		if src.Enabled && src.Phase == phase && has(&src.List) {
			stage.sources = append(stage.sources, src)
			stage.wants.add(&src.List)
		}
	}
	return stage
}
