package dns

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"
)

// A Client is a stub resolver: it puts each question to one of its servers, and once more to another when that could not
// answer. It is safe for use by several goroutines.
type Client struct {
	servers []*server
	timeout time.Duration
	udpSize int
	slots   chan struct{} // a question under way holds one
	count   counters
	closed  atomic.Bool
}

var _ Resolver = (*Client)(nil)

// New returns a Client that asks as c says. The servers are looked for now, and not again.
func New(c Config) (*Client, error) {
	if faults := c.Validate(); len(faults) > 0 {
		return nil, fmt.Errorf("dns: %w", errors.Join(faults...))
	}
	servers, err := findServers(&c)
	if err != nil {
		return nil, fmt.Errorf("dns: servers: %w", err)
	}
	return &Client{
		servers: servers,
		timeout: c.Timeout,
		udpSize: c.UDPSize,
		slots:   make(chan struct{}, c.InFlight),
	}, nil
}

// Servers returns the addresses of the servers, the best first.
func (c *Client) Servers() []string {
	var list []string
	for _, s := range c.servers {
		list = append(list, s.String())
	}
	return list
}

// Stats returns what was counted so far.
func (c *Client) Stats() Stats { return c.count.snapshot() }

// Close lets go of the sockets that are kept. Questions under way end by themselves; new ones fail.
func (c *Client) Close() error {
	c.closed.Store(true)
	for _, s := range c.servers {
		s.idle.close()
	}
	return nil
}

// Resolve puts q to a server. It takes at most twice the Timeout of its Config.
func (c *Client) Resolve(ctx context.Context, q Question) (Answer, error) {
	q, err := q.canonical()
	if err != nil {
		return Answer{}, err
	}
	c.count.questions.Add(1)
	if err := c.enter(ctx); err != nil {
		return Answer{}, err
	}
	defer c.leave()
	first := c.pick(nil)
	answer, err := c.attempt(ctx, first, q)
	if err == nil || ctx.Err() != nil {
		return answer, err
	}
	second := c.pick(first)
	if second == first && !errors.Is(err, ErrTimeout) {
		return Answer{}, err // the same server would say the same; only a packet can be lost once
	}
	c.count.retries.Add(1)
	answer, again := c.attempt(ctx, second, q)
	if again != nil && second != first {
		again = fmt.Errorf("%w; %w", err, again)
	}
	return answer, again
}

// enter waits for a slot, as long as an attempt may take.
func (c *Client) enter(ctx context.Context) error {
	if c.closed.Load() {
		return ErrClosed
	}
	select {
	case c.slots <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(c.timeout)
	defer timer.Stop()
	err := ErrTimeout
	select {
	case c.slots <- struct{}{}:
		return nil
	case <-timer.C:
		c.count.timeouts.Add(1)
	case <-ctx.Done():
		err = gaveUp(ctx.Err())
	}
	return fmt.Errorf("dns: %w: %d other questions are under way (in_flight)", err, cap(c.slots))
}

func (c *Client) leave() { <-c.slots }

// attempt asks one server, notes how it did, and names it where it failed.
func (c *Client) attempt(ctx context.Context, s *server, q Question) (Answer, error) {
	x := exchanges.Get().(*exchange)
	defer exchanges.Put(x)
	if err := x.pack(q, c.udpSize); err != nil {
		return Answer{}, err
	}
	c.count.sent.Add(1)
	packet, err := c.exchange(ctx, s, x, time.Now().Add(c.timeout))
	if err == nil {
		var answer Answer
		if answer, err = readAnswer(packet, q.Type); err == nil {
			return answer, nil
		}
	}
	c.count.failed(err)
	return Answer{}, fmt.Errorf("dns server %v: %w", s, err)
}

// exchange returns the whole answer: over UDP, and over TCP where it does not fit or is being forged. Only what happens
// over UDP counts for the server: there are some that do not speak TCP, and are well otherwise.
func (c *Client) exchange(ctx context.Context, s *server, x *exchange, until time.Time) ([]byte, error) {
	packet, stray, err := x.overUDP(ctx, s, until)
	c.count.stray.Add(uint64(stray))
	if err == nil {
		if s.answered(); !truncated(packet) {
			return packet, nil
		}
	} else if err != errStray {
		err = explain(ctx, err, until)
		if unreachable := errors.Is(err, ErrNetwork); unreachable || err == ErrTimeout {
			s.failed(time.Now(), unreachable)
		}
		return nil, err
	}
	c.count.tcp.Add(1)
	if packet, err = x.overTCP(ctx, s, until); err != nil {
		return nil, fmt.Errorf("over TCP: %w", explain(ctx, err, until))
	}
	return packet, nil
}

// explain turns an error of the network into one of ours.
func explain(ctx context.Context, err error, until time.Time) error {
	if errors.Is(err, ErrMalformed) {
		return err
	}
	if gone := ctx.Err(); gone != nil {
		return gaveUp(gone)
	}
	if isTimeout(err) {
		if time.Now().Before(until) { // it was ctx's deadline, which ctx has not noticed yet
			return gaveUp(context.DeadlineExceeded)
		}
		return ErrTimeout
	}
	var number syscall.Errno
	if errors.As(err, &number) {
		return fmt.Errorf("%w: %w", ErrNetwork, number)
	}
	return fmt.Errorf("%w: %w", ErrNetwork, err)
}

// gaveUp is the error of a caller whose ctx ended: a timeout too, where that was its deadline.
func gaveUp(gone error) error {
	if errors.Is(gone, context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", ErrTimeout, gone)
	}
	return gone
}
