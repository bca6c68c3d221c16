package auth

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/message"
)

// withHeader parses a message of these fields.
func withHeader(t testing.TB, header ...string) *message.Message {
	t.Helper()
	m, err := message.Parse(strings.NewReader(strings.Join(header, "\n")+"\n\nHello\n"), 0)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// judge runs DMARC alone, on what was proven before.
func judge(t testing.TB, resolver dns.Resolver, m *message.Message, id *message.Identity) message.DMARC {
	t.Helper()
	c := NewChecker(DefaultConfig(), resolver, nil)
	return c.dmarc(m, c.dmarcRecord(t.Context(), m), id)
}

func spfOf(result message.AuthResult, domain string) message.SPF {
	return message.SPF{Result: result, Domain: domain}
}

func dkimOf(result message.AuthResult, domain string) []message.Signature {
	return []message.Signature{{Result: message.AuthFail, Domain: "example.com"}, {Result: result, Domain: domain}}
}

func TestDMARC(t *testing.T) {
	const (
		none, pass, fail       = message.AuthNone, message.AuthPass, message.AuthFail
		tempError, permError   = message.AuthTempError, message.AuthPermError
		org, sub, missing, alt = "a@example.org", "a@mail.example.org", "a@nowhere.example.org", "a@strict.example"
	)
	zones := dnstest.Zones{
		"_dmarc.example.org":           dnstest.TXT("spf2.0/pra -all", "v=DMARC1; p=reject; sp=quarantine; np=reject"),
		"mail.example.org":             dnstest.A("192.0.2.1"),
		"_dmarc.own.example.org":       dnstest.TXT("v=DMARC1; p=none"),
		"_dmarc.strict.example":        dnstest.TXT("v=DMARC1; p=quarantine; adkim=s; aspf=s"),
		"_dmarc.twice.example":         dnstest.TXT("v=DMARC1; p=reject", "v=DMARC1; p=none"),
		"_dmarc.twice.example.org":     dnstest.TXT("v=DMARC1; p=reject", "v=DMARC1; p=none"),
		"_dmarc.nopolicy.example":      dnstest.TXT("v=DMARC1; adkim=s"),
		"_dmarc.dead.example":          dnstest.Fails(dnstest.ServFail),
		"_dmarc.dead.example.org":      dnstest.Fails(dnstest.ServFail),
		"_dmarc.deadorg.example":       dnstest.Fails(dnstest.Timeout),
		"sub.deadorg.example":          dnstest.A("192.0.2.1"),
		"_dmarc.pct.example":           dnstest.TXT("v=DMARC1; p=reject; pct=0"),
		"_dmarc.testing.example":       dnstest.TXT("v=DMARC1; p=quarantine; t=y"),
		"_dmarc.xn--bcher-kva.example": dnstest.TXT("v=DMARC1; p=reject"),
		"unsure.example.org":           dnstest.Fails(dnstest.ServFail),
		"_dmarc.unsure.example.org":    {},
	}
	for _, tt := range []struct {
		name string
		from string
		id   message.Identity
		want message.DMARC
	}{
		{"nothing is proven", org, message.Identity{}, message.DMARC{Result: fail, Author: "example.org", Domain: "example.org", Policy: "reject"}},
		{"SPF", org, message.Identity{SPF: spfOf(pass, "example.org")},
			message.DMARC{Result: pass, Author: "example.org", Domain: "example.org", Policy: "reject", SPF: true}},
		{"SPF of a name below", org, message.Identity{SPF: spfOf(pass, "bounce.example.org")},
			message.DMARC{Result: pass, Author: "example.org", Domain: "example.org", Policy: "reject", SPF: true}},
		{"SPF of somebody else", org, message.Identity{SPF: spfOf(pass, "example.net")},
			message.DMARC{Result: fail, Author: "example.org", Domain: "example.org", Policy: "reject"}},
		{"SPF that authorizes the world", org, message.Identity{SPF: message.SPF{Result: pass, World: true, Domain: "example.org"}},
			message.DMARC{Result: fail, Author: "example.org", Domain: "example.org", Policy: "reject"}},
		{"SPF of HELO alone", org, message.Identity{Helo: spfOf(pass, "example.org")},
			message.DMARC{Result: fail, Author: "example.org", Domain: "example.org", Policy: "reject"}},
		{"softfail", org, message.Identity{SPF: spfOf(message.AuthSoftFail, "example.org")},
			message.DMARC{Result: fail, Author: "example.org", Domain: "example.org", Policy: "reject"}},
		{"DKIM", org, message.Identity{DKIM: dkimOf(pass, "example.org")},
			message.DMARC{Result: pass, Author: "example.org", Domain: "example.org", Policy: "reject", DKIM: true}},
		{"DKIM of the domain above", sub, message.Identity{DKIM: dkimOf(pass, "example.org")},
			message.DMARC{Result: pass, Author: "mail.example.org", Domain: "example.org", Policy: "quarantine", DKIM: true}},
		{"DKIM of a top-level domain", org, message.Identity{DKIM: dkimOf(pass, "org")},
			message.DMARC{Result: fail, Author: "example.org", Domain: "example.org", Policy: "reject"}},
		{"DKIM that is only tested", org, message.Identity{DKIM: []message.Signature{{Result: pass, Domain: "example.org", Testing: true}}},
			message.DMARC{Result: fail, Author: "example.org", Domain: "example.org", Policy: "reject"}},
		{"strict: the same name", alt, message.Identity{SPF: spfOf(pass, "strict.example"), DKIM: dkimOf(pass, "strict.example")},
			message.DMARC{Result: pass, Author: "strict.example", Domain: "strict.example", Policy: "quarantine", SPF: true, DKIM: true}},
		{"strict: names below", alt, message.Identity{SPF: spfOf(pass, "b.strict.example"), DKIM: dkimOf(pass, "b.strict.example")},
			message.DMARC{Result: fail, Author: "strict.example", Domain: "strict.example", Policy: "quarantine"}},
		{"SPF is not known", org, message.Identity{SPF: spfOf(tempError, "example.org")},
			message.DMARC{Result: tempError, Author: "example.org", Domain: "example.org", Policy: "reject"}},
		{"SPF of somebody else is not known", org, message.Identity{SPF: spfOf(tempError, "example.net")},
			message.DMARC{Result: fail, Author: "example.org", Domain: "example.org", Policy: "reject"}},
		{"DKIM is not known", org, message.Identity{DKIM: dkimOf(tempError, "example.org")},
			message.DMARC{Result: tempError, Author: "example.org", Domain: "example.org", Policy: "reject"}},
		{"DKIM is not known, SPF is", org, message.Identity{SPF: spfOf(pass, "example.org"), DKIM: dkimOf(tempError, "example.org")},
			message.DMARC{Result: pass, Author: "example.org", Domain: "example.org", Policy: "reject", SPF: true}},
		{"a name below", sub, message.Identity{}, message.DMARC{Result: fail, Author: "mail.example.org", Domain: "example.org", Policy: "quarantine"}},
		{"a name that does not exist", missing, message.Identity{},
			message.DMARC{Result: fail, Author: "nowhere.example.org", Domain: "example.org", Policy: "reject", NoName: true}},
		{"a name of which it is not known", "a@unsure.example.org", message.Identity{},
			message.DMARC{Result: fail, Author: "unsure.example.org", Domain: "example.org", Policy: "quarantine"}},
		{"a record of its own", "a@own.example.org", message.Identity{}, message.DMARC{Result: fail, Author: "own.example.org", Domain: "own.example.org", Policy: "none"}},
		{"no record", "a@example.net", message.Identity{SPF: spfOf(pass, "example.net")}, message.DMARC{Result: none, Author: "example.net"}},
		{"a missing name without a record above", "a@nowhere.example.net", message.Identity{}, message.DMARC{Result: none, Author: "nowhere.example.net"}},
		{"several records", "a@twice.example", message.Identity{}, message.DMARC{Result: none, Author: "twice.example"}},
		{"several records end the search", "a@twice.example.org", message.Identity{}, message.DMARC{Result: none, Author: "twice.example.org"}},
		{"a record without a policy", "a@nopolicy.example", message.Identity{}, message.DMARC{Result: none, Author: "nopolicy.example"}},
		{"a dead server", "a@dead.example", message.Identity{}, message.DMARC{Result: tempError, Author: "dead.example"}},
		{"a dead server below", "a@dead.example.org", message.Identity{}, message.DMARC{Result: tempError, Author: "dead.example.org"}},
		{"a dead server above", "a@sub.deadorg.example", message.Identity{}, message.DMARC{Result: tempError, Author: "sub.deadorg.example"}},
		{"not chosen by pct", "a@pct.example", message.Identity{}, message.DMARC{Result: fail, Author: "pct.example", Domain: "pct.example", Policy: "quarantine"}},
		{"testing", "a@testing.example", message.Identity{}, message.DMARC{Result: fail, Author: "testing.example", Domain: "testing.example", Policy: "none"}},
		{"a name in Unicode", "a@bücher.example", message.Identity{DKIM: dkimOf(pass, "xn--bcher-kva.example")},
			message.DMARC{Result: pass, Author: "xn--bcher-kva.example", Domain: "xn--bcher-kva.example", Policy: "reject", DKIM: true}},
		{"a public suffix", "a@co.uk", message.Identity{}, message.DMARC{Result: none, Author: "co.uk"}},
		{"no domain", "undisclosed", message.Identity{}, message.DMARC{Result: permError}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resolver := dns.NewCache(zones, nil, dns.DefaultCacheConfig())
			defer resolver.Close()
			got := judge(t, resolver, withHeader(t, "From: "+tt.from), &tt.id)
			reason := got.Reason
			if got.Reason = ""; got != tt.want {
				t.Errorf("got  %+v (%s)\nwant %+v", got, reason, tt.want)
			}
		})
	}
}

