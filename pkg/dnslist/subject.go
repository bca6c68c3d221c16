package dnslist

import (
	"net/netip"

	"winnow/pkg/message"
)

// A subject is one thing of a message that lists can be asked about: an address, a name, or something whole, such as a
// mail address.
type subject struct {
	ask    Ask
	addr   netip.Addr // valid where it is an address
	whole  string     // what is asked about as it stands: an address reversed, a mail address, a link
	host   string     // else the whole name; of what a link leads to, the link's host
	domain string     // and its registered domain, "" where it has none
	guess  bool       // nobody but us says that this is a link
}

func addressSubject(ask Ask, addr netip.Addr) subject {
	return subject{ask: ask, addr: addr, whole: message.Reversed(addr)}
}

func nameSubject(ask Ask, host string) subject {
	return subject{ask: ask, host: host, domain: message.Domain(host)}
}

func linkSubject(ask Ask, u *message.URI) subject {
	s := subject{host: u.Host, domain: u.Domain}
	if u.Addr.IsValid() {
		s = addressSubject(ask, u.Addr)
	}
	s.ask, s.guess = ask, u.Kind == message.Guess
	return s
}

// isWhole tells of mail addresses and links.
func (s *subject) isWhole() bool { return s.whole != "" && !s.addr.IsValid() }

// sure tells whether the subject is a fact: that there is a link in running text is a guess, and where a message came from
// before the client is what others say.
func (s *subject) sure() bool { return !s.guess && s.ask != Relays }

// wants is what the lists of a stage are asked about.
type wants struct {
	asks  Asks // as addresses or names
	whole Asks // as mail addresses or links
	ipv6  bool // addresses of links' hosts of that family, too
}

func (w *wants) add(l *List) {
	if asks := newAsks(l.Ask...); l.ofWhole() {
		w.whole |= asks
	} else {
		w.asks |= asks
		w.ipv6 = w.ipv6 || l.IPv6 && asks&ofHosts != 0
	}
}

// subjects gathers what the lists of a stage may be asked about at once, in the order in which they are: what the message
// is most likely to be judged by comes first, so that a limit cuts off the rest.
func (s *Set) subjects(m *message.Message, client *message.Client, w *wants) []subject {
	var all []subject
	if w.asks.Has(Client) && s.askable(client.Addr) {
		all = append(all, addressSubject(Client, client.Addr))
	}
	if w.asks.Has(Relays) {
		all = s.appendRelays(all, m, client.Addr)
	}
	if w.asks&ofNames != 0 {
		all = s.appendNames(all, m, client, w.asks)
	}
	if w.whole != 0 {
		all = s.appendMailboxes(all, m, w.whole)
	}
	return all
}

// appendNames appends the names that those who have sent the message gave, then those that it links to.
func (s *Set) appendNames(all []subject, m *message.Message, client *message.Client, asks Asks) []subject {
	if asks.Has(Sender) {
		all = s.appendDomain(all, Sender, m.Sender)
	}
	if asks.Has(Author) {
		for _, addr := range writers(m, "From") {
			all = s.appendDomain(all, Author, addr)
		}
	}
	if asks.Has(ReplyTo) {
		for _, addr := range writers(m, "Reply-To") {
			all = s.appendDomain(all, ReplyTo, addr)
		}
	}
	if asks.Has(Helo) {
		all = s.appendName(all, Helo, client.Helo)
	}
	if asks.Has(RDNS) {
		all = s.appendName(all, RDNS, client.Name)
	}
	if asks&ofLinks != 0 {
		all = s.appendLinks(all, m.URIs(), asks)
	}
	return all
}

// appendMailboxes is appendNames for mail addresses and links as a whole.
func (s *Set) appendMailboxes(all []subject, m *message.Message, asks Asks) []subject {
	ours := recipients(m)
	if asks.Has(Sender) {
		all = appendMailbox(all, Sender, m.Sender, ours)
	}
	if asks.Has(Author) {
		for _, addr := range writers(m, "From") {
			all = appendMailbox(all, Author, addr, ours)
		}
	}
	if asks.Has(ReplyTo) {
		for _, addr := range writers(m, "Reply-To") {
			all = appendMailbox(all, ReplyTo, addr, ours)
		}
	}
	if asks&ofLinks != 0 {
		all = s.appendWholes(all, m.URIs(), asks, ours)
	}
	return all
}

// appendDomain appends the domain of a mail address.
func (s *Set) appendDomain(all []subject, ask Ask, addr string) []subject {
	_, domain := message.SplitAddress(addr)
	return s.appendName(all, ask, domain)
}

// appendName appends the name, unless it is none: a null sender, an address literal, a bare word. Nor are lists asked
// about domains that are well known: half of all mail says that it comes from them.
func (s *Set) appendName(all []subject, ask Ask, name string) []subject {
	host, ok := message.HostASCII(name)
	if !ok || !validHost(host) {
		return all
	}
	sub := nameSubject(ask, host)
	if s.skip.Has(sub.host, sub.domain) {
		return all
	}
	return append(all, sub)
}
