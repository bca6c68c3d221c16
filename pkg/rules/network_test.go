package rules

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
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

// TestZoneResults shows whose merit the hits are, and whose points count where a list asks the same zone.
func TestZoneResults(t *testing.T) {
	text := `header HIT eval:check_rbl('set', 'bl.example')
		score HIT 2
		header __SUB eval:check_rbl('other', 'sub.example')
		meta BY_SUB __SUB
		body LOCAL /See/`
	zones := dnstest.Zones{"9.113.0.203.bl.example": dnstest.A("127.0.0.2"), "9.113.0.203.sub.example": dnstest.A("127.0.0.2")}
	for _, tt := range []struct {
		listed  string
		points  ZonePoints
		observe bool
	}{{"", ListPoints, false}, {"bl.example", ListPoints, true}, {"bl.example", BothPoints, false}} {
		config := DefaultConfig()
		config.Zones = tt.points
		set, _ := Load([]Folder{mapFolder("rules", map[string]string{"test.cf": text})}, config)
		testNetwork(set, zones, tt.listed)
		got := set.check(t.Context(), mustParse(t, relayed))
		want := []filter.Result{
			{Source: "test.cf", Kind: filter.Rules, Asked: 1, Hits: []filter.Hit{
				{Symbol: "BY_SUB", Score: 1, Detail: "__SUB"}, {Symbol: "LOCAL", Score: 1, Detail: `body: "See"`},
			}},
			{Source: "bl.example", Kind: filter.List, Asked: 3, Listed: true, Hits: []filter.Hit{
				{Symbol: "HIT", Score: 2, Detail: "9.113.0.203.bl.example A 127.0.0.2", Observe: tt.observe},
			}},
			{Source: "sub.example", Kind: filter.List, Asked: 3, Listed: true},
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(filter.Result{}, "Took")); diff != "" {
			t.Errorf("listed %q, points %s (-want +got):\n%s", tt.listed, tt.points, diff)
		}
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

// TestNobodyWaited shows that questions whose answers nobody waited for are not held against their zones.
func TestNobodyWaited(t *testing.T) {
	const asks = "header ASKS eval:check_rbl('set', 'bl.example')\n"
	for _, tt := range []struct {
		name, rules string
		waited      bool
	}{
		{"answers are waited for", asks + "body LOCAL /See/", true},
		{"a short circuit", asks + `loadplugin Mail::SpamAssassin::Plugin::Shortcircuit
			header SHORT Subject =~ /hello/
			shortcircuit SHORT on
			priority SHORT -500`, false},
		{"a meta that cannot hit", `header __ASKS eval:check_rbl('set', 'bl.example')
			body __NOT /not there/
			meta ASKS __NOT && __ASKS`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				set := mustLoad(t, tt.rules)
				zones := testNetwork(set, &lateResolver{Resolver: dnstest.Zones{}, let: make(chan struct{})})
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				set.check(ctx, mustParse(t, relayed))
				zone := zones["bl.example"]
				if zone == nil {
					t.Fatal("nothing was asked")
				}
				if got := zone.patience < 10*time.Second; got != tt.waited {
					t.Errorf("a question is a failure after %v", zone.patience)
				}
			})
		})
	}
}

// TestSenderGoesAway shows that questions are not held against their zones either when who wanted the answers has gone.
func TestSenderGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := mustLoad(t, "header ASKS eval:check_rbl('set', 'bl.example')")
		late := &lateResolver{Resolver: dnstest.Zones{}, let: make(chan struct{})}
		zones := testNetwork(set, late)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := set.begin(ctx, mustParse(t, relayed))
		defer r.end()
		r.askAll()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := late.err(); !errors.Is(got, context.Canceled) {
			t.Errorf("a question ended with %v, want it canceled", got)
		}
		r.await()
		r.zoneResults()
		if got := zones["bl.example"].patience; got != noPatience {
			t.Errorf("a question is a failure after %v", got)
		}
	})
}

// TestAnswersLeadNowhere shows that an answer that comes when the zones tell what they were asked leads to no question.
func TestAnswersLeadNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set := mustLoad(t, `
			header __ASKS eval:check_rbl('set', 'bl.example')
			header __NS eval:check_rbl_ns_from('a', 'rhs.example')
			body __NOT /not there/
			meta ASKS __NOT && __ASKS && __NS`)
		late := &lateResolver{Resolver: dnstest.Zones{"sender.example.net": {NS: []string{"ns.example.org"}}}, let: make(chan struct{})}
		zones := testNetwork(set, late)
		known := set.network.Zone
		set.network.Zone = func(name string) Zone {
			zone := known(name)
			zones[name].onResult = func() {
				close(late.let)
				synctest.Wait()
			}
			return zone
		}
		set.check(t.Context(), mustParse(t, relayed))
		if zones["bl.example"] == nil || zones["rhs.example"] != nil {
			t.Errorf("asked %v, want bl.example alone", slices.Collect(maps.Keys(zones)))
		}
	})
}

