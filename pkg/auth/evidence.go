package auth

import (
	"fmt"
	"strings"

	"winnow/pkg/message"
)

// A Finding is one line of what was found out about a sender.
type Finding struct {
	Method string // "spf", "helo", "dkim", "arc", "dmarc"
	Result message.AuthResult
	Domain string // that it is about
	About  string // the evidence
}

// Findings lists what was found out about a sender, nothing where that is nil.
func Findings(id *message.Identity) []Finding {
	if id == nil {
		return nil
	}
	all := []Finding{
		{"spf", id.SPF.Result, id.SPF.Domain, aboutSPF(&id.SPF)},
		{"helo", id.Helo.Result, id.Helo.Domain, aboutSPF(&id.Helo)},
	}
	for i := range id.DKIM {
		s := &id.DKIM[i]
		all = append(all, Finding{"dkim", s.Result, s.Domain, aboutSignature(s)})
	}
	if a := &id.ARC; a.Result != message.AuthNone {
		about := aboutARC(a)
		if a.Trusted {
			about += "; trusted"
		}
		all = append(all, Finding{"arc", a.Result, a.Sealer, about})
	}
	d := &id.DMARC
	about := d.Author
	if d.Domain != "" {
		about = joined(aboutDMARC(d), d.Exempt)
	}
	return append(all, Finding{"dmarc", d.Result, d.Author, about})
}

// Lines tells in a line each what was found out about a sender.
func Lines(id *message.Identity) (lines []string) {
	for _, f := range Findings(id) {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s: %s %s", f.Method, f.Result, f.About)))
	}
	return lines
}

// told returns the evidence where there is something to tell, which of most symbols there is not.
func told(hit bool, evidence func() string) (string, bool) {
	if !hit {
		return "", false
	}
	return evidence(), true
}

// spfIs tells of an SPF check that came out so. A pass that everybody gets is none.
func spfIs(result message.AuthResult) func(*facts) (string, bool) {
	return func(f *facts) (string, bool) {
		s := &f.id.SPF
		return told(s.Result == result && !s.World, func() string { return aboutSPF(s) })
	}
}

func worldPass(f *facts) (string, bool) {
	return told(f.id.SPF.World, func() string { return aboutSPF(&f.id.SPF) })
}

func heloIs(result message.AuthResult) func(*facts) (string, bool) {
	return func(f *facts) (string, bool) {
		s := &f.id.Helo
		return told(s.Result == result && s.Domain != "", func() string { return aboutSPF(s) })
	}
}

// aboutSPF tells what was asked, and why it came out so.
func aboutSPF(s *message.SPF) string {
	about := joined(s.Domain, s.Reason)
	if s.World {
		about += "; authorizes the world"
	}
	return about
}

// joined joins what there is with a colon.
func joined(subject, reason string) string {
	switch {
	case subject == "":
		return reason
	case reason == "":
		return subject
	}
	return subject + ": " + reason
}

func dkimValid(f *facts) (string, bool) {
	return f.signature(func(s *message.Signature) bool { return s.Result == message.AuthPass })
}

func dkimAuthor(f *facts) (string, bool) {
	return f.signature(func(s *message.Signature) bool { return s.Result == message.AuthPass && signsFor(s, f.names.author) })
}

func dkimSender(f *facts) (string, bool) {
	return f.signature(func(s *message.Signature) bool { return s.Result == message.AuthPass && signsFor(s, f.names.sender) })
}

// signsFor tells whether a signature is the domain's own.
func signsFor(s *message.Signature, domain string) bool {
	agent := s.Agent[strings.LastIndexByte(s.Agent, '@')+1:]
	return domain != "" && (strings.EqualFold(agent, domain) || strings.EqualFold(s.Domain, domain))
}

// signature looks for a signature, and tells about the first.
func (f *facts) signature(wanted func(*message.Signature) bool) (string, bool) {
	for i := range f.id.DKIM {
		if s := &f.id.DKIM[i]; wanted(s) {
			return aboutSignature(s), true
		}
	}
	return "", false
}

func aboutSignature(s *message.Signature) string {
	text := fmt.Sprintf("d=%s s=%s a=%s", s.Domain, s.Selector, s.Algorithm)
	if s.Bits > 0 {
		text += fmt.Sprintf(" bits=%d", s.Bits)
	}
	if s.Testing {
		text += " t=y"
	}
	if s.Partial {
		text += " l="
	}
	if s.Retitled {
		text += " subject added"
	}
	return joined(text, s.Reason)
}

