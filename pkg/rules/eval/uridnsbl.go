package eval

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"winnow/pkg/dns"
	"winnow/pkg/message"
)

// uriListSettings is what rule files say of lists that are asked about the hosts of links.
type uriListSettings struct {
	rules   map[string]uriList // by the name of the rule
	skip    map[string]bool    // uridnsbl_skip_domain
	most    int                // uridnsbl_max_domains
	mailToo bool               // uridnsbl_skip_mailto 0
	servers bool               // a rule that is run looks at name servers
}

func newURIListSettings() uriListSettings { return uriListSettings{most: 20} }

// A uriList is a list that is asked about hosts of links, and what its answer must be for a rule.
type uriList struct {
	what uriWhat
	zone string
	kind dns.Type
	test *RangeTest // nil for any listing
}

// A uriWhat is what of a link's host a list is asked about.
type uriWhat uint8

const (
	uriAddress    uriWhat = iota // the addresses of its name servers; with tflags a, its own
	uriName                      // its domain; the host with tflags notrim
	uriServer                    // the domains of its name servers
	uriServerHost                // its name servers
)

var uriListFunctions = calledBy(AnyRules, []Function{asks("check_uridnsbl", bindURIDNSBL)})

var uriListDirectives = map[string]Directive{
	"uridnsbl":        uriListOf(uriAddress, false),
	"uridnssub":       uriListOf(uriAddress, true),
	"urirhsbl":        uriListOf(uriName, false),
	"urirhssub":       uriListOf(uriName, true),
	"urinsrhsbl":      uriListOf(uriServer, false),
	"urinsrhssub":     uriListOf(uriServer, true),
	"urifullnsrhsbl":  uriListOf(uriServerHost, false),
	"urifullnsrhssub": uriListOf(uriServerHost, true),

	"uridnsbl_skip_domain":       skipURIDomains,
	"clear_uridnsbl_skip_domain": clearURIDomains,
	"uridnsbl_max_domains":       setMaxURIDomains,
	"uridnsbl_skip_mailto":       setSwitch(func(s *Settings, on bool) { s.uriLists.mailToo = !on }),
	"skip_uribl_checks":          setSwitch(func(s *Settings, on bool) { s.dns.noURIBL = on }),
}

// uriListOf reads "RULE zone A" and, behind that, what the answer must be.
func uriListOf(what uriWhat, sub bool) Directive {
	return func(s *Settings, value string) error {
		words := strings.Fields(value)
		if len(words) != 3 && !sub || len(words) != 4 && sub {
			return errors.New("wants the name of a rule, a zone, A or TXT, and for ...sub what the answer must be, such as 127.0.0.2 or 8")
		}
		zone, err := zoneOfText(words[1])
		if err != nil {
			return err
		}
		list := uriList{what: what, zone: zone}
		switch strings.ToUpper(words[2]) {
		case "A":
			list.kind = dns.A
		case "TXT":
			list.kind = dns.TXT
		default:
			return fmt.Errorf("%q: lists are asked for A or TXT", words[2])
		}
		if sub {
			test, ok := ParseRangeTest(words[3])
			if !ok {
				return fmt.Errorf("%q: wants bits such as 8, an address, a range n-m or n/mask", words[3])
			}
			list.test = &test
		}
		if s.uriLists.rules == nil {
			s.uriLists.rules = map[string]uriList{}
		}
		s.uriLists.rules[words[0]] = list
		return nil
	}
}

func skipURIDomains(s *Settings, value string) error {
	domains := strings.Fields(strings.ToLower(value))
	if len(domains) == 0 {
		return errors.New("wants domains")
	}
	if s.uriLists.skip == nil {
		s.uriLists.skip = map[string]bool{}
	}
	for _, domain := range domains {
		s.uriLists.skip[domain] = true
	}
	return nil
}

func clearURIDomains(s *Settings, value string) error {
	if strings.TrimSpace(value) == "" {
		s.uriLists.skip = nil
	}
	for domain := range strings.FieldsSeq(strings.ToLower(value)) {
		delete(s.uriLists.skip, domain)
	}
	return nil
}

