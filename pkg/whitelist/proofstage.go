package whitelist

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/stack"
)

// A Proof is the stage of the proof phase: it looks once more at who is said to have sent a message, with all of it at
// hand. The author counts now beside the envelope sender, who is often a machine that takes bounces; DKIM counts beside
// SPF; and a reply to a message of the recipient's speaks for its sender.
type Proof struct{ stage *Stage }

var _ filter.Stage = (*Proof)(nil)

// Proof returns the stage's other half.
func (s *Stage) Proof() *Proof { return &Proof{s} }

// Name is "whitelist".
func (p *Proof) Name() string { return p.stage.Name() }

// Phase is Proof.
func (p *Proof) Phase() filter.Phase { return filter.Proof }

// Check answers for m.Recipient with a Result for each source that is configured, the most important first.
func (p *Proof) Check(ctx context.Context, m *message.Message) []filter.Result {
	s := p.stage
	senders := claimed(m)
	recipient := recipientAddress(m.Recipient, s.delimiters)
	w := s.atEnd(ctx, m)
	var results []filter.Result
	if s.whitelist != nil {
		results = append(results, s.proveEntries(m, w, senders, recipient))
	}
	if s.auto != nil {
		results = append(results, s.auto.prove(ctx, m, w, senders, recipient)...)
	}
	return results
}

// claimed returns whom a message claims to be from: the envelope sender, and the author where he is somebody else.
func claimed(m *message.Message) []address {
	sender := senderAddress(m.Sender)
	author := author(m)
	if author.domain == "" || author == sender {
		return []address{sender}
	}
	return []address{sender, author}
}

// author returns who wrote a message: the address in From:, none where there is not exactly one (RFC 7489, 6.6.1).
func author(m *message.Message) address {
	fields := 0
	for i := range m.Header {
		if strings.EqualFold(m.Header[i].Name, "From") {
			fields++
		}
	}
	text, found := m.HeaderText("From", message.HeaderAddr)
	if fields != 1 || !found || strings.Contains(text, "\n") {
		return address{}
	}
	return senderAddress(text)
}

// proveEntries answers for the whitelist file.
func (s *Stage) proveEntries(m *message.Message, w *witness, senders []address, recipient address) filter.Result {
	r := filter.Result{Source: "whitelist", Kind: filter.Entry, Asked: 1}
	set := s.whitelist.get()
	var claims []claim
	for i, sender := range senders {
		for e := range set.bySender(sender, recipient) {
			if e.demand() != demandNone || i == 0 { // who is believed without proof is believed as the envelope has him
				c := e.claim(sender.domain)
				c.foreign = strings.Contains(e.Who, "@") && isForeign(m, sender)
				claims = append(claims, c)
			}
		}
	}
	if m.Client.Relay { // now it is known who gave it the message
		origin := m.Origin().Addr
		for e := range set.byClient(origin, recipient) {
			r.Hits = []filter.Hit{{Symbol: whitelisted, Standing: filter.Whitelisted, Detail: e.where() + "; handed on from " + origin.String()}}
			return r
		}
	}
	atEnd(&r, w, firstOfEach(claims), nil)
	return r
}

// isForeign tells whether somebody else than the sender wrote the message, or nobody who could be named.
func isForeign(m *message.Message, sender address) bool { return author(m) != sender }

// firstOfEach leaves one claim of each entry.
func firstOfEach(claims []claim) []claim {
	var kept []claim
	had := map[string]bool{}
	for _, c := range claims {
		if key := c.known + " " + c.domain; !had[key] {
			had[key] = true
			kept = append(kept, c)
		}
	}
	return kept
}

// prove answers for the auto-whitelist, and for replies where they are remembered. All questions to the store are put at
// the same time.
func (a *auto) prove(ctx context.Context, m *message.Message, w *witness, senders []address, recipient address) []filter.Result {
	known := make([]filter.Result, len(senders))
	claims := make([][]claim, len(senders))
	var asking sync.WaitGroup
	for i, sender := range senders {
		asking.Go(func() {
			stack.Reserve()
			defer caught(&known[i].Err)
			known[i], claims[i] = a.lookUp(ctx, sender, recipient)
		})
	}
	replies := a.replied(ctx, m, recipient)
	asking.Wait()

	r := known[0]
	r.Source, r.Kind = autoSource, filter.Entry // also where a panic was in the way
	all := claims[0]
	for i := range all {
		all[i].foreign = isForeign(m, senders[0])
	}
	if len(senders) > 1 {
		r.Asked, r.Cached, r.Took = r.Asked+known[1].Asked, r.Cached+known[1].Cached, max(r.Took, known[1].Took)
		if r.Err == nil {
			r.Err = known[1].Err
		}
		all = append(all, claims[1]...)
	}
	atEnd(&r, w, all, replies.proof)
	results := []filter.Result{r}
	if a.config.Replies.Enabled {
		results = append(results, replies.result(w, senders))
	}
	return results
}

// caught is deferred in a goroutine: a panic there is the failure of one question.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("panic: %v", p)
	}
}
