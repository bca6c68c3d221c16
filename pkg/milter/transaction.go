package milter

import (
	"strings"

	gomilter "github.com/emersion/go-milter"
	"go.uber.org/zap"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// A transaction is one message on its way in, from MAIL to its end.
type transaction struct {
	session *session
	message *message.Message
	verdict *filter.Verdict // nil until a recipient is asked about
	decided bool            // the content was asked about
	failed  bool            // something of ours broke: the message gets the answer of on_failure

	copies  []int // how many fields came by each name that is ours, see marker
	witness witness
}

// recipient asks about one recipient.
func (t *transaction) recipient(address string, mod *gomilter.Modifier) gomilter.Response {
	s, m := t.session, t.message
	t.noteQueueID(mod)
	if t.verdict == nil {
		t.verdict = filter.NewVerdict(m.ID, s.client.settled())
	}
	answered := false
	defer func() {
		if !answered && s.server.config.OnFailure != filter.Defer {
			t.pass(address)
		}
	}()
	if t.failed {
		return s.failure()
	}
	asked := m.Ask(address)
	r := s.client.filter.Recipient(s.ctx, asked, t.verdict) // may panic
	answered = true
	if !r.Refused() {
		t.identify(asked)
		if t.verdict.Waits(r) { // if it is refused in the end, nobody was let through
			m.Recipients = append(m.Recipients, address)
			return proceed
		}
		return t.pass(address)
	}
	return s.refuse(r.Action, s.server.config.Texts.forClient(r.Action, r.Decider), m.ID, r.Decider)
}

// identify has it found out who sent the message, with the first recipient that is let through: while the message comes in,
// and not of those that are refused. It takes what the recipient was asked about with, for that does not change meanwhile.
func (t *transaction) identify(asked *message.Message) {
	if auth := t.session.server.deps.Auth; auth != nil && len(t.message.Recipients) == 0 && !asked.Outbound() {
		auth().Begin(asked)
	}
}

// pass lets a recipient through.
func (t *transaction) pass(address string) gomilter.Response {
	t.message.Recipients = append(t.message.Recipients, address)
	t.session.client.passed = true
	return proceed
}

// addField notes a header field as it was received.
func (t *transaction) addField(name, value string) {
	if !t.session.options.has(gomilter.OptHeaderLeadingSpace) && value != "" && value[0] != '\t' && value[0] != '\n' {
		value = " " + value // the MTA took it off
	}
	t.countField(name, value)
	m := t.message
	m.Header = append(m.Header, message.Field{Name: name, Value: value})
	// Folds come as LF, and stood as CRLF on the wire.
	m.Size += int64(len(name) + len(":") + len(value) + strings.Count(value, "\n") + len("\r\n"))
}

func (t *transaction) countField(name, value string) {
	if i := t.session.server.marker.index(name); i >= 0 {
		t.copies[i]++
	}
	if strings.EqualFold(name, resultsField) {
		t.witness.note(value)
	}
}

// addBody notes a piece of the body, keeping it and as much of it as there is room for.
func (t *transaction) addBody(chunk []byte, most int64) {
	m := t.message
	m.Size += int64(len(chunk))
	if room := most - int64(len(m.Body)); int64(len(chunk)) > room {
		chunk, m.BodyCut = chunk[:room], true
	}
	if m.Body == nil {
		m.Body = chunk // most messages are one chunk
		return
	}
	m.Body = append(m.Body, chunk...)
}

// conclude asks about the content and answers with what becomes of the message.
func (t *transaction) conclude(mod *gomilter.Modifier) gomilter.Response {
	s, m := t.session, t.message
	t.noteQueueID(mod)
	if m.QueueID == "" {
		s.server.once.noQueueID.Do(func() {
			s.log.Warn(`the MTA tells no queue ids: add "i" to Postfix' milter_end_of_data_macros, so that logs can be matched`)
		})
	}
	m.Size += int64(len("\r\n")) // between header and body
	switch {
	case t.failed:
		return s.failure()
	case len(m.Recipients) == 0:
		return accept // there is nobody it could reach
	case t.crowded():
		s.log.Warn("refused: more copies of a header field of ours than an MTA can be made to remove",
			zap.String("id", m.ID), zap.Stringer("client", m.Client.Addr), zap.Int("most", maxCopies))
		return refuse(crowdedStatus, say(crowdedText, m.ID, m.Client, nil))
	}
	s.client.filter.Content(s.ctx, m, t.verdict)
	t.decided = true
	s.client.passed = s.client.passed || t.verdict.AcceptedAny()
	return t.carryOut(mod)
}

// maxCopies is how many fields by names of ours a message may come with. Mail that passed other filters has a handful.
// Postfix searches the message from its top for each one that is to go, so that 16,000 of them, no more than 256 KiB,
// keep it busy for 8 s, and ten times as many a hundred times as long.
const maxCopies = 50

const (
	crowdedStatus = "550 5.7.1"
	crowdedText   = "Too many header fields by names that only this host may use"
)

// crowded tells whether there are more copies to remove than that.
func (t *transaction) crowded() bool {
	all := len(t.witness.forged)
	for _, n := range t.copies {
		all += n
	}
	return all > maxCopies && !t.message.Outbound() && t.session.options.may(gomilter.OptChangeHeader)
}

// carryOut has Postfix do what the verdict says.
func (t *transaction) carryOut(mod *gomilter.Modifier) gomilter.Response {
	s, v := t.session, t.verdict
	row, known := rows[v.Action]
	if !known { // None: nothing was decided
		row = rows[filter.Accept]
	}
	if row.end == gomilter.ActReplyCode {
		return s.refuse(v.Action, s.server.config.Texts.forMessage(v), v.ID, v.Decider)
	}
	if row.end == gomilter.ActDiscard {
		return discard
	}
	if row.mark && v.Class != filter.ClassOutbound {
		s.server.marker.apply(mod, s.options, t.copies, v)
		t.writeResults(mod)
	}
	if row.hold {
		t.hold(mod)
	}
	return accept
}

func (t *transaction) hold(mod *gomilter.Modifier) {
	if !t.session.options.may(gomilter.OptQuarantine) {
		t.session.server.once.noHold.Do(func() {
			t.session.log.Warn("the MTA cannot hold messages (it does not offer SMFIF_QUARANTINE): they are delivered, tagged")
		})
		return
	}
	_ = mod.Quarantine(holdReason(t.verdict)) // writes never fail, see conn
}

// maxHoldReason is what Postfix takes of a reason.
const maxHoldReason = 100

// holdReason says in the queue's log why a message is held.
func holdReason(v *filter.Verdict) string {
	return plain("winnow ["+v.ID+"] score "+points(v.Total)+strings.Join(tests(v), ""), maxHoldReason)
}

// noteQueueID takes the queue id where the MTA tells it; Postfix has none before the first accepted recipient.
func (t *transaction) noteQueueID(mod *gomilter.Modifier) {
	if id := mod.Macros["i"]; id != "" {
		t.message.QueueID = id
	}
}
