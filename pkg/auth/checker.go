package auth

import (
	"context"
	"fmt"
	"time"

	"winnow/pkg/dns"
	"winnow/pkg/message"
)

// A Checker finds out who sent a message. It is immutable and serves any number of messages at a time.
type Checker struct {
	config   Config
	resolver dns.Resolver
	now      func() time.Time
}

// NewChecker returns the Checker of a valid configuration. With a nil resolver it asks nobody, and knows nothing. now may be
// nil.
func NewChecker(c Config, resolver dns.Resolver, now func() time.Time) *Checker {
	if now == nil {
		now = time.Now
	}
	checker := &Checker{config: c, now: now}
	if resolver != nil {
		checker.resolver = contained{resolver}
	}
	return checker
}

// contained is a resolver in which a panic is the failure of one question: most are asked in goroutines of their own, which
// nobody above could catch it in.
type contained struct{ resolver dns.Resolver }

// Resolve returns what the DNS holds for q.
func (c contained) Resolve(ctx context.Context, q dns.Question) (answer dns.Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			answer, err = dns.Answer{}, fmt.Errorf("panic: %v", p)
		}
	}()
	return c.resolver.Resolve(ctx, q)
}

// asks tells whether the Checker asks the DNS.
func (c *Checker) asks() bool { return c.resolver != nil }

// Begin starts to find out what the envelope tells, and does not wait for it: what is to be known at the end of a message
// can be found while the message is still on its way. What is asked beside SPF is found in the resolver's cache then.
func (c *Checker) Begin(m *message.Message) {
	if !c.asks() {
		return
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	c.Envelope(over, m)
	names := namesOf(m)
	go c.hosts(context.Background(), names)
}

// Envelope returns what the client's address proves, as soon as sender and HELO are known. It is found once for all
// recipients of a message; nil where ctx ends first. Of mail that a relay of ours hands on nothing is known before the
// header tells who gave it to the relay: a recipient is asked about with nothing proven, and the end of the message decides.
func (c *Checker) Envelope(ctx context.Context, m *message.Message) *message.EnvelopeIdentity {
	if !m.Origin().Addr.IsValid() {
		return &message.EnvelopeIdentity{SPF: unknownOrigin, Helo: unknownOrigin}
	}
	return m.IdentifyClient(ctx, func() *message.EnvelopeIdentity {
		if !c.asks() {
			return &message.EnvelopeIdentity{}
		}
		ctx, cancel := c.limit(ctx)
		defer cancel()
		spf, helo := c.spf(ctx, m.Origin(), m.Sender)
		return &message.EnvelopeIdentity{SPF: spf, Helo: helo}
	})
}

// unknownOrigin is what SPF says where there is no address to ask about.
var unknownOrigin = message.SPF{Reason: "it is not known which host the message came from"}

// Identity returns who sent the message, whose content must be complete. nil where ctx ends first.
func (c *Checker) Identity(ctx context.Context, m *message.Message) *message.Identity {
	return m.Identify(ctx, func() *message.Identity {
		if !c.asks() {
			return &message.Identity{}
		}
		ctx, cancel := c.limit(ctx)
		defer cancel()
		return c.identify(ctx, m)
	})
}

// limit gives a search its own time: whoever asked first may go away, and others wait for the same answer.
func (c *Checker) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), c.config.Timeout)
}
