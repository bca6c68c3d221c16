package milter

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	gomilter "github.com/emersion/go-milter"
	"go.uber.org/zap"

	"winnow/pkg/filter"
	"winnow/pkg/message"
	"winnow/pkg/stack"
)

// A Filter decides. The verdicts it returns are read by the session and by the Account, and written by the Filter only.
// Every method returns within a limit of its own, soon after ctx ends.
type Filter interface {
	// Connect decides about a client.
	Connect(ctx context.Context, c message.Client) *filter.Verdict
	// Recipient decides about m.Recipient, and appends that to v.Recipients.
	Recipient(ctx context.Context, m *message.Message, v *filter.Verdict) *filter.Recipient
	// Content decides about a complete message.
	Content(ctx context.Context, m *message.Message, v *filter.Verdict)
	// End closes the verdict on a message that did not come to its content.
	End(v *filter.Verdict)
}

var _ Filter = (*filter.Pipeline)(nil)

// An Account is told what happened, once, in the session's goroutine: it must not wait.
type Account interface {
	// Message is called after each transaction that had a recipient asked about, also after refused and abandoned ones.
	Message(m *message.Message, v *filter.Verdict)
	// Connection is called at a connection's end. refused: the verdict refuses the client and no recipient was let
	// through.
	Connection(c message.Client, v *filter.Verdict, refused bool)
}

// An Identifier finds out who sent a message.
type Identifier interface {
	// Begin starts to ask what the envelope tells, and returns at once.
	Begin(m *message.Message)
	// Identity returns who sent a complete message, nil where ctx ends first. It returns within a limit of its own.
	Identity(ctx context.Context, m *message.Message) *message.Identity
}

// Deps are what a Server works with. Filter and Account are needed.
type Deps struct {
	Filter  func() Filter        // the one in force; asked for once for each client, which keeps it
	Account Account              //
	Auth    func() Identifier    // the one in force; nil: nobody finds out
	Site    func() *message.Site // the operator's networks in force; nil: there are none
	Log     *zap.Logger          // nil: nothing is logged
	Now     func() time.Time     // nil: time.Now
	NewID   func() string        // nil: NewIDs
}

// A Server answers Postfix.
type Server struct {
	config    Config
	deps      Deps
	log       *zap.Logger
	marker    *marker
	listeners []net.Listener
	slots     chan struct{} // one for each connection that is served

	life context.Context // of the sessions: ends when they are cut
	cut  context.CancelFunc
	stop chan struct{} // closed when no more connections are taken

	mu       sync.Mutex
	stopped  bool
	conns    map[*conn]struct{}
	sessions sync.WaitGroup

	crowded atomic.Bool                           // connections wait, and it was said
	once    struct{ noQueueID, noHold sync.Once } // what an operator is told once
}

// New returns a server that listens; what connects waits until Serve is called. Whoever does not call Serve calls
// Shutdown all the same.
func New(c Config, d Deps) (*Server, error) {
	if faults := c.Validate(); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	if d.Filter == nil || d.Account == nil {
		return nil, errors.New("milter: no filter to ask or no account to tell")
	}
	if d.Site == nil {
		d.Site = func() *message.Site { return nil }
	}
	if d.Log == nil {
		d.Log = zap.NewNop()
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.NewID == nil {
		d.NewID = NewIDs()
	}
	s := &Server{
		config: c, deps: d, log: d.Log,
		marker: newMarker(&c),
		slots:  make(chan struct{}, c.MaxConnections),
		stop:   make(chan struct{}),
		conns:  make(map[*conn]struct{}),
	}
	var err error
	if s.listeners, err = listen(&c, s.log); err != nil {
		return nil, err
	}
	s.life, s.cut = context.WithCancel(context.Background())
	return s, nil
}

// Addrs returns where the server listens.
func (s *Server) Addrs() []net.Addr {
	addrs := make([]net.Addr, len(s.listeners))
	for i, l := range s.listeners {
		addrs[i] = l.Addr()
	}
	return addrs
}

// Serve takes connections until ctx ends or Shutdown is called. Sessions that are under way go on.
func (s *Server) Serve(ctx context.Context) {
	defer context.AfterFunc(ctx, s.close)()
	var loops sync.WaitGroup
	for _, l := range s.listeners {
		loops.Go(func() { s.accept(l) })
	}
	loops.Wait()
}

// Shutdown takes no more connections, ends sessions as soon as they have no transaction under way, and returns when the
// last one has ended and is accounted for. When ctx ends, those that are left are cut, and it returns an error.
func (s *Server) Shutdown(ctx context.Context) error {
	s.close()
	defer s.cut()
	for _, c := range s.snapshot() {
		c.drain()
	}
	ended := make(chan struct{})
	go func() {
		s.sessions.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	left := s.snapshot()
	for _, c := range left { // first, so that no verdict is spoken that was cut short
		c.cut()
	}
	s.cut()
	<-ended // soon: every call to the filter ends with s.life
	return fmt.Errorf("%d sessions had to be cut: %w", len(left), context.Cause(ctx))
}

// close stops taking connections.
func (s *Server) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return
	}
	s.stopped = true
	close(s.stop)
	for _, l := range s.listeners {
		_ = l.Close() // a socket that is gone is closed
	}
}

