package milter

import (
	"net/netip"
	"strings"

	gomilter "github.com/emersion/go-milter"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// A row is what an action means to Postfix.
type row struct {
	status string              // code and enhanced code where mail is refused with it; "" where it never is
	end    gomilter.ActionCode // the answer at the end of the message
	mark   bool                // the message gets our header fields
	hold   bool                // it goes to the hold queue
}

// rows is the reply table: every action that a verdict can end with. At RCPT an action with a status refuses the
// recipient and any other lets it through.
//
// Seen with Postfix 3.7: a reply with code and text is passed on as it is, at RCPT and at the end of the message, and
// logged with client, sender and recipient. Given at CONNECT, a 5xx makes the banner "554 ... not accepting connections"
// and a client that goes on all the same gets the text at MAIL, as it does after a 4xx. Hold and discard are answered
// with 250. The bare reject and tempfail of the protocol are never used: they leave the text to Postfix. 5.7.1 is
// "delivery not authorized, message refused" (RFC 3463, 3.8).
var rows = map[filter.Action]row{
	filter.Accept:     {end: gomilter.ActAccept, mark: true},
	filter.Tag:        {end: gomilter.ActAccept, mark: true},
	filter.Quarantine: {end: gomilter.ActAccept, mark: true, hold: true},
	filter.Defer:      {end: gomilter.ActReplyCode, status: "451 4.7.1"},
	filter.Reject:     {end: gomilter.ActReplyCode, status: "550 5.7.1"},
	filter.Discard:    {end: gomilter.ActDiscard, status: "550 5.7.1"}, // of messages only: clients and recipients are refused
}

// failureStatus is for what broke on our side: "other or undefined mail system status" (RFC 3463).
const failureStatus = "451 4.3.0"

// A response is an answer to Postfix. To the library each is one that continues: after any other, it would replace the
// session by a new one that knows no client.
type response struct {
	code gomilter.ActionCode
	data string
}

var _ gomilter.Response = (*response)(nil)

// Response returns the answer as a frame.
func (r *response) Response() *gomilter.Message {
	return &gomilter.Message{Code: byte(r.code), Data: []byte(r.data)}
}

// Continue tells the library to keep the session.
func (r *response) Continue() bool { return true }

var (
	proceed = &response{code: gomilter.ActContinue}
	accept  = &response{code: gomilter.ActAccept}
	discard = &response{code: gomilter.ActDiscard}
)

// maxReplyText is what code and text of a reply may take: a reply line has at most 512 octets with its line end
// (RFC 5321, 4.5.3.1.5).
const maxReplyText = 510

// refuse returns the answer that Postfix passes on to the client as it is: code, enhanced code and text.
func refuse(status, text string) *response {
	line := plain(status+" "+text, maxReplyText)
	// Sendmail takes the text for a format, so a percent sign is doubled; Postfix makes one of two.
	return &response{code: gomilter.ActReplyCode, data: strings.ReplaceAll(line, "%", "%%") + "\x00"}
}

// plain makes text fit for an SMTP reply: printable ASCII, one line, at most so many octets. Much of it comes from lists
// and rules, some of it from the client.
func plain(text string, most int) string {
	var b strings.Builder
	for _, r := range text {
		if b.Len() == most {
			break
		}
		switch {
		case r >= ' ' && r <= '~':
			b.WriteByte(byte(r))
		case r == '\t' || r == '\r' || r == '\n':
			b.WriteByte(' ')
		case r > '~' && r != 0x7f:
			b.WriteByte('?')
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// placeholders fills in the texts for strangers.
func placeholders(id, ip, list string) *strings.Replacer {
	return strings.NewReplacer("{id}", id, "{ip}", ip, "{list}", list)
}

// say fills in a text. The id is always in it, for it is what a stranger asks about and an operator looks up.
func say(text, id string, client message.Client, decider *filter.Decider) string {
	if !strings.Contains(text, "{id}") {
		text = "[{id}] " + text
	}
	ip, list := "unknown", "a list"
	if client.Addr != (netip.Addr{}) {
		ip = client.Addr.String()
	}
	if decider != nil {
		list = decider.Source
	}
	return placeholders(id, ip, list).Replace(text)
}

// forClient chooses the text for a recipient that is refused, or for the whole connection.
func (t *Texts) forClient(action filter.Action, decider *filter.Decider) string {
	switch {
	case decider == nil:
		return t.undecided(action)
	case decider.Hit.Text != "":
		return decider.Hit.Text
	case decider.Hit.Standing == filter.Blacklisted:
		return blacklistedText
	}
	return listedText
}

// What strangers are told by a hit that brings no text.
const (
	listedText      = "Client host [{ip}] is listed by {list}"
	blacklistedText = "The recipient does not accept mail from this sender"
)

// forMessage chooses the text for a message that is refused for what it holds, or for its client where that had to wait
// for the end.
func (t *Texts) forMessage(v *filter.Verdict) string {
	if !v.AcceptedAny() {
		return t.forClient(v.Action, v.Decider)
	}
	if v.Decider != nil && v.Decider.Hit.Text != "" {
		return v.Decider.Hit.Text
	}
	return t.undecided(v.Action)
}

// undecided is the text where no single hit decided: points did, or a stage that failed.
func (t *Texts) undecided(action filter.Action) string {
	if action == filter.Defer {
		return t.Deferred
	}
	return t.Spam
}
