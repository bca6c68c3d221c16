// Package daytest holds the sample day: Wednesday, 14 December 2016 at a provider, as its account came to be, and all that it
// takes to play it again at any scale. At 1:1 it is 6,680,134 connections and 1,008,901 messages.
//
// The plan says of each kind of connection how many there were, what was sent over them, which lists have the client or a link,
// and what is to become of it. From it follow the lists' data (Zones), the rules (Rules), the connections in the order of the
// day (Plan.Visits), and the report that the day must end with (Plan.Report): who plays the visits over lists that serve the
// zones must find that report in the account, number for number.
package daytest

import "net/netip"

const (
	// Today is the day.
	Today = "2016-12-14"
	// SizeLimit is what policy.max_size must be, in octets, in place of 512 KiB: what is too large need not be large here.
	SizeLimit = 32 << 10
)

// Texts of messages, and what Rules find them to be worth.
const (
	few    = "reading few"    // 4.5 points: not enough alone
	enough = "reading enough" // 6 points: caught
	plenty = "reading plenty" // 16 points: refused
)

// What the configuration of a site names in its files, and the rules by which it reads.
const (
	Rules = `
body  DAY_FEW     /reading few/
score DAY_FEW     4.5
body  DAY_ENOUGH  /reading enough/
score DAY_ENOUGH  6
body  DAY_PLENTY  /reading plenty/
score DAY_PLENTY  16
`
	Whitelist = "partner.example.net\n"
	Blacklist = "pest@example.com\n"
	Enabled   = "our.example\n"
)

// Whom Alice knows, because she wrote to him the day before: see Before.
const (
	alice  = "alice@our.example"
	friend = "friend@example.net"
)

// A Kind is connections that are all alike, each with so many messages that are.
type Kind struct {
	Connections int
	Messages    int // of each connection; 0 is a client that goes after HELO

	of        string // the part of the funnel that it is in, from the mouth on: "accepted/scanned/caught"
	client    netip.Prefix
	recipient string // one of many where empty
	sender    string // one of many where empty
	text      string // of the body
	link      string // host in a link, by number; a clean one where empty
	large     bool

	refused  string   // the list that refuses the client
	alone    bool     // no other list would have
	class    string   // of the messages; "" where they are refused with their client
	hits     []string // the lists that have client or link, caught or not
	caughtBy []string // the sources that hit caught mail: lists, and the rules where they suffice
	decisive []string // those without which it would not have been caught
	rejected bool     // for its content
	favoured bool     // the recipient knows the sender
}

// Parts of the funnel.
const (
	byZen    = "zen"
	byIVM    = "ivmsip"
	accepted = "accepted"
	single   = accepted + "/single" // one message
	scanned  = single + "/scanned"
	passed   = scanned + "/passed"
	caught   = scanned + "/caught"
	ofList   = caught + "/unique" // one list and a few points: that list's
	ofRules  = caught + "/rules"
	nobodys  = caught + "/nobody's" // sources that take it from each other
)

