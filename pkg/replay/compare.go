package replay

import (
	"cmp"
	"math"
	"slices"

	"winnow/pkg/filter"
	"winnow/pkg/trail"
)

// An outcome is what is counted of a decision.
type outcome struct {
	connection bool   // it is the one record that tells of its connection
	refused    bool   // that one
	by         string // the list that did
	recipients []bool // refused
	waits      []bool // whose refusal waits for a proof of which nobody knows
	unsettled  bool   // all who are not refused wait
	class      filter.Class
	action     filter.Action
	caught     bool
}

// outcomeOf says what is counted of a verdict on a record.
func outcomeOf(r *trail.Record, v *filter.Verdict, complete bool) outcome {
	o := outcome{class: v.Class, action: v.Action, caught: v.Caught && v.Class == filter.ClassScanned}
	connection := v.Connection
	if r.Kind == trail.OfConnection {
		connection = v
	}
	settled := false
	for i := range v.Recipients {
		to := &v.Recipients[i]
		waits := !complete && connection.Refused() && !to.Refused() && !to.Exempt && to.Standing != filter.Whitelisted
		o.recipients, o.waits = append(o.recipients, to.Refused()), append(o.waits, waits)
		o.unsettled = o.unsettled || waits
		settled = settled || !waits && !to.Refused()
	}
	o.unsettled = o.unsettled && !settled
	own := r.Client.Own || r.User != ""
	o.connection = !own && (r.Kind == trail.OfConnection || r.Number == 1)
	o.refused = connection.Refused() && !v.AcceptedAny()
	if o.refused && connection.Decider != nil {
		o.by = connection.Decider.Source
	}
	return o
}

// isMessage tells whether there was a message in the sense of the account.
func (o *outcome) isMessage() bool {
	return o.class != filter.NoMessage && o.class != filter.ClassOutbound
}

// refusesAll tells whether nobody gets the message.
func (o *outcome) refusesAll() bool { return o.action == filter.Defer || o.action == filter.Reject }

// marks tells whether the message is delivered as what it is not: tagged, or held, or thrown away.
func (o *outcome) marks() bool {
	return o.action == filter.Tag || o.action == filter.Quarantine || o.action == filter.Discard
}

// A finding is what a record comes to, compared with what it was.
type finding struct {
	then, now outcome

	refused, passed, unknown, unseen Units
	tagged, untagged, otherwise      bool
	classChanged                     bool
	unclear                          bool // nobody knows what it is counted as, or whether it ever becomes a message
	catchUnknown                     bool // it is scanned, and nobody knows with what result
	sort                             string
}

// compare says what has changed, and what of it is not known.
func (c *matter) compare() *finding {
	told := c.past.Told
	f := &finding{then: outcomeOf(c.record, told, true), now: outcomeOf(c.record, c.first.verdict, c.first.complete)}
	if c.record.Kind == trail.OfConnection {
		f.then.class, f.now.class = filter.NoMessage, filter.NoMessage
	}
	var others []outcome
	for i := range c.others {
		others = append(others, outcomeOf(c.record, c.others[i].verdict, c.others[i].complete))
	}
	in := func(differs func(o *outcome) bool) bool {
		return slices.ContainsFunc(others, func(o outcome) bool { return differs(&o) })
	}
	f.connections(in)
	f.recipients(in)
	if c.record.Kind == trail.OfMessage {
		f.messages(c, in)
	} else {
		f.unseen.Connections = f.passed.Connections
	}
	f.sort = f.sorted()
	return f
}

func (f *finding) connections(in func(func(*outcome) bool) bool) {
	switch {
	case !f.then.connection:
	case f.now.unsettled, in(func(o *outcome) bool { return o.refused != f.now.refused || o.unsettled }):
		f.unknown.Connections = 1
	case f.now.refused && !f.then.refused:
		f.refused.Connections = 1
	case !f.now.refused && f.then.refused:
		f.passed.Connections = 1
	}
}

func (f *finding) recipients(in func(func(*outcome) bool) bool) {
	for i := range f.then.recipients {
		switch {
		case i >= len(f.now.recipients):
		case f.now.waits[i], in(func(o *outcome) bool { return o.recipients[i] != f.now.recipients[i] || o.waits[i] }):
			f.unknown.Recipients++
		case f.now.recipients[i] && !f.then.recipients[i]:
			f.refused.Recipients++
		case !f.now.recipients[i] && f.then.recipients[i]:
			f.passed.Recipients++
		}
	}
}

