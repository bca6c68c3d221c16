// Package message is the facts of one mail: the client, the envelope, header and body, and what is derived from them
// once: MIME parts, the texts that content rules are matched against, and the URIs that a reader could follow.
//
// A mail is written by someone who wants it read by people and misread by filters. So nothing in here refuses a
// message, whatever is broken in it, and where readers' mail programs disagree about broken mail, text is rather seen
// twice than not at all. That is why the MIME parser is our own: ready-made ones stop at the first malformed line and
// hand out cleaned-up copies, while rules have to see a message as it came. What the texts look like (line folding,
// white space, where a line is cut) is SpamAssassin's definition, because its rules were written against it. All work
// is bounded: the limits, each with its reason, are in limits.go.
package message
