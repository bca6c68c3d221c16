package test

import (
	"fmt"
	"net/netip"

	"winnow/pkg/filter"
	"winnow/pkg/milter/miltertest"
	"winnow/pkg/rig"
	"winnow/pkg/stats"
)

// The plan is Wednesday, 14 December 2016 at a provider, at 1:1000, the small figures rounded and kept consistent:
// 6,680,134 connections, of which Zen refused 5,403,727 and ivmSIP 236,211; 1,008,901 messages, of which 138,055 were
// whitelisted, 3,513 blacklisted, 6,960 too large and 131,480 not enabled; 728,893 scanned and 113,439 of them caught.

const (
	today     = "2016-12-14"
	sizeLimit = 32 << 10 // octets, in place of 512 KiB: what is too large need not be large here
)

// Points of the rules in the plan's rule file.
const (
	few    = "reading few"    // 4.5 points: not enough alone
	enough = "reading enough" // 6 points: caught
	plenty = "reading plenty" // 16 points: refused
)

const dayRules = `
body  DAY_FEW     /reading few/
score DAY_FEW     4.5
body  DAY_ENOUGH  /reading enough/
score DAY_ENOUGH  6
body  DAY_PLENTY  /reading plenty/
score DAY_PLENTY  16
`

// A batch is connections that are all alike, each with so many messages that are.
type batch struct {
	connections int
	messages    int // each connection; 0 is a client that goes after HELO
	client      string
	recipient   string // "user@our.example" where empty
	sender      string
	text        string // of the body
	link        string // host in a link; a clean one where empty
	large       bool

	refused   string   // the list that refuses the client
	class     string   // of the messages; "" where they are refused with their client
	caughtBy  []string // the sources that hit caught mail; rules where their points suffice
	caught    bool
	rejected  bool
	hits      []string // the lists that have client or link, caught or not
	decisive  []string // the sources without which it would not have been caught
	favoured  bool     // the recipient knows the sender
	aloneHits bool     // no other list would have refused the client
}

// Clients: each network is listed by the lists that it is called after. They are of the range for measurements.
const (
	clean     = "198.19.0."
	onZen     = "198.18.1."
	onZenIVM  = "198.18.2."
	onIVM     = "198.18.3."
	onIVM24   = "198.18.4."
	onBRBL    = "198.18.5."
	onInstant = "198.18.6."
	onPSky    = "198.18.7."
	onTwo     = "198.18.8." // Barracuda and Protected Sky
	onCSS     = "2001:db8:c55::"
)

// Hosts of links.
const (
	cleanHost = "www.clean-site.example"
	blackHost = "www.black-site.example"
	ivmHost   = "www.ivm-site.example"
	bothHost  = "www.both-site.example"
)

var day = []batch{
	// 5,404 connections refused by Zen: most by Zen alone, the others by both; three of them a correspondent's.
	{connections: 5201, messages: 1, client: onZen, refused: "zen", hits: []string{"zen"}, aloneHits: true},
	{connections: 100, client: onZen, refused: "zen", hits: []string{"zen"}, aloneHits: true},
	{connections: 100, messages: 2, client: onZenIVM, refused: "zen", hits: []string{"zen", "ivmsip"}},
	{connections: 3, messages: 1, client: onZen, sender: "friend@example.net", recipient: "alice@our.example", refused: "zen", hits: []string{"zen"}, aloneHits: true, favoured: true},
	// 236 by ivmSIP.
	{connections: 236, messages: 1, client: onIVM, refused: "ivmsip", hits: []string{"ivmsip"}, aloneHits: true},
	// 1,040 accepted: 51 without a message, 20 with two.
	{connections: 51, client: clean},
	{connections: 20, messages: 2, client: clean, class: "scanned"},
	// 138 whitelisted, half by the file, half because the recipient has written to the sender.
	{connections: 69, messages: 1, client: clean, sender: "news@partner.example.net", text: plenty, class: "whitelisted"},
	{connections: 69, messages: 1, client: clean, sender: "friend@example.net", recipient: "alice@our.example", text: plenty, class: "whitelisted"},
	// 4 blacklisted, 7 too large, 131 not enabled.
	{connections: 4, messages: 1, client: clean, sender: "pest@example.com", class: "blacklisted"},
	{connections: 7, messages: 1, client: clean, large: true, text: plenty, class: "too large"},
	{connections: 131, messages: 1, client: clean, recipient: "quiet@optout.example", text: plenty, class: "not enabled"},
	// 729 scanned (40 above). Not caught: nothing, a list or a few points, but not both.
	{connections: 526, messages: 1, client: clean, class: "scanned"},
	{connections: 20, messages: 1, client: onBRBL, class: "scanned", hits: []string{"barracuda"}},
	{connections: 20, messages: 1, client: clean, link: blackHost, class: "scanned", hits: []string{"uribl"}},
	{connections: 10, messages: 1, client: clean, text: few, class: "scanned"},
	// 113 caught. 44 by one list and a few points: that list's.
	caughtWithFew(2, onCSS, "", "zen"),
	caughtWithFew(8, clean, blackHost, "uribl"),
	caughtWithFew(2, onIVM24, "", "ivmsip24"),
	caughtWithFew(10, clean, ivmHost, "ivmuri"),
	caughtWithFew(9, onBRBL, "", "barracuda"),
	caughtWithFew(8, onInstant, "", "instantrbl"),
	caughtWithFew(5, onPSky, "", "psky"),
	// 32 by rules alone: the rules'.
	{connections: 22, messages: 1, client: clean, text: enough, class: "scanned", caught: true, caughtBy: []string{"rules"}, decisive: []string{"rules"}},
	{connections: 10, messages: 1, client: clean, text: plenty, class: "scanned", caught: true, rejected: true, caughtBy: []string{"rules"}, decisive: []string{"rules"}},
	// 37 nobody's: two lists; a list, and rules that suffice without it.
	{connections: 12, messages: 1, client: onTwo, text: few, class: "scanned", caught: true, hits: []string{"barracuda", "psky"}, caughtBy: []string{"barracuda", "psky"}, decisive: []string{"rules"}},
	{connections: 8, messages: 1, client: clean, link: bothHost, class: "scanned", caught: true, hits: []string{"uribl", "ivmuri"}, caughtBy: []string{"uribl", "ivmuri"}, decisive: []string{"uribl", "ivmuri"}},
	{connections: 17, messages: 1, client: clean, link: blackHost, text: enough, class: "scanned", caught: true, hits: []string{"uribl"}, caughtBy: []string{"uribl", "rules"}, decisive: []string{"rules"}},
}

