// Package filter is the contract between the parts of winnow: what a stage is asked and what it answers, the order in
// which stages run, and how their answers become a verdict.
//
// A Stage looks at a message and returns a Result for each of its sources (a list, a rule file). The Pipeline runs the
// stages of a phase side by side and writes their answers into the message's Verdict, in order. The Policy turns
// that trail into an action. Nobody else decides; nobody here logs, counts or speaks SMTP: header, reply, log line
// and statistics are views of the one Verdict.
package filter

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"winnow/pkg/message"
)

// A Stage looks at a message and reports what each of its sources says. It does not decide, log or count.
type Stage interface {
	// Name is the stage's name in statistics and configuration, such as "dnsbl".
	Name() string
	// Phase says when the facts that the stage needs are complete.
	Phase() Phase
	// Check answers for every source, in configuration order. It returns soon after ctx ends; sources that could not
	// answer by then have an Err. It may run beside other stages' Checks of the same message.
	Check(ctx context.Context, m *message.Message) []Result
}

// A Phase is a point of the SMTP dialogue at which new facts are complete.
type Phase int

const (
	Connect  Phase = iota // the client is known
	Envelope              // sender and one recipient are known; asked for each recipient
	Proof                 // all is there, so that it can be proven who sent it; asked for each recipient who is Held or to be scanned
	Content               // all is there, and somebody wants it scanned
)

// phases is how many there are.
const phases = int(Content) + 1

var phaseNames = [...]string{"connect", "envelope", "proof", "content"}

func (p Phase) String() string { return phaseNames[p] }

// MarshalText writes the phase as its name.
func (p Phase) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads a phase's name.
func (p *Phase) UnmarshalText(text []byte) error { return unmarshal(p, text, "phase", phaseNames[:]) }

// A Kind says what sort of thing a source is, which is how the account treats it.
type Kind int

const (
	List  Kind = iota // a DNS list: a row of its own in the statistics
	Rules             // content rules: one row for all of them
	Entry             // entries that give a recipient a standing: whitelist, blacklist, filtering not enabled
)

var kindNames = [...]string{"list", "rules", "entry"}

func (k Kind) String() string { return kindNames[k] }

// MarshalText writes the kind as its name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads a kind's name.
func (k *Kind) UnmarshalText(text []byte) error { return unmarshal(k, text, "kind", kindNames[:]) }

// A Result is one source's answer about one message.
type Result struct {
	Source string        // the list, file or set asked: "zen", "20_body.cf", "auto-whitelist"
	Kind   Kind          //
	Hits   []Hit         // none is a miss
	Err    error         // it could not answer (all of) what it was asked: never a hit; may be ErrRefused and the like
	Asked  int           // questions put to it; 0 where the message has nothing it takes
	Cached int           // those of them that a cache answered
	Took   time.Duration // from the first question to the last answer; rules do not count what they waited for lists
	Listed bool          // it lists something of the message, which is worth nothing by itself: a rule looks at it
	Age    time.Duration // of the oldest answer that a cache gave
	// Answers are those that had records, as the list gave them: what a code means may change, what was answered does not.
	Answers []Answer
}

// An Answer is what a list had for one thing that it was asked about.
type Answer struct {
	Ask    string        // what was asked about: "client", "uri"
	Name   string        // in the DNS, without the list's secret: "4.3.2.1.zen.spamhaus.org"
	Codes  []netip.Addr  // its return codes, all of them
	Guess  bool          // it was asked about what only looks like a link
	IPv6   bool          // it was asked about an address of that family
	Cached bool          // a cache had it
	Age    time.Duration // for so long
}

// What a source's Err may be beyond a plain failure; the account keeps them apart.
var (
	// ErrRefused is the Err of a source that declined to answer us: over its limit, unregistered, a public resolver.
	ErrRefused = errors.New("refused to answer")
	// ErrBogus is the Err of a list that answered something no DNS list answers, such as an address outside 127/8.
	ErrBogus = errors.New("answered what no list answers")
	// ErrUnknown is the Err of a list that answered a return code which its configuration does not declare.
	ErrUnknown = errors.New("answered an undeclared return code")
)

