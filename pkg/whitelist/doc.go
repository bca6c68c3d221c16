// Package whitelist answers, for one recipient at a time, whether we know the sender: the operator's blacklist and
// whitelist say so, or the recipient has written to it (the auto-whitelist), or the recipient has not enabled filtering
// at all. Each of the four is a source with a Result of its own; the policy takes the first standing in the order
// blacklist, whitelist, auto-whitelist, enabled. A standing saves the message from the content stages; whether it also
// saves a listed client is the policy's business (whitelist_rescues).
//
// The auto-whitelist is not SpamAssassin's "AWL", which is a running mean of scores. It is what amavis calls pen pals:
// outbound mail teaches (local user, remote recipient), and mail from that remote to that user passes until the user has
// not written for half a year. Only whole addresses match, never domains; the null sender, our own domains and rewritten
// addresses (SRS, VERP, bounce handlers) never do; what machines and mailing lists send teaches nothing.
//
// Anybody can write any sender into an envelope. So a match is a claim, and counts when it is proven (proof.go): at RCPT
// by SPF alone; what it does not prove is held there, and the proof phase looks once more (proofstage.go), at the author,
// too, and with DKIM and with what the message answers of the recipient's (reply.go). A claim that nothing proves has no
// effect and is counted for whom it names.
//
// # The files
//
// Whitelist and blacklist are text files with one entry a line. Who sends comes first; an optional to: narrows the entry
// to one recipient or to one domain of ours. A # at the start of a line or behind a blank begins a comment.
//
//	friend@example.org                        # one address
//	example.org                               # every address in example.org, not in its sub-domains
//	.example.org                              # every address in example.org and in all its sub-domains
//	192.0.2.1                                 # the client, whatever it sends
//	192.0.2.0/24
//	2001:db8::/32
//	friend@example.org  to:user@our.example   # for this recipient, with or without a +tag
//	.example.org        to:our.example        # for the recipients in our.example
//	example.org         auth:dkim             # in a whitelist: proven by DKIM alone; auth:any is meant where nothing stands
//	<>                  auth:none to:info@our.example # the null sender, of which nothing can be proven
//
// Domains may be written in any script; they are compared as the DNS sees them. Local parts are compared without regard
// to case too: RFC 5321 (2.4) lets a host distinguish, and hardly one does. A +tag of the sender is part of its address;
// one of the recipient is not, unless the entry has it. Where both lists know a sender, the blacklist has the last word.
// Unlike in Postfix's access(5), .example.org takes in example.org itself.
//
// A whitelist takes no domain of freemail, nor a tree above one. A blacklist takes no auth:, for what refuses needs no
// proof.
//
// The file for "enabled: file:PATH" holds recipients and domains of ours in the same forms, and with a leading ! those
// who have not enabled filtering although their domain has. The narrowest line counts.
//
//	our.example
//	!grandma@our.example
package whitelist
