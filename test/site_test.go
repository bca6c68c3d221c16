package test

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"winnow/pkg/app"
	"winnow/pkg/rig"
	"winnow/test/daytest"
)

// A site is a mail server as operators have it: Postfix with winnow attached, a resolver with lists behind it, and a
// mailbox for what is delivered.
type site struct {
	*winnow
	rig     *rig.Rig
	postfix *rig.Postfix
	mailbox *rig.Mailbox
	unbound *rig.Unbound
	rbldnsd *rig.Rbldnsd
	apart   *rig.Rbldnsd // nil where the plan has no lists apart
	dir     string
}

// A sitePlan is how a site differs from the plain one.
type sitePlan struct {
	change  func(*app.Config) // has the last word on winnow's configuration
	options app.Options
	lists   []rig.Zone // in place of those of the sample day that have the same names
	apart   []string   // names of lists that have a name server of their own
	postfix []string   // lines of main.cf
	dns     []string   // records that the resolver has itself: "example.org. TXT \"text\""
	white   string     // entries of the whitelist beside siteWhitelist
}

// siteRules give the points that a message asks for: "points: 6".
var siteRules = func() string {
	var b strings.Builder
	for n := 1; n <= 30; n++ {
		fmt.Fprintf(&b, "body  POINTS_%d /points: %d\\b/\nscore POINTS_%d %d\n", n, n, n, n)
	}
	return b.String()
}()

// Who is who at the site. Recipients of optout.example have not enabled filtering.
const (
	siteWhitelist = "white@friends.example auth:none\nwhite@friends.example auth:none to:our.example\nfor-anna@friends.example auth:none to:anna@our.example\n"
	siteBlacklist = "black@pests.example\nfor-anna@pests.example to:anna@our.example\n"
	siteEnabled   = "our.example\n"
)

// newSite starts a site. change, where there is one, has the last word on winnow's configuration.
func newSite(t testing.TB, change func(*app.Config)) *site {
	t.Helper()
	return newSiteFor(t, sitePlan{change: change})
}

func newSiteFor(t testing.TB, plan sitePlan) *site {
	t.Helper()
	needs(t, rig.PostfixProgram, rig.RbldnsdProgram, rig.UnboundProgram)
	s := &site{rig: newRig(t)}
	s.startDNS(t, &plan)
	var err error
	s.mailbox, err = s.rig.Mailbox()
	must(t, err)

	c := siteConfig(t, s.unbound.Addr())
	writeFile(t, c.Whitelist.Whitelist, siteWhitelist+plan.white)
	if plan.change != nil {
		plan.change(c)
	}
	s.dir = filepath.Dir(c.StateDir)
	s.winnow = startWinnow(t, c, plan.options)
	s.startPostfix(t, plan.postfix...)
	return s
}

// startDNS starts the lists and the resolver before them.
func (s *site) startDNS(t testing.TB, plan *sitePlan) {
	t.Helper()
	var zones, apart []rig.Zone
	for _, z := range slices.Concat(plan.lists, without(daytest.Zones(), plan.lists)) {
		if slices.Contains(plan.apart, z.Name) {
			apart = append(apart, z)
		} else {
			zones = append(zones, z)
		}
	}
	var err error
	s.rbldnsd, err = s.rig.Rbldnsd(t.Context(), zones)
	must(t, err)
	stubs := s.rbldnsd.Stubs()
	if apart != nil {
		s.apart, err = s.rig.Rbldnsd(t.Context(), apart)
		must(t, err)
		stubs = append(stubs, s.apart.Stubs()...)
	}
	s.unbound, err = s.rig.Unbound(t.Context(), rig.UnboundConfig{Stubs: stubs, Lines: localData(plan.dns)})
	must(t, err)
}

// localData has a resolver answer with records of its own.
func localData(records []string) []string {
	var lines []string
	for _, r := range records {
		lines = append(lines, "local-data: '"+r+"'")
	}
	return lines
}

