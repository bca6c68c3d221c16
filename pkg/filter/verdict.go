package filter

import (
	"slices"
	"time"
)

// A Verdict is what became of one message and why, or of one connection. It holds the whole trail; only the pipeline
// writes it.
type Verdict struct {
	ID         string      // of the message; "" on a connection's verdict
	Connection *Verdict    // on a message's verdict: that of the connection it came over
	Action     Action      // what becomes of it
	Class      Class       // what it is counted as
	Caught     bool        // the content stages found it to be spam: tagged or worse
	Total      float64     // the sum of all points that count
	Threshold  float64     // where tagging starts
	Reason     string      // why, in a line for us
	Decider    *Decider    // the hit that demanded the action on its own; nil where points or an error decided
	Weakened   Action      // what would have been done had every recipient wanted it and no relay taken it; None where nothing was held back
	Relayed    bool        // a relay handed it on: see message.Client
	Recipients []Recipient // every recipient that was asked about, refused ones included, in order
	Reports    []Report    // one for each run of a stage
	Policy     *Policy     // on a connection's verdict: that decided, and decides on its messages
	Messages   int         // on a connection's verdict: how many were begun over it
	Number     int         // on a message's verdict: which of them it is, the first is 1
}

// A Decider is a hit that decided alone, and whose it was.
type Decider struct {
	Source string
	Hit    Hit
}

// A Report is what one stage answered, once.
type Report struct {
	Stage     string
	Phase     Phase
	Recipient string // in the envelope and proof phases: who was asked about
	Results   []Result
	Err       error // the stage itself failed: it panicked, or did not return
	Took      time.Duration
}

// A Recipient is what was decided about one recipient.
type Recipient struct {
	Address  string
	Standing Standing
	Exempt   bool     // never refused: postmaster, abuse
	Action   Action   // Accept, or the refusal: spoken at RCPT, or at the end where it waited for proof
	Decider  *Decider // what gave it its standing or had it refused; nil where nothing did
	Unproven *Decider // while it is held: what gives it its standing where nothing is proven; nil: it is scanned then
}

// Refused tells whether the recipient was turned away: at RCPT, or with all others at the end.
func (r *Recipient) Refused() bool { return r.Action >= Defer }

// NewVerdict starts the verdict on a message of a connection; connection is the verdict of the connect phase, or nil.
func NewVerdict(id string, connection *Verdict) *Verdict {
	v := &Verdict{ID: id, Connection: connection}
	if connection != nil {
		connection.Messages++
		v.Number = connection.Messages
	}
	return v
}

// Refused tells whether a connection's verdict is that its recipients are to be refused.
func (v *Verdict) Refused() bool { return v != nil && v.Action >= Defer }

// AcceptedAny tells whether any recipient was let through.
func (v *Verdict) AcceptedAny() bool {
	for i := range v.Recipients {
		if !v.Recipients[i].Refused() {
			return true
		}
	}
	return false
}

// Waits tells whether the refusal of the connection waits, for this recipient, until it is proven who sent the message.
func (v *Verdict) Waits(r *Recipient) bool {
	return v.Connection.Refused() && r.Standing == Held && !r.Refused() && !r.Exempt
}

// AllReports returns the reports on the message with those on its connection before them.
func (v *Verdict) AllReports() []Report {
	if v.Connection == nil {
		return v.Reports
	}
	return slices.Concat(v.Connection.Reports, v.Reports)
}

// Each calls f for every hit of the trail, the connection's first. The pointers are valid during the call.
func (v *Verdict) Each(f func(report *Report, result *Result, hit *Hit)) {
	if v.Connection != nil {
		v.Connection.Each(f)
	}
	for i := range v.Reports {
		report := &v.Reports[i]
		for j := range report.Results {
			result := &report.Results[j]
			for k := range result.Hits {
				f(report, result, &result.Hits[k])
			}
		}
	}
}

// Errors returns what went wrong on the way, one line for each source or stage: "dnsbl zen: timeout".
func (v *Verdict) Errors() []string {
	var all []string
	for _, report := range v.AllReports() {
		if report.Err != nil {
			all = append(all, report.Stage+": "+report.Err.Error())
		}
		for _, result := range report.Results {
			if result.Err != nil {
				all = append(all, report.Stage+" "+result.Source+": "+result.Err.Error())
			}
		}
	}
	return all
}
