package replay

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"winnow/pkg/filter"
	"winnow/pkg/trail"
)

// A tally is what came of some records. Tallies add up.
type tally struct {
	records          Records
	then, now        Funnel
	refused, passed  Units
	unseen, unknown  Units
	tagged, untagged int64
	otherwise        int64
	reasons, assumed map[reasonKey]*Units
	classes          map[[2]filter.Class]int64
	sources          map[ground]*Source
	changes          map[string][]Change // by sort, the first
	found, sampled   int64
	copies           int64
	most             int
}

type reasonKey struct{ source, why string }

// policyGround stands for thresholds and all else that is the policy's.
var policyGround = ground{kind: -1, name: policyName}

const policyName = "policy"

func newTally(most int) *tally {
	return &tally{
		reasons: map[reasonKey]*Units{}, assumed: map[reasonKey]*Units{}, classes: map[[2]filter.Class]int64{}, sources: map[ground]*Source{},
		changes: map[string][]Change{}, most: most,
		then: Funnel{Connections: ConnectionFunnel{Refused: map[string]int64{}}}, now: Funnel{Connections: ConnectionFunnel{Refused: map[string]int64{}}},
	}
}

// take counts one record.
func (t *tally) take(d *decider, r *trail.Record) {
	n := r.StandsFor()
	if n > 1 {
		t.sampled++
	}
	if r.Kind == trail.OfConnection {
		t.records.Connections += n
	} else {
		t.records.Messages += n
	}
	c, f, why := d.find(r)
	if c.past.Whole {
		t.copies++
	}
	t.then.count(n, &f.then, false, false, false)
	t.now.count(n, &f.now, f.unknown.Connections > 0, f.unclear, f.catchUnknown)
	t.assume(n, c)
	if f.sort == "" {
		return
	}
	t.found++
	by := t.cause(n, d, c, f, why)
	for _, of := range []struct{ all, these *Units }{{&t.refused, &f.refused}, {&t.passed, &f.passed}, {&t.unseen, &f.unseen}, {&t.unknown, &f.unknown}} {
		these := of.these.times(n)
		of.all.add(&these)
	}
	t.tagged += n * count(f.tagged)
	t.untagged += n * count(f.untagged)
	t.otherwise += n * count(f.otherwise)
	if f.classChanged {
		t.classes[[2]filter.Class{f.then.class, f.now.class}] += n
	}
	if len(t.changes[f.sort]) < t.most {
		t.changes[f.sort] = append(t.changes[f.sort], change(c, f, by))
	}
}