func TestAuthorDomain(t *testing.T) {
	const permError = message.AuthPermError
	long := strings.Repeat("x", message.MaxFieldValue)
	for _, tt := range []struct {
		header string
		domain string
		result message.AuthResult
	}{
		{header: "Subject: none", result: message.AuthNone},
		{header: "From: a@Example.ORG.", domain: "example.org"},
		{header: "FROM: A (example.com) <a@example.org>", domain: "example.org"},
		{header: "From: \"b@example.com\" <a@example.org>", domain: "example.org"},
		{header: "From: =?utf-8?q?b=40example.com?= <a@example.org>", domain: "example.org"},
		{header: "From: A\n <a@example.org>", domain: "example.org"},
		{header: "From: <a@example.org> (b@example.com)", domain: "example.org"},
		{header: "From: a@example.org, B <b@example.org>", domain: "example.org"},
		{header: "From: a@example.org, b@example.com", result: permError},
		{header: "From: a@example.org, b@mail.example.org", result: permError},
		{header: "From: A <a@example.org> <b@example.com>", result: permError},
		{header: "From: <b@example.com> a@example.org", domain: "example.com"},
		{header: "From: \"A <b@example.com>\" <a@example.org>", domain: "example.org"},
		{header: "From: A (<b@example.com>) <a@example.org>", result: permError},
		{header: "From: a@example.org\nFrom: b@example.com", result: permError},
		{header: "From: a@example.org\nX: y\nfrom: a@example.org", result: permError},
		{header: "From:", result: permError},
		{header: "From: <>", result: permError},
		{header: "From: a", result: permError},
		{header: "From: a@[192.0.2.1]", result: permError},
		{header: "From: a@192.0.2.1", result: permError},
		{header: "From: a@exa_mple..org", result: permError},
		{header: "From: a@example.org, " + long + " <b@example.com>", result: permError},
		{header: "From: " + strings.Repeat("a@example.org, ", 10_000) + "b@example.com", result: permError},
	} {
		domain, result, reason := authorDomain(withHeader(t, tt.header))
		if domain != tt.domain || result != tt.result {
			t.Errorf("%.80s: got %q, %v (%s), want %q, %v", tt.header, domain, result, reason, tt.domain, tt.result)
		}
	}
}

