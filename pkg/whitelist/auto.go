package whitelist

import (
	"context"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// auto is the source that says whom a recipient has written to. Only outbound mail refreshes a correspondent; what comes
// in never does, or a spammer who was answered once would stay for ever.
type auto struct {
	config     AutoConfig
	delimiters string
	local      *patterns[bool]
	store      Store
	guard      *guard
	limit      time.Duration
	learner    *learner
	proof      Proof
	now        func() time.Time
}

// A Proof tells whether a message really comes from its sender; SPF is one that can tell at RCPT. It is asked only when
// the auto-whitelist knows the sender. It answers for the sender's own domain, returns soon after ctx ends, and says
// Unproven where it cannot tell.
type Proof func(ctx context.Context, m *message.Message) Identity

// An Identity is what a Proof found.
type Identity int

const (
	Unproven Identity = iota // nothing speaks for it and nothing against it; or what could was not to be had
	Proven                   // the client may send for the sender's domain
	Forged                   // it may not, says the domain's owner
)

// check answers whether recipient has written to sender.
func (a *auto) check(ctx context.Context, m *message.Message, sender, recipient address) filter.Result {
	r := filter.Result{Source: "auto-whitelist", Kind: filter.Entry}
	if !sender.isPerson() || recipient.domain == "" || a.isOurs(sender, recipient) {
		return r
	}
	start := time.Now()
	r.Asked = 1
	at, found := a.learner.lookUp(pair{recipient.base, sender.full})
	if found {
		r.Cached = 1
	} else {
		at, found, r.Err = a.ask(ctx, recipient.base, sender.full)
	}
	if found && a.now().Sub(at) < a.config.expire() {
		r.Hits = []filter.Hit{a.hit(ctx, m, recipient.base+" wrote to "+sender.full+" on "+at.UTC().Format("2006-01-02 15:04 UTC"))}
	}
	r.Took = time.Since(start)
	return r
}

// isOurs tells whether a sender claims to be one of us. Mail of ours is outbound and never comes here; what does is
// forged, or was forwarded, and neither is a correspondent.
func (a *auto) isOurs(sender, recipient address) bool {
	return sender.domain == recipient.domain || a.isLocal(sender)
}

// isLocal tells whether an address is in one of the domains that the operator named as ours.
func (a *auto) isLocal(addr address) bool {
	_, local := a.local.first(addr)
	return local
}

// ask asks the store when local last wrote to remote.
func (a *auto) ask(ctx context.Context, local, remote string) (at time.Time, found bool, err error) {
	at, err = ask(ctx, a.guard, a.limit, func(ctx context.Context) (at time.Time, err error) {
		at, found, err = a.store.LastWritten(ctx, local, remote)
		return at, err
	})
	return at, found, err
}

// hit returns what a known sender is worth: its standing, unless its identity does not hold.
func (a *auto) hit(ctx context.Context, m *message.Message, detail string) filter.Hit {
	identity := Proven
	if a.proof != nil {
		identity = a.proof(ctx, m)
	}
	switch identity {
	case Proven:
		return filter.Hit{Symbol: "AUTO_WHITELISTED", Standing: filter.Whitelisted, Detail: detail}
	case Forged:
		return filter.Hit{Symbol: "AUTO_WHITELIST_FORGED", Observe: true, Detail: detail}
	}
	return filter.Hit{Symbol: "AUTO_WHITELIST_UNPROVEN", Observe: true, Detail: detail}
}

// remember takes a lesson to the store. It does not ask whether the store is away: a store whose disk is full takes
// nothing and still answers.
func (a *auto) remember(ctx context.Context, l lesson) error {
	return a.store.Remember(ctx, l.local, l.remotes, time.Unix(l.at, 0).UTC(), a.config.expire(), a.config.PerUser)
}
