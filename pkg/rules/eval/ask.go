package eval

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"winnow/pkg/dns"
	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/stack"
)

// A Network is how rules learn what is not in the message. What is nil is not asked: the rules that would are misses.
type Network struct {
	// Zone returns the list of a zone, for one message. All questions about names in the zone go through it.
	Zone func(zone string) Zone
	// Resolver answers what is in no list's zone.
	Resolver dns.Resolver
	// Identify finds out who sent the message, nil where ctx ends first.
	Identify func(ctx context.Context, m *message.Message) *message.Identity
}

// A Zone is a DNS list that is asked about one message, by any number of goroutines. What it must rest from, and for how
// long, is its own to know: it answers with an error then.
type Zone interface {
	// Ask returns what the zone has for a key, which stands before its name.
	Ask(ctx context.Context, key string, t dns.Type) (dns.Answer, error)
	// Recall is Ask for what is known without asking.
	Recall(key string, t dns.Type) (answer dns.Answer, err error, known bool)
	// Show is the name of a key in the zone as it may be shown: without the operator's subscription in it.
	Show(key string) string
	// Scores tells whether the operator's lists give points for the zone already.
	Scores() bool
	// Lists tells whether an answer of its lists what was asked about: it has records, and is no refusal.
	Lists(answer dns.Answer) bool
	// Refused tells the zone that an answer of its was a refusal.
	Refused(why string)
	// Result is what it was asked so far; no more is asked. A question without an answer counts as an error where it was
	// put patience ago or earlier; else it says nothing of the zone.
	Result(patience time.Duration) filter.Result
}

// Limits of what is asked about one message.
const (
	maxLookups = 1_000 // different questions; SpamAssassin's stock rules put some 100 about a mail with 20 links
	maxName    = 253   // octets of a name
)

// Lookups is what rules ask about one message. Each question is put once, at once, and for all rules that have it. It is
// written to by many goroutines until Freeze or Wait returns, and by none from then on.
type Lookups struct {
	network *Network
	limits  *dnsSettings
	ctx     context.Context // canceled, and not timed out, where the run's time is over: that a question was given up is no failure of whom it was put to
	cancel  context.CancelFunc
	leave   func() bool // the run's own ctx

	mu      sync.Mutex
	zones   map[string]Zone
	all     map[question]*Lookup
	sets    map[string][]*Lookup // of check_rbl and its like, by the name of the set
	under   int                  // what goes on; planning counts as one
	idle    chan struct{}        // closed when nothing does any more
	frozen  bool
	fault   error // the first panic
	dropped int   // questions that were not put, because there were too many
}

type question struct {
	zone, key string
	kind      dns.Type
}

// A Lookup is one question and, once it is done, its answer.
type Lookup struct {
	Zone, Key string // Zone is "" where Key is the whole name
	Type      dns.Type
	Answer    dns.Answer
	Err       error
	Done      bool // it was answered in time, be it with an error

	then []func(*Lookup)
}

// NewLookups returns a Lookups that puts questions until ctx ends. End it with Close.
func NewLookups(ctx context.Context, n *Network, s *Settings) *Lookups {
	l := &Lookups{
		network: n, limits: &s.dns, zones: map[string]Zone{}, all: map[question]*Lookup{}, sets: map[string][]*Lookup{},
		under: 1, idle: make(chan struct{}),
	}
	l.ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	l.leave = context.AfterFunc(ctx, l.cancel)
	return l
}

// Planned tells that all rules have put their questions; further ones come from answers.
func (l *Lookups) Planned() { l.land() }

// Wait returns when there is nothing to wait for any more, or ctx ends, and freezes what is known then.
func (l *Lookups) Wait(ctx context.Context) {
	select {
	case <-l.idle:
	default:
		select {
		case <-l.idle:
		case <-ctx.Done():
		}
	}
	l.Freeze()
}

// Freeze has what is known by now stay as it is: an answer that comes later changes nothing, and leads to no question.
func (l *Lookups) Freeze() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frozen = true
}

// Close ends what is still under way, and does not wait for it: the goroutines return when the resolver does, which is
// at once where it heeds its ctx, and after the time of one question where it does not. They have nothing of the run but
// this Lookups, which is frozen by then, and the message, which stays.
func (l *Lookups) Close() {
	l.Freeze()
	l.leave()
	l.cancel()
}

