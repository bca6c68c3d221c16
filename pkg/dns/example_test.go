package dns_test

import (
	"context"
	"fmt"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
)

func Example() {
	// In the daemon: dns.New(config) in place of the literal, and the store that nodes share in place of nil.
	zones := dnstest.Zones{"2.0.0.127.zen.example": dnstest.A("127.0.0.2", "127.0.0.4")}
	resolver := dns.NewCache(zones, nil, dns.DefaultCacheConfig())
	defer func() { _ = resolver.Close() }()

	for _, name := range []string{"2.0.0.127.zen.example", "2.0.0.127.zen.example", "1.0.0.127.zen.example"} {
		answer, err := resolver.Resolve(context.Background(), dns.Question{Name: name, Type: dns.A})
		if err != nil {
			fmt.Println("nobody knows:", err)
			continue
		}
		fmt.Println(answer.Addrs, answer.NXDomain, answer.Cached)
	}
	// Output:
	// [127.0.0.2 127.0.0.4] false false
	// [127.0.0.2 127.0.0.4] false true
	// [] true false
}
