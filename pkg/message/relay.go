package message

import (
	"net/netip"
	"strings"
)

// A Relay is one hop of a message's way, as a Received field tells of it (RFC 5321, 4.4).
type Relay struct {
	IP       string     // ip=: its address as rules see it
	Addr     netip.Addr // the host that handed the message over; not valid where IP is none
	Name     string     // rdns=: its name by the DNS, as the receiver found it
	Helo     string
	By       string // who received it
	Ident    string
	EnvFrom  string // the envelope sender, where the field has it
	ID       string // the receiver's queue id
	Auth     string // how the client authenticated, "" where it did not
	Internal bool   // it is one of our own internal networks
	MSA      bool   // received by one of our submission servers
	Private  bool   // the address is not one of the public Internet
	Looked   bool   // the receiver looks names up: without Name, there is none

	hasEnvFrom bool // the field has an envelope sender, be it the null sender
}

// Relays is the way of a message, newest hop first, cut where we stop believing it.
type Relays struct {
	Trusted, Untrusted []Relay // hosts that do not forge Received fields, and the others
	Internal, External []Relay // hosts of ours, and the others
	Unparseable        int     // Received fields that nobody could read

	lastTrusted, lastInternal int // which Received field is the last one that such a host wrote; -1 for none
	texts                     headerTexts
}

// LastExternal returns the host that handed the message over to our own: the newest that is none of ours.
func (r *Relays) LastExternal() (Relay, bool) {
	if len(r.External) == 0 {
		return Relay{}, false
	}
	return r.External[0], true
}

// keptRelays is the way of a message by one set of networks.
type keptRelays struct {
	networks *Networks
	relays   *Relays
}

// Relays returns the way of the message, by those networks. The result for the last networks is kept and shared: nobody
// may write to it. In a session the first hop is the client, though Postfix has not written its Received field yet.
func (m *Message) Relays(networks *Networks) *Relays {
	if kept := m.derived.relays.Load(); kept != nil && kept.networks == networks {
		return kept.relays
	}
	kept := &keptRelays{networks, m.findRelays(networks)}
	m.derived.relays.Store(kept)
	return kept.relays
}

func (m *Message) findRelays(networks *Networks) *Relays {
	way := relayWay{
		networks: networks, inTrusted: true, inInternal: true, allowFetcher: true,
		found: &Relays{lastTrusted: -1, lastInternal: -1},
	}
	for _, field := range m.stamped() {
		if strings.EqualFold(field.Name, "Received") {
			way.received(field.text(false))
		}
	}
	for _, name := range networks.originating {
		if value, found := m.Header.last(name); found {
			if addr := FirstAddr(unfoldText(clip(value, MaxFieldValue))); addr != "" {
				way.received("from X-Originating-IP: " + addr)
			}
		}
	}
	return way.found
}

// FirstAddr returns the first IP address in a text, "" for none.
func FirstAddr(s string) string {
	for pos := range len(s) {
		if end, ok := matchAddr(s, pos); ok {
			return s[pos:end]
		}
	}
	return ""
}

// A relayWay follows a message's way back from us, and notes where trust ends.
type relayWay struct {
	networks              *Networks
	inTrusted, inInternal bool
	pastMSA               bool // one of our submission servers took the message: all before it is trusted
	allowFetcher          bool
	scanned               string // the envelope sender that qmail-scanner wrote down for the next field
	found                 *Relays
}

// received takes the next Received field.
func (w *relayWay) received(value string) {
	scanned := w.scanned
	w.scanned = ""
	line, outcome := readReceived(value)
	if line.fetched && w.allowFetcher {
		w.found.Trusted, w.found.Internal, w.found.External = nil, nil, nil
	}
	if line.scanned {
		w.scanned = line.envFrom
	}
	if outcome != relayRead {
		if outcome == relayUnparseable {
			w.found.Unparseable++
		}
		w.pass()
		return
	}
	relay := line.relay()
	if scanned != "" {
		relay.EnvFrom, relay.hasEnvFrom = scanned, true
	}
	w.add(relay)
}

// pass counts a field that tells of no hop.
func (w *relayWay) pass() {
	if w.inTrusted {
		w.found.lastTrusted++
	}
	if w.inInternal {
		w.found.lastInternal++
	}
}

// add sorts a hop in.
func (w *relayWay) add(relay Relay) {
	if w.inTrusted && !w.pastMSA {
		w.judge(&relay)
	}
	relay.Internal = w.inInternal
	w.allowFetcher = w.inTrusted
	if w.inTrusted {
		w.found.Trusted = append(w.found.Trusted, relay)
	} else {
		w.found.Untrusted = append(w.found.Untrusted, relay)
	}
	if w.inInternal {
		w.found.Internal = append(w.found.Internal, relay)
	} else {
		w.found.External = append(w.found.External, relay)
	}
	w.pass()
}

// judge decides whether trust ends before this hop.
func (w *relayWay) judge(relay *Relay) {
	n := w.networks
	switch {
	case !n.trusted.given && !n.internal.given: // nobody said: hosts of a private network or that know a password are ours
		if !relay.Private && relay.Auth == "" {
			w.inTrusted, w.inInternal = false, false
		}
	case relay.Auth == "" && !n.trusts(relay.Addr):
		w.inTrusted, w.inInternal = false, false
	default:
		if relay.Auth == "" && !n.isInternal(relay.Addr) {
			w.inInternal = false
		}
		if n.msa.contains(relay.Addr) {
			w.pastMSA, relay.MSA = true, true
		}
	}
}

// relay is what the field tells.
func (r *relayLine) relay() Relay {
	addr, _ := ParseAddr(r.ip)
	return Relay{
		IP: r.ip, Addr: addr, Name: r.rdns, Helo: r.helo, By: r.by, Ident: r.ident, EnvFrom: r.envFrom, ID: r.id, Auth: r.auth,
		Private: addr.IsValid() && IsPrivate(addr), Looked: r.lookup, hasEnvFrom: r.hasFrom,
	}
}
