package test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap/zaptest/observer"

	"winnow/pkg/app"
	"winnow/pkg/dnslist"
	"winnow/pkg/rig"
	"winnow/pkg/stats"
	"winnow/test/daytest"
)

// Where the DNS or a list fails, mail flows, nobody is refused for it, and the account says what failed.

// hasty has winnow see within moments what otherwise takes it a minute: that what was dead is back.
func hasty(c *app.Config) {
	c.DNS.Timeout = time.Second
	c.DNS.Cache.ErrorTTL = 100 * time.Millisecond
	c.Lists.Timeout = 1500 * time.Millisecond
	c.Lists.Rest = time.Second
	c.Stats.FlushEvery = 100 * time.Millisecond
}

// strict is a Postfix that waits little longer than winnow's own limits (policy.limits) allow: should winnow take more,
// it puts the mail off, and the test sees a 451.
var strict = []string{"milter_command_timeout = 9s", "milter_content_timeout = 12s", "milter_default_action = tempfail"}

// Names of links, each followed by a number: a name that was asked for before would be answered by a cache.
const (
	cleanLink = "clean"
	blackLink = "black" // at URIBL
	bothLink  = "both"  // at ivmURI, too
)

const links = 256 // of each kind, as many as there are clients in a network

// linkZones are the lists of links.
var linkZones = func() []rig.Zone {
	var black, both strings.Builder
	for n := range links {
		fmt.Fprintf(&black, "%s%d.example\n", blackLink, n)
		fmt.Fprintf(&both, "%s%d.example\n", bothLink, n)
	}
	return []rig.Zone{
		{Name: "multi.uribl.com", Type: "dnset", Data: []byte(":127.0.0.2:\n2.0.0.127\n" + black.String() + both.String())},
		{Name: "uri.invaluement.com", Type: "dnset", Data: []byte(":127.0.0.2:\n" + both.String())},
	}
}()

// A faultySite is a site whose log and account are looked at.
type faultySite struct {
	*site
	log   *observer.ObservedLogs
	from  string // the day on which it started
	mails int    // sent so far
}

func newFaultySite(t *testing.T, plan sitePlan) *faultySite {
	t.Helper()
	s := &faultySite{from: time.Now().UTC().Format(time.DateOnly)}
	plan.options.Log, s.log = observed(t)
	if plan.change == nil {
		plan.change = hasty
	}
	plan.lists = append(without(linkZones, plan.lists), plan.lists...)
	plan.postfix = append(slices.Clone(strict), plan.postfix...)
	s.site = newSiteFor(t, plan)
	until(t, "the first probes", func() error {
		for _, l := range s.app.Lists().States() {
			if l.Health == dnslist.Unprobed && !l.OfRules {
				return fmt.Errorf("%s is %s", l.List, l.Health)
			}
		}
		return nil
	})
	return s
}

// A trial is a mail and what is to become of it.
type trial struct {
	name   string
	client string // the client's network
	points int    // by rules
	link   string // cleanLink where empty
	code   int    // of the reply
	tagged bool
}

// mail is the next one of its kind. Each comes from another address, and has another link, which no cache knows.
func (s *faultySite) mail(m *trial, subject string) rig.Mail {
	s.mails++
	link := m.link
	if link == "" {
		link = cleanLink
	}
	return rig.Mail{
		Client:     rig.Client{Addr: netip.MustParseAddr(fmt.Sprintf("%s%d", m.client, s.mails%256))},
		Sender:     "writer@sender.example.net",
		Recipients: []string{"user@our.example"},
		Data:       append(letter(subject, m.points), fmt.Sprintf("See http://www.%s%d.example/page\r\n", link, s.mails%links)...),
	}
}

