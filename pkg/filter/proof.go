package filter

import (
	"context"
	"fmt"
	"slices"

	"winnow/pkg/message"
)

// prove asks the proof stages about every recipient who is held or to be scanned. All share the time of the phase, so
// that a stage that hangs holds up one question and not each of a hundred recipients'.
func (p *Pipeline) prove(ctx context.Context, m *message.Message, v *Verdict) {
	if len(p.phases[Proof]) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, p.limits.of(Proof))
	defer cancel()
	for i := range v.Recipients {
		r := &v.Recipients[i]
		if r.Refused() || r.Standing != Scan && r.Standing != Held {
			continue
		}
		if ctx.Err() != nil {
			v.Reports = append(v.Reports, Report{Stage: "proof", Phase: Proof, Recipient: r.Address, Err: fmt.Errorf("no time left to ask about this recipient: %w", ctx.Err())})
			return
		}
		reports := p.run(ctx, Proof, m.AskWhole(r.Address))
		onlyOnce(v.Reports, reports)
		v.Reports = append(v.Reports, reports...)
	}
}

// onlyOnce takes the points from hits of the proof phase that another recipient's report has already: what speaks for a
// message does so once, however many recipients have the same reason.
func onlyOnce(before, reports []Report) {
	had := func(source, symbol string) bool {
		for i := range before {
			for _, result := range before[i].Results {
				if before[i].Phase == Proof && result.Source == source && slices.ContainsFunc(result.Hits, func(h Hit) bool { return h.Symbol == symbol }) {
					return true
				}
			}
		}
		return false
	}
	for i := range reports {
		for j := range reports[i].Results {
			result := &reports[i].Results[j]
			for k := range result.Hits {
				if hit := &result.Hits[k]; hit.Score != 0 && had(result.Source, hit.Symbol) {
					hit.Score = 0
				}
			}
		}
	}
}

// standing returns what the first hit about a recipient makes of it. Held is what is left where nothing is settled: a
// blacklist refuses at RCPT, whatever could be proven later, and what is proven settles what was held.
func standing(reports []Report, recipient string, mayHold bool) (Standing, *Decider) {
	var first, held *Decider
	for i := range reports {
		report := &reports[i]
		if report.Recipient != recipient || report.Phase != Envelope && report.Phase != Proof {
			continue
		}
		for _, result := range report.Results {
			for _, hit := range result.Hits {
				switch {
				case hit.Standing == Scan || hit.Observe:
				case hit.Standing == Held:
					if held == nil {
						held = &Decider{Source: result.Source, Hit: hit}
					}
				case first == nil, first.Hit.Standing == NotEnabled && report.Phase == Proof:
					first = &Decider{Source: result.Source, Hit: hit}
				}
			}
		}
	}
	switch {
	case held != nil && mayHold && (first == nil || first.Hit.Standing == NotEnabled):
		return Held, held
	case first == nil:
		return Scan, nil
	}
	return first.Hit.Standing, first
}

// settle decides, behind the proof phase, on the recipients that were held: proven, they know the sender; else they are
// what they would be had nothing been claimed. A refusal of the connection that waited is carried out where it meets
// everybody who is left; else the most lenient recipient decides, see content.
func (p *Policy) settle(v *Verdict) {
	spared := false
	for i := range v.Recipients {
		r := &v.Recipients[i]
		if r.Refused() {
			continue
		}
		if r.Standing == Held || r.Standing == Scan {
			if r.Standing, r.Decider = standing(v.Reports, r.Address, false); r.Standing == Blacklisted {
				r.Standing = Scan // of one who is exempt
			}
		}
		spared = spared || r.Exempt || r.Standing == Whitelisted
	}
	if !v.Connection.Refused() || spared {
		return
	}
	action := v.Connection.Action
	if unsettled(v.Reports) {
		action = Defer // of a correspondent the proof may come next time
	}
	for i := range v.Recipients {
		if r := &v.Recipients[i]; !r.Refused() {
			r.Action, r.Decider = action, v.Connection.Decider
		}
	}
}

// unsettled tells whether proof was not to be had for lack of an answer.
func unsettled(reports []Report) bool {
	return slices.ContainsFunc(reports, func(r Report) bool {
		return r.Phase == Proof && (r.Err != nil || slices.ContainsFunc(r.Results, func(r Result) bool { return r.Err != nil }))
	})
}

// lateRefusal tells whether the connection was to be refused for a recipient whose proof did not come, and who stands
// beside one that is not refused.
func lateRefusal(v *Verdict) bool {
	return v.Connection.Refused() && slices.ContainsFunc(v.Recipients, func(r Recipient) bool {
		return !r.Refused() && !r.Exempt && r.Standing != Whitelisted
	})
}

// refuseLate has a message tagged that the connection's verdict would have refused to one of its recipients: all get it
// or none, and the most lenient decides. That it is tagged so does not make it one that the content stages caught.
func refuseLate(v *Verdict) {
	if v.Class == ClassOutbound || !lateRefusal(v) || v.Action >= v.Connection.Action {
		return
	}
	v.Weakened, v.Action = v.Connection.Action, Tag
	if v.Decider = v.Connection.Decider; v.Decider != nil {
		v.Reason = v.Decider.reason()
	}
}