func TestParseDMARC(t *testing.T) {
	policy := func(domain, below, missing string) dmarcPolicy {
		return dmarcPolicy{domain: domain, below: below, missing: missing, percent: 100}
	}
	with := func(p dmarcPolicy, change func(*dmarcPolicy)) dmarcPolicy { change(&p); return p }
	reject := policy("reject", "reject", "reject")
	for _, tt := range []struct {
		text string
		want dmarcPolicy
		bad  bool
	}{
		{text: "v=DMARC1; p=reject", want: reject},
		{text: "v=DMARC1;p=reject;", want: reject},
		{text: " V = DMARC1 ;\tP = Reject ; ; x; y=z ", want: reject},
		{text: "v=DMARC1; rua=mailto:a@example.org; p=reject", want: reject},
		{text: "v=DMARC1; p=reject; p=none", want: reject},
		{text: "v=DMARC1; p=reject; sp=none", want: policy("reject", "none", "none")},
		{text: "v=DMARC1; p=none; np=reject", want: policy("none", "none", "reject")},
		{text: "v=DMARC1; p=none; sp=quarantine; np=reject", want: policy("none", "quarantine", "reject")},
		{text: "v=DMARC1; p=reject; adkim=s; aspf=S; pct=20; t=y", want: with(reject, func(p *dmarcPolicy) {
			p.strictDKIM, p.strictSPF, p.percent, p.testing = true, true, 20, true
		})},
		{text: "v=DMARC1; p=reject; adkim=q; aspf=; pct=101; fo=x; ri=never; rf=y", want: reject},
		{text: "v=DMARC1; p=reject; pct=-1", want: reject},
		{text: "v=DMARC1; p=reject; pct=0", want: with(reject, func(p *dmarcPolicy) { p.percent = 0 })},
		{text: "v=DMARC1", bad: true},
		{text: "v=DMARC1; p=refuse", bad: true},
		{text: "v=DMARC1; p=reject; sp=refuse", bad: true},
		{text: "v=DMARC1; rua=nobody", bad: true},
		{text: "v=DMARC1; p=refuse; rua=mailto:a@example.org!10m", want: policy("none", "none", "none")},
		{text: "v=DMARC1; rua=,mailto:a@example.org", want: policy("none", "none", "none")},
		{text: "v=DMARC1; p=reject; sp=refuse; rua=https://example.org/", want: policy("none", "none", "none")},
		{text: "v=DMARC1; p=reject;" + strings.Repeat(" ", maxDMARC), bad: true},
		{text: "v=DMARC1;" + strings.Repeat("a=b;", 500) + "p=reject", want: reject},
	} {
		got, reason := parseDMARC(tt.text)
		if tt.bad {
			got = dmarcPolicy{}
		}
		if got != tt.want || tt.bad != (reason != "") {
			t.Errorf("%.80q: got %+v (%s), want %+v", tt.text, got, reason, tt.want)
		}
	}
	for text, want := range map[string]bool{
		"v=DMARC1": true, "v=DMARC1;": true, "v=DMARC1 ; p=none": true, "v=DMARC10; p=none": false, "v=dmarc1; p=none": false,
		"p=none; v=DMARC1": false, "": false, "DMARC1": false, "v=spf1 -all": false, ";v=DMARC1": false,
	} {
		if isDMARC(text) != want {
			t.Errorf("%q: got %v", text, !want)
		}
	}
}

