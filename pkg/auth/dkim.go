package auth

import (
	"context"

	"winnow/pkg/message"
)

// dkim verifies the signatures of a message, those at its top first.
func (c *Checker) dkim(ctx context.Context, m *message.Message) []message.Signature { return nil }