func count(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// find decides a record again and compares. What cannot be decided again at all is not known as a whole: why tells.
func (d *decider) find(r *trail.Record) (c *matter, f *finding, why string) {
	c = d.decide(r)
	f = c.compare()
	switch {
	case r.Cut:
		why = "the record was too long, and is without its answers"
	case d.movedHouse(c):
		why = "networks are others now, and the client is of another one"
	default:
		return c, f, ""
	}
	unknown := Units{Recipients: int64(len(f.then.recipients)), Messages: count(f.then.isMessage()), Connections: count(f.then.connection)}
	f = &finding{then: f.then, now: f.then, unknown: unknown, unclear: f.then.isMessage(), sort: NotKnown}
	return c, f, why
}

// movedHouse tells whether the client is to be taken for somebody else now: one of our own, a relay, or no longer so.
func (d *decider) movedHouse(c *matter) bool {
	if c.past.InForce == nil || c.past.InForce[filter.NetworksInForce] == d.checks.InForce[filter.NetworksInForce] {
		return false
	}
	was := c.past.Message.Client
	now := was
	now.Own, now.Relay, now.Blind = false, false, false
	d.checks.Site.Mark(&now)
	return c.past.Hashed || now != was
}

// cause says what does it, and counts it.
func (t *tally) cause(n int64, d *decider, c *matter, f *finding, why string) (by []string) {
	if f.unknown.any() {
		units := f.unknown.times(n)
		for _, reason := range d.reasons(c, why) {
			addUnits(t.reasons, reason, &units)
			by = append(by, cmp.Or(reason.source, reason.why))
		}
	}
	if !f.refused.any() && !f.passed.any() && !f.tagged && !f.untagged && !f.otherwise && !f.classChanged {
		return by
	}
	grounds := c.causes()
	if len(grounds) == 0 {
		grounds = []ground{policyGround}
	}
	for _, g := range grounds {
		s := t.source(g)
		refused, passed := f.refused.times(n), f.passed.times(n)
		s.Refused.add(&refused)
		s.Passed.add(&passed)
		s.Tagged += n * count(f.tagged)
		s.Untag += n * count(f.untagged)
		s.Other += n * count(f.otherwise)
		by = append(by, g.name)
	}
	return by
}

// reasons says why the outcome is not known.
func (d *decider) reasons(c *matter, why string) []reasonKey {
	switch {
	case why != "":
		return []reasonKey{{"", why}}
	case c.past.InForce == nil && len(c.doubts) > 0:
		return []reasonKey{{"", "nobody knows any more which lists and rules were in force then"}}
	}
	var all []reasonKey
	if !c.first.complete {
		all = append(all, reasonKey{"", "it would go on now, to be scanned or to prove who sent it, and did not then"})
	}
	for _, of := range d.blamed(c) {
		if key := (reasonKey{of.Source, of.Why}); !slices.Contains(all, key) {
			all = append(all, key)
		}
	}
	return all
}

// exemptAssumed is what is taken as it was of records in which nobody can be looked up.
var exemptAssumed = reasonKey{"policy.exempt", "addresses are hashes: it is taken as it was then"}

// assume counts what was taken as it was.
func (t *tally) assume(n int64, c *matter) {
	var had []reasonKey
	if c.past.Hashed && len(c.record.Recipients) > 0 {
		had = append(had, exemptAssumed)
	}
	for i := range c.doubts {
		of := &c.doubts[i]
		if key := (reasonKey{of.Source, of.Why}); len(of.Worst)+len(of.Best) == 0 && !slices.Contains(had, key) {
			had = append(had, key)
		}
	}
	for _, key := range had {
		units := Units{Messages: n}
		if c.record.Kind == trail.OfConnection {
			units = Units{Connections: n}
		}
		addUnits(t.assumed, key, &units)
	}
}

// maxReasons bounds what is told apart.
const maxReasons = 10_000

func addUnits(to map[reasonKey]*Units, key reasonKey, units *Units) {
	if to[key] == nil {
		if len(to) >= maxReasons {
			key = reasonKey{"", "other reasons"}
		}
		if to[key] == nil {
			to[key] = &Units{}
		}
	}
	to[key].add(units)
}

func (t *tally) source(g ground) *Source {
	s := t.sources[g]
	if s == nil {
		s = &Source{Name: g.name, Kind: policyName, kind: g.kind}
		if g != policyGround {
			s.Kind = g.kind.String()
		}
		t.sources[g] = s
	}
	return s
}

func change(c *matter, f *finding, by []string) Change {
	r := c.record
	now := Fate{f.now.class, f.now.action, rounded(c.first.verdict.Total)}
	return Change{
		Sort: f.sort, Time: r.Time, Kind: r.Kind, ID: r.ID, QueueID: r.QueueID, Client: r.Client.Addr, Sender: r.Sender,
		Then: Fate{f.then.class, f.then.action, rounded(r.Total)}, Now: now, By: by,
	}
}

// rounded takes the noise of binary fractions from a sum of decimal scores.
func rounded(total float64) float64 { return math.Round(total*1e6) / 1e6 }

// count counts what became of a record, n times over. What is not known of it is in no other figure.
func (fun *Funnel) count(n int64, o *outcome, connectionUnknown, unclear, catchUnknown bool) {
	c, m := &fun.Connections, &fun.Messages
	if o.connection {
		c.Total += n
		switch {
		case connectionUnknown:
			c.Unknown += n
		case !o.refused:
			c.Accepted += n
		case o.by == "":
			c.RefusedOtherwise += n
		default:
			c.Refused[o.by] += n
		}
	}
	if unclear {
		m.Unknown += n
		return
	}
	class := m.of(o.class)
	if class == nil {
		return
	}
	m.Total += n
	*class += n
	switch {
	case o.class == filter.ClassBlacklisted:
		return
	case o.class == filter.ClassScanned && catchUnknown:
		m.CatchUnknown += n
		return
	case o.caught:
		m.Caught += n
		return
	case o.class == filter.ClassScanned:
		m.NotCaught += n
	}
	m.Delivered += n
}

// add adds another tally, of later records.
func (t *tally) add(o *tally) {
	t.records.Connections += o.records.Connections
	t.records.Messages += o.records.Messages
	t.then.add(&o.then)
	t.now.add(&o.now)
	for _, of := range []struct{ all, these *Units }{{&t.refused, &o.refused}, {&t.passed, &o.passed}, {&t.unseen, &o.unseen}, {&t.unknown, &o.unknown}} {
		of.all.add(of.these)
	}
	t.tagged, t.untagged, t.otherwise = t.tagged+o.tagged, t.untagged+o.untagged, t.otherwise+o.otherwise
	t.found, t.sampled, t.copies = t.found+o.found, t.sampled+o.sampled, t.copies+o.copies
	for key, units := range o.reasons {
		addUnits(t.reasons, key, units)
	}
	for key, units := range o.assumed {
		addUnits(t.assumed, key, units)
	}
	for key, n := range o.classes {
		t.classes[key] += n
	}
	for g, from := range o.sources {
		s := t.source(g)
		s.Refused.add(&from.Refused)
		s.Passed.add(&from.Passed)
		s.Tagged += from.Tagged
		s.Untag += from.Untag
		s.Other += from.Other
	}
	for sort, changes := range o.changes {
		t.changes[sort] = append(t.changes[sort], changes[:min(len(changes), t.most-len(t.changes[sort]))]...)
	}
}

func (fun *Funnel) add(o *Funnel) {
	c, d := &fun.Connections, &o.Connections
	c.Total, c.RefusedOtherwise, c.Accepted, c.Unknown = c.Total+d.Total, c.RefusedOtherwise+d.RefusedOtherwise, c.Accepted+d.Accepted, c.Unknown+d.Unknown
	for list, n := range d.Refused {
		c.Refused[list] += n
	}
	into, from := fun.Messages.figures(), o.Messages.figures()
	for i := range into {
		*into[i] += *from[i]
	}
}

func (m *MessageFunnel) figures() []*int64 {
	return []*int64{
		&m.Total, &m.Whitelisted, &m.Blacklisted, &m.TooLarge, &m.NotEnabled, &m.Scanned, &m.Caught, &m.NotCaught, &m.CatchUnknown, &m.Delivered, &m.Unknown,
	}
}

// report makes a report of the tally.
func (t *tally) report() *Report {
	r := &Report{
		Days: []string{}, Notes: []string{}, Changes: []Change{},
		Records: t.records, Then: t.then, Now: t.now, NewlyRefused: t.refused, NewlyPassed: t.passed, Unseen: t.unseen,
		Tagged: t.tagged, Untagged: t.untagged, Otherwise: t.otherwise, Unknown: t.unknown, Reasons: reasonsOf(t.reasons), Assumed: reasonsOf(t.assumed),
		Found: t.found, Sampled: t.sampled, Copies: t.copies, Classes: []ClassChange{}, Sources: []Source{},
	}
	for key, n := range t.classes {
		r.Classes = append(r.Classes, ClassChange{key[0], key[1], n})
	}
	slices.SortFunc(r.Classes, func(a, b ClassChange) int {
		return cmp.Or(cmp.Compare(a.Then, b.Then), cmp.Compare(a.Now, b.Now))
	})
	for _, s := range t.sources {
		r.Sources = append(r.Sources, *s)
	}
	slices.SortFunc(r.Sources, func(a, b Source) int {
		return cmp.Or(cmp.Compare(b.records(), a.records()), cmp.Compare(a.kind, b.kind), strings.Compare(a.Name, b.Name))
	})
	for _, sort := range Sorts {
		r.Changes = append(r.Changes, t.changes[sort]...)
	}
	return r
}

// records is about how much a source does.
func (s *Source) records() int64 {
	return s.Refused.Connections + s.Refused.Messages + s.Passed.Connections + s.Passed.Messages + s.Tagged + s.Untag + s.Other
}

func reasonsOf(all map[reasonKey]*Units) []Reason {
	reasons := []Reason{}
	for key, units := range all {
		reasons = append(reasons, Reason{key.source, key.why, *units})
	}
	slices.SortFunc(reasons, func(a, b Reason) int {
		return cmp.Or(cmp.Compare(b.Messages, a.Messages), cmp.Compare(b.Connections, a.Connections), cmp.Compare(b.Recipients, a.Recipients),
			strings.Compare(a.Source, b.Source), strings.Compare(a.Why, b.Why))
	})
	return reasons
}