// without returns those of the zones that have another name than all of others.
func without(zones, others []rig.Zone) []rig.Zone {
	return slices.DeleteFunc(slices.Clone(zones), func(z rig.Zone) bool {
		return slices.ContainsFunc(others, func(o rig.Zone) bool { return o.Name == z.Name })
	})
}

func (s *site) startPostfix(t testing.TB, lines ...string) {
	t.Helper()
	var err error
	s.postfix, err = s.rig.Postfix(t.Context(), rig.PostfixConfig{
		Milters: []string{postfixAddr(s.addr().String())},
		Mailbox: s.mailbox.Addr(),
		Domains: []string{"our.example", "optout.example"},
		Lines:   append([]string{"message_size_limit = 100000000", "milter_default_action = tempfail"}, lines...),
	})
	must(t, err)
}

func postfixAddr(addr string) string { return "inet:" + addr }

// Networks of clients, each on the lists of the sample day that it is called after.
const (
	clean    = "198.19.0."
	onZen    = "198.18.128."
	onZenIVM = "198.18.64."
	onIVM    = "198.18.32."
	onBRBL   = "198.18.5."
	onCSS    = "2001:db8:c55::"
)

// siteConfig has every threshold in use.
func siteConfig(t testing.TB, resolver string) *app.Config {
	t.Helper()
	c := planConfig(t, resolver, planFiles{rules: siteRules, whitelist: siteWhitelist, blacklist: siteBlacklist, enabled: siteEnabled})
	c.Policy.Tag, c.Policy.Quarantine, c.Policy.Defer, c.Policy.Reject, c.Policy.Discard = 5, 8, 10, 15, 20
	c.Networks.Own = append(c.Networks.Own, netip.MustParsePrefix("198.19.200.0/24"))
	c.Whitelist.CheckEvery = 0
	return c
}

// letter is a message whose content has so many points, and whose Subject finds it again.
func letter(subject string, points int, fields ...string) []byte {
	header := append([]string{"From: Writer <writer@sender.example.net>", "To: us", "Subject: " + subject, "Message-ID: <1@sender.example.net>"}, fields...)
	return []byte(strings.Join(header, "\r\n") + fmt.Sprintf("\r\n\r\nHello,\r\n\r\npoints: %d\r\n", points))
}

var stranger = rig.Client{Addr: netip.MustParseAddr(clean + "1"), Name: "client.sender.example.net"}

// send sends a mail with defaults for what it leaves open.
func (s *site) send(t testing.TB, m rig.Mail) rig.Transcript {
	t.Helper()
	if !m.Client.Addr.IsValid() {
		m.Client = stranger
	}
	if m.Recipients == nil {
		m.Recipients = []string{"user@our.example"}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	transcript, err := rig.Send(ctx, s.postfix.Addr(), m)
	must(t, err)
	return transcript
}

// delivered waits for the message with that subject.
func (s *site) delivered(t testing.TB, subject string) *rig.Delivery {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	d, err := s.mailbox.Wait(ctx, rig.With("Subject", subject))
	if err != nil {
		t.Fatalf("%s: %v", subject, err)
	}
	return d
}

// isDelivered tells whether a message is in the mailbox already, once nothing waits in Postfix's queue any more.
func (s *site) isDelivered(t testing.TB, subject string) bool {
	t.Helper()
	s.settle(t)
	for _, d := range s.mailbox.Deliveries() {
		if rig.With("Subject", subject)(&d) {
			return true
		}
	}
	return false
}

// settle sends a message behind all others, and waits until it is delivered.
func (s *site) settle(t testing.TB) {
	t.Helper()
	subject := fmt.Sprintf("settled %d", time.Now().UnixNano())
	if final := s.send(t, rig.Mail{Sender: "white@friends.example", Data: letter(subject, 0)}).Final(); !final.OK() {
		t.Fatalf("%s: %v", subject, final)
	}
	s.delivered(t, subject)
}
