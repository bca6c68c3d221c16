// Package dnstest stands in for the DNS in tests. Zones is a literal of names and what they hold; it is a dns.Resolver
// by itself, for the unit tests of whatever asks one, and Serve puts it behind a real server on a loopback port, with
// the faults that real servers have.
//
//	zones := dnstest.Zones{
//		"2.0.0.127.zen.example": dnstest.A("127.0.0.2", "127.0.0.4"),
//		"*.open.example":        dnstest.A("127.255.255.254"), // every name below it that has no entry of its own
//		"*.dead.example":        {Fault: dnstest.ServFail},
//		"spf.example":           {TXT: []string{"v=spf1 -all"}, TTL: time.Minute},
//	}
//	asked := dnstest.Record(zones) // a dns.Resolver that keeps a log: asked.Questions()
//	server := dnstest.Serve(t, zones) // server.Addr is "127.0.0.1:port"
//
// A name without an entry does not exist (NXDOMAIN). A name with one has no records of the types it does not mention.
// Values that are no addresses or names are faults of the test, and panic.
package dnstest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"winnow/pkg/dns"
)

// Zones says what each name holds. Names are lower case and without trailing dot; "*.zone" stands for every name below
// zone, at any depth, that has no entry nearer to it.
type Zones map[string]Host

var _ dns.Resolver = Zones(nil)

// A Host is what a name holds and how it is answered for.
type Host struct {
	A     []string // addresses
	AAAA  []string
	TXT   []string // one for each record
	PTR   []string
	NS    []string
	MX    []string      // best first
	CNAME string        // the name is an alias of this one; it has no records of its own then
	TTL   time.Duration // of records, and of their absence; 5 minutes where it is 0
	Delay time.Duration // how long the answer takes
	Fault Fault
}

// A Fault is what goes wrong when a name is asked for. The comments say what a Client makes of it; a Zones behaves
// the same, but without waiting.
type Fault int

const (
	None          Fault = iota
	ServFail            // SERVFAIL: dns.ErrServFail
	Refused             // REFUSED: dns.ErrRefused
	NotImp              // NOTIMP: dns.ErrRcode
	Timeout             // no answer at all: dns.ErrTimeout
	Truncate            // nothing but TC over UDP, all over TCP: no error
	WrongID             // an answer with another id, ignored: dns.ErrTimeout
	WrongQuestion       // an answer to another question, ignored: dns.ErrTimeout
	Garbage             // bytes that are no message, ignored: dns.ErrTimeout
	Malformed           // our id and question, then bytes that are no records: dns.ErrMalformed
	Forged              // several wrong answers over UDP before the right one: no error
	Flood               // wrong answers over UDP without end, the right one over TCP: no error
)

// DefaultTTL is the TTL of a Host that does not say.
const DefaultTTL = 5 * time.Minute

// A returns a Host with these addresses.
func A(addrs ...string) Host { return Host{A: addrs} }

// TXT returns a Host with these texts.
func TXT(texts ...string) Host { return Host{TXT: texts} }

// Fails returns a Host that is answered for with a fault.
func Fails(f Fault) Host { return Host{Fault: f} }

// maxAliases is how many aliases in a row Zones follows.
const maxAliases = 16

// find returns the entry for a name: its own, or that of the nearest wildcard above it.
func (z Zones) find(name string) (Host, bool) {
	if h, ok := z[name]; ok {
		return h, true
	}
	for rest := name; ; {
		_, parent, ok := strings.Cut(rest, ".")
		if !ok {
			h, ok := z["*"]
			return h, ok
		}
		if h, ok := z["*."+parent]; ok {
			return h, true
		}
		rest = parent
	}
}

// Resolve answers q from the literal.
func (z Zones) Resolve(ctx context.Context, q dns.Question) (dns.Answer, error) {
	name := strings.TrimSuffix(strings.ToLower(q.Name), ".")
	ttl := time.Duration(0)
	for range maxAliases {
		h, found := z.find(name)
		if err := wait(ctx, h.Delay); err != nil {
			return dns.Answer{}, err
		}
		if err := h.Fault.err(); err != nil {
			return dns.Answer{}, fmt.Errorf("dnstest: %w", err)
		}
		if own := h.ttl(); ttl == 0 || own < ttl {
			ttl = own
		}
		if h.CNAME == "" {
			answer := h.answer(q.Type)
			answer.NXDomain = !found
			answer.TTL = ttl
			return answer, nil
		}
		name = h.CNAME
	}
	return dns.Answer{}, fmt.Errorf("dnstest: %w: aliases in a circle", dns.ErrMalformed)
}

func (h *Host) ttl() time.Duration {
	if h.TTL == 0 {
		return DefaultTTL
	}
	return h.TTL
}

func (h *Host) answer(t dns.Type) dns.Answer {
	switch t {
	case dns.A:
		return dns.Answer{Addrs: addrs(h.A)}
	case dns.AAAA:
		return dns.Answer{Addrs: addrs(h.AAAA)}
	case dns.TXT:
		return dns.Answer{Texts: h.TXT}
	case dns.PTR:
		return dns.Answer{Names: h.PTR}
	case dns.NS:
		return dns.Answer{Names: h.NS}
	case dns.MX:
		return dns.Answer{Names: h.MX}
	}
	return dns.Answer{}
}

// addrs reads addresses. A literal that holds anything else is a fault of the test, hence the panic.
func addrs(texts []string) []netip.Addr {
	var list []netip.Addr
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

func (f Fault) err() error {
	switch f {
	case ServFail:
		return dns.ErrServFail
	case Refused:
		return dns.ErrRefused
	case NotImp:
		return dns.ErrRcode
	case Timeout, WrongID, WrongQuestion, Garbage:
		return dns.ErrTimeout
	case Malformed:
		return dns.ErrMalformed
	}
	return nil
}

// wait lets d pass, or says why not.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return fmt.Errorf("dnstest: %w: %w", dns.ErrTimeout, ctx.Err())
		}
		return ctx.Err()
	}
}

// A Recorder passes questions on and keeps a log of them. It is safe for use by several goroutines.
type Recorder struct {
	next dns.Resolver
	mu   sync.Mutex
	log  []dns.Question
}

var _ dns.Resolver = (*Recorder)(nil)

// Record returns a Recorder before next.
func Record(next dns.Resolver) *Recorder { return &Recorder{next: next} }

// Resolve notes q and passes it on.
func (r *Recorder) Resolve(ctx context.Context, q dns.Question) (dns.Answer, error) {
	r.mu.Lock()
	r.log = append(r.log, q)
	r.mu.Unlock()
	return r.next.Resolve(ctx, q)
}

// Questions returns what was asked so far, in that order.
func (r *Recorder) Questions() []dns.Question {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]dns.Question(nil), r.log...)
}
