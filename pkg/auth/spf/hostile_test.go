package spf

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/message"
)

// maxQuestions is what one check may ask at most: the record, ten mechanisms with ten hosts each and, for each name without
// an address, the other family; and what is asked ahead in vain.
const maxQuestions = 1 + maxLookups*(1+2*maxHosts) + maxAhead

// Records made to keep us busy cost us a bounded number of questions, and are permanent errors.
func TestHostile(t *testing.T) {
	many := func(n int, each func(i int) string) string {
		var b strings.Builder
		b.WriteString("v=spf1")
		for i := range n {
			b.WriteString(" " + each(i))
		}
		return b.String()
	}
	tree := func(i int) string { return fmt.Sprintf("include:%d.%%{d}", i) }
	bomb := dnstest.Zones{"*.mx.example": {MX: hosts(10)}, "*.host.example": dnstest.A("198.51.100.1")}
	for _, tt := range []struct {
		name   string
		zones  dnstest.Zones
		record string
		want   message.AuthResult
	}{
		{"1,000 includes", dnstest.Zones{"*": dnstest.TXT("v=spf1 ?all")}, many(200, func(i int) string { return fmt.Sprintf("include:i%d.example", i) }), message.AuthPermError},
		{"a tree of includes", dnstest.Zones{"*": dnstest.TXT(many(20, tree))}, many(20, tree), message.AuthPermError},
		{"a chain of redirects", dnstest.Zones{"*": dnstest.TXT("v=spf1 redirect=x.%{d}")}, "v=spf1 redirect=x.%{d}", message.AuthPermError},
		{"mechanisms that ask", dnstest.Zones{"*": dnstest.A("198.51.100.1")}, many(200, func(i int) string { return fmt.Sprintf("a:h%d.example", i) }), message.AuthPermError},
		{"mechanisms that do not", nil, many(250, func(i int) string { return fmt.Sprintf("ip4:10.0.0.%d", i%256) }) + " -all", message.AuthFail},
		{"mail servers", bomb, many(10, func(i int) string { return fmt.Sprintf("mx:m%d.mx.example", i) }) + " -all", message.AuthFail},
		{"1,000 mechanisms", nil, many(1000, func(i int) string { return "a:x.example" }), message.AuthPermError},
		{"a megabyte", nil, many(1<<20/8, func(i int) string { return "ip4:10.0" }), message.AuthPermError},
		{"a megabyte of blanks", nil, "v=spf1" + strings.Repeat(" ", 1<<20), message.AuthPermError},
		{"many records", dnstest.Zones{"example.org": {TXT: strings.Split(strings.Repeat("v=spf1 +all,", 10_000), ",")}}, "", message.AuthPermError},
		{"macros", dnstest.Zones{"*": dnstest.A("127.0.0.2")}, "v=spf1 exists:" + strings.Repeat("%{s}%{L99r.-+}", 250) + ".example -all", message.AuthPass},
		{"percents", nil, "v=spf1 exists:" + strings.Repeat("%%", 2000), message.AuthFail},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all := tt.zones
			if all == nil {
				all = dnstest.Zones{}
			}
			if tt.record != "" {
				all["example.org"] = dnstest.TXT(tt.record)
			}
			asked := dnstest.Record(all)
			got := Check(t.Context(), asked, Query{
				Addr: netip.MustParseAddr("192.0.2.1"), Domain: "example.org", Helo: strings.Repeat("h", 400), Sender: strings.Repeat("a.", 200) + "a@example.org",
			}, World{8, 16})
			if n := len(asked.Questions()); n > maxQuestions || got.Result != tt.want && !(tt.name == "macros" || tt.name == "percents") {
				t.Errorf("%v (%s), want %v; %d questions", got.Result, got.Reason, tt.want, n)
			}
			if len(got.Reason) > 400 {
				t.Errorf("a reason of %d octets", len(got.Reason))
			}
			t.Logf("%v (%s), %d questions", got.Result, got.Reason, len(asked.Questions()))
		})
	}
}

func hosts(n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("%d.host.example", i))
	}
	return names
}

// A long sender is no way round a record.
func TestLongSender(t *testing.T) {
	for record, want := range map[string]message.AuthResult{"v=spf1 -all": message.AuthFail, "v=spf1 -exists:%{l}.%{h}.x.example +all": message.AuthPass} {
		got := Check(t.Context(), dnstest.Zones{"example.org": dnstest.TXT(record)}, Query{
			Addr: netip.MustParseAddr("192.0.2.1"), Domain: "example.org", Sender: strings.Repeat("a", 1<<20) + "@example.org", Helo: strings.Repeat("h", 1<<20),
		}, World{8, 16})
		if got.Result != want {
			t.Errorf("%s: %v (%s)", record, got.Result, got.Reason)
		}
	}
}