// caughtWithFew is mail that one list and a few points have caught: neither would have alone.
func caughtWithFew(n int, client, link, list string) batch {
	return batch{connections: n, messages: 1, client: client, link: link, text: few, class: "scanned", caught: true,
		hits: []string{list}, caughtBy: []string{list}, decisive: []string{list, "rules"}}
}

// dayZones are the lists' data, and what proves the senders whom somebody knows.
var dayZones = []rig.Zone{
	{Name: "example.net", Type: "generic", Data: []byte("@ TXT \"v=spf1 ip4:198.19.0.0/24 ip4:198.18.1.0/24 -all\"\npartner TXT \"v=spf1 ip4:198.19.0.0/24 -all\"\n")},
	{Name: "zen.spamhaus.org", Type: "ip4set", Data: []byte("127.0.0.2 :127.0.0.2:\n198.18.1.0/24 :127.0.0.4:\n198.18.2.0/24 :127.0.0.2:\n")},
	{Name: "zen.spamhaus.org", Type: "ip6trie", Data: []byte("2001:db8:c55::/48 :127.0.0.3:\n")},
	{Name: "sip.invaluement.com", Type: "ip4set", Data: []byte(":127.0.0.2:\n127.0.0.2\n198.18.2.0/24\n198.18.3.0/24\n")},
	{Name: "sip24.invaluement.com", Type: "ip4set", Data: []byte(":127.0.0.2:\n127.0.0.2\n198.18.4.0/24\n")},
	{Name: "b.barracudacentral.org", Type: "ip4set", Data: []byte(":127.0.0.2:\n127.0.0.2\n198.18.5.0/24\n198.18.8.0/24\n")},
	{Name: "instant.our.example", Type: "ip4set", Data: []byte(":127.0.0.2:\n127.0.0.2\n198.18.6.0/24\n")},
	{Name: "bad.psky.me", Type: "ip4set", Data: []byte(":127.0.0.3:\n127.0.0.2 :127.0.0.2:\n198.18.7.0/24\n198.18.8.0/24\n")},
	{Name: "multi.uribl.com", Type: "dnset", Data: []byte(":127.0.0.2:\n2.0.0.127\nblack-site.example\nboth-site.example\n")},
	{Name: "uri.invaluement.com", Type: "dnset", Data: []byte(":127.0.0.2:\nivm-site.example\nboth-site.example\n")},
}

// dayLists are the lists of the plan, in the order of the shipped file.
var dayLists = []struct {
	name    string
	connect bool // asked about every connection
	ipv6    bool // asked about IPv6 clients, too
	links   bool // asked about links
}{
	{"zen", true, true, false}, {"ivmsip", true, false, false},
	{"ivmsip24", false, false, false}, {"barracuda", false, false, false}, {"instantrbl", false, false, false}, {"psky", false, false, false},
	{"uribl", false, false, true}, {"ivmuri", false, false, true},
}

