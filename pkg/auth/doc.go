// Package auth finds out who really sent a message: whether the client may send for the names that it gave (SPF), which
// domains signed the message (DKIM), what those that handed it on have seen (ARC), and what the author's domain wants
// done with mail that is none of its own (DMARC).
//
// A Checker finds the facts, once for each message, and keeps them with it: message.Identity. Its Stage turns them into
// symbols and points; the whitelist, the rules and the lists ask the Checker for the same facts. All questions go
// through the resolver and its cache; a DNS that does not answer is a temporary error, and never held against anybody.
package auth