// The same mail meets the same policy when it comes again, and a share of mails is about what was asked for.
func TestSample(t *testing.T) {
	chosen := 0
	for i := range 1000 {
		header := []string{"From: a@example.org", fmt.Sprintf("Message-ID: <%d@example.org>", i)}
		n := sample(withHeader(t, header...))
		if again := sample(withHeader(t, append(header, "X-Again: yes")...)); n != again {
			t.Fatalf("%d, then %d", n, again)
		}
		if n < 0 || n > 99 {
			t.Fatal(n)
		}
		if n < 30 {
			chosen++
		}
	}
	if chosen < 250 || chosen > 350 {
		t.Errorf("%d of 1000, where 30 of a hundred were asked for", chosen)
	}
	if a, b := sample(withHeader(t, "Subject: a")), sample(withHeader(t, "Subject: b")); a == b {
		t.Errorf("without ids: %d, %d", a, b)
	}
}

func TestExempt(t *testing.T) {
	zones := dnstest.Zones{"_dmarc.example.org": dnstest.TXT("v=DMARC1; p=reject")}
	sealed := func(trusted bool, claims string) message.Identity {
		return message.Identity{ARC: message.ARC{Result: message.AuthPass, Sealer: "sealer.example", Trusted: trusted, Claims: claims}}
	}
	listed := message.Identity{SPF: spfOf(message.AuthPass, "bounce.list.example"), DKIM: dkimOf(message.AuthFail, "example.org")}
	for _, tt := range []struct {
		name   string
		header string
		id     message.Identity
		want   string
	}{
		{"nothing", "", message.Identity{}, ""},
		{"DMARC passed", "", sealed(true, "spf=fail smtp.mailfrom=x.example; dmarc=pass (p=REJECT dis=NONE) header.from=example.org"), "sealer.example, which is trusted, saw dmarc=pass"},
		{"DMARC passed, blanks", "", sealed(true, "dmarc = pass\r\n\theader.from = Example.ORG"), "sealer.example, which is trusted, saw dmarc=pass"},
		{"DKIM passed", "", sealed(true, "dmarc=none; dkim=pass header.i=@mail.example.org header.s=x"), "sealer.example, which is trusted, saw dkim=pass of mail.example.org"},
		{"SPF passed", "", sealed(true, "spf/1=pass smtp.mailfrom=a@example.org"), "sealer.example, which is trusted, saw spf=pass of example.org"},
		{"not trusted", "", sealed(false, "dmarc=pass header.from=example.org"), ""},
		{"of somebody else", "", sealed(true, "dmarc=pass header.from=example.com; dkim=pass header.d=example.com; spf=pass smtp.mailfrom=example.com"), ""},
		{"failed", "", sealed(true, "dmarc=fail header.from=example.org; dkim=fail header.d=example.org"), ""},
		{"words in a comment", "", sealed(true, "spf=pass (mail from a@x.example; dmarc=pass (header.from=example.org) spf=pass) smtp.mailfrom=x.example"), ""},
		{"words in quotes", "", sealed(true, `spf=pass smtp.mailfrom="a; dmarc=pass header.from=example.org ; "@x.example`), ""},
		{"a semicolon in quotes", "", sealed(true, `spf=pass smtp.mailfrom= ";" dmarc=pass header.from=example.org`), ""},
		{"a comment that does not end", "", sealed(true, "spf=pass (; dmarc=pass header.from=example.org"), ""},
		{"list", "List-Id: A list <talk.list.example>", listed, "a mailing list of talk.list.example, by spf"},
		{"list by its address", "List-Post: <MAILTO:talk@list.example?subject=x>", listed, "a mailing list of list.example, by spf"},
		{"list that was never signed", "List-Id: <talk.list.example>", message.Identity{SPF: listed.SPF}, ""},
		{"list, and a signature of somebody else", "List-Id: <talk.list.example>", message.Identity{SPF: listed.SPF, DKIM: dkimOf(message.AuthFail, "example.net")}, ""},
		{"list, and a signature without a key", "List-Id: <talk.list.example>", message.Identity{SPF: listed.SPF, DKIM: dkimOf(message.AuthPermError, "example.org")}, ""},
		{"list that nothing proves", "List-Id: <talk.lists.example>", listed, ""},
		{"list without a name", "List-Id: talk.list.example", listed, ""},
		{"list that takes no mail", "List-Post: NO", listed, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header := []string{"From: a@example.org"}
			if tt.header != "" {
				header = append(header, tt.header)
			}
			if got := judge(t, zones, withHeader(t, header...), &tt.id); got.Result != message.AuthFail || got.Exempt != tt.want {
				t.Errorf("got %v, %q, want %q", got.Result, got.Exempt, tt.want)
			}
		})
	}
	passed := message.Identity{SPF: spfOf(message.AuthPass, "example.org")}
	if got := judge(t, zones, withHeader(t, "From: a@example.org", "List-Id: <talk.example.org>"), &passed); got.Exempt != "" {
		t.Errorf("a pass needs no excuse: %q", got.Exempt)
	}
}

