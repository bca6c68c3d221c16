package dnslist

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/filter"
	"winnow/pkg/message"
)

const signersFile = `
- {name: signers, title: Signers, zone: signers.example, ask: [sender, dkim], form: host, codes: [{value: 127.0.0.2, symbol: SIGNERS, score: 1, action: reject}]}
- {name: trusted, title: Trusted, zone: trusted.example, ask: [dkim], codes: [{value: 127.0.0.3, symbol: TRUSTED, score: -2}]}
- {name: senders, title: Senders, zone: senders.example, ask: [sender], codes: [{value: 127.0.0.2, symbol: SENDERS, score: 1}]}
`

// signed returns a message that has a signature, and who signed it.
func signed(domains ...string) (*message.Message, *message.Identity) {
	m := withHeader("DKIM-Signature: v=1", "From: a@author.example")
	m.Sender = "a@sender.example"
	id := &message.Identity{}
	for _, domain := range domains {
		id.DKIM = append(id.DKIM, message.Signature{Result: message.AuthPass, Domain: domain})
	}
	return m, id
}

// known is an Identity function that knows.
func known(id *message.Identity) func(context.Context, *message.Message) *message.Identity {
	return func(context.Context, *message.Message) *message.Identity { return id }
}

func TestSigners(t *testing.T) {
	_, all := signed("news.one.example", "two.example", "news.one.example", "sender.example")
	_, some := signed("fail.example", "test.example", "part.example", "good.example")
	some.DKIM[0].Result, some.DKIM[1].Testing, some.DKIM[2].Partial = message.AuthFail, true, true
	_, well := signed("wellknown.example")
	_, many := signed()
	for i := range 1000 {
		many.DKIM = append(many.DKIM, message.Signature{Result: message.AuthPass, Domain: fmt.Sprintf("d%d.example", i)})
	}
	tests := []struct {
		name     string
		identity func(context.Context, *message.Message) *message.Identity
		want     string // what trusted is asked about
		asked    int    // questions to signers, sender included
	}{
		{"each once", known(all), "one.example two.example sender.example", 3},
		{"only what proves something", known(some), "good.example", 2},
		{"well-known ones are skipped", known(well), "", 1},
		{"no signature", known(&message.Identity{}), "", 1},
		{"nobody knows in time", known(nil), "", 1},
		{"nobody knows at all", nil, "", 1},
		{"a thousand", known(many), "d0.example d1.example d2.example d3.example d4.example d5.example d6.example d7.example d8.example d9.example", 1 + MaxSigners},
	}
	skip, _ := LoadSkip("skip", []byte("wellknown.example\n"))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			asked := dnstest.Record(dnstest.Zones{})
			m, _ := signed()
			set := New(load(t, signersFile), DefaultConfig(), Options{Resolver: asked, Identity: test.identity, Skip: skip})
			got := set.RHSBL().Check(t.Context(), m)
			var names []string
			for _, q := range asked.Questions() {
				if name, ok := strings.CutSuffix(q.Name, ".trusted.example"); ok {
					names = append(names, name)
				}
			}
			want := strings.Fields(test.want)
			if diff := cmp.Diff(sorted(want), sorted(names)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got[0].Asked != test.asked || got[1].Asked != len(want) || got[2].Asked != 1 {
				t.Errorf("asked %d, %d, %d; want %d, %d, 1", got[0].Asked, got[1].Asked, got[2].Asked, test.asked, len(want))
			}
			for _, r := range got {
				if r.Err != nil {
					t.Errorf("%s: %v", r.Source, r.Err)
				}
			}
		})
	}
}

func sorted(names []string) []string {
	all := append([]string{}, names...)
	for i := range all {
		for j := i; j > 0 && all[j] < all[j-1]; j-- {
			all[j], all[j-1] = all[j-1], all[j]
		}
	}
	return all
}

// TestSignedHits counts a list that has sender and signer once, and lets a signer speak for a message.
func TestSignedHits(t *testing.T) {
	zones := dnstest.Zones{
		"sender.example.signers.example": dnstest.A("127.0.0.2"),
		"d.example.signers.example":      dnstest.A("127.0.0.2"),
		"d.example.trusted.example":      dnstest.A("127.0.0.3"),
	}
	m, id := signed("d.example")
	set := New(load(t, signersFile), DefaultConfig(), Options{Resolver: zones, Identity: known(id)})
	got := set.RHSBL().Check(t.Context(), m)
	want := []filter.Result{
		{Source: "signers", Asked: 2, Hits: []filter.Hit{{Symbol: "SIGNERS", Score: 1, Action: filter.Reject,
			Detail: "sender.example.signers.example A 127.0.0.2 (sender) (and 1 more)", Text: "Sender domain sender.example listed by Signers"}}},
		{Source: "trusted", Asked: 1, Hits: []filter.Hit{{Symbol: "TRUSTED", Score: -2,
			Detail: "d.example.trusted.example A 127.0.0.3 (dkim)", Text: "Signing domain d.example listed by Trusted"}}},
		{Source: "senders", Asked: 1},
	}
	if diff := cmp.Diff(want, got, results); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	m.Sender = "" // the signer alone
	if got := set.RHSBL().Check(t.Context(), m)[0]; got.Asked != 1 || len(got.Hits) != 1 || got.Hits[0].Text != "Signing domain d.example listed by Signers" {
		t.Errorf("got %+v", got)
	}
}

