package dnslist

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"winnow/pkg/message"
)

// A later is subjects that are not known at once: those who signed, once the signatures are verified, and the addresses
// behind links, once they are looked up. They are found once for all lists of a stage, beside the questions that can be put
// already; calling it waits for them.
type later func() ([]subject, error)

// laters is what the lists of a stage have to wait for. A list of names waits for signers, one of addresses for hosts.
type laters struct {
	signers, hosts later // nil where there is nothing to wait for
}

// laters tells what of the message is known later. ctx bounds the search.
func (s *Set) laters(ctx context.Context, m *message.Message, w *wants) (all laters) {
	if w.asks.Has(DKIM) && s.identity != nil && m.Header.Has("DKIM-Signature") {
		all.signers = findLater(func() []subject { return s.signers(ctx, m) })
	}
	if w.asks&ofHosts != 0 {
		if hosts := s.linked(m); len(hosts) > 0 {
			all.hosts = findLater(func() []subject { return s.addressesOf(ctx, hosts, w) })
		}
	}
	return all
}

// of returns what the list waits for, nil for nothing.
func (l *laters) of(src *source) later {
	switch asks := newAsks(src.Ask...); {
	case asks&ofHosts != 0:
		return l.hosts
	case asks.Has(DKIM):
		return l.signers
	}
	return nil
}

// findLater has find called by the first that waits. A panic is an error of all.
func findLater(find func() []subject) later {
	return sync.OnceValues(func() (found []subject, err error) {
		defer func() {
			if p := recover(); p != nil { // we are in a goroutine of our own: nobody above can catch it
				err = fmt.Errorf("panic: %v", p)
			}
		}()
		return find(), nil
	})
}

// signers returns the domains that are proven to have signed the message. A signature that proves nothing is not asked
// about: anybody can put any domain there.
func (s *Set) signers(ctx context.Context, m *message.Message) []subject {
	id := s.identity(ctx, m)
	if id == nil {
		return nil
	}
	var all []subject
	for i := range id.DKIM {
		sig := &id.DKIM[i]
		if len(all) == MaxSigners {
			break
		}
		if sig.Proves() && !slices.ContainsFunc(all, func(o subject) bool { return o.host == sig.Domain }) {
			all = s.appendName(all, DKIM, sig.Domain)
		}
	}
	return all
}
