package filter

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"winnow/pkg/message"
)

// Config is what the operator decides about deciding. A threshold of 0 is off.
type Config struct {
	Tag        float64 `yaml:"tag"`
	Quarantine float64 `yaml:"quarantine"`
	Defer      float64 `yaml:"defer"`
	Reject     float64 `yaml:"reject"`
	Discard    float64 `yaml:"discard"`

	WhitelistRescues bool     `yaml:"whitelist_rescues"` // a whitelisted sender passes although its client is listed
	Relayed          Action   `yaml:"relayed"`           // what becomes of mail to be refused that a relay of ours has taken already
	OnError          Action   `yaml:"on_error"`          // when a stage fails: accept (decide without it) or defer
	MaxSize          int64    `yaml:"max_size"`          // octets; what is larger is not scanned
	Exempt           []string `yaml:"exempt"`            // local parts or addresses that are never refused
	Limits           Limits   `yaml:"limits"`
}

// DefaultConfig tags at 5 points and refuses at 15.
func DefaultConfig() Config {
	return Config{
		Tag: 5, Reject: 15,
		Relayed: Tag,
		OnError: Accept,
		MaxSize: 512 << 10,
		Exempt:  []string{"postmaster", "abuse"},
		Limits:  DefaultLimits,
	}
}

// Validate returns every fault of the configuration.
func (c *Config) Validate() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if c.Tag <= 0 {
		fault("tag: must be above 0: it is where a message counts as caught")
	}
	last, lastName := c.Tag, "tag"
	for _, t := range c.thresholds()[1:] {
		if t.from == 0 {
			continue
		}
		if t.from < last {
			fault("%s: %g is below %s at %g; milder actions must start lower", t.action, t.from, lastName, last)
		}
		last, lastName = t.from, t.action.String()
	}
	if c.OnError != Accept && c.OnError != Defer {
		fault("on_error: must be accept or defer, not %s", c.OnError)
	}
	if c.Relayed != Tag && c.Relayed != Quarantine && c.Relayed != Reject {
		fault("relayed: must be tag, quarantine or reject, not %s", c.Relayed)
	}
	if c.MaxSize <= 0 {
		fault("max_size: must be above 0 octets")
	}
	const patience = 30 // seconds: Postfix's milter_command_timeout
	if c.Limits.Connect+c.Limits.Envelope+2*grace >= patience*1e9 {
		fault("limits: connect and envelope together must stay below Postfix's milter_command_timeout (%d s)", patience)
	}
	if c.Limits.Scans < 1 {
		fault("limits.scans: must be at least 1")
	}
	for _, phase := range []Phase{Connect, Envelope, Content} {
		if c.Limits.of(phase) <= 0 {
			fault("limits.%s: must be above 0", phase)
		}
	}
	return faults
}

type threshold struct {
	action Action
	from   float64
}

// thresholds lists the actions that points can reach, mildest first.
func (c *Config) thresholds() []threshold {
	return []threshold{{Tag, c.Tag}, {Quarantine, c.Quarantine}, {Defer, c.Defer}, {Reject, c.Reject}, {Discard, c.Discard}}
}

// A Policy turns what stages answered into an action.
type Policy struct {
	config  Config
	inForce string // see Under
}

// NewPolicy returns the policy of a valid configuration.
func NewPolicy(c Config) *Policy { return &Policy{config: c} }

// Config is what the policy decides by.
func (p *Policy) Config() Config { return p.config }

// connect decides on a connection: the first demand in configuration order counts, unless a list speaks for the client.
func (p *Policy) connect(m *message.Message, v *Verdict) {
	v.Action, v.Policy = Accept, p
	if m.Outbound() {
		v.Reason = "own network"
		return
	}
	if m.Client.Relay {
		v.Reason = "a relay: lists are asked about who gave it the message"
	}
	v.Each(func(_ *Report, result *Result, hit *Hit) {
		if hit.Observe || v.Decider != nil && v.Decider.Hit.Action == Accept {
			return
		}
		if hit.Action == Accept || v.Decider == nil && hit.Action >= Defer {
			v.Decider = &Decider{Source: result.Source, Hit: *hit}
		}
	})
	switch {
	case v.Decider != nil:
		v.Action, v.Reason = v.Decider.Hit.Action, v.Decider.reason()
	default:
		p.failed(v, Connect)
	}
}

// recipient decides on one recipient. The order is the mission's: a refused connection comes before any whitelist,
// unless whitelist_rescues turns that round; and nobody refuses postmaster. Where it does, the refusal waits for the
// proof that a recipient is held for.
func (p *Policy) recipient(m *message.Message, v *Verdict, reports []Report) Recipient {
	r := Recipient{Address: m.Recipient, Exempt: p.exempt(m.Recipient), Action: Accept}
	r.stand(reports)
	if m.Outbound() || r.Exempt {
		if r.Standing == Blacklisted {
			r.Standing = Scan
		}
		return r
	}
	known := r.Standing == Whitelisted || r.Standing == Held
	switch {
	case v.Connection.Refused() && !(p.config.WhitelistRescues && known):
		r.Action, r.Decider = v.Connection.Action, v.Connection.Decider
	case r.Standing == Blacklisted && p.spares(m):
	case r.Standing == Blacklisted:
		r.Action = Reject
	case r.Standing == Scan && p.config.OnError == Defer && failure(reports, Envelope) != nil:
		r.Action = Defer
	}
	return r
}

