package dnslist

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/message"
)

// benchSet is the shipped lists, with those that need a subscription and more, in front of a cache that knows zones.
func benchSet(b *testing.B, zones dnstest.Zones, more ...string) *Set {
	c := DefaultConfig()
	c.Enable = append([]string{"ivmsip", "ivmsip24", "ivmuri", "barracuda"}, more...)
	lists, faults := c.Lists(shippedFile(b, "lists.yaml"))
	if len(faults) > 0 {
		b.Fatal(faults)
	}
	skip, faults := c.Skip(shippedFile(b, "skip_domains.txt"))
	if len(faults) > 0 {
		b.Fatal(faults)
	}
	cache := dns.NewCache(zones, nil, dns.DefaultCacheConfig())
	b.Cleanup(func() { cache.Close() })
	return New(lists, c, Options{Resolver: cache, Skip: skip})
}

// BenchmarkConnect is the verdict on a client, all of it from cache: ZEN and ivmSIP.
func BenchmarkConnect(b *testing.B) {
	zones := dnstest.Zones{"1.2.0.192.zen.spamhaus.org": dnstest.A("127.0.0.4")}
	for _, bench := range []struct{ name, addr string }{{"listed", "192.0.2.1"}, {"clean", "192.0.2.2"}, {"private", "10.0.0.1"}} {
		b.Run(bench.name, func(b *testing.B) {
			stage, m := benchSet(b, zones).DNSBL(), clientMessage(bench.addr)
			if hits := stage.Check(b.Context(), m)[0].Hits; (len(hits) > 0) != (bench.name == "listed") {
				b.Fatalf("got %v", hits)
			}
			b.ReportAllocs()
			for b.Loop() {
				stage.Check(b.Context(), m)
			}
		})
	}
}

// BenchmarkURIBL is a message with ten links, all of it from cache: DBL, URIBL, SURBL and ivmURI.
func BenchmarkURIBL(b *testing.B) {
	var body strings.Builder
	for i := range 10 {
		fmt.Fprintf(&body, "see http://www.shop%d.example/offer\n", i)
	}
	stage, m := benchSet(b, dnstest.Zones{}).URIBL(), mail(body.String())
	if got := stage.Check(b.Context(), m); len(got) != 4 || got[1].Asked != 10 {
		b.Fatalf("got %+v", got)
	}
	b.ReportAllocs()
	for b.Loop() {
		stage.Check(b.Context(), m)
	}
}

// BenchmarkSubjects is what it takes to gather what lists are asked about, by stage: with the lists that are shipped on,
// and with those besides that ask for more. The client alone must stay as cheap as it is.
func BenchmarkSubjects(b *testing.B) {
	var body strings.Builder
	for i := range 10 {
		fmt.Fprintf(&body, "see http://www.shop%d.example/offer or write to a%d@shop%d.example\n", i, i, i)
	}
	m := mail(body.String())
	m.Client.Addr = netip.MustParseAddr("192.0.2.1")
	m.Header = append(m.Header, message.Field{Name: "From", Value: " Shop <shop@shop1.example>"}, message.Field{Name: "Reply-To", Value: " a@shop2.example"})
	m.Header = append(m.Header, relayed("192.0.2.1", "198.51.100.1", "198.51.100.2").Header...)
	shipped, more := benchSet(b, nil), benchSet(b, nil, "sbl", "ebl", "surbl-hash")
	for _, bench := range []struct {
		name  string
		stage *Stage
	}{
		{"client", shipped.DNSBL()}, {"client_later", shipped.DNSBLContent()}, {"names", shipped.URIBL()},
		{"relays", more.DNSBLContent()}, {"names_and_hashes", more.URIBL()},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				client := m.Origin()
				bench.stage.set.subjects(m, &client, &bench.stage.wants)
			}
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	data := shippedFile(b, "lists.yaml")
	b.ReportAllocs()
	for b.Loop() {
		Load("lists.yaml", data)
	}
}

func BenchmarkClassify(b *testing.B) {
	lists := shipped(b)
	zen, answer := &lists[0], addrs("127.0.0.2 127.0.0.9")
	b.ReportAllocs()
	for b.Loop() {
		zen.classify(answer, newAsks(zen.Ask...))
	}
}

func BenchmarkKey(b *testing.B) {
	for _, addr := range []string{"192.0.2.1", "2001:db8::1"} {
		a, err := message.ParseAddr(addr)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(addr, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				addressSubject(Client, a)
			}
		})
	}
}
