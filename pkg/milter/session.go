package milter

import (
	"context"
	"net"
	"net/textproto"
	"runtime/debug"
	"strings"

	gomilter "github.com/emersion/go-milter"
	"go.uber.org/zap"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// A session is one connection of Postfix. It gathers the facts of each message that comes over it, asks the filter, and
// answers with what the reply table makes of the verdict. All of it runs in one goroutine; only the connect verdict is
// asked for beside it.
type session struct {
	server  *Server
	options options
	ctx     context.Context // ends when the session is cut
	log     *zap.Logger

	address string       // the client's, as it stood in the CONNECT frame
	client  *client      // nil before CONNECT
	current *transaction // nil before MAIL and after its end
}

var _ gomilter.Milter = (*session)(nil)

// A client is an SMTP client and what the filter says about it.
type client struct {
	message.Client
	site    *message.Site   // the networks in force when it connected
	filter  Filter          // the one in force when it connected
	asked   chan struct{}   // closed when verdict is there
	verdict *filter.Verdict // read it behind asked
	passed  bool            // a recipient of its was let through
}

// settled waits for the verdict on the client. The filter's own limit bounds the wait.
func (c *client) settled() *filter.Verdict {
	<-c.asked
	return c.verdict
}

// Connect notes who the client is and asks about it. The answer is waited for where it is needed: here if clients are
// refused at CONNECT, else at the first recipient, so that it comes in while Postfix talks with the client.
func (s *session) Connect(host, family string, _ uint16, _ net.IP, _ *gomilter.Modifier) (gomilter.Response, error) {
	return s.answer("CONNECT", 0, func() gomilter.Response {
		site := s.server.deps.Site()
		s.client = &client{
			Client: identify(host, family, s.address, site),
			site:   site,
			filter: s.server.deps.Filter(),
			asked:  make(chan struct{}),
		}
		go s.ask(s.client, s.client.Client)
		if s.server.config.RejectAt != AtConnect {
			return proceed
		}
		v := s.client.settled()
		if !v.Refused() {
			return proceed
		}
		v.ID = s.server.deps.NewID() // there will be no message to carry one
		return s.refuse(v.Action, s.server.config.Texts.forClient(v.Action, v.Decider), v.ID, v.Decider)
	})
}

// identify returns what a CONNECT frame says of the client. Postfix writes "[address]" or "unknown" where it found no
// name that leads back to the address.
func identify(host, family, address string, site *message.Site) message.Client {
	c := message.Client{Name: host}
	if strings.HasPrefix(host, "[") || host == "unknown" {
		c.Name = ""
	}
	switch family {
	case "tcp4", "tcp6":
		if addr, err := message.ParseAddr(address); err == nil {
			c.Addr = addr
			site.Mark(&c)
		}
	case "unix":
		c.Own = true // whoever speaks to the MTA over a socket in its file system is on its machine
	}
	return c
}

// ask gets the verdict on the client. It does not end with the session: what was asked counts, also for a client that
// is gone already.
func (s *session) ask(c *client, facts message.Client) {
	defer close(c.asked)
	defer func() {
		if p := recover(); p != nil {
			s.panicked("CONNECT", "", p)
			c.verdict = &filter.Verdict{Action: s.server.config.OnFailure, Reason: "internal failure"}
		}
	}()
	c.verdict = c.filter.Connect(s.server.life, facts)
}

// Helo notes what the client calls itself.
func (s *session) Helo(name string, _ *gomilter.Modifier) (gomilter.Response, error) {
	return s.answer("HELO", gomilter.OptNoHeloReply, func() gomilter.Response {
		s.client.Helo = name
		return proceed
	})
}

// MailFrom begins a transaction.
func (s *session) MailFrom(sender string, mod *gomilter.Modifier) (gomilter.Response, error) {
	return s.answer("MAIL", gomilter.OptNoMailReply, func() gomilter.Response {
		s.current = s.begin(&message.Message{
			ID:       s.server.deps.NewID(),
			Time:     s.server.deps.Now(),
			Client:   s.client.Client,
			Site:     s.client.site,
			QueueID:  mod.Macros["i"],
			User:     mod.Macros["{auth_authen}"],
			Receiver: mod.Macros["j"],
			Sender:   sender,
		})
		return proceed
	})
}

func (s *session) begin(m *message.Message) *transaction {
	t := &transaction{session: s, message: m, copies: make([]int, len(s.server.marker.ours))}
	if s.server.marker.results && s.server.deps.Auth != nil && !m.Outbound() {
		t.witness.id = s.server.authservID(m)
	}
	return t
}

// RcptTo asks about one recipient and lets it through or refuses it alone.
func (s *session) RcptTo(recipient string, mod *gomilter.Modifier) (gomilter.Response, error) {
	return s.answer("RCPT", 0, func() gomilter.Response { return s.current.recipient(recipient, mod) })
}

// Header notes one field.
func (s *session) Header(name, value string, _ *gomilter.Modifier) (gomilter.Response, error) {
	return s.answer("header", gomilter.OptNoHeaderReply, func() gomilter.Response {
		s.current.addField(name, value)
		return proceed
	})
}

// skipField notes a field that is not kept, of so many octets.
func (s *session) skipField(name, value string, size int) {
	if s.current != nil {
		s.current.countField(name, value)
		s.current.message.Size += int64(size)
		s.current.message.HeaderCut = true
	}
}

// Headers is told that the header is complete.
func (s *session) Headers(textproto.MIMEHeader, *gomilter.Modifier) (gomilter.Response, error) {
	return s.answer("end of header", gomilter.OptNoEOHReply, func() gomilter.Response { return proceed })
}

// BodyChunk notes a piece of the body. The chunk is ours to keep.
func (s *session) BodyChunk(chunk []byte, _ *gomilter.Modifier) (gomilter.Response, error) {
	return s.answer("body", gomilter.OptNoBodyReply, func() gomilter.Response {
		s.addBody(chunk)
		return proceed
	})
}

func (s *session) addBody(chunk []byte) {
	if s.current != nil {
		s.current.addBody(chunk, s.server.config.MaxBody)
	}
}

// Body is told that the message is complete: it decides.
func (s *session) Body(mod *gomilter.Modifier) (gomilter.Response, error) {
	reply, err := s.answer("end of message", 0, func() gomilter.Response { return s.current.conclude(mod) })
	s.endTransaction()
	return reply, err
}

// Abort ends the transaction.
func (s *session) Abort(*gomilter.Modifier) error {
	s.endTransaction()
	return nil
}

// endTransaction gives up what is under way, if anything is, and has it accounted for.
func (s *session) endTransaction() {
	defer s.recovered("end of transaction")
	t := s.current
	s.current = nil
	if t == nil || t.verdict == nil {
		return // nobody was asked about: nothing happened
	}
	if !t.decided {
		s.client.filter.End(t.verdict)
	}
	s.server.deps.Account.Message(t.message, t.verdict)
}

// endClient ends what is under way with a client, and has the connection accounted for.
func (s *session) endClient() {
	s.endTransaction()
	defer s.recovered("end of connection")
	c := s.client
	s.client = nil
	if c == nil {
		return
	}
	v := c.settled()
	s.server.deps.Account.Connection(c.Client, v, v.Refused() && !c.passed)
}

// answer runs one callback. Whatever goes wrong in it is its own failure: Postfix gets the configured answer, and the
// session goes on. Where it was agreed that an event has no reply, there is none.
func (s *session) answer(event string, silent gomilter.OptProtocol, f func() gomilter.Response) (reply gomilter.Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.panicked(event, s.id(), p)
			if s.current != nil {
				s.current.failed = true
			}
			reply = s.failure()
		}
		if s.options.has(silent) {
			reply = nil
		}
	}()
	return f(), nil
}

// failure is the answer where winnow itself broke.
func (s *session) failure() gomilter.Response {
	if s.server.config.OnFailure != filter.Defer {
		return proceed
	}
	id := s.id()
	if id == "" {
		id = s.server.deps.NewID()
	}
	return refuse(failureStatus, say(s.server.config.Texts.Failure, id, message.Client{}, nil))
}

// id is that of the message under way, "" between messages.
func (s *session) id() string {
	if s.current == nil {
		return ""
	}
	return s.current.message.ID
}

// refuse is the answer for an action that refuses.
func (s *session) refuse(action filter.Action, text, id string, decider *filter.Decider) gomilter.Response {
	return refuse(rows[action].status, say(text, id, s.client.Client, decider))
}

// recovered is deferred where no answer is due.
func (s *session) recovered(event string) {
	if p := recover(); p != nil {
		s.panicked(event, s.id(), p)
	}
}

func (s *session) panicked(event, id string, p any) {
	s.log.Error("panic in a session; the message gets the answer of on_failure",
		zap.String("event", event), zap.String("id", id), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
}
