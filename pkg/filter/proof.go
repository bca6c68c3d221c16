package filter

import (
	"context"
	"fmt"
	"slices"

	"winnow/pkg/message"
)

// prove asks the proof stages about every recipient who is held or to be scanned, after which nobody is held any more:
// proven, it knows the sender; else it is what it would be had nothing been claimed. All share the time of the phase, so
// that a stage that hangs holds up one question and not each of a hundred recipients'.
func (p *Pipeline) prove(ctx context.Context, m *message.Message, v *Verdict) {
	ctx, cancel := context.WithTimeout(ctx, p.limits.of(Proof))
	defer cancel()
	for i := range v.Recipients {
		r := &v.Recipients[i]
		if r.Refused() || r.Standing != Scan && r.Standing != Held {
			continue
		}
		var reports []Report
		switch {
		case len(p.phases[Proof]) == 0:
		case ctx.Err() == nil:
			reports = p.run(ctx, Proof, p.phases[Proof], m.AskWhole(r.Address))
			onlyOnce(v.Reports, reports)
		default:
			reports = []Report{{Stage: "proof", Phase: Proof, Recipient: r.Address, Err: fmt.Errorf("no time left to ask: %w", ctx.Err())}}
		}
		r.prove(reports)
		v.Reports = append(v.Reports, reports...)
	}
}

// CountOnce takes the points from hits of the proof phase that an earlier report has already, as Content does. The hits are
// changed in place.
func CountOnce(reports []Report) {
	for i := range reports {
		if reports[i].Phase == Proof {
			onlyOnce(reports[:i], reports[i:i+1])
		}
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

// stand says what the first hits of an envelope phase make of a recipient, and what is left of one who is held where
// nothing is proven. A blacklist refuses at RCPT, whatever could be proven later, and nobody waits who is known already.
func (r *Recipient) stand(reports []Report) {
	var held *Decider
	first := eachStanding(reports, func(d *Decider) bool {
		if d.Hit.Standing == Held && held == nil {
			held = d
		}
		return d.Hit.Standing != Held
	})
	r.take(first)
	if held != nil && (r.Standing == Scan || r.Standing == NotEnabled) {
		r.Standing, r.Decider, r.Unproven = Held, held, first
	}
}

// take gives the recipient the standing of a hit, which may be nil.
func (r *Recipient) take(d *Decider) {
	if r.Standing, r.Decider = Scan, d; d != nil {
		r.Standing = d.Hit.Standing
	}
}

// prove gives a recipient the standing that the proof phase found for it, else what it is without.
func (r *Recipient) prove(reports []Report) {
	proven := eachStanding(reports, func(d *Decider) bool { return d.Hit.Standing == Whitelisted })
	switch {
	case proven != nil:
		r.take(proven)
	case r.Standing == Held:
		r.take(r.Unproven)
	}
	r.Unproven = nil
}

// eachStanding returns the first hit that gives a standing and that is accepted; nil for none.
func eachStanding(reports []Report, accept func(*Decider) bool) *Decider {
	for i := range reports {
		for j := range reports[i].Results {
			result := &reports[i].Results[j]
			for k := range result.Hits {
				if hit := &result.Hits[k]; hit.Standing != Scan && !hit.Observe {
					if d := (&Decider{Source: result.Source, Hit: *hit}); accept(d) {
						return d
					}
				}
			}
		}
	}
	return nil
}

// settle decides, behind the proof phase, on a refusal of the connection that waited. It is carried out where it meets
// everybody who is left; else the most lenient recipient decides, see refuseLate.
func (p *Policy) settle(v *Verdict) {
	spared := slices.ContainsFunc(v.Recipients, func(r Recipient) bool {
		return !r.Refused() && (r.Exempt || r.Standing == Whitelisted)
	})
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
