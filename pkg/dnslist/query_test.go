package dnslist

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/filter"
)

func TestQuery(t *testing.T) {
	zones := dnstest.Zones{
		"1.2.0.192.alpha.example":       dnstest.A("127.0.0.2", "127.0.0.9"),
		"1.2.0.192.beta.example":        dnstest.A("127.255.255.254"),
		"1.2.0.192.gamma.example":       dnstest.Fails(dnstest.ServFail),
		"1.2.0.192.both.example":        dnstest.A("127.0.0.2"),
		"2.0.0.127.alpha.example":       dnstest.A("127.0.0.2"),
		"www.spam.example.both.example": dnstest.A("127.0.0.2"),
		"spam.example.domains.example":  dnstest.A("127.0.0.6"),
		"spam.example.senders.example":  dnstest.A("127.0.0.99"),
	}
	set := newSet(t, clientsFile+namesFile[1:], zones)
	tests := []struct {
		name, what string
		want       []string // list, outcome, symbols, and part of the error
	}{
		{"IPv4", "192.0.2.1", []string{
			"alpha hit ALPHA_SBL/reject ALPHA_DROP/reject/observe", "beta refused refused to answer", "gamma error SERVFAIL",
			"both hit BOTH/none", "six miss"}},
		{"IPv6 only where it is taken", "2001:db8::1", []string{"alpha miss", "six miss"}},
		{"IPv4 in IPv6", "::ffff:192.0.2.9", []string{"alpha miss", "beta miss", "gamma miss", "both miss", "six miss"}},
		{"a test entry", "127.0.0.2", []string{"alpha hit ALPHA_SBL/reject", "beta miss", "gamma miss", "both miss", "six miss"}},
		{"a domain, in the form that each wants", "WWW.Spam.Example.", []string{
			"hosts miss", "domains hit DOMAINS_BLACK/reject DOMAINS_GREY/none", "both hit BOTH/none", "both miss", "six miss", "six miss",
			"senders unknown answered an undeclared return code"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rows, err := set.Query(t.Context(), test.what)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i, row := range rows {
				text := row.List + " " + string(row.Outcome)
				for _, hit := range row.Hits {
					text += " " + hit.Symbol + "/" + hit.Action.String()
					if hit.Observe {
						text += "/observe"
					}
				}
				got = append(got, text)
				if i < len(test.want) && strings.HasPrefix(test.want[i], text+" ") && strings.Contains(row.Error, test.want[i][len(text)+1:]) {
					got[i] = test.want[i]
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for _, what := range []string{"10.0.0.1", "fe80::1", "localhost", "", "a b", "http://localhost/", "http://10.0.0.1/", "ftp:x", "a@localhost", "@example.org", "*.example"} {
		if rows, err := set.Query(t.Context(), what); err == nil {
			t.Errorf("%q: got %+v, want an error", what, rows)
		}
	}
}

// TestQueryJSON is the shape of a row for programs.
func TestQueryJSON(t *testing.T) {
	set := New(load(t, clientsFile), DefaultConfig(), Options{
		Resolver: dnstest.Zones{"1.2.0.192.alpha.example": dnstest.A("127.0.0.2")}, Now: newClock().now})
	rows, err := set.Query(t.Context(), "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(rows[:2], "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const want = `[
 {
  "list": "alpha",
  "title": "Alpha",
  "zone": "alpha.example",
  "asked": "1.2.0.192.alpha.example",
  "outcome": "hit",
  "answer": [
   "127.0.0.2"
  ],
  "hits": [
   {
    "code": "127.0.0.2",
    "symbol": "ALPHA_SBL",
    "title": "SBL",
    "score": 4,
    "action": "reject",
    "text": "Client host [192.0.2.1] listed by Alpha (SBL); see https://alpha.example/192.0.2.1"
   }
  ],
  "health": "unprobed",
  "took_ns": 0
 },
 {
  "list": "beta",
  "title": "Beta",
  "zone": "beta.example",
  "asked": "1.2.0.192.beta.example",
  "outcome": "miss",
  "health": "unprobed",
  "took_ns": 0
 }
]`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestQueryAsksRestingLists asks a list that no mail is asked of at the moment, and leaves its health alone.
func TestQueryAsksRestingLists(t *testing.T) {
	w := newWatched(t)
	w.answer(dnstest.A("127.0.0.2"))
	w.Probe(t.Context())
	rows, err := w.Query(t.Context(), "192.0.2.1")
	if err != nil || rows[0].Outcome != Hit || rows[0].Health != Broken || rows[0].Hits[0].Action != filter.Reject {
		t.Errorf("got %+v, %v", rows, err)
	}
	if got := w.States()[0].Health; got != Broken {
		t.Errorf("got %s, want %s", got, Broken)
	}
}

// TestQueryEverything asks about whatever lists can be asked about.
func TestQueryEverything(t *testing.T) {
	zones := dnstest.Zones{
		"1.2.0.192.relays.example":                           dnstest.A("127.0.0.2"),
		"1.2.0.192.both.example":                             dnstest.A("127.0.0.10"),
		dns.SHA1.Of("a@sender.example") + ".hashes.example":  dnstest.A("127.0.0.2"),
		dns.MD5.Of("sender.example") + ".domains.example":    dnstest.A("127.0.0.2"),
		dns.SHA1.Of("bit.do/e3s49") + ".links.example":       dnstest.A("127.0.0.2"),
		dns.SHA256.Of("a@sender.example") + ".mails.example": dnstest.A("127.0.0.2"),
		dns.MD5.Of("sender.example") + ".hosts.example":      dnstest.A("127.0.0.2"),
		"sender.example.authors.example":                     dnstest.A("127.0.0.2"),
		"bit.do.all.example":                                 dnstest.A("127.0.0.2"),
	}
	set := newSet(t, relaysFile+writersFile[1:]+linksFile[1:], zones)
	tests := []struct {
		what string
		want []string
	}{
		{"192.0.2.1", []string{
			"relays: RELAYS none Message came by way of [192.0.2.1], listed by Relays",
			"both: BOTH_PBL reject Client host [192.0.2.1] listed by Both (PBL); see https://both.example/192.0.2.1"}},
		{"A+tag@Sender.Example", []string{
			"authors: AUTHORS reject Author domain sender.example listed by T",
			"hashes: HASHES none Sender address a@sender.example listed by T",
			"domains: DOMAINS none Sender domain sender.example listed by T",
			"mails: MAILS reject Message mentions a@sender.example, listed by Mails; see https://mails.example/a@sender.example",
			"hosts: HOSTS none Message mentions sender.example, listed by Hosts"}},
		{"https://BiT.do/e3s49?x#y", []string{"links: LINKS reject Message holds a link of bit.do that is listed by Links"}},
		{"https://www.sender.example/", nil},
		{"sender.example", []string{
			"authors: AUTHORS reject Author domain sender.example listed by T",
			"domains: DOMAINS none Sender domain sender.example listed by T",
			"hosts: HOSTS none Message links to sender.example, listed by Hosts"}},
		{"bit.do", []string{"all: ALL none HELO name bit.do listed by T"}},
	}
	for _, test := range tests {
		rows, err := set.Query(t.Context(), test.what)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, row := range rows {
			for _, hit := range row.Hits {
				got = append(got, row.List+": "+hit.Symbol+" "+hit.Action.String()+" "+hit.Text)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.what, diff)
		}
	}
}
