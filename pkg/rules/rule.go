package rules

import (
	"strings"

	"winnow/pkg/message"
	"winnow/pkg/rules/eval"
	"winnow/pkg/rules/pattern"
)

// A Rule is one rule of a set: what it looks at, and what it is worth.
type Rule struct {
	Name     string
	Type     Type
	File     string // where it is defined
	Line     int
	Describe string
	Score    float64 // in force; of a subrule it says only whether it is run
	Flags    Flags
	Priority int // lower ones run first; it decides which captured texts a rule can use, and what a short circuit leaves out

	scores    [4]float64
	source    int  // the file, by index in the set
	section   int  // the text it is matched against, by index in the set; a meta has none
	slot      int  // its pattern, by index in the section's finder
	unsetHits bool // its pattern matches what stands for a field that is not there
	header    headerTest
	text      string           // the definition as it is written, without name
	regex     regex            // what pattern is compiled from
	pattern   *pattern.Pattern // nil for a meta, for exists: and for what is not matched against one text
	links     []linkTest       // of a uri_detail rule
	unread    []string         // of a uri_detail rule: what does not count, as in SpamAssassin
	captures  []capture        // tags that its pattern sets
	template  *template        // its pattern uses tags; nil where it does not
	expr      *expr            // of a meta
	call      *call            // of an eval rule
	question  *dnsQuestion     // of an askdns rule
	plan      *eval.Plan       // what it asks the network; nil where it asks nothing
	blocks    []string         // zones that refuse to answer where it hits; nil for a rule of no dns_block_rule
	waits     bool             // it takes answers of the network, or names a rule that does
	off       bool             // not run: its score is 0, or it needs what is not there; its value is 0
	circuit   circuitKind      // what it makes of a message where it hits, and ends the work
	broken    bool             // it cannot be run: it is off for good
	why       string           // it is broken
	leftOut   bool             // a condition leaves it out
	tests     []testLine
}

// A Type is what a rule looks at.
type Type uint8

const (
	Header     Type = iota // a field, or several
	Body                   // the text as a reader sees it
	RawBody                // the text parts, transfer-decoded
	URI                    // the links
	Full                   // the message as it came
	Meta                   // what other rules found
	MIMEHeader             // a field of each MIME part
	URIDetail              // the links, and what is known of each
	AskDNS                 // an answer of the DNS
)

func (t Type) String() string {
	return [...]string{"header", "body", "rawbody", "uri", "full", "meta", "mimeheader", "uri_detail", "askdns"}[t]
}

// A regex is a pattern as text.
type regex struct {
	source, flags string
	expanded      string // with its tags replaced, "" where nothing was
}

// text is the pattern to be compiled.
func (x *regex) text() string {
	if x.expanded != "" {
		return x.expanded
	}
	return x.source
}

// kind names what a rule looks at, and how.
func (rule *Rule) kind() string {
	if rule.call != nil {
		return rule.Type.String() + " eval"
	}
	return rule.Type.String()
}

// A headerTest is what a header rule asks.
type headerTest struct {
	name   string
	mod    message.HeaderMod
	exists bool   // only whether it is there
	not    bool   // !~
	unset  string // what to match where there is no such field: [if-unset: text]
}

// Flags are a rule's tflags, as far as they mean something here; the others are known and have no effect.
type Flags struct {
	Net       bool // asks the network: an eval rule is not run without it; metas have it of the rules that they name
	Learn     bool // needs Bayes: an eval rule is not run without it
	Nice      bool // speaks for the message
	Multiple  bool // every match counts, not one
	MaxHits   int  // with Multiple: as many count; 0 is maxHits
	NoSubject bool // a body rule that leaves the Subject out
	Concat    bool // a mimeheader rule that looks at the fields of all parts as one text
	First     int  // range=: the part that a mimeheader rule begins with, from 1; 0 is the first
	Last      int  // range=: the part that it ends with; 0 is maxPartRange

	// Of rules that ask lists.
	A           bool // about the addresses of a link's host
	NS          bool // about its name servers
	IPsOnly     bool // about addresses, not names
	DomainsOnly bool // about names, not addresses
	NoTrim      bool // about whole names, not registered domains
}

// subrule tells whether a rule only serves metas: it adds no points and is never shown.
func subrule(name string) bool { return strings.HasPrefix(name, "__") }

// defaultScore is what a rule without a score line is worth.
func defaultScore(name string, flags Flags) float64 {
	score := 1.0
	if strings.HasPrefix(name, "T_") { // on probation
		score = 0.01
	}
	if flags.Nice {
		return -score
	}
	return score
}

// validName tells whether a name is one of a rule.
func validName(name string) bool {
	if name == "" || len(name) > maxNameLength || '0' <= name[0] && name[0] <= '9' {
		return false
	}
	for i := range len(name) {
		if !isWord(name[i]) {
			return false
		}
	}
	return true
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
