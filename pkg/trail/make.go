package trail

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// A note is what a session leaves of a message when it is over: facts that outlive it, and the verdict, which nobody changes
// any more. A record is made of it later, off the session's path. It keeps nothing of the content.
type note struct {
	at         time.Time // when it was over
	began      time.Time
	kind       string
	id         string
	queueID    string
	client     message.Client
	origin     *message.Client
	user       string
	sender     string
	size       int64
	messageID  string // as it stands in the header, like the next two, or the beginning of it
	author     string
	authors    int // fields that name some
	subject    string
	verdict    *filter.Verdict
	identity   *message.Identity
	connection *filter.Verdict
	standsFor  int64 // see Record.Weight
}

// refusedForClient tells whether the client was refused whatever it meant to send: what most of all traffic is.
func (n *note) refusedForClient() bool {
	if n.kind == OfConnection {
		return n.verdict.Refused()
	}
	return n.connection.Refused() && n.verdict.Class == filter.NoMessage && len(n.verdict.Recipients) > 0 && !n.verdict.AcceptedAny()
}

// weight is how much a note holds on to: reports, results and hits.
func (n *note) weight() int { return 1 + weightOf(n.verdict) + weightOf(n.connection) }

func weightOf(v *filter.Verdict) (weight int) {
	if v == nil {
		return 0
	}
	for i := range v.Reports {
		weight += 1 + len(v.Reports[i].Results)
		for j := range v.Reports[i].Results {
			weight += len(v.Reports[i].Results[j].Hits)
		}
	}
	return weight
}

// noteMessage takes down a message.
func (c *Config) noteMessage(m *message.Message, v *filter.Verdict) note {
	n := note{
		began: m.Time, kind: OfMessage, id: m.ID, queueID: m.QueueID, client: m.Client, user: m.User, sender: m.Sender, size: m.Size,
		verdict: v, connection: v.Connection, identity: m.Identified(),
	}
	if m.Client.Relay && len(m.Header) > 0 {
		origin := m.Origin()
		n.origin = &origin
	}
	for i := range m.Header {
		f := &m.Header[i]
		if strings.EqualFold(f.Name, "From") {
			n.authors++
		}
		switch {
		case n.messageID == "" && strings.EqualFold(f.Name, "Message-ID"):
			n.messageID = begin(f.Value)
		case n.author == "" && strings.EqualFold(f.Name, "From"):
			n.author = begin(f.Value)
		case n.subject == "" && c.Subject != NoSubject && strings.EqualFold(f.Name, "Subject"):
			n.subject = begin(f.Value)
		}
	}
	return n
}

// maxField is how much of a field is looked at.
const maxField = 1000

// begin returns the beginning of a field, which keeps no more of the message than that.
func begin(value string) string {
	if len(value) > maxField {
		return strings.Clone(value[:maxField])
	}
	return value
}

// decoded returns a field as people read it.
func decoded(name, value string, mod message.HeaderMod) string {
	if value == "" {
		return ""
	}
	m := message.Message{Header: message.Header{{Name: name, Value: value}}}
	text, _ := m.HeaderText(name, mod)
	return strings.TrimSpace(text)
}

// noteConnection takes down a connection that no message tells of.
func noteConnection(client message.Client, v *filter.Verdict) note {
	return note{kind: OfConnection, id: v.ID, client: client, verdict: v}
}

// A maker makes records.
type maker struct {
	veil
	subject Subject
	node    string
}

// NewRecord makes the record of a message that was decided on at a time, with all in clear.
func NewRecord(m *message.Message, v *filter.Verdict, at time.Time) *Record {
	c := Config{Subject: FullSubject}
	n := c.noteMessage(m, v)
	n.at = at
	k := maker{subject: FullSubject}
	return k.record(&n)
}

