// Package milter talks to Postfix.
//
// A milter ("mail filter") is a server that an MTA asks about each SMTP connection while it goes on: a stream of frames,
// each a length, a command letter and data, in both directions. Postfix opens a connection for each SMTP client, says
// what it can do (OPTNEG), and then tells of every step: CONNECT, HELO, then for each message MAIL, RCPT once for each
// recipient, the header fields one by one, the body in chunks, and the end of the message. Most steps want a reply; a
// filter may agree to leave some unanswered, which spares a round trip each. What a reply means depends on where it is
// given: at CONNECT it is about the connection, at RCPT about that recipient, at the end about the message; only there
// may the message be changed. ABORT ends a message at any point, and the next may follow on the same connection.
//
// A Server accepts those connections. For each it runs one session: facts go in (the session fills a message.Message),
// questions go to the Filter (the pipeline that was in force when the connection began), and its verdict comes out
// through one table (reply.go) as an SMTP reply, headers or a hold. Between the wire and the milter library stands a
// guard (guard.go, conn.go), because the other end of a socket can lie, stall or vanish, and none of that may end more
// than the one session. Whoever counts and logs is told once of each transaction and of each connection (Account).
package milter
