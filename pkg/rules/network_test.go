package rules

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/filter"
	"winnow/pkg/message"
)

// A testZone is a list that answers out of a literal.
type testZone struct {
	name     string
	resolver dns.Resolver
	scores   bool

	mu       sync.Mutex
	asked    []string
	refused  string
	patience time.Duration // of Result
	onResult func()        // called by it
}

func (z *testZone) Ask(ctx context.Context, key string, t dns.Type) (dns.Answer, error) {
	z.mu.Lock()
	z.asked = append(z.asked, key+" "+t.String())
	z.mu.Unlock()
	return z.resolver.Resolve(ctx, dns.Question{Name: key + "." + z.name, Type: t})
}

func (z *testZone) Recall(key string, t dns.Type) (dns.Answer, error, bool) {
	return dns.Recall(z.resolver, dns.Question{Name: key + "." + z.name, Type: t})
}

func (z *testZone) Show(key string) string { return key + "." + z.name }
func (z *testZone) Scores() bool           { return z.scores }
func (z *testZone) Refused(why string)     { z.refused = why }

// Lists takes 127.255.255.254 for a refusal, as most lists give it.
func (z *testZone) Lists(answer dns.Answer) bool {
	return !answer.Empty() && !slices.Contains(answer.Addrs, netip.MustParseAddr("127.255.255.254"))
}

func (z *testZone) Result(patience time.Duration) filter.Result {
	if z.onResult != nil {
		z.onResult()
	}
	z.mu.Lock()
	z.patience = patience
	defer z.mu.Unlock()
	return filter.Result{Source: z.name, Kind: filter.List, Asked: len(z.asked)}
}

// testNetwork connects rules with zones. Those whose names are in listed are lists of the operator's.
func testNetwork(set *Set, resolver dns.Resolver, listed ...string) map[string]*testZone {
	all := map[string]*testZone{}
	set.Connect(&Network{
		Resolver: resolver,
		Zone: func(zone string) Zone {
			z := &testZone{name: zone, resolver: resolver, scores: slices.Contains(listed, zone)}
			all[zone] = z
			return z
		},
	})
	return all
}

// relayed is a mail that came 203.0.113.9 > 198.51.100.7 > 192.0.2.1 > us.
const relayed = `Return-Path: <bob@sender.example.net>
Received: from mx.example.net (mx.example.net [192.0.2.1]) by our.example (Postfix) with ESMTP id A; Thu, 26 Nov 2026 10:00:00 +0000
Received: from relay.example.org (relay.example.org [198.51.100.7]) by mx.example.net (Postfix) with ESMTP id B; Thu, 26 Nov 2026 09:59:00 +0000
Received: from home.example.com (home.example.com [203.0.113.9]) by relay.example.org (Postfix) with ESMTP id C; Thu, 26 Nov 2026 09:58:00 +0000
X-Originating-IP: [203.0.113.77]
From: Bob <bob@author.example.com>
Reply-To: Bob <bob@reply.example.org>
To: alice@our.example
Subject: hello

See http://www.listed.example.com/a and http://192.0.2.200/b and http://www.fine.example.net/
`

func hits(results []filter.Result) []string {
	names := []string{}
	for _, result := range results {
		for _, hit := range result.Hits {
			names = append(names, hit.Symbol)
		}
	}
	slices.Sort(names)
	return names
}