// dkimInvalid is true of signatures none of which is valid. Where the DNS did not answer for one, that is not known.
func dkimInvalid(f *facts) (string, bool) {
	var first string
	for i := range f.id.DKIM {
		s := &f.id.DKIM[i]
		if s.Result == message.AuthPass || s.Result == message.AuthTempError {
			return "", false
		}
		if first == "" {
			first = aboutSignature(s)
		}
	}
	return first, first != ""
}

func dmarcPass(f *facts) (string, bool) {
	d := &f.id.DMARC
	return told(d.Result == message.AuthPass, func() string {
		by := "spf"
		if d.DKIM {
			by = "dkim"
		}
		return fmt.Sprintf("%s by %s; p=%s of %s", d.Author, by, d.Policy, d.Domain)
	})
}

func dmarcFails(policy string) func(*facts) (string, bool) {
	return func(f *facts) (string, bool) {
		d := &f.id.DMARC
		return told(d.Result == message.AuthFail && d.Exempt == "" && d.Policy == policy, func() string { return aboutDMARC(d) })
	}
}

func aboutDMARC(d *message.DMARC) string {
	return joined(fmt.Sprintf("%s; p=%s of %s", d.Author, d.Policy, d.Domain), d.Reason)
}

// dmarcExempt tells of a failure that is excused, by a sealer that is trusted or by a list that anybody could be.
func dmarcExempt(trusted bool) func(*facts) (string, bool) {
	return func(f *facts) (string, bool) {
		d := &f.id.DMARC
		return told(d.Result == message.AuthFail && d.Exempt != "" && f.id.ARC.Trusted == trusted, func() string { return joined(aboutDMARC(d), d.Exempt) })
	}
}

func dmarcMissing(f *facts) (string, bool) {
	d := &f.id.DMARC
	return d.Author, d.Author != "" && d.Result == message.AuthNone
}

// dmarcNoAuthor tells of a message that escapes every policy, for nobody can say whose it would be.
func dmarcNoAuthor(f *facts) (string, bool) {
	d := &f.id.DMARC
	return d.Reason, d.Author == "" && d.Result == message.AuthPermError
}

func dmarcNoName(f *facts) (string, bool) {
	d := &f.id.DMARC
	return told(d.NoName, func() string { return d.Author + " under " + d.Domain })
}

func arcIs(result message.AuthResult) func(*facts) (string, bool) {
	return func(f *facts) (string, bool) {
		return told(f.id.ARC.Result == result, func() string { return aboutARC(&f.id.ARC) })
	}
}

func arcTrusted(f *facts) (string, bool) {
	return told(f.id.ARC.Trusted, func() string { return aboutARC(&f.id.ARC) })
}

func aboutARC(a *message.ARC) string {
	return joined(fmt.Sprintf("i=%d d=%s", a.Sets, a.Sealer), a.Reason)
}

func rdnsNone(f *facts) (string, bool) {
	return told(f.hosts.reverse == unnamed, f.names.client.Addr.String)
}

func rdnsUnconfirmed(f *facts) (string, bool) {
	return told(f.hosts.reverse == unconfirmed, func() string {
		return fmt.Sprintf("%s says %s, which does not lead back", f.names.client.Addr, f.hosts.ptr)
	})
}

func noDNS(f *facts) (string, bool) { return f.hosts.sender.name, f.hosts.sender.mail == missing }

// noMail is true of a domain that sends no mail by its own words. Where it is proven all the same, by a signature most
// often, the words are about one way of sending only.
func noMail(f *facts) (string, bool) {
	sender := f.hosts.sender
	sender.noSPF = f.id.SPF.NoMail && f.id.SPF.Domain == sender.name
	for _, d := range []*mailDomain{&sender, &f.hosts.author} {
		switch {
		case !d.nullMX && !d.noSPF || f.id.Proof(d.name) != "":
		case d.nullMX:
			return d.name + " MX .", true
		default:
			return d.name + " v=spf1 -all", true
		}
	}
	return "", false
}

func fromDiffers(f *facts) (string, bool) {
	return told(differ(f.names.author, f.names.sender), func() string {
		return fmt.Sprintf("author %s, sender %s", f.names.author, f.names.sender)
	})
}

func replyDiffers(f *facts) (string, bool) {
	first, found := f.m.HeaderText("Reply-To", message.HeaderAddr|message.HeaderFirst)
	if !found {
		return "", false
	}
	first, _, _ = strings.Cut(first, "\n")
	reply := domainOf(first)
	return told(differ(reply, f.names.author) && !message.Aligned(reply, f.names.sender), func() string {
		return fmt.Sprintf("author %s, answers to %s", f.names.author, reply)
	})
}

// differ tells whether there are two domains that do not belong together.
func differ(a, b string) bool { return a != "" && b != "" && !message.Aligned(a, b) }
