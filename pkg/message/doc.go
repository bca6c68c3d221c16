// Package message is the facts of one mail: the client, the envelope, header and body, and what is derived from them
// once: the way that it took, MIME parts, the texts that content rules are matched against, what its HTML is made of, and
// the URIs that a reader could follow.
//
// A mail is written by someone who wants it read by people and misread by filters. So nothing in here refuses a message,
// whatever is broken in it. What rules see is SpamAssassin's definition, to the octet, because its rules were written
// against it: which lines are a header, where a part ends, what an unknown charset is taken for, how white space is
// folded, where a line is cut, what a tag is, which spellings a link has. Ready-made parsers of MIME, addresses and HTML
// each read broken input in ways of their own, and hand out cleaned-up copies; so these are ours. Charset tables and
// public suffixes are kept libraries'.
//
// The lists are asked about more than rules see: what stands behind the end of a multipart or beyond a limit, attributes
// that only browsers follow, host names in all scripts. So URIs, for the lists, and URIDetails, for rules, have a scanner
// each. Where we knowingly differ from SpamAssassin: UTF-16 in a header or with a byte order mark is decoded, and the
// addresses in a text stay in it after rules have looked for addresses.
//
// All work is bounded and takes linear time: the limits, each with its reason, are in limits.go.
package message
