package rules

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"winnow/pkg/dns"
	"winnow/pkg/filter"
	"winnow/pkg/rules/eval"
)

// Rules that ask the network put all their questions before any rule looks at the message, and are settled when all answers
// are there or their time is over. Rules that need no answer run meanwhile; metas that name one which does come last.

// A Network is how rules learn what is not in the message.
type Network = eval.Network

// A Zone is a DNS list that is asked about one message.
type Zone = eval.Zone

// networkOff is why a rule that asks the network is silent where that is so configured.
const networkOff = "it asks the network, and rules.network is off"

// maxZones is how many zones the rules of a set may ask. The stock rules have 15.
const maxZones = 200

func (s *Set) isLocal() bool { return s.scoreSet&1 == 0 }

// Connect has the rules ask a network. It is for once, before the set serves; a set that is not connected asks nothing.
func (s *Set) Connect(n *Network) { s.network = n }

// Zones returns the zones that the rules ask, sorted.
func (s *Set) Zones() []string { return s.zones }

// Asks tells whether the rule of that name asks the network, or names one that does.
func (s *Set) Asks(name string) bool {
	rule := s.Rule(name)
	return rule != nil && rule.waits
}

// asks says what a rule that has a plan asks, for people.
func (rule *Rule) asks() string { return dns.HideKeys(rule.plan.What) }

// definition is the rule as it is written, but for a subscriber's key in what it asks. A pattern is never taken for one.
func (rule *Rule) definition() string {
	if rule.pattern != nil || rule.template != nil {
		return rule.text
	}
	return dns.HideKeys(rule.text)
}

// silent says why a rule never answers, "" where it does.
func (rule *Rule) silent() string {
	switch {
	case rule.call != nil:
		return rule.call.silent
	case rule.question != nil && rule.plan == nil:
		return rule.question.silent
	}
	return ""
}

// bindPlan gives a rule what its function asks.
func (s *Set) bindPlan(rule *Rule, function *eval.Function) error {
	f := &rule.Flags
	flags := eval.RuleFlags{
		Name: rule.Name, Nice: f.Nice, A: f.A, NS: f.NS, IPsOnly: f.IPsOnly, DomainsOnly: f.DomainsOnly, NoTrim: f.NoTrim, Off: rule.off, RawBody: rule.Type == RawBody,
	}
	plan, err := function.Plan(rule.call.args, flags, s.settings)
	switch {
	case err != nil:
		return err
	case rule.call.silent != "":
	case plan.Nothing != "":
		rule.call.silent = plan.Nothing
	default:
		rule.plan = plan
	}
	return nil
}

// bindQuestions gives askdns rules what they ask.
func (s *Set) bindQuestions() {
	setters := s.setters()
	for _, rule := range s.rules {
		q := rule.question
		if q == nil {
			continue
		}
		for t := range q.tags {
			tag := &q.tags[t]
			tag.from = setters[tag.name][:min(len(setters[tag.name]), maxSetters)]
		}
		switch q.silent = q.unasked(); {
		case s.isLocal():
			q.silent = networkOff
		case q.silent == "":
			rule.plan = q.plan()
		}
	}
}

// linkNetwork finds out which rules ask the network, which zones, and which wait for it.
func (s *Set) linkNetwork(faults *ledger) {
	for i, rule := range s.rules {
		if rule.plan == nil && (rule.call == nil || !rule.call.identity || rule.call.silent != "") || rule.off {
			continue
		}
		if !s.addZones(rule) {
			rule.unusable(fmt.Sprintf("the rules ask more than %d zones", maxZones))
			faults.add(place{rule.File, rule.Line}, Broken, rule.Name, rule.why+": this one is left out", "")
			continue
		}
		rule.waits = true
		if rule.plan != nil {
			s.asking = append(s.asking, i)
		}
		s.identifies = s.identifies || rule.plan == nil || rule.plan.Identity
	}
	slices.Sort(s.zones)
	for i, rule := range s.rules {
		if rule.blocks = s.settings.BlockedBy(rule.Name); rule.blocks != nil {
			s.blockers = append(s.blockers, i)
		}
	}
	known := make([]bool, len(s.rules))
	for i := range s.rules {
		s.findWaiting(i, known)
	}
}

