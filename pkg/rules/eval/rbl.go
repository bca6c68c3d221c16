package eval

import (
	"errors"
	"net/netip"
	"strings"

	"winnow/pkg/dns"
	"winnow/pkg/message"
)

// The functions of SpamAssassin's DNSEval: address lists asked about the hosts that a message came by, and name lists asked
// about its senders. The rules of one set share their answers: check_rbl_sub looks at what the others of its set ask.

var dnsFunctions = calledBy(HeaderRules, []Function{
	asks("check_rbl", rblOf(dns.A)),
	asks("check_rbl_txt", rblOf(dns.TXT)),
	asks("check_rbl_sub", bindRBLSub),
	asks("check_rbl_from_host", addressesRBL((*Facts).allSenders)),
	asks("check_rbl_from_domain", addressesRBL((*Facts).senderDomains)),
	asks("check_rbl_envfrom", addressesRBL(func(f *Facts) []string { return f.addresses("EnvelopeFrom", 0) })),
	asks("check_rbl_headers", bindRBLHeaders),
	asks("check_rbl_rcvd", bindRBLReceived),
	asks("check_rbl_ns_from", bindRBLNameServers),
	asks("check_rbl_accreditor", bindRBLAccreditor),
	asks("check_dns_sender", bindDNSSender),
})

var dnsEvalDirectives = map[string]Directive{
	"rbl_headers": func(s *Settings, value string) error {
		s.dns.headers = nil
		for name := range strings.SplitSeq(value, ",") {
			if name = strings.TrimSpace(name); name != "" {
				s.dns.headers = append(s.dns.headers, name)
			}
		}
		if s.dns.headers == nil {
			return errors.New("wants names of fields, with commas in between")
		}
		return nil
	},
}

// asks is a function that asks the network.
func asks(name string, plan func(args []string, flags RuleFlags, s *Settings) (*Plan, error)) Function {
	return Function{Name: name, Net: true, Plan: plan}
}

// An rblCall is what the arguments of check_rbl and its like say.
type rblCall struct {
	set, zone string
	test      Test
	flags     RuleFlags
}

func parseRBL(args []string, flags RuleFlags, s *Settings) (*rblCall, error) {
	if len(args) < 2 {
		return nil, errors.New("wants the name of a set and a zone, and may have what answers must be")
	}
	zone, err := zoneOfText(args[1])
	if err != nil {
		return nil, err
	}
	c := &rblCall{set: args[0], zone: zone, flags: flags}
	text := ""
	if len(args) > 2 {
		text = args[2]
	}
	c.test, err = subtest(s, text)
	return c, err
}

func (c *rblCall) plan(ask func(f *Facts, a *Asking)) *Plan {
	return &Plan{Zones: []string{c.zone}, What: c.zone, Ask: func(f *Facts, a *Asking) {
		if !f.Settings.dns.noRBL {
			ask(f, a)
		}
	}}
}

// rblOf is for check_rbl and check_rbl_txt.
func rblOf(kind dns.Type) func([]string, RuleFlags, *Settings) (*Plan, error) {
	return func(args []string, flags RuleFlags, s *Settings) (*Plan, error) {
		c, err := parseRBL(args, flags, s)
		if err != nil {
			return nil, err
		}
		return c.plan(func(f *Facts, a *Asking) { c.askHosts(f, a, kind) }), nil
	}
}

func (c *rblCall) askHosts(f *Facts, a *Asking, kind dns.Type) {
	for _, addr := range f.rblHosts(c.set, c.flags.Nice) {
		a.InSet(c.set, c.zone, message.Reversed(addr), kind, c.test)
	}
}

// bindRBLSub looks at what the rules of a set ask.
func bindRBLSub(args []string, _ RuleFlags, s *Settings) (*Plan, error) {
	if len(args) < 2 {
		return nil, errors.New("wants the name of a set, and what answers must be")
	}
	test, err := subtest(s, args[1])
	if err != nil {
		return nil, err
	}
	return &Plan{What: "what the set " + args[0] + " asks", Ask: func(_ *Facts, a *Asking) { a.OfSet(args[0], test) }}, nil
}

// maxReceived is how many hosts a list is asked about, as in SpamAssassin.
const maxReceived = 9

