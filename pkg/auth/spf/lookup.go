package spf

import (
	"context"
	"errors"
	"sync"

	"winnow/pkg/dns"
	"winnow/pkg/message"
)

// maxAhead is how many questions one check may ask before it is sure that it needs the answer. Ten mechanisms may ask, and
// a mail server or two stand behind each.
const maxAhead = 40

// lookups asks the questions of one check, each once. It is safe for use by several goroutines.
type lookups struct {
	ctx      context.Context
	cancel   context.CancelFunc
	resolver dns.Resolver
	running  sync.WaitGroup

	mu    sync.Mutex
	asked map[dns.Question]*lookup
	left  int // of maxAhead
}

// A lookup is one question and, once done is closed, what came of it.
type lookup struct {
	done   chan struct{}
	answer dns.Answer
	err    error

	parse  sync.Once
	record *record // of a TXT question: the SPF record, nil where there is none
	fault  error
}

func newLookups(ctx context.Context, resolver dns.Resolver) *lookups {
	l := &lookups{resolver: resolver, asked: make(map[dns.Question]*lookup), left: maxAhead}
	l.ctx, l.cancel = context.WithCancel(ctx)
	return l
}

// close ends what is still being asked, and waits for it.
func (l *lookups) close() {
	l.cancel()
	l.running.Wait()
}

// ask returns the answer. A name that cannot be asked for does not exist; every other error is a temporary fault.
func (l *lookups) ask(q dns.Question) (dns.Answer, error) {
	found, first := l.get(q)
	if first {
		l.resolve(found, q)
	}
	<-found.done // it ends with ctx
	if found.err != nil {
		return dns.Answer{}, temporary(q.Type.String()+" of "+q.Name, found.err)
	}
	return found.answer, nil
}

// record returns the SPF record in the answer, read; nil where there is none. Its error is a fault.
func (l *lookups) record(q dns.Question) (*record, error) {
	if _, err := l.ask(q); err != nil {
		return nil, err
	}
	found, _ := l.get(q)
	return found.read()
}

// start asks for what is going to be needed.
func (l *lookups) start(q dns.Question) {
	if found, first := l.get(q); first {
		l.running.Go(func() { l.resolve(found, q) })
	}
}

// ahead asks for what may be needed, and calls then with what was found. It returns false where it may ask no more.
func (l *lookups) ahead(q dns.Question, then func(*lookup)) bool {
	found, first := l.getAhead(q)
	if first {
		l.running.Go(func() {
			l.resolve(found, q)
			defer func() { _ = recover() }() // read has noted it, for whoever needs the record
			if then != nil && found.err == nil {
				then(found)
			}
		})
	}
	return found != nil
}

// get returns the lookup of a question; the first who wants it has to resolve it.
func (l *lookups) get(q dns.Question) (found *lookup, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.enter(q)
}

// getAhead is get while questions may be asked ahead; then it returns those that were asked already.
func (l *lookups) getAhead(q dns.Question) (found *lookup, first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left == 0 {
		return l.asked[q], false
	}
	if found, first = l.enter(q); first {
		l.left--
	}
	return found, first
}

func (l *lookups) enter(q dns.Question) (found *lookup, first bool) {
	if found = l.asked[q]; found == nil {
		first = true
		found = &lookup{done: make(chan struct{})}
		l.asked[q] = found
	}
	return found, first
}

func (l *lookups) resolve(found *lookup, q dns.Question) {
	defer close(found.done)
	found.answer, found.err = l.resolver.Resolve(l.ctx, q)
	if errors.Is(found.err, dns.ErrName) {
		found.answer, found.err = dns.Answer{NXDomain: true}, nil
	}
}

// errPanic is the fault of a record that was not read to its end.
var errPanic = &fault{message.AuthTempError, errors.New("panic: reading the record")}

// read reads the SPF record in the answer, once.
func (k *lookup) read() (*record, error) {
	k.parse.Do(func() {
		k.fault = errPanic
		text, err := selectRecord(k.answer.Texts)
		if err == nil && text != "" {
			k.record, err = parseRecord(text)
		}
		if err != nil {
			k.record, err = nil, permanent("%w", err)
		}
		k.fault = err
	})
	return k.record, k.fault
}

// ahead asks at once what a record will ask one after the other, and the same of the records that it includes, as soon as
// they come. What stands behind a mechanism that decides without the DNS is never asked.
func (e *evaluation) ahead(r *record, domain string) {
	for i := range r.terms {
		t := &r.terms[i]
		switch {
		case t.kind == kindAll, t.kind == kindIP && t.network.Contains(e.query.Addr):
			return
		case t.kind == kindIP:
			continue
		}
		if !e.askAhead(t.kind, t.target, domain) {
			return
		}
	}
	if r.redirect != nil {
		e.askAhead(kindInclude, r.redirect, domain)
	}
}

// askAhead asks what one mechanism will ask, and what follows from that. It returns false where no more may be asked.
func (e *evaluation) askAhead(k kind, target *spec, domain string) bool {
	if target.has("p") && k != kindPTR { // that takes answers of its own
		return true
	}
	name, ok := domain, true
	if target != nil && k != kindPTR {
		name, ok = target.expand(e.query, domain, "")
	}
	if !ok {
		return true
	}
	var q dns.Question
	var then func(*lookup)
	switch k {
	case kindInclude:
		q = dns.Question{Name: name, Type: dns.TXT}
		then = func(k *lookup) {
			if r, err := k.read(); err == nil && r != nil {
				e.ahead(r, name)
			}
		}
	case kindA:
		q = e.addresses(name)
	case kindExists:
		q = dns.Question{Name: name, Type: dns.A}
	case kindMX:
		q = dns.Question{Name: name, Type: dns.MX}
		then = e.hostsAhead
	case kindPTR:
		q = dns.Question{Name: message.ReverseName(e.query.Addr), Type: dns.PTR}
		then = e.hostsAhead
	}
	return e.lookups.ahead(q, then)
}

// hostsAhead asks for the addresses of the names in an answer.
func (e *evaluation) hostsAhead(k *lookup) {
	for _, host := range k.answer.Names[:min(len(k.answer.Names), maxHosts)] {
		if !e.lookups.ahead(e.addresses(host), nil) {
			return
		}
	}
}
