package whitelist_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/whitelist"
)

// identities are what the tests say of a message, by a word: "spf:example.org" passes, "spf!:" fails, "spf~:" softly,
// "spf?:" could not be asked, "world:" passes by a record that authorizes the world; "dkim:", "dkim!:" and "dkim?:" alike;
// "dmarc!:" fails, "dmarc*:" fails and is excused. "late" is no answer in time.
func identity(words string) *message.Identity {
	id := &message.Identity{}
	for _, word := range strings.Fields(words) {
		what, domain, _ := strings.Cut(word, ":")
		results := map[string]message.AuthResult{"": message.AuthPass, "!": message.AuthFail, "~": message.AuthSoftFail, "?": message.AuthTempError, "*": message.AuthFail}
		name := strings.TrimRight(what, "!~?*")
		result := results[what[len(name):]]
		switch name {
		case "late":
			return nil
		case "spf", "world":
			id.SPF = message.SPF{Result: result, Domain: domain, World: name == "world"}
		case "dkim":
			id.DKIM = append(id.DKIM, message.Signature{Result: result, Domain: domain})
		case "dmarc":
			id.DMARC = message.DMARC{Result: result, Author: domain}
			if strings.HasSuffix(what, "*") {
				id.DMARC.Exempt = "mailing list"
			}
		default:
			panic(word)
		}
	}
	return id
}

// whole returns an incoming message with a header.
func whole(sender, author, recipient string, fields ...message.Field) *message.Message {
	m := incoming(sender, recipient)
	m.Header = append(message.Header{field("From", author)}, fields...)
	return m
}

// story tells what the stage says of a message at RCPT and at its end.
func (b *bench) story(m *message.Message) string {
	var parts []string
	for _, results := range [][]filter.Result{b.Check(context.Background(), m), b.Proof().Check(context.Background(), m)} {
		var symbols []string
		for _, r := range results {
			for _, h := range r.Hits {
				symbol := h.Symbol
				if h.Observe {
					symbol = "[" + symbol + "]"
				}
				if h.Claim != "" && h.Standing != filter.Whitelisted {
					symbol += "=" + h.Claim
				}
				symbols = append(symbols, symbol)
			}
			if r.Err != nil {
				symbols = append(symbols, "error")
			}
		}
		parts = append(parts, strings.Join(symbols, " "))
	}
	return strings.Join(parts, " | ")
}

