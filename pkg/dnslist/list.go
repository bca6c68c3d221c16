package dnslist

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"winnow/pkg/dns"
	"winnow/pkg/filter"
)

// A List is one DNS list: where it is, what it is asked about, and what its return codes mean.
type List struct {
	Name  string // "zen": in statistics, logs and the configuration
	Title string // "Spamhaus ZEN": what a stranger reads
	Zone  string // lower case; may hold "{key}" as a label; "" until a subscriber fills it in

	KeyFile string // where the key is read from, ""
	KeyEnv  string // the environment's variable that holds it, ""
	Key     Secret // read by Config.Lists when the list is enabled

	Enabled   bool
	Observe   bool // its hits are counted and shown, but have no effect
	Ask       []Ask
	Phase     filter.Phase // Connect or Content
	Form      Form         // of names
	Hash      dns.Hash     // of that
	Addresses bool         // it takes addresses in place of names
	IPv6      bool         // it has IPv6 addresses

	Codes   []Code
	Refused []Match // besides 127.255.255.0/24
	Probe   Probe

	URL     string // where a stranger reads more; may hold {ip} and {domain}
	Dataset string // two enabled lists of one data set are the same list twice
	Terms   string // of use
	Budget  int    // questions a day that the terms allow, 0 where unknown
	Timeout time.Duration

	file    string
	line    int
	ofRules bool // only rules name it: see Visit
}

// A Form is what of a name a list is asked about.
type Form uint8

const (
	Domain  Form = iota // the registered domain: example.co.uk of www.example.co.uk
	Host                // the whole host name
	Both                //
	Mailbox             // the whole mail address; only as a hash
	Link                // host and path of a link; only as a hash
)

var formNames = []string{"domain", "host", "both", "mailbox", "link"}

func (f Form) String() string { return formNames[f] }

// A Code is what some of a list's return codes mean.
type Code struct {
	Match      Match
	Ask        Asks // it counts of nothing else; 0 for all that the list is asked about
	Symbol     string
	Title      string
	Score      float64
	Action     filter.Action
	IPv6Action filter.Action // Action, where the list's file does not say
	Observe    bool
	Text       string // the reply's template, "" for the one that all lists share
	URL        string // "" for the list's

	line int
}

// A Probe is the test entries of a list, as they stand before its zone. "" is none.
type Probe struct {
	Listed string // always listed
	Clean  string // never listed
}

// The test entries that every list must have (RFC 5782, 5).
var (
	addressProbe = Probe{Listed: "2.0.0.127", Clean: "1.0.0.127"}
	nameProbe    = Probe{Listed: "test", Clean: "invalid"}
)

// asks tells whether the list is asked about a.
func (l *List) asks(a Ask) bool { return slices.Contains(l.Ask, a) }

// ofAddresses tells whether the list holds addresses; else it holds names.
func (l *List) ofAddresses() bool { return newAsks(l.Ask...)&ofAddresses != 0 }

// ofLinks tells whether the list is asked about what stands in the text.
func (l *List) ofLinks() bool { return newAsks(l.Ask...)&ofLinks != 0 }

// ofWhole tells whether the list is asked about mail addresses or links as a whole.
func (l *List) ofWhole() bool { return l.Form == Mailbox || l.Form == Link }

// counts tells whether the code means something where a was asked about.
func (c *Code) counts(a Ask) bool { return c.Ask == 0 || c.Ask.Has(a) }

// keyLabel is what in a zone stands for the subscriber's key.
const keyLabel = "{key}"

func (l *List) needsKey() bool { return strings.Contains(l.Zone, keyLabel) }

// ShownZone is the zone as it may be shown to anybody: without its key.
func (l *List) ShownZone() string { return strings.Replace(l.Zone, keyLabel, dns.Hidden, 1) }

// at says where the list is declared.
func (l *List) at() string { return fmt.Sprintf("%s:%d", l.file, l.line) }

func (l *List) fault(line int, format string, args ...any) error {
	return &Fault{File: l.file, Line: line, Name: l.Name, What: fmt.Sprintf(format, args...)}
}

// A Fault is something wrong in a file that an operator writes.
type Fault struct {
	File string
	Line int    // 0 where no line is to blame
	Name string // of the list, "" where it is not known
	What string // and what to do
}

func (f *Fault) Error() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d", f.Line)
	}
	if f.Name != "" {
		b.WriteString(": " + f.Name)
	}
	return b.String() + ": " + f.What
}
