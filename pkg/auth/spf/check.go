package spf

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"winnow/pkg/dns"
	"winnow/pkg/message"
)

// Limits of one check (RFC 7208, 4.6.4).
const (
	maxLookups = 10  // mechanisms and redirects that ask the DNS
	maxVoids   = 2   // of them, how many may find nothing
	maxHosts   = 10  // names in the answer to one mx or ptr
	maxMacro   = 512 // octets of a local part and of HELO that macros copy: SMTP itself has less room (RFC 5321, 4.5.3.1)
)

// A Query asks whether a client may send for a domain.
type Query struct {
	Addr   netip.Addr // the client's
	Domain string     // whose record is asked
	Sender string     // local part and domain, for macros; "postmaster" stands in for a local part that is not there
	Helo   string     // for macros
}

// An Outcome is what the domain says of the client.
type Outcome struct {
	Result message.AuthResult
	World  bool   // it passed by a record that authorizes the world
	NoMail bool   // the domain says that it never sends mail: its record has no mechanism but -all
	Reason string // the mechanism that matched, or what went wrong
}

func (q *Query) local() string {
	if at := strings.LastIndexByte(q.Sender, '@'); at > 0 {
		return q.Sender[:min(at, maxMacro)]
	}
	return "postmaster"
}

func (q *Query) senderDomain() string {
	return q.Sender[strings.LastIndexByte(q.Sender, '@')+1:]
}

// Check evaluates the domain's record. It takes as long as ctx lets it; what the DNS did not answer by then is a temporary
// error.
func Check(ctx context.Context, resolver dns.Resolver, q Query, world World) Outcome {
	q.Addr = q.Addr.Unmap()
	name, ok := message.HostASCII(q.Domain)
	switch {
	case !ok || strings.IndexByte(name, '.') < 0: // RFC 7208, 4.3
		return Outcome{Reason: "no full name of a domain"}
	case !q.Addr.IsValid():
		return Outcome{Reason: "no address of a client"}
	}
	q.Helo = q.Helo[:min(len(q.Helo), maxMacro)]
	e := evaluation{query: &q, lookups: newLookups(ctx, resolver)}
	defer e.lookups.close()
	out := e.check(name, true)
	out.World = out.Result == message.AuthPass && e.granted.world(world)
	out.Reason = strings.Map(printable, out.Reason)
	out.NoMail = out.NoMail && out.Result == message.AuthFail
	return out
}

// An evaluation is one run of check_host() (RFC 7208, 4), with all that it includes.
type evaluation struct {
	query   *Query
	lookups *lookups
	asked   int // mechanisms that asked the DNS
	voids   int // of them, how many found nothing
	granted grants
	names   *clientNames // nil before they are needed
}

// A fault ends the evaluation: permerror or temperror.
type fault struct {
	result message.AuthResult
	err    error
}

func (f *fault) Error() string { return f.err.Error() }

func permanent(format string, args ...any) *fault {
	return &fault{message.AuthPermError, fmt.Errorf(format, args...)}
}

func temporary(what string, err error) *fault {
	return &fault{message.AuthTempError, fmt.Errorf("%s: %w", clip(what), err)}
}

// check evaluates the record of one domain. grants tells whether those that it passes are passed by the record that was
// asked for in the first place.
func (e *evaluation) check(domain string, grants bool) Outcome {
	text := dns.Question{Name: domain, Type: dns.TXT}
	r, err := e.lookups.record(text)
	var failed *fault
	switch {
	case errors.As(err, &failed):
		return Outcome{Result: failed.result, Reason: failed.Error()}
	case r == nil:
		return Outcome{Reason: "no SPF record at " + clip(domain)}
	}
	e.ahead(r, domain)
	if grants {
		e.granted.add(r)
	}
	for i := range r.terms {
		t := &r.terms[i]
		matched, inner, err := e.match(t, domain, grants)
		if errors.As(err, &failed) {
			return Outcome{Result: failed.result, Reason: because(t.text, failed.Error())}
		}
		if matched {
			return Outcome{Result: t.result, Reason: because(t.text, inner), NoMail: len(r.terms) == 1 && t.kind == kindAll}
		}
	}
	if r.redirect == nil {
		return Outcome{Result: message.AuthNeutral, Reason: "no mechanism matched"} // RFC 7208, 4.7
	}
	return e.follow(r, domain, grants)
}

// follow evaluates the record that another one leads to, where none of its own mechanisms matched (RFC 7208, 6.1).
func (e *evaluation) follow(r *record, domain string, grants bool) Outcome {
	const what = "redirect="
	if err := e.count(); err != nil {
		return Outcome{Result: err.result, Reason: because(what, err.Error())}
	}
	target, ok := e.expand(r.redirect, domain)
	out := Outcome{Reason: "a name that cannot be asked for"}
	if ok {
		out = e.check(target, grants && !r.redirect.isByClient())
	}
	if out.Result == message.AuthNone {
		out.Result = message.AuthPermError
	}
	out.Reason = strings.Map(printable, out.Reason)
	out.NoMail = out.NoMail && len(r.terms) == 0
	out.Reason = because(what+clip(target), out.Reason)
	return out
}

// because puts a reason behind what led to it.
func because(what, reason string) string {
	if reason == "" {
		return clip(what)
	}
	const most = 300 // an include is within another, ten deep
	text := clip(what) + ": " + reason
	return text[:min(len(text), most)]
}

// printable keeps what senders write out of the lines of a log.
func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return '?'
	}
	return r
}

// count counts a mechanism that asks the DNS.
func (e *evaluation) count() *fault {
	if e.asked++; e.asked > maxLookups {
		return permanent("more than %d mechanisms that ask the DNS", maxLookups)
	}
	return nil
}

// void counts a mechanism that asked for something that is not there.
func (e *evaluation) void() error {
	if e.voids++; e.voids > maxVoids {
		return permanent("more than %d names that do not exist", maxVoids)
	}
	return nil
}

// expand returns the name that a mechanism is about.
func (e *evaluation) expand(s *spec, domain string) (string, bool) {
	if s == nil {
		return domain, true
	}
	validated := ""
	if s.has("p") {
		validated = e.clientNames().best(domain)
	}
	return s.expand(e.query, domain, validated)
}
