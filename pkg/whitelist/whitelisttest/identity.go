package whitelisttest

import (
	"context"
	"strings"
	"sync"

	"winnow/pkg/message"
	"winnow/pkg/whitelist"
)

// An Identifier tells of every message what a test says. It notes whom it was asked about. It is safe for several
// goroutines, but for who looks at what it noted.
type Identifier struct {
	mu     sync.Mutex
	Of     func(m *message.Message) *message.Identity // nil: SPF passes for every sender
	Asked  []string                                   // senders, for SPF alone
	Proved []string                                   // senders, for everything
}

var _ whitelist.Identifier = (*Identifier)(nil)

// Use returns what a stage is given.
func (i *Identifier) Use() func() whitelist.Identifier {
	return func() whitelist.Identifier { return i }
}

// Envelope implements whitelist.Identifier.
func (i *Identifier) Envelope(_ context.Context, m *message.Message) *message.EnvelopeIdentity {
	i.mu.Lock()
	i.Asked = append(i.Asked, m.Sender)
	i.mu.Unlock()
	id := i.of(m)
	if id == nil {
		return nil
	}
	return &message.EnvelopeIdentity{SPF: id.SPF, Helo: id.Helo}
}

// Identity implements whitelist.Identifier.
func (i *Identifier) Identity(_ context.Context, m *message.Message) *message.Identity {
	i.mu.Lock()
	i.Proved = append(i.Proved, m.Sender)
	i.mu.Unlock()
	return i.of(m)
}

func (i *Identifier) of(m *message.Message) *message.Identity {
	if i.Of != nil {
		return i.Of(m)
	}
	_, domain, _ := strings.Cut(m.Sender, "@")
	return &message.Identity{SPF: message.SPF{Result: message.AuthPass, Domain: domain}}
}