// Zones returns the lists that were asked, by zone. It is for after Freeze.
func (l *Lookups) Zones() map[string]Zone { return l.zones }

// start has f run in a goroutine of its own, unless it is too late. l.mu is held.
func (l *Lookups) start(f func()) {
	l.under++
	go func() {
		stack.Reserve()
		defer l.land()
		defer func() {
			if p := recover(); p != nil { // this goroutine is ours: nobody above can catch it
				l.failed(fmt.Errorf("asking panicked: %v", p))
			}
		}()
		f()
	}()
}

func (l *Lookups) failed(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fault == nil && !l.frozen {
		l.fault = err
	}
}

// Err tells what went wrong here, if anything did. It is for after Freeze.
func (l *Lookups) Err() error {
	if l.dropped == 0 {
		return l.fault
	}
	return errors.Join(l.fault, fmt.Errorf("%d questions of rules were not put: about one message %d are", l.dropped, maxLookups))
}

func (l *Lookups) land() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.under--; l.under == 0 {
		close(l.idle)
	}
}

// put puts a question, or joins the one that was put before, and has then called with the answer, in a goroutine of its
// own. It returns nil where it may not be put.
func (l *Lookups) put(zone, key string, kind dns.Type, then func(*Lookup)) *Lookup {
	key = strings.TrimRight(ASCII(key), ".")
	name := key
	if zone != "" {
		name += "." + zone
	}
	if key == "" || len(name) > maxName || l.limits.denies(name) {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	q := question{zone, key, kind}
	found := l.all[q]
	switch {
	case l.frozen:
		return nil
	case found != nil && found.Done:
		if then != nil {
			l.start(func() { then(found) })
		}
		return found
	case found != nil:
		if then != nil {
			found.then = append(found.then, then)
		}
		return found
	case len(l.all) >= maxLookups:
		l.dropped++
		return nil
	}
	asked := l.zone(zone)
	if asked == nil && (zone != "" || l.network.Resolver == nil) {
		return nil
	}
	found = &Lookup{Zone: zone, Key: key, Type: kind}
	l.all[q] = found
	if found.Answer, found.Err, found.Done = l.recall(found, asked); found.Done {
		if then != nil {
			l.start(func() { then(found) })
		}
		return found
	}
	if then != nil {
		found.then = append(found.then, then)
	}
	l.start(func() { l.find(found, asked) })
	return found
}

// recall answers a question without asking, if that can be done.
func (l *Lookups) recall(found *Lookup, zone Zone) (answer dns.Answer, err error, known bool) {
	if zone != nil {
		return zone.Recall(found.Key, found.Type)
	}
	return dns.Recall(l.network.Resolver, dns.Question{Name: found.Key, Type: found.Type})
}

// zone returns the list of a zone, nil where there is none. l.mu is held.
func (l *Lookups) zone(zone string) Zone {
	if zone == "" || l.network.Zone == nil {
		return nil
	}
	asked, known := l.zones[zone]
	if !known {
		if asked = l.network.Zone(zone); asked != nil {
			l.zones[zone] = asked
		}
	}
	return asked
}

// find gets the answer, and hands it to those who have more to ask because of it.
func (l *Lookups) find(found *Lookup, zone Zone) {
	answer, err := l.ask(found, zone)
	l.mu.Lock()
	if l.frozen {
		l.mu.Unlock()
		return
	}
	found.Answer, found.Err, found.Done = answer, err, true
	then := found.then
	found.then = nil
	l.mu.Unlock()
	for _, next := range then {
		next(found)
	}
}

func (l *Lookups) ask(found *Lookup, zone Zone) (answer dns.Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			answer, err = dns.Answer{}, fmt.Errorf("panic: %v", p)
		}
	}()
	ctx := l.ctx
	if limit := l.limits.timeoutOf(found.Zone); limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	if zone != nil {
		return zone.Ask(ctx, found.Key, found.Type)
	}
	return l.network.Resolver.Resolve(ctx, dns.Question{Name: found.Key, Type: found.Type})
}

// ASCII is a name as the DNS is asked for it: in lower case, with what is no ASCII encoded where that can be done.
func ASCII(name string) string {
	for i := 0; i < len(name); i++ {
		if name[i] >= 0x80 {
			if host, ok := message.HostASCII(name); ok {
				return host
			}
			break
		}
	}
	return strings.ToLower(name)
}