// whole is the day at 1:1.
var whole = []Kind{
	// 5,403,727 refused by Zen.
	{Connections: 5_180_727, Messages: 1, of: byZen, client: onZen, refused: "zen", hits: []string{"zen"}, alone: true},
	{Connections: 100_000, of: byZen, client: onZen, refused: "zen", hits: []string{"zen"}, alone: true},
	{Connections: 100_000, Messages: 1, of: byZen, client: onZenIVM, refused: "zen", hits: []string{"zen", "ivmsip"}},
	{Connections: 20_000, Messages: 2, of: byZen, client: onZenIVM, refused: "zen", hits: []string{"zen", "ivmsip"}},
	{Connections: 3_000, Messages: 1, of: byZen, client: onZen, sender: friend, recipient: alice, refused: "zen", hits: []string{"zen"}, alone: true, favoured: true},
	// 236,211 by ivmSIP.
	{Connections: 230_211, Messages: 1, of: byIVM, client: onIVM, refused: "ivmsip", hits: []string{"ivmsip"}, alone: true},
	{Connections: 6_000, of: byIVM, client: onIVM, refused: "ivmsip", hits: []string{"ivmsip"}, alone: true},
	// 1,040,196 accepted: some without a message, some with two.
	{Connections: 51_295, of: accepted + "/none", client: clean},
	{Connections: 20_000, Messages: 2, of: accepted + "/two", client: clean, class: "scanned"},
	// 138,055 whitelisted, half by the file, half because the recipient has written to the sender.
	{Connections: 69_055, Messages: 1, of: single + "/whitelisted", client: clean, sender: "news@partner.example.net", text: plenty, class: "whitelisted"},
	{Connections: 69_000, Messages: 1, of: single + "/whitelisted", client: clean, sender: friend, recipient: alice, text: plenty, class: "whitelisted"},
	{Connections: 3_513, Messages: 1, of: single + "/blacklisted", client: clean, sender: "pest@example.com", class: "blacklisted"},
	{Connections: 6_960, Messages: 1, of: single + "/too large", client: clean, large: true, text: plenty, class: "too large"},
	{Connections: 131_480, Messages: 1, of: single + "/not enabled", client: clean, recipient: "quiet@optout.example", text: plenty, class: "not enabled"},
	// 728,893 scanned, 40,000 of them above. Not caught: nothing, a list or a few points, but not both.
	{Connections: 525_454, Messages: 1, of: passed, client: clean, class: "scanned"},
	{Connections: 20_000, Messages: 1, of: passed, client: onBarracuda, class: "scanned", hits: []string{"barracuda"}},
	{Connections: 20_000, Messages: 1, of: passed, client: clean, link: onURIBL, class: "scanned", hits: []string{"uribl"}},
	{Connections: 10_000, Messages: 1, of: passed, client: clean, text: few, class: "scanned"},
	// 113,439 caught. 45,441 by one list and a few points.
	caughtWithFew(2_062, onCSS, "", "zen"),
	caughtWithFew(8_137, clean, onURIBL, "uribl"),
	caughtWithFew(2_029, onIVM24, "", "ivmsip24"),
	caughtWithFew(10_194, clean, onIVMURI, "ivmuri"),
	caughtWithFew(9_109, onBarracuda, "", "barracuda"),
	caughtWithFew(8_442, onInstant, "", "instantrbl"),
	caughtWithFew(5_468, onPSky, "", "psky"),
	// 32,007 by rules alone.
	{Connections: 22_007, Messages: 1, of: ofRules, client: clean, text: enough, class: "scanned", caughtBy: []string{"rules"}, decisive: []string{"rules"}},
	{Connections: 10_000, Messages: 1, of: ofRules, client: clean, text: plenty, class: "scanned", rejected: true, caughtBy: []string{"rules"}, decisive: []string{"rules"}},
	// 35,991 nobody's: lists that hit the same, and lists beside rules that suffice without them.
	{Connections: 11_000, Messages: 1, of: nobodys, client: onTwo, text: few, class: "scanned", hits: []string{"barracuda", "psky"}, caughtBy: []string{"barracuda", "psky"}, decisive: []string{"rules"}},
	{Connections: 9_991, Messages: 1, of: nobodys, client: clean, link: onURIBL, text: enough, class: "scanned", hits: []string{"uribl"}, caughtBy: []string{"uribl", "rules"}, decisive: []string{"rules"}},
	{Connections: 1_000, Messages: 1, of: nobodys, client: onBarracuda, link: onURIBL, text: enough, class: "scanned", hits: []string{"barracuda", "uribl"}, caughtBy: []string{"barracuda", "uribl", "rules"}},
	caughtByLists(8_000, clean, onBothURI, "uribl", "ivmuri"),
	caughtByLists(3_000, onThree, "", "barracuda", "instantrbl", "psky"),
	caughtByLists(2_000, onIVM24, onURIBL, "ivmsip24", "uribl"),
	caughtByLists(1_000, onCSS, onIVMURI, "zen", "ivmuri"),
}

// caughtWithFew is mail that one list and a few points have caught: neither would have alone.
func caughtWithFew(n int, client netip.Prefix, link, list string) Kind {
	return Kind{
		Connections: n, Messages: 1, of: ofList, client: client, link: link, text: few, class: "scanned",
		hits: []string{list}, caughtBy: []string{list}, decisive: []string{list, "rules"},
	}
}

// caughtByLists is mail that lists have caught together: without any of them it would have passed.
func caughtByLists(n int, client netip.Prefix, link string, lists ...string) Kind {
	return Kind{
		Connections: n, Messages: 1, of: nobodys, client: client, link: link, class: "scanned",
		hits: lists, caughtBy: lists, decisive: lists,
	}
}