// askTests are rules that ask, what the DNS holds, and what hits.
var askTests = []struct {
	name, rules string
	zones       dnstest.Zones
	want        string
}{
	{"every host that is not trusted", "header HIT eval:check_rbl('set', 'bl.example.')",
		dnstest.Zones{"9.113.0.203.bl.example": dnstest.A("127.0.0.2")}, "HIT"},
	{"the field of a webmail host", "header HIT eval:check_rbl('set', 'bl.example')\noriginating_ip_headers X-Originating-IP",
		dnstest.Zones{"77.113.0.203.bl.example": dnstest.A("127.0.0.2")}, "HIT"},
	{"nobody is listed", "header HIT eval:check_rbl('set', 'bl.example')", dnstest.Zones{}, ""},
	{"an answer that no list gives", "header HIT eval:check_rbl('set', 'bl.example')",
		dnstest.Zones{"9.113.0.203.bl.example": dnstest.A("192.0.2.9")}, ""},
	{"the last external host alone", "header HIT eval:check_rbl('x-lastexternal', 'bl.example')",
		dnstest.Zones{"9.113.0.203.bl.example": dnstest.A("127.0.0.2")}, ""},
	{"the last external host", "header HIT eval:check_rbl('x-lastexternal', 'bl.example')",
		dnstest.Zones{"1.2.0.192.bl.example": dnstest.A("127.0.0.2")}, "HIT"},
	{"the first untrusted host", "header HIT eval:check_rbl('x-firsttrusted', 'bl.example')",
		dnstest.Zones{"1.2.0.192.bl.example": dnstest.A("127.0.0.2")}, "HIT"},
	{"not the first untrusted host", "header HIT eval:check_rbl('x-untrusted', 'bl.example')",
		dnstest.Zones{"1.2.0.192.bl.example": dnstest.A("127.0.0.2")}, ""},
	{"not the first hop", "header HIT eval:check_rbl('x-notfirsthop', 'bl.example')",
		dnstest.Zones{"9.113.0.203.bl.example": dnstest.A("127.0.0.2")}, ""},
	{"not a host that is trusted", "header HIT eval:check_rbl('x', 'bl.example')\ntrusted_networks 192.0.2.0/24",
		dnstest.Zones{"1.2.0.192.bl.example": dnstest.A("127.0.0.2")}, ""},
	{"sub tests: code, bits, pattern", `header __ANY eval:check_rbl('set', 'bl.example')
		header CODE eval:check_rbl_sub('set', '127.0.0.3')
		header BITS eval:check_rbl_sub('set', '6')
		header LIKE eval:check_rbl_sub('set', '^127\.0\.0\.[3-5]$')
		header OTHER eval:check_rbl_sub('other', '127.0.0.3')
		header WRONG eval:check_rbl_sub('set', '127.0.0.4')`,
		dnstest.Zones{"9.113.0.203.bl.example": dnstest.A("127.0.0.3")}, "BITS CODE LIKE"},
	{"TXT", "header HIT eval:check_rbl_txt('set', 'bl.example', '(?i:spam)')",
		dnstest.Zones{"9.113.0.203.bl.example": dnstest.TXT("Spam source")}, "HIT"},
	{"the sender's host and domain", `header HOST eval:check_rbl_envfrom('a', 'rhs.example')
		header DOMAIN eval:check_rbl_from_domain('b', 'rhs.example')
		header FROM eval:check_rbl_from_host('c', 'rhs.example')`,
		dnstest.Zones{"sender.example.net.rhs.example": dnstest.A("127.0.0.2")}, "FROM HOST"},
	{"the sender's domain", "header DOMAIN eval:check_rbl_from_domain('b', 'rhs.example')",
		dnstest.Zones{"example.com.rhs.example": dnstest.A("127.0.0.2")}, "DOMAIN"},
	{"fields", "header HIT eval:check_rbl_headers('a', 'rhs.example', '127.0.0.2', 'X-None,Reply-To')",
		dnstest.Zones{"reply.example.org.rhs.example": dnstest.A("127.0.0.2")}, "HIT"},
	{"the first host and its names", "header HIT eval:check_rbl_rcvd('a', 'rhs.example')",
		dnstest.Zones{"home.example.com.rhs.example": dnstest.A("127.0.0.2")}, "HIT"},
	{"name servers of the sender", "header HIT eval:check_rbl_ns_from('a', 'rhs.example')",
		dnstest.Zones{"sender.example.net": {NS: []string{"ns.bad.example.org"}}, "ns.bad.example.org.rhs.example": dnstest.A("127.0.0.2")}, "HIT"},

	{"a link's domain", `urirhssub HIT uri.example. A 127.0.1.2
		body HIT eval:check_uridnsbl('HIT')`, dnstest.Zones{"example.com.uri.example": dnstest.A("127.0.1.2")}, "HIT"},
	{"a link's host", `urirhsbl HIT uri.example. A
		body HIT eval:check_uridnsbl('HIT')
		tflags HIT net notrim`, dnstest.Zones{"www.listed.example.com.uri.example": dnstest.A("127.0.1.2")}, "HIT"},
	{"bits", `urirhssub HIT uri.example. A 2
		body HIT eval:check_uridnsbl('HIT')
		urirhssub NOT uri.example. A 4
		body NOT eval:check_uridnsbl('NOT')
		urirhssub RANGE uri.example. A 127.0.0.1-127.0.0.3
		body RANGE eval:check_uridnsbl('RANGE')
		urirhssub MASK uri.example. A 0.0.0.2/0.0.0.2
		body MASK eval:check_uridnsbl('MASK')`, dnstest.Zones{"example.com.uri.example": dnstest.A("127.0.0.2")}, "HIT MASK RANGE"},
	{"domains to skip", `urirhsbl HIT uri.example. A
		body HIT eval:check_uridnsbl('HIT')
		uridnsbl_skip_domain EXAMPLE.com`, dnstest.Zones{"example.com.uri.example": dnstest.A("127.0.1.2")}, ""},
	{"an address of a link's host", `uridnssub HIT ip.example. A 127.0.0.2
		body HIT eval:check_uridnsbl('HIT')
		tflags HIT net a`, dnstest.Zones{"www.fine.example.net": dnstest.A("8.8.4.4"), "4.4.8.8.ip.example": dnstest.A("127.0.0.2")}, "HIT"},
	{"name servers of a link's domain", `urinsrhsbl HIT ns.example. A
		body HIT eval:check_uridnsbl('HIT')
		urifullnsrhsbl FULL ns.example. A
		body FULL eval:check_uridnsbl('FULL')`, dnstest.Zones{"example.net": {NS: []string{"ns1.provider.example.org"}}, "ns1.provider.example.org.ns.example": dnstest.A("127.0.0.2")}, "FULL"},

	{"askdns", `askdns HIT _AUTHORDOMAIN_.fresh.example.net A /^127\.2\.0\.2$/
		askdns NOT _AUTHORDOMAIN_.fresh.example.net A 127.2.0.3
		askdns ANY _SENDERDOMAIN_ TXT /^v=spf1 \+all$/
		askdns GONE nothing.example.net A [NXDOMAIN]
		askdns HEAD _HEADER(Reply-To:addr:host)_ A /./
		askdns RANGE _AUTHORDOMAIN_.fresh.example.net A 127.2.0.0-127.2.0.9`,
		dnstest.Zones{
			"author.example.com.fresh.example.net": dnstest.A("127.2.0.2"), "sender.example.net": dnstest.TXT("v=spf1 +all"), "reply.example.org": dnstest.A("192.0.2.7"),
		}, "ANY GONE HEAD HIT RANGE"},
	{"a captured text in a question", `header __SET Subject =~ /(?<WORD>hello)/
		askdns HIT _WORD_.words.example.net A`, dnstest.Zones{"hello.words.example.net": dnstest.A("127.0.0.2")}, "HIT"},
	{"metas", `header __ANY eval:check_rbl('set', 'bl.example')
		header __SUBJECT Subject =~ /hello/
		meta HIT __ANY && __SUBJECT
		meta NOT __SUBJECT && !__ANY`, dnstest.Zones{"9.113.0.203.bl.example": dnstest.A("127.0.0.2")}, "HIT"},
	{"what may not be asked", `header HIT eval:check_rbl('set', 'bl.example')
		header ALLOWED eval:check_rbl('other', 'good.example')
		dns_query_restriction deny example
		dns_query_restriction allow good.example`,
		dnstest.Zones{"9.113.0.203.bl.example": dnstest.A("127.0.0.2"), "9.113.0.203.good.example": dnstest.A("127.0.0.2")}, "ALLOWED"},
	{"no address lists at all", "header HIT eval:check_rbl('set', 'bl.example')\nskip_rbl_checks 1",
		dnstest.Zones{"9.113.0.203.bl.example": dnstest.A("127.0.0.2")}, ""},
	{"a list that is broken", "header HIT eval:check_rbl('set', 'bl.example')",
		dnstest.Zones{"*.bl.example": dnstest.Fails(dnstest.ServFail)}, ""},
}

