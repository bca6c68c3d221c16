package whitelist

import (
	"context"
	"time"

	"winnow/pkg/filter"
)

// auto is the source that says whom a recipient has written to. Only outbound mail refreshes a correspondent; what comes
// in never does, or a spammer who was answered once would stay for ever.
type auto struct {
	config     AutoConfig
	delimiters string
	local      *patterns[bool]
	ours       []string // what local is made of
	store      Store
	guard      *guard
	limit      time.Duration
	learner    *learner
	now        func() time.Time
}

// autoSource is the name of the source in the account.
const autoSource = "auto-whitelist"

// check answers whether recipient has written to sender, as far as that is known at RCPT.
func (a *auto) check(ctx context.Context, w *witness, sender, recipient address) filter.Result {
	r, claims := a.lookUp(ctx, sender, recipient)
	for i := range claims {
		r.Hits = append(r.Hits, claims[i].atRecipient(w))
	}
	return r
}

// lookUp answers whether recipient has written to sender; if so there is a claim, which is to be proven.
func (a *auto) lookUp(ctx context.Context, sender, recipient address) (r filter.Result, claims []claim) {
	r = filter.Result{Source: autoSource, Kind: filter.Entry}
	if !sender.isPerson() || recipient.domain == "" || a.isOurs(sender, recipient) {
		return r, nil
	}
	start := time.Now()
	r.Asked = 1
	at, found := a.learner.lookUp(pair{local: recipient.base, remote: sender.full})
	if found {
		r.Cached = 1
	} else {
		at, found, r.Err = a.ask(ctx, recipient.base, sender.full)
	}
	if found && a.now().Sub(at) < a.config.expire() {
		claims = []claim{{
			symbol: "AUTO_WHITELISTED", who: sender.full, domain: sender.domain, demand: demandAny,
			known: recipient.base + " wrote to " + sender.full + " on " + at.UTC().Format("2006-01-02 15:04 UTC"),
		}}
	}
	r.Took = time.Since(start)
	return r, claims
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

// remember takes a lesson to the store. It does not ask whether the store is away: a store whose disk is full takes
// nothing and still answers.
func (a *auto) remember(ctx context.Context, l lesson) error {
	at := time.Unix(l.at, 0).UTC()
	if l.id != "" {
		return a.store.RememberSent(ctx, l.local, l.id, l.note, at, a.config.Replies.expire(), a.config.Replies.PerUser)
	}
	return a.store.Remember(ctx, l.local, l.remotes, at, a.config.expire(), a.config.PerUser)
}
