package auth

import (
	"context"

	"winnow/pkg/message"
)

// spf asks what the domains of the envelope sender and of HELO say of the client.
func (c *Checker) spf(ctx context.Context, client message.Client, sender string) (mailFrom, helo message.SPF) {
	return message.SPF{}, message.SPF{}
}
