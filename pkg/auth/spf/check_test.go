package spf

import (
	"net/netip"
	"strings"
	"testing"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/message"
)

// zones is what the records of the tests are about. 192.0.2.1 and 2001:db8::1 are host.example.
func zones() dnstest.Zones {
	return dnstest.Zones{
		"host.example":              {A: []string{"192.0.2.1"}, AAAA: []string{"2001:db8::1"}},
		"other.example":             dnstest.A("198.51.100.9"),
		"v6only.example":            {AAAA: []string{"2001:db8::7"}},
		"mx.example":                {MX: []string{"other.example", "host.example"}},
		"halfmx.example":            {MX: []string{"dead.example", "host.example"}},
		"deadmx.example":            {MX: []string{"dead.example", "other.example"}},
		"nullmx.example":            {MX: []string{"."}},
		"manymx.example":            {MX: strings.Fields(strings.Repeat("other.example ", 11))},
		"empty.example":             {},
		"dead.example":              dnstest.Fails(dnstest.ServFail),
		"slow.example":              dnstest.Fails(dnstest.Timeout),
		"1.2.0.192.in-addr.arpa":    {PTR: []string{"liar.example", "host.example"}},
		"liar.example":              dnstest.A("198.51.100.10"),
		"2.2.0.192.in-addr.arpa":    dnstest.Fails(dnstest.ServFail),
		"pass.example":              dnstest.TXT("unrelated", "v=spf1 ip4:192.0.2.1 -all"),
		"softfail.example":          dnstest.TXT("v=spf1 ~all"),
		"neutral.example":           dnstest.TXT("v=spf1 ?all"),
		"fail.example":              dnstest.TXT("v=spf1 -all"),
		"broken.example":            dnstest.TXT("v=spf1 ip4:192.0.2.1 nonsense -all"),
		"twice.example":             dnstest.TXT("v=spf1 -all", "v=spf1 +all"),
		"1.2.0.192.exists.example":  dnstest.A("127.0.0.2"),
		"joe.user.example":          dnstest.A("127.0.0.2"),
		"world.example":             dnstest.TXT("v=spf1 +all"),
		"wide.example":              dnstest.TXT("v=spf1 ip4:192.0.0.0/7"),
		"half.example":              dnstest.TXT("v=spf1 ip4:0.0.0.0/1"),
		"otherhalf.example":         dnstest.TXT("v=spf1 ip4:128.0.0.0/1"),
		"*.client.example":          dnstest.TXT("v=spf1 +all"),
		"loop.example":              dnstest.TXT("v=spf1 include:loop.example -all"),
		"nomail.example":            dnstest.TXT("v=spf1 -all"),
		"10.2.0.192.in-addr.arpa":   {PTR: []string{"below.host.example"}},
		"below.host.example":        dnstest.A("192.0.2.10"),
		"host.example.p.example":    dnstest.A("127.0.0.2"),
		"unknown.p.example":         dnstest.A("127.0.0.2"),
		"d.b.8.p.example":           {},
		"joe%20doe.escaped.example": dnstest.A("127.0.0.2"),
	}
}

// run publishes a record at example.org and asks about a client.
func run(t testing.TB, resolver dns.Resolver, client string) Outcome {
	t.Helper()
	return Check(t.Context(), resolver, Query{
		Addr: netip.MustParseAddr(client), Domain: "example.org", Sender: "joe@example.org", Helo: "helo.example",
	}, World{IPv4: 8, IPv6: 16})
}

