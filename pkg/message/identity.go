package message

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"winnow/pkg/stack"
)

// An Identity is what is proven about who sent a message. It is found by asking the DNS, once, and shared by everybody
// who wants to know: see Message.Identify.
type Identity struct {
	SPF   SPF         `json:"spf"`  // of the envelope sender; of postmaster@HELO where that is null (RFC 7208, 2.4)
	Helo  SPF         `json:"helo"` // of the name that the client gave in HELO (RFC 7208, 2.3)
	DKIM  []Signature `json:"dkim"` // in the order of the header, at most as many as are verified
	ARC   ARC         `json:"arc"`
	DMARC DMARC       `json:"dmarc"`
}

// An AuthResult is how a check of a sender's identity came out, in the words of RFC 8601, 2.7.
type AuthResult uint8

const (
	AuthNone      AuthResult = iota // there was nothing to check
	AuthPass                        //
	AuthFail                        //
	AuthSoftFail                    // SPF: probably not authorized
	AuthNeutral                     // the domain's owner does not say; or a signature that cannot be judged
	AuthPolicy                      // it would pass, but not by what we ask of it, such as the length of a key
	AuthTempError                   // the DNS could not answer: never held against anybody
	AuthPermError                   // what the domain's owner published cannot be read
)

var authResults = [...]string{"none", "pass", "fail", "softfail", "neutral", "policy", "temperror", "permerror"}

func (r AuthResult) String() string { return authResults[r] }

// MarshalText writes the result in the words of RFC 8601.
func (r AuthResult) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads a result in the words of RFC 8601.
func (r *AuthResult) UnmarshalText(text []byte) error {
	i := slices.Index(authResults[:], string(text))
	if i < 0 {
		return fmt.Errorf("unknown result %q: one of %s", text, strings.Join(authResults[:], ", "))
	}
	*r = AuthResult(i)
	return nil
}

// An SPF is what a domain's SPF record (RFC 7208) says of a client.
type SPF struct {
	Result AuthResult `json:"result"`
	Domain string     `json:"domain"` // whose record was asked; "" where there was none to ask
	World  bool       `json:"world"`  // it passed by a record that authorizes the world, which proves nothing
	NoMail bool       `json:"nomail"` // the domain says that it sends no mail: it failed by a record of -all and nothing else
	Reason string     `json:"reason"` // the mechanism that matched, or what went wrong: for us
}

// Proves tells whether the client is proven to send for the domain.
func (s *SPF) Proves() bool { return s.Result == AuthPass && !s.World }

// A Signature is one DKIM signature (RFC 6376) and how its verification came out.
type Signature struct {
	Result    AuthResult `json:"result"`
	Domain    string     `json:"domain"`    // d=, in lower case
	Selector  string     `json:"selector"`  // s=
	Agent     string     `json:"agent"`     // i=, or "@" and the domain
	Algorithm string     `json:"algorithm"` // a=
	Bits      int        `json:"bits"`      // of the key, 0 where it was not had
	Testing   bool       `json:"testing"`   // the key says that the domain is only testing (t=y)
	Partial   bool       `json:"partial"`   // l= leaves a part of the body unsigned
	Retitled  bool       `json:"retitled"`  // it signs a Subject, and there is another one beside it
	Value     string     `json:"-"`         // b=, without blanks: the first octets tell signatures apart (RFC 6008)
	Reason    string     `json:"reason"`    // why it did not pass: for us
}

// Proves tells whether the signature is proof that its domain answers for the message.
func (s *Signature) Proves() bool {
	return s.Result == AuthPass && !s.Testing && !s.Partial && !s.Retitled
}

// An ARC is how the Authenticated Received Chain (RFC 8617) of a message came out: what those that handed it on have seen.
type ARC struct {
	Result  AuthResult `json:"result"`  // none, pass or fail; temperror or neutral where it could not be found out
	Sets    int        `json:"sets"`    // instances in the chain
	Sealer  string     `json:"sealer"`  // d= of the newest seal
	Trusted bool       `json:"trusted"` // the chain passed, and the operator trusts that sealer
	Claims  string     `json:"claims"`  // what the newest trusted set's ARC-Authentication-Results say, behind the authserv-id
	Reason  string     `json:"reason"`
}

