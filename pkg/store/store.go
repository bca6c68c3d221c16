// Package store keeps what outlives the process: whom local users have written to and which messages they sent, the day's counters, the sets of an
// operator, and DNS answers that several nodes share. It knows how each of these is kept, not what it is for: the
// packages that use it declare what they need of it, and a *Memory, an *Embedded and a *Redis all satisfy them.
//
// A store is an aid, never a condition. Calls are bounded in time, by their context and by a limit of the store's own;
// a Redis that is away answers at once with ErrAway, and mail flows without it. Adding to the account is exactly-once:
// a batch of counters that is sent again, because its answer was lost, changes nothing. Whatever has expired is never
// shown, whether or not it has been cleared away yet.
package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Store is all that can be kept. Its users ask for parts of it, under interfaces of their own.
type Store interface {
	// Get returns what was kept under key and has not expired. What is returned belongs to the caller. A key is seen by
	// whoever looks into the store: it must hold no secret.
	Get(ctx context.Context, key string) (value []byte, ok bool, err error)
	// Set keeps value under key for ttl. It may forget it earlier: this is a cache.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error

	// LastWritten tells when local last wrote to remote, to the millisecond.
	LastWritten(ctx context.Context, local, remote string) (at time.Time, found bool, err error)
	// Remember notes that local wrote to remotes at a time, which counts for ttl. A time earlier than the one known, or so
	// long ago that it does not count any more, changes nothing. Of more than most remotes the ones not written to for longest go. Remotes that cannot be an
	// address (see MaxName) are passed over.
	Remember(ctx context.Context, local string, remotes []string, at time.Time, ttl time.Duration, most int) error
	// Forget drops one remote of local and tells whether it was there.
	Forget(ctx context.Context, local, remote string) (found bool, err error)
	// Correspondents returns whom local wrote to, and when last.
	Correspondents(ctx context.Context, local string) (map[string]time.Time, error)
	// Locals returns the local users that have correspondents, sorted.
	Locals(ctx context.Context) ([]string, error)

	// RememberSent notes under id, a digest, that local sent a message at a time, which counts for ttl, with a note of up to
	// MaxName octets. Of more than most messages the oldest go.
	RememberSent(ctx context.Context, local, id, note string, at time.Time, ttl time.Duration, most int) error
	// Sent returns the notes on those of ids that local sent.
	Sent(ctx context.Context, local string, ids []string) (notes map[string]string, err error)

	// IsMember tells whether member is in an operator's set. A set that does not exist has no members.
	IsMember(ctx context.Context, set, member string) (bool, error)
	// AddMembers puts members into an operator's set.
	AddMembers(ctx context.Context, set string, members ...string) error
	// RemoveMember takes a member out of an operator's set and tells whether it was there.
	RemoveMember(ctx context.Context, set, member string) (found bool, err error)
	// Members returns an operator's set, sorted.
	Members(ctx context.Context, set string) ([]string, error)

	// Apply adds deltas (day "2016-12-14" or hour "2016-12-14T09+01:00" -> counter -> amount) in one step, exactly once: a
	// seq that is not above the last one applied for that node changes nothing. Each day is kept for retention after it was
	// last added to, each hour for HourRetention at most.
	Apply(ctx context.Context, node string, seq uint64, deltas map[string]map[string]int64, retention time.Duration) error
	// Counters returns the counters of those of the days and hours that have any.
	Counters(ctx context.Context, days []string) (map[string]map[string]int64, error)

	// Ping tells whether the store answers now.
	Ping(ctx context.Context) error
	// String is the store's URL without secrets, for logs.
	String() string
	Close() error
}

// ErrAway is what errors of a store wrap that cannot do its work now but may later: it cannot be reached, is starting,
// has no memory left, or is a replica that takes no writes.
var ErrAway = errors.New("store is away")

// Options are what a store is opened with. The zero Options are right for a service.
type Options struct {
	// ReadOnly looks at an embedded file as it is now, even while another process holds it: for commands beside a
	// running service. What changes in the file afterwards does not show. Other stores take no notice of it.
	ReadOnly bool

	Now     func() time.Time // the clock; time.Now where nil
	Timeout time.Duration    // of one question to Redis; DefaultTimeout where 0
	Pause   time.Duration    // for which a Redis found away is left alone; DefaultPause where 0
}

// DefaultTimeout is how long Redis may take to connect and to answer. A mail may wait on it.
const DefaultTimeout = 200 * time.Millisecond

// DefaultPause is how long a Redis that failed several times running is not asked.
const DefaultPause = 2 * time.Second

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Pause <= 0 {
		o.Pause = DefaultPause
	}
	return o
}

// Open opens the store that a URL names; see URL for the forms. A Redis that cannot be reached is no error: it is asked
// again with every call. An embedded file that another process holds is one.
func Open(ctx context.Context, url string, o Options) (Store, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("store %s: %w", URL(url), err)
	}
	p, err := parse(url)
	if err != nil {
		return nil, err
	}
	switch p.kind {
	case memory:
		return NewMemory(o), nil
	case embedded:
		return OpenEmbedded(p.path, o)
	}
	return openRedis(URL(url), p, o)
}
