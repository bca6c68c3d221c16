package filter

import (
	"slices"

	"winnow/pkg/message"
)

// Again decides once more on a message that was decided on, by what its stages answered then: what would this policy, or what
// would be without some of the answers (see Without)? It asks nobody and changes nothing of told. m needs no more of the
// message than who sent it: client, login, size.
//
// It is the same decision: with the policy and the answers of then it comes out as it did. It is not complete where the message
// would have gone on to stages that never saw it, as one does that a list refused, or where a recipient would be asked for
// proof who was not; then it is what is known without.
func (p *Policy) Again(m *message.Message, told *Verdict) (v *Verdict, complete bool) {
	var connection *Verdict
	if told.Connection != nil {
		connection = p.ConnectionAgain(m.Client, told.Connection)
	}
	v = NewVerdict(told.ID, connection)
	p.recipientsAgain(m, v, told)
	if told.Action == None || len(v.Recipients) > 0 && !v.AcceptedAny() { // it was given up, or is refused whatever it holds
		end(v)
		return v, true
	}
	proven := true
	if !m.Outbound() {
		if proven = proveAgain(v, told); proven { // else nobody knows whether a refusal that waits is carried out
			p.settle(v)
		}
		if len(v.Recipients) > 0 && !v.AcceptedAny() {
			end(v)
			return v, true
		}
	}
	v.Class = p.class(m, v)
	scanned := false
	for _, r := range told.Reports {
		if r.Phase == Content {
			scanned = true
			if v.Class == ClassScanned {
				v.Reports = append(v.Reports, r)
			}
		}
	}
	p.content(m, v)
	return v, proven && (scanned || v.Class != ClassScanned)
}

// ConnectionAgain is Again for a connection.
func (p *Policy) ConnectionAgain(client message.Client, told *Verdict) *Verdict {
	v := &Verdict{ID: told.ID, Reports: told.Reports}
	p.connect(&message.Message{Client: client}, v)
	return v
}

// recipientsAgain decides on each recipient by what was said about it.
func (p *Policy) recipientsAgain(m *message.Message, v, told *Verdict) {
	v.Relayed = told.Relayed
	said := sayings{told: told.Reports, phase: Envelope}
	for i := range told.Recipients {
		asked := &message.Message{Client: m.Client, User: m.User, Recipient: told.Recipients[i].Address}
		v.Recipients = append(v.Recipients, p.recipient(asked, v, said.about(asked.Recipient, v)))
	}
}

// proveAgain gives recipients the standing that was proven for them. It tells whether all were asked about who would be.
func proveAgain(v, told *Verdict) (all bool) {
	said := sayings{told: told.Reports, phase: Proof}
	in := func(phase Phase) bool {
		return slices.ContainsFunc(told.Reports, func(r Report) bool { return r.Phase == phase })
	}
	asks := in(Proof) || !in(Content) // where somebody was scanned and nobody asked about, there is nothing to ask
	all = true
	for i := range v.Recipients {
		if r := &v.Recipients[i]; !r.Refused() && (r.Standing == Scan || r.Standing == Held) {
			reports := said.about(r.Address, v)
			all = all && (len(reports) > 0 || !asks)
			r.prove(reports)
		}
	}
	return all
}

// A sayings is the reports of a phase that is asked for each recipient.
type sayings struct {
	told  []Report
	phase Phase
	next  int // in told
}

// about returns what was said about a recipient, and puts it into v. One who was named several times over is answered by what
// was said once, so that no points count twice.
func (s *sayings) about(recipient string, v *Verdict) []Report {
	is := func(r Report) bool { return r.Phase == s.phase && r.Recipient == recipient }
	next := slices.IndexFunc(s.told[s.next:], func(r Report) bool { return r.Phase == s.phase })
	if next < 0 || !is(s.told[s.next+next]) {
		var before []Report
		for _, r := range v.Reports {
			if is(r) {
				before = append(before, r)
			}
		}
		if next = slices.IndexFunc(s.told[s.next:], is); len(before) > 0 || next < 0 {
			return before
		}
	}
	first := s.next + next
	for s.next = first + 1; s.next < len(s.told) && is(s.told[s.next]); {
		s.next++
	}
	v.Reports = append(v.Reports, s.told[first:s.next]...)
	return s.told[first:s.next]
}

// Without returns the trail of a verdict, its connection's included, without the hits that drop names; for Again.
func (v *Verdict) Without(drop func(*Report, *Result, *Hit) bool) *Verdict {
	if v == nil {
		return nil
	}
	w := *v
	w.Connection = v.Connection.Without(drop)
	w.Reports = slices.Clone(v.Reports)
	for i := range w.Reports {
		report := &w.Reports[i]
		report.Results = slices.Clone(report.Results)
		for j := range report.Results {
			result := &report.Results[j]
			result.Hits = slices.DeleteFunc(slices.Clone(result.Hits), func(hit Hit) bool { return drop(report, result, &hit) })
		}
	}
	return &w
}