// identity is found by a whole Checker, SPF and DMARC together.
func identityZones() dnstest.Zones {
	return dnstest.Zones{
		"example.org":           {TXT: []string{"v=spf1 mx include:_spf.example.org -all"}, MX: []string{"mx.example.org"}},
		"mx.example.org":        {A: []string{"192.0.2.1"}, TXT: []string{"v=spf1 a -all"}},
		"_spf.example.org":      dnstest.TXT("v=spf1 include:_a.example.org include:_b.example.org ~all"),
		"_a.example.org":        dnstest.TXT("v=spf1 ip4:198.51.100.0/24 ~all"),
		"_b.example.org":        dnstest.TXT("v=spf1 ip4:203.0.113.0/24 ~all"),
		"_dmarc.example.org":    dnstest.TXT("v=DMARC1; p=reject; rua=mailto:dmarc@example.org"),
		"news.example.org":      dnstest.A("192.0.2.1"),
		"helo.example":          dnstest.TXT("v=spf1 ip4:203.0.113.0/24 -all"),
		"world.example":         dnstest.TXT("v=spf1 +all"),
		"_dmarc.world.example":  dnstest.TXT("v=DMARC1; p=reject"),
		"nomail.example":        dnstest.TXT("v=spf1 -all"),
		"dead.example":          dnstest.Fails(dnstest.ServFail),
		"_dmarc.nomail.example": {},
	}
}

