package dns_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
	"winnow/pkg/rig"
)

const listZone = `$SOA 900 ns.zen.example root.zen.example 0 600 300 86400 120
$NS 900 ns.zen.example
$TTL 600
:127.0.0.2:https://zen.example/?ip=$
127.0.0.2
192.0.2.0/24
:127.0.0.4:
192.0.2.7
`

// startServers starts a private rbldnsd with one list, and an unbound that knows the list through it.
func startServers(t *testing.T) (rbldnsd, unbound string) {
	t.Helper()
	if missing := rig.Missing(rig.RbldnsdProgram, rig.UnboundProgram); len(missing) > 0 {
		t.Skip(strings.Join(missing, "; "))
	}
	servers, err := rig.New("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = servers.Close() })
	lists, err := servers.Rbldnsd(t.Context(), []rig.Zone{{Name: "zen.example", Type: "ip4set", Data: []byte(listZone)}})
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{
		`local-zone: "refused.example." refuse`,
		`local-zone: "silent.example." deny`,
		`local-zone: "big.example." static`,
	}
	for _, addr := range manyAddrs(200) {
		lines = append(lines, fmt.Sprintf("local-data: \"big.example. 300 IN A %s\"", addr))
	}
	resolver, err := servers.Unbound(t.Context(), rig.UnboundConfig{Stubs: lists.Stubs(), Lines: lines})
	if err != nil {
		t.Fatal(err)
	}
	return lists.Addr(), resolver.Addr()
}

func TestRealServers(t *testing.T) {
	rbldnsd, unbound := startServers(t)
	for _, server := range []struct{ name, addr string }{{"rbldnsd", rbldnsd}, {"unbound", unbound}} {
		t.Run(server.name, func(t *testing.T) {
			client := newClient(t, ample, server.addr)
			for _, tt := range []struct {
				q    dns.Question
				want dns.Answer
				ttl  time.Duration
			}{
				{a("2.0.0.127.zen.example"), dns.Answer{Addrs: ips("127.0.0.2")}, 10 * time.Minute},
				{a("7.2.0.192.zen.example"), dns.Answer{Addrs: ips("127.0.0.4")}, 10 * time.Minute},
				{a("8.2.0.192.ZEN.example"), dns.Answer{Addrs: ips("127.0.0.2")}, 10 * time.Minute},
				{dns.Question{Name: "8.2.0.192.zen.example", Type: dns.TXT}, dns.Answer{Texts: []string{"https://zen.example/?ip=192.0.2.8"}}, 10 * time.Minute},
				{a("1.0.0.127.zen.example"), dns.Answer{NXDomain: true}, 2 * time.Minute},
				{a("1.3.0.192.zen.example"), dns.Answer{NXDomain: true}, 2 * time.Minute},
				{dns.Question{Name: "8.2.0.192.zen.example", Type: dns.AAAA}, dns.Answer{}, 2 * time.Minute},
				{dns.Question{Name: "zen.example", Type: dns.NS}, dns.Answer{Names: []string{"ns.zen.example"}}, 15 * time.Minute},
			} {
				got, err := client.Resolve(t.Context(), tt.q)
				if err != nil {
					t.Errorf("%v: %v", tt.q, err)
					continue
				}
				if got.TTL > tt.ttl || got.TTL < tt.ttl-time.Minute { // unbound has counted down already
					t.Errorf("%v: got TTL %v, want %v", tt.q, got.TTL, tt.ttl)
				}
				got.TTL = 0
				if diff := cmp.Diff(tt.want, got, sameAddrs); diff != "" {
					t.Errorf("%v: %s", tt.q, diff)
				}
			}
		})
	}
	t.Run("more than fits", func(t *testing.T) {
		client := newClient(t, ample, unbound)
		got, err := client.Resolve(t.Context(), a("big.example"))
		if err != nil || len(got.Addrs) != 200 || client.Stats().TCP != 1 {
			t.Errorf("got %d addresses, error %v, %+v, want 200 over TCP", len(got.Addrs), err, client.Stats())
		}
	})
	t.Run("refused", func(t *testing.T) {
		_, err := newClient(t, ample, unbound).Resolve(t.Context(), a("refused.example"))
		if !errors.Is(err, dns.ErrRefused) {
			t.Errorf("got error %v, want %v", err, dns.ErrRefused)
		}
	})
	t.Run("not its zone", func(t *testing.T) {
		_, err := newClient(t, ample, rbldnsd).Resolve(t.Context(), a("a.example"))
		if !errors.Is(err, dns.ErrRefused) {
			t.Errorf("got error %v, want %v", err, dns.ErrRefused)
		}
	})
	t.Run("dropped", func(t *testing.T) {
		_, err := newClient(t, short, unbound).Resolve(t.Context(), a("silent.example"))
		if !errors.Is(err, dns.ErrTimeout) {
			t.Errorf("got error %v, want %v", err, dns.ErrTimeout)
		}
	})
	t.Run("dropped, another answers", func(t *testing.T) {
		other := dnstest.Serve(t, dnstest.Zones{"silent.example": dnstest.A("127.0.0.2")})
		got, err := newClient(t, time.Second, unbound, other.Addr).Resolve(t.Context(), a("silent.example"))
		if err != nil || len(got.Addrs) != 1 {
			t.Errorf("got %+v, error %v, want the other server's answer", got, err)
		}
	})
}

func ips(texts ...string) (list []netip.Addr) {
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}
