package replay

import (
	"slices"
	"sync"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/trail"
)

// Checks is the configuration in question.
type Checks struct {
	Stages  []filter.Stage // in their order; each is a filter.Replayer
	Policy  *filter.Policy
	InForce filter.InForce // of all stages, and of the networks
	Site    *message.Site  // whose addresses are whose
	// Then reads what was in force, by the key that a record has; nil where nobody knows any more.
	Then func(key string) (filter.InForce, error)
	// Sample returns a copy of a message that was kept; nil where none was. It may be nil.
	Sample func(r *trail.Record) (*message.Message, error)
}

// A decider decides records again. It may be used by several goroutines.
type decider struct {
	checks *Checks
	stages map[place]filter.Replayer

	mu     sync.Mutex
	then   map[string]filter.InForce
	faults []error
}

// A place is where in the pipeline a stage stands.
type place struct {
	stage string
	phase filter.Phase
}

func newDecider(c *Checks) *decider {
	d := &decider{checks: c, stages: map[place]filter.Replayer{}, then: map[string]filter.InForce{}}
	for _, s := range c.Stages {
		if r, ok := s.(filter.Replayer); ok {
			d.stages[place{s.Name(), s.Phase()}] = r
		}
	}
	return d
}

// inForce returns what was in force, reading each file once.
func (d *decider) inForce(key string) filter.InForce {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f, known := d.then[key]; known {
		return f
	}
	f, err := d.checks.Then(key)
	if err != nil {
		d.faults = append(d.faults, err)
	}
	d.then[key] = f
	return f
}

// fault notes what could not be read.
func (d *decider) fault(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = append(d.faults, err)
}

// A doubt is a stage's, and where in the trail it arose.
type doubt struct {
	filter.Doubt
	connection bool // in the reports on the connection, where the message has some
	report     int
}

// A decision is what a record comes to.
type decision struct {
	verdict  *filter.Verdict
	complete bool // else nothing is known of the content
}

// A matter is one record, to be decided again.
type matter struct {
	record *trail.Record
	past   *filter.Past
	now    *filter.Verdict // the trail as it would be, without what is in doubt
	doubts []doubt
	first  decision   // without what is in doubt
	others []decision // where something is: at worst, and at best
}

// decide decides a record again.
func (d *decider) decide(r *trail.Record) *matter {
	m, told := r.Restore()
	c := &matter{record: r, past: &filter.Past{
		Message: m, Told: told, Origin: m.Client, Identity: r.Identity, Hashed: r.Hashed,
	}}
	if r.Origin != nil {
		c.past.Origin = r.Origin.Restore()
	} else if m.Client.Relay {
		c.past.Origin = message.Client{}
	}
	if !r.Coauthors {
		c.past.Author = r.Author
	}
	if r.Policy != nil {
		c.past.Key = r.Policy.InForce
		c.past.InForce = d.inForce(c.past.Key)
		c.past.Unsure = c.past.InForce[filter.IdentityInForce] != d.checks.InForce[filter.IdentityInForce]
	}
	if d.checks.Sample != nil && told.Class == filter.ClassScanned {
		whole, err := d.checks.Sample(r)
		if err != nil {
			d.fault(err)
		}
		if whole != nil {
			c.past.Message, c.past.Whole = d.withFacts(whole, c.past), true
		}
	}
	c.now = d.again(c)
	c.first = d.decideOn(c, c.now)
	if len(c.doubts) > 0 {
		c.others = d.extremes(c, c.doubts)
	}
	return c
}

// withFacts gives a copy of a message the facts of its envelope.
func (d *decider) withFacts(whole *message.Message, past *filter.Past) *message.Message {
	m := past.Message
	whole.ID, whole.QueueID, whole.Time, whole.Client, whole.User, whole.Sender = m.ID, m.QueueID, m.Time, m.Client, m.User, m.Sender
	whole.Site = d.checks.Site
	for i := range past.Told.Recipients {
		if r := &past.Told.Recipients[i]; !r.Refused() {
			whole.Recipients = append(whole.Recipients, r.Address)
		}
	}
	return whole
}

// again has the stages say what they would have answered.
func (d *decider) again(c *matter) *filter.Verdict {
	now := *c.past.Told
	now.Reports = d.reports(c, now.Reports, false)
	if now.Connection != nil {
		connection := *now.Connection
		connection.Reports = d.reports(c, connection.Reports, true)
		now.Connection = &connection
	}
	return &now
}

func (d *decider) reports(c *matter, told []filter.Report, connection bool) []filter.Report {
	now := slices.Clone(told)
	for i := range now {
		stage := d.stage(&now[i])
		if stage == nil || now[i].Err != nil { // what failed as a whole would have again
			continue
		}
		results, doubts := stage.Again(c.past, &told[i])
		now[i].Results = results
		for _, of := range doubts {
			c.doubts = append(c.doubts, doubt{of, connection, i})
		}
	}
	filter.CountOnce(now)
	return now
}

// stage returns the stage that a report is of. Where a relay was the client, those of the connection were asked with the content.
func (d *decider) stage(r *filter.Report) filter.Replayer {
	if s := d.stages[place{r.Stage, r.Phase}]; s != nil || r.Phase != filter.Content {
		return s
	}
	return d.stages[place{r.Stage, filter.Connect}]
}

// decideOn has the policy decide on a trail.
func (d *decider) decideOn(c *matter, trail *filter.Verdict) decision {
	policy := d.policy(c.record)
	if c.record.Kind == ofConnection {
		return decision{policy.ConnectionAgain(c.past.Message.Client, trail), true}
	}
	v, complete := policy.Again(c.past.Message, trail)
	return decision{v, complete}
}

// policy is what decides now. Among hashes it finds nobody who is exempt: those are it who were then.
func (d *decider) policy(r *trail.Record) *filter.Policy {
	if !r.Hashed {
		return d.checks.Policy
	}
	c := d.checks.Policy.Config()
	c.Exempt = r.Exempt()
	return filter.NewPolicy(c)
}

const ofConnection = trail.OfConnection

// extremes decides twice: with the worst that is possible, and with the best.
func (d *decider) extremes(c *matter, doubts []doubt) []decision {
	worst := assume(c.now, doubts, func(of *filter.Doubt) []filter.Hit { return of.Worst })
	best := assume(c.now, doubts, func(of *filter.Doubt) []filter.Hit { return of.Best })
	return []decision{d.decideOn(c, worst), d.decideOn(c, best)}
}

// assume returns a trail in which sources that are in doubt have hits.
func assume(now *filter.Verdict, doubts []doubt, hits func(*filter.Doubt) []filter.Hit) *filter.Verdict {
	with := *now
	with.Reports = slices.Clone(now.Reports)
	if now.Connection != nil {
		connection := *now.Connection
		connection.Reports = slices.Clone(connection.Reports)
		with.Connection = &connection
	}
	for i := range doubts {
		reports := with.Reports
		if doubts[i].connection {
			reports = with.Connection.Reports
		}
		report := &reports[doubts[i].report]
		report.Results = addTo(report.Results, &doubts[i].Doubt, hits(&doubts[i].Doubt))
	}
	return &with
}

// addTo adds hits to a source's result.
func addTo(results []filter.Result, of *filter.Doubt, hits []filter.Hit) []filter.Result {
	if len(hits) == 0 {
		return results
	}
	results = slices.Clone(results)
	for i := range results {
		if r := &results[i]; r.Source == of.Source && r.Kind == of.Kind {
			r.Hits = append(slices.Clone(r.Hits), hits...)
			return results
		}
	}
	return append(results, filter.Result{Source: of.Source, Kind: of.Kind, Hits: hits})
}
