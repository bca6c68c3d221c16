package replay

import (
	"time"

	"winnow/pkg/filter"
)

// A Report is what a change would have done to recorded traffic. Figures count what is named: connections, recipients,
// messages. Where records are a sample, each counts as many as it stands for.
type Report struct {
	Days    []string `json:"days"` // that were read
	Records Records  `json:"records"`
	Then    Funnel   `json:"then"`
	Now     Funnel   `json:"now"`

	NewlyRefused Units `json:"newly_refused"` // let through then
	NewlyPassed  Units `json:"newly_passed"`  // refused then
	// Unseen is those of NewlyPassed whose mail nobody knows, for it was never sent: the content could be anything.
	Unseen    Units `json:"unseen"`
	Tagged    int64 `json:"newly_tagged"`   // messages that are delivered both times, tagged or held only now
	Untagged  int64 `json:"newly_untagged"` // and only then
	Otherwise int64 `json:"otherwise"`      // messages with which something else is done: held in place of tagged, deferred in place of refused
	// Unknown is what depends on answers that nobody has. It is in none of the figures above.
	Unknown Units    `json:"unknown"`
	Reasons []Reason `json:"reasons"` // why; one record may have several

	Classes []ClassChange `json:"classes"` // messages by what they were counted as, and would be: only where that changes
	Sources []Source      `json:"sources"` // what does it
	Changes []Change      `json:"changes"` // the first of each sort, and how many there are in all: Found
	Found   int64         `json:"found"`   // records that change or are not known
	Assumed []Reason      `json:"assumed"` // what was taken as it was, for it could not be looked at: not in Unknown
	Sampled int64         `json:"sampled"` // records that stand for others, too
	Copies  int64         `json:"copies"`  // messages of which a copy was kept, on which rules ran again
	Notes   []string      `json:"notes"`
}

// Records is what was read.
type Records struct {
	Connections int64 `json:"connections"` // over which no message was begun
	Messages    int64 `json:"messages"`    // also those that never became one
	Unread      int64 `json:"unread"`      // lines that could not be read
}

// Units is how many of each are concerned.
type Units struct {
	Connections int64 `json:"connections"` // refused for their client
	Recipients  int64 `json:"recipients"`  // refused before the content, or with all others for the client
	Messages    int64 `json:"messages"`    // whose content was there
}

func (u *Units) add(o *Units) {
	u.Connections += o.Connections
	u.Recipients += o.Recipients
	u.Messages += o.Messages
}

// any tells whether anything is concerned.
func (u *Units) any() bool { return u.Connections+u.Recipients+u.Messages > 0 }

// times is the units of n records.
func (u Units) times(n int64) Units {
	return Units{u.Connections * n, u.Recipients * n, u.Messages * n}
}

// A Funnel is what became of everything. It balances:
//
//	Connections.Total = sum of Refused + RefusedOtherwise + Accepted + Unknown
//	Messages.Total    = Whitelisted + Blacklisted + TooLarge + NotEnabled + Scanned
//	Messages.Scanned  = Caught + NotCaught + CatchUnknown
//
// What may be a message or none, or of a class that is not known, is in Messages.Unknown and in no other figure.
type Funnel struct {
	Connections ConnectionFunnel `json:"connections"`
	Messages    MessageFunnel    `json:"messages"`
}

// ConnectionFunnel is what became of connections.
type ConnectionFunnel struct {
	Total            int64            `json:"total"`
	Refused          map[string]int64 `json:"refused"` // by the list that decided
	RefusedOtherwise int64            `json:"refused_otherwise"`
	Accepted         int64            `json:"accepted"`
	Unknown          int64            `json:"unknown"`
}

// MessageFunnel is what became of messages.
type MessageFunnel struct {
	Total        int64 `json:"total"`
	Whitelisted  int64 `json:"whitelisted"`
	Blacklisted  int64 `json:"blacklisted"`
	TooLarge     int64 `json:"too_large"`
	NotEnabled   int64 `json:"not_enabled"`
	Scanned      int64 `json:"scanned"`
	Caught       int64 `json:"caught"`
	NotCaught    int64 `json:"not_caught"`
	CatchUnknown int64 `json:"catch_unknown"`
	Delivered    int64 `json:"delivered"` // neither blacklisted nor caught, as in `winnow stats`
	Unknown      int64 `json:"unknown"`
}

// of is where a class is counted.
func (m *MessageFunnel) of(class filter.Class) *int64 {
	switch class {
	case filter.ClassWhitelisted:
		return &m.Whitelisted
	case filter.ClassBlacklisted:
		return &m.Blacklisted
	case filter.ClassTooLarge:
		return &m.TooLarge
	case filter.ClassNotEnabled:
		return &m.NotEnabled
	case filter.ClassScanned:
		return &m.Scanned
	}
	return nil
}

// A Reason is why something is not known, or what was assumed.
type Reason struct {
	Source string `json:"source"` // list, rule file or set of entries; "" where it is none of these
	Why    string `json:"why"`
	Units
}

// A ClassChange is how many messages changed from one class to another. None is what never became a message.
type ClassChange struct {
	Then     filter.Class `json:"then"`
	Now      filter.Class `json:"now"`
	Messages int64        `json:"messages"`
}

// A Source is something that is worth something else now. A record that several of them changed is counted for each.
type Source struct {
	Name    string      `json:"name"` // a list, a set of entries, or the symbol of a content rule; "policy" for thresholds and the like
	Kind    string      `json:"kind"` // list, rules, entry or policy
	Refused Units       `json:"newly_refused"`
	Passed  Units       `json:"newly_passed"`
	Tagged  int64       `json:"newly_tagged"`
	Untag   int64       `json:"newly_untagged"`
	Other   int64       `json:"otherwise"`
	kind    filter.Kind // of Name
}

// What a Change says has become of a record.
const (
	NewlyRefused = "newly refused"
	NewlyPassed  = "newly passed"
	NewlyTagged  = "newly tagged"
	NewlyUntag   = "newly untagged"
	OtherAction  = "another action"
	OtherClass   = "another class"
	NotKnown     = "not known"
)

// Sorts lists what may become of a record, in the order of the report.
var Sorts = []string{NewlyRefused, NewlyPassed, NewlyTagged, NewlyUntag, OtherAction, OtherClass, NotKnown}

// A Change is one record that something else would have become of.
type Change struct {
	Sort    string    `json:"change"`
	Time    time.Time `json:"time"`
	Kind    string    `json:"kind"` // message or connection
	ID      string    `json:"id"`
	QueueID string    `json:"queue_id,omitempty"`
	Client  string    `json:"client"`
	Sender  string    `json:"sender"`
	Then    Fate      `json:"then"`
	Now     Fate      `json:"now"`
	By      []string  `json:"by"` // what does it, or is in doubt
}

// A Fate is what becomes of a record.
type Fate struct {
	Class  filter.Class  `json:"class"`
	Action filter.Action `json:"action"`
	Total  float64       `json:"total"`
}