// messages compares what became of a message, which is one where its content was there.
func (f *finding) messages(c *matter, in func(func(*outcome) bool) bool) {
	if f.then.action == filter.None || f.then.class == filter.ClassOutbound { // given up, or ours
		return
	}
	if !c.past.Told.AcceptedAny() { // all recipients were refused, and its content was never looked at
		if !f.now.refusesAll() || in(func(o *outcome) bool { return !o.refusesAll() }) {
			f.unseen = Units{f.passed.Connections, f.passed.Recipients, 0}
			f.unclear = true
		}
		f.classChanged = !f.unclear && f.now.class != f.then.class
		return
	}
	unsure := !c.first.complete || slices.ContainsFunc(c.others, func(d decision) bool { return !d.complete })
	differs := in(func(o *outcome) bool {
		return o.class != f.now.class || o.action != f.now.action || o.caught != f.now.caught
	})
	f.unclear = in(func(o *outcome) bool { return o.class != f.now.class })
	f.classChanged = !f.unclear && f.now.class != f.then.class
	if unsure || differs {
		f.unknown.Messages, f.catchUnknown = 1, true
		return
	}
	switch {
	case f.now.refusesAll() && !f.then.refusesAll():
		f.refused.Messages = 1
	case !f.now.refusesAll() && f.then.refusesAll():
		f.passed.Messages = 1
	case f.now.marks() && !f.then.marks() && !f.then.refusesAll():
		f.tagged = true
	case !f.now.marks() && f.then.marks() && !f.now.refusesAll():
		f.untagged = true
	case f.now.action != f.then.action:
		f.otherwise = true
	}
}

// sorted says in one word what has become of the record, "" where nothing has.
func (f *finding) sorted() string {
	switch {
	case f.refused.any():
		return NewlyRefused
	case f.passed.any():
		return NewlyPassed
	case f.tagged:
		return NewlyTagged
	case f.untagged:
		return NewlyUntag
	case f.unknown.any():
		return NotKnown
	case f.otherwise:
		return OtherAction
	case f.classChanged:
		return OtherClass
	}
	return ""
}

// A ground is one thing that has a say: content rules stand each for itself, every other hit for its source.
type ground struct {
	kind filter.Kind
	name string
}

// A weight is what it says.
type weight struct {
	score    float64
	action   filter.Action
	accepts  bool
	standing filter.Standing
}

// weigh adds up what every ground of a trail says.
func weigh(v *filter.Verdict) map[ground]weight {
	all := map[ground]weight{}
	v.Each(func(_ *filter.Report, result *filter.Result, hit *filter.Hit) {
		if hit.Observe {
			return
		}
		g := ground{result.Kind, result.Source}
		if result.Kind == filter.Rules {
			g.name = hit.Symbol
		}
		w := all[g]
		w.score += hit.Score
		w.action = max(w.action, hit.Action)
		w.accepts = w.accepts || hit.Action == filter.Accept
		w.standing = max(w.standing, hit.Standing)
		all[g] = w
	})
	return all
}

func (w weight) differs(o weight) bool {
	return math.Abs(w.score-o.score) > 1e-9 || w.action != o.action || w.accepts != o.accepts || w.standing != o.standing
}

// causes are the grounds that say something else now, in the order of their names; none where the policy alone changed.
func (c *matter) causes() []ground {
	then, now := weigh(c.past.Told), weigh(c.now)
	var all []ground
	for g, w := range now {
		if w.differs(then[g]) {
			all = append(all, g)
		}
	}
	for g, w := range then {
		if _, still := now[g]; !still && w.differs(weight{}) {
			all = append(all, g)
		}
	}
	slices.SortFunc(all, func(a, b ground) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name)) })
	return all
}

// blamed returns the doubts on which the outcome hangs: those that alone make a difference, or else all.
func (d *decider) blamed(c *matter) []doubt {
	const mostAlone = 8
	matters := slices.DeleteFunc(slices.Clone(c.doubts), func(of doubt) bool { return len(of.Worst)+len(of.Best) == 0 })
	if len(matters) == 1 || len(matters) > mostAlone {
		return matters
	}
	var alone []doubt
	for i := range matters {
		with := matter{record: c.record, past: c.past, now: c.now, first: c.first}
		with.others = d.extremes(&with, matters[i:i+1])
		if f := with.compare(); f.unknown.any() {
			alone = append(alone, matters[i])
		}
	}
	if len(alone) == 0 {
		return matters
	}
	return alone
}