func TestSPF(t *testing.T) {
	resolver := dns.NewCache(identityZones(), nil, dns.DefaultCacheConfig())
	defer resolver.Close()
	c := NewChecker(DefaultConfig(), resolver, nil)
	pass, none := message.AuthPass, message.AuthNone
	for _, tt := range []struct {
		sender, helo, addr string
		want, wantHelo     message.SPF
	}{
		{"a@example.org", "helo.example", "203.0.113.9", message.SPF{Result: pass, Domain: "example.org"}, message.SPF{Result: pass, Domain: "helo.example"}},
		{"a@Example.ORG.", "HELO.example", "192.0.2.1", message.SPF{Result: pass, Domain: "example.org"}, message.SPF{Result: message.AuthFail, Domain: "helo.example"}},
		{"", "helo.example", "203.0.113.9", message.SPF{Result: pass, Domain: "helo.example"}, message.SPF{Result: pass, Domain: "helo.example"}},
		{"", "[203.0.113.9]", "203.0.113.9", message.SPF{}, message.SPF{}},
		{"postmaster", "localhost", "203.0.113.9", message.SPF{}, message.SPF{Domain: "localhost"}},
		{"a@b@world.example", "nomail.example", "203.0.113.9", message.SPF{Result: pass, Domain: "world.example", World: true}, message.SPF{Result: message.AuthFail, Domain: "nomail.example", NoMail: true}},
		{"a@dead.example", "", "203.0.113.9", message.SPF{Result: message.AuthTempError, Domain: "dead.example"}, message.SPF{}},
		{"a@[203.0.113.9]", "203.0.113.9", "203.0.113.9", message.SPF{}, message.SPF{}},
		{"a@none.example", "none.example", "203.0.113.9", message.SPF{Result: none, Domain: "none.example"}, message.SPF{Result: none, Domain: "none.example"}},
		{"a@example.org", "helo.example", "", message.SPF{Domain: "example.org"}, message.SPF{Domain: "helo.example"}},
	} {
		client := message.Client{Helo: tt.helo}
		if tt.addr != "" {
			client.Addr, _ = message.ParseAddr(tt.addr)
		}
		got, helo := c.spf(t.Context(), client, tt.sender)
		got.Reason, helo.Reason = "", ""
		if got != tt.want || helo != tt.wantHelo {
			t.Errorf("%s, %s, %s: got %+v and %+v, want %+v and %+v", tt.sender, tt.helo, tt.addr, got, helo, tt.want, tt.wantHelo)
		}
	}
}

// late answers after a round trip.
type late struct {
	dns.Resolver
	trip time.Duration
}

func (l late) Resolve(ctx context.Context, q dns.Question) (dns.Answer, error) {
	select {
	case <-time.After(l.trip):
		return l.Resolver.Resolve(ctx, q)
	case <-ctx.Done():
		return dns.Answer{}, ctx.Err()
	}
}

