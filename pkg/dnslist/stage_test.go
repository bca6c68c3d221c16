package dnslist

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// newSet returns the Set of the lists that text declares, in front of r.
func newSet(t testing.TB, text string, r dns.Resolver) *Set {
	t.Helper()
	return New(load(t, text), DefaultConfig(), Options{Resolver: r})
}

// mail returns a message with a text body.
func mail(body string) *message.Message {
	return &message.Message{
		Client: message.Client{Addr: netip.MustParseAddr("192.0.2.1"), Helo: "mail.helo.example"},
		Sender: "news@bounce.sender.example",
		Header: message.Header{{Name: "Subject", Value: " test"}, {Name: "Content-Type", Value: " text/plain"}},
		Body:   []byte(body),
		Size:   int64(len(body)),
	}
}

const clientsFile = `
- name: alpha
  title: Alpha
  zone: alpha.example
  ask: [client]
  phase: connect
  ipv6: yes
  url: https://alpha.example/{ip}
  codes:
    - {value: 127.0.0.2, symbol: ALPHA_SBL, title: SBL, score: 4, action: reject}
    - {value: 127.0.0.3, symbol: ALPHA_CSS, title: CSS, score: 3, action: reject, ipv6_action: none}
    - {value: 127.0.0.9, symbol: ALPHA_DROP, title: DROP, score: 5, action: reject, observe: yes}
- name: beta
  title: Beta
  zone: beta.example
  ask: [client]
  phase: connect
  observe: yes
  codes: [{value: 127.0.0.2, symbol: BETA, score: 1, action: reject}]
- name: gamma
  title: Gamma
  zone: gamma.example
  ask: [client]
  codes: [{value: 127.0.0.2, symbol: GAMMA, score: 2}]
- name: off
  title: Off
  zone: off.example
  enabled: no
  ask: [client]
  phase: connect
  codes: [{value: 127.0.0.2, symbol: OFF_ANY, score: 2}]
`