// TestListed shows that a zone lists nothing by not having a name, by refusing to answer, or by what a rule takes for a
// refusal, though rules hit by all that.
func TestListed(t *testing.T) {
	set := mustLoad(t, `
		askdns GONE _AUTHORDOMAIN_.gone.example A [NXDOMAIN]
		header REFUSED eval:check_rbl('set-lastexternal', 'refused.example')
		header BLOCKED eval:check_rbl('blocked-lastexternal', 'blocked.example', '127.0.0.1')
		dns_block_rule BLOCKED blocked.example
		header LISTED eval:check_rbl('listed-lastexternal', 'listed.example')`)
	testNetwork(set, dnstest.Zones{
		"1.2.0.192.refused.example": dnstest.A("127.255.255.254"), "1.2.0.192.blocked.example": dnstest.A("127.0.0.1"),
		"1.2.0.192.listed.example": dnstest.A("127.0.0.2"),
	})
	for _, result := range set.check(t.Context(), mustParse(t, relayed)) {
		want := ""
		switch result.Source {
		case "test.cf":
			want = "BLOCKED GONE REFUSED"
		case "listed.example":
			want = "LISTED"
		}
		if got := strings.Join(hits([]filter.Result{result}), " "); got != want || result.Listed != (want == "LISTED") {
			t.Errorf("%s: got %q, listed %v; want %q", result.Source, got, result.Listed, want)
		}
	}
}

// TestTooManyQuestions shows that a mail about which there is more to ask than is asked has an error.
func TestTooManyQuestions(t *testing.T) {
	var rules, mail strings.Builder
	rules.WriteString("uridnsbl_max_domains 200\n")
	for i := range 6 {
		fmt.Fprintf(&rules, "urirhsbl ASKS%d uri%d.example. A\nbody ASKS%d eval:check_uridnsbl('ASKS%d')\n", i, i, i, i)
	}
	mail.WriteString("Subject: x\n\n")
	for i := range 200 {
		fmt.Fprintf(&mail, "http://www.d%d.com/\n", i)
	}
	for _, tt := range []struct{ rules, want string }{
		{rules.String(), "200 questions of rules were not put"},
		{strings.Replace(rules.String(), "200", "100", 1), ""},
	} {
		set := mustLoad(t, tt.rules)
		asked := dnstest.Record(dnstest.Zones{})
		testNetwork(set, asked)
		err := set.check(t.Context(), mustParse(t, mail.String()))[0].Err
		if got := fmt.Sprint(err); !strings.Contains(got, tt.want) || (err == nil) != (tt.want == "") {
			t.Errorf("%d questions, error %v; want %q", len(asked.Questions()), err, tt.want)
		}
	}
}

// TestKeysAreHidden shows that a subscriber's key in a rule file is seen nowhere but in the questions.
func TestKeysAreHidden(t *testing.T) {
	const key = "abcdefghij0123456789klmnop"
	set, faults := loadFiles(map[string]string{"test.cf": strings.ReplaceAll(`
		header RBL eval:check_rbl('set-lastexternal', 'KEY.zen.dq.example.')
		header SUB eval:check_rbl_sub('set-lastexternal', '127.0.0.9')
		askdns ASK _AUTHORDOMAIN_.KEY.dbl.dq.example A /^127/
		askdns WHOLE test.KEY.dbl.dq.example A
		urirhssub URI KEY.dbl.dq.example. A 127.0.1.2
		body URI eval:check_uridnsbl('URI')
		header HASH eval:check_hashbl_emails('KEY.ebl.dq.example/MX')
		header BROKEN eval:check_rbl('set', 'KEY.a b')
		askdns LOST _A_.KEY.dbl.dq.example A what`, "KEY", key)})
	asked := dnstest.Record(dnstest.Zones{
		"1.2.0.192." + key + ".zen.dq.example": dnstest.A("127.0.0.2"), "author.example.com." + key + ".dbl.dq.example": dnstest.A("127.0.0.2"),
		"test." + key + ".dbl.dq.example": dnstest.A("127.0.0.2"), "example.com." + key + ".dbl.dq.example": dnstest.A("127.0.1.2"),
	})
	set.Connect(&Network{Resolver: asked, Zone: func(zone string) Zone { return &keyZone{testZone{name: zone, resolver: asked}} }})
	m := mustParse(t, relayed)
	if got := strings.Join(hits(set.check(t.Context(), m)), " "); got != "ASK RBL URI WHOLE" {
		t.Errorf("got %q", got)
	}
	shown := []any{faults, set.Lint(), set.Coverage(), set.check(t.Context(), m)}
	for _, name := range []string{"RBL", "SUB", "ASK", "WHOLE", "URI", "HASH", "BROKEN", "LOST"} {
		shown = append(shown, set.Show(name), set.Explain(t.Context(), m, name))
	}
	for _, what := range shown {
		text, err := json.MarshalIndent(what, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, key) {
				t.Errorf("shows the key: %s", line)
			}
		}
	}
}

// A keyZone knows that its name holds a key.
type keyZone struct{ testZone }

func (z *keyZone) Show(key string) string { return key + "." + dns.HideKeys(z.name) }

func (z *keyZone) Result(patience time.Duration) filter.Result {
	result := z.testZone.Result(patience)
	result.Source = dns.HideKeys(result.Source)
	return result
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
