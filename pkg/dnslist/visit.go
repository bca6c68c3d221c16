package dnslist

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"winnow/pkg/dns"
	"winnow/pkg/filter"
)

// A Visit is what rules ask one list about one message, whatever the list's own questions are: the list's health, its rest
// and its account are the same. A zone that only rules name is a list, too, with the zone for its name; what its return
// codes mean is for the rules to say. It may be used by several goroutines.
type Visit struct {
	src     *source
	start   time.Time
	resting error

	mu        sync.Mutex
	asked     int
	cached    int
	open      []time.Time   // when those were put that have no answer yet
	questions []question    // that have one
	longest   time.Duration // that one took
	refused   error         // by the word of a rule
	over      bool
}

// addZones makes lists of the zones that no list has that is on. It keeps what the Set before knew of their health.
func (s *Set) addZones(zones []string, previous *Set) {
	s.zones = map[string]*source{}
	for _, src := range s.sources {
		if src.Enabled {
			if zone := src.zone(); s.zones[zone] == nil {
				s.zones[zone] = src
			}
		}
	}
	for _, zone := range zones {
		if s.zones[zone] == nil {
			s.zones[zone] = newSource(s, s.listOf(zone), previous)
		}
	}
}

// listOf is a list of a zone that only rules ask. What is known of how a list that is off declines holds for it.
func (s *Set) listOf(zone string) List {
	l := List{Zone: zone, Enabled: true, ofRules: true}
	labels := strings.Split(zone, ".")
	if i := slices.IndexFunc(labels, dns.LooksLikeKey); i >= 0 {
		l.Key = NewSecret(labels[i])
		labels[i] = keyLabel
		l.Zone = strings.Join(labels, ".")
	}
	for _, src := range s.sources {
		if src.Zone == l.Zone {
			l.Refused = src.Refused
		}
	}
	l.Name = l.ShownZone()
	l.Title = l.Name
	return l
}

// zone is the list's zone as the DNS has it, its key included.
func (src *source) zone() string { return src.name("x")[len("x."):] }

// Visit returns the list of a zone, for one message; nil where there is none of that zone.
func (s *Set) Visit(zone string) *Visit {
	src := s.zones[zone]
	if src == nil {
		return nil
	}
	now := s.now()
	return &Visit{src: src, start: now, resting: src.resting(now)}
}

// Scores tells whether the list's own hits give points already.
func (v *Visit) Scores() bool { return !v.src.ofRules }

// Show is the name of a key in the zone as it may be shown.
func (v *Visit) Show(key string) string { return v.src.show(key) }

// Lists tells whether an answer of the zone lists what was asked about: an answer without records does not, and by a refusal,
// or by an address that no list gives out, a list says nothing of what it was asked about.
func (v *Visit) Lists(answer dns.Answer) bool {
	if answer.Empty() {
		return false
	}
	outcome, _, _ := v.src.classify(answer.Addrs, newAsks(v.src.Ask...))
	return outcome != Refused && outcome != Bogus
}

// Ask returns what the list's zone has for a key. A refusal is an answer: rules look for it.
func (v *Visit) Ask(ctx context.Context, key string, kind dns.Type) (dns.Answer, error) {
	if v.resting != nil {
		return dns.Answer{}, v.resting
	}
	name := v.src.name(key)
	if name == "" {
		return dns.Answer{}, dns.ErrName
	}
	put, ok := v.begin()
	if !ok {
		return dns.Answer{}, dns.ErrTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, v.src.limit())
	defer cancel()
	answer, err := v.src.set.resolver.Resolve(ctx, dns.Question{Name: name, Type: kind})
	q := v.src.visited(question{key: key, name: name}, kind, &answer, err)
	v.finish(q, put)
	return answer, q.err
}

// Recall is Ask for what is known without asking: an answer in memory, or that nothing is to be asked.
func (v *Visit) Recall(key string, kind dns.Type) (answer dns.Answer, err error, known bool) {
	if v.resting != nil {
		return dns.Answer{}, v.resting, true
	}
	name := v.src.name(key)
	if name == "" {
		return dns.Answer{}, dns.ErrName, true
	}
	if answer, err, known = dns.Recall(v.src.set.resolver, dns.Question{Name: name, Type: kind}); !known {
		return dns.Answer{}, nil, false
	}
	q := v.src.visited(question{key: key, name: name}, kind, &answer, err)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.over {
		return dns.Answer{}, dns.ErrTimeout, true
	}
	v.asked++
	v.note(q)
	return answer, q.err, true
}

