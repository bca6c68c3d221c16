package eval

import (
	"errors"
	"net/netip"
	"strings"

	"winnow/pkg/message"
)

var relayFunctions = calledBy(AnyRules, []Function{
	simple("check_all_trusted", func(f *Facts) bool {
		way := f.relays()
		return len(way.Trusted) > 0 && len(way.Untrusted) == 0 && way.Unparseable == 0
	}),
	simple("check_no_relays", func(f *Facts) bool {
		way := f.relays()
		return len(way.Trusted) == 0 && len(way.Untrusted) == 0 && way.Unparseable == 0
	}),
	simple("check_relays_unparseable", func(f *Facts) bool { return f.relays().Unparseable > 0 }),
	simple("check_for_numeric_helo", hasNumericHelo),
	simple("check_for_illegal_ip", never),
	simple("helo_ip_mismatch", hasOtherHeloAddr),
	simple("check_for_sender_no_reverse", hasNamedOrigin),
	{Name: "check_for_from_domain_in_received_headers", Rules: HeaderRules, Bind: bindDomainInReceived},
	simple("check_for_no_rdns_dotcom_helo", hasNamelessDotcom),
	simple("check_for_forged_received_trail", func(f *Facts) bool {
		names, _ := forgedHops(f.relays().Untrusted)
		return names > 1
	}),
	simple("check_for_forged_received_ip_helo", func(f *Facts) bool {
		_, addrs := forgedHops(f.relays().Untrusted)
		return addrs > 0
	}),
})

// never is a function that SpamAssassin keeps only for old rules.
func never(*Facts) bool { return false }

// ipv4 reads an IPv4 address, without zeros in front of its numbers.
func ipv4(s string) (netip.Addr, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(s)
	return addr, err == nil && addr.Is4()
}

// hasNumericHelo looks for a client that called itself by an address rather than a name. SpamAssassin means to let private
// addresses pass, but does not: its rules are worth what they are by what it finds.
func hasNumericHelo(f *Facts) bool {
	for i := range f.relays().Untrusted {
		helo := f.relays().Untrusted[i].Helo
		if n := strings.IndexAny(helo, ",;"); n >= 0 {
			helo = helo[:n]
		}
		if _, ok := ipv4(helo); ok {
			return true
		}
	}
	return false
}

// hasOtherHeloAddr looks for a client that called itself by an address that is not in its own /24.
func hasOtherHeloAddr(f *Facts) bool {
	for i := range f.relays().Untrusted {
		relay := &f.relays().Untrusted[i]
		helo, ok := ipv4(relay.Helo)
		if !ok || message.IsPrivate(helo) || relay.Private || !relay.Addr.Is4() {
			continue
		}
		if net, err := helo.Prefix(24); err == nil && !net.Contains(relay.Addr) {
			return true
		}
	}
	return false
}

// hasNamedOrigin tells whether the first client of all has a name with a dot, whatever the function's name says.
func hasNamedOrigin(f *Facts) bool {
	way := f.relays().Untrusted
	if len(way) == 0 {
		return false
	}
	origin := &way[len(way)-1]
	return strings.Contains(origin.Name, ".") && !origin.Private
}

// bindDomainInReceived is for mail of an author of that domain: did a host of it hand the message over to another one of it?
func bindDomainInReceived(args []string, _ *Settings) (Check, error) {
	if len(args) != 2 {
		return nil, errors.New("wants a domain, and 'true' or 'false'")
	}
	domain, wanted := args[0], args[1] == "true"
	return func(f *Facts) int {
		if !containsAtEdge(f.field("From", message.HeaderAddr), domain) {
			return 0
		}
		return hits(f.isHandedOverWithin(domain) == wanted)
	}, nil
}

func (f *Facts) isHandedOverWithin(domain string) bool {
	way := f.relays()
	for _, relays := range [...][]message.Relay{way.Trusted, way.Untrusted} {
		for i := range relays {
			if isWithin(relays[i].Name, domain) && isWithin(relays[i].By, domain) {
				return true
			}
		}
	}
	return false
}