// addr is the client of the batch's nth connection.
func (b *batch) addr(n int) netip.Addr {
	return netip.MustParseAddr(fmt.Sprintf("%s%d", b.client, 1+n%250))
}

// mail is the message of the batch's nth connection.
func (b *batch) mail(n int) *miltertest.Mail {
	m := &miltertest.Mail{Sender: b.sender, Recipients: []string{"user@our.example"}, QueueID: fmt.Sprintf("Q%d", n)}
	if m.Sender == "" {
		m.Sender = fmt.Sprintf("writer%d@sender.example.net", n)
	}
	if b.recipient != "" {
		m.Recipients[0] = b.recipient
	}
	link := b.link
	if link == "" {
		link = cleanHost
	}
	m.Header = [][2]string{{"From", " " + m.Sender}, {"To", " " + m.Recipients[0]}, {"Subject", " A letter"}}
	body := fmt.Sprintf("Hello,\r\n\r\nI am %s. See http://%s/page\r\n", b.text, link)
	if b.large {
		for len(body) <= sizeLimit {
			body += "a long line of a long letter that has a great many of them, all alike\r\n"
		}
	}
	m.Body = []byte(body)
	return m
}

// expected adds batches up to the report that they must end with.
func expected(day []batch) *stats.Report {
	r := &stats.Report{Span: stats.Span{From: today, To: today, Days: 1, Zone: "UTC"}, Failed: []stats.Count{}, Entries: []stats.Row{}}
	rows := map[string]*stats.Row{"rules": {Name: "rules", Title: "content rules", Kind: "rules"}}
	for _, l := range dayLists {
		rows[l.name] = &stats.Row{Name: l.name, Kind: "list"}
	}
	actions := map[filter.Action]int64{}
	for i := range day {
		day[i].addTo(r, rows, actions)
	}
	for _, l := range dayLists {
		r.Sources = append(r.Sources, *rows[l.name])
	}
	r.Sources = append(r.Sources, *rows["rules"])
	for _, a := range filter.Actions {
		r.Actions = append(r.Actions, stats.Count{Name: a.String(), Count: actions[a]})
	}
	for _, name := range []string{"zen", "ivmsip"} {
		r.Connections.Refused = append(r.Connections.Refused, stats.Refusal{List: name, Count: rows[name].Refusals, Alone: rows[name].RefusalsAlone})
	}
	return r
}

func (b *batch) addTo(r *stats.Report, rows map[string]*stats.Row, actions map[filter.Action]int64) {
	connections, messages := int64(b.connections), int64(b.connections*b.messages)
	r.Connections.Total += connections
	ipv6 := b.client == onCSS
	for _, l := range dayLists {
		switch {
		case l.connect && (l.ipv6 || !ipv6):
			rows[l.name].Asked += connections
		case !l.connect && b.class == "scanned" && (l.links || l.ipv6 || !ipv6):
			rows[l.name].Asked += messages
		}
	}
	for _, list := range b.hits {
		if list == "zen" || list == "ivmsip" {
			rows[list].Hits += connections
		} else {
			rows[list].Hits += messages
		}
	}
	if b.refused != "" {
		rows[b.refused].Refusals += connections
		if b.aloneHits {
			rows[b.refused].RefusalsAlone += connections
		}
		for _, list := range b.hits {
			rows[list].DoubtfulOf += messages
		}
		if b.favoured {
			rows[b.refused].Doubtful += messages
		}
		return
	}
	r.Connections.Accepted += connections
	b.addMessages(r, rows, actions, messages)
}

func (b *batch) addMessages(r *stats.Report, rows map[string]*stats.Row, actions map[filter.Action]int64, messages int64) {
	if messages == 0 {
		return
	}
	m := &r.Messages
	m.Total += messages
	*map[string]*int64{
		"whitelisted": &m.Whitelisted, "blacklisted": &m.Blacklisted, "too large": &m.TooLarge,
		"not enabled": &m.NotEnabled, "scanned": &m.Scanned,
	}[b.class] += messages
	switch {
	case b.class == "blacklisted" || b.rejected:
		actions[filter.Reject] += messages
	case b.caught:
		actions[filter.Tag] += messages
	default:
		actions[filter.Accept] += messages
	}
	if b.class == "scanned" {
		rows["rules"].Asked += messages
	}
	for _, list := range b.hits {
		rows[list].DoubtfulOf += messages
	}
	if b.class != "blacklisted" && !b.caught {
		m.Delivered += messages
	}
	if !b.caught {
		return
	}
	m.Caught += messages
	if len(b.caughtBy) == 1 {
		rows[b.caughtBy[0]].Unique += messages
	}
	for _, source := range b.caughtBy {
		if source == "rules" {
			rows["rules"].Hits += messages
			rows["rules"].DoubtfulOf += messages
		}
	}
	for _, source := range b.decisive {
		rows[source].Decisive += messages
	}
}