// try sends so many mails of each trial, all at once, and waits for those that are to be delivered.
func (s *faultySite) try(t *testing.T, round string, each int, trials ...trial) {
	t.Helper()
	type attempt struct {
		*trial
		subject string
		mail    rig.Mail
		got     rig.Transcript
		err     error
	}
	var all []*attempt
	for n := range each {
		for i := range trials {
			m := &attempt{trial: &trials[i], subject: fmt.Sprintf("%s: %s, %d", round, trials[i].name, n)}
			m.mail = s.mail(m.trial, m.subject)
			all = append(all, m)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var senders sync.WaitGroup
	for _, m := range all {
		senders.Go(func() { m.got, m.err = rig.Send(ctx, s.postfix.Addr(), m.mail) })
	}
	senders.Wait()
	for _, m := range all {
		if final := m.got.Final(); m.err != nil || final.Code != m.code {
			t.Errorf("%s: got %v, %v, want %d", m.subject, final, m.err, m.code)
		} else if final.OK() {
			d := s.delivered(t, m.subject)
			if tagged := len(d.Header("X-Spam-Flag")) > 0; tagged != m.tagged {
				t.Errorf("%s: tagged is %v, want %v: %v", m.subject, tagged, m.tagged, d.Header("X-Spam-Status"))
			}
		}
	}
}

// account waits until all connections are counted, each once, and returns the report.
func (s *faultySite) account(t *testing.T) *stats.Report {
	t.Helper()
	var r *stats.Report
	until(t, "counting all connections", func() error {
		if err := s.service.Recorder().Flush(t.Context()); err != nil {
			return err
		}
		r = s.report(t, slices.Compact([]string{s.from, time.Now().UTC().Format(time.DateOnly)})...)
		return missing(r.Connections.Total == int64(s.mails), "%d of %d", r.Connections.Total, s.mails)
	})
	balances(t, r)
	return r
}

// balances holds the funnel to what it promises.
func balances(t testing.TB, r *stats.Report) {
	t.Helper()
	c, m := &r.Connections, &r.Messages
	refused := c.RefusedByError
	for _, list := range c.Refused {
		refused += list.Count
	}
	if c.Total != refused+c.Accepted {
		t.Errorf("%d connections, but %d refused and %d accepted", c.Total, refused, c.Accepted)
	}
	if m.Total != m.Whitelisted+m.Blacklisted+m.TooLarge+m.NotEnabled+m.Scanned || m.Delivered != m.Total-m.Blacklisted-m.Caught {
		t.Errorf("messages do not add up: %+v", *m)
	}
	if len(r.Failed) > 0 {
		t.Errorf("stages failed as a whole, or did not end within their limits: %v", r.Failed)
	}
}

// told is what a list's row says of it.
type told struct{ Hits, Refusals, Errors, Refused, Bogus, Unknown int64 }

// grown is by how much the lists' rows have grown, of those that have.
func grown(t testing.TB, before, after *stats.Report) map[string]told {
	t.Helper()
	all := map[string]told{}
	for _, l := range daytest.Lists {
		was, is := row(t, before, l.Name), row(t, after, l.Name)
		by := told{
			is.Hits - was.Hits, is.Refusals - was.Refusals, is.Errors - was.Errors,
			is.Refused - was.Refused, is.Bogus - was.Bogus, is.Unknown - was.Unknown,
		}
		if by != (told{}) {
			all[l.Name] = by
		}
	}
	return all
}

// row is a source's.
func row(t testing.TB, r *stats.Report, name string) stats.Row {
	t.Helper()
	for _, row := range r.Sources {
		if row.Name == name {
			return row
		}
	}
	t.Fatalf("the report has no row for %s", name)
	return stats.Row{}
}

// state is how a list is.
func (s *faultySite) state(t testing.TB, list string) dnslist.State {
	t.Helper()
	for _, l := range s.app.Lists().States() {
		if l.List == list {
			return l
		}
	}
	t.Fatalf("no list %s", list)
	return dnslist.State{}
}

const (
	notWell   = "list is not well"
	wellAgain = "list is well"
)

// said counts how often the log said so, of which list.
func (s *faultySite) said(message string) map[string]int {
	times := map[string]int{}
	for _, line := range s.log.FilterMessage(message).All() {
		list, _ := line.ContextMap()["list"].(string)
		times[list]++
	}
	return times
}

// heals sends mail until the lists are in force again: a listed client is refused, and each list is well.
func (s *faultySite) heals(t *testing.T, round string, lists ...string) {
	t.Helper()
	untilEvery(t, 10*tick, "lists in force again", func() error { // each look is two mails, of few that no cache knows
		reply := s.send(t, s.mail(&trial{client: onZenIVM}, round+": a listed client")).Final()
		if reply.Code != 550 {
			return fmt.Errorf("a listed client got %v", reply)
		}
		clean := s.send(t, s.mail(&trial{client: clean, link: bothLink}, round+": a linked site")).Final()
		var ill []string
		for _, list := range lists {
			if now := s.state(t, list); now.Health != dnslist.OK {
				ill = append(ill, fmt.Sprintf("%s is %s: %s", list, now.Health, now.Why))
			}
		}
		return errors.Join(missing(clean.OK(), "got %v", clean), missing(ill == nil, "%s", strings.Join(ill, "; ")))
	})
}

// An outage is how something fails, and how that ends.
type outage struct {
	name       string
	begin, end func() error
}

// A resolver that is dead, or only silent, costs the lists' opinions and nothing else.
func TestDNSDead(t *testing.T) {
	t.Parallel()
	s := newFaultySite(t, sitePlan{})
	s.try(t, "before", 1,
		trial{name: "listed", client: onZen, code: 550},
		trial{name: "a link and a few points", client: clean, points: 3, link: blackLink, code: 250, tagged: true})
	for _, outage := range []outage{
		{"dead", func() error { s.unbound.Kill(); return nil }, func() error { return s.unbound.Start(t.Context()) }},
		{"silent", s.unbound.Pause, s.unbound.Resume},
	} {
		t.Run(outage.name, func(t *testing.T) {
			before := s.account(t)
			s.log.TakeAll()
			must(t, outage.begin())
			s.try(t, outage.name, 2,
				trial{name: "wanted", client: clean, code: 250},
				trial{name: "wanted, with a link", client: clean, link: bothLink, code: 250},
				trial{name: "from a listed client", client: onZen, code: 250}, // who could know?
				trial{name: "tagged by rules", client: clean, points: 6, code: 250, tagged: true},
				trial{name: "refused by rules", client: clean, points: 16, code: 550})
			s.checkOutage(t, before)
			must(t, outage.end())
			s.heals(t, outage.name, "zen", "ivmsip")
		})
	}
}

// checkOutage holds the account of ten mails without DNS to what it must say.
func (s *faultySite) checkOutage(t *testing.T, before *stats.Report) {
	t.Helper()
	const mails, unmarked = 10, 6
	after := s.account(t)
	want := map[string]told{}
	for _, l := range daytest.Lists {
		want[l.Name] = told{Errors: mails}
	}
	if diff := cmp.Diff(want, grown(t, before, after)); diff != "" {
		t.Errorf("the lists' rows (-want +got):\n%s", diff)
	}
	if got := after.Errors - before.Errors; got != 2*mails {
		t.Errorf("%d connections and messages were decided while answers were missing, want %d", got, 2*mails)
	}
	if got := after.Messages.Delivered - before.Messages.Delivered; got != unmarked {
		t.Errorf("%d messages are counted as delivered unmarked, want %d", got, unmarked)
	}
	for _, list := range []string{"zen", "ivmsip"} {
		if now := s.state(t, list); now.Health != dnslist.Down {
			t.Errorf("%s is %s, want it down", list, now.Health)
		}
		if got := s.said(notWell)[list]; got != 1 {
			t.Errorf("the log said %d times that %s does not answer, want once", got, list)
		}
	}
}

// More connections than are served at a time wait their turn; none is turned away.
func TestMoreConnectionsThanServed(t *testing.T) {
	t.Parallel()
	const served, more = 2, 16
	s := newFaultySite(t, sitePlan{change: func(c *app.Config) {
		hasty(c)
		c.Milter.MaxConnections = served
	}})
	var first []*rig.Session
	for range served { // take every place, and keep it
		c, err := rig.Dial(t.Context(), s.postfix.Addr())
		must(t, err)
		t.Cleanup(func() { c.Close() })
		s.mails++
		ok(t, "XCLIENT")(c.Xclient(stranger))
		ok(t, "EHLO")(c.Hello("client.sender.example.net"))
		ok(t, "MAIL")(c.Mail("a@sender.example.net"))
		ok(t, "RCPT")(c.Rcpt("user@our.example"))
		first = append(first, c)
	}
	crowd := make(chan error, more)
	for range more {
		m := s.mail(&trial{client: clean}, "one of many")
		go func() {
			got, err := rig.Send(t.Context(), s.postfix.Addr(), m)
			crowd <- errors.Join(err, missing(got.Accepted(), "got %v", got.Final()))
		}()
	}
	until(t, "connections waiting", func() error {
		return missing(s.log.FilterMessageSnippet("max_connections").Len() > 0, "the log does not say so")
	})
	for _, c := range first {
		ok(t, "DATA")(c.Data(letter("early", 0)))
		ok(t, "QUIT")(c.Quit())
	}
	for range more {
		if err := <-crowd; err != nil {
			t.Error(err)
		}
	}
	if r := s.account(t); r.Messages.Delivered != served+more {
		t.Errorf("%d messages are counted as delivered, want %d", r.Messages.Delivered, served+more)
	}
}
