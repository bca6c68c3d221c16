package message

import (
	"time"
)

// A Message is the facts of one mail transaction: who sends it, to whom, and what it holds. The session fills it in as
// Postfix tells of it; stages read it and never write. What is derived from the content (parts, text, URIs) is derived
// once, when a stage first asks for it, and may be asked for by several stages at the same time.
type Message struct {
	ID       string    // ours, in replies and logs: what `[id]` shows to a stranger
	QueueID  string    // Postfix's, "" before the first accepted recipient
	Time     time.Time // when the transaction began
	Receiver string    // our MTA's name, "" where it did not tell
	Client   Client
	User     string // the SASL login that the client authenticated as, "" for none
	Site     *Site  // whose addresses are whose; nil where nobody told
	// Stored tells of a message from a file: the Received fields have its last hop already, so that Client, where it is known
	// at all, is one of them and no further one, and Sender may be a guess.
	Stored      bool
	SenderKnown bool // of a stored message: Sender is no guess

	Sender     string   // envelope sender without angle brackets, "" for the null sender <>
	Recipients []string // envelope recipients that were accepted, in order
	Recipient  string   // the one that the envelope phase asks about

	Header    Header
	HeaderCut bool   // fields behind the last one of Header were dropped
	Body      []byte // as received, at most as much as the session keeps; see Size
	BodyCut   bool   // Body is only the beginning
	Size      int64  // octets of header and body that were sent, also where Body holds fewer

	asked   bool    // about one recipient: there is no header yet
	source  *source // where it comes from a file
	derived derived
}

// Outbound tells whether the message leaves by us: its client authenticated or is in our own networks. Such mail is not
// scanned; it teaches the auto-whitelist whom local users write to.
func (m *Message) Outbound() bool { return m.User != "" || m.Client.Own }
