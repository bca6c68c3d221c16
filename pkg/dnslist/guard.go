package dnslist

import (
	"context"
	"net/netip"
	"strings"
	"sync/atomic"

	"winnow/pkg/dns"
	"winnow/pkg/filter"
)

// A Guard stands between a cache and the DNS, and keeps lists' refusals out of the cache. To the DNS 127.0.0.1 from
// URIBL is a record like any other, and a cache would keep it for as long as its TTL says, for all nodes; but it says
// nothing about the name that was asked for, and a minute later the list may answer again. The Guard makes errors of
// such answers, which no cache keeps for longer than a moment.
//
// It outlives Sets: Use tells it of the lists in force.
type Guard struct {
	next  dns.Resolver
	zones atomic.Pointer[map[string][]*source]
}

var _ dns.Resolver = (*Guard)(nil)

// NewGuard returns a Guard that asks next. Until it is told of lists it lets everything through.
func NewGuard(next dns.Resolver) *Guard { return &Guard{next: next} }

// Use takes the place of the lists it knew by those of s, which come into force.
func (g *Guard) Use(s *Set) {
	zones := map[string][]*source{}
	for _, src := range s.sources {
		if src.Enabled {
			zone := src.zone()
			zones[zone] = append(zones[zone], src)
		}
	}
	for zone, src := range s.zones {
		if src.ofRules {
			zones[zone] = append(zones[zone], src)
		}
	}
	g.zones.Store(&zones)
}

// Resolve asks next, and returns an error where a list declined to answer or somebody else answered in its place.
func (g *Guard) Resolve(ctx context.Context, q dns.Question) (dns.Answer, error) {
	answer, err := g.next.Resolve(ctx, q)
	if err != nil || q.Type != dns.A || len(answer.Addrs) == 0 {
		return answer, err
	}
	for _, src := range g.sources(q.Name) {
		switch outcome, _, _ := src.classify(answer.Addrs, newAsks(src.Ask...)); outcome {
		case Refused:
			return dns.Answer{}, &guardError{answer.Addrs, []error{filter.ErrRefused, dns.ErrRefused}}
		case Bogus:
			return dns.Answer{}, &guardError{answer.Addrs, []error{filter.ErrBogus, dns.ErrMalformed}}
		}
	}
	return answer, nil
}

// Stats returns what next counted, if it counts.
func (g *Guard) Stats() dns.Stats {
	if next, ok := g.next.(interface{ Stats() dns.Stats }); ok {
		return next.Stats()
	}
	return dns.Stats{}
}

// sources returns the lists in whose zone the name is.
func (g *Guard) sources(name string) []*source {
	zones := g.zones.Load()
	if zones == nil {
		return nil
	}
	for found := true; found; {
		if _, name, found = strings.Cut(name, "."); found {
			if sources := (*zones)[name]; sources != nil {
				return sources
			}
		}
	}
	return nil
}

// A guardError is an answer that is none. It keeps the records, for whoever says what they mean.
type guardError struct {
	addrs []netip.Addr
	kinds []error // ours, and the one that a dns.Resolver's errors wrap
}

func (e *guardError) Error() string   { return e.kinds[0].Error() }
func (e *guardError) Unwrap() []error { return e.kinds }
