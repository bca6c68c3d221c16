package dnslist

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/filter"
	"winnow/pkg/message"
)

const namesFile = `
- {name: hosts, title: Hosts, zone: hosts.example, ask: [helo, sender, uri], form: host, codes: [{value: 127.0.0.2, symbol: HOSTS, score: 1, action: reject}]}
- {name: domains, title: Domains, zone: domains.example, ask: [uri], codes: [{mask: 2, symbol: DOMAINS_BLACK, score: 2, action: reject}, {mask: 4, symbol: DOMAINS_GREY, score: 1}]}
- {name: both, title: Both, zone: both.example, ask: [uri], form: both, addresses: yes, codes: [{value: 127.0.0.2, symbol: BOTH, score: 1}]}
- {name: six, title: Six, zone: six.example, ask: [uri, mail], form: both, addresses: yes, ipv6: yes, codes: [{value: 127.0.0.2, symbol: SIX, score: 1}]}
- {name: senders, title: Senders, zone: senders.example, ask: [sender, helo], codes: [{value: 127.0.0.2, symbol: SENDERS, score: 1}]}
`

// asksOf returns the names that stages ask each list about at once, without the zone, in the order in which they ask.
func asksOf(t *testing.T, set *Set, stage *Stage, m *message.Message, more ...*Stage) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, stage := range append(more, stage) {
		client := m.Origin()
		subjects := set.subjects(m, &client, &stage.wants)
		for _, src := range stage.sources {
			for _, q := range src.questions(subjects, nil) {
				all[src.Name] = append(all[src.Name], q.key)
				if want := q.key + "." + src.Zone; q.name != want {
					t.Errorf("%s: asked for %s, want %s", src.Name, q.name, want)
				}
			}
		}
	}
	return all
}