func TestConnect(t *testing.T) {
	zones := dnstest.Zones{
		"1.2.0.192.alpha.example": dnstest.A("127.0.0.9", "127.0.0.2"),
		"1.2.0.192.beta.example":  dnstest.A("127.0.0.2"),
		"1.2.0.192.gamma.example": dnstest.A("127.0.0.2"),
		"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.alpha.example": dnstest.A("127.0.0.3"),
		"4.2.0.192.alpha.example": dnstest.A("127.0.0.3"),
		"5.2.0.192.alpha.example": dnstest.A("127.0.0.2", "127.0.0.30"),
	}
	asked := dnstest.Record(zones)
	set := newSet(t, clientsFile, asked)
	alphaText := "Client host [192.0.2.1] listed by Alpha (%s); see https://alpha.example/192.0.2.1"
	tests := []struct {
		name, addr string
		want       []filter.Result
	}{
		{"listed by both", "192.0.2.1", []filter.Result{
			{Source: "alpha", Asked: 1, Hits: []filter.Hit{
				{Symbol: "ALPHA_SBL", Score: 4, Action: filter.Reject, Detail: "1.2.0.192.alpha.example A 127.0.0.2", Text: fmt.Sprintf(alphaText, "SBL")},
				{Symbol: "ALPHA_DROP", Score: 5, Action: filter.Reject, Observe: true, Detail: "1.2.0.192.alpha.example A 127.0.0.9", Text: fmt.Sprintf(alphaText, "DROP")},
			}},
			{Source: "beta", Asked: 1, Hits: []filter.Hit{
				{Symbol: "BETA", Score: 1, Action: filter.Reject, Observe: true, Detail: "1.2.0.192.beta.example A 127.0.0.2", Text: "Client host [192.0.2.1] listed by Beta"},
			}},
		}},
		{"IPv6 has its own action, and is asked only where it is taken", "2001:db8::1", []filter.Result{
			{Source: "alpha", Asked: 1, Hits: []filter.Hit{
				{Symbol: "ALPHA_CSS", Score: 3, Detail: "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.alpha.example A 127.0.0.3",
					Text: "Client host [2001:db8::1] listed by Alpha (CSS); see https://alpha.example/2001:db8::1"},
			}},
			{Source: "beta"},
		}},
		{"IPv4 of the same code refuses", "192.0.2.4", []filter.Result{
			{Source: "alpha", Asked: 1, Hits: []filter.Hit{
				{Symbol: "ALPHA_CSS", Score: 3, Action: filter.Reject, Detail: "4.2.0.192.alpha.example A 127.0.0.3",
					Text: "Client host [192.0.2.4] listed by Alpha (CSS); see https://alpha.example/192.0.2.4"},
			}},
			{Source: "beta", Asked: 1},
		}},
		{"a hit with an undeclared code beside it", "192.0.2.5", []filter.Result{
			{Source: "alpha", Asked: 1, Err: filter.ErrUnknown, Hits: []filter.Hit{
				{Symbol: "ALPHA_SBL", Score: 4, Action: filter.Reject, Detail: "5.2.0.192.alpha.example A 127.0.0.2",
					Text: "Client host [192.0.2.5] listed by Alpha (SBL); see https://alpha.example/192.0.2.5"},
			}},
			{Source: "beta", Asked: 1},
		}},
		{"not listed", "192.0.2.9", []filter.Result{{Source: "alpha", Asked: 1}, {Source: "beta", Asked: 1}}},
		{"private", "10.0.0.1", []filter.Result{{Source: "alpha"}, {Source: "beta"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := set.DNSBL().Check(t.Context(), clientMessage(test.addr))
			if diff := cmp.Diff(test.want, got, results); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			checkCodes(t, got)
		})
	}
	if got := set.DNSBL().Check(t.Context(), &message.Message{}); len(got) != 2 || got[0].Asked+got[1].Asked > 0 {
		t.Errorf("a client without an address: got %+v", got)
	}
	got := set.DNSBLContent().Check(t.Context(), clientMessage("192.0.2.1"))
	if len(got) != 1 || got[0].Source != "gamma" || len(got[0].Hits) != 1 {
		t.Errorf("content: got %+v", got)
	}
	for _, q := range asked.Questions() {
		if strings.HasSuffix(q.Name, "off.example") || q.Type != dns.A {
			t.Errorf("asked %v", q)
		}
	}
}

// A result keeps what the list answered, whatever we make of it, and how old that is; a list's key is not shown.
func TestAnswers(t *testing.T) {
	zones := dnstest.Zones{
		"1.2.0.192.alpha.example": dnstest.A("127.0.0.9", "127.0.0.77"),
		"1.2.0.192.beta.example":  dnstest.A("127.255.255.254"),
	}
	got := newSet(t, clientsFile, zones).DNSBL().Check(t.Context(), clientMessage("192.0.2.1"))
	want := [][]filter.Answer{
		{{Ask: "client", Name: "1.2.0.192.alpha.example", Codes: addrs("127.0.0.9 127.0.0.77")}},
		{{Ask: "client", Name: "1.2.0.192.beta.example", Codes: addrs("127.255.255.254")}},
	}
	for i := range want {
		if diff := cmp.Diff(want[i], got[i].Answers, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", got[i].Source, diff)
		}
	}
}

// checkCodes finds the return code of each hit to be the one that is told as evidence.
func checkCodes(t *testing.T, got []filter.Result) {
	t.Helper()
	for _, r := range got {
		for _, hit := range r.Hits {
			if want := " A " + netip.AddrFrom4(hit.Code).String(); !strings.Contains(hit.Detail+" ", want+" ") {
				t.Errorf("%s: got code %v of %q", hit.Symbol, hit.Code, hit.Detail)
			}
		}
	}
}

// results compares results by what decides: errors by their kind, and no times.
var results = cmp.Options{
	cmpopts.IgnoreFields(filter.Result{}, "Took", "Kind", "Answers", "Age"),
	cmpopts.IgnoreFields(filter.Hit{}, "Code"), // which Detail tells: see checkCodes
	cmp.Comparer(func(a, b error) bool { return a == nil && b == nil || errors.Is(b, a) || errors.Is(a, b) }),
}

func TestErrorsAreNeverHits(t *testing.T) {
	tests := []struct {
		name string
		host dnstest.Host
		want error
		text string
	}{
		{"SERVFAIL", dnstest.Fails(dnstest.ServFail), dns.ErrServFail, "SERVFAIL"},
		{"REFUSED", dnstest.Fails(dnstest.Refused), dns.ErrRefused, "REFUSED"},
		{"timeout", dnstest.Fails(dnstest.Timeout), dns.ErrTimeout, "no answer in time"},
		{"malformed", dnstest.Fails(dnstest.Malformed), dns.ErrMalformed, "malformed"},
		{"open resolver", dnstest.A("127.255.255.254"), filter.ErrRefused, "refused to answer: 1.2.0.192.alpha.example A 127.255.255.254"},
		{"refused beside a listing", dnstest.A("127.0.0.2", "127.255.255.255"), filter.ErrRefused, "A 127.0.0.2 127.255.255.255"},
		{"parked domain", dnstest.A("198.51.100.7"), filter.ErrBogus, "answered what no list answers: 1.2.0.192.alpha.example A 198.51.100.7"},
		{"undeclared", dnstest.A("127.0.0.77"), filter.ErrUnknown, "answered an undeclared return code: 1.2.0.192.alpha.example A 127.0.0.77"},
		{"no A record", dnstest.TXT("listed"), nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			zones := dnstest.Zones{"*.alpha.example": test.host, "*.beta.example": dnstest.A("127.0.0.2")}
			got := newSet(t, clientsFile, zones).DNSBL().Check(t.Context(), clientMessage("192.0.2.1"))
			if len(got[0].Hits) != 0 || !errors.Is(got[0].Err, test.want) || got[0].Asked != 1 {
				t.Errorf("got %+v, want %v", got[0], test.want)
			}
			if test.want != nil && !strings.Contains(got[0].Err.Error(), test.text) {
				t.Errorf("got %q, want %q in it", got[0].Err, test.text)
			}
			if len(got[1].Hits) != 1 || got[1].Err != nil {
				t.Errorf("the list beside it: got %+v", got[1])
			}
		})
	}
}

