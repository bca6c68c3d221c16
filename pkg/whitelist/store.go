package whitelist

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sony/gobreaker/v2"
)

// A Store keeps what outlives the process: whom local users have written to, what they sent, and the operator's sets. Addresses come to
// it in canonical form. It never shows what has expired, and every call ends soon after its context.
type Store interface {
	// LastWritten tells when local last wrote to remote.
	LastWritten(ctx context.Context, local, remote string) (at time.Time, found bool, err error)
	// Remember notes that local wrote to remotes at that time. What is known already is refreshed and lives for another
	// ttl. At most `most` remotes of a local user are kept; the oldest go first.
	Remember(ctx context.Context, local string, remotes []string, at time.Time, ttl time.Duration, most int) error
	// Forget takes out one pair, and tells whether it was there.
	Forget(ctx context.Context, local, remote string) (found bool, err error)
	// Correspondents returns whom local has written to, and when last.
	Correspondents(ctx context.Context, local string) (map[string]time.Time, error)
	// Locals returns the local users that have correspondents.
	Locals(ctx context.Context) ([]string, error)
	// RememberSent notes under id, a digest, that local sent a message, with a note that lives for ttl. At most `most`
	// messages of a local user are kept; the oldest go first.
	RememberSent(ctx context.Context, local, id, note string, at time.Time, ttl time.Duration, most int) error
	// Sent returns the notes on those of ids that local sent.
	Sent(ctx context.Context, local string, ids []string) (notes map[string]string, err error)
	// IsMember tells whether an operator's set holds a member.
	IsMember(ctx context.Context, set, member string) (bool, error)
}

// ErrAway is the error of a question that was not put to the store, because it did not answer the last ones.
var ErrAway = errors.New("the store is away")

// A guard keeps a store that does not answer from costing every recipient its time: after some failures in a row
// nothing is asked for a while, then one question tries again.
type guard struct {
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
}

const (
	breakerFailures = 5               // in a row, until the store counts as away
	breakerPause    = 5 * time.Second // until it is asked again
)

// errOurs marks a failure that is not the store's: the session ended while it was being asked.
var errOurs = errors.New("nobody waits for the answer any more")

func newGuard() *guard {
	return &guard{gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:     breakerPause,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerFailures },
		IsExcluded:  func(err error) bool { return errors.Is(err, errOurs) },
	})}
}

// ask puts one question to the store, for at most limit.
func ask[T any](ctx context.Context, g *guard, limit time.Duration, question func(context.Context) (T, error)) (answer T, err error) {
	told, err := g.breaker.Allow()
	if err != nil {
		return answer, ErrAway
	}
	outcome := errors.New("panic") // a question that does not return must not leave the breaker waiting for it
	defer func() { told(outcome) }()

	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answer, err = question(limited)
	outcome = err
	if err != nil {
		if ctx.Err() != nil {
			outcome = errOurs
		}
		return answer, fmt.Errorf("store: %w", err)
	}
	return answer, nil
}
