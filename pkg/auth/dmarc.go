package auth

import (
	"context"

	"winnow/pkg/message"
)

// A dmarcRecord is what the author's domain publishes.
type dmarcRecord struct{}

// dmarcRecord asks for the record of the author's domain, or of its organisational domain.
func (c *Checker) dmarcRecord(ctx context.Context, m *message.Message) dmarcRecord {
	return dmarcRecord{}
}

// dmarc judges the message by the record, once it is known what SPF, DKIM and ARC prove.
func (c *Checker) dmarc(m *message.Message, record dmarcRecord, id *message.Identity) message.DMARC {
	return message.DMARC{}
}