func TestAsk(t *testing.T) {
	for _, tt := range askTests {
		t.Run(tt.name, func(t *testing.T) {
			set := mustLoad(t, tt.rules)
			asked := dnstest.Record(tt.zones)
			cache := dns.NewCache(asked, nil, dns.DefaultCacheConfig())
			defer cache.Close()
			testNetwork(set, cache)
			for _, time := range []string{"first", "second"} { // out of memory, the second time
				before := len(asked.Questions())
				got := strings.Join(hits(set.check(t.Context(), mustParse(t, relayed))), " ")
				if got != tt.want {
					t.Errorf("the %s time: got %q, want %q", time, got, tt.want)
				}
				if n := len(asked.Questions()) - before; time == "second" && n > 0 {
					t.Errorf("the second time: %d questions", n)
				}
			}
		})
	}
}

// TestOneQuestion shows that rules share their questions, and that a set that is local puts none.
func TestOneQuestion(t *testing.T) {
	text := `
		header __A eval:check_rbl('one-lastexternal', 'bl.example')
		header B eval:check_rbl('two-lastexternal', 'bl.example.', '127.0.0.9')
		header C eval:check_rbl_sub('one-lastexternal', '127.0.0.2')`
	set := mustLoad(t, text)
	resolver := dnstest.Record(dnstest.Zones{})
	zones := testNetwork(set, resolver)
	set.check(t.Context(), mustParse(t, relayed))
	if got := zones["bl.example"].asked; len(got) != 1 {
		t.Errorf("asked %q, want one question", got)
	}
	config := DefaultConfig()
	config.Network = false
	local, _ := Load([]Folder{mapFolder("rules", map[string]string{"test.cf": text})}, config)
	resolver = dnstest.Record(dnstest.Zones{})
	testNetwork(local, resolver)
	local.check(t.Context(), mustParse(t, relayed))
	if got := resolver.Questions(); len(got) != 0 {
		t.Errorf("without network: asked %v", got)
	}
}