func (k *maker) record(n *note) *Record {
	v := n.verdict
	r := &Record{
		V: Version, Kind: n.kind, Time: n.at.UTC().Truncate(time.Millisecond), Node: k.node, Hashed: k.hashed, Weight: n.standsFor,
		ID: n.id, QueueID: cut(n.queueID, maxID), Client: k.client(n.client), User: k.over(plainUser(n.user)),
		Sender: k.address(n.sender), MessageID: k.over(plainID(n.messageID)), Size: n.size,
		Number: v.Number, Class: v.Class, Action: v.Action, Weakened: v.Weakened, Total: rounded(v.Total), Threshold: v.Threshold,
		Caught: v.Caught, Relayed: v.Relayed, Reason: k.reason(v), Decider: decider(v.Decider),
		Identity: k.identity(n.identity),
	}
	r.Author = k.address(decoded("From", n.author, message.HeaderAddr|message.HeaderFirst))
	r.Coauthors = n.authors > 1 || strings.Contains(decoded("From", n.author, message.HeaderAddr), "\n")
	if !n.began.IsZero() {
		r.TookMS = max(0, n.at.Sub(n.began).Milliseconds())
	}
	if n.origin != nil {
		origin := k.veil.client(*n.origin)
		r.Origin = &origin
	}
	switch k.subject {
	case FullSubject:
		r.Subject = cut(decoded("Subject", n.subject, 0), maxSubject)
	case HashSubject:
		r.SubjectHash = k.hash(cut(decoded("Subject", n.subject, 0), maxSubject))
	}
	for i := range v.Recipients {
		r.Recipients = append(r.Recipients, k.recipient(&v.Recipients[i]))
	}
	decided := v.Policy
	if c := n.connection; c != nil {
		r.Connection = &Connection{Action: c.Action, Reason: k.reason(c), Decider: decider(c.Decider)}
		if r.Connection.Reason == r.Reason {
			r.Connection.Reason = "" // most of what is refused is refused for its client
		}
		r.Reports = k.reports(r.Reports, c.Reports)
		decided = c.Policy
	}
	r.Reports = k.reports(r.Reports, v.Reports)
	r.Policy = policyOf(decided)
	return r
}

// rounded takes the noise of binary fractions from a sum of decimal scores.
func rounded(total float64) float64 { return math.Round(total*1e6) / 1e6 }

func (k *maker) recipient(r *filter.Recipient) Recipient {
	return Recipient{Address: k.address(r.Address), Standing: r.Standing, Action: r.Action, Exempt: r.Exempt, Decider: decider(r.Decider)}
}

func decider(d *filter.Decider) *Decider {
	if d == nil {
		return nil
	}
	return &Decider{Source: d.Source, Symbol: cut(d.Hit.Symbol, maxHost)}
}

// reason is the verdict's, which tells of evidence where a hit decided; behind a veil it is told without.
func (k *maker) reason(v *filter.Verdict) string {
	if !k.hashed {
		return cut(v.Reason, maxReason)
	}
	if v.Decider != nil {
		return cut(v.Decider.Hit.Symbol+" of "+v.Decider.Source, maxReason)
	}
	for i := range v.Recipients {
		if d := v.Recipients[i].Decider; d != nil && v.Class != filter.ClassScanned {
			return cut(d.Hit.Symbol+" of "+d.Source, maxReason)
		}
	}
	return cut(v.Reason, maxReason)
}

func policyOf(p *filter.Policy) *Policy {
	if p == nil {
		return nil
	}
	c := p.Config()
	return &Policy{
		Tag: c.Tag, Quarantine: c.Quarantine, Defer: c.Defer, Reject: c.Reject, Discard: c.Discard,
		WhitelistRescues: c.WhitelistRescues, Relayed: c.Relayed, OnError: c.OnError, MaxSize: c.MaxSize,
		InForce: p.InForce(),
	}
}

func (k *maker) reports(all []Report, reports []filter.Report) []Report {
	for i := range reports {
		from := &reports[i]
		r := Report{Stage: from.Stage, Phase: from.Phase, TookUS: from.Took.Microseconds(), Error: k.fault(from.Err)}
		if from.Recipient != "" {
			r.Recipient = k.address(from.Recipient)
		}
		for j := range from.Results {
			result := &from.Results[j]
			if result.Kind == filter.Rules && len(result.Hits) == 0 && result.Err == nil {
				continue
			}
			r.Results = append(r.Results, k.result(result))
		}
		all = append(all, r)
	}
	return all
}

// fault tells of an error: its first line, for a panic has a stack behind it.
func (k *maker) fault(err error) string {
	if err == nil {
		return ""
	}
	if k.hashed {
		return string(Errored)
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return cut(text, maxFault)
}

func (k *maker) result(from *filter.Result) Result {
	r := Result{
		Source: from.Source, Kind: from.Kind, Asked: from.Asked, Cached: from.Cached, AgeS: int64(from.Age / time.Second),
		TookUS: from.Took.Microseconds(), Failed: failure(from.Err), Listed: from.Listed,
	}
	if !k.hashed {
		r.Error = k.fault(from.Err)
	}
	for i := range from.Answers {
		r.Answers = append(r.Answers, k.answer(&from.Answers[i]))
	}
	for i := range from.Hits {
		r.Hits = append(r.Hits, k.hit(from.Kind, &from.Hits[i]))
	}
	return r
}

func failure(err error) Failure {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, filter.ErrRefused):
		return Refused
	case errors.Is(err, filter.ErrBogus):
		return Bogus
	case errors.Is(err, filter.ErrUnknown):
		return Unknown
	}
	return Errored
}

