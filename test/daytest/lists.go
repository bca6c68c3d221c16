package daytest

import (
	"fmt"
	"net/netip"
	"strings"

	"winnow/pkg/rig"
)

// Clients: each network is on the lists that it is called after. They are of the ranges for measurements (RFC 2544) and for
// documentation (RFC 3849).
var (
	clean       = netip.MustParsePrefix("198.19.0.0/17")
	onZen       = netip.MustParsePrefix("198.18.128.0/17")
	onZenIVM    = netip.MustParsePrefix("198.18.64.0/18")
	onIVM       = netip.MustParsePrefix("198.18.32.0/19")
	onIVM24     = netip.MustParsePrefix("198.18.4.0/24")
	onBarracuda = netip.MustParsePrefix("198.18.5.0/24")
	onInstant   = netip.MustParsePrefix("198.18.6.0/24")
	onPSky      = netip.MustParsePrefix("198.18.7.0/24")
	onTwo       = netip.MustParsePrefix("198.18.8.0/24") // Barracuda and Protected Sky
	onThree     = netip.MustParsePrefix("198.18.9.0/24") // these and InstantRBL
	onCSS       = netip.MustParsePrefix("2001:db8:c55::/48")
)

// Hosts of links, by number: see host. Their domains are on the lists that they are called after.
const (
	unlisted  = "www.clean-site%s.example"
	onURIBL   = "www.black-site%s.example"
	onIVMURI  = "www.ivm-site%s.example"
	onBothURI = "www.both-site%s.example"
)

// sites is how many hosts there are of each of them.
const sites = 100

// host is one of the hosts: the first has no number.
func host(of string, n int) string {
	number := ""
	if n > 0 {
		number = fmt.Sprint(n)
	}
	return fmt.Sprintf(of, number)
}

// A List is how a list of the plan is asked.
type List struct {
	Name    string
	connect bool // about every connection
	ipv6    bool // about IPv6 clients, too
	links   bool // about links
}

// Lists are those of the plan, in the order of the shipped file.
var Lists = []List{
	{"zen", true, true, false},
	{"ivmsip", true, false, false},
	{"ivmsip24", false, false, false},
	{"barracuda", false, false, false},
	{"instantrbl", false, false, false},
	{"psky", false, false, false},
	{"uribl", false, false, true},
	{"ivmuri", false, false, true},
}

// Zones are the lists' data, and what proves the senders whom somebody knows.
func Zones() []rig.Zone {
	spf := func(networks ...netip.Prefix) string {
		text := "v=spf1"
		for _, n := range networks {
			text += " ip4:" + n.String()
		}
		return fmt.Sprintf("TXT %q\n", text+" -all")
	}
	return []rig.Zone{
		{Name: "example.net", Type: "generic", Data: []byte("@ " + spf(clean, onZen) + "partner " + spf(clean))},
		clients("zen.spamhaus.org", "127.0.0.2 :127.0.0.2:", answer(onZen, "127.0.0.4"), answer(onZenIVM, "127.0.0.2")),
		{Name: "zen.spamhaus.org", Type: "ip6trie", Data: []byte(answer(onCSS, "127.0.0.3") + "\n")},
		clients("sip.invaluement.com", listed, onZenIVM.String(), onIVM.String()),
		clients("sip24.invaluement.com", listed, onIVM24.String()),
		clients("b.barracudacentral.org", listed, onBarracuda.String(), onTwo.String(), onThree.String()),
		clients("instant.our.example", listed, onInstant.String(), onThree.String()),
		clients("bad.psky.me", ":127.0.0.3:\n127.0.0.2 :127.0.0.2:", onPSky.String(), onTwo.String(), onThree.String()),
		domains("multi.uribl.com", "2.0.0.127", onURIBL, onBothURI),
		domains("uri.invaluement.com", "", onIVMURI, onBothURI),
	}
}

// listed answers with 127.0.0.2, also to the probe.
const listed = ":127.0.0.2:\n127.0.0.2"

func answer(network netip.Prefix, code string) string {
	return fmt.Sprintf("%s :%s:", network, code)
}

func clients(zone string, lines ...string) rig.Zone {
	return rig.Zone{Name: zone, Type: "ip4set", Data: []byte(strings.Join(lines, "\n") + "\n")}
}

func domains(zone, probe string, hosts ...string) rig.Zone {
	text := ":127.0.0.2:\n" + probe + "\n"
	for _, of := range hosts {
		for n := range sites {
			text += strings.TrimPrefix(host(of, n), "www.") + "\n"
		}
	}
	return rig.Zone{Name: zone, Type: "dnset", Data: []byte(text)}
}