// A correspondent counts when it is proven that the message is his: at RCPT by SPF, else at the end.
func TestCorrespondentIsProven(t *testing.T) {
	const (
		friend = "friend@example.org"
		yes    = "AUTO_WHITELISTED"
		held   = "AUTO_WHITELISTED_HELD=" + friend
		open   = "[AUTO_WHITELISTED_UNPROVEN]=" + friend
		forged = "[AUTO_WHITELISTED_FORGED]=" + friend
	)
	tests := []struct {
		name           string
		sender, author string
		identity       string
		want           string
	}{
		{"spf", friend, friend, "spf:example.org", yes + " | " + yes},
		{"spf of a sub-domain", friend, friend, "spf:out.example.org", yes + " | " + yes},
		{"dkim alone", friend, friend, "spf~:example.org dkim:example.org", held + " | " + yes},
		{"dkim saves from a hard failure", friend, friend, "spf!:example.org dkim:example.org", held + " | " + yes},
		{"dkim of a sub-domain", friend, friend, "dkim:mail.example.org", held + " | " + yes},
		{"dkim of another", friend, friend, "dkim:example.com", held + " | " + open},
		{"broken signature", friend, friend, "dkim!:example.org", held + " | " + open},
		{"nothing", friend, friend, "", held + " | " + open},
		{"the world is nobody", friend, friend, "world:example.org", held + " | " + open},
		{"spf of another", friend, friend, "spf:example.com", held + " | " + open},
		{"spf fails softly", friend, friend, "spf~:example.org", held + " | " + open},
		{"spf fails", friend, friend, "spf!:example.org", held + " | " + forged},
		{"dmarc fails", friend, friend, "dmarc!:example.org", held + " | " + forged},
		{"dmarc fails for a reason", friend, friend, "dmarc*:example.org", held + " | " + open},
		{"spf could not be asked", friend, friend, "spf?:example.org", held + " | " + open + " error"},
		{"a key could not be had", friend, friend, "dkim?:example.org", held + " | " + open + " error"},
		{"no answer in time", friend, friend, "late", held + " | " + open + " error"},

		{"author behind a bounce address", "bounces+4711@esp.example", friend, "spf:esp.example dkim:example.org", " | " + yes},
		{"author, aligned by spf", "bounces+4711@out.example.org", friend, "spf:out.example.org", " | " + yes},
		{"author behind the null sender", "", friend, "dkim:example.org", " | " + yes},
		{"author of a forger with a domain of his own", "a@pests.example", friend, "spf:pests.example dkim:pests.example", " | " + open},
		{"author whose domain disowns it", "a@pests.example", friend, "spf:pests.example dmarc!:example.org", " | " + forged},
		{"sender of a signed message that another of the domain wrote", friend, "other@example.org", "dkim:example.org", held + " | " + open},
		{"such a sender whom spf proves", friend, "other@example.org", "spf:example.org dkim:example.org", yes + " | " + yes},
		{"sender of a signed message that nobody wrote", friend, friend + ", other@example.org", "dkim:example.org", held + " | " + open},
		{"such a message whose key could not be had", friend, "other@example.org", "dkim?:example.org", held + " | " + open},
		{"sender with another author", friend, "a@pests.example", "spf!:example.org dkim:pests.example", held + " | " + forged},
		{"two authors are none", "a@pests.example", friend + ", a@pests.example", "dkim:example.org", " | "},
		{"a stranger", "a@pests.example", "a@pests.example", "spf:pests.example dkim:pests.example", " | "},
		{"another of the domain", "other@example.org", "other@example.org", "spf:example.org dkim:example.org", " | "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, nil)
			b.auth.Of = func(*message.Message) *message.Identity { return identity(tt.identity) }
			b.Learn(outgoing("user@our.example", friend), accepted)
			if got := b.story(whole(tt.sender, tt.author, "user@our.example")); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// Who nobody knows is not asked about: most mail costs no question to the DNS here.
func TestStrangersAreNotAskedAbout(t *testing.T) {
	b := newBench(t, func(b *bench, c *whitelist.Config, _ *whitelist.Options) {
		c.Whitelist = b.file("white", "partner.example\n192.0.2.0/30\nnone.example auth:none\n")
	})
	b.Learn(outgoing("user@our.example", "friend@example.org"), accepted)
	b.story(whole("a@pests.example", "a@pests.example", "user@our.example", field("References", "<1@pests.example>")))
	b.Check(context.Background(), incoming("a@none.example", "user@our.example"))
	if got := append(b.auth.Asked, b.auth.Proved...); got != nil {
		t.Errorf("asked about %q, want nobody", got)
	}
	b.story(whole("friend@example.org", "friend@example.org", "user@our.example"))
	if diff := cmp.Diff([]string{"friend@example.org"}, b.auth.Asked); diff != "" {
		t.Errorf("asked at RCPT (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"friend@example.org"}, b.auth.Proved); diff != "" {
		t.Errorf("asked at the end (-want +got):\n%s", diff)
	}
}

// Where nobody can be asked nothing is proven: what is held is scanned.
func TestWithoutAnybodyToAsk(t *testing.T) {
	b := newBench(t, func(b *bench, c *whitelist.Config, o *whitelist.Options) {
		o.Auth = nil
		c.Whitelist = b.file("white", "partner.example\n")
	})
	b.Learn(outgoing("user@our.example", "friend@example.org"), accepted)
	for sender, want := range map[string]string{
		"friend@example.org": "AUTO_WHITELISTED_HELD=friend@example.org | [AUTO_WHITELISTED_UNPROVEN]=friend@example.org",
		"a@partner.example":  "WHITELISTED_HELD=partner.example | [WHITELISTED_UNPROVEN]=partner.example",
	} {
		if got := b.story(whole(sender, sender, "user@our.example")); got != want {
			t.Errorf("%s: got %s, want %s", sender, got, want)
		}
	}
}

// What an entry of the file demands is what lets it pass.
func TestEntriesDemandProof(t *testing.T) {
	const file = `any.example
spf.example        auth:spf
dkim.example       auth:dkim
none.example       auth:none
<>                 auth:none to:info@our.example
198.51.100.0/24
both.example
narrow@wide.example auth:dkim
.wide.example      auth:spf
`
	const yes = "WHITELISTED"
	tests := []struct {
		name             string
		client           string
		sender, author   string
		identity         string
		recipient        string
		rcpt, end, claim string
	}{
		{name: "any by spf", sender: "a@any.example", identity: "spf:any.example", rcpt: yes, end: yes},
		{name: "any by dkim", sender: "a@any.example", identity: "dkim:any.example", rcpt: "WHITELISTED_HELD=any.example", end: yes},
		{name: "any by nothing", sender: "a@any.example", rcpt: "WHITELISTED_HELD=any.example", end: "[WHITELISTED_UNPROVEN]=any.example"},
		{name: "forged", sender: "a@any.example", identity: "spf!:any.example", rcpt: "WHITELISTED_HELD=any.example", end: "[WHITELISTED_FORGED]=any.example"},
		{name: "any by the author", sender: "b@esp.example", author: "a@any.example", identity: "spf:esp.example dkim:any.example", end: yes},
		{name: "spf", sender: "a@spf.example", identity: "spf:spf.example", rcpt: yes, end: yes},
		{name: "spf is not dkim", sender: "a@spf.example", identity: "dkim:spf.example", rcpt: "WHITELISTED_HELD=spf.example", end: "[WHITELISTED_UNPROVEN]=spf.example"},
		{name: "dkim", sender: "a@dkim.example", identity: "dkim:dkim.example", rcpt: "WHITELISTED_HELD=dkim.example", end: yes},
		{name: "dkim is not spf", sender: "a@dkim.example", identity: "spf:dkim.example", rcpt: "WHITELISTED_HELD=dkim.example", end: "[WHITELISTED_UNPROVEN]=dkim.example"},
		{name: "none", sender: "a@none.example", identity: "spf!:none.example", rcpt: yes, end: yes},
		{name: "none is of the envelope alone", sender: "b@esp.example", author: "a@none.example"},
		{name: "null sender", author: "a@esp.example", recipient: "info@our.example", rcpt: yes, end: yes},
		{name: "client", client: "198.51.100.7", sender: "a@esp.example", rcpt: yes},
		{name: "client, whatever it claims", client: "198.51.100.7", sender: "a@any.example", identity: "spf!:any.example", rcpt: yes, end: "[WHITELISTED_FORGED]=any.example"},
		{name: "a wider entry that is proven", sender: "narrow@wide.example", identity: "spf:wide.example", rcpt: yes, end: yes},
		{name: "the narrower one at the end", sender: "narrow@wide.example", identity: "dkim:wide.example", rcpt: "WHITELISTED_HELD=narrow@wide.example", end: yes},
		{name: "an address that another wrote for", sender: "narrow@wide.example", author: "other@wide.example", identity: "dkim:wide.example", rcpt: "WHITELISTED_HELD=narrow@wide.example", end: "[WHITELISTED_UNPROVEN]=narrow@wide.example [WHITELISTED_UNPROVEN]=.wide.example"},
		{name: "a domain by whoever wrote there", sender: "a@any.example", author: "b@esp.example", identity: "dkim:any.example", rcpt: "WHITELISTED_HELD=any.example", end: yes},
		{name: "a key that could not be had where spf is demanded", sender: "a@spf.example", identity: "dkim?:spf.example", rcpt: "WHITELISTED_HELD=spf.example", end: "[WHITELISTED_UNPROVEN]=spf.example"},
		{name: "neither", sender: "narrow@wide.example", rcpt: "WHITELISTED_HELD=narrow@wide.example", end: "[WHITELISTED_UNPROVEN]=narrow@wide.example [WHITELISTED_UNPROVEN]=.wide.example"},
		{name: "nobody", sender: "a@esp.example", identity: "spf:esp.example"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, func(b *bench, c *whitelist.Config, _ *whitelist.Options) { c.Whitelist = b.file("white", file) })
			b.auth.Of = func(*message.Message) *message.Identity { return identity(tt.identity) }
			m := whole(tt.sender, orElse(tt.author, tt.sender), orElse(tt.recipient, "user@our.example"))
			m.Client.Addr = netip.MustParseAddr(orElse(tt.client, "192.0.2.77"))
			if got, want := b.story(m), tt.rcpt+" | "+tt.end; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// The evidence is told.
func TestDetails(t *testing.T) {
	b := newBench(t, nil)
	b.Learn(outgoing("user@our.example", "friend@example.org"), accepted)
	m := whole("friend@example.org", "Friend <Friend@Example.org>", "user@our.example")
	const wrote = "user@our.example wrote to friend@example.org on 2016-12-14 09:30 UTC; "
	for _, tt := range []struct{ identity, rcpt, end string }{
		{"spf:mx.example.org", "proven by spf of mx.example.org", "proven by spf of mx.example.org"},
		{"spf~:example.org dkim:other.test dkim:mail.example.org", "held: spf of example.org is softfail", "proven by dkim d=mail.example.org"},
		{"world:example.org", "held: spf of example.org authorizes the world", "neither spf nor dkim prove example.org"},
		{"spf!:example.org", "held: spf of example.org is fail", "example.org disowns the message: spf fail, dmarc none"},
		{"late", "held: spf was not known in time", "neither spf nor dkim prove example.org"},
		{"", "held: spf proves nothing of example.org", "neither spf nor dkim prove example.org"},
	} {
		b.auth.Of = func(*message.Message) *message.Identity { return identity(tt.identity) }
		for i, results := range [][]filter.Result{b.Check(context.Background(), m), b.Proof().Check(context.Background(), m)} {
			if got, want := results[0].Hits[0].Detail, wrote+[]string{tt.rcpt, tt.end}[i]; got != want {
				t.Errorf("%q: got %q, want %q", tt.identity, got, want)
			}
		}
	}
}

// Anybody may have an address beside a correspondent's in a domain of freemail, proven as it is.
func TestFreemailIsKnownByTheWholeAddress(t *testing.T) {
	b := newBench(t, nil)
	b.Learn(outgoing("user@our.example", "friend@freemail.example"), accepted)
	b.auth.Of = func(*message.Message) *message.Identity {
		return identity("spf:freemail.example dkim:freemail.example")
	}
	for who, want := range map[string]string{"friend": known + " | " + known, "other": " | ", "friend+x": " | ", "f.riend": " | "} {
		sender := who + "@freemail.example"
		if got := b.story(whole(sender, sender, "user@our.example")); got != want {
			t.Errorf("%s: got %q, want %q", who, got, want)
		}
	}
}

// The store away is no proof, and no failure of the stage.
func TestProofWhileTheStoreIsAway(t *testing.T) {
	b := newBench(t, nil)
	b.store.Fail(errors.New("connection refused"))
	m := whole("friend@example.org", "author@example.org", "user@our.example", field("In-Reply-To", "<1@our.example>"))
	if got, want := b.story(m), "error | error error"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Of what a relay of ours hands on, networks mean who gave it to the relay, and the relay itself is nobody.
func TestNetworksOfRelayedMail(t *testing.T) {
	b := newBench(t, func(b *bench, c *whitelist.Config, _ *whitelist.Options) {
		c.Whitelist = b.file("white", "192.0.2.0/24\n198.51.100.0/24 # partner\n")
	})
	for giver, want := range map[string]string{
		"198.51.100.7": " | WHITELISTED",
		"203.0.113.7":  " | ",
		"192.0.2.78":   " | WHITELISTED",
	} {
		m := whole("a@esp.example", "a@esp.example", "user@our.example")
		m.Client = message.Client{Addr: netip.MustParseAddr("192.0.2.77"), Name: "mx2.our.example", Relay: true}
		m.Site = &message.Site{Relays: []netip.Prefix{netip.MustParsePrefix("192.0.2.77/32")}}
		received := " from client.example (client.example [" + giver + "])\n\tby mx2.our.example (Postfix) with ESMTP id 4711\n\tfor <user@our.example>; Wed, 14 Dec 2016 09:00:00 +0000 (UTC)"
		m.Header = append(message.Header{field("Received", received)}, m.Header...)
		var parts []string
		for _, results := range [][]filter.Result{b.Check(context.Background(), m.Ask("user@our.example")), b.Proof().Check(context.Background(), m.AskWhole("user@our.example"))} {
			var symbols []string
			for _, r := range results {
				for _, h := range r.Hits {
					symbols = append(symbols, h.Symbol)
				}
			}
			parts = append(parts, strings.Join(symbols, " "))
		}
		if got := strings.Join(parts, " | "); got != want {
			t.Errorf("given by %s: got %q, want %q", giver, got, want)
		}
	}
}

// panics is a store that breaks.
type panics struct{ whitelist.Store }

func (panics) LastWritten(context.Context, string, string) (time.Time, bool, error) { panic("boom") }

// A store that panics fails one question, not the process.
func TestStoreThatPanics(t *testing.T) {
	b := newBench(t, func(b *bench, _ *whitelist.Config, o *whitelist.Options) { o.Store = panics{b.store} })
	results := b.Proof().Check(context.Background(), whole("friend@example.org", "author@example.org", "user@our.example"))
	if r := results[0]; r.Source != "auto-whitelist" || r.Err == nil || !strings.Contains(r.Err.Error(), "panic: boom") {
		t.Errorf("got %+v, want the panic as its error", r)
	}
}