// TestNobodyWaitsForSigners has verification take a second: the other questions are put at once, and only those about
// the signers then. What the lists took does not count our wait.
func TestNobodyWaitsForSigners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var last, calls atomic.Int64
		resolver := resolverFunc(func(ctx context.Context, q dns.Question) (dns.Answer, error) {
			at := time.Since(start)
			if late := strings.HasPrefix(q.Name, "d.example."); late != (at == time.Second) || !late && at != 0 {
				t.Errorf("%s asked after %v", q.Name, at)
			}
			time.Sleep(20 * time.Millisecond)
			last.Store(int64(time.Since(start)))
			return dns.Answer{NXDomain: true}, nil
		})
		m, id := signed("d.example")
		slow := func(ctx context.Context, _ *message.Message) *message.Identity {
			calls.Add(1)
			time.Sleep(time.Second)
			return id
		}
		set := New(load(t, signersFile), DefaultConfig(), Options{Resolver: resolver, Identity: slow})
		for _, r := range set.RHSBL().Check(t.Context(), m) {
			if r.Took != 20*time.Millisecond || r.Err != nil {
				t.Errorf("%s: took %v, %v", r.Source, r.Took, r.Err)
			}
		}
		if got := time.Since(start); got != 1020*time.Millisecond || calls.Load() != 1 {
			t.Errorf("took %v with %d verifications", got, calls.Load())
		}
	})
}

// TestSignersNeverKnown has verification never end: after half of the time the rest counts, and no list is to blame.
func TestSignersNeverKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		never := func(ctx context.Context, _ *message.Message) *message.Identity { <-ctx.Done(); return nil }
		m, _ := signed()
		zones := dnstest.Zones{"sender.example.signers.example": dnstest.A("127.0.0.2")}
		set := New(load(t, signersFile), DefaultConfig(), Options{Resolver: zones, Identity: never})
		for range 2 * downAfter {
			start := time.Now()
			got := set.RHSBL().Check(t.Context(), m)
			if took := time.Since(start); took != DefaultConfig().Timeout/2 {
				t.Errorf("took %v", took)
			}
			if len(got[0].Hits) != 1 || got[0].Err != nil || got[1].Asked != 0 || got[1].Err != nil || got[2].Asked != 1 {
				t.Errorf("got %+v", got)
			}
		}
		for _, state := range set.States() {
			if state.Health != Unprobed {
				t.Errorf("%s is %s", state.List, state.Health)
			}
		}
	})
}

// TestPanicBehind has who verifies signatures panic: that is an error of the lists that wait, and of nobody else.
func TestPanicBehind(t *testing.T) {
	m, _ := signed()
	panics := func(context.Context, *message.Message) *message.Identity { panic("out of cheese") }
	zones := dnstest.Zones{"sender.example.signers.example": dnstest.A("127.0.0.2")}
	got := New(load(t, signersFile), DefaultConfig(), Options{Resolver: zones, Identity: panics}).RHSBL().Check(t.Context(), m)
	for i, want := range []bool{true, true, false} {
		if (got[i].Err != nil) != want || want && !strings.Contains(got[i].Err.Error(), "out of cheese") {
			t.Errorf("%s: got %v", got[i].Source, got[i].Err)
		}
	}
	if len(got[0].Hits) != 1 {
		t.Errorf("got %+v, want the sender's hit", got[0])
	}
}

// TestRestBehind has a list rest that is asked about nothing but signers: what it would have been asked counts.
func TestRestBehind(t *testing.T) {
	clock := newClock()
	m, id := signed("d.example")
	zones := dnstest.Zones{"*.trusted.example": dnstest.A("127.255.255.254")}
	asked := dnstest.Record(zones)
	set := New(load(t, signersFile), DefaultConfig(), Options{Resolver: asked, Identity: known(id), Now: clock.now})
	for i := range 3 {
		got := set.RHSBL().Check(t.Context(), m)[1]
		if !errors.Is(got.Err, filter.ErrRefused) || got.Asked != max(0, 1-i) {
			t.Errorf("round %d: got %+v", i, got)
		}
	}
	unsigned := withHeader("From: a@author.example")
	if got := set.RHSBL().Check(t.Context(), unsigned)[1]; got.Err != nil {
		t.Errorf("without a signature: got %v", got.Err)
	}
}
