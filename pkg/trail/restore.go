package trail

import (
	"errors"
	"net/netip"
	"time"

	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// Restore returns the message and the verdict as far as they are needed to decide again: see filter.Policy.Again, and
// ConnectionAgain for a connection's record, whose verdict is the connection's.
func (r *Record) Restore() (*message.Message, *filter.Verdict) {
	m := &message.Message{
		ID: r.ID, QueueID: r.QueueID, Client: r.Client.Restore(), User: r.User, Sender: r.Sender, Size: r.Size,
		Time: r.Time.Add(-time.Duration(r.TookMS) * time.Millisecond),
	}
	v := &filter.Verdict{
		ID: r.ID, Number: r.Number, Class: r.Class, Action: r.Action, Weakened: r.Weakened, Total: r.Total, Threshold: r.Threshold,
		Caught: r.Caught, Relayed: r.Relayed, Reason: r.Reason,
	}
	var connection []filter.Report
	for i := range r.Reports {
		if report := r.Reports[i].restore(); r.Kind == OfMessage && report.Phase == filter.Connect {
			connection = append(connection, report)
		} else {
			v.Reports = append(v.Reports, report)
		}
	}
	decided := r.DecidedBy()
	if r.Kind == OfConnection {
		v.Policy = decided
	} else if r.Connection != nil {
		v.Connection = &filter.Verdict{Action: r.Connection.Action, Reason: r.Connection.Reason, Reports: connection, Policy: decided}
		v.Connection.Decider = r.Connection.Decider.restore(v.Connection, "")
		if v.Connection.Refused() && v.Connection.Reason == "" {
			v.Connection.Reason = r.Reason
		}
	}
	v.Decider = r.Decider.restore(v, "")
	for i := range r.Recipients {
		from := &r.Recipients[i]
		v.Recipients = append(v.Recipients, filter.Recipient{
			Address: from.Address, Standing: from.Standing, Action: from.Action, Exempt: from.Exempt, Decider: from.Decider.restore(v, from.Address),
		})
	}
	return m, v
}

// DecidedBy is the policy that decided, nil where the record does not tell. Who is exempt it knows of this record's
// recipients only.
func (r *Record) DecidedBy() *filter.Policy {
	p := r.Policy
	if p == nil {
		return nil
	}
	c := filter.DefaultConfig()
	c.Tag, c.Quarantine, c.Defer, c.Reject, c.Discard = p.Tag, p.Quarantine, p.Defer, p.Reject, p.Discard
	c.WhitelistRescues, c.Relayed, c.OnError, c.MaxSize = p.WhitelistRescues, p.Relayed, p.OnError, p.MaxSize
	c.Exempt = r.Exempt()
	return filter.NewPolicy(c).Under(p.InForce)
}

// Exempt lists the recipients whom nobody refuses, as the record has them.
func (r *Record) Exempt() (addresses []string) {
	for i := range r.Recipients {
		if r.Recipients[i].Exempt {
			addresses = append(addresses, r.Recipients[i].Address)
		}
	}
	return addresses
}

// Restore returns the client; one whose address is a hash has none.
func (c *Client) Restore() message.Client {
	addr, _ := netip.ParseAddr(c.Addr) // a hash is none
	return message.Client{Addr: addr, Name: c.Name, Helo: c.Helo, Own: c.Own, Relay: c.Relay, Blind: c.Blind}
}

// restore finds the hit in the trail: the one about that recipient, where there is one.
func (d *Decider) restore(v *filter.Verdict, recipient string) *filter.Decider {
	if d == nil {
		return nil
	}
	found := &filter.Decider{Source: d.Source, Hit: filter.Hit{Symbol: d.Symbol}}
	best := 0
	v.Each(func(report *filter.Report, result *filter.Result, hit *filter.Hit) {
		if result.Source != d.Source || hit.Symbol != d.Symbol {
			return
		}
		fit := 1
		if report.Recipient == recipient {
			fit = 2
		}
		if fit > best {
			found.Hit, best = *hit, fit
		}
	})
	return found
}

func (r *Report) restore() filter.Report {
	report := filter.Report{Stage: r.Stage, Phase: r.Phase, Recipient: r.Recipient, Took: time.Duration(r.TookUS) * time.Microsecond}
	if r.Error != "" {
		report.Err = errors.New(r.Error)
	}
	for i := range r.Results {
		report.Results = append(report.Results, r.Results[i].restore())
	}
	return report
}

func (r *Result) restore() filter.Result {
	result := filter.Result{
		Source: r.Source, Kind: r.Kind, Asked: r.Asked, Cached: r.Cached, Took: time.Duration(r.TookUS) * time.Microsecond,
		Age: time.Duration(r.AgeS) * time.Second, Listed: r.Listed,
	}
	if r.Failed != "" {
		result.Err = &failed{r.Failed, r.Error}
	}
	for i := range r.Answers {
		result.Answers = append(result.Answers, r.Answers[i].restore())
	}
	for _, h := range r.Hits {
		result.Hits = append(result.Hits, filter.Hit{
			Symbol: h.Symbol, Score: h.Score, Action: h.Action, Standing: h.Standing, Observe: h.Observe, Claim: h.Claim, Forged: h.Forged,
			Detail: h.Detail, Text: h.Text,
		})
	}
	return result
}

func (a *Answer) restore() filter.Answer {
	answer := filter.Answer{Ask: a.Ask, Name: a.Name, Guess: a.Guess, IPv6: a.IPv6, Cached: a.Cached, Age: time.Duration(a.AgeS) * time.Second}
	for _, code := range a.Codes {
		if addr, err := netip.ParseAddr(code); err == nil {
			answer.Codes = append(answer.Codes, addr)
		}
	}
	return answer
}

// failed is the error of a source that could not answer, read back.
type failed struct {
	kind Failure
	text string
}

func (f *failed) Error() string {
	if f.text == "" {
		return string(f.kind)
	}
	return f.text
}

// Is tells the kinds apart, as the error of then did.
func (f *failed) Is(target error) bool {
	return f.kind == Refused && target == filter.ErrRefused || f.kind == Bogus && target == filter.ErrBogus ||
		f.kind == Unknown && target == filter.ErrUnknown
}
