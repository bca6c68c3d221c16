package milter_test

import (
	"testing"

	"winnow/pkg/filter"
	"winnow/pkg/filter/filtertest"
	"winnow/pkg/milter"
	"winnow/pkg/milter/miltertest"
)

// A whole message of usual size over an open connection: MAIL, RCPT, ten header fields, 2 KiB of body, its end.
func BenchmarkMessage(b *testing.B) {
	policy := filter.DefaultConfig()
	pipeline := filter.NewPipeline([]filter.Stage{
		filtertest.List("dnsbl", filter.Connect, "zen"),
		filtertest.Rules(filter.Hit{Symbol: "SOME_RULE", Score: 1}),
	}, policy.Limits, filter.NewPolicy(policy))
	s := start(b, func(_ *milter.Config, d *milter.Deps) {
		d.Filter, d.Account, d.NewID = func() milter.Filter { return pipeline }, deaf{}, nil
	})
	m := *small
	for range 8 {
		m.Header = append(m.Header, [2]string{"X-Header", " some value of the usual length, more or less"})
	}
	m.Body = make([]byte, 2048)
	c := s.dial()
	greet(b, c, "192.0.2.1")
	b.ReportAllocs()
	for b.Loop() {
		if o := deliver(b, c, &m); o.Reply.Code != 'a' {
			b.Fatal(o.Reply)
		}
	}
}

// A connection of a listed client, which is what most connections are: dial, negotiation, CONNECT, HELO, MAIL, a
// refused RCPT, QUIT.
func BenchmarkRefusedConnection(b *testing.B) {
	s := start(b, func(_ *milter.Config, d *milter.Deps) { d.Account, d.NewID = deaf{}, nil })
	b.ReportAllocs()
	for b.Loop() {
		c, err := miltertest.Dial(s.network, s.address)
		if err != nil {
			b.Fatal(err)
		}
		greet(b, c, "203.0.113.1")
		if _, err := c.Mail("<a@example.org>"); err != nil {
			b.Fatal(err)
		}
		if r, err := c.Rcpt("<b@example.net>"); err != nil || r.Code != 'y' {
			b.Fatal(r, err)
		}
		if err := c.Quit(); err != nil {
			b.Fatal(err)
		}
		_ = c.Close()
	}
}

// A body of 60 MB.
func BenchmarkLargeBody(b *testing.B) {
	s := start(b, func(_ *milter.Config, d *milter.Deps) { d.Account, d.NewID = deaf{}, nil })
	m := *small
	m.Body = make([]byte, 60_000_000)
	c := s.dial()
	greet(b, c, "192.0.2.1")
	b.SetBytes(int64(len(m.Body)))
	b.ReportAllocs()
	for b.Loop() {
		deliver(b, c, &m)
	}
}

func BenchmarkNewID(b *testing.B) {
	next := milter.NewIDs()
	b.ReportAllocs()
	for b.Loop() {
		_ = next()
	}
}