// A DMARC is what the author's domain asks for (RFC 7489) and whether the message is what it says it is.
type DMARC struct {
	Result AuthResult `json:"result"` // none: the domain has no policy
	Author string     `json:"author"` // the domain in From:, "" where there is not exactly one
	Domain string     `json:"domain"` // whose record it is: Author, or its organisational domain
	Policy string     `json:"policy"` // what is asked of us for this message, p=, sp= and pct= considered: "none", "quarantine", "reject"
	SPF    bool       `json:"spf"`    // the envelope's domain is proven and aligned with Author
	DKIM   bool       `json:"dkim"`   // so is one of the signatures'
	NoName bool       `json:"noname"` // Author does not exist in the DNS, though it lies under a domain with a policy
	Reason string     `json:"reason"`
	Exempt string     `json:"exempt"` // why a failure is not held against the message: a trusted sealer, a mailing list; "" for no reason
}

// Proof tells by what a domain is proven to have sent the message: "spf" or "dkim" by a name aligned with it, in the
// relaxed sense of RFC 7489, 3.1: both belong to one registered domain. It is "" where nothing proves it.
func (i *Identity) Proof(domain string) string {
	if i == nil || domain == "" {
		return ""
	}
	if i.SPF.Proves() && Aligned(i.SPF.Domain, domain) {
		return "spf"
	}
	for n := range i.DKIM {
		if s := &i.DKIM[n]; s.Proves() && Aligned(s.Domain, domain) {
			return "dkim"
		}
	}
	return ""
}

// Aligned tells whether two names belong to one registered domain.
func Aligned(a, b string) bool {
	if strings.EqualFold(a, b) {
		return true
	}
	organisation := Domain(a)
	return organisation != "" && strings.EqualFold(organisation, Domain(b))
}

// An EnvelopeIdentity is what is proven by the client's address and the names that it gave.
type EnvelopeIdentity struct {
	SPF  SPF // as in Identity
	Helo SPF
}

// A finding is a fact that takes questions to the network. Whoever wants it first has it found; all wait for the one answer.
type finding[T any] struct {
	once lazy[chan struct{}]
	fact atomic.Pointer[T] // nil until it is found
}

// get returns the fact, nil where ctx ended first. It has the fact found in a goroutine of its own, so that one who waits
// no longer does not spoil it for the others; find has its own limit.
func (f *finding[T]) get(ctx context.Context, find func() *T) *T {
	done := f.once.get(func() chan struct{} {
		done := make(chan struct{})
		go func() {
			stack.Reserve()
			defer close(done)
			f.fact.Store(find())
		}()
		return done
	})
	select {
	case <-done:
		return f.fact.Load()
	case <-ctx.Done():
		return nil
	}
}

// Identify returns who sent the message: what find finds the first time it is asked for. It is nil where ctx ends first.
// find must not panic, and must return within a limit of its own; it is given to run beside everything else.
func (m *Message) Identify(ctx context.Context, find func() *Identity) *Identity {
	return m.identity().get(ctx, find)
}

func (m *Message) identity() *finding[Identity] {
	return m.derived.identity.get(func() *finding[Identity] { return new(finding[Identity]) })
}

// Identified returns who sent the message where that is known by now, and does not wait for it.
func (m *Message) Identified() *Identity { return m.identity().fact.Load() }

// IdentifyClient is Identify for what is known of the envelope alone: SPF. All messages that Ask returned share it with
// the message that they came from.
func (m *Message) IdentifyClient(ctx context.Context, find func() *EnvelopeIdentity) *EnvelopeIdentity {
	return m.envelope().get(ctx, find)
}

func (m *Message) envelope() *finding[EnvelopeIdentity] {
	return m.derived.envelope.get(func() *finding[EnvelopeIdentity] { return new(finding[EnvelopeIdentity]) })
}

// Ask returns the message as the envelope phase sees it when it is asked about one recipient. It is a value of its own: a
// stage that was given up may still read it while the header comes in.
func (m *Message) Ask(recipient string) *Message {
	q := &Message{
		ID: m.ID, QueueID: m.QueueID, Time: m.Time, Receiver: m.Receiver, Client: m.Client, User: m.User, Site: m.Site, asked: true,
		Sender: m.Sender, Recipients: slices.Clip(m.Recipients), Recipient: recipient, // clipped: what is appended later lies behind it
	}
	shared := m.envelope()
	q.derived.envelope.get(func() *finding[EnvelopeIdentity] { return shared })
	return q
}

// AskWhole is Ask for the proof phase: the content is there, and what was found of the sender is shared.
func (m *Message) AskWhole(recipient string) *Message {
	q := m.Ask(recipient)
	q.asked = false
	q.Stored, q.SenderKnown, q.source = m.Stored, m.SenderKnown, m.source
	q.Header, q.Body, q.Size = m.Header, m.Body, m.Size
	shared := m.identity()
	q.derived.identity.get(func() *finding[Identity] { return shared })
	return q
}