func (s *Set) addZones(rule *Rule) bool {
	if rule.plan == nil {
		return true
	}
	for _, zone := range rule.plan.Zones {
		if slices.Contains(s.zones, zone) {
			continue
		}
		if len(s.zones) == maxZones {
			return false
		}
		s.zones = append(s.zones, zone)
	}
	return true
}

// findWaiting tells of a rule whether it waits for the network, itself or by what it names.
func (s *Set) findWaiting(i int, known []bool) bool {
	rule := s.rules[i]
	if known[i] {
		return rule.waits
	}
	known[i] = true
	rule.below(func(below int) { rule.waits = s.findWaiting(below, known) || rule.waits })
	return rule.waits
}

// asksNetwork tells whether any rule wants to know what is not in the message.
func (s *Set) asksNetwork() bool { return s.network != nil && (len(s.asking) > 0 || s.identifies) }

// answers is what the rules of a set ask about one message.
type answers struct {
	lookups *eval.Lookups
	askings map[int]*eval.Asking // by rule
	limit   time.Duration        // how long they are waited for
	end     time.Time            // of that
	awaited bool
	waited  bool // until all were there, or to the end
	zones   map[string]*zoneHits
}

// zoneHits is what rules make of a zone's answers.
type zoneHits struct {
	hits   []filter.Hit
	listed bool // some answer made a rule hit, be it one without points
}

// share is how much of the time that is left the answers may take: the rest is for the rules that wait for them.
const share = 0.9

// askAll has all rules put their questions, once for each message.
func (r *run) askAll() {
	facts := r.evalFacts()
	if r.answers != nil || facts == nil || !r.set.asksNetwork() {
		return
	}
	limit := r.set.settings.Timeout()
	if end, limited := r.ctx.Deadline(); limited {
		limit = min(limit, time.Duration(share*float64(time.Until(end))))
	}
	a := &answers{
		lookups: eval.NewLookups(r.ctx, r.set.network, r.set.settings), askings: map[int]*eval.Asking{},
		limit: limit, end: time.Now().Add(limit), zones: map[string]*zoneHits{},
	}
	r.answers = a
	facts.Tag = r.hashedTag
	if r.set.identifies && r.set.network.Identify != nil {
		m, identify := facts.Message, r.set.network.Identify
		eval.NewAsking(a.lookups).Later(func(ctx context.Context) { identify(ctx, m) })
	}
	for _, i := range r.set.asking {
		if r.state[i] == unknown && !r.over {
			r.askOne(i, facts)
		}
	}
	a.lookups.Planned()
}

// hashedTag returns the values of a tag, as far as they are known before anything was asked.
func (r *run) hashedTag(name string) []string {
	if !commonTag(name) {
		return nil
	}
	return r.commonTag(name)
}

// askOne has one rule put its questions. Where that panics, the rule is a miss.
func (r *run) askOne(i int, facts *eval.Facts) {
	rule := r.set.rules[i]
	defer func() {
		if thrown := recover(); thrown != nil {
			r.running = i
			r.failed(i, thrown)
		}
	}()
	asking := eval.NewAsking(r.answers.lookups)
	r.answers.askings[i] = asking
	r.running = i
	r.beginMatch()
	defer r.endMatch(i)
	if rule.question != nil {
		r.askNames(rule, facts, asking)
	} else {
		rule.plan.Ask(facts, asking)
	}
}

// await waits for all answers. Who sent the message is known then, too, if anybody asked.
func (r *run) await() {
	r.askAll()
	a := r.answers
	if a == nil || a.awaited {
		return
	}
	a.awaited = true
	start := time.Now()
	defer func() { r.waited += time.Since(start) }()
	ctx, cancel := context.WithDeadline(r.ctx, a.end)
	defer cancel()
	a.lookups.Wait(ctx)
	a.waited = r.ctx.Err() == nil // else whoever wanted to know has gone
	if err := a.lookups.Err(); err != nil {
		r.failures = append(r.failures, err)
	}
	if identify := r.set.network.Identify; r.set.identifies && identify != nil {
		r.calls.Identity = identify(ctx, r.calls.Message)
	}
}

// maxRecord is how many octets of a question and its answer a hit shows.
const maxRecord = 300