// TestAtOnce holds every question back until all of them are there: asked one after the other, none would be answered.
func TestAtOnce(t *testing.T) {
	const questions = 3 // of two lists; see below
	var text strings.Builder
	for _, name := range []string{"one", "two"} {
		fmt.Fprintf(&text, "- {name: %s, title: T, zone: %s.example, ask: [uri], codes: [{value: any, symbol: %s}]}\n", name, name, strings.ToUpper(name))
	}
	var all sync.WaitGroup
	all.Add(2 * questions)
	barrier := resolverFunc(func(ctx context.Context, q dns.Question) (dns.Answer, error) {
		all.Done()
		arrived := make(chan struct{})
		go func() { all.Wait(); close(arrived) }()
		select {
		case <-arrived:
			return dns.Answer{Addrs: []netip.Addr{netip.MustParseAddr("127.0.0.2")}}, nil
		case <-ctx.Done():
			return dns.Answer{}, ctx.Err()
		}
	})
	got := newSet(t, text.String(), barrier).URIBL().Check(t.Context(), mail("http://a.example/ http://b.example/ http://c.example/"))
	for i, want := range []string{"one", "two"} {
		if got[i].Source != want || got[i].Asked != questions || got[i].Err != nil || len(got[i].Hits) != 1 {
			t.Errorf("got %+v, want the hit of %s", got[i], want)
		}
	}
}

// TestDeadline has one list that answers and one that never does: at the deadline the first counts.
func TestDeadline(t *testing.T) {
	tests := []struct {
		name    string
		timeout time.Duration // of the list
		limit   time.Duration // of the caller
		want    time.Duration
	}{
		{"the stage's", 0, time.Hour, DefaultConfig().Timeout},
		{"the caller's", 0, time.Second, time.Second},
		{"the list's own", 300 * time.Millisecond, time.Hour, 300 * time.Millisecond},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				zones := dnstest.Zones{
					"*.alpha.example": {Delay: 24 * time.Hour},
					"*.beta.example":  dnstest.A("127.0.0.2"),
				}
				lists := load(t, clientsFile)
				lists[0].Timeout = test.timeout
				ctx, cancel := context.WithTimeout(t.Context(), test.limit)
				defer cancel()
				start := time.Now()
				got := New(lists, DefaultConfig(), Options{Resolver: zones}).DNSBL().Check(ctx, clientMessage("192.0.2.1"))
				if took := time.Since(start); took != test.want {
					t.Errorf("took %v, want %v", took, test.want)
				}
				if !errors.Is(got[0].Err, dns.ErrTimeout) || got[0].Took != test.want || len(got[0].Hits) > 0 {
					t.Errorf("got %+v, want a timeout", got[0])
				}
				if got[1].Err != nil || len(got[1].Hits) != 1 || got[1].Took != 0 {
					t.Errorf("got %+v, want a hit at once", got[1])
				}
			})
		})
	}
}

// TestCanceled has a client that goes away: that is nothing about the list.
func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	set := newSet(t, clientsFile, dnstest.Zones{"*": {Delay: time.Hour}})
	for range 2 * downAfter {
		if got := set.DNSBL().Check(ctx, clientMessage("192.0.2.1")); got[0].Err == nil || got[0].Asked != 1 {
			t.Fatalf("got %+v", got[0])
		}
	}
	if got := set.States()[0].Health; got != Unprobed {
		t.Errorf("got %s, want %s", got, Unprobed)
	}
}

func TestPanicIsAnError(t *testing.T) {
	broken := resolverFunc(func(_ context.Context, q dns.Question) (dns.Answer, error) {
		if strings.HasSuffix(q.Name, "alpha.example") {
			panic("out of cheese")
		}
		return dns.Answer{}, nil
	})
	got := newSet(t, clientsFile, broken).DNSBL().Check(t.Context(), clientMessage("192.0.2.1"))
	if got[0].Err == nil || !strings.Contains(got[0].Err.Error(), "out of cheese") || got[1].Err != nil {
		t.Errorf("got %+v", got)
	}
}

func TestCachedIsCounted(t *testing.T) {
	cached := resolverFunc(func(_ context.Context, q dns.Question) (dns.Answer, error) {
		return dns.Answer{Cached: strings.HasSuffix(q.Name, "alpha.example")}, nil
	})
	got := newSet(t, clientsFile, cached).DNSBL().Check(t.Context(), clientMessage("192.0.2.1"))
	if got[0].Cached != 1 || got[1].Cached != 0 || got[0].Asked != 1 || got[1].Asked != 1 {
		t.Errorf("got %+v", got)
	}
}
