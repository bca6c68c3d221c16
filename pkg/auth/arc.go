package auth

import (
	"context"

	"winnow/pkg/message"
)

// arc validates the chain of those that handed the message on.
func (c *Checker) arc(ctx context.Context, m *message.Message) message.ARC { return message.ARC{} }