// A Hit is one reason to think better or worse of a message.
type Hit struct {
	Symbol   string   // "ZEN_XBL", "ADVANCE_FEE_5"
	Score    float64  // points; negative speaks for the message
	Action   Action   // what it demands on its own; None leaves it to the points
	Standing Standing // what it makes of the recipient; only in the phases that are asked for each
	Code     [4]byte  // the return code that a list gave for it: 127.0.0.4
	Observe  bool     // it is counted and shown, but has no effect: neither points nor action
	Claim    string   // the known sender that the message claims to be from: proven where it makes the recipient Whitelisted
	Forged   bool     // of a claim: it is disproved, not just unproven
	Detail   string   // evidence for us: "4.3.2.1.zen.spamhaus.org A 127.0.0.4"
	Text     string   // what a stranger is told if this hit decides; "{id}" stands for the reject id
}

// Counts tells whether the hit is one that the statistics take for "this source caught it": a hit that speaks for the
// message is none, whatever its kind.
func (h *Hit) Counts() bool { return h.Score > 0 || h.Action > Accept }

// An Action is what becomes of a message, mildest first.
type Action int

const (
	None       Action = iota // nothing was decided yet
	Accept                   // deliver it
	Tag                      // deliver it with headers that say it is spam
	Quarantine               // keep it in Postfix's hold queue
	Defer                    // ask the client to come again: 451
	Reject                   // refuse it: 550
	Discard                  // accept it and throw it away
)

var actionNames = [...]string{"none", "accept", "tag", "quarantine", "defer", "reject", "discard"}

// Actions lists every action that a verdict can end with.
var Actions = []Action{Accept, Tag, Quarantine, Defer, Reject, Discard}

func (a Action) String() string { return actionNames[a] }

// MarshalText writes the action as its name.
func (a Action) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads an action's name.
func (a *Action) UnmarshalText(text []byte) error {
	return unmarshal(a, text, "action", actionNames[:])
}

// unmarshal reads the name of a value that is its place among names.
func unmarshal[T ~int](into *T, text []byte, what string, names []string) error {
	i := slices.Index(names, string(text))
	if i < 0 {
		return fmt.Errorf("unknown %s %q: one of %s", what, text, strings.Join(names, ", "))
	}
	*into = T(i)
	return nil
}

// A Standing is what the envelope phase makes of one recipient, and the proof phase of those that it is asked for.
type Standing int

const (
	Scan        Standing = iota // the content stages look at the message
	NotEnabled                  // the recipient has not enabled filtering
	Whitelisted                 // the recipient knows the sender
	Blacklisted                 // the recipient does not want the sender: refused, alone
	Held                        // the recipient knows the sender, if it is the sender: what is to be proven decides at the end
)

var standingNames = [...]string{"scan", "not enabled", "whitelisted", "blacklisted", "held"}

func (s Standing) String() string { return standingNames[s] }

// MarshalText writes the standing as its name.
func (s Standing) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a standing's name.
func (s *Standing) UnmarshalText(text []byte) error {
	return unmarshal(s, text, "standing", standingNames[:])
}

// A Class is what a message is counted as. Every message has exactly one; NoMessage is a transaction that never became
// one, because the connection was refused or the client went away.
type Class int

const (
	NoMessage Class = iota
	ClassWhitelisted
	ClassBlacklisted
	ClassTooLarge
	ClassNotEnabled
	ClassScanned
	ClassOutbound // ours, going out: outside the funnel of what comes in
)

var classNames = [...]string{"none", "whitelisted", "blacklisted", "too large", "not enabled", "scanned", "outbound"}

// Classes lists the classes of incoming messages, in the order of the report.
var Classes = []Class{ClassWhitelisted, ClassBlacklisted, ClassTooLarge, ClassNotEnabled, ClassScanned}

func (c Class) String() string { return classNames[c] }

// MarshalText writes the class as its name.
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads a class's name.
func (c *Class) UnmarshalText(text []byte) error { return unmarshal(c, text, "class", classNames[:]) }
