package test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/dnslist"
	"winnow/pkg/rig"
	"winnow/test/daytest"
)

// The servers of two lists are dead: the others act as ever, and account and log tell which ones those are.
func TestListDead(t *testing.T) {
	t.Parallel()
	zones := slices.Concat(linkZones[1:], slices.DeleteFunc(daytest.Zones(), func(z rig.Zone) bool {
		return z.Name != "sip.invaluement.com"
	}))
	var apart []string
	var expired []rig.Zone // what rbldnsd answers SERVFAIL for: data that was not renewed in time
	for _, z := range zones {
		apart = append(apart, z.Name)
		z.Data = slices.Concat([]byte("$TIMESTAMP 2001-01-01 2001-01-02\n"), z.Data)
		expired = append(expired, z)
	}
	s := newFaultySite(t, sitePlan{apart: apart})
	for _, outage := range []outage{
		{"SERVFAIL", func() error { return s.apart.Replace(t.Context(), expired...) }, func() error { return s.apart.Replace(t.Context(), zones...) }},
		{"silence", func() error { s.apart.Kill(); return nil }, func() error { return s.apart.Start(t.Context()) }},
	} {
		t.Run(outage.name, func(t *testing.T) {
			before := s.account(t)
			s.log.TakeAll()
			must(t, outage.begin())
			for _, round := range []string{"first", "second"} { // after the first, the dead ones rest
				s.try(t, outage.name+", "+round, 2,
					trial{name: "on both lists", client: onZenIVM, code: 550},
					trial{name: "on the dead one only", client: onIVM, code: 250},
					trial{name: "a link and few points", client: clean, points: 3, link: blackLink, code: 250, tagged: true},
					trial{name: "links on both and few points", client: clean, points: 3, link: bothLink, code: 250, tagged: true},
					trial{name: "wanted", client: clean, code: 250})
			}
			// 20 connections, 16 messages that came to their content.
			want := map[string]told{"zen": {Hits: 4, Refusals: 4}, "uribl": {Hits: 8}, "ivmsip": {Errors: 20}, "ivmuri": {Errors: 16}}
			if diff := cmp.Diff(want, grown(t, before, s.account(t))); diff != "" {
				t.Errorf("the lists' rows (-want +got):\n%s", diff)
			}
			for _, list := range []string{"ivmsip", "ivmuri"} {
				if now := s.state(t, list); now.Health != dnslist.Down || now.Why == "" || now.Until.IsZero() {
					t.Errorf("got %+v, want it down, why, and until when it is not asked", now)
				}
			}
			must(t, outage.end())
			s.heals(t, outage.name, "ivmsip", "ivmuri")
			once := map[string]int{"ivmsip": 1, "ivmuri": 1}
			for _, message := range []string{notWell, wellAgain} {
				if diff := cmp.Diff(once, s.said(message)); diff != "" {
					t.Errorf("how often the log said %q (-want +got):\n%s", message, diff)
				}
			}
		})
	}
}

// What lists answer that do not serve us, or are not what they were: it is counted, each kind apart, and never acts.
func TestListsThatLie(t *testing.T) {
	t.Parallel()
	lies := []rig.Zone{
		// We ask through a public resolver, so it refuses. https://www.spamhaus.org/organization/dnsblusage/
		{Name: "zen.spamhaus.org", Type: "ip4trie", Data: []byte("0/0 :127.255.255.254:\n")},
		// We ask too much. https://uribl.com/refused.shtml
		{Name: "multi.uribl.com", Type: "dnset", Data: []byte(":127.0.0.1:\n.127\n.com\n.example\n")},
		// The domain has a new owner, who answers for every name.
		{Name: "sip.invaluement.com", Type: "ip4trie", Data: []byte("0/0 :10.1.2.3:\n")},
		// A return code that nobody has told us about.
		{Name: "b.barracudacentral.org", Type: "ip4set", Data: []byte(":127.0.0.77:\n127.0.0.2\n198.18.5.0/24\n")},
	}
	var apart []string
	for _, z := range lies {
		apart = append(apart, z.Name)
	}
	s := newFaultySite(t, sitePlan{lists: lies, apart: apart})
	before := s.account(t)
	for _, round := range []string{"first", "second"} {
		s.try(t, round, 1,
			trial{name: "wanted", client: clean, code: 250},
			trial{name: "listed by ZEN", client: onZen, code: 250},
			trial{name: "listed by ZEN and ivmSIP", client: onZenIVM, code: 250},
			trial{name: "an undeclared code and almost enough points", client: onBRBL, points: 4, code: 250},
			trial{name: "a link and almost enough points", client: clean, points: 4, link: blackLink, code: 250})
	}
	r := s.account(t)
	want := map[string]told{"zen": {Refused: 10}, "uribl": {Refused: 10}, "ivmsip": {Bogus: 10}, "barracuda": {Unknown: 2}}
	if diff := cmp.Diff(want, grown(t, before, r)); diff != "" {
		t.Errorf("the lists' rows (-want +got):\n%s", diff)
	}
	if r.Connections.Accepted != 10 || r.Messages.Delivered != 10 {
		t.Errorf("accepted %d connections and delivered %d messages, want all 10", r.Connections.Accepted, r.Messages.Delivered)
	}
	for list, want := range map[string]struct {
		health dnslist.Health
		why    string
	}{
		"zen": {dnslist.Refusing, "A 127.255.255.254"}, "uribl": {dnslist.Refusing, "A 127.0.0.1"},
		"ivmsip": {dnslist.Broken, "A 10.1.2.3"}, "barracuda": {dnslist.SuspectEmpty, "A 127.0.0.77"},
		"psky": {dnslist.OK, ""},
	} {
		if now := s.state(t, list); now.Health != want.health || !strings.Contains(now.Why, want.why) {
			t.Errorf("%s: got %s (%s), want %s because of %s", list, now.Health, now.Why, want.health, want.why)
		}
	}
	if diff := cmp.Diff(map[string]int{"zen": 1, "uribl": 1, "ivmsip": 1, "barracuda": 1}, s.said(notWell)); diff != "" {
		t.Errorf("how often the log said %q (-want +got):\n%s", notWell, diff)
	}
	s.comeToTheirSenses(t)
}

// comeToTheirSenses has the lists that lied tell the truth. Those that declined to answer are asked again after their
// rest; one that listed the world is believed only after a probe.
func (s *faultySite) comeToTheirSenses(t *testing.T) {
	t.Helper()
	must(t, s.apart.Replace(t.Context(),
		rig.Zone{Name: "zen.spamhaus.org", Type: "ip4trie", Data: []byte("127.0.0.2 :127.0.0.2:\n198.18.64.0/24 :127.0.0.2:\n")},
		rig.Zone{Name: "sip.invaluement.com", Type: "ip4trie", Data: []byte("127.0.0.2 :127.0.0.2:\n198.18.32.0/24 :127.0.0.2:\n")},
		linkZones[0]))
	must(t, s.unbound.Flush(t.Context()))
	s.heals(t, "sane again", "zen", "uribl")
	listed := trial{name: "listed by ivmSIP", client: onIVM, code: 250}
	s.try(t, "not believed yet", 1, listed)
	s.app.Lists().Probe(t.Context())
	listed.code = 550
	s.try(t, "believed after a probe", 1, listed)
}
