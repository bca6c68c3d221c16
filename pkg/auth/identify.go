package auth

import (
	"context"
	"fmt"
	"sync"

	"winnow/pkg/message"
	"winnow/pkg/stack"
)

// identify asks everything at once: what a message waits for is its slowest answer, not their sum. DMARC's record is asked
// for beside the rest, and judged behind it.
func (c *Checker) identify(ctx context.Context, m *message.Message) *message.Identity {
	id := &message.Identity{}
	var record dmarcRecord
	beside(
		func() {
			if e := c.Envelope(ctx, m); e != nil {
				id.SPF, id.Helo = e.SPF, e.Helo
				return
			}
			id.SPF.Result, id.Helo.Result = message.AuthTempError, message.AuthTempError
		},
		func() { id.DKIM = c.dkim(ctx, m) },
		func() { id.ARC = c.arc(ctx, m) },
		func() { record = c.dmarcRecord(ctx, m) },
	)
	id.DMARC = c.dmarc(m, record, id)
	return id
}

// beside calls all at the same time and returns when all have returned.
func beside(calls ...func()) {
	var others sync.WaitGroup
	for _, call := range calls[1:] {
		others.Go(func() {
			stack.Reserve()
			call()
		})
	}
	calls[0]()
	others.Wait()
}

// recovered is deferred where a message is taken apart: a panic is that check's failure and nobody else's.
func recovered(result *message.AuthResult, reason *string) {
	if p := recover(); p != nil {
		*result, *reason = message.AuthTempError, fmt.Sprintf("panic: %v", p)
	}
}
