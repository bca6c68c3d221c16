// Package dns asks the DNS, and remembers what it said.
//
// A Client is a stub resolver: it puts one question to a recursive resolver nearby, checks that what comes back is the
// answer to that question, and turns it into an Answer. It knows three outcomes, as everything above it does: records,
// none (the name or the type does not exist: an empty Answer, no error), and an error, which says nothing about the
// name at all. Errors name the server and what happened, never the question, because a question may hold a
// subscriber's key.
//
// A CachedResolver stands before it and is what the rest of winnow asks. It answers from memory, then from the cache
// that all nodes share, and only then from the DNS; it puts a question that several callers have at the same moment
// once, and lets no cache that is slow or away delay an answer.
package dns
