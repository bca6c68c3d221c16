package eval

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"winnow/pkg/message"
)

// A relayList is senders that are welcome where certain relays hand over their mail.
type relayList struct {
	senders globSet
	relays  map[string][]string // by sender, as written: domains, or addresses in brackets
}

func (l *relayList) add(sender, relay string) {
	if l.relays == nil {
		l.relays = map[string][]string{}
	}
	l.senders.add(sender)
	l.relays[sender] = append(l.relays[sender], relay)
}

func (l *relayList) remove(sender string) {
	l.senders.remove(sender)
	delete(l.relays, sender)
}

// welcomeByRelay reads "erika@example.org relay.example.org" or "... [192.0.2.0/24]".
func welcomeByRelay(list func(*listSettings) *relayList) Directive {
	return func(s *Settings, value string) error {
		words := strings.Fields(strings.ToLower(value))
		if len(words) != 2 {
			return errors.New("wants a mail address, and the domain of its relay or an address in brackets")
		}
		list(&s.lists).add(words[0], words[1])
		return nil
	}
}

func forgetByRelay(s *Settings, value string) error {
	senders := strings.Fields(strings.ToLower(value))
	if len(senders) == 0 {
		return errNoAddress
	}
	for _, sender := range senders {
		s.lists.rcvd.remove(sender)
		s.lists.byDef.remove(sender)
	}
	return nil
}

// signedSender reads "*@example.org" or "*@example.org example.com": an address, and who must have signed where it is not
// the address's own domain.
func signedSender(value string) (address, domain string, err error) {
	words := strings.Fields(strings.ToLower(value))
	switch len(words) {
	case 1:
		return words[0], "", nil
	case 2:
		return words[0], words[1], nil
	}
	return "", "", errors.New("wants a mail address and, if need be, the domain that signs")
}

func welcomeSigned(list string) Directive {
	return func(s *Settings, value string) error {
		address, domain, err := signedSender(value)
		if err != nil {
			return err
		}
		if s.lists.signed == nil {
			s.lists.signed = map[string]map[string][]string{}
		}
		if s.lists.signed[list] == nil {
			s.lists.signed[list] = map[string][]string{}
		}
		s.lists.signed[list][address] = append(s.lists.signed[list][address], domain)
		return nil
	}
}

func forgetSigned(s *Settings, value string) error {
	address, domain, err := signedSender(value)
	if err != nil {
		return err
	}
	for _, list := range s.lists.signed {
		var kept []string
		for _, other := range list[address] {
			if other != domain {
				kept = append(kept, other)
			}
		}
		if list[address] = kept; len(kept) == 0 {
			delete(list, address)
		}
	}
	return nil
}

// welcomed tells whether a sender is welcome: 1 where it is, -1 where it would be if another relay had handed the message
// over, so that it may be forged.
func (f *Facts) welcomed() int {
	forged := 0
	list := &f.Settings.lists.rcvd
	names := f.Settings.lists.named["welcomelist_from"]
	if list.senders.empty() && (names == nil || names.empty()) {
		return 0
	}
	for _, sender := range f.allSenders() {
		sender = strings.ToLower(sender)
		if names != nil && names.has(sender) {
			return 1
		}
		switch f.welcomedFrom(list, sender) {
		case 1:
			return 1
		case -1:
			forged = -1
		}
	}
	return forged
}

// welcomedByDefault is the same for the lists that come with rules.
func (f *Facts) welcomedByDefault() int {
	forged := 0
	list := &f.Settings.lists.byDef
	if list.senders.empty() {
		return 0
	}
	for _, sender := range f.allSenders() {
		switch f.welcomedFrom(list, strings.ToLower(sender)) {
		case 1:
			return 1
		case -1:
			forged = -1
		}
	}
	return forged
}

// welcomedFrom compares one sender, and the relays that can be believed, with a list.
func (f *Facts) welcomedFrom(list *relayList, sender string) int {
	relays := f.believedRelays()
	if len(relays) == 0 || !list.senders.has(sender) {
		return 0
	}
	for pattern, wanted := range list.relays {
		if !glob(pattern).match(sender) {
			continue
		}
		for _, relay := range wanted {
			for i := range relays {
				if isWelcomeRelay(&relays[i], relay) {
					return 1
				}
			}
		}
	}
	if allowed := f.Settings.lists.named["welcomelist_allows_relays"]; allowed != nil && allowed.has(sender) {
		return 0
	}
	return -1
}

// believedRelays returns the newest relay that is not trusted, for what it says of itself is seen by one that is; or all
// where all are trusted.
func (f *Facts) believedRelays() []message.Relay {
	way := f.relays()
	if len(way.Untrusted) > 0 {
		return way.Untrusted[:1]
	}
	return way.Trusted
}

// isWelcomeRelay compares a relay with a domain, or with an address or network in brackets.
func isWelcomeRelay(relay *message.Relay, wanted string) bool {
	if rest, found := strings.CutPrefix(wanted, "["); found {
		if inside, bits, closed := strings.Cut(rest, "]"); closed {
			return isInNet(relay, inside+bits)
		}
	}
	name := strings.ToLower(relay.Name)
	before, found := strings.CutSuffix(name, wanted)
	return found && (before == "" || before[len(before)-1] == '.')
}

// isInNet compares a relay's address with 192.0.2.1, with 192.0.2 or with 192.0.2.0/24.
func isInNet(relay *message.Relay, net string) bool {
	if relay.IP == "" {
		return false
	}
	if strings.Trim(net, "0123456789.") == "" {
		if strings.Count(net, ".") == 3 && !strings.HasSuffix(net, ".") {
			return net == relay.IP
		}
		return strings.HasPrefix(relay.IP, strings.TrimRight(net, ".")+".")
	}
	host, bits, hasBits := strings.Cut(net, "/")
	addr, err := message.ParseAddr(host)
	if err != nil {
		return false
	}
	length := addr.BitLen()
	if hasBits {
		if length, err = strconv.Atoi(bits); err != nil {
			return false
		}
	}
	return netip.PrefixFrom(addr, length).Contains(relay.Addr)
}

// senderMatchesRelay tells whether the envelope sender and the host that handed the message over are of one domain.
func senderMatchesRelay(f *Facts) bool {
	sender := f.envelopeSender()
	at := strings.LastIndexByte(sender, '@')
	if at < 0 {
		return false
	}
	host := strings.ToLower(sender[at+1:])
	if dot := strings.LastIndexByte(host, '.'); dot < 1 || dot == len(host)-1 {
		return false
	}
	domain := ""
	for i, relays := 0, f.believedRelays(); i < len(relays); i++ {
		if relays[i].Name == "" {
			continue
		}
		if domain == "" {
			domain = f.registered(host)
		}
		if f.registered(strings.ToLower(relays[i].Name)) == domain {
			return true
		}
	}
	return false
}
