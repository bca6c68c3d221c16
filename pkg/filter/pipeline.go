package filter

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"winnow/pkg/message"
	"winnow/pkg/stack"
)

// Limits is how long each phase may take, and how many messages may be in the one that costs most. The times nest: below
// Postfix's milter_command_timeout (30 s), above the limit of one DNS question.
type Limits struct {
	Connect  time.Duration `yaml:"connect"`  // asking the lists about the client
	Envelope time.Duration `yaml:"envelope"` // each recipient
	Content  time.Duration `yaml:"content"`  // the scan at the end of the message; before it as long again for proof of who sent it
	Scans    int           `yaml:"scans"`    // messages in the content phase at a time; more wait, within its limit
}

// DefaultLimits leave room for a DNS question and its one retry. As many messages are scanned at a time as Postfix has
// smtpd processes by default: what half a megabyte of hostile mail is taken apart into needs up to 40 MB, and 0.3 s of a
// processor.
var DefaultLimits = Limits{Connect: 5 * time.Second, Envelope: 2 * time.Second, Content: 10 * time.Second, Scans: 100}

func (l Limits) of(p Phase) time.Duration {
	return [...]time.Duration{l.Connect, l.Envelope, l.Content, l.Content}[p]
}

// grace is what a stage gets beyond its deadline to hand in what it has.
const grace = 250 * time.Millisecond

// A Pipeline is the stages in their order and the policy that decides on their answers. It is immutable and serves any
// number of messages at a time; a reload builds a new one.
type Pipeline struct {
	phases [phases][]Stage
	limits Limits
	policy *Policy
	scans  chan struct{} // holds one for each message in the content phase
}

// NewPipeline returns a pipeline of stages in that order.
func NewPipeline(stages []Stage, limits Limits, policy *Policy) *Pipeline {
	p := &Pipeline{limits: limits, policy: policy, scans: make(chan struct{}, max(1, limits.Scans))}
	for _, s := range stages {
		p.phases[s.Phase()] = append(p.phases[s.Phase()], s)
	}
	return p
}

// Connect asks the connect stages about the client and decides on the connection.
func (p *Pipeline) Connect(ctx context.Context, client message.Client) *Verdict {
	m := &message.Message{Client: client}
	v := &Verdict{}
	if !m.Outbound() && !client.Relay { // of a relay's mail they are asked when it is known who gave it to the relay
		v.Reports = p.run(ctx, Connect, p.phases[Connect], m)
	}
	p.policy.connect(m, v)
	return v
}

// Recipient asks the envelope stages about m.Recipient and appends what was decided about it to v.Recipients.
func (p *Pipeline) Recipient(ctx context.Context, m *message.Message, v *Verdict) *Recipient {
	v.Relayed = m.Client.Relay && !m.Outbound()
	var reports []Report
	if !m.Outbound() {
		reports = p.run(ctx, Envelope, p.phases[Envelope], m)
		v.Reports = append(v.Reports, reports...)
	}
	v.Recipients = append(v.Recipients, p.policy.recipient(m, v, reports))
	return &v.Recipients[len(v.Recipients)-1]
}

// Content settles what waits for proof, classes the message, asks the content stages if it is to be scanned, and decides.
// Proof comes before the scan, not beside it: a message that is proven to be wanted costs no scan, and where nobody can
// be known by what is proven, which is most mail, the proof stages ask no more than memory or a store.
func (p *Pipeline) Content(ctx context.Context, m *message.Message, v *Verdict) {
	if !m.Outbound() {
		p.prove(ctx, m, v)
		p.policy.settle(v)
		if len(v.Recipients) > 0 && !v.AcceptedAny() { // nobody is left whom the refusal of the connection would spare
			p.End(v)
			return
		}
	}
	v.Class = p.policy.class(m, v)
	if v.Class == ClassScanned {
		v.Reports = append(v.Reports, p.scan(ctx, m)...)
	}
	p.policy.content(m, v)
}

