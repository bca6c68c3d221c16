package whitelist

import (
	"context"
	"errors"
	"fmt"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// An Identifier finds out who sent a message. It is asked only where somebody knows the sender that a message claims.
type Identifier interface {
	// Envelope returns what the client's address proves; nil where ctx ends first.
	Envelope(ctx context.Context, m *message.Message) *message.EnvelopeIdentity
	// Identity returns all that is proven of a message whose content is there; nil where ctx ends first.
	Identity(ctx context.Context, m *message.Message) *message.Identity
}

// A witness tells what is proven of one message. It asks when it is first needed.
type witness struct {
	ask   func() *message.Identity // nil: nobody can be asked, and nothing is proven
	asked bool
	found *message.Identity
}

// identity returns what is proven. It is empty where there is nobody to ask, and nil where the answer did not come in time.
func (w *witness) identity() *message.Identity {
	if !w.asked {
		w.asked, w.found = true, &message.Identity{}
		if w.ask != nil {
			w.found = w.ask()
		}
	}
	return w.found
}

// atRecipient returns the witness of the envelope phase: of proof there is SPF alone.
func (s *Stage) atRecipient(ctx context.Context, m *message.Message) *witness {
	if s.auth == nil {
		return &witness{}
	}
	return &witness{ask: func() *message.Identity {
		if e := s.auth().Envelope(ctx, m); e != nil {
			return &message.Identity{SPF: e.SPF, Helo: e.Helo}
		}
		return nil
	}}
}

// atEnd returns the witness of the proof phase.
func (s *Stage) atEnd(ctx context.Context, m *message.Message) *witness {
	if s.auth == nil {
		return &witness{}
	}
	return &witness{ask: func() *message.Identity { return s.auth().Identity(ctx, m) }}
}

// A claim is that a message comes from a sender who is known.
type claim struct {
	symbol string // of the hit where it is proven: "WHITELISTED"
	who    string // who is known, as the account names it
	domain string // whose proof is wanted
	demand demand // what counts as proof
	known  string // how it is known, for us

	// foreign tells that the claim is of one address in the envelope, and that somebody else wrote the message. A signature
	// says nothing of the envelope then: whoever has an address in the same domain could have what he wrote signed there,
	// and send it again in the name of anybody else of the domain.
	foreign bool
}

// counting is what of an identity counts as proof of the claim.
func (c *claim) counting(id *message.Identity) *message.Identity {
	if id == nil {
		return nil
	}
	counts := &message.Identity{}
	if c.demand != demandDKIM {
		counts.SPF = id.SPF
	}
	if c.demand != demandSPF && !c.foreign {
		counts.DKIM = id.DKIM
	}
	return counts
}

// proof tells by what the claim is proven, "" where nothing that counts does.
func (c *claim) proof(id *message.Identity) string {
	if c.demand == demandNone {
		return "nothing demands proof"
	}
	counts := c.counting(id)
	switch counts.Proof(c.domain) {
	case "spf":
		return "proven by spf of " + id.SPF.Domain
	case "dkim":
		return "proven by dkim d=" + signer(id, c.domain)
	}
	return ""
}

// A demand is what has to be proven of a sender in whose name an entry lets mail pass.
type demand string

const (
	demandAny  demand = "any"  // SPF or DKIM, aligned with the sender's domain
	demandSPF  demand = "spf"  // the client may send for the domain
	demandDKIM demand = "dkim" // the domain signed the message
	demandNone demand = "none" // whoever says so is believed
)

// signer returns the domain of the signature that proves it.
func signer(id *message.Identity, domain string) string {
	for i := range id.DKIM {
		if s := &id.DKIM[i]; s.Proves() && message.Aligned(s.Domain, domain) {
			return s.Domain
		}
	}
	return ""
}

// forged tells whether the owner of the domain disowns the message, which nothing proves: SPF fails, or DMARC does and
// nobody explains why.
func forged(id *message.Identity, domain string) bool {
	if id == nil || domain == "" {
		return false
	}
	d := &id.DMARC
	return d.Result == message.AuthFail && d.Exempt == "" && message.Aligned(d.Author, domain) ||
		id.SPF.Result == message.AuthFail && message.Aligned(id.SPF.Domain, domain)
}

// errUnknown is the Err of a source that knows the sender and could not have it proven: it may be another time.
var errUnknown = errors.New("the DNS did not tell in time who sent the message")

// undecided returns errUnknown where what could have proven the claim was not to be had.
func (c *claim) undecided(id *message.Identity) error {
	counts := c.counting(id)
	if counts == nil || counts.SPF.Result == message.AuthTempError && message.Aligned(counts.SPF.Domain, c.domain) {
		return errUnknown
	}
	for i := range counts.DKIM {
		if s := &counts.DKIM[i]; s.Result == message.AuthTempError && message.Aligned(s.Domain, c.domain) {
			return errUnknown
		}
	}
	return nil
}

// standing returns the hit for what is proven, with its evidence.
func (c *claim) standing(evidence string) filter.Hit {
	return filter.Hit{Symbol: c.symbol, Standing: filter.Whitelisted, Claim: c.who, Detail: c.known + "; " + evidence}
}

// atRecipient returns what a claim is worth at RCPT: proven, the recipient knows the sender; else it is held.
func (c *claim) atRecipient(w *witness) filter.Hit {
	id := w.identity()
	if evidence := c.proof(id); evidence != "" {
		return c.standing(evidence)
	}
	return filter.Hit{
		Symbol: c.symbol + "_HELD", Standing: filter.Held, Claim: c.who, Forged: forged(id, c.domain),
		Detail: c.known + "; held: " + c.state(id),
	}
}

// state tells how it stands with SPF, for us.
func (c *claim) state(id *message.Identity) string {
	switch {
	case id == nil:
		return "spf was not known in time"
	case !message.Aligned(id.SPF.Domain, c.domain):
		return "spf proves nothing of " + c.domain
	case id.SPF.World:
		return "spf of " + id.SPF.Domain + " authorizes the world"
	case id.SPF.Proves():
		return "dkim of " + c.domain + " is demanded"
	}
	return fmt.Sprintf("spf of %s is %v", id.SPF.Domain, id.SPF.Result)
}

// unproven returns the hit for a claim that has no effect: for whoever wants to know whom somebody pretends to be.
func (c *claim) unproven(id *message.Identity) filter.Hit {
	hit := filter.Hit{Symbol: c.symbol + "_UNPROVEN", Observe: true, Claim: c.who, Forged: forged(id, c.domain)}
	hit.Detail = c.known + "; neither spf nor dkim prove " + c.domain
	if c.foreign && id.Proof(c.domain) == "dkim" && c.demand != demandSPF {
		hit.Detail = c.known + "; a signature of " + c.domain + " proves who wrote the message, and that is somebody else"
	}
	if hit.Forged {
		hit.Symbol = c.symbol + "_FORGED"
		hit.Detail = fmt.Sprintf("%s; %s disowns the message: spf %v, dmarc %v", c.known, c.domain, id.SPF.Result, id.DMARC.Result)
	}
	return hit
}

// atEnd adds to r what claims are worth in the proof phase. The first one that is proven counts alone; of those that are
// not each is told. other, which may be nil, tells of what else proves a claim that is not disowned.
func atEnd(r *filter.Result, w *witness, claims []claim, other func(c *claim) string) {
	for i := range claims {
		c := &claims[i]
		id := w.identity()
		evidence := c.proof(id)
		if evidence == "" && other != nil && !forged(id, c.domain) {
			evidence = other(c)
		}
		if evidence != "" {
			r.Hits = []filter.Hit{c.standing(evidence)}
			return
		}
	}
	for i := range claims {
		c := &claims[i]
		r.Hits = append(r.Hits, c.unproven(w.identity()))
		r.Err = errors.Join(r.Err, c.undecided(w.identity()))
	}
}
