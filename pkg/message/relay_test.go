package message

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// hop is a Received field of a host with that address.
func hop(addr, more string) string {
	return "Received: from h" + addr + " (n.example.org [" + addr + "]) by mx.example.net (Postfix) with ESMTP" + more + " id 1234\n"
}

func parsed(t testing.TB, text string) *Message {
	t.Helper()
	m, err := Parse(strings.NewReader(text), 0)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// addrs lists the addresses of relays.
func addrs(relays []Relay) string {
	var all []string
	for i := range relays {
		all = append(all, relays[i].IP)
	}
	return strings.Join(all, " ")
}

func TestRelays(t *testing.T) {
	const fetched = "Received: from pop.example.org [192.0.2.98] by localhost with IMAP (fetchmail-6.4.37)\n"
	tests := []struct {
		name, header                           string
		set                                    func(*Networks) error
		trusted, untrusted, internal, external string
	}{
		{name: "none", header: "Subject: s\n"},
		{
			name: "nobody is named: private addresses and passwords are trusted", header: hop("10.0.0.1", "") + hop("198.51.100.1", "A") + hop("192.0.2.1", "") + hop("10.0.0.2", ""),
			trusted: "10.0.0.1 198.51.100.1", internal: "10.0.0.1 198.51.100.1", untrusted: "192.0.2.1 10.0.0.2", external: "192.0.2.1 10.0.0.2",
		},
		{
			name: "trusted", header: hop("192.0.2.1", "") + hop("10.0.0.1", "") + hop("127.0.0.1", ""),
			set:     func(n *Networks) error { return n.Trust("192.0.2.0/24") },
			trusted: "192.0.2.1", internal: "192.0.2.1", untrusted: "10.0.0.1 127.0.0.1", external: "10.0.0.1 127.0.0.1",
		},
		{
			name: "the host itself is trusted", header: hop("127.0.0.1", "") + hop("192.0.2.1", ""),
			set:     func(n *Networks) error { return n.Trust("198.51.100.") },
			trusted: "127.0.0.1", internal: "127.0.0.1", untrusted: "192.0.2.1", external: "192.0.2.1",
		},
		{
			name: "trusted, but not internal", header: hop("192.0.2.1", "") + hop("198.51.100.1", "") + hop("192.0.2.2", "") + hop("203.0.113.1", ""),
			set: func(n *Networks) error {
				if err := n.Trust("192.0.2", "198.51.100.1"); err != nil {
					return err
				}
				return n.TrustAsInternal("192.0.2.0/255.255.255.0")
			},
			trusted: "192.0.2.1 198.51.100.1 192.0.2.2", internal: "192.0.2.1", untrusted: "203.0.113.1", external: "198.51.100.1 192.0.2.2 203.0.113.1",
		},
		{
			name: "internal only", header: hop("192.0.2.1", "") + hop("203.0.113.1", ""),
			set:     func(n *Networks) error { return n.TrustAsInternal("192.0.2.1") },
			trusted: "192.0.2.1", internal: "192.0.2.1", untrusted: "203.0.113.1", external: "203.0.113.1",
		},
		{
			name: "submission server", header: hop("192.0.2.1", "") + hop("203.0.113.1", "") + hop("203.0.113.2", ""),
			set: func(n *Networks) error {
				if err := n.Trust("192.0.2.1"); err != nil {
					return err
				}
				return n.TrustAsMSA("192.0.2.1")
			},
			trusted: "192.0.2.1 203.0.113.1 203.0.113.2", internal: "192.0.2.1 203.0.113.1 203.0.113.2",
		},
		{
			name: "the first network that holds an address decides", header: hop("192.0.2.1", "") + hop("192.0.2.9", ""),
			set:     func(n *Networks) error { return n.Trust("!192.0.2.9", "192.0.2.0/24") },
			trusted: "192.0.2.1", internal: "192.0.2.1", untrusted: "192.0.2.9", external: "192.0.2.9",
		},
		{
			name: "a mailbox begins a new way", header: hop("10.0.0.1", "") + fetched + hop("192.0.2.1", ""),
			untrusted: "192.0.2.1", external: "192.0.2.1",
		},
		{
			name: "but not behind an untrusted hop", header: hop("192.0.2.2", "") + fetched + hop("192.0.2.1", ""),
			untrusted: "192.0.2.2 192.0.2.1", external: "192.0.2.2 192.0.2.1",
		},
		{
			name: "the first client in a field of its own", header: hop("192.0.2.2", "") + "X-Originating-IP: [203.0.113.7]\nX-Other-IP: 203.0.113.8\n",
			set:       func(n *Networks) error { n.AddOriginating("x-originating-ip", "X-Missing"); return nil },
			untrusted: "192.0.2.2 203.0.113.7", external: "192.0.2.2 203.0.113.7",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var n Networks
			if tt.set != nil {
				if err := tt.set(&n); err != nil {
					t.Fatal(err)
				}
			}
			way := parsed(t, tt.header+"\nbody\n").Relays(&n)
			for _, list := range []struct {
				name   string
				relays []Relay
				want   string
			}{
				{"trusted", way.Trusted, tt.trusted}, {"untrusted", way.Untrusted, tt.untrusted},
				{"internal", way.Internal, tt.internal}, {"external", way.External, tt.external},
			} {
				if got := addrs(list.relays); got != list.want {
					t.Errorf("%s: got %q, want %q", list.name, got, list.want)
				}
			}
			if last, found := way.LastExternal(); found != (tt.external != "") || found && !strings.HasPrefix(tt.external, last.IP) {
				t.Errorf("last external: got %v %v", last.IP, found)
			}
		})
	}
}