// isWithin tells whether host ends with domain, with the edge of a word before it.
func isWithin(host, domain string) bool {
	before, found := strings.CutSuffix(host, domain)
	return found && (before == "" || !isWordByte(before[len(before)-1]))
}

// hasNamelessDotcom tells whether a host without a name in the DNS called itself one of a large provider's. The last
// public one decides.
func hasNamelessDotcom(f *Facts) bool {
	found := false
	for i := range f.relays().Untrusted {
		relay := &f.relays().Untrusted[i]
		if !relay.Private {
			found = isDotcom(relay.Helo) && relay.Looked && relay.Name == ""
		}
	}
	return found
}

func isDotcom(host string) bool {
	host = strings.ToLower(host)
	for _, domain := range [...]string{
		"lycos.com", "lycos.co.uk", "hotmail.com", "localhost.com", "excite.com", "caramail.com",
		"cs.com", "aol.com", "msn.com", "yahoo.com", "drizzle.com",
	} {
		if before, found := strings.CutSuffix(host, domain); found && (before == "" || before[len(before)-1] == '.') {
			return true
		}
	}
	return false
}

// forgedHops counts the hops whose receiver is not the client of the hop after it, by their domains, and those whose client
// called itself by an address of another /16.
func forgedHops(relays []message.Relay) (names, addrs int) {
	previous := "" // the domain of the client one hop nearer to us
	for i := range relays {
		relay := &relays[i]
		by := lastLabels(strings.ToLower(relay.By))
		from := lastLabels(strings.ToLower(relay.Name))
		if isHopDomain(by) {
			if from == "localhost" || from == "localhost.localdomain" {
				if relay.IP == "127.0.0.1" {
					from = ""
				}
			}
			if isFarHelo(relay) {
				addrs++
			}
			if i > 0 && isHopDomain(previous) && by != previous && !(by == "msn.com" && previous == "hotmail.com") {
				names++
			}
		}
		previous = from
	}
	return names, addrs
}

func isFarHelo(relay *message.Relay) bool {
	helo := strings.ToLower(relay.Helo)
	heloNet, ok := firstTwo(helo)
	net, isQuad := firstTwo(relay.IP)
	if !ok || !isQuad || heloNet == net {
		return false
	}
	addr, valid := ipv4(helo)
	return !valid || !message.IsPrivate(addr)
}

// firstTwo returns the first two of four numbers with dots between them.
func firstTwo(s string) (string, bool) {
	parts := strings.Split(s, ".")
	if len(parts) != 4 {
		return "", false
	}
	for _, part := range parts {
		if part == "" || strings.Trim(part, "0123456789") != "" {
			return "", false
		}
	}
	return parts[0] + "." + parts[1], true
}

// lastLabels returns what SpamAssassin took for the registered domain of a host before there was a list of suffixes: the last
// two labels below a top-level domain of three letters and some others, else three. Its rules were tuned with it.
func lastLabels(host string) string {
	if strings.IndexFunc(host, func(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }) < 0 {
		return host // an address
	}
	parts := strings.Split(strings.TrimRight(host, "."), ".")
	n := len(parts)
	switch top := parts[n-1]; {
	case n > 1 && (len(top) >= 3 || top == "ie" || top == "fr" || top == "de"):
		return strings.Join(parts[n-2:], ".")
	case n > 2:
		return strings.Join(parts[n-3:], ".")
	}
	return host
}

// isHopDomain tells whether a domain is complete enough to be compared.
func isHopDomain(s string) bool {
	dot := strings.LastIndexByte(s, '.')
	if dot < 2 || dot == len(s)-1 || !isWordByte(s[0]) {
		return false
	}
	for i := 1; i < len(s); i++ {
		if c := s[i]; !isWordByte(c) && (i > dot || c != '.' && c != '-') {
			return false
		}
	}
	return true
}
