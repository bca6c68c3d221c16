package app

import (
	"winnow/pkg/dnslist"
	"winnow/pkg/filter"
	"winnow/pkg/rules"
	"winnow/pkg/whitelist"
)

// stages is the pipeline's order, cheapest first. Stages of one phase run side by side; their order is that of the
// reports, and of who decides where several could.
func stages(lists *dnslist.Set, known *whitelist.Stage, content *rules.Stage) []filter.Stage {
	return []filter.Stage{
		// Connect: one address, answers mostly cached; refuses most of what comes, before anything was sent.
		lists.DNSBL(),
		// Envelope: a look into memory, at most one question to the store; saves correspondents from everything below.
		known,
		// Content: further lists on the address, whose points would be wasted on connections that are refused anyway.
		lists.DNSBLContent(),
		// The names that HELO and sender gave: a question or two.
		lists.RHSBL(),
		// Links: wants the message parsed, and up to twenty questions a list.
		lists.URIBL(),
		// All rules over all text: the most work, and none that waits.
		content,
	}
}
