package whitelist

import (
	"slices"
	"strings"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// A lesson is what outbound mail teaches: whom a local user has written to.
type lesson struct {
	local   string
	remotes []string
	id      string // digest of the message's id; "" where it has none
	note    string // whom it was sent to, see noteOf
	at      int64  // Unix seconds
}

// pairs returns under what a lesson waits for the store.
func (l *lesson) pairs() []pair {
	all := make([]pair, 0, len(l.remotes)+1)
	for _, remote := range l.remotes {
		all = append(all, pair{local: l.local, remote: remote})
	}
	if l.id != "" {
		all = append(all, pair{local: l.local, id: l.id})
	}
	return all
}

// lesson returns what a message teaches, without remotes where it teaches nothing. A person must have written it to few
// enough others, and we must have let it out: whom a machine answers, or a mailing list reaches, nobody chose.
func (a *auto) lesson(m *message.Message, v *filter.Verdict) lesson {
	var none lesson
	switch {
	case !m.Outbound(), v == nil, v.Action != filter.Accept && v.Action != filter.Tag:
		return none
	case m.Sender == "", len(m.Recipients) > a.config.MaxRecipients:
		return none
	}
	sender := recipientAddress(m.Sender, a.delimiters)
	if !sender.isPerson() || !a.local.empty() && !a.isLocal(sender) || isAutomatic(m.Header) {
		return none
	}
	l := lesson{local: sender.base, at: a.now().Unix()}
	for _, recipient := range m.Recipients {
		remote := senderAddress(recipient)
		if remote.isPerson() && !signed(recipient) && !a.isOurs(remote, sender) && !slices.Contains(l.remotes, remote.full) {
			l.remotes = append(l.remotes, remote.full)
		}
	}
	if id := messageID(m.Header); id != "" && len(l.remotes) > 0 && a.config.Replies.Enabled {
		l.id, l.note = digest(id, idOctets), noteOf(l.remotes)
	}
	return l
}

// signs are the header fields that tell that no person chose the recipients, and how.
var signs = []struct {
	name  string
	tells func(value string) bool
}{
	{"Auto-Submitted", func(v string) bool { return word(v) != "no" }}, // RFC 3834, 5
	{"Precedence", func(v string) bool { return slices.Contains([]string{"bulk", "list", "junk", "auto_reply"}, word(v)) }},
	{"X-Auto-Response-Suppress", suppresses},
	{"Content-Type", func(v string) bool { return word(v) == "multipart/report" }}, // bounces and read receipts (RFC 6522)
	{"Mailing-List", always}, // ezmlm, Yahoo
	{"X-Autoreply", always},
	{"X-Autorespond", always},
}

func always(string) bool { return true }

// suppresses tells whether a message asks for no automatic answers, which automatic messages do ([MS-OXCMAIL] 2.1.3.2.20).
// To ask for no receipts (DR, RN, NRN) is a person's choice.
func suppresses(value string) bool {
	for option := range strings.SplitSeq(strings.ToLower(value), ",") {
		switch strings.TrimSpace(option) {
		case "all", "oof", "autoreply":
			return true
		}
	}
	return false
}

// isAutomatic tells whether a machine or a mailing list sends a message.
func isAutomatic(h message.Header) bool {
	for _, field := range h {
		if len(field.Name) > 5 && strings.EqualFold(field.Name[:5], "List-") { // RFC 2369, RFC 2919
			return true
		}
		for _, sign := range signs {
			if strings.EqualFold(field.Name, sign.name) && sign.tells(message.Unfold(field.Value)) {
				return true
			}
		}
	}
	return false
}

// word returns the first word of a field's value, in lower case, without parameters and comments.
func word(value string) string {
	value = strings.TrimLeft(value, " \t")
	if i := strings.IndexAny(value, "; \t("); i >= 0 {
		value = value[:i]
	}
	return strings.ToLower(value)
}