// rblHosts is the hosts that a set of rules asks about. The end of the set's name says which; where it says none they are
// all that are not trusted, the first one first.
func (f *Facts) rblHosts(set string, nice bool) []netip.Addr {
	way := f.relays()
	untrusted := publicAddrs(way.Untrusted)
	originating := f.originating()
	if len(untrusted) == 0 && len(originating) == 0 {
		return nil
	}
	networks := f.Settings.Networks()
	var strangers []netip.Addr
	for _, addr := range originating {
		if !networks.NamedTrusted(addr) {
			strangers = append(strangers, addr)
		}
	}
	hosts := uniqueAddrs(untrusted, strangers)
	switch {
	case strings.HasSuffix(set, "-lastexternal"):
		hosts = uniqueAddrs(publicAddrs(notInternal(way.Trusted)), untrusted)
		hosts = hosts[:min(1, len(hosts))]
	case strings.HasSuffix(set, "-notfirsthop"):
		hosts = uniqueAddrs(publicAddrs(notInternal(way.Trusted)), untrusted)
		hosts = hosts[:max(min(1, len(hosts)), len(hosts)-1)]
	case strings.HasSuffix(set, "-firsttrusted"):
		hosts = hosts[:min(1, len(hosts))]
	case strings.HasSuffix(set, "-untrusted"):
		hosts = hosts[min(1, len(hosts)):]
	default:
		for i, j := 0, len(hosts)-1; i < j; i, j = i+1, j-1 {
			hosts[i], hosts[j] = hosts[j], hosts[i]
		}
	}
	hosts = hosts[:min(maxReceived, len(hosts))]
	for !nice && len(hosts) > 0 && networks.NamedTrusted(hosts[0]) {
		hosts = hosts[1:]
	}
	return hosts
}

func notInternal(relays []message.Relay) []message.Relay {
	var others []message.Relay
	for i := range relays {
		if !relays[i].Internal {
			others = append(others, relays[i])
		}
	}
	return others
}

// publicAddrs is the addresses of relays that are of the public Internet, none twice.
func publicAddrs(relays []message.Relay) []netip.Addr {
	var all []netip.Addr
	for i := range relays {
		all = append(all, relays[i].Addr)
	}
	return uniqueAddrs(all)
}

// uniqueAddrs joins lists, without what is private or there already.
func uniqueAddrs(lists ...[]netip.Addr) []netip.Addr {
	var all []netip.Addr
	seen := map[netip.Addr]bool{}
	for _, list := range lists {
		for _, addr := range list {
			if addr.IsValid() && !seen[addr] && !message.IsPrivate(addr) {
				seen[addr] = true
				all = append(all, addr)
			}
		}
	}
	return all
}

// originating is the addresses in fields such as X-Originating-IP.
func (f *Facts) originating() []netip.Addr {
	var all []netip.Addr
	for _, name := range f.Settings.Networks().Originating() {
		text := f.field(name, 0)
		for text != "" && len(all) < maxReceived {
			found := message.FirstAddr(text)
			if found == "" {
				break
			}
			text = text[strings.Index(text, found)+len(found):]
			if addr, err := message.ParseAddr(found); err == nil {
				all = append(all, addr)
			}
		}
	}
	return all
}

// addressesRBL asks about the hosts of mail addresses.
func addressesRBL(addresses func(*Facts) []string) func([]string, RuleFlags, *Settings) (*Plan, error) {
	return func(args []string, flags RuleFlags, s *Settings) (*Plan, error) {
		c, err := parseRBL(args, flags, s)
		if err != nil {
			return nil, err
		}
		return c.plan(func(f *Facts, a *Asking) { c.askAddresses(f, a, addresses(f)) }), nil
	}
}

func (c *rblCall) askAddresses(f *Facts, a *Asking, addresses []string) {
	for _, address := range addresses {
		_, host, found := strings.Cut(address, "@")
		if i := strings.IndexAny(host, "@ \t\r\n"); i >= 0 {
			host = host[:i]
		}
		if host = withoutDoubleDots(strings.Trim(host, ".")); found && strings.Contains(host, ".") {
			c.askHost(f, a, strings.ToLower(host))
		}
	}
}

// askHost asks about a host, which may be an address.
func (c *rblCall) askHost(f *Facts, a *Asking, host string) {
	if key := c.hostKey(f, host); key != "" {
		a.InSet(c.set, c.zone, key, dns.A, c.test)
	}
}

func (c *rblCall) hostKey(f *Facts, host string) string {
	if message.IsAddress(host) {
		addr, err := message.ParseAddr(host)
		if err != nil || c.flags.DomainsOnly {
			return ""
		}
		return message.Reversed(addr)
	}
	host = ASCII(host)
	if c.flags.IPsOnly || !message.IsFQDN(host) || !f.hasKnownSuffix(host) {
		return ""
	}
	return host
}

// senderDomains is the senders' registered domains, each as an address.
func (f *Facts) senderDomains() []string {
	var all []string
	for _, sender := range f.allSenders() {
		if _, domain := f.Settings.URIRules().HostOf("mailto:" + sender); domain != "" {
			all = append(all, "x@"+domain)
		}
	}
	return unique(all)
}

