package milter

import (
	"encoding/binary"

	gomilter "github.com/emersion/go-milter"
)

// options are what a session and Postfix agreed on.
type options struct {
	actions  gomilter.OptAction
	protocol gomilter.OptProtocol
}

// may tells whether the session may ask for that change of the message.
func (o options) may(action gomilter.OptAction) bool { return o.actions&action != 0 }

// has tells whether that part of the protocol was agreed on.
func (o options) has(p gomilter.OptProtocol) bool { return o.protocol&p == p && p != 0 }

// blank is what stands before the value of a field that we write: where it was agreed on that leading blanks are kept, nobody
// puts one between colon and value but us.
func (o options) blank() string {
	if o.has(gomilter.OptHeaderLeadingSpace) {
		return " "
	}
	return ""
}

// What we ask for, of what is offered.
const (
	wantedActions = gomilter.OptAddHeader | gomilter.OptChangeHeader | gomilter.OptQuarantine | gomilter.OptSetSymList

	// The events that tell us nothing new, and no reply where we have nothing to say. Header fields keep their leading
	// blank.
	//
	// CONNECT is answered although there is nothing to say yet: what needs no reply Postfix keeps back until something
	// does. The client's address would come with the first RCPT, and asking the lists about it would begin when the
	// answer is wanted.
	wantedProtocol = gomilter.OptNoEOH | gomilter.OptNoData | gomilter.OptNoUnknown |
		gomilter.OptNoHeloReply | gomilter.OptNoMailReply |
		gomilter.OptNoHeaderReply | gomilter.OptNoEOHReply | gomilter.OptNoBodyReply |
		gomilter.OptHeaderLeadingSpace
)

// wantedMacros are what sessions read: who logged in, the queue id, and what the MTA calls itself. A stage that is not named here keeps the list
// that Postfix has for it.
var wantedMacros = map[gomilter.Stage][]string{
	gomilter.StageMailFrom: {"i", "{auth_authen}", "j"},
	gomilter.StageRcptTo:   {"i"},
	gomilter.StageEOM:      {"i"},
}

// negotiate answers an MTA's offer: what we want, less what it does not know. An MTA may end the session over a bit
// that it did not offer.
func negotiate(o offer) options {
	return options{actions: wantedActions & o.actions, protocol: wantedProtocol & o.protocol}
}

// An offer is what an MTA can do.
type offer struct {
	version  uint32
	actions  gomilter.OptAction
	protocol gomilter.OptProtocol
}

// oldest is the version that the library answers with, whatever is offered. Postfix takes a filter of version 2 at its
// word on every flag it agreed to, also those that came with version 6, and sends it neither DATA nor unknown commands.
const oldest = 2

// parseOffer reads the data of an OPTNEG frame that the guard has let through.
func parseOffer(data []byte) offer {
	return offer{
		version:  binary.BigEndian.Uint32(data),
		actions:  gomilter.OptAction(binary.BigEndian.Uint32(data[4:])),
		protocol: gomilter.OptProtocol(binary.BigEndian.Uint32(data[8:])),
	}
}