func TestUnparseable(t *testing.T) {
	way := parsed(t, hop("192.0.2.1", "")+"Received: from nowhere\nReceived: by x with y\n\n").Relays(&Networks{})
	if way.Unparseable != 1 {
		t.Errorf("got %d, want 1", way.Unparseable)
	}
}

func TestNetworksFaults(t *testing.T) {
	for _, text := range []string{"", "300.1.2.3", "192.0.2.1/33", "1.2.3.4.5", "example.org", "2001:db8::/129", "192.0.2.0/x"} {
		var n Networks
		if err := n.Trust(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

func TestRelayText(t *testing.T) {
	m := parsed(t, "Top: 1\n"+hop("10.0.0.1", "")+"Mid: 2\n"+hop("192.0.2.1", "")+"Low: 3\n"+hop("10.0.0.2", "")+"End: 4\n\n")
	tests := []struct{ name, want string }{
		{"X-Spam-Relays-Trusted", "[ ip=10.0.0.1 rdns=n.example.org helo=h10.0.0.1 by=mx.example.net ident= envfrom= intl=1 id=1234 auth= msa=0 ]"},
		{"x-spam-relays-external", "[ ip=192.0.2.1 rdns=n.example.org helo=h192.0.2.1 by=mx.example.net ident= envfrom= intl=0 id=1234 auth= msa=0 ] " +
			"[ ip=10.0.0.2 rdns=n.example.org helo=h10.0.0.2 by=mx.example.net ident= envfrom= intl=0 id=1234 auth= msa=0 ]"},
		{"ALL-TRUSTED", "Top Received Mid Received"},
		{"ALL-INTERNAL", "Top Received Mid Received"},
		{"ALL-UNTRUSTED", "Received Low Received End"},
		{"ALL-EXTERNAL", "Received Low Received End"},
	}
	for _, tt := range tests {
		got, found := m.RelayText(&noRules, tt.name, HeaderDecoded, &Networks{})
		if strings.HasPrefix(tt.name, "ALL") {
			got = fieldNames(got)
		}
		if !found || got != tt.want {
			t.Errorf("%s:\n got %v %q\nwant %q", tt.name, found, got, tt.want)
		}
	}
	if got, found := m.RelayText(&noRules, "Subject", HeaderDecoded, &Networks{}); found {
		t.Errorf("Subject: got %q", got)
	}
	if IsRelayHeader("all-trusted") {
		t.Error("all-trusted is a field like any other")
	}
}

func fieldNames(text string) string {
	var names []string
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(line, ":")
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// In a session, rules see the field that Postfix will write, and nobody can forge hops by what he calls himself.
func TestStamp(t *testing.T) {
	m := &Message{
		QueueID: "4QxYz", Time: time.Date(2025, 2, 3, 10, 11, 12, 0, time.UTC), Receiver: "mx.example.net",
		Client: Client{Addr: netip.MustParseAddr("192.0.2.1"), Helo: "x (y [10.0.0.1]) by z"},
		Sender: "max@example.org", Recipients: []string{"erika@example.net"},
		Header: Header{{Name: "Received", Value: " from a (b [10.1.1.1]) by c (Postfix) with ESMTP id 555; Mon, 3 Feb 2025 10:11:11 +0000"}, {Name: "Subject", Value: " s"}},
	}
	const want = "[ ip=192.0.2.1 rdns= helo=x??y?!10.0.0.1!??by?z by=mx.example.net ident= envfrom=max@example.org intl=0 id=4QxYz auth= msa=0 ] " +
		"[ ip=10.1.1.1 rdns=b helo=a by=c ident= envfrom= intl=0 id=555 auth= msa=0 ]"
	if got, _ := m.RelayText(&noRules, "X-Spam-Relays-External", 0, &Networks{}); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	const field = "from x??y?[10.0.0.1]??by?z (unknown [192.0.2.1]) by mx.example.net (Postfix) with ESMTP id 4QxYz for <erika@example.net>; " +
		"Mon, 03 Feb 2025 10:11:12 +0000 (envelope-from <max@example.org>)\n"
	if got, _ := m.HeaderText("Received", HeaderFirst); got != field {
		t.Errorf("got  %q\nwant %q", got, field)
	}
	if got, _ := m.RelayText(&noRules, "ALL-EXTERNAL", 0, &Networks{}); fieldNames(got) != "Received Received Subject" {
		t.Errorf("got %q", got)
	}
	if !strings.HasPrefix(string(m.Full()), "Received: from x") {
		t.Errorf("full: got %.60q", m.Full())
	}
}

func TestStampOfUsers(t *testing.T) {
	m := &Message{User: "erika", Client: Client{Addr: netip.MustParseAddr("2001:db8::1"), Name: "c.example.org", Helo: "[192.0.2.1]"}}
	way := m.Relays(&Networks{})
	if len(way.Trusted) != 1 || way.Trusted[0].Auth != "ESMTPSA" || way.Trusted[0].IP != "2001:db8::1" || way.Trusted[0].Name != "c.example.org" {
		t.Errorf("got %+v", way)
	}
}

func TestEnvelopeFrom(t *testing.T) {
	byExim := func(sender string) string {
		return "Received: from [192.0.2.7] (helo=pc) by exim.example.net with esmtp (Exim 4.96) (envelope-from <" + sender + ">) id 1\n"
	}
	tests := []struct {
		name, header, field, want string
		unknown                   bool
	}{
		{name: "nothing", header: "Subject: s\n", unknown: true},
		{name: "return path", header: "Return-Path: <a@example.org>\n" + hop("192.0.2.1", ""), want: "a@example.org"},
		{name: "return path of an older transaction", header: hop("192.0.2.1", "") + "Return-Path: <a@example.org>\n", unknown: true},
		{name: "the last hop knows better", header: "Return-Path: <a@example.org>\n" + byExim("b@example.org"), want: "b@example.org"},
		{name: "a trusted hop where there is no other", header: strings.Replace(byExim("b@example.org"), "192.0.2.7", "10.0.0.1", 1), want: "b@example.org"},
		{name: "no address", header: "Return-Path: <a@example.org>\n" + byExim("nobody"), want: "a@example.org"},
		{name: "X-Envelope-From first", header: "Return-Path: <a@example.org>\nX-Envelope-From: <c@example.org>\n", want: "c@example.org"},
		{name: "X-Envelope-From below", header: "Return-Path: <a@example.org>\n" + hop("192.0.2.1", "") + "X-Envelope-From: <c@example.org>\n", unknown: true},
		{name: "Envelope-Sender below", header: "Return-Path: <a@example.org>\n" + hop("192.0.2.1", "") + "Envelope-Sender: <c@example.org>\n", want: "a@example.org"},
		{
			name:    "fetched from a mailbox of list mail",
			header:  "Return-Path: <a@example.org>\nX-Sender: <l@example.org>\nReceived: from x [192.0.2.1] by localhost with IMAP (fetchmail-6.4)\n",
			unknown: true,
		},
		{name: "the field of our MTA", header: "X-From: <d@example.org>\nReturn-Path: <a@example.org>\n", field: "X-From", want: "d@example.org"},
		{name: "the field of our MTA is not there", header: "Return-Path: <a@example.org>\n", field: "X-From", unknown: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var n Networks
			n.SetSenderField(tt.field)
			got, known := parsed(t, tt.header+"\n").EnvelopeFrom(&n)
			if got != tt.want || known == tt.unknown {
				t.Errorf("got %q %v, want %q %v", got, known, tt.want, !tt.unknown)
			}
			if text, found := parsed(t, tt.header+"\n").RelayText(&noRules, "EnvelopeFrom", HeaderAddr, &n); text != tt.want || found == tt.unknown {
				t.Errorf("text: got %q %v", text, found)
			}
		})
	}
	m := parsed(t, "Return-Path: <a@example.org>\n\n")
	m.Sender, m.SenderKnown = "e@example.org", true
	if got, _ := m.EnvelopeFrom(&Networks{}); got != "e@example.org" {
		t.Errorf("a known sender: got %q", got)
	}
}
