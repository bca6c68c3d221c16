package auth

import (
	"context"

	"winnow/pkg/message"
)

// arc validates the chain of those that handed the message on (RFC 8617, 5.2). RFC 8617 knows no shades of failure; what
// is no judgement on the chain is none of ours either: a key that cannot be asked for, a message that we have not all of.
func (c *Checker) arc(ctx context.Context, m *message.Message) message.ARC {
	var chain arcChain
	f := attempt(func() *failure { return chain.read(m.Header) })
	fact := message.ARC{Sets: len(chain.sets), Sealer: chain.sealer()}
	switch {
	case f == nil && fact.Sets == 0:
		return fact
	case m.HeaderCut || m.BodyCut:
		fact.Result, fact.Reason = message.AuthNeutral, "the message is too large to verify"
		return fact
	case f == nil:
		f = attempt(func() *failure { return c.validate(ctx, m, &chain) })
	}
	if f != nil {
		fact.Result, fact.Reason = message.AuthFail, f.reason
		if f.result == message.AuthTempError {
			fact.Result = f.result
		}
		return fact
	}
	fact.Result = message.AuthPass
	if fact.Trusted = c.trusts(&chain); fact.Trusted {
		fact.Claims = chain.newest().claims
	}
	return fact
}

// trusts tells whether the chain was sealed last by a domain whose word the operator takes, for this very message. Only
// the newest set can be believed: whoever sealed it could have taken those below from another message. A signature
// that leaves From out, or one of several, would let anybody change who the author is.
func (c *Checker) trusts(chain *arcChain) bool {
	if !chain.author {
		return false
	}
	for _, domain := range c.config.ARC.TrustedSealers {
		if name, _ := message.HostASCII(domain); name == chain.sealer() {
			return true
		}
	}
	return false
}

// validate verifies the newest ARC-Message-Signature, which signs the message as it was handed on last, and all seals.
// Older ones of the former need not verify: that lists change a message is what ARC is for.
func (c *Checker) validate(ctx context.Context, m *message.Message, chain *arcChain) *failure {
	k := &check{sealed: true}
	k.try(func() *failure { return k.parseARC(m, chain.newest().places[arcSignature], c.now().Unix()) })
	if k.failed != nil {
		return inSet(len(chain.sets), k.failed)
	}
	v := newVerifier(m, []*check{k})
	keyAt := make([]int, len(chain.sets))
	for i := range chain.sets {
		keyAt[i] = v.keys.want(chain.sets[i].seal.keyName())
	}
	v.keys.ask(ctx, c.resolver)
	defer v.keys.wait()
	v.hash()
	if k.failed != nil {
		return inSet(len(chain.sets), k.failed)
	}
	sums := chain.sums(m.Header)
	v.keys.wait()
	v.judge()
	chain.author = k.author
	later := inSet(len(chain.sets), k.failed) // a failure for which there is yet hope
	if later != nil && later.result != message.AuthTempError {
		return later
	}
	for i := len(chain.sets) - 1; i >= 0; i-- {
		seal, key := &chain.sets[i].seal, &v.keys.keys[keyAt[i]]
		f := seal.fits(key)
		if f == nil && !key.verify(sums[i][:], seal.value) {
			f = broken("the seal is broken")
		}
		if f != nil && f.result != message.AuthTempError {
			return inSet(i+1, f)
		}
		if f != nil {
			later = inSet(i+1, f)
		}
	}
	return later
}

// inSet says in which set of a chain something failed.
func inSet(instance int, f *failure) *failure {
	if f == nil {
		return nil
	}
	return fails(f.result, "set %d: %s", []any{instance, f.reason})
}
