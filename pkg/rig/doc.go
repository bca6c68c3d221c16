// Package rig runs the programs that winnow lives among (Postfix, rbldnsd, unbound, Redis) as private instances: each on
// a loopback port of its own, in a directory of its own, with a configuration written for it, and stopped by its own
// process id. With a mailbox that takes what Postfix delivers and an SMTP client that says who it is (XCLIENT), that is
// a whole mail site on one machine that touches nothing outside its directory: `winnow demo` shows the filter at work
// in it, and the end-to-end tests measure it there.
//
// A Rig owns what it started. Programs are started in order and closed in reverse; Start returns when a program answers
// a question of its own protocol, or fails with the last lines of its log. Should we be killed before we can close it, a
// small process of the rig's own (warden) sees that nothing is left. A program can also be killed, paused, resumed and
// slowed down, because a filter is known by what it does when its neighbours fail. No mail ever leaves: Postfix hands
// everything, to whomever it is addressed, to the mailbox, and asks no DNS.
package rig
