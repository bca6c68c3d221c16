package auth

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"winnow/pkg/dns"
	"winnow/pkg/message"
)

// A dmarcRecord is what the author's domain publishes, or why it is not known.
type dmarcRecord struct {
	author string // "" where there is not exactly one
	domain string // whose record it is, "" where there is none
	policy dmarcPolicy
	noName bool // author does not exist
	result message.AuthResult
	reason string
}

// dmarcRecord asks for the record of the author's domain and for that of its organisational domain (RFC 7489, 6.6.3), and
// whether the author's domain exists, all side by side.
func (c *Checker) dmarcRecord(ctx context.Context, m *message.Message) (r dmarcRecord) {
	defer recovered(&r.result, &r.reason)
	if r.author, r.result, r.reason = authorDomain(m); r.author == "" {
		return r
	}
	organisation := message.Domain(r.author)
	var own, above dmarcAnswer
	calls := []func(){func() { own = c.askDMARC(ctx, r.author) }}
	if organisation != "" && organisation != r.author {
		calls = append(calls,
			func() { above = c.askDMARC(ctx, organisation) },
			func() { r.noName = c.isMissing(ctx, r.author) },
		)
	}
	beside(calls...)
	r.choose(own, r.author)
	if own.isEmpty() && len(calls) > 1 { // one that cannot be used ends the search, too
		r.choose(above, organisation)
	}
	r.noName = r.noName && r.domain == organisation
	return r
}

// choose takes the record of a domain, where it has one.
func (r *dmarcRecord) choose(answer dmarcAnswer, domain string) {
	switch {
	case answer.err != nil:
		r.result, r.reason = message.AuthTempError, answer.err.Error()
	case answer.record == "":
		r.reason = answer.reason
	default:
		policy, reason := parseDMARC(answer.record)
		if r.reason = reason; reason == "" {
			r.domain, r.policy = domain, policy
		}
	}
}

// A dmarcAnswer is what the DNS said when it was asked for a record.
type dmarcAnswer struct {
	record string // "" for none
	reason string // why there is none, where that is not for lack of one
	err    error
}

func (a *dmarcAnswer) isEmpty() bool { return a.record == "" && a.reason == "" && a.err == nil }

func (c *Checker) askDMARC(ctx context.Context, domain string) dmarcAnswer {
	answer, err := c.resolver.Resolve(ctx, dns.Question{Name: "_dmarc." + domain, Type: dns.TXT})
	if errors.Is(err, dns.ErrName) { // too long, with the label before it
		return dmarcAnswer{}
	}
	if err != nil {
		return dmarcAnswer{err: fmt.Errorf("TXT of _dmarc.%s: %w", domain, err)}
	}
	record, reason := selectDMARC(answer.Texts)
	return dmarcAnswer{record: record, reason: reason}
}

// isMissing tells whether the DNS knows that there is no such name, nor any below it (RFC 8020).
func (c *Checker) isMissing(ctx context.Context, domain string) bool {
	answer, err := c.resolver.Resolve(ctx, dns.Question{Name: domain, Type: dns.A})
	return err == nil && answer.NXDomain
}

// dmarc judges the message by the record, once it is known what SPF, DKIM and ARC prove.
func (c *Checker) dmarc(m *message.Message, r dmarcRecord, id *message.Identity) (d message.DMARC) {
	d = message.DMARC{Result: r.result, Author: r.author, Domain: r.domain, NoName: r.noName, Reason: r.reason}
	defer recovered(&d.Result, &d.Reason)
	if r.domain == "" {
		return d
	}
	d.Policy = r.policy.of(r.author != r.domain, r.noName)
	if r.policy.testing || r.policy.percent <= sample(m) {
		d.Policy = softer(d.Policy)
	}
	d.SPF = id.SPF.Proves() && r.alignedSPF(id.SPF.Domain)
	for i := range id.DKIM {
		d.DKIM = d.DKIM || id.DKIM[i].Proves() && r.alignedDKIM(id.DKIM[i].Domain)
	}
	switch {
	case d.SPF || d.DKIM:
		d.Result = message.AuthPass
	case r.mayYetPass(id):
		d.Result, d.Reason = message.AuthTempError, "the DNS did not answer for a name that might have been aligned"
	default:
		d.Result, d.Reason = message.AuthFail, "no name that is proven is aligned with the author's"
		d.Exempt = exempt(m, r, id)
	}
	return d
}

func (r *dmarcRecord) alignedSPF(domain string) bool {
	return aligned(domain, r.author, r.policy.strictSPF)
}

func (r *dmarcRecord) alignedDKIM(domain string) bool {
	return aligned(domain, r.author, r.policy.strictDKIM)
}

// aligned compares two names as the record wants it (RFC 7489, 3.1). Both are as the DNS knows them.
func aligned(a, b string, strict bool) bool {
	if strict {
		return a == b
	}
	return message.Aligned(a, b)
}

// mayYetPass tells whether it is for want of an answer that nothing passed (RFC 7489, 6.6.2).
func (r *dmarcRecord) mayYetPass(id *message.Identity) bool {
	if id.SPF.Result == message.AuthTempError && (id.SPF.Domain == "" || r.alignedSPF(id.SPF.Domain)) {
		return true
	}
	for i := range id.DKIM {
		if s := &id.DKIM[i]; s.Result == message.AuthTempError && r.alignedDKIM(s.Domain) {
			return true
		}
	}
	return false
}

// sample returns a number from 0 to 99 by which pct= chooses. It is made of what stays the same when the message is sent
// again, so that it meets the same policy then, on each node.
func sample(m *message.Message) int {
	hash := sha256.New()
	if id := m.Header.Get("Message-ID"); id != "" {
		hash.Write([]byte(id))
	} else {
		for _, name := range []string{"From", "Date", "Subject"} {
			hash.Write([]byte(m.Header.Get(name) + "\n"))
		}
	}
	return int(binary.BigEndian.Uint64(hash.Sum(nil)) % 100)
}
