// Package trail keeps what was decided about each message and each connection, and why: a record each, so that "why was
// this refused?" has an answer a month later, and so that what a change would do can be found out from what was.
//
// A record (Record) holds all that a decision was made of: who sent, what each list answered, each hit, what was proven of
// the sender, the policy in force. It is enough to decide again: Record.Restore gives back the verdict's trail, and
// filter.Policy.Again decides on it, with other lists, scores, thresholds or entries if need be.
//
// A Trail writes records as lines of JSON, one file a day, off the session's path. Past days are packed (see block.go for
// the format), kept as long as configured, and bounded in size. Search looks through all of it.
package trail
