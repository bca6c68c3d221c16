package trail

import (
	"encoding/json"
	"fmt"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// Version is that of the records written. A reader takes records of its own version and of older ones; new keys may come
// within a version, and a reader passes over those that it does not know.
const Version = 1

// What a record tells of.
const (
	OfMessage    = "message"    // a message, or a transaction that never became one
	OfConnection = "connection" // a connection over which none was begun
)

// A Record is what was decided about one message or one connection, and everything that it was decided by.
//
// Texts are cut to bounds (see cut) and are valid UTF-8. Mail addresses are in lower case. Where Hashed is set, addresses
// of every kind, and ids that look like one, are "#" and a keyed hash, and everything that may hold one is left out: names
// of clients, evidence of hits, texts of replies, reasons of errors.
type Record struct {
	V       int       `json:"v"`
	Kind    string    `json:"kind"`
	Time    time.Time `json:"time"`              // when it was over
	TookMS  int64     `json:"took_ms,omitempty"` // since MAIL, the sender's own time included
	Node    string    `json:"node,omitempty"`    // the host that winnow ran on
	Hashed  bool      `json:"hashed,omitempty"`
	Weight  int64     `json:"weight,omitempty"` // it stands for so many of its kind, of which the others were not kept; absent: for itself
	Cut     bool      `json:"cut,omitempty"`    // reports were left out, for it was too long: it cannot be decided again
	ID      string    `json:"id,omitempty"`     // what the reply showed in brackets
	QueueID string    `json:"queue_id,omitempty"`
	Client  Client    `json:"client"`
	Origin  *Client   `json:"origin,omitempty"` // who gave the message to our relay, where a relay was the client
	User    string    `json:"user,omitempty"`

	Sender      string      `json:"sender"`
	Recipients  []Recipient `json:"recipients,omitempty"`
	MessageID   string      `json:"message_id,omitempty"` // without angle brackets
	Author      string      `json:"author,omitempty"`     // the first address in From
	Coauthors   bool        `json:"coauthors,omitempty"`  // From names more than that one, or there are several of it
	Subject     string      `json:"subject,omitempty"`
	SubjectHash string      `json:"subject_hash,omitempty"`
	Size        int64       `json:"size,omitempty"`

	Number    int           `json:"nth,omitempty"` // which message of its connection it is; 1 is the first
	Class     filter.Class  `json:"class"`
	Action    filter.Action `json:"action"` // none: the client went away before anything was decided
	Weakened  filter.Action `json:"weakened,omitempty"`
	Total     float64       `json:"total,omitempty"`
	Threshold float64       `json:"threshold,omitempty"`
	Caught    bool          `json:"caught,omitempty"`
	Relayed   bool          `json:"relayed,omitempty"`
	Reason    string        `json:"reason,omitempty"`
	Decider   *Decider      `json:"decider,omitempty"`

	Connection *Connection       `json:"connection,omitempty"` // of a message: what was decided about its connection
	Policy     *Policy           `json:"policy,omitempty"`     // that was in force
	Reports    []Report          `json:"reports,omitempty"`    // the connection's first, each in the order it was asked
	Identity   *message.Identity `json:"identity,omitempty"`
}

// A Client is a host. Addr comes first: searches look for it there.
type Client struct {
	Addr    string `json:"addr"`
	Network string `json:"net,omitempty"` // hashed: of its /24, or /64
	Name    string `json:"name,omitempty"`
	Helo    string `json:"helo,omitempty"`
	Own     bool   `json:"own,omitempty"`
	Relay   bool   `json:"relay,omitempty"`
	Blind   bool   `json:"blind,omitempty"`
}

// A Recipient is what was decided about one recipient.
type Recipient struct {
	Address  string          `json:"address"`
	Standing filter.Standing `json:"standing,omitempty"` // absent: scan
	Action   filter.Action   `json:"action"`
	Exempt   bool            `json:"exempt,omitempty"`
	Decider  *Decider        `json:"decider,omitempty"`
}

// A Decider names a hit that decided alone. All about it stands with its report.
type Decider struct {
	Source string `json:"source"`
	Symbol string `json:"symbol"`
}

// A Connection is what was decided about the connection that a message came over.
type Connection struct {
	Action  filter.Action `json:"action"`
	Reason  string        `json:"reason,omitempty"` // absent: the message's
	Decider *Decider      `json:"decider,omitempty"`
}

// A Policy is the settings that decided, as in the configuration. A threshold of 0 is off.
type Policy struct {
	Tag              float64       `json:"tag"`
	Quarantine       float64       `json:"quarantine,omitempty"`
	Defer            float64       `json:"defer,omitempty"`
	Reject           float64       `json:"reject,omitempty"`
	Discard          float64       `json:"discard,omitempty"`
	WhitelistRescues bool          `json:"whitelist_rescues,omitempty"`
	Relayed          filter.Action `json:"relayed"`
	OnError          filter.Action `json:"on_error"`
	MaxSize          int64         `json:"max_size"`
	InForce          string        `json:"in_force,omitempty"` // the key of what else was: see InForce
}

// A Report is what one stage answered, once.
type Report struct {
	Stage     string       `json:"stage"`
	Phase     filter.Phase `json:"phase"`
	Recipient string       `json:"recipient,omitempty"`
	TookUS    int64        `json:"took_us,omitempty"`
	Error     string       `json:"error,omitempty"` // the stage itself failed
	Results   []Result     `json:"results,omitempty"`
}

// A Result is one source's answer. Rule files in which nothing hit are left out.
type Result struct {
	Source  string      `json:"source"`
	Kind    filter.Kind `json:"kind,omitempty"` // absent: list
	Asked   int         `json:"asked,omitempty"`
	Cached  int         `json:"cached,omitempty"`
	AgeS    int64       `json:"age_s,omitempty"` // of the oldest answer that a cache gave
	TookUS  int64       `json:"took_us,omitempty"`
	Failed  Failure     `json:"failed,omitempty"`
	Error   string      `json:"error,omitempty"`
	Listed  bool        `json:"listed,omitempty"`
	Answers []Answer    `json:"answers,omitempty"` // those with records, as the list gave them
	Hits    []Hit       `json:"hits,omitempty"`
}

// A Failure is why a source could not answer, by kind.
type Failure string

// The kinds of failures.
const (
	Errored Failure = "error"   // no answer
	Refused Failure = "refused" // the list declined to answer us
	Bogus   Failure = "bogus"   // it answered what no list answers
	Unknown Failure = "unknown" // it answered an undeclared return code
)

// An Answer is what a list had for one thing that it was asked about.
type Answer struct {
	Ask    string   `json:"ask,omitempty"`  // "client", "uri"
	Name   string   `json:"name,omitempty"` // what was asked for in the DNS
	Codes  []string `json:"codes"`
	Guess  bool     `json:"guess,omitempty"`
	IPv6   bool     `json:"ipv6,omitempty"` // it was asked about an address of that family
	Cached bool     `json:"cached,omitempty"`
	AgeS   int64    `json:"age_s,omitempty"`
}

// A Hit is one reason to think better or worse of a message.
type Hit struct {
	Symbol   string          `json:"symbol"`
	Score    float64         `json:"score,omitempty"`
	Action   filter.Action   `json:"action,omitempty"`
	Standing filter.Standing `json:"standing,omitempty"`
	Observe  bool            `json:"observe,omitempty"`
	Claim    string          `json:"claim,omitempty"`
	Forged   bool            `json:"forged,omitempty"`
	Detail   string          `json:"detail,omitempty"`
	Text     string          `json:"text,omitempty"` // what a stranger is told where it decides; of lists, and of what refuses
}

// Parse reads a record.
func Parse(line []byte) (*Record, error) {
	var r Record
	if err := json.Unmarshal(line, &r); err != nil {
		return nil, err
	}
	if r.V < 1 || r.V > Version {
		return nil, fmt.Errorf("version %d; this winnow reads 1 to %d", r.V, Version)
	}
	if r.Kind != OfMessage && r.Kind != OfConnection {
		return nil, fmt.Errorf("kind %.20q; there are message and connection", r.Kind)
	}
	return &r, nil
}

// StandsFor is how many decisions the record stands for, itself included.
func (r *Record) StandsFor() int64 { return max(1, r.Weight) }

// Refused tells whether nobody got what was sent.
func (r *Record) Refused() bool {
	if r.Kind == OfConnection {
		return r.Action >= filter.Defer
	}
	return r.Action == filter.Defer || r.Action == filter.Reject
}
