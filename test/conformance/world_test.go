package conformance

import (
	"context"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
)

// A world is a DNS that has something for every name, made of nothing but the name: SpamAssassin and winnow are shown the
// same one, whatever they ask, and it is the same each time. Of what lists are asked about, one in four is listed; domains
// have records for mail, or not, in all the usual ways.
type world struct{}

// lists are zones of the stock rules, and of ours, and the codes and texts by which they list.
var lists = map[string]dnstest.Host{
	"zen.spamhaus.org":                {A: []string{"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.10", "127.0.0.11"}},
	"bl.spamcop.net":                  {A: []string{"127.0.0.2"}, TXT: []string{"Blocked - see https://www.spamcop.net/bl.shtml"}},
	"list.dnswl.org":                  {A: []string{"127.0.5.0", "127.0.5.1", "127.0.10.2", "127.0.3.3"}},
	"bl.mailspike.net":                {A: []string{"127.0.0.2", "127.0.0.10", "127.0.0.11", "127.0.0.12", "127.0.0.13"}},
	"wl.mailspike.net":                {A: []string{"127.0.0.17", "127.0.0.18", "127.0.0.19", "127.0.0.20"}},
	"iadb.isipp.com":                  {A: []string{"127.0.1.255", "127.0.0.1", "127.2.255.1", "127.3.100.9", "127.3.100.6"}},
	"sa-trusted.bondedsender.org":     {TXT: []string{"certified"}},
	"sa-accredit.habeas.com":          {TXT: []string{"safe"}},
	"bl.score.senderscore.com":        {A: []string{"127.0.0.2", "127.0.0.4"}},
	"activationcode.r.mail-abuse.com": {A: []string{"127.1.0.1", "127.1.0.2", "127.1.0.4", "127.1.0.8"}},
	"nonconfirm.mail-abuse.com":       {A: []string{"127.1.0.16"}},
	"dbl.spamhaus.org":                {A: []string{"127.0.1.2", "127.0.1.4", "127.0.1.5", "127.0.1.6", "127.0.1.102", "127.0.1.103", "127.0.1.104", "127.0.1.105", "127.0.1.106"}},
	"multi.surbl.org":                 {A: []string{"127.0.0.8", "127.0.0.16", "127.0.0.64", "127.0.0.128", "127.0.0.72"}},
	"multi.uribl.com":                 {A: []string{"127.0.0.2", "127.0.0.4", "127.0.0.8", "127.0.0.14"}},
	"fresh.fmb.la":                    {A: []string{"127.2.0.2", "127.2.0.14", "127.2.0.28"}},
	"lookup.dkimwl.org":               {A: []string{"127.0.2.5", "127.0.3.4", "127.1.2.3", "127.0.0.0"}},
	"bl.btcblack.it":                  {A: []string{"127.0.0.2"}},
	"bl.test.example":                 {A: []string{"127.0.0.2", "127.0.0.3", "127.0.0.6", "192.0.2.7"}, TXT: []string{"a test listing"}},
	"rhs.test.example":                {A: []string{"127.0.0.2", "127.0.0.4", "127.0.1.2"}, TXT: []string{"a test name"}},
	"hash.test.example":               {A: []string{"127.0.0.2", "127.0.0.3"}},
}

// find returns what the world has for a name; false where there is no such name.
func (world) find(name string) (dnstest.Host, bool) {
	h := sum(name)
	for rest, more := name, true; more; {
		if _, rest, more = strings.Cut(rest, "."); !more {
			break
		}
		if list, known := lists[rest]; known {
			return listing(list, h)
		}
	}
	labels := strings.Split(name, ".")
	switch {
	case len(labels) < 2:
		return dnstest.Host{}, false
	case strings.Contains(name, "._domainkey."):
		key, known := keys[name]
		return dnstest.TXT(key), known
	case strings.HasSuffix(name, spfZone) && h%4 == 0:
		return dnstest.Host{}, false
	case strings.HasSuffix(name, spfZone):
		return dnstest.A("127.0.0.2"), true
	case labels[0] == "_dmarc":
		return policy(h)
	case strings.HasPrefix(labels[0], "_"):
		return dnstest.Host{}, false
	case h%8 == 0:
		return dnstest.Host{}, false
	}
	return domain(name, h), true
}

// listing lists one name in four, with one of the list's codes, or two.
func listing(list dnstest.Host, h uint64) (dnstest.Host, bool) {
	if h%4 != 0 {
		return dnstest.Host{}, false
	}
	h /= 4
	found := dnstest.Host{TXT: list.TXT}
	if n := uint64(len(list.A)); n > 0 {
		found.A = []string{list.A[h%n]}
		if second := list.A[h/7%n]; h%5 == 0 && second != found.A[0] {
			found.A = append(found.A, second)
		}
	}
	return found, true
}

// spfs are what domains say of who may send their mail: hosts that are in a zone of the world, which has three of four.
var spfs = []string{
	"", "v=spf1 -all", "v=spf1 ~all", "v=spf1 ?all", "v=spf1 nonsense:x -all", "no policy at all",
	"v=spf1 exists:%{ir}.spf.test.example -all", "v=spf1 exists:%{ir}.spf.test.example ~all",
}

// spfZone holds the hosts that domains let send.
const spfZone = ".spf.test.example"

func domain(name string, h uint64) dnstest.Host {
	host := dnstest.Host{
		A:  []string{fmt.Sprintf("11.%d.%d.%d", h/256%256, h/65536%256, h%254+1)},
		NS: []string{fmt.Sprintf("ns1.dns%d.example.com", h%40), fmt.Sprintf("ns2.dns%d.example.org", h%40)},
		MX: []string{"mx." + name},
	}
	if spf := spfs[h/3%uint64(len(spfs))]; spf != "" {
		host.TXT = []string{spf}
	}
	if h%9 == 1 {
		host.A = nil
	}
	return host
}

// policy is what a domain has published by DMARC, if it has.
func policy(h uint64) (dnstest.Host, bool) {
	policies := []string{"none", "quarantine", "reject"}
	if h%3 == 0 {
		return dnstest.Host{}, false
	}
	return dnstest.TXT("v=DMARC1; p=" + policies[h/3%3]), true
}

func sum(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64() >> 8
}

// Resolve answers as the server does that SpamAssassin asks.
func (w world) Resolve(ctx context.Context, q dns.Question) (dns.Answer, error) {
	name := strings.ToLower(strings.TrimSuffix(q.Name, "."))
	zones := dnstest.Zones{}
	if host, found := w.find(name); found {
		zones[name] = host
	}
	answer, err := zones.Resolve(ctx, q)
	answer.TTL = time.Minute
	return answer, err
}
