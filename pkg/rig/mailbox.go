package rig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Delivery is one message as Postfix handed it on, for one recipient or several.
type Delivery struct {
	Sender     string
	Recipients []string
	Data       []byte // header and body with line ends CRLF
	Time       time.Time
}

// A Mailbox takes whatever Postfix delivers, for anybody, and keeps it in memory (LMTP, RFC 2033).
type Mailbox struct {
	listener net.Listener
	quit     context.Context // ends when the mailbox closes
	cancel   context.CancelFunc
	sessions sync.WaitGroup

	mu         sync.Mutex // guards what follows
	deliveries []Delivery
	size       int64         // octets kept
	changed    chan struct{} // closed, and replaced, when a delivery comes
}

// maxKept is how many octets of mail a mailbox keeps at most; what comes then is put off (452).
const maxKept = 512 << 20

var errFull = errors.New("the mailbox is full")

// Mailbox opens a mailbox on a loopback port.
func (r *Rig) Mailbox() (*Mailbox, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("rig: mailbox: %w", err)
	}
	b := &Mailbox{listener: listener, changed: make(chan struct{})}
	b.quit, b.cancel = context.WithCancel(context.Background())
	if err := r.add(b); err != nil {
		listener.Close()
		return nil, err
	}
	b.sessions.Go(b.serve)
	return b, nil
}

// Addr is where the mailbox takes mail, as "127.0.0.1:port".
func (b *Mailbox) Addr() string { return b.listener.Addr().String() }

// serve takes connections until the mailbox closes.
func (b *Mailbox) serve() {
	for {
		conn, err := b.listener.Accept()
		if err != nil {
			return
		}
		b.sessions.Go(func() {
			defer conn.Close()
			defer context.AfterFunc(b.quit, func() { conn.Close() })()
			newLMTP(b, conn).run()
		})
	}
}

func (b *Mailbox) close() error {
	b.cancel()
	err := b.listener.Close()
	b.sessions.Wait()
	return err
}

// put keeps a delivery.
func (b *Mailbox) put(d Delivery) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.size+int64(len(d.Data)) > maxKept {
		return errFull
	}
	b.size += int64(len(d.Data))
	b.deliveries = append(b.deliveries, d)
	close(b.changed)
	b.changed = make(chan struct{})
	return nil
}

// Deliveries returns what is in the mailbox, in the order it came.
func (b *Mailbox) Deliveries() []Delivery {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.deliveries)
}

// Empty throws away what is in the mailbox.
func (b *Mailbox) Empty() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deliveries, b.size = nil, 0
}

// Wait returns the first delivery that match takes, of those that are there and those to come.
func (b *Mailbox) Wait(ctx context.Context, match func(*Delivery) bool) (*Delivery, error) {
	for {
		b.mu.Lock()
		deliveries, changed := b.deliveries, b.changed
		b.mu.Unlock()
		for i := range deliveries {
			if d := deliveries[i]; match(&d) {
				return &d, nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("no such delivery among the %d in the mailbox: %w", len(deliveries), ctx.Err())
		}
	}
}

// WaitFor waits until n deliveries are there and returns all.
func (b *Mailbox) WaitFor(ctx context.Context, n int) ([]Delivery, error) {
	for {
		b.mu.Lock()
		deliveries, changed := slices.Clone(b.deliveries), b.changed
		b.mu.Unlock()
		if len(deliveries) >= n {
			return deliveries, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return deliveries, fmt.Errorf("%d deliveries and not %d: %w", len(deliveries), n, ctx.Err())
		}
	}
}

// To matches what is delivered to a recipient.
func To(recipient string) func(*Delivery) bool {
	return func(d *Delivery) bool { return slices.Contains(d.Recipients, recipient) }
}

// With matches what has a header field of that name and value.
func With(name, value string) func(*Delivery) bool {
	return func(d *Delivery) bool { return slices.Contains(d.Header(name), value) }
}

// Header returns the values of all header fields of that name, topmost first, unfolded (RFC 5322, 2.2.3).
func (d *Delivery) Header(name string) []string {
	var values []string
	header, _ := d.split()
	for _, field := range strings.Split(strings.NewReplacer("\r\n ", " ", "\r\n\t", "\t").Replace(header), "\r\n") {
		if n, value, ok := strings.Cut(field, ":"); ok && strings.EqualFold(strings.TrimSpace(n), name) {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

// Body returns what follows the header.
func (d *Delivery) Body() []byte {
	_, body := d.split()
	return body
}

func (d *Delivery) split() (header string, body []byte) {
	head, body, _ := bytes.Cut(d.Data, []byte("\r\n\r\n"))
	return string(head), body
}
