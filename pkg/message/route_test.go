package message

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

var testSite = &Site{
	Own: prefixes("127.0.0.0/8", "192.0.2.0/24"), Relays: prefixes("192.0.2.25/32", "10.0.0.0/24"), Trusted: prefixes("198.51.100.0/24"), Blind: prefixes("192.0.2.80/32"),
}

func TestRoute(t *testing.T) {
	const (
		fetched = "Received: from pop.example.org [203.0.113.110] by localhost with IMAP (fetchmail-6.4.37)\n"
		forged  = "Received: from a by b (unknown [203.0.113.2]) by c by d with ESMTP\n"
		local   = "Received: by mx.example.net (Postfix, from userid 33) id 1\n"
	)
	tests := []struct {
		name, client, header string
		user                 string
		ours, outside        string
		origin               string // "" where it is unknown
	}{
		{name: "a stranger", client: "203.0.113.1", header: hop("203.0.113.9", ""), outside: "203.0.113.1 203.0.113.9", origin: "203.0.113.1"},
		{name: "a backup MX", client: "192.0.2.25", header: hop("203.0.113.1", "") + hop("203.0.113.9", ""), ours: "192.0.2.25", outside: "203.0.113.1 203.0.113.9", origin: "203.0.113.1"},
		{name: "with a filter of its own", client: "192.0.2.25", header: hop("127.0.0.1", "") + local + hop("203.0.113.1", ""), ours: "192.0.2.25 127.0.0.1", outside: "203.0.113.1", origin: "203.0.113.1"},
		{name: "over an inner relay", client: "192.0.2.25", header: hop("10.0.0.7", "") + hop("203.0.113.1", ""), ours: "192.0.2.25 10.0.0.7", outside: "203.0.113.1", origin: "203.0.113.1"},
		{name: "over an inner host that nobody told of", client: "192.0.2.25", header: hop("10.9.0.7", "") + hop("203.0.113.1", ""), ours: "192.0.2.25 10.9.0.7", outside: "203.0.113.1"},
		{name: "behind a trusted forwarder", client: "192.0.2.25", header: hop("198.51.100.3", "") + hop("203.0.113.1", ""), ours: "192.0.2.25 198.51.100.3", outside: "203.0.113.1", origin: "203.0.113.1"},
		{name: "a trusted forwarder", client: "198.51.100.3", header: hop("203.0.113.1", ""), ours: "198.51.100.3", outside: "203.0.113.1", origin: "203.0.113.1"},
		{name: "a relay whose field can be forged", client: "192.0.2.25", header: forged + hop("203.0.113.9", ""), ours: "192.0.2.25", outside: "203.0.113.9"},
		{name: "a relay that writes none", client: "192.0.2.25", header: "", ours: "192.0.2.25"},
		{name: "our user at the relay", client: "192.0.2.25", header: hop("203.0.113.1", "A"), ours: "192.0.2.25"},
		{name: "our user's machine at the relay", client: "192.0.2.25", header: hop("192.0.2.77", "") + hop("203.0.113.9", ""), ours: "192.0.2.25 192.0.2.77", outside: "203.0.113.9"},
		{name: "the relay is behind one that hides", client: "192.0.2.25", header: hop("192.0.2.80", "") + hop("203.0.113.9", ""), ours: "192.0.2.25 192.0.2.80", outside: "203.0.113.9"},
		{name: "fetched", client: "192.0.2.25", header: fetched + hop("203.0.113.1", ""), ours: "192.0.2.25", outside: "203.0.113.1", origin: "203.0.113.1"},
		{name: "fetched from a provider we believe", client: "192.0.2.25", header: fetched + hop("198.51.100.3", "") + hop("203.0.113.1", ""), ours: "192.0.2.25 198.51.100.3", outside: "203.0.113.1", origin: "203.0.113.1"},
		{name: "outbound", client: "192.0.2.1", header: hop("203.0.113.9", ""), ours: "192.0.2.1", outside: "203.0.113.9", origin: "192.0.2.1"},
		{name: "behind a load balancer", client: "192.0.2.80", header: hop("203.0.113.9", ""), ours: "192.0.2.80", outside: "203.0.113.9"},
		{name: "a user", client: "203.0.113.1", user: "erika", ours: "203.0.113.1", origin: "203.0.113.1"},
		{name: "no client"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parsed(t, tt.header+"Subject: s\n\n")
			m.Stored, m.Site, m.User = false, testSite, tt.user
			if tt.client != "" {
				m.Client = Client{Addr: netip.MustParseAddr(tt.client), Helo: "helo.example.org"}
				testSite.Mark(&m.Client)
			}
			r := m.Route()
			if got := addrs(r.Ours); got != tt.ours {
				t.Errorf("ours: got %q, want %q", got, tt.ours)
			}
			if got := addrs(r.Outside); got != tt.outside {
				t.Errorf("outside: got %q, want %q", got, tt.outside)
			}
			got := m.Origin()
			if want, _ := netip.ParseAddr(tt.origin); got.Addr != want {
				t.Errorf("origin: got %v, want %q", got.Addr, tt.origin)
			}
			if m.Client.Relay && got.Addr.IsValid() && (got.Helo != "h"+tt.origin || got.Name != "n.example.org") {
				t.Errorf("origin: got %+v, want what the relay wrote of it", got)
			}
			if got.Relay || got.Own != m.Client.Own {
				t.Errorf("origin: got %+v", got)
			}
			last, known := r.LastExternal()
			if known != (tt.origin != "" && tt.outside != "" && strings.HasPrefix(tt.outside, tt.origin)) || known && last.IP != tt.origin {
				t.Errorf("last external: got %v %v", last.IP, known)
			}
			first, any := r.FirstHop()
			if all := strings.Fields(tt.ours + " " + tt.outside); any != (len(all) > 0) || any && first.IP != all[len(all)-1] {
				t.Errorf("first hop: got %v %v", first.IP, any)
			}
		})
	}
}

