package dns_test

import (
	"context"
	"testing"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
)

var listed = dns.Question{Name: "2.0.0.127.zen.example", Type: dns.A}

func BenchmarkCacheHit(b *testing.B) {
	r := dns.NewCache(dnstest.Zones{listed.Name: dnstest.A("127.0.0.2", "127.0.0.4")}, nil, dns.DefaultCacheConfig())
	defer r.Close()
	ctx := context.Background()
	for range 2 {
		if _, err := r.Resolve(ctx, listed); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if a, err := r.Resolve(ctx, listed); err != nil || !a.Cached {
			b.Fatal(a, err)
		}
	}
}

func BenchmarkCacheHitParallel(b *testing.B) {
	r := dns.NewCache(dnstest.Zones{listed.Name: dnstest.A("127.0.0.2", "127.0.0.4")}, nil, dns.DefaultCacheConfig())
	defer r.Close()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := r.Resolve(context.Background(), listed); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
