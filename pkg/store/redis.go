package store

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/sony/gobreaker/v2"
)

// Redis keeps everything in a Redis, which any number of nodes may share: a single one, one that Sentinels watch over, or
// a Cluster.
//
// What Redis has acknowledged it keeps over a crash only if it writes its log ("appendonly yes"). Should it come back
// with less, the account loses what Redis lost; nothing is counted twice, for a batch and its number are written together.
type Redis struct {
	client  redis.UniversalClient
	breaker *gobreaker.CircuitBreaker[struct{}]
	name    string
	limit   time.Duration // of one call, retry included
	now     func() time.Time
}

var _ Store = (*Redis)(nil)

// tripAfter is how many calls running must fail before Redis is left alone for a while.
const tripAfter = 3

// maxSecret bounds the file that holds a password.
const maxSecret = 4096

// silence turns off the library's own log, which has a line on stderr for each connection that fails. Every error comes
// back to the caller anyway, who says it once.
var silence = sync.OnceFunc(logging.Disable)

// openRedis makes a client; it connects when it is first used.
func openRedis(u URL, p *place, o Options) (*Redis, error) {
	silence()
	o = o.withDefaults()
	if p.timeout > 0 {
		o.Timeout = p.timeout
	}
	universal, err := p.options(o.Timeout)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", u, err)
	}
	r := &Redis{
		client: redis.NewUniversalClient(universal),
		name:   u.String(),
		limit:  2*o.Timeout + o.Timeout/2, // two tries, and what lies between
		now:    o.Now,
	}
	r.breaker = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:      o.Pause,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= tripAfter },
		IsSuccessful: func(err error) bool { return !unreachable(err) },
		IsExcluded:   func(err error) bool { return errors.As(err, new(callerGone)) },
	})
	return r, nil
}

// options are the library's, with limits that a mail can wait for. Its own would hold one for many seconds: 5 s for each
// of 5 dials and 3 retries.
func (p *place) options(timeout time.Duration) (*redis.UniversalOptions, error) {
	o := &redis.UniversalOptions{
		Addrs:         p.hosts,
		Username:      p.user,
		Password:      p.password,
		DB:            p.db,
		MasterName:    p.master,
		IsClusterMode: p.kind == cluster,

		DialTimeout: timeout, ReadTimeout: timeout, WriteTimeout: timeout, PoolTimeout: timeout,
		ContextTimeoutEnabled: true, // or deadlines of contexts are ignored
		MaxRetries:            1,    // a connection that a restart has cut is noticed only when it is used
		MaxRetryBackoff:       timeout / 4,
		DialerRetries:         1,
		DisableIdentity:       true, // two questions less with each new connection
		Protocol:              2,    // with 3 each answer is looked through for messages that nobody subscribed to
		MaintNotificationsConfig: &maintnotifications.Config{
			Mode: maintnotifications.ModeDisabled, // another one, which only Redis' own cloud understands
		},
	}
	if p.kind == unixSocket {
		o.Addrs = []string{p.path}
	}
	o.SentinelUsername, o.SentinelPassword = p.params.Get("sentinel_user"), p.params.Get("sentinel_password")
	if err := errors.Join(
		readSecret(p.params.Get("password_file"), &o.Password),
		readSecret(p.params.Get("sentinel_password_file"), &o.SentinelPassword),
	); err != nil {
		return nil, err
	}
	if !p.tls {
		return o, nil
	}
	var err error
	o.TLSConfig, err = p.tlsConfig()
	return o, err
}

// readSecret reads a password from a file, without the line end that editors add.
func readSecret(file string, into *string) error {
	if file == "" {
		return nil
	}
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("password: %w", err)
	}
	defer f.Close()
	secret, err := io.ReadAll(io.LimitReader(f, maxSecret))
	if err != nil {
		return fmt.Errorf("password: %w", err)
	}
	*into = strings.TrimRight(string(secret), "\r\n")
	return nil
}

// tlsConfig leaves ServerName empty: it is set to the host of each connection, also of such as a Sentinel or the Cluster
// tells of.
func (p *place) tlsConfig() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if file := p.params.Get("ca"); file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca: %s holds no certificate in PEM", file)
		}
	}
	if file := p.params.Get("cert"); file != "" {
		pair, err := tls.LoadX509KeyPair(file, p.params.Get("key"))
		if err != nil {
			return nil, fmt.Errorf("cert and key: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// String is the store's URL without secrets.
func (r *Redis) String() string { return r.name }

// Close lets go of the connections.
func (r *Redis) Close() error { return r.client.Close() }

// Ping tells whether Redis answers now.
func (r *Redis) Ping(ctx context.Context) error {
	return r.call(ctx, "ping", func(ctx context.Context) error { return r.client.Ping(ctx).Err() })
}

// call asks Redis one thing, unless it failed so often just now that asking would only hold up mail.
func (r *Redis) call(ctx context.Context, what string, ask func(context.Context) error) error {
	_, err := r.breaker.Execute(func() (struct{}, error) {
		limited := ctx
		if end, set := ctx.Deadline(); !set || time.Until(end) > r.limit { // most callers have less time anyway
			var cancel context.CancelFunc
			limited, cancel = context.WithTimeout(ctx, r.limit)
			defer cancel()
		}
		err := ask(limited)
		if err != nil && ctx.Err() != nil {
			err = callerGone{err} // who knows what Redis would have said
		}
		return struct{}{}, err
	})
	switch {
	case err == nil:
		return nil
	case away(err):
		return fmt.Errorf("store %s: %s: %w: %w", r.name, what, ErrAway, err)
	}
	return fmt.Errorf("store %s: %s: %w", r.name, what, err)
}

// callerGone is an error that says nothing about Redis, because the caller's time was up.
type callerGone struct{ error }

func (e callerGone) Unwrap() error { return e.error }

// unreachable tells whether Redis is of no use at all now, whatever it is asked.
func unreachable(err error) bool {
	var said redis.Error
	if err == nil || errors.Is(err, redis.Nil) {
		return false
	}
	if errors.As(err, &said) {
		return redis.IsLoadingError(err) || redis.IsMasterDownError(err) || redis.IsClusterDownError(err) || redis.IsMaxClientsError(err)
	}
	return true
}

// away tells whether what failed may succeed later. Beside a Redis that cannot be reached these are one that has no
// memory left and a replica, which the old master is after a failover until its connections are renewed: both still
// answer what is read, so they are asked on.
func away(err error) bool {
	return unreachable(err) || redis.IsOOMError(err) || redis.IsReadOnlyError(err) || redis.IsTryAgainError(err) ||
		redis.HasErrorPrefix(err, "NOREPLICAS") || redis.HasErrorPrefix(err, "MISCONF")
}