// answered tells whether what a rule asked makes it hit.
func (r *run) answered(i int) float64 {
	r.await()
	r.running = i
	if r.answers == nil || r.answers.askings[i] == nil {
		return 0
	}
	r.beginMatch()
	found, record, hit := r.answers.askings[i].Hit(r.calls)
	if r.endMatch(i); r.machine.Bounded() || r.over || !hit {
		return 0
	}
	if found == nil {
		r.evidence[i] = plainExcerpt(record, maxRecord)
		return 1
	}
	name := dns.HideKeys(found.Key)
	if found.Zone != "" {
		name = r.answers.lookups.Zones()[found.Zone].Show(found.Key)
		if r.zoneOf(i) != "" {
			r.answers.ofZone(found.Zone).listed = true
		}
	}
	r.evidence[i] = plainExcerpt(name+" "+found.Type.String()+" "+record, maxRecord)
	return 1
}

// runLocal runs the scored rules that need no answer, file by file, while the others' questions are under way, and notes how
// long each file took.
func (r *run) runLocal(results []filter.Result) {
	for s := range r.set.sources {
		for _, i := range r.set.sources[s].local {
			if r.try(i); r.over {
				return
			}
		}
		results[s].Took = r.lap()
	}
}

func (a *answers) ofZone(zone string) *zoneHits {
	z := a.zones[zone]
	if z == nil {
		z = &zoneHits{}
		a.zones[zone] = z
	}
	return z
}

// zoneOf returns the zone that has a rule hit because it lists something, "" where none does. What a dns_block_rule looks for
// is no listing.
func (r *run) zoneOf(i int) string {
	rule := r.set.rules[i]
	if r.answers == nil || rule.plan == nil || rule.blocks != nil || r.answers.askings[i] == nil {
		return ""
	}
	return r.answers.askings[i].Zone()
}

// moveToZones takes the hits of rules that ask zones out of their file's result: they are the zones' merit. Where the
// operator's lists give points for a zone already, its rules only show.
func (r *run) moveToZones(hits []filter.Hit, zones []string) []filter.Hit {
	kept := hits[:0]
	for h := range hits {
		if h >= len(zones) || zones[h] == "" {
			kept = append(kept, hits[h])
			continue
		}
		of := r.answers.ofZone(zones[h])
		of.hits = append(of.hits, hits[h])
	}
	return kept
}

// observed tells whether the hits of rules over a zone add no points.
func (r *run) observed(zone string) bool {
	if zone == "" || r.set.zonePoints == BothPoints {
		return false
	}
	asked := r.answers.lookups.Zones()[zone]
	return asked != nil && asked.Scores()
}

// zoneResults is a result for each zone that was asked, by name.
func (r *run) zoneResults() []filter.Result {
	if r.answers == nil {
		return nil
	}
	r.answers.lookups.Freeze() // where no rule wanted an answer, nobody has waited, and answers still lead to questions
	r.blockZones()
	patience := r.answers.patience()
	zones := r.answers.lookups.Zones()
	var results []filter.Result
	for _, name := range slices.Sorted(maps.Keys(zones)) {
		result := zones[name].Result(patience)
		if of := r.answers.zones[name]; of != nil {
			result.Hits, result.Listed = of.hits, of.listed
		}
		results = append(results, result)
	}
	return results
}

// noPatience is that of somebody who did not wait: no question was under way for so long.
const noPatience = time.Duration(math.MaxInt64)

// patience is how long a question must have been under way to count as a failure of its zone where it has no answer. It has
// had its chance in half of the time that answers were waited for; one that was put later, because another answer led to it,
// has not.
func (a *answers) patience() time.Duration {
	if !a.waited {
		return noPatience
	}
	return a.limit / 2
}

// blockZones has zones rest whose answer, as a dns_block_rule says, was a refusal.
func (r *run) blockZones() {
	for _, i := range r.set.blockers {
		rule := r.set.rules[i]
		if r.state[i] != hit {
			continue
		}
		for _, zone := range rule.blocks {
			if asked := r.answers.lookups.Zones()[zone]; asked != nil {
				asked.Refused("the rule " + rule.Name + " hits")
			}
		}
	}
}

// endAnswers ends what is still asked.
func (r *run) endAnswers() {
	if r.answers != nil {
		r.answers.lookups.Close()
		r.answers = nil
	}
}
