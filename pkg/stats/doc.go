// Package stats keeps the account: per day, what became of connections and messages, and what each list and the content
// rules did about it. It counts verdicts, writes the counts to a store, and reads them back as the daily report that
// answers which lists earn their keep.
//
// The funnel always balances, because every connection and every message is counted in exactly one place:
//
//	connections = refused by lists + refused because a stage failed + accepted
//	messages    = whitelisted + blacklisted + too large + not enabled + scanned
//	delivered   = messages - blacklisted - caught
//
// A source (a list; the content rules as a whole) is credited by one function, judge, alone. Counting is separate from
// keeping: a Recorder adds up in memory, and hands the sum of about each second to the store as one numbered batch that
// counts once however often it is sent. What the store has not confirmed waits in memory and in a journal on disk.
package stats