// TestRoundTrips holds what SPF and DMARC wait for with a cold cache to the depth of the SPF record. Time is that of the
// bubble.
func TestRoundTrips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const trip = 20 * time.Millisecond
		asked := dnstest.Record(identityZones())
		c := NewChecker(DefaultConfig(), late{asked, trip}, nil)
		m := withHeader(t, "From: a@news.example.org")
		m.Client.Addr, _ = message.ParseAddr("203.0.113.9")
		m.Client.Helo, m.Sender = "helo.example", "a@example.org"
		start := time.Now()
		id := c.Identity(t.Context(), m)
		if trips := int(time.Since(start) / trip); id.DMARC.Result != message.AuthPass || trips != 3 || len(asked.Questions()) != 10 {
			t.Errorf("%+v after %d round trips and %d questions", id, trips, len(asked.Questions()))
		}
	})
}

// BenchmarkSPFAndDMARC is what both cost a message whose answers are all in the cache: ten questions.
func BenchmarkSPFAndDMARC(b *testing.B) {
	resolver := dns.NewCache(identityZones(), nil, dns.DefaultCacheConfig())
	defer resolver.Close()
	c := NewChecker(DefaultConfig(), resolver, nil)
	b.ReportAllocs()
	for b.Loop() {
		m := &message.Message{Sender: "a@example.org", Header: message.Header{{Name: "From", Value: " a@news.example.org"}}}
		m.Client.Addr, _ = message.ParseAddr("203.0.113.9")
		m.Client.Helo = "helo.example"
		if id := c.Identity(b.Context(), m); id.DMARC.Result != message.AuthPass {
			b.Fatal(id)
		}
	}
}

// FuzzDMARC looks for records that are read as what they are not.
func FuzzDMARC(f *testing.F) {
	for _, seed := range []string{
		"v=DMARC1; p=reject; sp=none; np=quarantine; adkim=s; aspf=r; pct=50; rua=mailto:a@example.org!10m; ruf=mailto:b@example.org; fo=1:d:s; t=y",
		"v=DMARC1;p=none", "v=DMARC1; p=x; rua=mailto:a@example.org", "v=DMARC1 p=reject", "v=DMARC1; p=reject; p=none; =; ;;", " v = DMARC1 ; P=REJECT",
	} {
		f.Add(seed)
	}
	known := map[string]bool{policyNone: true, policyQuarantine: true, policyReject: true}
	f.Fuzz(func(t *testing.T, text string) {
		record, _ := selectDMARC([]string{text})
		if record == "" {
			return
		}
		p, reason := parseDMARC(record)
		if reason == "" && !(known[p.domain] && known[p.below] && known[p.missing] && p.percent >= 0 && p.percent <= 100) {
			t.Errorf("%q: %+v", text, p)
		}
	})
}

// FuzzAuthor looks for From fields and claims that are read as what they are not, or never end.
func FuzzAuthor(f *testing.F) {
	f.Add("a@example.org", "dmarc=pass (x) header.from=example.org")
	f.Add(`"b@example.com" <a@example.org>, c <d@example.net>`, `spf=pass smtp.mailfrom="a;b"@example.org`)
	f.Add("group: a@example.org, b@bücher.example;", "dkim=pass header.i=@example.org; ; (((")
	f.Add("a@[192.0.2.1] <<<>>>", "spf / 1 = pass \" ( \" ; none")
	f.Fuzz(func(t *testing.T, from, claims string) {
		m := &message.Message{Header: message.Header{{Name: "From", Value: from}, {Name: "List-Id", Value: from}, {Name: "List-Post", Value: from}}}
		domain, result, reason := authorDomain(m)
		if ascii, ok := message.HostASCII(domain); domain != "" && (!ok || ascii != domain) || (domain == "") != (reason != "") || domain != "" && result != message.AuthNone {
			t.Errorf("%q: %q, %v (%s)", from, domain, result, reason)
		}
		r := dmarcRecord{author: "example.org", domain: "example.org"}
		id := message.Identity{ARC: message.ARC{Trusted: true, Claims: claims}}
		if excuse := exempt(m, r, &id); excuse != "" && !strings.Contains(strings.ToLower(claims), "pass") {
			t.Errorf("%q: %s", claims, excuse)
		}
	})
}