// maxURIDomains is the most that uridnsbl_max_domains may be.
const maxURIDomains = 200

func setMaxURIDomains(s *Settings, value string) error {
	n, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || n < 0 || n > maxURIDomains {
		return fmt.Errorf("wants a number up to %d", maxURIDomains)
	}
	s.uriLists.most = n
	return nil
}

// bindURIDNSBL asks what a line such as urirhssub says for the rule. The argument is for people: SpamAssassin goes by the
// name of the rule.
func bindURIDNSBL(_ []string, flags RuleFlags, s *Settings) (*Plan, error) {
	list, found := s.uriLists.rules[flags.Name]
	if !found {
		return &Plan{Nothing: "there is no uridnsbl, uridnssub, urirhsbl or urirhssub line for it"}, nil
	}
	if list.what == uriAddress && !flags.A {
		s.uriLists.servers = s.uriLists.servers || !flags.Off
		return &Plan{Nothing: "SpamAssassin 4.0 asks about the addresses of name servers for rules with tflags a alone"}, nil
	}
	s.uriLists.servers = s.uriLists.servers || !flags.Off && (list.what > uriName || list.what == uriAddress && flags.NS)
	test := list.listing()
	return &Plan{Zones: []string{list.zone}, What: list.zone + " about the hosts of links", Ask: func(f *Facts, a *Asking) {
		if f.Settings.dns.noURIBL {
			return
		}
		for _, h := range f.listedHosts() {
			list.ask(f, a, h, flags, test)
		}
	}}, nil
}

// listing is what the records of an answer must be.
func (l *uriList) listing() Test {
	return anyRecord(func(_ *Facts, kind dns.Type, record string) bool {
		if l.test == nil {
			return isListing(kind, record)
		}
		return l.test.Fits(kind, record)
	})
}

// A uriHost is a host of links that lists are asked about.
type uriHost struct {
	host, domain string
	isAddr       bool
	addr         netip.Addr // where it is one that lists are asked about: a public one, of IPv4
}

func (l *uriList) ask(f *Facts, a *Asking, h uriHost, flags RuleFlags, test Test) {
	switch {
	case h.isAddr:
		if h.addr.IsValid() && l.what == uriName && !flags.DomainsOnly {
			a.Ask(l.zone, message.Reversed(h.addr), l.kind, test)
		}
	case l.what == uriName:
		if flags.IPsOnly {
			return
		}
		name := h.domain
		if flags.NoTrim {
			name = h.host
		}
		a.Ask(l.zone, name, l.kind, test)
	case l.what == uriAddress:
		l.askAddresses(a, h.host, test)
		if f.Settings.uriLists.servers { // whose else, SpamAssassin does not ask either
			l.askServers(f, a, h.domain, test)
		}
	default:
		l.askServers(f, a, h.domain, test)
	}
}

// maxAddresses is how many addresses of one host lists are asked about.
const maxAddresses = 16

// askAddresses asks about the addresses of a host.
func (l *uriList) askAddresses(a *Asking, host string, test Test) {
	a.Then(host, dns.A, func(found *Lookup) {
		addrs := found.Answer.Addrs
		for _, addr := range addrs[:min(maxAddresses, len(addrs))] {
			if addr.Is4() {
				a.Ask(l.zone, message.Reversed(addr), l.kind, test)
			}
		}
	})
}

// askServers asks about the name servers of a domain: their names, their domains or their addresses.
func (l *uriList) askServers(f *Facts, a *Asking, domain string, test Test) {
	uris := f.Settings.URIRules()
	a.Then(domain, dns.NS, func(found *Lookup) {
		servers := found.Answer.Names
		for _, server := range servers[:min(maxNameServers, len(servers))] {
			addr, err := netip.ParseAddr(server)
			switch {
			case err == nil && (!addr.Is4() || message.IsPrivate(addr)):
			case err == nil && l.what != uriAddress:
				a.Ask(l.zone, message.Reversed(addr), l.kind, test)
			case err == nil:
			case l.what == uriServer:
				a.Ask(l.zone, uris.Domain(server), l.kind, test)
			case l.what == uriServerHost:
				a.Ask(l.zone, server, l.kind, test)
			default:
				l.askAddresses(a, server, test)
			}
		}
	})
}