func (p *Policy) exempt(recipient string) bool {
	local, _, _ := strings.Cut(recipient, "@")
	return slices.ContainsFunc(p.config.Exempt, func(e string) bool {
		return strings.EqualFold(e, recipient) || strings.EqualFold(e, local)
	})
}

// spares tells whether a message is not refused: a relay of ours has taken it, and would have to write to its sender, who may
// be forged.
func (p *Policy) spares(m *message.Message) bool { return m.Client.Relay && p.config.Relayed < Reject }

// class says what a message whose content is here counts as. What any remaining recipient wants scanned is scanned.
func (p *Policy) class(m *message.Message, v *Verdict) Class {
	if m.Outbound() {
		return ClassOutbound
	}
	wanted, all, some, spared := false, true, false, false
	for _, r := range v.Recipients {
		switch {
		case r.Refused():
			continue
		case r.Standing == Blacklisted: // the others decide
			spared = true
			continue
		}
		some = true
		wanted = wanted || r.Standing == Scan
		all = all && r.Standing == Whitelisted
	}
	switch {
	case spared && !some:
		return ClassBlacklisted
	case wanted && m.Size > p.config.MaxSize:
		return ClassTooLarge
	case wanted:
		return ClassScanned
	case all:
		return ClassWhitelisted
	}
	return ClassNotEnabled
}

// content decides on a message whose class is known: points reach a threshold, or one hit demands more on its own.
func (p *Policy) content(m *message.Message, v *Verdict) {
	v.Action, v.Threshold = Accept, p.config.Tag
	if v.Class != ClassScanned {
		v.Reason = spared(v)
		if v.Class == ClassBlacklisted {
			v.Weakened, v.Action = Reject, p.config.Relayed
		}
		refuseLate(v)
		return
	}
	v.Each(func(report *Report, result *Result, hit *Hit) {
		if hit.Observe {
			return
		}
		v.Total += hit.Score
		// What a connection list demands at RCPT was spoken there, or the recipient is exempt from it.
		if hit.Action > v.Action && !(report.Phase == Connect && hit.Action >= Defer) {
			v.Action, v.Decider = hit.Action, &Decider{Source: result.Source, Hit: *hit}
		}
	})
	for _, t := range p.config.thresholds() {
		if t.from > 0 && reaches(v.Total, t.from) && t.action > v.Action {
			v.Action, v.Decider = t.action, nil
		}
	}
	v.Caught = v.Action >= Tag
	v.Reason = p.reason(v)
	refuseLate(v)
	switch {
	case lenient(v) && v.Action > Tag:
		v.Weakened, v.Action = v.Action, Tag
	case !lenient(v):
		if p.spares(m) && (v.Action == Defer || v.Action == Reject) {
			v.Weakened, v.Action = v.Action, p.config.Relayed
		}
		if p.failed(v, Proof) || p.failed(v, Content) { // it comes again, and counts then
			v.Class, v.Caught, v.Weakened = NoMessage, false, None
		}
	}
}

// spared tells why a message is not scanned.
func spared(v *Verdict) string {
	for i := range v.Recipients {
		if d := v.Recipients[i].Decider; d != nil && !v.Recipients[i].Refused() {
			return d.reason()
		}
	}
	return v.Class.String()
}

// reaches compares a sum of decimal scores with a threshold; binary fractions must not turn 5.0 into 4.999.
func reaches(total, from float64) bool { return total >= from-1e-9 }

// lenient tells whether some remaining recipient does not want the message refused: the most lenient one decides.
func lenient(v *Verdict) bool {
	return slices.ContainsFunc(v.Recipients, func(r Recipient) bool {
		return !r.Refused() && (r.Standing != Scan && r.Standing != Blacklisted || r.Exempt)
	})
}

// failed defers what would be let through when a stage of the phase failed and the operator rather waits than lets it
// pass, and tells whether it did.
func (p *Policy) failed(v *Verdict, phase Phase) bool {
	r := failure(v.Reports, phase)
	if r == nil || p.config.OnError != Defer || v.Action >= Defer {
		return false
	}
	v.Action, v.Decider, v.Reason = Defer, nil, "stage "+r.Stage+" failed"
	return true
}

// failure returns the first report of a stage of the phase that failed as a whole; a list that cannot answer is no such
// failure. What failed for one recipient was said to that one: it holds up no other.
func failure(reports []Report, phase Phase) *Report {
	for i := range reports {
		if reports[i].Phase == phase && reports[i].Err != nil {
			return &reports[i]
		}
	}
	return nil
}

func (d *Decider) reason() string {
	if d.Hit.Detail == "" {
		return fmt.Sprintf("%s of %s", d.Hit.Symbol, d.Source)
	}
	return fmt.Sprintf("%s of %s: %s", d.Hit.Symbol, d.Source, d.Hit.Detail)
}

// reason tells in a line what made the total.
func (p *Policy) reason(v *Verdict) string {
	if v.Decider != nil {
		return v.Decider.reason()
	}
	var symbols []string
	v.Each(func(_ *Report, _ *Result, hit *Hit) {
		if !hit.Observe && hit.Score != 0 {
			symbols = append(symbols, fmt.Sprintf("%s %g", hit.Symbol, hit.Score))
		}
	})
	if len(symbols) == 0 {
		return "nothing found"
	}
	total := math.Round(v.Total*1000) / 1000 // without the noise of binary fractions
	return fmt.Sprintf("total %g: %s", total, strings.Join(symbols, ", "))
}
