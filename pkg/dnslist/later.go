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
// already.
type later struct {
	find func(ctx context.Context) []subject

	once  sync.Once
	done  chan struct{}
	found []subject
	err   error
}

func newLater(find func(ctx context.Context) []subject) *later {
	return &later{find: find, done: make(chan struct{})}
}

// wait returns what is found. The first that waits has it found, in a goroutine for whose end all wait; ctx, which is the
// same for all, bounds the search.
func (l *later) wait(ctx context.Context) ([]subject, error) {
	l.once.Do(func() { go l.run(ctx) })
	<-l.done
	return l.found, l.err
}

func (l *later) run(ctx context.Context) {
	defer close(l.done)
	defer func() {
		if p := recover(); p != nil { // this goroutine is ours: nobody above can catch it
			l.err = fmt.Errorf("panic: %v", p)
		}
	}()
	l.found = l.find(ctx)
}

// laters is what the lists of a stage have to wait for. A list of names waits for signers, one of addresses for hosts.
type laters struct {
	signers, hosts *later // nil where there is nothing to wait for
}

// laters tells what of the message is known later.
func (s *Set) laters(m *message.Message, w *wants) (all laters) {
	if w.asks.Has(DKIM) && s.identity != nil && m.Header.Has("DKIM-Signature") {
		all.signers = newLater(func(ctx context.Context) []subject { return s.signers(ctx, m) })
	}
	if w.asks&ofHosts != 0 {
		if links := s.linked(m); len(links) > 0 {
			all.hosts = newLater(func(ctx context.Context) []subject { return s.addressesOf(ctx, links, w) })
		}
	}
	return all
}

// of returns what the list waits for, nil for nothing.
func (l *laters) of(src *source) *later {
	switch asks := newAsks(src.Ask...); {
	case asks&ofHosts != 0:
		return l.hosts
	case asks.Has(DKIM):
		return l.signers
	}
	return nil
}

// signers returns the domains that are proven to have signed the message. A signature that proves nothing is not asked
// about: anybody can put any domain there. As with addressesOf, half of a stage's time is left for the lists.
func (s *Set) signers(ctx context.Context, m *message.Message) []subject {
	limited, cancel := context.WithTimeout(ctx, s.lookupTime())
	defer cancel()
	id := s.identity(limited, m)
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