func TestWhatIsAsked(t *testing.T) {
	skip, faults := LoadSkip("skip", []byte("wellknown.example\nwww.half.example\n"))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	set := New(load(t, namesFile), DefaultConfig(), Options{Skip: skip})
	v6 := "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
	tests := []struct {
		name string
		uris []message.URI
		want map[string][]string
	}{
		{"host and registered domain", []message.URI{link("www.shop.example.co.uk")}, map[string][]string{
			"hosts": {"www.shop.example.co.uk"}, "domains": {"example.co.uk"},
			"both": {"www.shop.example.co.uk", "example.co.uk"}, "six": {"www.shop.example.co.uk", "example.co.uk"},
		}},
		{"each once", []message.URI{link("a.example.org"), link("b.example.org"), link("a.example.org"), link("example.org")}, map[string][]string{
			"hosts": {"a.example.org", "b.example.org", "example.org"}, "domains": {"example.org"},
			"both": {"a.example.org", "example.org", "b.example.org"}, "six": {"a.example.org", "example.org", "b.example.org"},
		}},
		{"links before guesses before mail addresses", []message.URI{of(message.Mail, "m.example"), of(message.Guess, "g.example"), link("l.example")}, map[string][]string{
			"hosts": {"l.example", "g.example"}, "domains": {"l.example", "g.example"}, "both": {"l.example", "g.example"},
			"six": {"l.example", "g.example", "m.example"},
		}},
		{"addresses, reversed, where they are taken", []message.URI{link("198.51.100.7"), link("2001:db8::1"), link("192.168.1.1"), link("::1")}, map[string][]string{
			"both": {"7.100.51.198"}, "six": {"7.100.51.198", v6},
		}},
		{"the public suffix's owner has no registered domain", []message.URI{link("github.io"), link("evil.github.io")}, map[string][]string{
			"hosts": {"github.io", "evil.github.io"}, "domains": {"evil.github.io"},
			"both": {"github.io", "evil.github.io"}, "six": {"github.io", "evil.github.io"},
		}},
		{"well-known ones are skipped, by host or by domain", []message.URI{link("static.wellknown.example"), link("wellknown.example"), link("www.half.example"), link("half.example")}, map[string][]string{
			"hosts": {"half.example"}, "domains": {"half.example"}, "both": {"half.example"}, "six": {"half.example"},
		}},
		{"what no list can know", []message.URI{link("localhost"), link("a.b..c"), link(strings.Repeat("a", 64) + ".example"), link("")}, map[string][]string{}},
		{"too long with the zone", []message.URI{link(strings.Repeat("a.", 120) + "example")}, map[string][]string{
			"domains": {"a.example"}, "both": {"a.example"}, "six": {"a.example"},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := linksAsked(set, test.uris)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// linksAsked is what a stage asks each list about links.
func linksAsked(set *Set, uris []message.URI) map[string][]string {
	stage := set.URIBL()
	subjects := set.appendLinks(nil, uris, stage.wants.asks)
	all := map[string][]string{}
	for _, src := range stage.sources {
		for _, q := range src.questions(subjects, nil) {
			all[src.Name] = append(all[src.Name], q.key)
		}
	}
	return all
}

func link(host string) message.URI { return of(message.Link, host) }

func of(kind message.URIKind, host string) message.URI {
	u := message.URI{Kind: kind}
	if addr, err := message.ParseAddr(host); err == nil {
		u.Addr = addr
	} else {
		u.Host, u.Domain = host, message.Domain(host)
	}
	return u
}

// TestHeloAndSender asks lists about the names of the envelope.
func TestHeloAndSender(t *testing.T) {
	set := New(load(t, namesFile), DefaultConfig(), Options{})
	tests := []struct {
		helo, sender string
		hosts        []string // asks for hosts; HELO and sender are part of its uribl stage
		senders      []string // asks for registered domains
	}{
		{"mail.helo.example", "a@bounce.sender.example", []string{"bounce.sender.example", "mail.helo.example"}, []string{"sender.example", "helo.example"}},
		{"MAIL.Helo.Example.", "A@Sender.Example", []string{"sender.example", "mail.helo.example"}, []string{"sender.example", "helo.example"}},
		{"mx.same.example", "a@mx.same.example", []string{"mx.same.example"}, []string{"same.example"}},
		{"b\u00fccher.example", "a@b\u00fccher.example", []string{"xn--bcher-kva.example"}, []string{"xn--bcher-kva.example"}},
		{"", "", nil, nil},
		{"[192.0.2.1]", "a@[192.0.2.1]", nil, nil},
		{"192.0.2.1", "a@192.0.2.1", nil, nil},
		{"localhost", "root@localhost", nil, nil},
		{"a b.example", "nobody", nil, nil},
		{"x.zone.example\nA", "a@%s.example", nil, nil},
	}
	for _, test := range tests {
		m := &message.Message{Client: message.Client{Helo: test.helo}, Sender: test.sender}
		if got := asksOf(t, set, set.URIBL(), m)["hosts"]; !slices.Equal(got, test.hosts) {
			t.Errorf("HELO %q, sender %q: got %q, want %q", test.helo, test.sender, got, test.hosts)
		}
		if got := asksOf(t, set, set.RHSBL(), m)["senders"]; !slices.Equal(got, test.senders) {
			t.Errorf("HELO %q, sender %q: got %q, want %q", test.helo, test.sender, got, test.senders)
		}
	}
}

// TestLinkLimit has more links than a list is asked about: the first ones are, whatever comes before them as a guess.
func TestLinkLimit(t *testing.T) {
	var uris []message.URI
	for i := range 3 * MaxNames {
		uris = append(uris, of(message.Guess, fmt.Sprintf("guess%d.example", i)), link(fmt.Sprintf("link%d.example", i)))
	}
	set := New(load(t, namesFile), DefaultConfig(), Options{})
	for name, got := range linksAsked(set, uris) {
		if len(got) != MaxNames || slices.ContainsFunc(got, func(host string) bool { return !strings.HasPrefix(host, "link") }) {
			t.Errorf("%s: got %d: %q, want links before guesses", name, len(got), got)
		}
	}
	last, asked := fmt.Sprintf("link%d.example", 3*MaxNames-1), false
	for range 100 { // one in three times it is among those that are asked about
		asked = asked || slices.Contains(linksAsked(set, uris)["hosts"], last)
	}
	if !asked {
		t.Errorf("%s is never asked about: a link can hide behind others", last)
	}
	// HELO and sender are not links: they are asked about besides.
	m := mail("")
	wants := set.URIBL().wants
	subjects := set.appendLinks(set.subjects(m, &m.Client, &wants), uris, wants.asks)
	if got := len(set.source("hosts").questions(subjects, nil)); got != MaxNames+2 {
		t.Errorf("with HELO and sender: got %d questions, want %d", got, MaxNames+2)
	}
}

func TestURIBL(t *testing.T) {
	zones := dnstest.Zones{
		"spam.example.hosts.example":           dnstest.A("127.0.0.2"),
		"bounce.sender.example.hosts.example":  dnstest.A("127.0.0.2"),
		"spam.example.domains.example":         dnstest.A("127.0.0.6"),
		"other.example.domains.example":        dnstest.A("127.0.0.2"),
		"7.100.51.198.both.example":            dnstest.A("127.0.0.2"),
		"sender.example.senders.example":       dnstest.A("127.0.0.2"),
		"guess.example.hosts.example":          dnstest.A("127.0.0.2"),
		"guess.example.domains.example":        dnstest.A("127.0.0.2"),
		"recipient.example.hosts.example":      dnstest.A("127.0.0.2"),
		"recipient.example.six.example":        dnstest.A("127.0.0.2"),
		"refused.example.domains.example":      dnstest.A("127.255.255.254"),
		"dead.example.domains.example":         dnstest.Fails(dnstest.ServFail),
		"listed-too.example.domains.example":   dnstest.A("127.0.0.4"),
		"unlisted-guess.example.hosts.example": dnstest.A("127.0.0.2"),
	}
	type result map[string]string // by symbol: "action detail"
	tests := []struct {
		name, body, sender string
		want               map[string]result
		errs               map[string]error
	}{
		{"the sender's domain", "hello", "a@bounce.sender.example", map[string]result{
			"hosts":   {"HOSTS": "reject bounce.sender.example.hosts.example A 127.0.0.2 (sender)"},
			"senders": {"SENDERS": "none sender.example.senders.example A 127.0.0.2 (sender)"},
		}, nil},
		{"a code counts once, with the first name as evidence", "http://spam.example/ http://other.example/", "", map[string]result{
			"hosts": {"HOSTS": "reject spam.example.hosts.example A 127.0.0.2"},
			"domains": {
				"DOMAINS_BLACK": "reject spam.example.domains.example A 127.0.0.6 (and 1 more)",
				"DOMAINS_GREY":  "none spam.example.domains.example A 127.0.0.6",
			},
		}, nil},
		{"a list that has sender and link counts once", "http://spam.example/", "a@bounce.sender.example", map[string]result{
			"hosts":   {"HOSTS": "reject bounce.sender.example.hosts.example A 127.0.0.2 (sender) (and 1 more)"},
			"domains": {"DOMAINS_BLACK": "reject spam.example.domains.example A 127.0.0.6", "DOMAINS_GREY": "none spam.example.domains.example A 127.0.0.6"},
			"senders": {"SENDERS": "none sender.example.senders.example A 127.0.0.2 (sender)"},
		}, nil},
		{"a guess gives points only", "see guess.example for more", "", map[string]result{
			"hosts":   {"HOSTS": "none guess.example.hosts.example A 127.0.0.2 (a guess, not a link: points only)"},
			"domains": {"DOMAINS_BLACK": "none guess.example.domains.example A 127.0.0.2 (a guess, not a link: points only)"},
		}, nil},
		{"a link beside a guess is the evidence", "see guess.example or http://spam.example/", "", map[string]result{
			"hosts": {"HOSTS": "reject spam.example.hosts.example A 127.0.0.2 (and 1 more)"},
			"domains": {
				"DOMAINS_BLACK": "reject spam.example.domains.example A 127.0.0.6 (and 1 more)",
				"DOMAINS_GREY":  "none spam.example.domains.example A 127.0.0.6",
			},
		}, nil},
		{"an address", "http://198.51.100.7/login", "", map[string]result{
			"both": {"BOTH": "none 7.100.51.198.both.example A 127.0.0.2"},
		}, nil},
		{"a mail address is asked about only where that is wanted", "mailto:someone@recipient.example", "", map[string]result{
			"six": {"SIX": "none recipient.example.six.example A 127.0.0.2 (mail)"},
		}, nil},
		{"a refusal and a failure beside a hit", "http://refused.example/ http://dead.example/ http://listed-too.example/", "", map[string]result{
			"domains": {"DOMAINS_GREY": "none listed-too.example.domains.example A 127.0.0.4"},
		}, map[string]error{"domains": filter.ErrRefused}},
		{"a failure beside a hit", "http://dead.example/ http://listed-too.example/", "", map[string]result{
			"domains": {"DOMAINS_GREY": "none listed-too.example.domains.example A 127.0.0.4"},
		}, map[string]error{"domains": dns.ErrServFail}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			set := newSet(t, namesFile, zones)
			m := mail(test.body)
			m.Sender, m.Client.Helo = test.sender, ""
			got, errs := map[string]result{}, map[string]error{}
			for _, stage := range []*Stage{set.RHSBL(), set.URIBL()} {
				for _, r := range stage.Check(t.Context(), m) {
					for _, hit := range r.Hits {
						if got[r.Source] == nil {
							got[r.Source] = result{}
						}
						got[r.Source][hit.Symbol] = hit.Action.String() + " " + hit.Detail
					}
					if r.Err != nil {
						errs[r.Source] = r.Err
					}
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.errs, errs, results, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOneQuestionForOneName asks one list about a message that has the same name everywhere.
func TestOneQuestionForOneName(t *testing.T) {
	asked := dnstest.Record(dnstest.Zones{})
	m := mail("http://same.example/1 http://same.example/2 same.example http://SAME.example/ mailto:a@same.example")
	m.Sender, m.Client.Helo = "x@same.example", "same.example"
	newSet(t, namesFile, asked).URIBL().Check(t.Context(), m)
	seen := map[string]int{}
	for _, q := range asked.Questions() {
		if seen[q.Name]++; seen[q.Name] > 1 {
			t.Errorf("asked twice for %s", q.Name)
		}
	}
	if seen["same.example.hosts.example"] != 1 || seen["same.example.domains.example"] != 1 {
		t.Errorf("asked %v", seen)
	}
}

func TestStages(t *testing.T) {
	set := newSet(t, clientsFile+namesFile[1:], dnstest.Zones{})
	tests := []struct {
		stage *Stage
		name  string
		phase filter.Phase
		lists string
	}{
		{set.DNSBL(), "dnsbl", filter.Connect, "alpha beta"},
		{set.DNSBLContent(), "dnsbl_content", filter.Content, "gamma"},
		{set.RHSBL(), "rhsbl", filter.Content, "senders"},
		{set.URIBL(), "uribl", filter.Content, "hosts domains both six"},
	}
	for _, test := range tests {
		var lists []string
		for _, r := range test.stage.Check(t.Context(), mail("")) {
			lists = append(lists, r.Source)
			if r.Kind != filter.List {
				t.Errorf("%s: kind %d", r.Source, r.Kind)
			}
		}
		if test.stage.Name() != test.name || test.stage.Phase() != test.phase || strings.Join(lists, " ") != test.lists {
			t.Errorf("got %s at %s with %v, want %s at %s with %s", test.stage.Name(), test.stage.Phase(), lists, test.name, test.phase, test.lists)
		}
	}
	if got := New(nil, DefaultConfig(), Options{}).DNSBL().Check(t.Context(), mail("")); got != nil {
		t.Errorf("without lists: got %v", got)
	}
}
