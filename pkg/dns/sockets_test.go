package dns_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"winnow/pkg/dns"
	"winnow/pkg/dns/dnstest"
)

// Only a socket that had one answer to its one question is used again.
func TestSocketsKept(t *testing.T) {
	tests := []struct {
		name string
		want int
	}{
		{"2.0.0.127.zen.example", 1},
		{"none.example", 1},
		{"refused.example", 1},
		{"truncate.example", 1},
		{"forged.example", 0},
		{"flood.example", 0},
		{"silent.example", 0},
		{"wrongid.example", 0},
	}
	server := dnstest.Serve(t, zones)
	for _, tt := range tests {
		timeout := ample
		if errors.Is(inMemory(tt.name), dns.ErrTimeout) {
			timeout = short
		}
		client := newClient(t, timeout, server.Addr)
		_, _ = client.Resolve(t.Context(), a(tt.name))
		if got := dns.Idle(client); got != tt.want {
			t.Errorf("%s: got %d sockets kept, want %d", tt.name, got, tt.want)
		}
		_ = client.Close()
		if got := dns.Idle(client); got != 0 {
			t.Errorf("%s: got %d sockets kept when closed, want none", tt.name, got)
		}
	}
}

func TestSocketNotKeptForCallerThatLeft(t *testing.T) {
	server := dnstest.Serve(t, zones)
	client := newClient(t, ample, server.Addr)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		server.Await(1)
		cancel()
	}()
	if _, err := client.Resolve(ctx, a("silent.example")); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
	if got := dns.Idle(client); got != 0 {
		t.Errorf("got %d sockets kept, want none", got)
	}
}

func TestSocketsBounded(t *testing.T) {
	const atOnce = 100
	server := dnstest.Serve(t, dnstest.Zones{"*.example": {A: []string{"127.0.0.2"}, Delay: 100 * time.Millisecond}})
	client := newClient(t, ample, server.Addr)
	var all sync.WaitGroup
	for i := range atOnce {
		all.Go(func() {
			if _, err := client.Resolve(t.Context(), a(fmt.Sprintf("n%d.example", i))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := dns.Idle(client); got == 0 || got > 64 {
		t.Errorf("got %d sockets kept, want 1 to 64", got)
	}
}

// Towards a server elsewhere each question comes from a port of its own (RFC 5452, 9.2), and is answered all the same.
func TestPortsDiffer(t *testing.T) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	ports := map[netip.AddrPort]bool{}
	var serving sync.WaitGroup
	serving.Go(func() {
		packet := make([]byte, 512)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(packet)
			if err != nil {
				return
			}
			ports[from] = true
			packet[2] |= 0x80 // a response
			packet[3] |= 0x83 // NXDOMAIN, from a resolver
			_, _ = conn.WriteToUDPAddrPort(packet[:n], from)
		}
	})
	client := newClient(t, ample, conn.LocalAddr().String())
	dns.AsRemote(client)
	const n = 50
	for range n {
		if got, err := client.Resolve(t.Context(), a("n.example")); err != nil || !got.NXDomain {
			t.Fatalf("got %+v, error %v", got, err)
		}
	}
	_ = conn.Close()
	serving.Wait()
	if len(ports) < n-5 { // the system may choose one twice
		t.Errorf("%d questions came from %d ports, want as many", n, len(ports))
	}
}

func inMemory(name string) error {
	_, err := zones.Resolve(context.Background(), a(name))
	return err
}