// A check ends with its context, and is a temporary error then.
func TestTimeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := zones()
		all["example.org"] = dnstest.TXT("v=spf1 mx:mx.example include:late.example -all")
		all["late.example"] = dnstest.Host{TXT: []string{"v=spf1 -all"}, Delay: time.Hour}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		got := Check(ctx, all, Query{Addr: netip.MustParseAddr("203.0.113.1"), Domain: "example.org"}, World{8, 16})
		if took := time.Since(start); got.Result != message.AuthTempError || took != 5*time.Second {
			t.Errorf("%v (%s) after %v", got.Result, got.Reason, took)
		}
	})
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

// TestRoundTrips holds what a cold check waits for to the depth of the tree of records, not to its size. Time is that of the
// bubble.
func TestRoundTrips(t *testing.T) {
	const trip = 20 * time.Millisecond
	big := dnstest.Zones{
		"example.org":          dnstest.TXT("v=spf1 mx a include:_spf.big.example include:send.example exists:%{i}.ok.example -all"),
		"_spf.big.example":     dnstest.TXT("v=spf1 include:_nb1.big.example include:_nb2.big.example include:_nb3.big.example ~all"),
		"_nb1.big.example":     dnstest.TXT("v=spf1 ip4:198.51.100.0/24 ~all"),
		"_nb2.big.example":     dnstest.TXT("v=spf1 ip4:203.0.113.0/25 ~all"),
		"_nb3.big.example":     dnstest.TXT("v=spf1 ip4:203.0.113.128/25 ~all"),
		"send.example":         dnstest.TXT("v=spf1 ip4:192.0.2.128/25 a:out.send.example ~all"),
		"out.send.example":     dnstest.A("192.0.2.129"),
		"203.0.113.7":          {},
		"192.0.2.9.ok.example": dnstest.A("127.0.0.2"),
	}
	big["example.org"] = dnstest.Host{TXT: big["example.org"].TXT, A: []string{"198.51.100.1"}, MX: []string{"mx1.example", "mx2.example"}}
	big["mx1.example"], big["mx2.example"] = dnstest.A("198.51.100.2"), dnstest.A("198.51.100.3")
	for _, tt := range []struct {
		client string
		want   message.AuthResult
		trips  int
		asked  int
	}{
		{"203.0.113.200", message.AuthPass, 3, 12}, // record, include, include within
		{"198.51.100.3", message.AuthPass, 3, 12},  // record, mx, its address
		{"192.0.2.9", message.AuthPass, 3, 12},     // all before it are asked beside it
		{"192.0.2.10", message.AuthFail, 3, 12},
	} {
		synctest.Test(t, func(t *testing.T) {
			asked := dnstest.Record(big)
			start := time.Now()
			got := run(t, late{asked, trip}, tt.client)
			trips := int(time.Since(start) / trip)
			if got.Result != tt.want || trips != tt.trips || len(asked.Questions()) > tt.asked {
				t.Errorf("%s: %v (%s) after %d round trips and %d questions, want %v after %d and %d",
					tt.client, got.Result, got.Reason, trips, len(asked.Questions()), tt.want, tt.trips, tt.asked)
			}
		})
	}
}

// What decides without the DNS keeps what stands behind it from being asked.
func TestNothingAskedInVain(t *testing.T) {
	all := zones()
	all["example.org"] = dnstest.TXT("v=spf1 a:other.example ip4:192.0.2.0/24 include:pass.example redirect=fail.example")
	asked := dnstest.Record(all)
	if got := run(t, asked, "192.0.2.1"); got.Result != message.AuthPass || len(asked.Questions()) != 2 {
		t.Errorf("%v (%s), asked %v", got.Result, got.Reason, asked.Questions())
	}
}

// BenchmarkCheck is the cost of a check whose answers are all in the cache: ten questions, three records deep.
func BenchmarkCheck(b *testing.B) {
	all := zones()
	all["example.org"] = dnstest.Host{
		TXT: []string{"v=spf1 mx include:_spf.big.example include:send.example -all"}, MX: []string{"other.example"},
	}
	all["_spf.big.example"] = dnstest.TXT("v=spf1 include:_nb1.big.example include:_nb2.big.example ~all")
	all["_nb1.big.example"] = dnstest.TXT("v=spf1 ip4:198.51.100.0/24 ip4:203.0.113.0/24 ip6:2001:db8::/32 ~all")
	all["_nb2.big.example"] = dnstest.TXT("v=spf1 ip4:198.18.0.0/15 ip4:203.0.113.0/24 ~all")
	all["send.example"] = dnstest.TXT("v=spf1 ip4:192.0.2.0/24 ~all")
	resolver := dns.NewCache(all, nil, dns.DefaultCacheConfig())
	defer resolver.Close()
	b.ReportAllocs()
	for b.Loop() {
		if got := run(b, resolver, "192.0.2.1"); got.Result != message.AuthPass {
			b.Fatal(got)
		}
	}
}