func (k *maker) answer(from *filter.Answer) Answer {
	a := Answer{Ask: from.Ask, Name: k.text(from.Name, maxHost), Guess: from.Guess, IPv6: from.IPv6, Cached: from.Cached, AgeS: int64(from.Age / time.Second)}
	for _, code := range from.Codes {
		if text := code.String(); !k.hashed || strings.HasPrefix(text, "127.") { // what is no return code may be anybody's address
			a.Codes = append(a.Codes, text)
		}
	}
	return a
}

func (k *maker) hit(kind filter.Kind, from *filter.Hit) Hit {
	h := Hit{
		Symbol: cut(from.Symbol, maxHost), Score: from.Score, Action: from.Action, Standing: from.Standing, Observe: from.Observe,
		Forged: from.Forged, Detail: k.text(from.Detail, maxDetail),
	}
	if from.Claim != "" {
		h.Claim = k.address(from.Claim)
	}
	if from.Action >= filter.Defer || from.Standing == filter.Blacklisted || kind == filter.List && from.Counts() {
		h.Text = k.text(from.Text, maxText)
	}
	return h
}

// identity is what is proven about the sender; behind a veil, without what may hold addresses or names of hosts.
func (k *maker) identity(id *message.Identity) *message.Identity {
	if id == nil {
		return nil
	}
	kept := *id
	kept.DKIM = append([]message.Signature{}, id.DKIM...)
	if k.hashed {
		kept.SPF.Reason, kept.Helo.Reason, kept.Helo.Domain = "", "", ""
		kept.ARC.Reason, kept.ARC.Claims, kept.DMARC.Reason, kept.DMARC.Exempt = "", "", "", ""
		for _, domain := range []*string{&kept.SPF.Domain, &kept.DMARC.Author, &kept.DMARC.Domain, &kept.ARC.Sealer} {
			*domain = k.hash(*domain)
		}
	}
	for _, text := range []*string{
		&kept.SPF.Domain, &kept.SPF.Reason, &kept.Helo.Domain, &kept.Helo.Reason, &kept.ARC.Sealer, &kept.ARC.Claims, &kept.ARC.Reason,
		&kept.DMARC.Author, &kept.DMARC.Domain, &kept.DMARC.Policy, &kept.DMARC.Reason, &kept.DMARC.Exempt,
	} {
		*text = cut(*text, maxDetail)
	}
	for i := range kept.DKIM {
		k.signature(&kept.DKIM[i])
	}
	return &kept
}

// algorithms are those that signatures have (RFC 8301, RFC 8463).
var algorithms = []string{"rsa-sha1", "rsa-sha256", "ed25519-sha256"}

func (k *maker) signature(s *message.Signature) {
	s.Value = ""
	if k.hashed {
		s.Domain, s.Selector, s.Agent, s.Reason = k.hash(s.Domain), "", "", ""
		if !slices.Contains(algorithms, s.Algorithm) { // it is whatever the mail says
			s.Algorithm = ""
		}
	}
	for _, text := range []*string{&s.Domain, &s.Selector, &s.Agent, &s.Algorithm, &s.Reason} {
		*text = cut(*text, maxHost)
	}
}

// maxLine is how long a record may be. Messages to a thousand recipients come to a part of it.
const maxLine = 1 << 20

// line writes a record as a line, with its end. One that is too long loses evidence, then all reports.
func (r *Record) line() []byte {
	text := r.encode()
	if len(text) <= maxLine {
		return text
	}
	short := *r
	short.Reports, short.Cut = nil, true
	if text = short.encode(); len(text) <= maxLine {
		return text
	}
	short.Recipients = short.Recipients[:min(len(short.Recipients), 1000)]
	return short.encode()
}

func (r *Record) encode() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)              // angle brackets and ampersands are looked for as they are
	if err := e.Encode(r); err != nil { // a score that is no number: nothing else can fail
		short := *r
		short.Reports, short.Cut, short.Total, short.Threshold, short.Policy = nil, true, 0, 0, nil
		b.Reset()
		_ = e.Encode(&short)
	}
	return b.Bytes()
}