func TestMechanisms(t *testing.T) {
	const (
		none, pass, fail, soft = message.AuthNone, message.AuthPass, message.AuthFail, message.AuthSoftFail
		neutral, temp, perm    = message.AuthNeutral, message.AuthTempError, message.AuthPermError
	)
	for _, tt := range []struct {
		record string
		client string // 192.0.2.1 where it is empty
		want   message.AuthResult
		reason string
	}{
		{record: "v=spf1 all", want: pass, reason: "all"},
		{record: "v=spf1 -all", want: fail, reason: "-all"},
		{record: "v=spf1 ~all", want: soft, reason: "~all"},
		{record: "v=spf1 ?all", want: neutral, reason: "?all"},
		{record: "v=spf1", want: neutral, reason: "no mechanism matched"},
		{record: "v=spf10 +all", want: none},
		{record: "v=spf1 all:x.example", want: perm, reason: "all:x.example: takes no such argument"},

		{record: "v=spf1 a:host.example -all", want: pass, reason: "a:host.example"},
		{record: "v=spf1 a:host.example -all", client: "2001:db8::1", want: pass},
		{record: "v=spf1 a:host.example/24//64 -all", client: "192.0.2.77", want: pass},
		{record: "v=spf1 a:host.example/24//64 -all", client: "2001:db8::77", want: pass},
		{record: "v=spf1 a:host.example/24//64 -all", client: "2001:db8:1::77", want: fail},
		{record: "v=spf1 -a:host.example +all", want: fail, reason: "-a:host.example"},
		{record: "v=spf1 ~a:host.example +all", want: soft},
		{record: "v=spf1 ?a:host.example -all", want: neutral},
		{record: "v=spf1 a:dead.example -all", want: temp, reason: "a:dead.example: A of dead.example: "},
		{record: "v=spf1 a:host.example/33 -all", want: perm, reason: "not a prefix length"},
		{record: "v=spf1 a: -all", want: perm, reason: "the domain is missing"},
		{record: "v=spf1 a:localhost -all", want: perm, reason: "does not end in a top-level domain"},

		{record: "v=spf1 mx:mx.example -all", want: pass, reason: "mx:mx.example"},
		{record: "v=spf1 ~mx:mx.example -all", want: soft},
		{record: "v=spf1 mx:mx.example -all", client: "192.0.2.2", want: fail},
		{record: "v=spf1 mx:halfmx.example -all", want: pass},
		{record: "v=spf1 mx:deadmx.example -all", want: temp},
		{record: "v=spf1 mx:nullmx.example -all", want: fail},
		{record: "v=spf1 mx:dead.example -all", want: temp},
		{record: "v=spf1 mx:manymx.example -all", want: perm, reason: "more than 10 mail servers"},

		{record: "v=spf1 ip4:192.0.2.0/24 -all", want: pass, reason: "ip4:192.0.2.0/24"},
		{record: "v=spf1 -ip4:192.0.2.1 +all", want: fail},
		{record: "v=spf1 ~ip4:192.0.2.1 +all", want: soft},
		{record: "v=spf1 ?ip4:192.0.2.1 -all", want: neutral},
		{record: "v=spf1 ip4:192.0.2.0/24 -all", client: "::ffff:192.0.2.1", want: pass},
		{record: "v=spf1 ip4:192.0.2.1/024 -all", want: perm},
		{record: "v=spf1 ip4:192.0.2.1/ -all", want: perm},
		{record: "v=spf1 ip4:host.example -all", want: perm, reason: "not an address"},
		{record: "v=spf1 ip6:2001:db8::/32 -all", client: "2001:db8:9::1", want: pass},
		{record: "v=spf1 ip6:2001:db8::/32 -all", want: fail},
		{record: "v=spf1 ip6:192.0.2.1 -all", want: perm},
		{record: "v=spf1 ip6:fe80::1%eth0 -all", want: perm},

		{record: "v=spf1 include:pass.example -all", want: pass, reason: "include:pass.example: ip4:192.0.2.1"},
		{record: "v=spf1 ?include:pass.example -all", want: neutral},
		{record: "v=spf1 -include:pass.example +all", want: fail},
		{record: "v=spf1 include:fail.example ~all", want: soft},
		{record: "v=spf1 include:softfail.example -all", want: fail},
		{record: "v=spf1 include:neutral.example -all", want: fail},
		{record: "v=spf1 include:dead.example -all", want: temp},
		{record: "v=spf1 include:broken.example -all", want: perm, reason: "include:broken.example: nonsense: no such mechanism"},
		{record: "v=spf1 include:empty.example -all", want: perm, reason: "include:empty.example: no SPF record at empty.example"},
		{record: "v=spf1 include:twice.example -all", want: perm, reason: "2 SPF records"},
		{record: "v=spf1 include:loop.example -all", want: perm, reason: "more than 10 mechanisms that ask the DNS"},
		{record: "v=spf1 include -all", want: perm},

		{record: "v=spf1 redirect=pass.example", want: pass, reason: "redirect=pass.example: ip4:192.0.2.1"},
		{record: "v=spf1 redirect=fail.example", want: fail},
		{record: "v=spf1 redirect=softfail.example", want: soft},
		{record: "v=spf1 redirect=neutral.example", want: neutral},
		{record: "v=spf1 redirect=dead.example", want: temp},
		{record: "v=spf1 redirect=broken.example", want: perm},
		{record: "v=spf1 redirect=empty.example", want: perm},
		{record: "v=spf1 redirect=fail.example ip4:192.0.2.1", want: pass, reason: "ip4:192.0.2.1"},
		{record: "v=spf1 redirect=a.example redirect=b.example", want: perm, reason: "stands twice"},
		{record: "v=spf1 exp=a.example exp=b.example", want: perm, reason: "stands twice"},
		{record: "v=spf1 exp=dead.example -all", want: fail},

		{record: "v=spf1 exists:%{ir}.exists.example -all", client: "192.0.2.2", want: fail},
		{record: "v=spf1 exists:%{ir}.exists.example -all", want: pass},
		{record: "v=spf1 -exists:%{ir}.exists.example +all", want: fail},
		{record: "v=spf1 ~exists:%{ir}.exists.example -all", want: soft},
		{record: "v=spf1 ?exists:%{ir}.exists.example -all", want: neutral},
		{record: "v=spf1 exists:v6only.example -all", client: "2001:db8::7", want: fail},
		{record: "v=spf1 exists:slow.example -all", want: temp},
		{record: "v=spf1 exists -all", want: perm},

		{record: "v=spf1 ptr:host.example -all", want: pass, reason: "ptr:host.example"},
		{record: "v=spf1 ptr:host.example -all", client: "192.0.2.10", want: pass},
		{record: "v=spf1 ptr:below.host.example -all", want: fail},
		{record: "v=spf1 ptr:liar.example -all", want: fail},
		{record: "v=spf1 ~ptr:host.example -all", want: soft},
		{record: "v=spf1 ptr:host.example -all", client: "192.0.2.2", want: fail},
		{record: "v=spf1 ptr -all", client: "192.0.2.3", want: fail},
		{record: "v=spf1 ptr:ost.example -all", want: fail},
		{record: "v=spf1 ptr/24 -all", want: perm},

		{record: "v=spf1 exists:%{l}.user.example -all", want: pass},
		{record: "v=spf1 exists:%{p}.p.example -all", want: pass},
		{record: "v=spf1 exists:%{p}.p.example -all", client: "192.0.2.3", want: pass},
		{record: "v=spf1 exists:%{p}.p.example -all", client: "192.0.2.2", want: pass},
		{record: "v=spf1 include:%{d1}.%{o2r1}.%{h}.%{v}.%{s}.example -all", want: perm},
		{record: "v=spf1 a:%{x}.example -all", want: perm, reason: "not a macro"},
		{record: "v=spf1 a:%{r}.example -all", want: perm},
		{record: "v=spf1 a:%{d0}.example -all", want: perm},
		{record: "v=spf1 a:%{d.example -all", want: perm},
		{record: "v=spf1 a:%{d -all", want: perm},
		{record: "v=spf1 a:%d.example -all", want: perm},
		{record: "v=spf1 a:example.% -all", want: perm},

		{record: "v=spf1 a:no.example a:none.example -all", want: fail},
		{record: "v=spf1 a:no.example a:none.example a:empty.example -all", want: perm, reason: "more than 2 names that do not exist"},
		{record: "v=spf1 a:v6only.example a:v6only.example a:v6only.example -all", want: fail},
		{record: "v=spf1 a:a..example a:b..example mx:c..example -all", want: perm},
		{record: "v=spf1 a:other.example mx:mx.example -all moo", want: perm},
		{record: "v=spf1 x=%{c} y=dog/cat -all", want: fail},
		{record: "v=spf1 x=%z -all", want: perm},
		{record: "v=spf1 a:h\xc3\xb6st.example -all", want: perm, reason: "an octet of value 195"},
		{record: "v=spf1\t-all", want: none},
		{record: "v=spf1 -all\tall", want: perm},
	} {
		t.Run(tt.record+" "+tt.client, func(t *testing.T) {
			all := zones()
			all["example.org"] = dnstest.TXT("some-service=key", tt.record)
			client := tt.client
			if client == "" {
				client = "192.0.2.1"
			}
			resolver := dns.NewCache(all, nil, dns.DefaultCacheConfig())
			defer resolver.Close()
			got := run(t, resolver, client)
			if got.Result != tt.want || !strings.Contains(got.Reason, tt.reason) {
				t.Errorf("got %v (%s), want %v (%s)", got.Result, got.Reason, tt.want, tt.reason)
			}
		})
	}
}

