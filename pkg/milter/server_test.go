package milter_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/milter"
	"winnow/pkg/milter/miltertest"
)

// Shutdown closes idle sessions at once, and lets a busy one come to the end of its message.
func TestShutdownDrains(t *testing.T) {
	s := start(t, nil)
	idle, busy := s.dial(), s.dial()
	greet(t, idle, "192.0.2.1")
	if err := idle.Flush(); err != nil {
		t.Fatal(err)
	}
	greet(t, busy, "192.0.2.2")
	if _, err := busy.Mail("<a@example.org>"); err != nil {
		t.Fatal(err)
	}
	if r, err := busy.Rcpt("<b@example.net>"); err != nil || r.Code != 'c' {
		t.Fatal(r, err)
	}
	ended := make(chan error)
	go func() { ended <- s.Shutdown(context.Background()) }()
	if err := idle.AwaitClose(); err != nil {
		t.Errorf("idle session: %v", err)
	}
	if _, err := miltertest.Dial(s.network, s.address); err == nil {
		t.Error("a server that shuts down takes connections")
	}
	if _, err := busy.Header("Subject", " tag"); err != nil {
		t.Error(err)
	}
	if changes, r, err := busy.EndOfMessage(nil); err != nil || r.Code != 'a' || len(changes) == 0 {
		t.Errorf("busy session: got %v %v %v", changes, r, err)
	}
	if err := busy.AwaitClose(); err != nil {
		t.Errorf("busy session, at its end: %v", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if told := s.stop(); len(told) != 3 {
		t.Errorf("told %q, want a message and two connections", told)
	}
}

// stuck is a filter that answers when its context ends.
type stuck struct {
	miltertest.Filter
	asked chan struct{}
}

func (s *stuck) Content(ctx context.Context, m *message.Message, v *filter.Verdict) {
	close(s.asked)
	<-ctx.Done()
	s.Filter.Content(ctx, m, v)
}

// When its time is over, Shutdown cuts what is left, and even that is accounted for.
func TestShutdownCuts(t *testing.T) {
	f := &stuck{asked: make(chan struct{})}
	s := start(t, func(_ *milter.Config, d *milter.Deps) { d.Filter = func() milter.Filter { return f } })
	asking, waiting := s.dial(), s.dial()
	greet(t, waiting, "192.0.2.2")
	if _, err := waiting.Mail("<a@example.org>"); err != nil {
		t.Fatal(err)
	}
	if r, err := waiting.Rcpt("<b@example.net>"); err != nil || r.Code != 'c' {
		t.Fatal(r, err)
	}
	greet(t, asking, "192.0.2.1")
	var delivery sync.WaitGroup
	delivery.Go(func() {
		if o, err := asking.Deliver(small); err == nil {
			t.Errorf("a session that was cut says %v", o.Reply)
		}
	})
	<-f.asked
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "2 sessions") {
		t.Errorf("got %v, want that 2 sessions were cut", err)
	}
	delivery.Wait()
	if told := s.account.Lines(); len(told) != 4 {
		t.Errorf("told %q, want two messages and two connections", told)
	}
	if n := s.logged.FilterMessageSnippet("session ended").Len(); n != 0 {
		t.Errorf("%d sessions that we cut are complained about", n)
	}
}

// Serve ends with its context, and sessions go on.
func TestServeEndsWithContext(t *testing.T) {
	config := milter.DefaultConfig()
	config.Listen = []string{"inet:127.0.0.1:0"}
	server, err := milter.New(config, milter.Deps{
		Filter:  func() milter.Filter { return miltertest.Filter{} },
		Account: &miltertest.Account{},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Serve(ctx)
	}()
	addr := server.Addrs()[0]
	c, err := miltertest.Dial(addr.Network(), addr.String())
	if err != nil {
		t.Fatal(err)
	}
	greet(t, c, "192.0.2.1")
	cancel()
	<-ended
	deliver(t, c, small)
	if err := c.Quit(); err != nil {
		t.Error(err)
	}
	if err := server.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := server.Shutdown(context.Background()); err != nil {
		t.Errorf("a second time: %v", err)
	}
}

// More connections than there may be wait, and are served when one ends; that is said once.
func TestConnectionLimit(t *testing.T) {
	s := start(t, func(c *milter.Config, _ *milter.Deps) { c.MaxConnections = 2 })
	var clients []*miltertest.Client
	for range 2 {
		c := s.dial()
		greet(t, c, "192.0.2.1")
		clients = append(clients, c)
	}
	served := make(chan error)
	for range 3 {
		c := s.dial()
		go func() { served <- errors.Join(c.Negotiate(miltertest.Postfix), c.Quit()) }()
	}
	// What waits gets no answer; what is served does.
	for _, c := range clients {
		deliver(t, c, small)
	}
	select {
	case err := <-served:
		t.Errorf("a third connection was served beside two: %v", err)
	default:
	}
	for _, c := range clients {
		if err := c.Quit(); err != nil {
			t.Error(err)
		}
	}
	for range 3 {
		if err := <-served; err != nil {
			t.Errorf("a connection that waited: %v", err)
		}
	}
	if n := s.logged.FilterMessageSnippet("further ones wait").Len(); n < 1 || n > 3 {
		t.Errorf("%d lines logged", n)
	}
}

// A connection that waits for room does not keep the server from shutting down.
func TestShutdownWhileFull(t *testing.T) {
	s := start(t, func(c *milter.Config, _ *milter.Deps) { c.MaxConnections = 1 })
	greet(t, s.dial(), "192.0.2.1")
	c := s.dial()
	s.stop()
	if err := c.AwaitClose(); err != nil {
		t.Error(err)
	}
}

// flaky is a listener that fails before it accepts.
type flaky struct {
	net.Listener
	mu     sync.Mutex
	errors []error
}

func (f *flaky) Accept() (net.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.errors) > 0 {
		err := f.errors[0]
		f.errors = f.errors[1:]
		return nil, err
	}
	return f.Listener.Accept()
}

// Running out of files for a while does not end the service.
func TestAcceptErrors(t *testing.T) {
	inner, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := milter.DefaultConfig()
	config.Listen = []string{"inet:127.0.0.1:0"}
	server, err := milter.New(config, milter.Deps{
		Filter:  func() milter.Filter { return miltertest.Filter{} },
		Account: &miltertest.Account{},
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Listen(&flaky{Listener: inner, errors: []error{syscall.EMFILE, syscall.ENFILE, syscall.ECONNABORTED}})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Serve(context.Background())
	}()
	c, err := miltertest.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	greet(t, c, "192.0.2.1")
	deliver(t, c, small)
	_ = c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	<-ended
}

// Many connections at a time, each with several messages: nothing is mixed up, nothing is counted twice.
func TestConcurrent(t *testing.T) {
	const connections, messages = 20, 5
	s := start(t, nil)
	var all sync.WaitGroup
	for range connections {
		c := s.dial()
		all.Go(func() {
			if err := play(c, messages); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if told := s.stop(); len(told) != connections*(messages+1) {
		t.Errorf("told %d lines, want %d", len(told), connections*(messages+1))
	}
}

func play(c *miltertest.Client, messages int) error {
	if err := c.Negotiate(miltertest.Postfix); err != nil {
		return err
	}
	if _, err := c.Connect("client.example", '4', "192.0.2.1"); err != nil {
		return err
	}
	for i := range messages {
		m, want := *small, byte('a')
		if i%2 == 1 {
			m.Header, want = [][2]string{{"Subject", " reject"}}, 'y'
		}
		if o, err := c.Deliver(&m); err != nil || o.Reply.Code != want {
			return errors.Join(err, errors.New("got "+o.Reply.String()))
		}
	}
	return c.Quit()
}
