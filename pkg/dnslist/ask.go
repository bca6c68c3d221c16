package dnslist

import "strings"

// An Ask is what of a message a list is asked about.
type Ask uint8

const (
	Client     Ask = iota // the client's address
	Relays                // the addresses of the hosts that had the message before the client
	URIAddress            // the addresses of links' hosts
	URINS                 // the addresses of the name servers of links' domains
	RDNS                  // the client's host name, confirmed by the DNS
	Helo                  // the name it gave in HELO
	Sender                // the envelope sender
	Author                // From:
	ReplyTo               // Reply-To:
	DKIM                  // the domains that signed the message (d=)
	URI                   // hosts of links
	Mail                  // mail addresses in the text
)

var askNames = []string{
	"client", "relays", "uri-address", "uri-ns", "rdns", "helo", "sender", "author", "reply-to", "dkim", "uri", "mail",
}

func (a Ask) String() string { return askNames[a] }

// MarshalText writes the ask as its name.
func (a Ask) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// Asks is some asks: bit a stands for Ask a.
type Asks uint16

func newAsks(all ...Ask) (s Asks) {
	for _, a := range all {
		s |= 1 << a
	}
	return s
}

// Has tells whether a is one of them.
func (s Asks) Has(a Ask) bool { return s&(1<<a) != 0 }

func (s Asks) String() string {
	var names []string
	for a, name := range askNames {
		if s.Has(Ask(a)) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// MarshalText writes the names.
func (s Asks) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// What the asks have in common.
var (
	ofAddresses = newAsks(Client, Relays, URIAddress, URINS) // a list that is asked about these holds addresses
	ofNames     = ^ofAddresses & (1<<len(askNames) - 1)      // and about these, names
	ofMailboxes = newAsks(Sender, Author, ReplyTo, Mail)     // a whole mail address is known
	ofLinks     = newAsks(URI, Mail)                         // found in the text: there may be any number
	ofHosts     = newAsks(URIAddress, URINS)                 // known when the DNS has been asked
	ofProven    = newAsks(Client, RDNS, DKIM)                // nobody can write somebody else's there
)