// visited says what an answer means, and makes of it what it is to rules: a refusal that a Guard has made an error of is
// an answer again.
func (src *source) visited(q question, kind dns.Type, answer *dns.Answer, err error) question {
	if guarded, ok := errors.AsType[*guardError](err); ok {
		answer.Addrs, err = guarded.addrs, nil
	}
	q.cached, q.age = answer.Cached, answer.Age
	switch {
	case err != nil:
		q.outcome, q.err = Failed, src.hide(err)
	case kind == dns.A:
		q.addrs = answer.Addrs
		if q.outcome, _, _ = src.classify(q.addrs, newAsks(src.Ask...)); q.outcome == Unknown { // its rules know
			q.outcome = Hit
		}
	default:
		q.outcome = Hit
		if answer.Empty() {
			q.outcome = Miss
		}
	}
	return q
}

// limit is how long one question to the list may take.
func (src *source) limit() time.Duration {
	if src.Timeout > 0 {
		return min(src.Timeout, src.set.config.Timeout)
	}
	return src.set.config.Timeout
}

// begin counts a question that is put now, unless the visit is over.
func (v *Visit) begin() (put time.Time, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.over {
		return time.Time{}, false
	}
	put = v.src.set.now()
	v.asked++
	v.open = append(v.open, put)
	return put, true
}

// finish notes the answer to a question that was put then.
func (v *Visit) finish(q question, put time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.over {
		return
	}
	i, last := slices.Index(v.open, put), len(v.open)-1
	v.open[i] = v.open[last]
	v.open = v.open[:last]
	v.note(q)
	if !q.cached {
		v.longest = max(v.longest, v.src.set.now().Sub(put))
	}
}

// note notes an answer. v.mu is held.
func (v *Visit) note(q question) {
	if q.cached {
		v.cached++
	}
	v.questions = append(v.questions, q)
}

// Refused tells the list that an answer was a refusal, though nothing else says so.
func (v *Visit) Refused(why string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.refused == nil && v.resting == nil {
		v.refused = fmt.Errorf("%w: %s", filter.ErrRefused, why)
	}
}

// Result ends the visit: it lets the list's health know, and returns what was asked. A question without an answer has failed
// where it was put patience ago or earlier. What was put later, or nobody waited for, says nothing of the list: a mail could
// else take it down by having us ask late.
func (v *Visit) Result(patience time.Duration) filter.Result {
	v.mu.Lock()
	defer v.mu.Unlock()
	result := filter.Result{Source: v.src.Name, Kind: filter.List, Asked: v.asked, Cached: v.cached, Err: v.resting}
	if v.over || v.resting != nil {
		return result
	}
	v.over = true
	if len(v.open) > 0 {
		v.giveUp(patience)
	}
	result.Took = v.longest
	if len(v.questions) == 0 {
		return result
	}
	v.src.answers(&result, v.questions)
	worst := worst(v.questions)
	result.Err = v.src.failure(worst)
	v.src.learn(v.start, v.questions, worst)
	if v.refused != nil {
		result.Err = v.refused
		if worst.outcome != Refused && freshAnswer(v.questions) {
			v.src.rest(Refusing, v.refused)
		}
	}
	return result
}

// giveUp makes failures of the questions that were under way for so long. v.mu is held.
func (v *Visit) giveUp(patience time.Duration) {
	now := v.src.set.now()
	for _, put := range v.open {
		waited := now.Sub(put)
		v.longest = max(v.longest, waited)
		if waited >= patience {
			v.questions = append(v.questions, question{subject: &subject{}, outcome: Failed, err: dns.ErrTimeout})
		}
	}
}

// bogus tells whether addresses are none that the list would give out. Of a zone that only rules ask nobody knows: it may
// be no list of return codes.
func (l *List) bogus(addrs []netip.Addr) bool {
	return !l.ofRules && slices.ContainsFunc(addrs, notReturnCode)
}