// At RCPT there is no header yet: the relay's client is not known, and the relay is not taken for it.
func TestOriginOfAsked(t *testing.T) {
	m := &Message{Client: Client{Addr: netip.MustParseAddr("192.0.2.25"), Relay: true}, Site: testSite}
	if got := m.Ask("erika@example.net").Origin(); got != (Client{}) {
		t.Errorf("got %+v", got)
	}
	m.Client.Relay = false
	if got := m.Ask("erika@example.net").Origin(); got != m.Client {
		t.Errorf("got %+v, want the client", got)
	}
}

// What the relay's client called itself is told as it was, also where rules see it otherwise.
func TestOriginHelo(t *testing.T) {
	for said, want := range map[string]string{"mail.example.org": "mail.example.org", "[192.0.2.7]": "[192.0.2.7]", "[IPv6:2001:db8::7]": "[IPv6:2001:db8::7]", "a#b": "a!b"} {
		m := parsed(t, "Received: from "+said+" (n.example.org [203.0.113.1]) by mx.example.net (Postfix) with ESMTP id 1\n\n")
		m.Client, m.Site = Client{Addr: netip.MustParseAddr("192.0.2.25"), Relay: true}, testSite
		m.Stored = false
		if got := m.Origin().Helo; got != want {
			t.Errorf("%s: got %s", said, got)
		}
	}
}

// A load balancer hides the client's address; what the client calls itself it does not.
func TestOriginBehindBlind(t *testing.T) {
	m := &Message{Client: Client{Addr: netip.MustParseAddr("192.0.2.80"), Helo: "h.example.org", Blind: true}}
	if got := m.Origin(); got != (Client{Helo: "h.example.org"}) {
		t.Errorf("got %+v", got)
	}
}

// Mail from a file has the field that our own MTA wrote of the relay.
func TestRouteOfStored(t *testing.T) {
	m := parsed(t, hop("127.0.0.1", "")+hop("192.0.2.25", "")+hop("203.0.113.1", "")+hop("203.0.113.9", "")+"\n")
	m.Site, m.Client = testSite, Client{Addr: netip.MustParseAddr("192.0.2.25"), Relay: true}
	m.Stored = true
	if got := m.Origin(); got.Addr.String() != "203.0.113.1" {
		t.Errorf("origin: got %+v", got)
	}
	if got := addrs(m.Route().Ours) + "; " + addrs(m.Route().Outside); got != "192.0.2.25; 203.0.113.1 203.0.113.9" {
		t.Errorf("got %s", got)
	}
}

// Neither many fields nor long ones take long.
func TestRouteIsBounded(t *testing.T) {
	for name, header := range map[string]string{
		"many":     strings.Repeat(hop("192.0.2.25", ""), 10_000),
		"local":    strings.Repeat("Received: by x with y\n", 10_000),
		"long":     "Received: from a (" + strings.Repeat("(", 500_000) + strings.Repeat(")", 500_000) + " by b\n",
		"qmail":    strings.Repeat("Received: from a (192.0.2.1) by b"+strings.Repeat(" (c) with", 900)+"\n", 120),
		"one line": "Received: " + strings.Repeat(strings.TrimPrefix(strings.TrimSpace(hop("192.0.2.25", "")), "Received: ")+" ", 10_000) + "\n",
	} {
		m := parsed(t, header+"\n")
		m.Client, m.Site = Client{Addr: netip.MustParseAddr("192.0.2.25"), Relay: true}, testSite
		m.Stored = false
		start := time.Now()
		r := m.Route()
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		if n := len(r.Ours) + len(r.Outside); n > MaxHops+1 {
			t.Errorf("%s: %d hops", name, n)
		}
		if origin := m.Origin(); origin.Addr.IsValid() {
			t.Errorf("%s: got %v", name, origin.Addr)
		}
	}
}

func FuzzRoute(f *testing.F) {
	for _, tt := range handovers {
		f.Add("Received: " + tt.field + "\n" + hop("203.0.113.1", ""))
	}
	f.Fuzz(func(t *testing.T, header string) {
		m, err := Parse(strings.NewReader(header+"\n\n"), 0)
		if err != nil {
			return
		}
		m.Client, m.Site = Client{Addr: netip.MustParseAddr("192.0.2.25"), Relay: true}, testSite
		m.Stored = false
		origin := m.Origin()
		if place := testSite.Place(origin.Addr); origin.Addr.IsValid() && (place == OfRelays || place == OfTrusted || place == OfOwn || origin.Addr.IsPrivate() || origin.Addr.IsLoopback()) {
			t.Errorf("%q: the origin is %v, which is none of a stranger", header, origin.Addr)
		}
	})
}

func BenchmarkRoute(b *testing.B) {
	m := parsed(b, hop("127.0.0.1", "")+hop("203.0.113.1", "")+strings.Repeat(hop("203.0.113.9", ""), 4)+"\n")
	m.Client, m.Site = Client{Addr: netip.MustParseAddr("192.0.2.25"), Relay: true}, testSite
	b.ReportAllocs()
	for b.Loop() {
		m.findRoute()
	}
}