// listedHosts is the hosts of links that lists are asked about, each of them once.
func (f *Facts) listedHosts() []uriHost {
	if f.uriHosts == nil {
		f.uriHosts = f.findListedHosts()
	}
	return f.uriHosts
}

// ListedHosts returns the hosts of links that lists are asked about, and their registered domains, each sorted and none twice.
func (f *Facts) ListedHosts() (hosts, domains []string) {
	for _, h := range f.listedHosts() {
		hosts, domains = append(hosts, h.host), append(domains, h.domain)
	}
	slices.Sort(hosts)
	slices.Sort(domains)
	return hosts, slices.Compact(domains)
}

// findListedHosts takes hosts by where their links stand: first those of <a> with a text, then forms, images and other
// elements, plain text, and at last those of <a> that nobody can see. Where the limit cuts through hosts of one kind, as
// many as fit are taken, by a number that is made of the message's id and the host: whoever wrote the mail cannot know
// which, and the same message always has the same.
func (f *Facts) findListedHosts() []uriHost {
	settings := &f.Settings.uriLists
	kinds := f.hostsByKind()
	chosen := []uriHost{}
	seen := map[string]bool{}
	for _, hosts := range kinds {
		hosts = slices.DeleteFunc(hosts, func(h uriHost) bool { return seen[h.host] })
		if room := settings.most - len(chosen); len(hosts) > room {
			slices.SortFunc(hosts, func(a, b uriHost) int {
				return cmp.Or(cmp.Compare(f.lot(a.host), f.lot(b.host)), strings.Compare(a.host, b.host))
			})
			hosts = hosts[:max(0, room)]
		}
		for _, h := range hosts {
			seen[h.host] = true
		}
		chosen = append(chosen, hosts...)
	}
	return chosen
}

// lot is the number by which a host is chosen, or not.
func (f *Facts) lot(host string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(f.Message.ID + "\x00" + host))
	return h.Sum64()
}

// hostsByKind sorts hosts by where their links stand, each once in each kind.
func (f *Facts) hostsByKind() [6][]uriHost {
	settings := &f.Settings.uriLists
	var kinds [6][]uriHost
	var seen [6]map[string]bool
	for i := range seen {
		seen[i] = map[string]bool{}
	}
	uris := f.uris()
	for i := range uris {
		u := &uris[i]
		if !settings.mailToo && isMailto(u.Raw) {
			continue
		}
		kind := kindOfLink(u)
		for _, host := range u.Hosts {
			h := f.uriHost(host)
			if seen[kind][h.host] || settings.skip[h.domain] || settings.skip[h.host] {
				continue
			}
			seen[kind][h.host] = true
			kinds[kind] = append(kinds[kind], h)
		}
	}
	return kinds
}

func (f *Facts) uriHost(host string) uriHost {
	h := uriHost{host: host, domain: host}
	if !message.IsAddress(host) {
		h.domain = f.registered(host)
		return h
	}
	h.isAddr = true
	if addr, err := netip.ParseAddr(host); err == nil && addr.Is4() && !message.IsPrivate(addr) {
		h.addr = addr
	}
	return h
}

func isMailto(uri string) bool {
	return len(uri) >= len("mailto:") && strings.EqualFold(uri[:len("mailto:")], "mailto:")
}

// kindOfLink says how early a link's hosts are taken.
func kindOfLink(u *message.URIDetail) int {
	switch {
	case u.Types&message.URIAnchor != 0:
		if slices.ContainsFunc(u.Anchors, func(text string) bool { return text != "" }) {
			return 0
		}
		return 5
	case u.Types&message.URIForm != 0:
		return 1
	case u.Types&message.URIImage != 0:
		return 2
	case u.Types == message.URIParsed:
		return 4
	}
	return 3
}
