package dns

import (
	"context"
	"net"
	"strconv"
	"testing"
)

// cannedServer answers every question with the same two addresses, and costs next to nothing itself.
func cannedServer(b *testing.B) string {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	b.Cleanup(func() { _ = conn.Close(); <-done })
	udp := conn.(*net.UDPConn)
	go func() {
		defer close(done)
		const opt = 11 // octets at the end of the question
		header := []byte{0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0}
		records := "\xc0\x0c\x00\x01\x00\x01\x00\x00\x01\x2c\x00\x04\x7f\x00\x00\x02" +
			"\xc0\x0c\x00\x01\x00\x01\x00\x00\x01\x2c\x00\x04\x7f\x00\x00\x04"
		packet := make([]byte, 512)
		for {
			n, from, err := udp.ReadFromUDPAddrPort(packet)
			if err != nil {
				return
			}
			copy(packet[2:], header)
			_, _ = udp.WriteToUDPAddrPort(append(packet[:n-opt], records...), from)
		}
	}()
	return conn.LocalAddr().String()
}

func benchmarkClient(b *testing.B, keep bool) {
	q := Question{Name: "2.0.0.127.zen.example", Type: A}
	c := DefaultConfig()
	c.Servers = []string{cannedServer(b)}
	client, err := New(c)
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	if !keep {
		client.servers[0].idle = nil
	}
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if a, err := client.Resolve(ctx, q); err != nil || len(a.Addrs) != 2 {
			b.Fatal(a, err)
		}
	}
}

// A socket used again, as towards a server on this host.
func BenchmarkClientKept(b *testing.B) { benchmarkClient(b, true) }

// A socket for each question, as towards all others.
func BenchmarkClientFresh(b *testing.B) { benchmarkClient(b, false) }

// A question that neither memory nor anybody else has, through all of this package.
func BenchmarkCacheMiss(b *testing.B) {
	c := DefaultConfig()
	c.Servers = []string{cannedServer(b)}
	client, err := New(c)
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	r := NewCache(client, nil, c.Cache)
	defer r.Close()
	ctx := context.Background()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		q := Question{Name: strconv.Itoa(i) + ".zen.example", Type: A}
		if a, err := r.Resolve(ctx, q); err != nil || len(a.Addrs) != 2 {
			b.Fatal(a, err)
		}
	}
}

func BenchmarkReadAnswer(b *testing.B) {
	packet := pack(b, reply("2.0.0.127.zen.example.", TXT, `2.0.0.127.zen.example. 300 IN TXT "listed, see https://zen.example/"`))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readAnswer(packet, TXT); err != nil {
			b.Fatal(err)
		}
	}
}