// A lateResolver answers when it is let.
type lateResolver struct {
	dns.Resolver
	let chan struct{}

	mu   sync.Mutex
	last error
}

// err is why the last question had no answer.
func (r *lateResolver) err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

func (r *lateResolver) Resolve(ctx context.Context, q dns.Question) (dns.Answer, error) {
	select {
	case <-r.let:
		return r.Resolver.Resolve(ctx, q)
	case <-ctx.Done():
		r.mu.Lock()
		defer r.mu.Unlock()
		r.last = ctx.Err()
		return dns.Answer{}, r.last
	}
}

// TestLocalRulesRunMeanwhile shows that rules that need no answer are run before the answers are there, also those that stand
// behind one that asks; and that what is not answered in time is a miss.
func TestLocalRulesRunMeanwhile(t *testing.T) {
	set := mustLoad(t, `
		header ASKS eval:check_rbl('set', 'bl.example')
		body LOCAL /See/
		meta BOTH ASKS && LOCAL
		meta NOT LOCAL && !ASKS`)
	late := &lateResolver{Resolver: dnstest.Zones{"9.113.0.203.bl.example": dnstest.A("127.0.0.2")}, let: make(chan struct{})}
	testNetwork(set, late)
	seen := &seenBody{Message: mustParse(t, relayed), let: late.let}
	r := set.begin(t.Context(), seen.Message)
	defer r.end()
	r.evalFacts()
	r.facts = seen
	r.askAll()
	r.runLocal(make([]filter.Result, len(set.sources)))
	if !seen.looked {
		t.Error("the body was not looked at while the list was asked")
	}
	if got := r.try(set.byName["BOTH"]); got != 1 {
		t.Errorf("BOTH: got %v, want a hit", got)
	}

	never := &lateResolver{Resolver: dnstest.Zones{}, let: make(chan struct{})}
	testNetwork(set, never)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if got := strings.Join(hits(set.check(ctx, mustParse(t, relayed))), " "); got != "LOCAL NOT" {
		t.Errorf("without an answer: got %q, want LOCAL NOT", got)
	}
}

// TestTookWithoutWaiting shows that the time in which rules wait for a list is not theirs.
func TestTookWithoutWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := mustLoad(t, "header ASKS eval:check_rbl('set', 'bl.example')\nheader KNOWS eval:check_for_spf_pass()\nbody LOCAL /See/")
		testNetwork(set, &lateResolver{Resolver: dnstest.Zones{}, let: make(chan struct{})})
		set.network.Identify = func(ctx context.Context, _ *message.Message) *message.Identity {
			<-ctx.Done()
			return nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		results := set.check(ctx, mustParse(t, relayed))
		if waited := time.Since(start); waited != 9*time.Second || results[0].Took != 0 {
			t.Errorf("after %v of waiting the rules took %v", waited, results[0].Took)
		}
	})
}

// seenBody lets the list answer when a rule has looked at the body.
type seenBody struct {
	*message.Message
	let    chan struct{}
	looked bool
}

func (s *seenBody) BodyLines() []string {
	if !s.looked {
		s.looked = true
		close(s.let)
	}
	return s.Message.BodyLines()
}

// TestBlockRule shows that a zone is told where a rule takes its answer for a refusal.
func TestBlockRule(t *testing.T) {
	set := mustLoad(t, `
		header BLOCKED eval:check_rbl('set', 'bl.example', '127.0.0.1')
		dns_block_rule BLOCKED bl.example`)
	zones := testNetwork(set, dnstest.Zones{"9.113.0.203.bl.example": dnstest.A("127.0.0.1")})
	set.check(t.Context(), mustParse(t, relayed))
	if zones["bl.example"].refused == "" {
		t.Error("the zone does not know that it refused")
	}
}

// TestAskPanics shows that a panic on the way costs an answer and not the filter.
func TestAskPanics(t *testing.T) {
	set := mustLoad(t, "header ASKS eval:check_rbl('set', 'bl.example')\nbody LOCAL /See/")
	testNetwork(set, panicking{})
	if got := strings.Join(hits(set.check(t.Context(), mustParse(t, relayed))), " "); got != "LOCAL" {
		t.Errorf("got %q, want LOCAL", got)
	}
}

type panicking struct{}

func (panicking) Resolve(context.Context, dns.Question) (dns.Answer, error) {
	panic(errors.New("broken"))
}