func (s *Server) snapshot() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	conns := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	return conns
}

const (
	firstRetry = 5 * time.Millisecond // after an error of accept
	lastRetry  = time.Second
)

// accept takes connections. What goes wrong, such as too many open files, passes by; it is no reason to leave Postfix
// without a filter.
func (s *Server) accept(l net.Listener) {
	retry := firstRetry
	for {
		nc, err := l.Accept()
		switch {
		case err == nil:
			retry = firstRetry
			if !s.slot() {
				_ = nc.Close()
				return
			}
			s.start(nc)
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		s.log.Error("cannot take a connection; trying again", zap.Stringer("at", l.Addr()), zap.Duration("in", retry), zap.Error(err))
		select {
		case <-s.stop:
			return
		case <-time.After(retry):
		}
		retry = min(2*retry, lastRetry)
	}
}

// slot waits until there is room for one more connection. Waiting is kinder than closing: a closed connection is a
// mail that Postfix puts off, while this one goes on when a slot is free, which most often is soon.
func (s *Server) slot() bool {
	select {
	case s.slots <- struct{}{}:
		s.crowded.Store(false)
		return true
	default:
	}
	if !s.crowded.Swap(true) {
		s.log.Warn("as many connections as max_connections allows; further ones wait", zap.Int("max_connections", s.config.MaxConnections))
	}
	select {
	case s.slots <- struct{}{}:
		return true
	case <-s.stop:
		return false
	}
}

// start runs a session in a goroutine of its own.
func (s *Server) start(nc net.Conn) {
	c := newConn(nc, &s.config)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		_ = nc.Close()
		<-s.slots
		return
	}
	s.conns[c] = struct{}{}
	s.sessions.Go(func() {
		stack.Reserve()
		defer s.leave(c)
		s.serve(c)
	})
}

func (s *Server) leave(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	<-s.slots
}

// serve runs one connection from its first frame to its end.
func (s *Server) serve(c *conn) {
	ctx, cancel := context.WithCancel(s.life)
	defer cancel()
	session := &session{server: s, ctx: ctx, log: s.log}
	c.session = session

	offer, err := c.greet()
	if err != nil {
		c.err = err
		_ = c.Close()
	} else {
		session.options = negotiate(offer)
		library := gomilter.Server{
			NewMilter: func() gomilter.Milter { return session },
			Actions:   session.options.actions,
			Protocol:  session.options.protocol,
			SymList:   wantedMacros,
		}
		_ = library.Serve(&once{conn: c}) // says that there are no more connections
		<-c.closed
	}
	s.report(c)
	session.endClient()
}

// report logs why a session ended, if it did not end well.
func (s *Server) report(c *conn) {
	if c.err == nil || c.err == errQuiet || errors.Is(c.err, net.ErrClosed) { // the last: by cut
		return
	}
	fields := []zap.Field{zap.Stringer("listener", c.LocalAddr()), zap.Error(c.err)}
	if cl := c.session.client; cl != nil {
		fields = append(fields, zap.Stringer("client", cl.Addr))
	}
	if id := c.session.id(); id != "" {
		fields = append(fields, zap.String("id", id))
	}
	s.log.Warn("session ended before its time; Postfix does what milter_default_action says", fields...)
}

// Sessions is how many connections are served now.
func (s *Server) Sessions() int { return len(s.slots) }

// Serving tells whether connections are taken.
func (s *Server) Serving() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.stopped
}
