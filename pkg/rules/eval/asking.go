package eval

import (
	"context"
	"fmt"
	"strings"

	"winnow/pkg/dns"
	"winnow/pkg/message"
)

// An Asking is what one rule asks about one message.
type Asking struct {
	lookups *Lookups
	watches []watch
	hit     *Lookup // whose answer made the rule hit
}

// A Test tells whether an answer makes the rule hit, and by which record.
type Test func(f *Facts, found *Lookup) (record string, hit bool)

type watch struct {
	lookup *Lookup // nil where set is watched
	set    string
	test   Test
	decide func(f *Facts) (string, bool) // in place of all that
}

// NewAsking returns an Asking without questions.
func NewAsking(l *Lookups) *Asking { return &Asking{lookups: l} }

// Ask puts a question whose answer may make the rule hit.
func (a *Asking) Ask(zone, key string, kind dns.Type, test Test) *Lookup {
	found := a.lookups.put(zone, key, kind, nil)
	if found != nil {
		a.watch(watch{lookup: found, test: test})
	}
	return found
}

// Then puts a question whose answer leads to others: next puts them.
func (a *Asking) Then(key string, kind dns.Type, next func(*Lookup)) {
	a.lookups.put("", key, kind, next)
}

// Later has f put questions when it has found out about what. It must not look at the message's Facts.
func (a *Asking) Later(f func(ctx context.Context)) {
	a.lookups.mu.Lock()
	defer a.lookups.mu.Unlock()
	if !a.lookups.frozen {
		a.lookups.start(func() { f(a.lookups.ctx) })
	}
}

// InSet puts a question for all rules of a set.
func (a *Asking) InSet(set string, zone, key string, kind dns.Type, test Test) {
	found := a.Ask(zone, key, kind, test)
	if found == nil {
		return
	}
	a.lookups.mu.Lock()
	defer a.lookups.mu.Unlock()
	if !a.lookups.frozen {
		a.lookups.sets[set] = append(a.lookups.sets[set], found)
	}
}

// OfSet watches what all rules of a set ask.
func (a *Asking) OfSet(set string, test Test) { a.watch(watch{set: set, test: test}) }

// Decide has the rule hit where decide says so when all answers are there.
func (a *Asking) Decide(decide func(f *Facts) (record string, hit bool)) {
	a.watch(watch{decide: decide})
}

// identify finds out who sent the message, nil where nobody can tell.
func (a *Asking) identify(ctx context.Context, m *message.Message) *message.Identity {
	if a.lookups.network.Identify == nil {
		return nil
	}
	return a.lookups.network.Identify(ctx, m)
}

func (a *Asking) watch(w watch) {
	a.lookups.mu.Lock()
	defer a.lookups.mu.Unlock()
	if !a.lookups.frozen {
		a.watches = append(a.watches, w)
	}
}

// Hit tells whether an answer makes the rule hit: the first one that does. found is nil where no answer alone does. It is
// for after Wait.
func (a *Asking) Hit(f *Facts) (found *Lookup, record string, hit bool) {
	for i := range a.watches {
		w := &a.watches[i]
		if w.decide != nil {
			if record, hit = w.decide(f); hit {
				return nil, record, true
			}
			continue
		}
		lookups := []*Lookup{w.lookup}
		if w.lookup == nil {
			lookups = a.lookups.sets[w.set]
		}
		for _, found := range lookups {
			if !found.Done {
				continue
			}
			if record, hit = w.test(f, found); hit {
				a.hit = found
				return found, record, true
			}
		}
	}
	return nil, "", false
}

// Zone returns the zone whose answer made the rule hit, "" where none lists anything: that a name is not there, or that a
// zone refuses to answer, can make a rule hit, too, but is no listing.
func (a *Asking) Zone() string {
	if a.hit == nil || a.hit.Err != nil {
		return ""
	}
	if zone := a.lookups.zones[a.hit.Zone]; zone == nil || !zone.Lists(a.hit.Answer) {
		return ""
	}
	return a.hit.Zone
}

// Asked counts the questions of the rule, and those that have no answer.
func (a *Asking) Asked() (asked, failed int) {
	a.lookups.mu.Lock()
	defer a.lookups.mu.Unlock()
	for i := range a.watches {
		lookups := a.lookups.sets[a.watches[i].set]
		if a.watches[i].lookup != nil {
			lookups = []*Lookup{a.watches[i].lookup}
		}
		for _, found := range lookups {
			asked++
			if !found.Done || found.Err != nil {
				failed++
			}
		}
	}
	return asked, failed
}

// A Plan is what a rule asks. Ask puts its questions about a message: it runs before the answers come, and is the only
// part that may look at Facts, but for a Test.
type Plan struct {
	Zones []string // that it asks, lower case and without a dot at the end
	What  string   // it asks, for people: "zen.spamhaus.org"
	// Identity tells that it wants to know who sent the message, too.
	Identity bool
	// Nothing is why the rule asks nothing and never hits, "" where it does.
	Nothing string
	Ask     func(f *Facts, a *Asking)
}

// A RuleFlags is what functions want to know of the rule that calls them.
type RuleFlags struct {
	Name                                      string
	Nice, A, NS, IPsOnly, DomainsOnly, NoTrim bool
	Off                                       bool // it is not run
	RawBody                                   bool // it is a rawbody rule
}

// zoneOfText reads the name of a zone as rules write it.
func zoneOfText(text string) (string, error) {
	zone := strings.Trim(strings.ToLower(text), ".")
	if zone == "" || len(zone) > maxName || strings.ContainsAny(zone, " \t/@") {
		return "", fmt.Errorf("%q is no zone: write it like zen.spamhaus.org", text)
	}
	return zone, nil
}