// maxFieldHosts is how many hosts in fields a list is asked about.
const maxFieldHosts = 20

// bindRBLHeaders asks about what stands in fields: the host of an address, or each line that is a host.
func bindRBLHeaders(args []string, flags RuleFlags, s *Settings) (*Plan, error) {
	c, err := parseRBL(args, flags, s)
	if err != nil {
		return nil, err
	}
	return c.plan(func(f *Facts, a *Asking) {
		names := f.Settings.dns.headers
		if len(args) > 3 {
			names = strings.Split(args[3], ",")
		}
		for _, name := range names {
			if address := f.field(name, message.HeaderAddr); strings.Contains(address, "@") {
				c.askAddresses(f, a, []string{address})
				continue
			}
			lines := strings.Split(strings.TrimSuffix(f.field(name, 0), "\n"), "\n")
			for _, host := range lines[:min(maxFieldHosts, len(lines))] {
				c.askHost(f, a, host)
			}
		}
	}), nil
}

// bindRBLReceived asks about the first host of all: its address, the names it had, and the host that took the message.
func bindRBLReceived(args []string, flags RuleFlags, s *Settings) (*Plan, error) {
	c, err := parseRBL(args, flags, s)
	if err != nil {
		return nil, err
	}
	return c.plan(func(f *Facts, a *Asking) {
		way := f.relays().Untrusted
		if len(way) == 0 {
			return
		}
		first := &way[len(way)-1]
		for _, host := range unique([]string{first.IP, first.By, first.Helo, first.Name}) {
			if host = strings.TrimSuffix(host, "."); host != "" {
				c.askHost(f, a, host)
			}
		}
	}), nil
}

// maxNameServers is how many name servers of one domain are looked at.
const maxNameServers = 8

// bindRBLNameServers asks about the name servers of the sender's domain. SpamAssassin means to, but looks for them in a
// part of the answer where they are not, so that its rules never hit where a domain has any.
func bindRBLNameServers(args []string, flags RuleFlags, s *Settings) (*Plan, error) {
	c, err := parseRBL(args, flags, s)
	if err != nil {
		return nil, err
	}
	return c.plan(func(f *Facts, a *Asking) {
		host := f.senderHost()
		if host == "" {
			return
		}
		a.Then(host, dns.NS, func(found *Lookup) {
			servers := found.Answer.Names
			for _, server := range servers[:min(maxNameServers, len(servers))] {
				if message.IsFQDN(server) {
					a.InSet(c.set, c.zone, server, dns.A, c.test)
				}
			}
		})
	}), nil
}

// senderHost is the host of the envelope sender, "" where it has no dot in it.
func (f *Facts) senderHost() string {
	for _, sender := range f.addresses("EnvelopeFrom", 0) {
		_, host, _ := strings.Cut(withoutDoubleDots(sender), "@")
		if dot := strings.IndexByte(host, '.'); dot > 0 && dot < len(host)-1 && !strings.ContainsAny(host, "@ \t") {
			return strings.ToLower(host)
		}
	}
	return ""
}

// bindRBLAccreditor asks only where the message names who vouches for its sender.
func bindRBLAccreditor(args []string, flags RuleFlags, s *Settings) (*Plan, error) {
	if len(args) < 4 {
		return nil, errors.New("wants a set, a zone, what answers must be, and the name of who vouches")
	}
	c, err := parseRBL(args, flags, s)
	if err != nil {
		return nil, err
	}
	return c.plan(func(f *Facts, a *Asking) {
		if contains(f.accreditors(), args[3]) {
			c.askHosts(f, a, dns.A)
		}
	}), nil
}

// accreditors is who vouches for the sender, by the envelope sender and the Accreditor field, in lower case.
func (f *Facts) accreditors() []string {
	var all []string
	sender := strings.ToLower(f.envelopeSender())
	for rest := sender; ; {
		i := strings.IndexAny(rest, "@.")
		if i < 0 {
			break
		}
		rest = rest[i+1:]
		if name, found := strings.CutPrefix(rest, "a--"); found {
			name, _, dot := strings.Cut(name, ".")
			if dot && len(name) >= 3 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") == "" {
				all = append(all, name)
				break
			}
		}
	}
	for part := range strings.SplitSeq(f.field("Accreditor", 0), ",") {
		if words := strings.Fields(part); len(words) > 0 {
			all = append(all, strings.ToLower(words[0]))
		}
	}
	return all
}

// bindDNSSender would look for a sender whose domain does not exist. As SpamAssassin has it, it asks the answers that there
// are for what only an answer without any can have, and so never hits: its rules are worth what they are by that.
func bindDNSSender([]string, RuleFlags, *Settings) (*Plan, error) {
	return &Plan{Nothing: "it never hits in SpamAssassin either"}, nil
}
