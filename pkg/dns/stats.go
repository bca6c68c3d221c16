package dns

import (
	"errors"
	"sync/atomic"
)

// Stats counts what was asked since the start. Questions = HitsLocal + HitsShared + Joined + Suppressed + what was
// put to the DNS; Sent counts attempts, of which a question has one or two.
type Stats struct {
	Questions  uint64 // put to the resolver
	HitsLocal  uint64 // answered from memory
	HitsShared uint64 // answered from the shared cache
	Joined     uint64 // answered by a question that was under way already
	Suppressed uint64 // answered with the error of a question that failed a moment ago

	SharedErrors  uint64 // the shared cache failed, was late, or held what could not be read
	SharedSkipped uint64 // it was not asked because it failed a moment ago
	SharedDropped uint64 // answers not written to it: too many were waiting

	Sent    uint64 // attempts
	Retries uint64 // of them, second ones
	TCP     uint64 // of them, those that went on over TCP
	Stray   uint64 // packets passed over: late, doubled or forged

	Timeouts  uint64 // attempts that failed, by what happened
	Networks  uint64
	ServFails uint64
	Refusals  uint64
	Malformed uint64
	Rcodes    uint64 // other error codes
}

// counters are the Client's part of Stats.
type counters struct {
	questions, sent, retries, tcp, stray                            atomic.Uint64
	timeouts, networks, servFails, refusals, malformed, otherRcodes atomic.Uint64
}

// failed counts an attempt by its error. One that was called off is no failure.
func (c *counters) failed(err error) {
	switch {
	case errors.Is(err, ErrTimeout):
		c.timeouts.Add(1)
	case errors.Is(err, ErrNetwork):
		c.networks.Add(1)
	case errors.Is(err, ErrServFail):
		c.servFails.Add(1)
	case errors.Is(err, ErrRefused):
		c.refusals.Add(1)
	case errors.Is(err, ErrMalformed):
		c.malformed.Add(1)
	case errors.Is(err, ErrRcode):
		c.otherRcodes.Add(1)
	}
}

func (c *counters) snapshot() Stats {
	return Stats{
		Questions: c.questions.Load(),
		Sent:      c.sent.Load(),
		Retries:   c.retries.Load(),
		TCP:       c.tcp.Load(),
		Stray:     c.stray.Load(),
		Timeouts:  c.timeouts.Load(),
		Networks:  c.networks.Load(),
		ServFails: c.servFails.Load(),
		Refusals:  c.refusals.Load(),
		Malformed: c.malformed.Load(),
		Rcodes:    c.otherRcodes.Load(),
	}
}
