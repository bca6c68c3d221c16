package dnslist

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Health is what a list is worth at the moment.
type Health string

const (
	Off          Health = "off"           // not enabled
	Unprobed     Health = "unprobed"      // nothing is known yet; it is asked and believed
	OK           Health = "ok"            // its test entries are as they must be
	SuspectEmpty Health = "suspect-empty" // its test entry is missing: believed, but it may have lost its data, or us
	Refusing     Health = "refused"       // it declines to answer us: it rests
	Broken       Health = "broken"        // it lists what it must not: nothing it says counts
	Down         Health = "down"          // it does not answer: it rests
)

// downAfter is how many checks in a row must go without any answer, or how many probes, before a list is down. One
// lost packet is not news.
const (
	downAfter       = 5
	downAfterProbes = 2
)

// A condition is a list's health at one moment.
type condition struct {
	health Health
	why    string
	since  time.Time
	probed time.Time // when it was last probed, zero if never
	err    error     // what a check gets in place of an answer; nil where the list is asked
	until  time.Time // when it is asked again; zero: when a probe finds it well
}

// A State tells how a list is.
type State struct {
	List    string    `json:"list"`
	Title   string    `json:"title"`
	Zone    string    `json:"zone"`               // without its key
	OfRules bool      `json:"of_rules,omitempty"` // it is no list of the configuration: rules ask the zone, and nobody probes it
	Health  Health    `json:"health"`
	Why     string    `json:"why,omitempty"` // it is not ok
	Since   time.Time `json:"since"`
	Probed  time.Time `json:"probed,omitzero"`
	Until   time.Time `json:"until,omitzero"` // it rests
}

// States returns how each list is, in configuration order, and then the zones that only rules ask, by name.
func (s *Set) States() []State {
	states := make([]State, 0, len(s.sources)+len(s.zones))
	for _, src := range s.sources {
		states = append(states, src.state(src.condition.Load()))
	}
	lists := len(states)
	for _, src := range s.zones {
		if src.ofRules {
			states = append(states, src.state(src.condition.Load()))
		}
	}
	slices.SortFunc(states[lists:], func(a, b State) int { return strings.Compare(a.List, b.List) })
	return states
}

func (src *source) state(c *condition) State {
	return State{
		List: src.Name, Title: src.Title, Zone: src.ShownZone(), OfRules: src.ofRules,
		Health: c.health, Why: c.why, Since: c.since, Probed: c.probed, Until: c.until,
	}
}

// resting returns what stands in for an answer while the list is not asked, nil when it is.
func (src *source) resting(now time.Time) error {
	c := src.condition.Load()
	if c.err == nil || !c.until.IsZero() && !now.Before(c.until) {
		return nil
	}
	return c.err
}

// learn takes from a check, begun at start, what it tells about the list. A refusal or a bogus answer is a reason to
// rest at once: both concern every question, and asking on makes the first one worse.
func (src *source) learn(start time.Time, questions []question, worst *question) {
	switch {
	case worst.outcome == Refused && !worst.cached:
		src.rest(Refusing, src.failure(worst))
	case worst.outcome == Bogus && !worst.cached:
		src.rest(Broken, src.failure(worst))
	case freshAnswer(questions):
		src.failures.Store(0)
		src.recovered(start)
	case allFailed(questions):
		if src.failures.Add(1) >= downAfter || src.condition.Load().health == Down {
			src.rest(Down, worst.err)
		}
	}
}

func freshAnswer(questions []question) bool {
	for i := range questions {
		if q := &questions[i]; !q.cached && (q.outcome.conclusive() || q.outcome == Unknown) {
			return true
		}
	}
	return false
}

// allFailed tells whether the list was asked and no question was answered. That a client went away is no failure, nor
// that a cache remembers one.
func allFailed(questions []question) bool {
	for i := range questions {
		if q := &questions[i]; q.outcome != Failed || q.cached || errors.Is(q.err, context.Canceled) {
			return false
		}
	}
	return true
}

// rest takes the list out of service for a while.
func (src *source) rest(health Health, err error) {
	src.change(func(c *condition) {
		if c.health == Broken && c.until.IsZero() {
			return // a probe has found it broken, which is worse
		}
		probed := c.probed
		*c = src.atRest(health, err)
		c.probed = probed
	})
}

// atRest is the condition of a list that is not asked for a while because of err.
func (src *source) atRest(health Health, err error) condition {
	c := notAsked(health, err)
	c.until = src.set.now().Add(src.set.config.Rest)
	return c
}

// notAsked is the condition of a list that is not asked until a probe finds it well.
func notAsked(health Health, err error) condition {
	return condition{health: health, why: err.Error(), err: fmt.Errorf("not asked for now: %w", err)}
}

// recovered ends a rest that is over, because the list has answered a question that was put after it.
func (src *source) recovered(start time.Time) {
	rested := func(c *condition) bool { return c.err != nil && !c.until.IsZero() && !start.Before(c.until) }
	if !rested(src.condition.Load()) {
		return
	}
	src.change(func(c *condition) {
		if rested(c) {
			*c = condition{health: OK, probed: c.probed}
		}
	})
}

// change changes the list's condition and tells who wants to know, one change after the other.
func (src *source) change(edit func(*condition)) {
	s := src.set
	s.changing.Lock()
	defer s.changing.Unlock()
	was := src.condition.Load()
	now := *was
	edit(&now)
	now.since = was.since
	if now.health != was.health {
		now.since = s.now()
	}
	src.condition.Store(&now)
	if now.health != was.health && s.onChange != nil {
		s.onChange(was.health, src.state(&now))
	}
}