// What is no full name of a domain has no record, and nobody is asked for it.
func TestNoDomain(t *testing.T) {
	for _, domain := range []string{
		"", ".", "localhost", "[192.0.2.1]", "192.0.2.1", "a..example", ".example.org", "exa mple.org", "example.org\n", `a\046b.example`,
		strings.Repeat("a", 64) + ".example", strings.Repeat("a.", 130) + "example",
	} {
		asked := dnstest.Record(dnstest.Zones{"*": dnstest.TXT("v=spf1 +all")})
		got := Check(t.Context(), asked, Query{Addr: netip.MustParseAddr("192.0.2.1"), Domain: domain, Sender: "joe@" + domain}, World{8, 16})
		if got.Result != message.AuthNone || len(asked.Questions()) > 0 {
			t.Errorf("%q: %v (%s), asked %v", domain, got.Result, got.Reason, asked.Questions())
		}
	}
}

func TestNames(t *testing.T) {
	all := dnstest.Zones{"xn--bcher-kva.example": dnstest.TXT("v=spf1 -all")}
	for _, domain := range []string{"bücher.example", "XN--Bcher-KVA.example."} {
		got := Check(t.Context(), all, Query{Addr: netip.MustParseAddr("192.0.2.1"), Domain: domain}, World{8, 16})
		if got.Result != message.AuthFail {
			t.Errorf("%s: %v (%s)", domain, got.Result, got.Reason)
		}
	}
	if got := Check(t.Context(), all, Query{Domain: "xn--bcher-kva.example"}, World{8, 16}); got.Result != message.AuthNone {
		t.Errorf("without an address: %v", got)
	}
}

