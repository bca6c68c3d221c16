package dnslist

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"winnow/pkg/dns"
	"winnow/pkg/filter"
)

// A question is one name in a list's zone, and what came of asking for it.
type question struct {
	subject *subject
	about   Asks   // what it asks about, as far as codes differ in that
	key     string // what stands before the zone
	name    string // in the DNS: holds the list's secret

	addrs   []netip.Addr
	cached  bool          // no question was sent for it
	age     time.Duration // how long a cache has had it
	outcome Outcome
	codes   codeSet // that the answer stands for
	unknown bool    // some of the answer is not declared
	err     error   // of a Failed one
}

// what is what was asked about, as people write it: never a hash.
func (l *List) what(q *question) string {
	s := q.subject
	switch {
	case s.addr.IsValid():
		return s.addr.String()
	case s.isWhole() && s.ask == URI:
		return s.host // all of the link would send strangers where the list warns of
	case s.isWhole():
		return s.whole
	case l.Hash == dns.NoHash:
		return q.key
	case q.key == l.Hash.Of(s.host):
		return s.host
	}
	return s.domain
}

// recall answers those questions whose answers are in memory, and returns the others.
func (src *source) recall(r dns.Resolver, questions []question) (open []*question) {
	for i := range questions {
		q := &questions[i]
		if answer, err, known := dns.Recall(r, dns.Question{Name: q.name, Type: dns.A}); known {
			src.answered(q, answer, err)
		} else {
			open = append(open, q)
		}
	}
	return open
}

// ask puts all questions at once and returns when each is answered, or ctx is over.
func (src *source) ask(ctx context.Context, r dns.Resolver, questions []*question) {
	if len(questions) == 0 {
		return
	}
	if src.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, src.Timeout)
		defer cancel()
	}
	atOnce(len(questions), func(i int) { src.put(ctx, r, questions[i]) })
}

// put puts one question and says what the answer means.
func (src *source) put(ctx context.Context, r dns.Resolver, q *question) {
	defer func() {
		if p := recover(); p != nil { // this goroutine is ours: nobody above can catch it
			q.outcome, q.err = Failed, src.hide(fmt.Errorf("panic: %v", p))
		}
	}()
	answer, err := r.Resolve(ctx, dns.Question{Name: q.name, Type: dns.A})
	src.answered(q, answer, err)
}

// answered says what an answer means.
func (src *source) answered(q *question, answer dns.Answer, err error) {
	q.cached, q.age = answer.Cached, answer.Age
	if guarded, ok := errors.AsType[*guardError](err); ok {
		answer.Addrs, err = guarded.addrs, nil
	}
	if err != nil {
		q.outcome, q.err = Failed, src.hide(err)
		return
	}
	q.addrs = answer.Addrs
	q.outcome, q.codes, q.unknown = src.classify(q.addrs, q.about)
}

// worst returns the question whose outcome says most about the list.
func worst(questions []question) *question {
	most := &questions[0]
	for i := range questions {
		if questions[i].rank() > most.rank() {
			most = &questions[i]
		}
	}
	return most
}

func (q *question) rank() int {
	if q.unknown {
		return Unknown.rank() // a hit that has undeclared codes beside it
	}
	return q.outcome.rank()
}

// answers notes in a result how old what was answered is, and what was in it.
func (src *source) answers(result *filter.Result, questions []question) {
	for i := range questions {
		q := &questions[i]
		result.Age = max(result.Age, q.age)
		if len(q.addrs) == 0 {
			continue
		}
		a := filter.Answer{Name: src.show(q.key), Codes: q.addrs[:min(len(q.addrs), maxShown)], Cached: q.cached, Age: q.age}
		if q.subject != nil {
			a.Ask, a.Guess, a.IPv6 = q.subject.ask.String(), q.subject.guess, q.subject.addr.Is6()
		}
		result.Answers = append(result.Answers, a)
	}
}

// failure returns why the question's answer was not all that it should be, nil where it was.
func (src *source) failure(q *question) error {
	switch {
	case q.outcome == Failed:
		return q.err
	case q.outcome == Refused:
		return fmt.Errorf("%w: %s", filter.ErrRefused, src.answer(q))
	case q.outcome == Bogus:
		return fmt.Errorf("%w: %s", filter.ErrBogus, src.answer(q))
	case q.unknown:
		return fmt.Errorf("%w: %s", filter.ErrUnknown, src.answer(q))
	}
	return nil
}

// maxShown is how many records of an answer a log line shows.
const maxShown = 8

// answer writes a question and its answer as the log shows them: "4.3.2.1.zen.spamhaus.org A 127.0.0.2 127.0.0.9".
func (src *source) answer(q *question) string {
	var b strings.Builder
	b.WriteString(src.show(q.key) + " A")
	for i, addr := range q.addrs {
		if i == maxShown {
			b.WriteString(" ...")
			break
		}
		b.WriteString(" " + addr.String())
	}
	return b.String()
}

// detail is the evidence for a hit: the name and the record that stands for the code, and what of the message it is about.
func (src *source) detail(q *question, code, more int) string {
	text := src.show(q.key) + " A " + src.evidence(q.addrs, code, q.about).String()
	if kind := q.subject.kind(); kind != "" {
		text += " (" + kind + ")"
	}
	if more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	if q.subject.guess {
		text += " (a guess, not a link: points only)"
	}
	return text
}

// kind tells in the log what was asked about, "" where the name that was asked for does. A mail address is not shown: who
// wants to know it has the message.
func (s *subject) kind() string {
	switch {
	case s.ask == Client || s.ask == URI && !s.isWhole():
		return ""
	case s.ask == Relays:
		return "relay"
	case s.ask == URIAddress:
		return "address of " + s.host
	case s.ask == URINS:
		return "name server of " + s.host
	case s.ask == URI:
		return "link of " + s.host
	case s.isWhole():
		return s.ask.String() + " address"
	}
	return s.ask.String()
}
