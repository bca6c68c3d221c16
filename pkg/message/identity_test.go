package message_test

import (
	"context"
	"sync"
	"testing"

	"winnow/pkg/message"
)

func TestProof(t *testing.T) {
	pass := func(domain string) message.Signature {
		return message.Signature{Result: message.AuthPass, Domain: domain}
	}
	for _, tt := range []struct {
		name     string
		identity *message.Identity
		domain   string
		want     string
	}{
		{"nothing is known", nil, "a.example", ""},
		{"no domain", &message.Identity{DKIM: []message.Signature{pass("")}}, "", ""},
		{"spf", &message.Identity{SPF: message.SPF{Result: message.AuthPass, Domain: "a.example"}}, "A.example", "spf"},
		{"spf of another", &message.Identity{SPF: message.SPF{Result: message.AuthPass, Domain: "b.example"}}, "a.example", ""},
		{"spf of a sub-domain", &message.Identity{SPF: message.SPF{Result: message.AuthPass, Domain: "bounce.a.co.uk"}}, "mail.a.co.uk", "spf"},
		{"spf of a neighbour", &message.Identity{SPF: message.SPF{Result: message.AuthPass, Domain: "b.co.uk"}}, "a.co.uk", ""},
		{"spf of the world", &message.Identity{SPF: message.SPF{Result: message.AuthPass, Domain: "a.example", World: true}}, "a.example", ""},
		{"softfail", &message.Identity{SPF: message.SPF{Result: message.AuthSoftFail, Domain: "a.example"}}, "a.example", ""},
		{"dkim", &message.Identity{DKIM: []message.Signature{pass("b.example"), pass("a.example")}}, "a.example", "dkim"},
		{"dkim in testing", &message.Identity{DKIM: []message.Signature{{Result: message.AuthPass, Domain: "a.example", Testing: true}}}, "a.example", ""},
		{"dkim of a part", &message.Identity{DKIM: []message.Signature{{Result: message.AuthPass, Domain: "a.example", Partial: true}}}, "a.example", ""},
		{"dkim that failed", &message.Identity{DKIM: []message.Signature{{Result: message.AuthFail, Domain: "a.example"}}}, "a.example", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.identity.Proof(tt.domain); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// Whoever wants to know first has it found; recipients of one message share what is known of its client.
func TestIdentifyOnce(t *testing.T) {
	m := &message.Message{Sender: "a@a.example"}
	var mu sync.Mutex
	found := 0
	find := func() *message.EnvelopeIdentity {
		mu.Lock()
		defer mu.Unlock()
		found++
		return &message.EnvelopeIdentity{SPF: message.SPF{Result: message.AuthPass}}
	}
	var all sync.WaitGroup
	for _, q := range []*message.Message{m.Ask("u@our.example"), m, m.Ask("v@our.example"), m} {
		all.Go(func() {
			if got := q.IdentifyClient(t.Context(), find); got == nil || got.SPF.Result != message.AuthPass {
				t.Errorf("got %+v, want pass", got)
			}
		})
	}
	all.Wait()
	if found != 1 {
		t.Errorf("found %d times, want once", found)
	}
}

// One who waits no longer does not spoil it for the others.
func TestIdentifyGivenUp(t *testing.T) {
	m := &message.Message{}
	answer := make(chan struct{})
	find := func() *message.Identity { <-answer; return &message.Identity{} }
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if got := m.Identify(gone, find); got != nil {
		t.Errorf("got %+v before there was an answer", got)
	}
	close(answer)
	if got := m.Identify(t.Context(), find); got == nil {
		t.Error("got nothing, want the answer")
	}
}