// A record that authorizes the world is told of, however it does it, and whoever is asked about.
func TestWorld(t *testing.T) {
	for _, tt := range []struct {
		record string
		client string
		want   bool
	}{
		{record: "v=spf1 +all", want: true},
		{record: "v=spf1 ip4:192.0.2.1 +all", want: true},
		{record: "v=spf1 ip4:192.0.2.1 -all +all"},
		{record: "v=spf1 ip4:192.0.2.1 ?all"},
		{record: "v=spf1 include:world.example -all", want: true},
		{record: "v=spf1 include:pass.example include:world.example -all"}, // it came before
		{record: "v=spf1 ?include:half.example ip4:192.0.2.1 -all"},
		{record: "v=spf1 redirect=world.example", want: true},
		{record: "v=spf1 ip4:0.0.0.0/0 -all", want: true},
		{record: "v=spf1 ip4:192.0.0.0/7 -all", want: true},
		{record: "v=spf1 ip4:192.0.0.0/8 -all"},
		{record: "v=spf1 ip4:192.0.0.0/8 ip4:192.0.2.0/24 ip4:192.0.2.1 -all"}, // one within the other
		{record: "v=spf1 ip4:192.0.0.0/8 ip4:10.0.0.0/8 -all", want: true},
		{record: "v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all", want: true},
		{record: "v=spf1 ip4:128.0.0.0/1 -all", want: true},
		{record: "v=spf1 include:half.example include:otherhalf.example -all", want: true},
		{record: "v=spf1 include:half.example ip4:192.0.2.1 -all", want: true},
		{record: "v=spf1 -ip4:10.0.0.0/7 ip4:192.0.2.1 -all"},
		{record: "v=spf1 include:wide.example -all", want: true},
		{record: "v=spf1 redirect=wide.example", want: true},
		{record: "v=spf1 a:host.example/0 -all", want: true},
		{record: "v=spf1 mx:mx.example/4 -all", want: true},
		{record: "v=spf1 a:host.example/24 mx:mx.example/24 -all"},
		{record: "v=spf1 ip6:::/0 ip4:192.0.2.1 -all", want: true},
		{record: "v=spf1 ip6:2000::/3 -all", client: "2001:db8::1", want: true},
		{record: "v=spf1 ip6:2001:db8::/32 -all", client: "2001:db8::1"},
		{record: "v=spf1 a:host.example//0 -all", client: "2001:db8::1", want: true},
		{record: "v=spf1 exists:host.example -all", want: true},
		{record: "v=spf1 exists:%{l}.user.example -all", want: true},
		{record: "v=spf1 exists:%{ir}.exists.example -all"},
		{record: "v=spf1 include:%{i}.client.example -all"}, // said of this client alone
		{record: "v=spf1 redirect=%{i}.client.example"},
		{record: "v=spf1 include:%{d}.client.example -all", want: true},
	} {
		t.Run(tt.record, func(t *testing.T) {
			all := zones()
			all["example.org"] = dnstest.TXT(tt.record)
			client := tt.client
			if client == "" {
				client = "192.0.2.1"
			}
			if got := run(t, all, client); got.Result != message.AuthPass || got.World != tt.want {
				t.Errorf("got %v, world %v (%s), want %v", got.Result, got.World, got.Reason, tt.want)
			}
		})
	}
	all := zones()
	all["example.org"] = dnstest.TXT("v=spf1 ip4:10.0.0.0/7 -all")
	if got := run(t, all, "192.0.2.1"); got.Result != message.AuthFail || got.World {
		t.Errorf("a failure: %v, world %v", got.Result, got.World)
	}
}

func TestNoMail(t *testing.T) {
	for record, want := range map[string]bool{
		"v=spf1 -all":                          true,
		"v=spf1 -all exp=why.example x=y":      true,
		"v=spf1 redirect=nomail.example":       true,
		"v=spf1 mx:mx.example -all":            false,
		"v=spf1 a:no.example -all":             false,
		"v=spf1 ~all":                          false,
		"v=spf1 +all":                          false,
		"v=spf1 include:nomail.example ~all":   false,
		"v=spf1 a redirect=nomail.example":     false,
		"v=spf1 -include:world.example +all":   false,
		"v=spf1 redirect=softfail.example":     false,
		"v=spf1 -all redirect=nowhere.example": true,
	} {
		all := zones()
		all["example.org"] = dnstest.TXT(record)
		if got := run(t, all, "203.0.113.1"); got.NoMail != want {
			t.Errorf("%s: got %v, want %v (%v, %s)", record, got.NoMail, want, got.Result, got.Reason)
		}
	}
}