// scan asks the content stages, as soon as there is room for one more message in their phase.
func (p *Pipeline) scan(ctx context.Context, m *message.Message) []Report {
	ctx, cancel := context.WithTimeout(ctx, p.limits.Content)
	defer cancel()
	select {
	case p.scans <- struct{}{}:
		defer func() { <-p.scans }()
		return p.run(ctx, Content, p.contentStages(m), m)
	case <-ctx.Done():
		return []Report{{Stage: "content", Phase: Content, Err: fmt.Errorf("no room: limits.scans is %d", cap(p.scans))}}
	}
}

// Scans is how many messages are in the content phase now.
func (p *Pipeline) Scans() int { return len(p.scans) }

// contentStages returns the stages of the content phase. Where a relay is the client, those of the connection are asked here,
// about the host that gave it the message: the header tells of that.
func (p *Pipeline) contentStages(m *message.Message) []Stage {
	if m.Client.Relay {
		return slices.Concat(p.phases[Connect], p.phases[Content])
	}
	return p.phases[Content]
}

// Check takes a message through all phases at once, as a session does bit by bit.
func (p *Pipeline) Check(ctx context.Context, m *message.Message, recipients []string) *Verdict {
	v := NewVerdict(m.ID, p.Connect(ctx, m.Client))
	for _, recipient := range recipients {
		if !p.Recipient(ctx, m.Ask(recipient), v).Refused() {
			m.Recipients = append(m.Recipients, recipient)
		}
	}
	if len(m.Recipients) == 0 {
		p.End(v)
		return v
	}
	p.Content(ctx, m, v)
	return v
}

// End classes a transaction that ended before its content came: a message that the blacklist left no recipient, or none.
func (p *Pipeline) End(v *Verdict) { end(v) }

func end(v *Verdict) {
	v.Class = NoMessage
	if v.AcceptedAny() {
		return // the client went away: whatever it meant to send, it did not
	}
	for _, r := range v.Recipients {
		v.Action = max(v.Action, r.Action)
		if v.Decider == nil {
			v.Decider = r.Decider
		}
		if r.Standing == Blacklisted && !v.Connection.Refused() {
			v.Class = ClassBlacklisted
		}
	}
	if v.Decider != nil {
		v.Reason = v.Decider.reason()
	}
}

// run asks stages in a phase at the same time, so that the slow ones (DNS) wait while the busy ones (rules) work, and
// returns their reports in the order of the pipeline.
func (p *Pipeline) run(ctx context.Context, phase Phase, stages []Stage, m *message.Message) []Report {
	if len(stages) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, p.limits.of(phase))
	defer cancel()

	done := make([]chan Report, len(stages))
	for i, s := range stages {
		done[i] = make(chan Report, 1) // room for a report that nobody waits for any more
		go func() {
			stack.Reserve()
			done[i] <- check(ctx, phase, s, m)
		}()
	}
	patience := time.NewTimer(p.limits.of(phase) + grace)
	defer patience.Stop()
	reports := make([]Report, len(stages))
	for i, s := range stages {
		reports[i] = await(done[i], patience)
		if reports[i].Stage == "" {
			reports[i] = Report{Stage: s.Name(), Phase: phase, Err: fmt.Errorf("did not return within %v", p.limits.of(phase))}
			patience.Reset(0) // it is over for the others too, but for those that have answered
		}
		if phase == Envelope || phase == Proof {
			reports[i].Recipient = m.Recipient
		}
	}
	return reports
}

// await returns a stage's report, or an empty one when patience ends. A report that is there always counts.
func await(done <-chan Report, patience *time.Timer) Report {
	select {
	case r := <-done:
		return r
	default:
	}
	select {
	case r := <-done:
		return r
	case <-patience.C:
		return Report{}
	}
}

// check runs one stage; a panic in it is that stage's failure and nobody else's.
func check(ctx context.Context, phase Phase, s Stage, m *message.Message) (report Report) {
	start := time.Now()
	report = Report{Stage: s.Name(), Phase: phase}
	defer func() {
		if p := recover(); p != nil {
			report.Results, report.Err = nil, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		report.Took = time.Since(start)
	}()
	report.Results = s.Check(ctx, m)
	return report
}
