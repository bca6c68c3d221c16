package dns

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"time"
)

// A Resolver answers questions. The slices of an Answer may be shared with other callers: they are to be read only.
type Resolver interface {
	// Resolve returns what the DNS holds for q. No such name and no such record are an empty Answer, not an error.
	Resolve(ctx context.Context, q Question) (Answer, error)
}

// A Recaller is a Resolver that knows some answers already. Most questions about a mail have been asked before, and whoever
// has many spares a goroutine for each of those.
type Recaller interface {
	// Recall is Resolve for what is in memory; known is false for everything else.
	Recall(q Question) (answer Answer, err error, known bool)
}

// Recall asks r for what it has in memory, if it keeps anything.
func Recall(r Resolver, q Question) (answer Answer, err error, known bool) {
	if recaller, keeps := r.(Recaller); keeps {
		return recaller.Recall(q)
	}
	return Answer{}, nil, false
}

// A Question is what the DNS is asked.
type Question struct {
	Name string // without trailing dot, lower case
	Type Type
}

// A Type is the type of the records asked for (RFC 1035, 3.2.2).
type Type uint16

// The types whose records an Answer can hold.
const (
	A    Type = 1
	NS   Type = 2
	SOA  Type = 6
	PTR  Type = 12
	MX   Type = 15
	TXT  Type = 16
	AAAA Type = 28
)

var typeNames = map[Type]string{A: "A", NS: "NS", SOA: "SOA", PTR: "PTR", MX: "MX", TXT: "TXT", AAAA: "AAAA"}

func (t Type) String() string {
	if name, ok := typeNames[t]; ok {
		return name
	}
	return "TYPE" + strconv.Itoa(int(t)) // RFC 3597, 5
}

// known tells whether an Answer can hold records of the type.
func (t Type) known() bool {
	switch t {
	case A, NS, SOA, PTR, MX, TXT, AAAA:
		return true
	}
	return false
}

// An Answer is the whole record set that answers a question, aliases (CNAME) followed. It is empty where there is none.
type Answer struct {
	Addrs    []netip.Addr  // A and AAAA, in the order they came
	Texts    []string      // TXT: one for each record, its strings joined
	Names    []string      // PTR and NS; MX, best first; SOA: the primary server. Lower case, without trailing dot
	NXDomain bool          // there is no such name; false where only the type is missing
	TTL      time.Duration // how long it holds from now on; 0 where a negative answer did not say
	Cached   bool          // no question was sent for it: a cache answered, or another caller was asking already
	Age      time.Duration // how long this process has had it; 0 where it did not
}

// Empty tells whether there was no record: no such name, or none of that type.
func (a *Answer) Empty() bool { return len(a.Addrs) == 0 && len(a.Texts) == 0 && len(a.Names) == 0 }

// Every error of a Resolver wraps one of these, or the ctx's error where the caller went away. Apart from ErrName and
// ErrClosed they mean that a server could not answer, and say nothing about the name.
var (
	ErrServFail  = errors.New("server failure (SERVFAIL)")
	ErrRefused   = errors.New("refused to answer (REFUSED)")
	ErrTimeout   = errors.New("no answer in time")
	ErrNetwork   = errors.New("cannot be reached")
	ErrMalformed = errors.New("malformed answer")
	ErrRcode     = errors.New("answered with an error code")
	ErrName      = errors.New("not a name that can be asked for")
	ErrClosed    = errors.New("resolver is closed")
)

// A Cache is what nodes share. Keys show nothing of the name asked for; values are opaque. It must return soon after
// ctx ends, must not keep or change value, and forgets a key after its ttl.
type Cache interface {
	Get(ctx context.Context, key string) (value []byte, found bool, err error)
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
}
