// Package miltertest is the other end of the milter protocol, for tests: a Client that speaks to a filter as Postfix
// does, or as nobody should, and dialogues, which are text files of what an MTA sends and what it must be told.
//
// The Client is written from the protocol, not on the library that the server uses, so that the two do not share a
// mistake. Like Postfix it sends what it has to say in one piece with the next command that wants a reply; it sends no
// event that the filter does not want, awaits no reply that the filter agreed to leave out, and holds the filter to what
// was offered. Filter and Account are fakes whose answers follow from addresses and subjects, so that a dialogue can be
// read on its own.
//
// A dialogue has one command a line; a line that begins with < is what must be answered to the command before it.
//
//	set reject_at connect             a setting of the filter; these lines come first
//	offer postfix | oldest | VERSION ACTIONS PROTOCOL
//	                                  OPTNEG; numbers in hexadecimal
//	agreed ACTIONS PROTOCOL           what the filter must have answered to it
//	macros M i=4F2 {auth_authen}=bob  the macros of a command
//	connect NAME FAMILY [ADDRESS]     family 4, 6, L or U
//	helo NAME
//	mail <ADDRESS> [ARGUMENT...]
//	rcpt <ADDRESS> [ARGUMENT...]
//	data                              the SMTP command
//	unknown COMMAND                   an SMTP command that the MTA does not know
//	header NAME: VALUE                \n, \t, \r, \x00 and the like are what they are in Go
//	fields NUMBER                     so many fields, X-Filler: x
//	eoh                               the end of the header
//	body TEXT
//	fill OCTETS                       a body that long, in the chunks that Postfix sends
//	eom [TEXT]                        the end of the message, with a last piece of the body
//	abort
//	quitnc                            QUIT, but a new client follows
//	quit                              the filter must close without another word
//	frame COMMAND [DATA]              any frame; a reply is awaited where a line says so
//	raw HEXADECIMAL                   octets that need not be a frame
//	hangup                            the MTA goes away
//	closed                            the filter must have closed without another word
//	told PATTERN                      the next thing that the Account must have been told
//
// A reply is written as its letter and its data: "< y 550 5.7.1 *", "< h X-Spam-Flag: YES", "< m 2 X-Spam-Flag:". In
// replies and told lines * stands for anything. A command with no such line behind it must be answered with c, the end
// of a message with a, wherever a reply is due.
package miltertest
