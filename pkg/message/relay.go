package message

import "net/netip"

// A Relay is one hop of a message's way, as a Received field tells of it (RFC 5321, 4.4).
type Relay struct {
	Addr     netip.Addr // the host that handed the message over
	Name     string     // rdns=: its name by the DNS, as the receiver found it
	Helo     string
	By       string // who received it
	Ident    string
	EnvFrom  string // the envelope sender, where the field has it
	ID       string // the receiver's queue id
	Auth     string // how the client authenticated, "" where it did not
	Internal bool   // it is one of our own internal networks
	MSA      bool   // received by one of our submission servers
}

// Relays is the way of a message, newest hop first, cut where we stop believing it.
type Relays struct {
	Trusted, Untrusted []Relay // hosts that do not forge Received fields, and the others
	Internal, External []Relay // hosts of ours, and the others
	Unparseable        int     // Received fields that nobody could read
}

// Networks says whose Received fields are believed.
type Networks struct{}

// Relays returns the way of the message, by those networks. The result for the last networks is kept and shared: nobody
// may write to it.
func (m *Message) Relays(networks *Networks) *Relays { return &Relays{} }
