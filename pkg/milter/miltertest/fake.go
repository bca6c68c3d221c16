package miltertest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// A Filter is a fake whose verdicts follow from what it is asked about.
//
// Clients: 203.0.113.1 is on a list, 203.0.113.2 on one that brings no text of its own, 203.0.113.3 is deferred; at
// 203.0.113.5 the filter panics. All others are welcome.
//
// Recipients, by local part: blacklisted, later (deferred), whitelisted; at broken the filter panics.
// Postmaster is never refused. All others are refused if the client is.
//
// Messages, by subject: tag, quarantine, defer, reject, discard; listed is refused with a text of a hit's own; at
// broken the filter panics. All others are accepted.
type Filter struct{}

// Connect answers by address.
func (Filter) Connect(_ context.Context, c message.Client) *filter.Verdict {
	v := &filter.Verdict{Action: filter.Accept}
	decide := func(action filter.Action, text string) *filter.Verdict {
		hit := filter.Hit{Symbol: "TEST_LISTED", Action: action, Text: text}
		v.Action, v.Decider = action, &filter.Decider{Source: "testlist", Hit: hit}
		return v
	}
	switch c.Addr.String() {
	case "203.0.113.1":
		return decide(filter.Reject, "Client host [203.0.113.1] listed by Test List; see https://list.example/?ip=203.0.113.1&100%=yes")
	case "203.0.113.2":
		return decide(filter.Reject, "")
	case "203.0.113.3":
		return decide(filter.Defer, "")
	case "203.0.113.5":
		panic("connect is broken")
	}
	return v
}

// Recipient answers by local part.
func (Filter) Recipient(_ context.Context, m *message.Message, v *filter.Verdict) *filter.Recipient {
	local, _, _ := strings.Cut(m.Recipient, "@")
	r := filter.Recipient{Address: m.Recipient, Action: filter.Accept, Exempt: local == "postmaster"}
	switch {
	case local == "broken":
		panic("recipient is broken")
	case r.Exempt:
	case v.Connection.Refused():
		r.Action, r.Decider = v.Connection.Action, v.Connection.Decider
	case local == "blacklisted":
		hit := filter.Hit{Symbol: "TEST_BLACKLISTED", Standing: filter.Blacklisted}
		r.Standing, r.Action, r.Decider = filter.Blacklisted, filter.Reject, &filter.Decider{Source: "blacklist", Hit: hit}
	case local == "whitelisted":
		r.Standing = filter.Whitelisted
	case local == "later":
		r.Action = filter.Defer
	}
	v.Recipients = append(v.Recipients, r)
	return &v.Recipients[len(v.Recipients)-1]
}

// Content answers by subject.
func (Filter) Content(_ context.Context, m *message.Message, v *filter.Verdict) {
	v.Class, v.Action, v.Threshold = filter.ClassScanned, filter.Accept, 5
	for _, r := range v.Recipients {
		if r.Standing == filter.Whitelisted {
			v.Class = filter.ClassWhitelisted
			return
		}
	}
	if m.Outbound() {
		v.Class = filter.ClassOutbound
		return
	}
	scores := map[string]float64{"tag": 6, "quarantine": 8, "defer": 10, "reject": 15, "discard": 20}
	subject := m.Header.Get("Subject")
	switch score, bad := scores[subject]; {
	case subject == "broken":
		panic("content is broken")
	case subject == "listed":
		hit := filter.Hit{Symbol: "TEST_URI", Action: filter.Reject, Text: "Link to a listed site, id {id}"}
		v.Action, v.Decider = filter.Reject, &filter.Decider{Source: "urilist", Hit: hit}
	case bad:
		_ = v.Action.UnmarshalText([]byte(subject)) // each is an action's name
		v.Total = score
		hit := filter.Hit{Symbol: "TEST_" + strings.ToUpper(subject), Score: score}
		v.Reports = append(v.Reports, filter.Report{Stage: "rules", Phase: filter.Content,
			Results: []filter.Result{{Source: "test.cf", Kind: filter.Rules, Asked: 1, Hits: []filter.Hit{hit}}}})
	}
	v.Caught = v.Action >= filter.Tag
}

// End makes a refused message one that its recipients refused.
func (Filter) End(v *filter.Verdict) {
	v.Class = filter.NoMessage
	for _, r := range v.Recipients {
		v.Action = max(v.Action, r.Action)
	}
}

// An Account is a fake that writes down what it is told, a line each.
type Account struct {
	mu    sync.Mutex
	lines []string
	// OnMessage is called with each message, where it is set.
	OnMessage func(m *message.Message, v *filter.Verdict)
}

// Message writes down a message.
func (a *Account) Message(m *message.Message, v *filter.Verdict) {
	refused := 0
	for i := range v.Recipients {
		if v.Recipients[i].Refused() {
			refused++
		}
	}
	a.add("message %s sender=<%s> recipients=%s refused=%d client=%s helo=%s user=%s queue=%s fields=%d body=%d size=%d cut=%s action=%v class=%v",
		m.ID, m.Sender, strings.Join(m.Recipients, ","), refused, m.Client.Addr, m.Client.Helo, m.User, m.QueueID,
		len(m.Header), len(m.Body), m.Size, cut(m), v.Action, strings.ReplaceAll(v.Class.String(), " ", "-"))
	if a.OnMessage != nil {
		a.OnMessage(m, v)
	}
}

// cut names what was not kept whole.
func cut(m *message.Message) string {
	switch {
	case m.HeaderCut && m.BodyCut:
		return "all"
	case m.HeaderCut:
		return "header"
	case m.BodyCut:
		return "body"
	}
	return "nothing"
}

// Connection writes down a connection.
func (a *Account) Connection(c message.Client, v *filter.Verdict, refused bool) {
	a.add("connection %sclient=%s name=%s helo=%s own=%t action=%v refused=%t", withID(v.ID), c.Addr, c.Name, c.Helo, c.Own, v.Action, refused)
}

// withID is the id of a connection's verdict, which only a refusal at CONNECT has.
func withID(id string) string {
	if id == "" {
		return ""
	}
	return id + " "
}

func (a *Account) add(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lines = append(a.lines, fmt.Sprintf(format, args...))
}

// Lines returns what was written down.
func (a *Account) Lines() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.lines...)
}

// An Identifier is a fake that believes everybody: SPF passes for the sender, and there is a signature of its domain.
type Identifier struct{}

// Begin has nothing to ask.
func (Identifier) Begin(*message.Message) {}

// Identity believes the sender.
func (Identifier) Identity(_ context.Context, m *message.Message) *message.Identity {
	_, domain, _ := strings.Cut(m.Sender, "@")
	return &message.Identity{
		SPF:   message.SPF{Result: message.AuthPass, Domain: domain},
		Helo:  message.SPF{Domain: m.Client.Helo},
		DKIM:  []message.Signature{{Result: message.AuthPass, Domain: domain, Selector: "s1", Value: "abc/efghijkl"}},
		DMARC: message.DMARC{Result: message.AuthPass, Author: domain, Policy: "none"},
	}
}
