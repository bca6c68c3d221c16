// Package spf evaluates SPF records (RFC 7208): whether a client may send mail for a domain.
//
// A record is read whole before any of it counts: a fault anywhere in it is a permanent error (RFC 7208, 4.6). What it
// will ask of the DNS is asked ahead, a whole record at a time and the records that it includes as soon as they come, so
// that an answer takes about as many round trips as includes are nested, not as many as there are mechanisms. The result
// is as if all had been asked in order.
//
// The evaluation also tells of two kinds of records that say something about their owner: one that authorizes the world,
// whose pass proves nothing, and one that says that the domain sends no mail at all. Explanations (exp=) are checked and
// not fetched: a stranger's text is never quoted in a reply.
//
// The evaluator is our own because a library that took records as loosely as the common one does would let pass what the
// published suite of tests wants refused, and does not tell what it was that matched. That library is what the tests hold
// this one to, wherever it follows the RFC.
package spf
