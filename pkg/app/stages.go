package app

import (
	"winnow/pkg/auth"
	"winnow/pkg/dnslist"
	"winnow/pkg/filter"
	"winnow/pkg/rules"
	"winnow/pkg/whitelist"
)

// stages is the pipeline's order, cheapest first. Stages of one phase run side by side; their order is that of the
// reports, and of who decides where several could.
func stages(lists *dnslist.Set, known *whitelist.Stage, identity *auth.Stage, content *rules.Stage) []filter.Stage {
	return []filter.Stage{
		// Connect: one address, answers mostly cached; refuses most of what comes, before anything was sent.
		lists.DNSBL(),
		// Envelope: a look into memory, at most one question to the store, and SPF for who is known; saves correspondents from
		// everything below.
		known,
		// Proof: who is known by the author, by a signature or by what he answers; questions to the store, and to the DNS
		// only where somebody is known by what it says.
		known.Proof(),
		// Content: further lists on the address, whose points would be wasted on connections that are refused anyway.
		lists.DNSBLContent(),
		// The names of who sent it, lists of links apart: a few questions.
		lists.RHSBL(),
		// Who really sent it: questions that began at the first recipient, and signatures over the whole message. Its facts are
		// everybody's; here they are judged.
		identity,
		// Links: wants the message parsed, and up to twenty questions a list.
		lists.URIBL(),
		// All rules over all text: the most work, and none that waits.
		content,
	}
}
